/**
 * A small SQL Server: TDS 7.x with TLS inside PRELOGIN, and TDS 8 (strict) with TLS from the first byte, on one port.
 * It lets everybody in who knows the password, and answers SELECT of one literal and of `encrypt_option`.
 */
import { createServer, type Socket } from 'node:net';
import { createSecureContext, type SecureContext, type SecureContextOptions, TLSSocket } from 'node:tls';
import type { Scope } from './process.ts';
import { TdsTunnel } from './tds-tunnel.ts';
import {
  decodeBatch,
  decodeLogin,
  ENCRYPTION,
  encodeAnswer,
  encodeLoginAccepted,
  encodeLoginFailed,
  encodeMessage,
  encodePrelogin,
  type Login,
  PACKET,
  type Packet,
  preloginEncryption,
  takePacket,
} from './tds-wire.ts';

export interface TdsOptions {
  /** PEM: the key, and the leaf with what is above it. */
  readonly key: string | Buffer;
  readonly cert: string | Buffer;
  /** What SQL Server calls Force Encryption: true when not given. */
  readonly force?: boolean;
  /** Every password will do when not given. */
  readonly password?: string;
}

/** How much of a session is encrypted: from the first byte (TDS 8), from the login on, the login only, or nothing. */
type Coverage = 'strict' | 'all' | 'login' | 'none';

interface SeenLogin extends Login {
  readonly coverage: Coverage;
  /** TLSv1.2, TLSv1.3; undefined without TLS. */
  readonly protocol: string | undefined;
}

export interface TdsServer {
  readonly port: number;
  readonly logins: readonly SeenLogin[];
  readonly queries: readonly string[];
  /** New connections get this key and certificate. */
  readonly use: (material: Pick<TdsOptions, 'key' | 'cert'>) => void;
  readonly stop: () => Promise<void>;
}

export async function startTdsServer(t: Scope, options: TdsOptions): Promise<TdsServer> {
  const logins: SeenLogin[] = [];
  const queries: string[] = [];
  const sockets = new Set<Socket>();
  let material: SecureContextOptions = options;
  const server = createServer((socket) => {
    sockets.add(socket.on('close', () => sockets.delete(socket)));
    new Session(socket, { material, options, logins, queries });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const stop = async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  };
  t.after(stop);
  const use: TdsServer['use'] = (next) => {
    material = next;
  };
  return { port: typeof address === 'object' && address !== null ? address.port : 0, logins, queries, use, stop };
}

interface Shared {
  readonly material: SecureContextOptions;
  readonly options: TdsOptions;
  readonly logins: SeenLogin[];
  readonly queries: string[];
}

class Session {
  readonly #shared: Shared;
  readonly #tunnel: TdsTunnel;
  #tls: TLSSocket | undefined;
  #coverage: Coverage = 'none';
  #received: Buffer = Buffer.alloc(0);
  #message: Buffer[] = [];

  constructor(socket: Socket, shared: Shared) {
    this.#shared = shared;
    this.#tunnel = new TdsTunnel(socket, (packet) => this.#accept(packet));
    this.#tunnel.on('error', () => {});
    socket.once('data', ([first]: Buffer) => {
      if (first === 0x16) this.#startTls('strict');
    });
  }

  /** GnuTLS clients lose their way after a TLS 1.3 handshake inside PRELOGIN packets; TDS 7.x ends with TLS 1.2. */
  #startTls(coverage: Coverage): void {
    this.#coverage = coverage;
    const strict = coverage === 'strict';
    const { key, cert } = this.#shared.material;
    const secureContext: SecureContext = createSecureContext({
      ...(key === undefined ? {} : { key }),
      ...(cert === undefined ? {} : { cert }),
      ...(strict ? {} : { maxVersion: 'TLSv1.2' as const }),
    });
    if (!strict) this.#tunnel.expectHandshake();
    const protocols = strict ? { ALPNProtocols: ['tds/8.0'] } : {};
    this.#tls = new TLSSocket(this.#tunnel, { isServer: true, secureContext, ...protocols });
    this.#tls.on('data', (chunk: Buffer) => this.#decrypted(chunk));
    this.#tls.on('error', () => this.#tunnel.destroy());
  }

  #decrypted(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk]);
    for (let taken = takePacket(this.#received); taken !== undefined; taken = takePacket(this.#received)) {
      this.#received = taken.rest;
      this.#accept(taken.packet);
    }
  }

  #accept({ type, last, payload }: Packet): void {
    this.#message.push(payload);
    if (!last) return;
    const message = Buffer.concat(this.#message);
    this.#message = [];
    if (type === PACKET.prelogin) this.#negotiate(preloginEncryption(message));
    if (type === PACKET.login) this.#login(decodeLogin(message));
    if (type === PACKET.batch) this.#query(decodeBatch(message));
  }

  /** [MS-TDS] 2.2.6.5: both say what they want, and the stronger wish wins. */
  #negotiate(wish: number): void {
    const { force = true } = this.#shared.options;
    const agreed = wish === ENCRYPTION.on || !force ? wish : ENCRYPTION.required;
    this.#send(encodePrelogin(agreed));
    if (this.#coverage === 'strict') return;
    if (wish !== ENCRYPTION.notSupported) this.#startTls(agreed === ENCRYPTION.off ? 'login' : 'all');
    else if (force) this.#tunnel.end();
  }

  #login(login: Login): void {
    const protocol = this.#tls?.getProtocol() ?? undefined;
    this.#shared.logins.push({ ...login, coverage: this.#coverage, protocol });
    if (this.#coverage === 'login') this.#tls = undefined;
    const { password = login.password } = this.#shared.options;
    this.#send(login.password === password ? encodeLoginAccepted() : encodeLoginFailed(login.user));
  }

  #query(sql: string): void {
    this.#shared.queries.push(sql);
    this.#send(encodeAnswer(this.#answer(sql)));
  }

  #answer(sql: string): string | undefined {
    if (/encrypt_option/i.test(sql)) return this.#tls === undefined ? 'FALSE' : 'TRUE';
    return /^\s*select\s+'([^']*)'/i.exec(sql)?.[1];
  }

  #send(reply: Buffer): void {
    if (this.#tls === undefined) this.#tunnel.sendPlain(PACKET.reply, reply);
    else this.#tls.write(encodeMessage(PACKET.reply, reply));
  }
}
