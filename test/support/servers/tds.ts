/**
 * A small SQL Server: TDS 7.x with TLS inside PRELOGIN, and TDS 8 (strict) with TLS from the first byte, on one port.
 * It lets everybody in who knows the password, and answers SELECT of literals and of the columns that tell of encryption.
 * Its stored procedures give nothing: pyodbc calls one at the beginning, which tells of types.
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
  encodeAttention,
  encodeCalled,
  encodeLoginAccepted,
  encodeLoginFailed,
  encodeMessage,
  encodePrelogin,
  isWide,
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
  /** TLS 1.0 and nothing newer, as an old Windows has it; not with TDS 8. */
  readonly tls10?: boolean;
}

/** OpenSSL leaves it to the lowest of its security levels. */
const TLS_1_0: SecureContextOptions = { minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' };

/** How much of a session is encrypted: from the first byte (TDS 8), from the login on, the login only, or nothing. */
export type Coverage = 'strict' | 'all' | 'login' | 'none';

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
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    logins,
    queries,
    use,
    stop,
  };
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
  #wide = true;
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
      ...(strict ? {} : this.#shared.options.tls10 ? TLS_1_0 : { maxVersion: 'TLSv1.2' }),
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
    if (type === PACKET.batch) this.#query(decodeBatch(message, this.#wide));
    if (type === PACKET.call) this.#send(encodeCalled(this.#wide));
    if (type === PACKET.attention) this.#send(encodeAttention(this.#wide));
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
    this.#wide = isWide(login.version);
    const protocol = this.#tls?.getProtocol() ?? undefined;
    this.#shared.logins.push({ ...login, coverage: this.#coverage, protocol });
    if (this.#coverage === 'login') this.#tls = undefined;
    const { password = login.password } = this.#shared.options;
    const accepted = login.password === password;
    this.#send(accepted ? encodeLoginAccepted(login.version) : encodeLoginFailed(login.user, this.#wide));
  }

  #query(sql: string): void {
    this.#shared.queries.push(sql);
    this.#send(encodeAnswer(this.#answer(sql), this.#wide));
  }

  #answer(sql: string): readonly string[] | undefined {
    const [, list] = /^\s*select\s+(.+?)\s*(?:\sfrom\s.*)?$/is.exec(sql) ?? [];
    const row = list?.split(/\s*,\s*/).map((expression) => this.#value(expression));
    return row?.every((value) => value !== undefined) ? row : undefined;
  }

  /** Of a literal, or of a column of sys.dm_exec_connections. */
  #value(expression: string): string | undefined {
    const columns = {
      encrypt_option: this.#tls === undefined ? 'FALSE' : 'TRUE',
      protocol_type: 'TSQL',
      auth_scheme: 'SQL',
    };
    const literal = /^'(.*)'$|^(\d+)$/.exec(expression);
    return literal?.[1] ?? literal?.[2] ?? new Map(Object.entries(columns)).get(expression.toLowerCase());
  }

  #send(reply: Buffer): void {
    if (this.#tls === undefined) this.#tunnel.sendPlain(PACKET.reply, reply);
    else this.#tls.write(encodeMessage(PACKET.reply, reply));
  }
}
