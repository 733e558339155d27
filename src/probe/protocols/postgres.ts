/** PostgreSQL's way to TLS (documentation, "SSL Session Encryption"): a request of eight bytes, an answer of one. */
import { type Clear, notThis } from '../clear.ts';

/** SSLRequest: its length, and the number 80877103 in the place of a protocol version. */
const SSL_REQUEST = Uint8Array.of(0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f);

const REFUSALS: Readonly<Record<string, string>> = {
  N: 'the server has no TLS',
  // Nobody has proven to be the server yet, so what this message says is not shown (CVE-2024-10977).
  E: 'the server answered with an error, before TLS',
};

export async function beginPostgres(clear: Clear): Promise<void> {
  clear.write(SSL_REQUEST);
  const answer = (await clear.bytes(1)).toString('latin1');
  if (answer === 'S') return;
  throw Object.hasOwn(REFUSALS, answer) ? new Error(REFUSALS[answer]) : notThis('PostgreSQL');
}
