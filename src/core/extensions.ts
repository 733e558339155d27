/** Certificate extensions: written as DER and read back (RFC 5280 4.2.1). */
import {
  bitString,
  boolean,
  children,
  context,
  type Element,
  expectTag,
  integer,
  octetString,
  oid,
  readElement,
  readOid,
  readSmallInteger,
  readWhole,
  sequence,
  sequenceOf,
  TAG,
} from './der.ts';
import { encodeGeneralName, GENERAL_NAME_TAG, type NameKind, type NameSubtree, type SubjectName } from './names.ts';
import { EXTENDED_KEY_USAGE, KEY_USAGE, type KeyUsage } from './profiles.ts';

export interface Extension {
  readonly oid: string;
  readonly critical: boolean;
  /** The DER inside the OCTET STRING. */
  readonly value: Uint8Array;
}

export const EXTENSION = {
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  crlDistributionPoints: '2.5.29.31',
  authorityKeyIdentifier: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  authorityInformation: '1.3.6.1.5.5.7.1.1',
  /** What a Windows CA shall make of a request: a template by name, or by OID and version. */
  microsoftTemplateName: '1.3.6.1.4.1.311.20.2',
  microsoftTemplate: '1.3.6.1.4.1.311.21.7',
} as const;

// --- writing ---------------------------------------------------------------------------------------------------

/** RFC 5280 4.2.1.9. An end entity's is critical too: Python and Apple look at it. */
export function basicConstraints(authority: boolean, pathLength?: number): Extension {
  const path = pathLength === undefined ? [] : [integer(pathLength)];
  const value = authority ? sequence(boolean(true), ...path) : sequence();
  return { oid: EXTENSION.basicConstraints, critical: true, value };
}

export function keyUsage(usages: readonly KeyUsage[]): Extension {
  const bits = usages.map((usage) => KEY_USAGE.indexOf(usage));
  const length = Math.max(...bits) + 1;
  const bytes = new Uint8Array(Math.ceil(length / 8));
  for (const bit of bits) bytes[bit >> 3] = (bytes[bit >> 3] as number) | (0x80 >> (bit & 7));
  // DER leaves out trailing zero bits of a named bit list (X.690 11.2.2).
  return { oid: EXTENSION.keyUsage, critical: true, value: bitString(bytes, bytes.length * 8 - length) };
}

export const extendedKeyUsage = (usages: readonly (keyof typeof EXTENDED_KEY_USAGE)[]): Extension => ({
  oid: EXTENSION.extendedKeyUsage,
  critical: false,
  value: sequence(...usages.map((usage) => oid(EXTENDED_KEY_USAGE[usage]))),
});

export const subjectAltName = (names: readonly SubjectName[], critical: boolean): Extension => ({
  oid: EXTENSION.subjectAltName,
  critical,
  value: sequenceOf(names.map(encodeGeneralName)),
});

export const subjectKeyIdentifier = (keyIdentifier: Uint8Array): Extension => ({
  oid: EXTENSION.subjectKeyIdentifier,
  critical: false,
  value: octetString(keyIdentifier),
});

export const authorityKeyIdentifier = (keyIdentifier: Uint8Array): Extension => ({
  oid: EXTENSION.authorityKeyIdentifier,
  critical: false,
  value: sequence(context(0, false, keyIdentifier)),
});

/** RFC 5280 4.2.1.10. */
export interface NameConstraints {
  readonly permitted: readonly NameSubtree[];
  readonly excluded: readonly NameSubtree[];
}

/** All of a kind: the empty domain, both whole address spaces. */
const EVERYTHING: readonly NameSubtree[] = [
  { kind: 'dns', text: '', bytes: new Uint8Array(0) },
  { kind: 'ip', text: '0.0.0.0/0', bytes: new Uint8Array(8) },
  { kind: 'ip', text: '::/0', bytes: new Uint8Array(32) },
];

/**
 * Constraints that permit just these. A kind that is not constrained is free in X.509, so DNS names and addresses
 * of which none is permitted are excluded as a whole (as CA/Browser Forum BR 7.1.2.5.2 has it).
 */
