/** The real clock, the operating system's randomness, and the two WebCrypto providers. */
import { randomBytes, webcrypto } from 'node:crypto';
import type { Ambient } from './core/ambient.ts';

async function loadPeculiar(): Promise<webcrypto.SubtleCrypto> {
  const { Crypto } = await import('@peculiar/webcrypto');
  return new Crypto().subtle as unknown as webcrypto.SubtleCrypto;
}

let peculiar: Promise<webcrypto.SubtleCrypto> | undefined;

/** What `CertificateAuthority` uses unless another is passed. */
export const systemAmbient: Ambient = {
  now: () => new Date(),
  random: (length) => randomBytes(length),
  subtle: async (provider) => {
    if (provider === 'node') return webcrypto.subtle;
    peculiar ??= loadPeculiar();
    return peculiar;
  },
};
