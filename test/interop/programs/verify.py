"""A line on stdin is a case, its fields parted by tabs; a line on stdout is its answer: "accepted", "refused<TAB>why",
or "broken<TAB>why" when the case itself could not be set up.

  tls   HOST  CHAIN.pem  CA.pem  KEY.pem   the ssl module, as strict as Python 3.13's default: a handshake in memory
  path  HOST  CHAIN.pem  CA.pem            the verifier of the package `cryptography`
"""

import ipaddress
import ssl
import sys


class Refused(Exception):
    pass


def handshake(host, chain_file, ca_file, key_file):
    server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_context.set_ciphers("DEFAULT@SECLEVEL=0")  # it must offer what the client shall refuse
    server_context.load_cert_chain(chain_file, key_file)
    client_context = ssl.create_default_context(cafile=ca_file)
    client_context.verify_flags |= ssl.VERIFY_X509_STRICT | 0x80000  # PARTIAL_CHAIN has no name before Python 3.10

    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = client_context.wrap_bio(to_client, to_server, server_hostname=host)
    server = server_context.wrap_bio(to_server, to_client, server_side=True)
    waiting = [client, server]
    for _ in range(20):
        for side in list(waiting):
            try:
                side.do_handshake()
                waiting.remove(side)
            except ssl.SSLWantReadError:
                pass
            except ssl.SSLCertVerificationError as refusal:
                raise Refused(refusal.verify_message) from refusal
        if not waiting:
            return
    raise RuntimeError("the handshake did not end")


def path(host, chain_file, ca_file):
    from cryptography import x509
    from cryptography.x509 import verification

    def certificates(file):
        with open(file, "rb") as opened:
            return x509.load_pem_x509_certificates(opened.read())

    try:
        subject = x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        subject = x509.DNSName(host)
    leaf, *intermediates = certificates(chain_file)
    store = verification.Store(certificates(ca_file))
    verifier = verification.PolicyBuilder().store(store).build_server_verifier(subject)
    try:
        verifier.verify(leaf, intermediates)
    except verification.VerificationError as refusal:
        raise Refused(refusal) from refusal


def answer(case):
    kind, *rest = case
    try:
        {"tls": handshake, "path": path}[kind](*rest)
        return "accepted"
    except Refused as refusal:
        return f"refused\t{refusal}"
    except Exception as error:
        return f"broken\t{error!r}"


for line in sys.stdin:
    print(answer(line.rstrip("\n").split("\t")).replace("\n", " "), flush=True)
