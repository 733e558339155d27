# python3 client.py [URL]: a request that trusts this CA and no other.
import pathlib
import ssl
import sys
import urllib.request

here = pathlib.Path(__file__).parent
context = ssl.create_default_context(cafile=here / "{{file.ca-pem}}")
{{#leaf.client}}
# For a server that asks for a certificate.
context.load_cert_chain(here / "{{file.chain-pem}}", here / "{{file.key-pem}}")
{{/leaf.client}}

url = sys.argv[1] if len(sys.argv) > 1 else "https://{{set.hostAddress}}:{{set.port}}/"
try:
    with urllib.request.urlopen(url, context=context, timeout=30) as response:
        sys.stdout.write(response.read().decode())
except OSError as error:
    sys.exit(str(error))
