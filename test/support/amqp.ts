/** Enough of AMQP 0-9-1 to log in over TLS. */
import { once } from 'node:events';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';

/** What the server is asked with first (AMQP 0-9-1, 2.2.4 and 4.2.2). */
const HEADER = Buffer.from([...Buffer.from('AMQP'), 0, 0, 9, 1]);
const METHOD = 1;
const FRAME_END = 0xce;
const CONNECTION = 10;
const [START, START_OK, TUNE, CLOSE] = [10, 11, 30, 50];

const short = (text: string) => Buffer.concat([Buffer.from([text.length]), Buffer.from(text)]);
const long = (text: string) => {
  const size = Buffer.alloc(4);
  size.writeUInt32BE(Buffer.byteLength(text));
  return Buffer.concat([size, Buffer.from(text)]);
};

function methodFrame(id: number, ...fields: readonly Buffer[]): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt16BE(CONNECTION, 0);
  head.writeUInt16BE(id, 2);
  const payload = Buffer.concat([head, ...fields]);
  const prefix = Buffer.alloc(7);
  prefix[0] = METHOD;
  prefix.writeUInt32BE(payload.length, 3);
  return Buffer.concat([prefix, payload, Buffer.from([FRAME_END])]);
}

/** The number of the next method of the connection, or undefined at its end. */
async function* methodsOf(socket: TLSSocket): AsyncGenerator<number> {
  let received: Buffer = Buffer.alloc(0);
  for await (const chunk of socket) {
    received = Buffer.concat([received, chunk as Buffer]);
    while (received.length >= 7 && received.length >= 8 + received.readUInt32BE(3)) {
      yield received.readUInt16BE(9);
      received = received.subarray(8 + received.readUInt32BE(3));
    }
  }
}

/** How to say who one is: by name and password, or by the certificate. */
export const GUEST = { mechanism: 'PLAIN', response: '\0guest\0guest' } as const;
export const EXTERNAL = { mechanism: 'EXTERNAL', response: '' } as const;

/** Connects to 127.0.0.1 and logs in: `in`, `refused` by the server, or the reason why there was no connection. */
export async function logIn(tls: ConnectionOptions, how: typeof GUEST | typeof EXTERNAL): Promise<string> {
  const socket = connect({ host: '127.0.0.1', ...tls });
  try {
    await once(socket, 'secureConnect');
    socket.write(HEADER);
    for await (const method of methodsOf(socket)) {
      if (method === START) {
        socket.write(methodFrame(START_OK, long(''), short(how.mechanism), long(how.response), short('en_US')));
      }
      if (method === TUNE) return 'in';
      if (method === CLOSE) return 'refused';
    }
    return 'refused';
  } catch (error) {
    return (error as Error).message;
  } finally {
    socket.destroy();
  }
}
