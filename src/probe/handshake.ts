/** The TLS handshake of one who only looks. */
import { isIP, type Socket } from 'node:net';
import {
  type ConnectionOptions,
  connect,
  DEFAULT_CIPHERS,
  type DetailedPeerCertificate,
  type TLSSocket,
} from 'node:tls';
import { closed } from './read-bytes.ts';

export interface Served {
  /** DER, as far as each certificate is its predecessor's issuer: the server's own first. */
  readonly chain: readonly Uint8Array[];
  /** `TLSv1.3` and the like. */
  readonly protocol: string;
  /** Empty when the server broke off before it was known. */
  readonly cipher: string;
  /** The protocol that was agreed on inside TLS, if any. */
  readonly alpn?: string;
  /** The server accepts no client without a certificate. That it accepts one is no proof of the contrary. */
  readonly requiresClientCertificate?: true;
}

/** A server that refuses a client without a certificate says so right after the handshake; most others send a ticket. */
const AFTERWARDS_MS = 200;

/** Nothing is too old or too weak to be looked at, and no root of our own may complete the chain. */
const ANYTHING: ConnectionOptions & { requestOCSP: boolean } = {
  rejectUnauthorized: false,
  ca: [],
  minVersion: 'TLSv1',
  ciphers: `${DEFAULT_CIPHERS}:@SECLEVEL=0`,
  // Its answer comes when the server's certificates are there, even if the server breaks off the handshake then.
  requestOCSP: true,
};

/** Throws what broke the handshake off, unless the certificates were served before. */
export function handshake(socket: Socket, name: string, alpn: readonly string[] = []): Promise<Served> {
  return new Promise((resolve, reject) => {
    const server = isIP(name) === 0 ? { servername: name } : {};
    const tls = connect({ socket, ...ANYTHING, ...server, ...(alpn.length > 0 ? { ALPNProtocols: [...alpn] } : {}) });
    let served: Served | undefined;
    let timer: NodeJS.Timeout | undefined;
    const see = () => {
      served = describe(tls);
    };
    const finish = (error?: Error) => {
      clearTimeout(timer);
      tls.destroy();
      if (served === undefined || served.chain.length === 0) reject(socket.errored ?? error ?? closed());
      else resolve(isRefusal(error) ? { ...served, requiresClientCertificate: true } : served);
    };
    tls.on('OCSPResponse', see);
    tls.on('secureConnect', () => {
      see();
      timer = setTimeout(finish, AFTERWARDS_MS);
    });
    tls.on('session', () => finish());
    tls.on('error', finish);
    tls.on('close', () => finish());
  });
}

/** After its certificate, it can only be ours that a server does not like. */
const isRefusal = (error: Error | undefined): boolean =>
  error !== undefined &&
  'reason' in error &&
  /alert (handshake failure|certificate required|bad certificate)/.test(String(error.reason));

function describe(tls: TLSSocket): Served {
  const alpn = tls.alpnProtocol;
  return {
    chain: chainOf(tls.getPeerCertificate(true)),
    protocol: tls.getProtocol() ?? 'unknown',
    cipher: tls.getCipher()?.name ?? '',
    ...(typeof alpn === 'string' ? { alpn } : {}),
  };
}

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
