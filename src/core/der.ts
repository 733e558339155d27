/**
 * DER (ITU-T X.690), just the part that certificates and key stores need. Both ASN.1 libraries that we depend on
 * build object trees; this stays on bytes, so that what is copied (a subject, a key identifier) is copied exactly.
 */
import { LocalCaError } from '../errors.ts';

export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  enumerated: 0x0a,
  utf8String: 0x0c,
  printableString: 0x13,
  teletexString: 0x14,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  universalString: 0x1c,
  bmpString: 0x1e,
  sequence: 0x30,
  set: 0x31,
} as const;

export const concatBytes = (...parts: readonly Uint8Array[]) => concatList(parts);

function concatList(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

// --- writing ---------------------------------------------------------------------------------------------------

/** One element: tag, length in its shortest form (X.690 10.1), contents. */
export const tlv = (tag: number, ...contents: readonly Uint8Array[]) => tlvOf(tag, contents);

function tlvOf(tag: number, contents: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const length = contents.reduce((sum, part) => sum + part.length, 0);
  return concatList([Uint8Array.of(tag, ...encodeLength(length)), ...contents]);
}

function encodeLength(length: number): number[] {
  if (length < 0x80) return [length];
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return [0x80 | bytes.length, ...bytes];
}

export const sequence = (...items: readonly Uint8Array[]) => tlvOf(TAG.sequence, items);

/** SEQUENCE OF, for lists that may be longer than the arguments of a call (some 100,000). */
export const sequenceOf = (items: readonly Uint8Array[]) => tlvOf(TAG.sequence, items);

/** SET OF: the elements in ascending order of their encodings (X.690 11.6). */
export const setOf = (...items: readonly Uint8Array[]) => tlv(TAG.set, ...[...items].sort(compareBytes));

export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const difference = (a[i] as number) - (b[i] as number);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** An INTEGER: a small non-negative number, or the unsigned big-endian bytes of a large one. */
export function integer(value: number | Uint8Array) {
  const bytes = typeof value === 'number' ? Uint8Array.from(encodeUnsigned(value)) : value;
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start++;
  const trimmed = bytes.subarray(start);
  return ((trimmed[0] as number) & 0x80) !== 0
    ? tlv(TAG.integer, Uint8Array.of(0), trimmed)
    : tlv(TAG.integer, trimmed);
}

function encodeUnsigned(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return bytes.length === 0 ? [0] : bytes;
}

export const boolean = (value: boolean) => tlv(TAG.boolean, Uint8Array.of(value ? 0xff : 0));
export const octetString = (...bytes: readonly Uint8Array[]) => tlv(TAG.octetString, ...bytes);
export const bitString = (bytes: Uint8Array, unused = 0) => tlv(TAG.bitString, Uint8Array.of(unused), bytes);
export const nullValue = () => tlv(TAG.null);
export const utf8String = (text: string) => tlv(TAG.utf8String, new TextEncoder().encode(text));
export const printableString = (text: string) => tlv(TAG.printableString, new TextEncoder().encode(text));
export const ia5String = (text: string) => tlv(TAG.ia5String, new TextEncoder().encode(text));

/** A context-specific tag; constructed unless it wraps a primitive (IMPLICIT OCTET STRING and the like). */
export const context = (tag: number, constructed: boolean, ...contents: readonly Uint8Array[]) =>
  tlv(0x80 | (constructed ? 0x20 : 0) | tag, ...contents);

export function bmpString(text: string) {
  const bytes = new Uint8Array(text.length * 2);
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    bytes[2 * i] = unit >> 8;
    bytes[2 * i + 1] = unit & 0xff;
  }
  return tlv(TAG.bmpString, bytes);
}

/** An arc may be of any size: those below 2.25 are UUIDs (X.667). */
export function oid(dotted: string) {
  const arcs = dotted.split('.').map(BigInt);
  const [first, second, ...rest] = arcs as [bigint, bigint, ...bigint[]];
  return tlv(TAG.oid, Uint8Array.from([first * 40n + second, ...rest].flatMap(base128)));
}

function base128(arc: bigint): number[] {
  const bytes = [Number(arc % 128n)];
  for (let rest = arc / 128n; rest > 0n; rest /= 128n) bytes.unshift(Number(rest % 128n) | 0x80);
  return bytes;
}

// --- reading ---------------------------------------------------------------------------------------------------

/** One element as it stands in its buffer. `bytes` is the whole element, `contents` what is inside it. */
export interface Element {
  readonly tag: number;
  readonly bytes: Uint8Array;
  readonly contents: Uint8Array;
}

