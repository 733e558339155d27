/** Tells a key from every other, however it is written. */
import { children, expectTag, readBitString, readWhole, TAG } from './der.ts';
import { algorithmOfSpki } from './keys.ts';

/**
 * The part of a SubjectPublicKeyInfo that its private half decides, and that stands in every certificate of the key: an RSA
 * key's modulus, whatever its exponent; a point's x coordinate, which a compressed point has too (RFC 5480 2.2); the whole key
 * otherwise.
 */
export function keyMark(spki: Uint8Array): Uint8Array {
  const family = algorithmOfSpki(spki)?.family;
  if (family === undefined) return spki;
  const key = readBitString(children(readWhole(spki, TAG.sequence))[1]);
  if (family === 'rsa') return expectTag(children(readWhole(key, TAG.sequence))[0], TAG.integer).contents;
  return family === 'ec' ? xOf(key) : key;
}

const UNCOMPRESSED = 4;
const COMPRESSED = [2, 3];

/** 04 x y, or 02 x, or 03 x (SEC 1, 2.3.3). */
function xOf(point: Uint8Array): Uint8Array {
  const coordinates = point.subarray(1);
  return COMPRESSED.includes(point[0] ?? 0) ? coordinates : coordinates.subarray(0, coordinates.length / 2);
}

/** Whether a key of this SubjectPublicKeyInfo is written as RFC 5480 2.2 requires every program to read it. */
export function isPlainPoint(spki: Uint8Array): boolean {
  return readBitString(children(readWhole(spki, TAG.sequence))[1])[0] === UNCOMPRESSED;
}
