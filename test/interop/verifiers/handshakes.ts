/** The verifiers that are TLS clients, against a server of Node's: Node itself and curl. */
import { readFile } from 'node:fs/promises';
import { connect as connectPlain } from 'node:net';
import { connect, createServer, type Server } from 'node:tls';
import { run } from '../../support/peers.ts';
import { type Case, everyKey, isAddress, rsaNistOrEd25519, type Verdict, type Verifier } from './verifier.ts';

const CURVES = 'X25519:P-256:P-384:P-521:brainpoolP256r1:brainpoolP384r1:brainpoolP512r1:secp256k1';

/** The server must offer what the client shall refuse: OpenSSL does not even load a SHA-1 certificate otherwise. */
const LAX = 'DEFAULT@SECLEVEL=0';

/** A server with the case's certificate, on loopback, that greets in HTTP. */
async function serving<T>(one: Case, use: (port: number) => Promise<T>): Promise<T> {
  const [cert, key] = await Promise.all([readFile(one.chain), readFile(one.key)]);
  const server = createServer({ cert, key, ciphers: LAX, ecdhCurve: CURVES }, (socket) => {
    socket.on('error', () => {});
    socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok');
  });
  server.on('tlsClientError', () => {});
  try {
    return await use(await listen(server));
  } finally {
    server.close();
  }
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      if (address === null || typeof address === 'string') reject(new Error('the server has no port'));
      else resolve(address.port);
    });
  });
}

/** What OpenSSL and `tls.checkServerIdentity` call a refusal; anything else is a fault of the test. */
const REFUSAL =
  /^(CERT_|ERR_TLS_CERT_ALTNAME|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|INVALID_|PATH_LENGTH|X509|CA_|EE_|UNSPECIFIED)/;

async function nodeVerdict(one: Case): Promise<Verdict> {
  const ca = await readFile(one.ca);
  // RFC 6066 3: no address in SNI; the name to check is `host` then.
  const name = isAddress(one.host) ? {} : { servername: one.host };
  // RFC 8446 4.2.3 has no signature scheme for these curves.
  const maxVersion = rsaNistOrEd25519(one.keyType) ? 'TLSv1.3' : 'TLSv1.2';
  return serving(one, (port) => {
    return new Promise((resolve, reject) => {
      const plain = connectPlain(port, '127.0.0.1');
      const socket = connect({ socket: plain, host: one.host, ca, ecdhCurve: CURVES, maxVersion, ...name });
      socket.setTimeout(20_000, () => socket.destroy(new Error('no answer')));
      socket.on('secureConnect', () => socket.end(() => resolve({ accepted: true, output: '' })));
      socket.on('error', (error: NodeJS.ErrnoException) => {
        const output = `${error.code} ${error.message}`;
        if (REFUSAL.test(output)) resolve({ accepted: false, output });
        else reject(error);
      });
    });
  });
}

const opensslWords = {
  expiry: /certificate has expired/,
  purpose: /unsuitable certificate purpose|unsupported certificate purpose/,
  constraints: /permitted subtree violation/,
  trust: /unable to (get local issuer certificate|verify the first certificate)|self.signed certificate/,
  sha1: /digest algorithm too weak/,
};

export const node: Verifier = {
  name: 'Node tls',
  programs: [],
  checks: { ...opensslWords, host: /does not match certificate's altnames/ },
  supports: everyKey,
  verify: nodeVerdict,
};

/** curl's exit codes: 60 the certificate is not good, 51 its name is not; 35 covers a weak signature too. */
const CURL_REFUSALS = [35, 51, 60];

async function curlVerdict(one: Case): Promise<Verdict> {
  return serving(one, async (port) => {
    const at = `${one.host.includes(':') ? `[${one.host}]` : one.host}:${port}`;
    const target = ['--connect-to', `${at}:127.0.0.1:${port}`, `https://${at}/`];
    const quiet = ['--silent', '--show-error', '--noproxy', '*', '--max-time', '20'];
    const { status, stdout, stderr } = await run('curl', [...quiet, '--cacert', one.ca, ...target]);
    if (status !== 0 && !CURL_REFUSALS.includes(status)) throw new Error(`curl exit ${status}: ${stderr}`);
    return { accepted: status === 0 && stdout === 'ok', output: stderr };
  });
}

export const curl: Verifier = {
  name: 'curl',
  programs: ['curl'],
  checks: { ...opensslWords, host: /no alternative certificate subject name matches/ },
  supports: rsaNistOrEd25519,
  verify: curlVerdict,
};