/** Reads the element at `offset`; what follows it is the caller's. Throws LOCAL_CA_DER_INVALID. */
export function readElement(buffer: Uint8Array, offset = 0): Element {
  const tag = buffer[offset];
  const first = buffer[offset + 1];
  if (tag === undefined || first === undefined) throw truncated(offset);
  if ((tag & 0x1f) === 0x1f) throw malformed(offset, 'a multi-byte tag');
  let length = first;
  let start = offset + 2;
  if (first >= 0x80) {
    const count = first & 0x7f;
    if (count === 0) throw malformed(offset, 'an indefinite length (BER, not DER)');
    if (count > 4) throw malformed(offset, 'a length of more than four bytes');
    length = 0;
    for (let i = 0; i < count; i++) {
      const byte = buffer[start + i];
      if (byte === undefined) throw truncated(offset);
      length = length * 256 + byte;
    }
    start += count;
  }
  if (start + length > buffer.length) throw truncated(offset);
  return {
    tag,
    bytes: buffer.subarray(offset, start + length),
    contents: buffer.subarray(start, start + length),
  };
}

/** Reads exactly one element that fills the buffer, of the given tag if one is given. */
export function readWhole(buffer: Uint8Array, tag?: number): Element {
  const element = readElement(buffer);
  if (element.bytes.length !== buffer.length) throw malformed(element.bytes.length, 'bytes after the end');
  return tag === undefined ? element : expectTag(element, tag);
}

export function expectTag(element: Element | undefined, tag: number): Element {
  if (element === undefined) throw malformed(0, 'a missing element');
  if (element.tag !== tag) throw malformed(0, `tag 0x${element.tag.toString(16)} where 0x${tag.toString(16)} belongs`);
  return element;
}

/** The elements inside a constructed one, one after the other, for lists of any length. */
export function* elementsIn({ contents }: Element): Generator<Element> {
  for (let at = 0; at < contents.length; ) {
    const child = readElement(contents, at);
    yield child;
    at += child.bytes.length;
  }
}

/** An element takes a hundred times the two bytes that it may have in a file. */
const MOST_CHILDREN = 1_000_000;

/** All elements inside a constructed one. */
export function children(element: Element): Element[] {
  const found: Element[] = [];
  for (const child of elementsIn(element)) {
    if (found.push(child) > MOST_CHILDREN) throw malformed(0, `more than ${MOST_CHILDREN} elements in one`);
  }
  return found;
}

/** Those in use have fewer than a hundred bytes. */
const LONGEST_OID = 256;

/** In its shortest form (X.690 8.19.2): else two programs could take the same bytes for different identifiers. */
export function readOid(element: Element | undefined): string {
  const { contents } = expectTag(element, TAG.oid);
  if (contents.length > LONGEST_OID) throw malformed(0, 'an object identifier of very many bytes');
  const arcs: bigint[] = [];
  let arc: bigint | undefined;
  for (const byte of contents) {
    if (arc === undefined && byte === 0x80) throw malformed(0, 'an object identifier with padding');
    arc = (arc ?? 0n) * 128n + BigInt(byte & 0x7f);
    if (byte >= 0x80) continue;
    arcs.push(arc);
    arc = undefined;
  }
  const [head, ...rest] = arcs;
  if (head === undefined || arc !== undefined) throw malformed(0, 'an object identifier that is cut short');
  const first = head < 80n ? head / 40n : 2n;
  return [first, head - first * 40n, ...rest].join('.');
}

/** A small non-negative INTEGER. */
export function readSmallInteger(element: Element | undefined): number {
  const { contents } = expectTag(element, TAG.integer);
  if (contents.length === 0 || contents.length > 6 || ((contents[0] as number) & 0x80) !== 0) {
    throw malformed(0, 'an integer out of range');
  }
  return contents.reduce((value, byte) => value * 256 + byte, 0);
}

/** The bytes of a BIT STRING that is a whole number of bytes (keys and signatures are). */
export function readBitString(element: Element | undefined): Uint8Array {
  const { contents } = expectTag(element, TAG.bitString);
  if (contents[0] !== 0) throw malformed(0, 'a bit string that is not a whole number of bytes');
  return contents.subarray(1);
}

export const isText = ({ tag }: Element): boolean => tag >= TAG.utf8String && tag <= TAG.bmpString;

/** The text of any ASN.1 string type that names are written in. */
export function readText(element: Element): string {
  const { tag, contents } = element;
  if (tag === TAG.bmpString) return new TextDecoder('utf-16be').decode(contents);
  if (tag === TAG.universalString) {
    const view = new DataView(contents.buffer, contents.byteOffset, contents.byteLength);
    const points = Array.from({ length: Math.floor(contents.length / 4) }, (_, i) => view.getUint32(4 * i));
    return points.map((point) => (point <= 0x10ffff ? String.fromCodePoint(point) : '\ufffd')).join('');
  }
  // TeletexString is read as Latin-1, as every client does.
  if (tag === TAG.teletexString) return Buffer.from(contents).toString('latin1');
  return new TextDecoder('utf-8').decode(contents);
}

const truncated = (offset: number) =>
  new LocalCaError(
    'LOCAL_CA_DER_INVALID',
    `the data ends in the middle of the element at byte ${offset}`,
    'The file is cut short; copy it again in binary mode.',
  );

export const malformed = (offset: number, what: string) =>
  new LocalCaError(
    'LOCAL_CA_DER_INVALID',
    `not valid DER at byte ${offset}: ${what}`,
    'Check that the file is what its name says; local-ca inspect FILE tells.',
  );
