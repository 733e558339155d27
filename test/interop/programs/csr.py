"""Prints a certificate request of python-cryptography as PEM: csr.py rsa|p384|ed25519"""
import ipaddress
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import AttributeOID, ExtendedKeyUsageOID, NameOID

KEYS = {
    "rsa": (lambda: rsa.generate_private_key(65537, 3072), hashes.SHA512()),
    "p384": (lambda: ec.generate_private_key(ec.SECP384R1()), hashes.SHA256()),
    "ed25519": (ed25519.Ed25519PrivateKey.generate, None),
}
generate, digest = KEYS[sys.argv[1]]
subject = [(NameOID.COUNTRY_NAME, "DE"), (NameOID.ORGANIZATION_NAME, "Büro"), (NameOID.COMMON_NAME, "db.test")]
names = [x509.DNSName("db.test"), x509.IPAddress(ipaddress.ip_address("10.0.0.5"))]
request = (
    x509.CertificateSigningRequestBuilder()
    .subject_name(x509.Name([x509.NameAttribute(oid, value) for oid, value in subject]))
    .add_extension(x509.SubjectAlternativeName(names), critical=True)
    .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
    .add_attribute(AttributeOID.CHALLENGE_PASSWORD, b"open sesame")
    .sign(generate(), digest)
)
sys.stdout.write(request.public_bytes(serialization.Encoding.PEM).decode())
