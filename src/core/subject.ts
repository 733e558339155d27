/**
 * Distinguished names: read from RFC 4514 text (`CN=db,O=Acme,C=DE`) or OpenSSL's form (`/C=DE/O=Acme/CN=db`), written
 * as DER and back. In memory and in DER, a name is in encoding order: the most general part (C) first.
 */
import { LocalCaError } from '../errors.ts';
import {
  children,
  compareBytes,
  expectTag,
  ia5String,
  isText,
  malformed,
  oid,
  printableString,
  readOid,
  readText,
  readWhole,
  sequence,
  setOf,
  TAG,
  utf8String,
} from './der.ts';
import { escapeUnseen, quote, toHex, unseenIn } from './text.ts';

export interface Attribute {
  /** A short name of the table below, or a dotted OID. */
  readonly type: string;
  readonly value: string;
  /** The value is `#` and the hex of its DER, since it is no string (RFC 4514 2.4). */
  readonly encoded?: true;
}

/** Relative distinguished names in encoding order; each holds one attribute, rarely more. */
export type DistinguishedName = readonly (readonly Attribute[])[];

interface AttributeRow {
  readonly name: string;
  readonly oid: string;
  /** Upper bound in characters (RFC 5280 appendix A.1). */
  readonly max: number;
  readonly encode: (text: string) => Uint8Array;
  readonly pattern?: RegExp;
}

