/** What Java's DataOutputStream writes and DataInputStream reads: big-endian numbers and modified UTF-8. */
import { concatBytes } from '../core/der.ts';
import { damaged } from './damaged.ts';

export function uint(value: number, length: 2 | 4 | 8): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt.asUintN(64, BigInt(value)));
  return new Uint8Array(bytes.subarray(8 - length));
}

/**
 * A length of two bytes, then modified UTF-8: NUL is two bytes, and surrogates are three each, never four a pair.
 * Undefined for a text that is too long for that length.
 */
export function javaString(text: string): Uint8Array | undefined {
  const bytes = Array.from({ length: text.length }, (_, i) => encodeUnit(text.charCodeAt(i))).flat();
  if (bytes.length > 0xffff) return undefined;
  return concatBytes(uint(bytes.length, 2), Uint8Array.from(bytes));
}

function encodeUnit(unit: number): number[] {
  if (unit !== 0 && unit < 0x80) return [unit];
  const last = 0x80 | (unit & 0x3f);
  if (unit < 0x800) return [0xc0 | (unit >> 6), last];
  return [0xe0 | (unit >> 12), 0x80 | ((unit >> 6) & 0x3f), last];
}

/** Reads on from the start of a buffer, and never past its end. */
export class JavaReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  take(length: number): Uint8Array {
    if (length > this.left)
      throw damaged('JKS', `it ends after ${this.#bytes.length} bytes, in the middle of an entry`);
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  uint(length: 2 | 4): number {
    return this.take(length).reduce((value, byte) => value * 256 + byte, 0);
  }

  /** Bytes after their length of four bytes. */
  block(): Uint8Array {
    return this.take(this.uint(4));
  }

  string(): string {
    const bytes = this.take(this.uint(2));
    const units: string[] = [];
    for (let at = 0; at < bytes.length; ) {
      const [unit, length] = decodeUnit(bytes, at);
      units.push(String.fromCharCode(unit));
      at += length;
    }
    return units.join('');
  }
}

function decodeUnit(bytes: Uint8Array, at: number): [unit: number, length: number] {
  const [first = 0, second = 0, third = 0] = bytes.subarray(at, at + 3);
  const follows = (byte: number) => (byte & 0xc0) === 0x80;
  if (first < 0x80) return [first, 1];
  if ((first & 0xe0) === 0xc0 && follows(second)) return [((first & 0x1f) << 6) | (second & 0x3f), 2];
  if ((first & 0xf0) === 0xe0 && follows(second) && follows(third)) {
    return [((first & 0x0f) << 12) | ((second & 0x3f) << 6) | (third & 0x3f), 3];
  }
  throw damaged('JKS', 'it has text that is not modified UTF-8');
}
