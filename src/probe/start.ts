/** What the table of starts is made of. */
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Clear } from './clear.ts';

export interface Way {
  /** For people. */
  readonly way: string;
  /**
   * Speaks until the server is ready for TLS, and reads nothing beyond that; `name` is the server's. Throws an Error that
   * completes the sentence "cannot look at HOST: ...". It need not watch for the end of the connection, nor for its time.
   */
  readonly begin?: (clear: Clear, name: string) => Promise<void>;
  /** What carries TLS then, where it does not follow on the connection as it is. */
  readonly inside?: (socket: Socket) => Duplex;
  /** What is offered in the handshake; most servers need none. */
  readonly alpn?: readonly string[];
  readonly maxVersion?: 'TLSv1.2';
}

export interface Start {
  /** Unless the URL has one. */
  readonly port: number;
  /** The next one is tried when the server closes the connection on the one before. */
  readonly ways: readonly Way[];
  /** What to look at when there is no handshake. */
  readonly advice: string;
  /** What takes its place when the URL has this parameter, as the protocol's own clients spell it. */
  readonly parameters?: Readonly<Record<string, Start>>;
}

const CHECK = 'Check the name and the port';

/** TLS from the first byte. */
export const direct = (port: number, hint = '', ...alpn: readonly string[]): Start => ({
  port,
  ways: [{ way: 'direct TLS', ...(alpn.length > 0 ? { alpn } : {}) }],
  advice: `${CHECK}, and that the server speaks TLS from the first byte. ${hint}`.trimEnd(),
});

/** TLS after a few words, in this way. */
export const upgrade = (port: number, way: Way | readonly Way[], hint: string): Start => ({
  port,
  ways: [way].flat(),
  advice: `${CHECK}. ${hint}`,
});