/** What a PrintableString can hold (X.680 41.4). */
export const PRINTABLE = /^[A-Za-z0-9 '()+,./:=?-]*$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: IA5String is 7-bit ASCII
const IA5 = /^[\x00-\x7f]*$/;
const text = (name: string, oid: string, max: number): AttributeRow => ({ name, oid, max, encode: utf8String });

const ATTRIBUTES: readonly AttributeRow[] = [
  text('CN', '2.5.4.3', 64),
  text('SN', '2.5.4.4', 40),
  { name: 'serialNumber', oid: '2.5.4.5', max: 64, encode: printableString, pattern: PRINTABLE },
  { name: 'C', oid: '2.5.4.6', max: 2, encode: printableString, pattern: /^[A-Z]{2}$/ },
  text('L', '2.5.4.7', 128),
  text('ST', '2.5.4.8', 128),
  text('STREET', '2.5.4.9', 128),
  text('O', '2.5.4.10', 64),
  text('OU', '2.5.4.11', 64),
  text('title', '2.5.4.12', 64),
  text('postalCode', '2.5.4.17', 40),
  text('GN', '2.5.4.42', 40),
  text('UID', '0.9.2342.19200300.100.1.1', 256),
  { name: 'DC', oid: '0.9.2342.19200300.100.1.25', max: 63, encode: ia5String, pattern: IA5 },
  { name: 'emailAddress', oid: '1.2.840.113549.1.9.1', max: 255, encode: ia5String, pattern: IA5 },
];

const ALIASES: Readonly<Record<string, string>> = {
  S: 'ST',
  E: 'emailAddress',
  EMAIL: 'emailAddress',
  GIVENNAME: 'GN',
  SURNAME: 'SN',
};

const findAttribute = (type: string) => {
  const wanted = (ALIASES[type.toUpperCase()] ?? type).toUpperCase();
  return ATTRIBUTES.find((row) => row.name.toUpperCase() === wanted || row.oid === type);
};

const invalid = (message: string, hint: string) => new LocalCaError('LOCAL_CA_SUBJECT_INVALID', message, hint);

/** Reads a distinguished name as typed. Throws LOCAL_CA_SUBJECT_INVALID. */
export function parseSubject(input: string): DistinguishedName {
  const slashed = input.startsWith('/');
  const parts = slashed ? splitUnescaped(input.slice(1), '/') : splitUnescaped(input, ',');
  const rdns = parts.map((part) => splitUnescaped(part, '+').map((pair) => parsePair(pair, input)));
  // RFC 4514 2.1 writes the last RDN first; OpenSSL's form is in encoding order.
  return slashed ? rdns : rdns.reverse();
}

function splitUnescaped(input: string, separator: string): string[] {
  const parts = [''];
  for (let i = 0; i < input.length; i++) {
    const char = input[i] as string;
    if (char === '\\') parts.push(`${parts.pop()}${char}${input[++i] ?? ''}`);
    else if (char === separator) parts.push('');
    else parts.push(`${parts.pop()}${char}`);
  }
  return parts;
}

function parsePair(pair: string, input: string): Attribute {
  const equals = pair.indexOf('=');
  if (equals < 1) {
    throw invalid(
      `${quote(pair)} in the subject ${quote(input)} is not TYPE=value`,
      'Write it like "CN=db.example.test,O=Acme,C=DE".',
    );
  }
  return checkAttribute({ type: pair.slice(0, equals).trim(), value: unescapeValue(pair.slice(equals + 1).trim()) });
}

/** `\,` and its like, and `\C3\A9` for bytes of UTF-8 (RFC 4514 2.4). */
function unescapeValue(value: string): string {
  return value.replace(/((?:\\[0-9A-Fa-f]{2})+)|\\(.)/g, (_, run: string | undefined, char: string) =>
    run === undefined ? char : Buffer.from(run.replaceAll('\\', ''), 'hex').toString('utf8'),
  );
}

/** Checks one attribute against the table, and gives its type its usual spelling. */
export function checkAttribute({ type, value }: Attribute): Attribute {
  const row = findAttribute(type);
  if (row === undefined && !/^\d+(\.\d+)+$/.test(type)) {
    throw invalid(
      `unknown attribute ${quote(type)} in the subject`,
      `Use one of ${ATTRIBUTES.map((known) => known.name).join(', ')}, or a dotted OID.`,
    );
  }
  const name = row?.name ?? type;
  if (value === '') throw invalid(`the subject's ${name} is empty`, `Give ${name} a value or leave it out.`);
  const unseen = unseenIn(value);
  if (unseen !== undefined) {
    throw invalid(`the subject's ${name} has a control character, or one that is not seen (${unseen})`, 'Remove it.');
  }
  if ([...value].length > (row?.max ?? 256)) {
    throw invalid(
      `the subject's ${name} has ${[...value].length} characters`,
      `It may have at most ${row?.max ?? 256}.`,
    );
  }
  if (row?.pattern?.test(value) === false) {
    const rule = name === 'C' ? 'two capital letters, like DE (ISO 3166)' : 'plain ASCII';
    throw invalid(`the subject's ${name} cannot be ${quote(value)}`, `${name} is ${rule}.`);
  }
  return { type: name, value };
}

export function encodeSubject(name: DistinguishedName): Uint8Array {
  return sequence(...name.map((rdn) => setOf(...rdn.map(encodeAttribute))));
}

function encodeAttribute({ type, value }: Attribute): Uint8Array {
  const row = findAttribute(type);
  return sequence(oid(row?.oid ?? type), (row?.encode ?? utf8String)(value));
}

/** No name in use has a hundredth of it; the name of a revocation list's issuer could have the whole file. */
const LONGEST_NAME = 65_536;

/** Reads a Name from DER; throws LOCAL_CA_DER_INVALID. */
export function decodeSubject(der: Uint8Array): DistinguishedName {
  if (der.length > LONGEST_NAME) throw malformed(0, `a name of ${der.length} bytes`);
  return children(readWhole(der, TAG.sequence)).map((rdn) => children(expectTag(rdn, TAG.set)).map(decodeAttribute));
}

function decodeAttribute(element: { tag: number; bytes: Uint8Array; contents: Uint8Array }): Attribute {
  const [type, value] = children(element);
  const dotted = readOid(type);
  if (value === undefined) throw invalid('an attribute of the name has no value', 'The certificate is damaged.');
  const known = ATTRIBUTES.find((row) => row.oid === dotted)?.name ?? dotted;
  return isText(value)
    ? { type: known, value: readText(value) }
    : { type: known, value: `#${toHex(value.bytes)}`, encoded: true };
}

/** RFC 4514 text: the most specific part first. Empty for an empty name. */
export function formatSubject(name: DistinguishedName): string {
  return [...name]
    .reverse()
    .map((rdn) => rdn.map(({ type, value, encoded }) => `${type}=${encoded ? value : escapeValue(value)}`).join('+'))
    .join(',');
}

const escapeValue = (value: string) =>
  escapeUnseen(
    value.replace(/[",+;<>\\]/g, '\\$&').replace(/^[ #]| $/g, '\\$&'),
    (char) => `\\${toHex(new TextEncoder().encode(char)).replace(/(..)(?=.)/g, '$1\\')}`,
  );

export const commonName = (name: DistinguishedName): string | undefined =>
  name.flat().findLast((attribute) => attribute.type === 'CN')?.value;

/**
 * Whether two names are the same for chaining: equal bytes, or equal after folding case and inner spaces
 * (RFC 5280 7.1, simplified: every CA that we met copies the bytes).
 */
export function sameSubject(a: Uint8Array, b: Uint8Array): boolean {
  if (compareBytes(a, b) === 0) return true;
  const fold = (der: Uint8Array) => formatSubject(decodeSubject(der)).toLowerCase().replace(/\s+/g, ' ');
  return fold(a) === fold(b);
}