export function constraintsPermitting(permitted: readonly NameSubtree[]): NameConstraints {
  const allowed = (tree: NameSubtree) =>
    permitted.some(
      (other) => other.kind === tree.kind && (tree.kind !== 'ip' || other.bytes.length === tree.bytes.length),
    );
  return { permitted, excluded: EVERYTHING.filter((tree) => !allowed(tree)) };
}

export function nameConstraints({ permitted, excluded }: NameConstraints): Extension {
  const trees = (tag: number, list: readonly NameSubtree[]) =>
    list.length === 0 ? [] : [context(tag, true, ...list.map((tree) => sequence(encodeGeneralName(tree))))];
  return {
    oid: EXTENSION.nameConstraints,
    critical: true,
    value: sequence(...trees(0, permitted), ...trees(1, excluded)),
  };
}

// --- reading ---------------------------------------------------------------------------------------------------

export interface BasicConstraints {
  readonly authority: boolean;
  readonly pathLength?: number;
}

export function readBasicConstraints(value: Uint8Array): BasicConstraints {
  const items = children(readWhole(value, TAG.sequence));
  const flag = items.find((item) => item.tag === TAG.boolean);
  const path = items.find((item) => item.tag === TAG.integer);
  return {
    authority: flag !== undefined && flag.contents[0] !== 0,
    ...(path === undefined ? {} : { pathLength: readSmallInteger(path) }),
  };
}

export function readKeyUsage(value: Uint8Array): KeyUsage[] {
  const bits = expectTag(readWhole(value), TAG.bitString).contents.subarray(1);
  return KEY_USAGE.filter((_, bit) => (((bits[bit >> 3] ?? 0) << (bit & 7)) & 0x80) !== 0);
}

/** Usual names where there is one, else dotted OIDs. */
export function readExtendedKeyUsage(value: Uint8Array): string[] {
  const names = new Map<string, string>(Object.entries(EXTENDED_KEY_USAGE).map(([name, dotted]) => [dotted, name]));
  return children(readWhole(value, TAG.sequence)).map((item) => {
    const dotted = readOid(item);
    return names.get(dotted) ?? dotted;
  });
}

export const readSubjectKeyIdentifier = (value: Uint8Array): Uint8Array => readWhole(value, TAG.octetString).contents;

/** The key identifier alone; undefined when the extension names the issuer in another way. */
export const readAuthorityKeyIdentifier = (value: Uint8Array): Uint8Array | undefined =>
  children(readWhole(value, TAG.sequence)).find((item) => item.tag === 0x80)?.contents;

/** Whether the extension names the issuer by its serial, perhaps beside its key. */
export const readsAuthoritySerial = (value: Uint8Array): boolean =>
  children(readWhole(value, TAG.sequence)).some((item) => item.tag === 0x82);

export type GeneralNameKind = NameKind | 'directory' | 'other';

export interface GeneralName {
  readonly kind: GeneralNameKind;
  readonly tag: number;
  readonly bytes: Uint8Array;
}

const KIND_OF_TAG = new Map<number, GeneralNameKind>(
  Object.entries(GENERAL_NAME_TAG).map(([kind, tag]) => [tag, kind as GeneralNameKind]),
);

function readGeneralName({ tag, contents }: Element): GeneralName {
  const number = tag & 0x1f;
  return { kind: KIND_OF_TAG.get(number) ?? 'other', tag: number, bytes: contents };
}

export const readGeneralNames = (value: Uint8Array): GeneralName[] =>
  children(readWhole(value, TAG.sequence)).map(readGeneralName);

export interface RawNameConstraints {
  readonly permitted: readonly GeneralName[];
  readonly excluded: readonly GeneralName[];
}

export function readNameConstraints(value: Uint8Array): RawNameConstraints {
  const lists = children(readWhole(value, TAG.sequence));
  const bases = (tag: number) =>
    lists
      .filter((list) => list.tag === tag)
      .flatMap((list) => children(list).map((tree) => readGeneralName(readElement(tree.contents))));
  return { permitted: bases(0xa0), excluded: bases(0xa1) };
}
