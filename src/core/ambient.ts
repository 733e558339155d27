/**
 * What the pure rooms may not reach for themselves: the clock, randomness, and WebCrypto. Passed in, so that a test
 * (or a reproducible build) can pin each of them. `src/ambient.ts` has the real ones.
 */
import type { webcrypto } from 'node:crypto';

/** Who provides an algorithm: Node's own WebCrypto, or `@peculiar/webcrypto` for the curves that Node's lacks. */
export type CryptoProvider = 'node' | 'peculiar';

/** Clock, randomness and WebCrypto, as they are passed in. */
export interface Ambient {
  now(): Date;
  /** `length` bytes from a CSPRNG. */
  random(length: number): Uint8Array;
  /** The peculiar provider loads on first use: it costs as much time as issuing forty certificates. */
  subtle(provider: CryptoProvider): Promise<webcrypto.SubtleCrypto>;
}

export type CryptoKey = webcrypto.CryptoKey;
