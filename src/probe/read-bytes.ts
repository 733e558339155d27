/** Reading in the clear, no further than asked: what follows may be the server's part of the handshake. */
import { once } from 'node:events';
import type { Socket } from 'node:net';

/** Exactly so many bytes. The socket holds back what a server sends beyond that, however much it is. */
export async function readBytes(socket: Socket, count: number): Promise<Uint8Array> {
  for (;;) {
    const bytes: Buffer | null = socket.read(count);
    // At the end of the stream, read() gives what there is.
    if (bytes !== null && bytes.length === count) return new Uint8Array(bytes);
    if (bytes !== null || socket.readableEnded || socket.destroyed) throw closed();
    await once(socket, 'readable');
  }
}

export const closed = () => new Error('the server closed the connection');
