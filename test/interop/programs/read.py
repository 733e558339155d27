"""What the package `cryptography` reads, a fact a line, as read.go and Read.java say it.

  read.py crl LIST.crl ISSUER.crt    read.py csr REQUEST.csr    (DER)
"""

import sys

from cryptography import x509


def crl(path, issuer_path):
    revocations = x509.load_der_x509_crl(open(path, "rb").read())
    issuer = x509.load_der_x509_certificate(open(issuer_path, "rb").read())
    assert revocations.issuer == issuer.subject
    print("signature", "good" if revocations.is_signature_valid(issuer.public_key()) else "bad")
    print("number", revocations.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number)
    for entry in revocations:
        reasons = [e.value.reason.value for e in entry.extensions if e.oid == x509.CRLReason.oid]
        print("revoked", format(entry.serial_number, "x"), *reasons)


def csr(path):
    request = x509.load_der_x509_csr(open(path, "rb").read())
    print("signature", "good" if request.is_signature_valid else "bad")
    names = request.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    kinds = {"dns": x509.DNSName, "ip": x509.IPAddress, "email": x509.RFC822Name, "uri": x509.UniformResourceIdentifier}
    for kind, of in kinds.items():
        for value in names.get_values_for_type(of):
            print(kind, value)


{"crl": crl, "csr": csr}[sys.argv[1]](*sys.argv[2:])
