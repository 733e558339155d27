/** Looks at a live server that speaks TLS at once: the chain that it serves, and how. Trusts nothing, sends nothing. */
import { isIP } from 'node:net';
import { connect, type DetailedPeerCertificate, type TLSSocket } from 'node:tls';
import { LocalCaError } from '../errors.ts';

export interface Served {
  /** DER, as the server sends them: its own first. */
  readonly chain: readonly Uint8Array[];
  /** `TLSv1.3` and the like. */
  readonly protocol: string;
  readonly cipher: string;
}

export interface Target {
  readonly host: string;
  readonly port: number;
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = {
  'https:': 443,
  'tls:': 443,
  'ldaps:': 636,
  'smtps:': 465,
  'imaps:': 993,
};

export const isUrl = (text: string): boolean => /^[a-z][a-z0-9+.-]*:\/\//i.test(text);

/** Reads a URL like `https://host` or `tls://host:1433`. Throws LOCAL_CA_OPTION_INVALID. */
export function parseTarget(text: string): Target {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  // WHATWG URLs have hosts of their own kind for schemes that they do not know, so a known one lends its rules.
  const known = url === undefined ? undefined : new URL(text.replace(/^[^:]+/, 'https'));
  const port = url?.port || known?.port || DEFAULT_PORTS[url?.protocol ?? ''];
  if (url === undefined || known === undefined || DEFAULT_PORTS[url.protocol] === undefined || known.hostname === '') {
    throw new LocalCaError(
      'LOCAL_CA_OPTION_INVALID',
      `${JSON.stringify(text)} is not a server that can be looked at`,
      `Write it like tls://db1.example.test:6514; known are ${Object.keys(DEFAULT_PORTS).join(' ')}`,
    );
  }
  return { host: known.hostname.replace(/^\[|\]$/g, ''), port: Number(port) };
}

/** Throws LOCAL_CA_CONNECT_FAILED. */
export function lookAt({ host, port }: Target, timeoutMs = 10_000): Promise<Served> {
  return new Promise((resolve, reject) => {
    // Nothing is trusted here: the chain is fetched to be described, whatever it is.
    const options = { host, port, rejectUnauthorized: false, ...(isIP(host) === 0 ? { servername: host } : {}) };
    const socket = connect(options, () => {
      const served = describe(socket);
      socket.destroy();
      resolve(served);
    });
    socket.setTimeout(timeoutMs, () => socket.destroy(new Error(`no answer within ${timeoutMs / 1000} seconds`)));
    socket.on('error', (cause) => reject(unreachable(host, port, cause)));
    socket.on('close', () => reject(unreachable(host, port, new Error('the connection was closed'))));
  });
}

const describe = (socket: TLSSocket): Served => ({
  chain: chainOf(socket.getPeerCertificate(true)),
  protocol: socket.getProtocol() ?? 'unknown',
  cipher: socket.getCipher().name,
});

/** Node links each certificate to its issuer, and the last one to itself. */
function chainOf(first: DetailedPeerCertificate): Uint8Array[] {
  const chain: Uint8Array[] = [];
  const seen = new Set<string>();
  for (let one = first; one?.raw !== undefined && !seen.has(one.fingerprint256); one = one.issuerCertificate) {
    seen.add(one.fingerprint256);
    chain.push(new Uint8Array(one.raw));
  }
  return chain;
}

const unreachable = (host: string, port: number, cause: Error) =>
  new LocalCaError(
    'LOCAL_CA_CONNECT_FAILED',
    `cannot look at ${host} port ${port}: ${cause.message}`,
    'Check the name and the port, and that the server speaks TLS from the first byte.',
    { cause },
  );
