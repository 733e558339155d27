/** Tells what a file is by its structure: names and extensions lie. */
import { type Element, elementsIn, readWhole, TAG } from '../core/der.ts';

/** What `detectFormat` tells apart. */
export type DetectedFormat =
  | 'pem'
  | 'certificate'
  | 'csr'
  | 'crl'
  | 'pkcs7'
  | 'pkcs12'
  | 'jks'
  | 'zip'
  | 'private-key'
  | 'encrypted-private-key'
  | 'public-key';

/** JKS, and JCEKS, which its reader knows to refuse. */
const JAVA_MAGICS = ['feedfeed', 'cececece'];

/** The header of a zip's first entry, or the end of an empty one. */
const ZIP_MAGICS = ['504b0304', '504b0506'];

/** `1.2.840.113549.1.7.*`, as it begins: every ContentInfo does, and PKCS#12 has one inside. */
const PKCS7_TYPE = '06092a864886f70d0107';

/** The kind of a file's contents; undefined when they are nothing that local-ca reads. Never throws. */
export function detectFormat(bytes: Uint8Array): DetectedFormat | undefined {
  const magic = hex(bytes, 0, 4);
  if (JAVA_MAGICS.includes(magic)) return 'jks';
  if (ZIP_MAGICS.includes(magic)) return 'zip';
  const binary = bytes[0] === TAG.sequence ? (detectBer(bytes) ?? detectDer(bytes)) : undefined;
  // A text may begin with a zero, too.
  return binary ?? (isPem(bytes) ? 'pem' : undefined);
}

const hex = (bytes: Uint8Array, start: number, length: number) => {
  const part = bytes.subarray(start, start + length);
  return Array.from(part, (byte) => byte.toString(16).padStart(2, '0')).join('');
};

const isPem = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes('-----BEGIN ');

/** PKCS#7 and PKCS#12 files may have indefinite lengths, which the DER reader refuses, so only their start is looked at. */
function detectBer(bytes: Uint8Array): DetectedFormat | undefined {
  const start = contentsOffset(bytes, 0);
  if (hex(bytes, start, 10) === PKCS7_TYPE) return 'pkcs7';
  const isVersion3 = hex(bytes, start, 3) === '020103';
  return isVersion3 && hex(bytes, contentsOffset(bytes, start + 3), 10) === PKCS7_TYPE ? 'pkcs12' : undefined;
}

function contentsOffset(bytes: Uint8Array, at: number): number {
  const length = bytes[at + 1] ?? 0;
  return at + 2 + (length > 0x80 ? length & 0x7f : 0);
}

/**
 * The tags of an element's children, those of the first child in brackets:
 * a certificate is `30[a0 02 30 30 30 30 30 a3] 30 03`.
 */
const SHAPES: readonly (readonly [RegExp, DetectedFormat])[] = [
  [/^30\[(a0 )?02 30 30 30 30 30( 8[12]| a[123])*\] 30 03$/, 'certificate'],
  [/^30\[02 30 30( a0)?\] 30 03$/, 'csr'],
  [/^30\[(02 )?30 30 (17|18)( 17| 18| 30| a0)*\] 30 03$/, 'crl'],
  // SubjectPublicKeyInfo, and RSAPublicKey of PKCS#1.
  [/^30\[06.*\] 03$/, 'public-key'],
  [/^02 02$/, 'public-key'],
  [/^30\[06.*\] 04$/, 'encrypted-private-key'],
  // PKCS#8, PKCS#1, SEC1.
  [/^02 30 04( a0| 81| a1)*$/, 'private-key'],
  [/^02( 02){8}$/, 'private-key'],
  [/^02 04( a0)?( a1)?$/, 'private-key'],
];

function detectDer(bytes: Uint8Array): DetectedFormat | undefined {
  try {
    const shape = shapeOf(bytes);
    return SHAPES.find(([pattern]) => pattern.test(shape))?.[1];
  } catch {
    return undefined;
  }
}

function shapeOf(bytes: Uint8Array): string {
  const [first, ...rest] = firstIn(readWhole(bytes, TAG.sequence));
  if (first === undefined) return '';
  const inner = first.tag === TAG.sequence ? `[${firstIn(first).map(tagOf).join(' ')}]` : '';
  return [tagOf(first) + inner, ...rest.map(tagOf)].join(' ');
}

/** More than any of the shapes has. */
const MOST_PARTS = 32;

function firstIn(element: Element): Element[] {
  const parts: Element[] = [];
  for (const part of elementsIn(element)) if (parts.push(part) === MOST_PARTS) break;
  return parts;
}

const tagOf = ({ tag }: Element) => tag.toString(16).padStart(2, '0');
