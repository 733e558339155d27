/** PostgreSQL's way to TLS (documentation, "SSL Session Encryption"): a request of eight bytes, an answer of one. */
import type { Socket } from 'node:net';
import { readBytes } from './read-bytes.ts';

/** SSLRequest: its length, and the number 80877103 in the place of a protocol version. */
const SSL_REQUEST = Uint8Array.of(0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f);

const REFUSALS: Readonly<Record<string, string>> = {
  N: 'the server has no TLS',
  // Nobody has proven to be the server yet, so what this message says is not shown (CVE-2024-10977).
  E: 'the server answered with an error, before TLS',
};

export async function startPostgres(socket: Socket): Promise<void> {
  socket.write(SSL_REQUEST);
  const answer = String.fromCharCode(...(await readBytes(socket, 1)));
  if (answer !== 'S') throw new Error(REFUSALS[answer] ?? 'what answers is not PostgreSQL');
}
