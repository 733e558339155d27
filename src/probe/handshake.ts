/** The TLS handshake of one who only looks. */
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import {
  type ConnectionOptions,
  connect,
  DEFAULT_CIPHERS,
  type DetailedPeerCertificate,
  type TLSSocket,
} from 'node:tls';
import { LocalCaError } from '../errors.ts';
import { Closed, isClosed } from './clear.ts';
import type { Identity } from './identity.ts';
import { reasonOf } from './reasons.ts';

export interface Served {
  /** How TLS began, for people: `direct TLS`, `STARTTLS (SMTP)`. */
  readonly way: string;
  /** DER, as far as each certificate is its predecessor's issuer: the server's own first. */
  readonly chain: readonly Uint8Array[];
  /** `TLSv1.3` and the like. */
  readonly protocol: string;
  /** Empty when the server broke off before it was known. */
  readonly cipher: string;
  /** The protocol that was agreed on inside TLS, if any. */
  readonly alpn?: string;
  /** The server asks for a client certificate. Before TLS 1.2 it cannot be seen. */
  readonly asksForClientCertificate?: true;
  /** The server broke off without one. That it did not is no proof of the contrary: a web server may refuse requests. */
  readonly requiresClientCertificate?: true;
  /**
   * Of the certificate that was shown, when the server asked for one: false when it broke off then. That it did not is
   * no proof either.
   */
  readonly acceptedClientCertificate?: boolean;
  /** TLS's word for that, if the server said one: `certificate required`, `unknown ca`. */
  readonly alert?: string;
  /**
   * It broke off over the client's certificate before anything showed that it has its own key: with RSA key exchange, that
   * is the end of the handshake (RFC 5246 F.1.1.2). Whoever recorded the certificate could have sent it.
   */
  readonly keyUnproven?: true;
}

/** The certificate came, and the end of the handshake did not. */
export class BrokenOff extends Error {
  constructor(cause: Error) {
    super(`the handshake broke off after the server's certificate: ${reasonOf(cause)}`, { cause });
  }
}

export interface Hello {
  readonly way: string;
  /** The name to ask for; an address is not asked for (RFC 6066 3). */
  readonly name: string;
  readonly alpn?: readonly string[];
  readonly maxVersion?: 'TLSv1.2';
  readonly identity?: Identity | undefined;
}

/** Most servers send a ticket after the handshake. */
const TICKET_MS = 200;

/** What a server thinks of the client's certificate, or of its lack, may come after TLS 1.3's handshake. */
const VERDICT_MS = 1000;

/** Nothing is too old or too weak to be looked at, and no root of our own may complete the chain. */
const ANYTHING: ConnectionOptions & { requestOCSP: boolean } = {
  rejectUnauthorized: false,
  ca: [],
  minVersion: 'TLSv1',
  ciphers: `${DEFAULT_CIPHERS}:@SECLEVEL=0`,
  // Its answer comes when the server's certificates are there, even if the server breaks off the handshake then.
  requestOCSP: true,
};

/** Throws what broke the handshake off, unless it came after the server's certificate and can be about the client's. */
export function handshake(transport: Duplex, hello: Hello): Promise<Served> {
  return new Promise((resolve, reject) => {
    const tls = connect({ socket: transport, ...ANYTHING, ...wishes(hello) });
    let served: Served | undefined;
    let complete = false;
    let timer: NodeJS.Timeout | undefined;
    const see = () => {
      served = describe(tls, hello.way, complete);
    };
    const finish = (error?: Error, well = false) => {
      clearTimeout(timer);
      tls.destroy();
      const trouble = transport.errored ?? error ?? new Closed();
      if (served === undefined || served.chain.length === 0) reject(trouble);
      else if (complete || (mayAsk(served) && refuses(served, trouble)))
        resolve({ ...served, ...verdict(served, hello, well ? undefined : trouble) });
      else reject(trouble instanceof LocalCaError ? trouble : new BrokenOff(trouble));
    };
    const wait = (ms: number) => {
      clearTimeout(timer);
      timer = setTimeout(() => finish(undefined, true), ms);
    };
    tls.on('OCSPResponse', see);
    tls.on('secureConnect', () => {
      complete = true;
      see();
      wait(served?.asksForClientCertificate ? VERDICT_MS : TICKET_MS);
    });
    tls.on('session', () => {
      // Some look at the certificate after they have sent it.
      if (hello.identity === undefined) finish(undefined, true);
      else wait(TICKET_MS);
    });
    tls.on('error', finish);
    tls.on('close', () => finish());
  });
}

const wishes = ({ name, alpn = [], maxVersion, identity }: Hello): ConnectionOptions => ({
  ...(isIP(name) === 0 ? { servername: name } : {}),
  ...(alpn.length > 0 ? { ALPNProtocols: [...alpn] } : {}),
  ...(maxVersion === undefined ? {} : { maxVersion }),
  ...(identity === undefined ? {} : { cert: identity.certificate, key: identity.key }),
});

type Verdict = Pick<Served, 'requiresClientCertificate' | 'acceptedClientCertificate' | 'alert'>;

function verdict(served: Served, { identity }: Hello, trouble: Error | undefined): Verdict {
  const alert = alertOf(trouble);
  const why = alert === undefined ? {} : { alert };
  const refused = refuses(served, trouble);
  if (identity === undefined) return refused ? { requiresClientCertificate: true, ...why } : {};
  if (refused) return { acceptedClientCertificate: false, ...why };
  return served.asksForClientCertificate && trouble === undefined ? { acceptedClientCertificate: true } : {};
}

/** Some say nothing, and close the connection: GnuTLS's servers do. */
const refuses = ({ asksForClientCertificate: asks }: Served, trouble: Error | undefined): boolean =>
  alertOf(trouble) !== undefined || (asks === true && isClosed(trouble));

/** Before TLS 1.2 it cannot be seen whether the server does. */
const mayAsk = ({ asksForClientCertificate: asks, protocol }: Served): boolean =>
  asks === true || protocol === 'TLSv1' || protocol === 'TLSv1.1';

/** After its own certificate, these can only be about ours. */
const ABOUT_OURS =
  /alert (handshake failure|certificate required|(?:no|bad|unsupported) certificate|certificate (?:revoked|expired|unknown)|unknown ca|access denied)/;

const alertOf = (error: Error | undefined): string | undefined =>
  error !== undefined && 'reason' in error ? ABOUT_OURS.exec(String(error.reason))?.[1] : undefined;

function describe(tls: TLSSocket, way: string, complete: boolean): Served {
  const alpn = tls.alpnProtocol;
  return {
    way,
    chain: chainOf(tls.getPeerCertificate(true)),
    protocol: tls.getProtocol() ?? 'unknown',
    cipher: tls.getCipher()?.name ?? '',
    ...(typeof alpn === 'string' ? { alpn } : {}),
    // They are shared once the server has sent its own, which it does to ask for a certificate (RFC 8446 4.3.2).
    ...(tls.getSharedSigalgs().length > 0 ? { asksForClientCertificate: true } : {}),
    ...(complete || hasSigned(tls) ? {} : { keyUnproven: true }),
  };
}

/** A server signs its part of an ephemeral exchange, and the client's random number with it (RFC 5246 7.4.3). */
function hasSigned(tls: TLSSocket): boolean {
  // Without one, some versions of Node leave the type out, and others leave it undefined.
  const { type }: { readonly type?: string } = tls.getEphemeralKeyInfo() ?? {};
  return type !== undefined;
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
