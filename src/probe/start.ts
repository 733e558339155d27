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

const AT_ONCE = 'Check the name and the port, and that the server speaks TLS from the first byte.';

/** TLS from the first byte. */
export const direct = (port: number, advice = AT_ONCE, ...alpn: readonly string[]): Start => ({
  port,
  ways: [{ way: 'direct TLS', ...(alpn.length > 0 ? { alpn } : {}) }],
  advice: advice === AT_ONCE ? advice : `${AT_ONCE} ${advice}`,
});

/** TLS after a few words: `how` says which. */
export const upgrade = (port: number, how: string, begin: Way['begin'] & {}, advice: string): Start => ({
  port,
  ways: [{ way: how, begin }],
  advice,
});
