/**
 * How local-ca knows a zip that it made and nobody changed: the archive's comment holds the hash of all before it. The
 * comment is the last thing in a zip (APPNOTE 4.3.16), so checking needs no zip reader.
 */
import { concatBytes, equalBytes } from '../core/der.ts';
import { sha256 } from './manifest.ts';

const MARK = 'local-ca sha256 ';
const LENGTH = MARK.length + 64;

/** Keeps the place of the comment while the archive is made. */
export const SEAL_PLACE = `${MARK}${'0'.repeat(64)}`;

const encode = (text: string) => new TextEncoder().encode(text);

/** Fills the place at the end of `zip`. */
export function sealZip(zip: Uint8Array): Uint8Array {
  const body = zip.subarray(0, -LENGTH);
  return concatBytes(body, encode(sealOf(body)));
}

const sealOf = (body: Uint8Array) => `${MARK}${sha256(body)}`;

export const isSealedZip = (zip: Uint8Array): boolean =>
  equalBytes(zip.subarray(-LENGTH), encode(sealOf(zip.subarray(0, -LENGTH))));
