/**
 * Whether the halves of a private key belong together. OpenSSL believes what a file says of the public half, so that a key
 * with one wrong byte would sign, and nobody could verify it.
 */
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import type { KeyAlgorithm } from './algorithms.ts';
import { children, expectTag, octetString, readWhole, sequence, TAG } from './der.ts';
import { toHex } from './text.ts';

/** `pkcs8` as OpenSSL writes it. An Ed25519 key has no second half in it. */
export function isWholePair(key: KeyObject, pkcs8: Uint8Array, { family }: Pick<KeyAlgorithm, 'family'>): boolean {
  if (family === 'ed') return true;
  const [version, algorithm, inner] = children(readWhole(pkcs8, TAG.sequence));
  const parts = children(readWhole(expectTag(inner, TAG.octetString).contents, TAG.sequence));
  if (family === 'rsa') return isWholeRsa(parts.map(({ contents }) => contents));
  const secret = octetString(sequence(...parts.slice(0, 2).map(({ bytes }) => bytes)));
  return isPublicOf(key, sequence(...[version, algorithm].flatMap((part) => part?.bytes ?? []), secret));
}

/** Where the public half is not in it, OpenSSL computes it. */
function isPublicOf(key: KeyObject, pkcs8: Uint8Array): boolean {
  try {
    const alone = createPrivateKey({ key: Buffer.from(pkcs8), format: 'der', type: 'pkcs8' });
    return createPublicKey(alone).equals(createPublicKey(key));
  } catch {
    // Zero, or a number larger than the curve has points.
    return false;
  }
}

/** OPENSSL_RSA_MAX_MODULUS_BITS: it computes with none that is larger. */
const LARGEST_MODULUS = 16_384 / 8 + 1;

/** RFC 8017 3.2 and A.1.2. With more than two primes it is not looked into: nobody makes such keys. */
function isWholeRsa([, ...numbers]: readonly Uint8Array[]): boolean {
  if (numbers.length > 8) return true;
  if (numbers.length < 8 || numbers.some(({ length }) => length === 0 || length > LARGEST_MODULUS)) return false;
  const [n, e, d, p, q, dp, dq, inverse] = numbers.map((bytes) => BigInt(`0x${toHex(bytes)}`)) as Eight;
  if (p < 2n || q < 2n || p * q !== n) return false;
  const areExponents = (e * d) % (p - 1n) === 1n % (p - 1n) && (e * d) % (q - 1n) === 1n % (q - 1n);
  return areExponents && dp === d % (p - 1n) && dq === d % (q - 1n) && (inverse * q) % p === 1n;
}

type Eight = [bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint];
