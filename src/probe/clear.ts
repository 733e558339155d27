/**
 * What is said in the clear before TLS. It reads no further than asked, since what follows may be the server's part of
 * the handshake, and not much: whoever answers has not proven to be anybody yet.
 */
import { once } from 'node:events';
import type { Socket } from 'node:net';

/** Of all that is read in the clear. No server needs a tenth of it. */
const MOST_BYTES = 65_536;

/** IMAP servers may send lines of 8192 bytes (RFC 7162 4); those of the others are shorter. */
const LONGEST_LINE = 8192;

const LINE_FEED = 0x0a;

export class Clear {
  readonly socket: Socket;
  #left = MOST_BYTES;

  constructor(socket: Socket) {
    this.socket = socket;
  }

  write(data: string | Uint8Array): void {
    this.socket.write(data);
  }

  /** Exactly so many bytes. The socket holds back what a server sends beyond that, however much it is. */
  async bytes(count: number): Promise<Buffer> {
    if (count > this.#left) throw new Error(`the server sent more than ${MOST_BYTES / 1024} KiB before TLS`);
    this.#left -= count;
    return await read(this.socket, count);
  }

  /** A line of text without its end, each byte a character. */
  async line(): Promise<string> {
    return (await this.through(LINE_FEED)).replace(/\r?\n$/, '');
  }

  /** All up to this byte and with it, each byte a character. */
  async through(last: number): Promise<string> {
    const read: number[] = [];
    while (read.at(-1) !== last) {
      if (read.length === LONGEST_LINE) throw new Error('the server sent a line without an end before TLS');
      const byte = (await this.bytes(1))[0] as number;
      // What is no text may have no end either.
      if (byte === 0) throw new Error('what the server says is no text');
      read.push(byte);
    }
    return Buffer.from(read).toString('latin1');
  }
}

async function read(socket: Socket, count: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  for (let missing = count; missing > 0; ) {
    // No more than is there: a stream calls itself readable for as long as it holds less than it is asked for.
    const part: Buffer | null = socket.read(Math.min(missing, Math.max(socket.readableLength, 1)));
    if (part === null && (socket.readableEnded || socket.destroyed)) throw new Closed();
    if (part === null) await once(socket, 'readable');
    else parts.push(part);
    missing -= part?.length ?? 0;
  }
  return Buffer.concat(parts);
}

/** The server does not want to hear what was said, or is none. */
export class Closed extends Error {
  constructor() {
    super('the server closed the connection');
  }
}

/** So does a server that resets the connection. */
export const isClosed = (error: unknown): boolean =>
  error instanceof Closed ||
  (error instanceof Error && 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE'));

export const notThis = (protocol: string): Error => new Error(`what answers is not ${protocol}`);
