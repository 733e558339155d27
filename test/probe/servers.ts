/** Servers that the tests look at: some that speak TLS, and many that do not. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { createSecureContext, type SecureContextOptions, TLSSocket } from 'node:tls';
import { encodePem } from '../../src/formats/pem.ts';
import type { Target } from '../../src/probe/target.ts';
import { INTERMEDIATE, LEAF, LEAF_KEY_PKCS8 } from '../support/fixtures.ts';

export const pem = (...ders: readonly Uint8Array[]) => ders.map((der) => encodePem('CERTIFICATE', der)).join('');

/** The fixtures' leaf, with its intermediate. */
export const LEAF_CHAIN: SecureContextOptions = {
  cert: pem(LEAF, INTERMEDIATE),
  key: encodePem('PRIVATE KEY', LEAF_KEY_PKCS8),
};

export const CHAIN = [LEAF, INTERMEDIATE];

/** A server that treats each connection like this, until the end of the test. */
export async function serve(t: TestContext, answer: (socket: Socket) => void, scheme = 'tls'): Promise<Target> {
  const open = new Set<Socket>();
  const server: Server = createServer((socket) => {
    open.add(socket);
    socket.on('error', () => {});
    answer(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  return { scheme, host: '127.0.0.1', port: (server.address() as AddressInfo).port };
}

/** Goes on with TLS on a connection. */
export function speakTls(socket: Socket, context: SecureContextOptions = LEAF_CHAIN, alpn?: string): void {
  const protocols = alpn === undefined ? {} : { ALPNProtocols: [alpn] };
  const tls = new TLSSocket(socket, { isServer: true, secureContext: createSecureContext(context), ...protocols });
  tls.on('error', () => {});
}

/** Waits for the first bytes, and reads no more. */
export function afterRequest(socket: Socket, then: (request: Buffer) => void): void {
  socket.once('data', (request: Buffer) => {
    socket.pause();
    then(request);
  });
}

/** What a server says in the clear, and what it waits for: the end of a client's request. */
export type Step =
  | { readonly says: string | Uint8Array }
  | { readonly hears: RegExp /** Each byte a character, or two digits. */; readonly as: 'latin1' | 'hex' };

/** Goes through the steps, reading no further than each asks for. */
export async function play(socket: Socket, steps: readonly Step[]): Promise<void> {
  for (const step of steps) {
    if ('says' in step) socket.write(typeof step.says === 'string' ? Buffer.from(step.says, 'latin1') : step.says);
    else await hear(socket, step.hears, step.as);
  }
}

/** Reads to this end, and no further. */
export async function hear(socket: Socket, end: RegExp, as: 'latin1' | 'hex' = 'latin1'): Promise<string> {
  let heard = '';
  while (!end.test(heard)) {
    const byte: Buffer | null = socket.read(1);
    if (byte === null) await once(socket, 'readable');
    else heard += byte.toString(as);
  }
  return heard;
}

/** A server that speaks as `steps` say, and then TLS. */
export const playThenTls =
  (steps: readonly Step[], tls: (socket: Socket) => void = speakTls) =>
  (socket: Socket): void => {
    play(socket, steps).then(
      () => tls(socket),
      // The client has gone.
      () => {},
    );
  };

/** Megabytes, as fast as they are taken. */
export function flood(socket: Socket, text: string, most = 10 << 20): void {
  const chunk = Buffer.from(text.repeat(Math.ceil(65_536 / text.length)), 'latin1');
  const more = () => {
    while (!socket.destroyed && socket.bytesWritten < most && socket.write(chunk));
  };
  socket.on('drain', more);
  more();
}
