/** How a connection of each protocol comes to its TLS handshake: at once, or after some words in the clear. */
import type { Socket } from 'node:net';
import { startPostgres } from './postgres.ts';

export interface Start {
  /** Unless the URL has one. */
  readonly port: number;
  /**
   * Speaks until the server is ready for TLS, and reads nothing beyond that. Throws an Error that completes the sentence
   * "cannot look at HOST: ...". It need not watch for the end of the connection, nor for its time.
   */
  readonly start?: (socket: Socket) => Promise<void>;
  /** What is offered in the handshake; most servers need none. */
  readonly alpn?: readonly string[];
  /** What to look at when there is no handshake. */
  readonly advice: string;
}

const AT_ONCE = 'Check the name and the port, and that the server speaks TLS from the first byte.';

const POSTGRES: Start = {
  port: 5432,
  start: startPostgres,
  alpn: ['postgresql'],
  advice: 'Check the name and the port, and that postgresql.conf has ssl = on.',
};

/** By the scheme of the URL. */
export const STARTS: Readonly<Record<string, Start>> = {
  https: { port: 443, alpn: ['h2', 'http/1.1'], advice: AT_ONCE },
  tls: { port: 443, advice: AT_ONCE },
  ldaps: { port: 636, advice: AT_ONCE },
  smtps: { port: 465, advice: AT_ONCE },
  imaps: { port: 993, advice: AT_ONCE },
  postgres: POSTGRES,
  postgresql: POSTGRES,
};

export const startOf = (scheme: string): Start | undefined =>
  Object.hasOwn(STARTS, scheme) ? STARTS[scheme] : undefined;
