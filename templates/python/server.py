# {{label}}, until {{leaf.notAfter}}: an HTTPS server to start from.
import http.server
import signal
import ssl


class Handler(http.server.BaseHTTPRequestHandler):
    # Nobody holds a thread for longer without a word.
    timeout = 30

    def do_GET(self):
{{#set.mutual}}
        subject = dict(part for rdn in self.connection.getpeercert()["subject"] for part in rdn)
        body = f"Hello {subject.get('commonName')}\n".encode()
{{/set.mutual}}
{{^set.mutual}}
        body = b"Hello\n"
{{/set.mutual}}
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def load():
    context.load_cert_chain(r"{{set.dir}}/{{file.chain-pem}}", r"{{set.dir}}/{{file.key-pem}}")


def reload(*_):
    try:
        load()
        print("reloaded", flush=True)
    except OSError as error:
        print(f"still the old certificate: {error}", flush=True)


context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
load()
{{#set.mutual}}
# Only clients that have a certificate of this CA are let in.
context.load_verify_locations(r"{{set.dir}}/{{file.ca-pem}}")
context.verify_mode = ssl.CERT_REQUIRED
{{/set.mutual}}

# After a renewal: new connections get the new certificate, and those that stand go on. Windows has no SIGHUP.
if hasattr(signal, "SIGHUP"):
    signal.signal(signal.SIGHUP, reload)

server = http.server.ThreadingHTTPServer(("", {{set.port}}), Handler)
# The handshake is left to the thread of the connection: in the loop, a client that is silent would stop all others.
server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
print("listening on {{set.port}}", flush=True)
server.serve_forever()
