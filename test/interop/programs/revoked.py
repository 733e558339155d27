"""A line on stdin is ROOTS.pem, LISTS.pem, CHAIN.pem and KEY.pem, parted by tabs; a line on stdout is its answer:
"accepted", or "refused<TAB>why". The ssl module checks the lists of the whole chain in a handshake in memory."""

import ssl
import sys


def judge(roots, lists, chain, key):
    server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_context.load_cert_chain(chain, key)
    client_context = ssl.create_default_context(cafile=roots)
    client_context.check_hostname = False
    client_context.load_verify_locations(cafile=lists)
    client_context.verify_flags |= ssl.VERIFY_X509_STRICT | ssl.VERIFY_CRL_CHECK_CHAIN

    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = client_context.wrap_bio(to_client, to_server)
    server = server_context.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(20):
        for side in (client, server):
            try:
                side.do_handshake()
                if side is client:
                    return "accepted"
            except ssl.SSLWantReadError:
                pass
            except ssl.SSLCertVerificationError as refusal:
                return f"refused\t{refusal.verify_message}"
    raise RuntimeError("the handshake did not end")


for line in sys.stdin:
    print(judge(*line.rstrip("\n").split("\t")).replace("\n", " "), flush=True)
