/**
 * What a file of a bundle can hold, as one table: adding a kind of content is adding a row. The CA's private key has no
 * row and never will: `Material` does not carry it.
 */
import type { PrivateKey } from '../core/keys.ts';
import { parseCertificate } from '../core/parse.ts';
import { commonName, decodeSubject, formatSubject } from '../core/subject.ts';
import { LocalCaError } from '../errors.ts';
import type { KeyEntry, TrustedEntry } from '../formats/entries.ts';
import type { FormatName } from '../formats/formats.ts';
import { encodeCrls, encodePem } from '../formats/pem.ts';
import type { Pkcs12Profile } from '../formats/pkcs12.ts';
import type { WindowsKeyOptions } from '../formats/pkcs12-attributes.ts';
import type { LeafMaterial, Material } from './material.ts';

export interface ContentInput {
  readonly material: Material;
  /** Names the entry of a key store. */
  readonly keyAlias: string;
  /** Names the first entry of a trust store. */
  readonly trustAlias: string;
  /** Opens the store: see `password` of the row. */
  readonly password: string;
  readonly p12Profile: Pkcs12Profile;
  readonly windows?: WindowsKeyOptions;
  readonly now: Date;
  readonly random: (length: number) => Uint8Array;
}

export interface Content {
  readonly format: FormatName;
  /** The issued certificate is in it, so an authority alone cannot make it. */
  readonly needsLeaf: boolean;
  /** The private key is in it: it is secret. */
  readonly needsKey: boolean;
  /** It is made of revocation lists, of which there may be none yet. */
  readonly needsLists: boolean;
  /** Which password it is sealed with: one that guards a key, or one that everybody may know. */
  readonly password?: 'key' | 'trust';
  /** Its file when a format is asked for instead of a template's files. */
  readonly usual?: { readonly path: string; readonly about: string };
  readonly write: (input: ContentInput) => Uint8Array | Promise<Uint8Array>;
}

// --- what goes in ----------------------------------------------------------------------------------------------

const leafOf = ({ material }: ContentInput) => material.leaf as LeafMaterial;
const keyOf = (input: ContentInput) => leafOf(input).key as PrivateKey;
const chainOf = (input: ContentInput) => [leafOf(input).certificate, ...input.material.intermediates];
const rootsOf = ({ material }: ContentInput) => material.roots;
/** Where no root is known, the highest intermediate stands in its place as well. */
const authoritiesOf = ({ material: { intermediates, roots } }: ContentInput) => [
  ...intermediates.filter((certificate) => !roots.includes(certificate)),
  ...roots,
];

// --- how it is written -----------------------------------------------------------------------------------------

const pemText = (blocks: readonly string[]) => new TextEncoder().encode(blocks.join(''));
const pemOf = (certificates: readonly Uint8Array[]) => certificates.map((der) => encodePem('CERTIFICATE', der));
const pkcs8Pem = (key: PrivateKey) => encodePem('PRIVATE KEY', key.toPkcs8());

function traditionalPem(key: PrivateKey): string {
  const { pemLabel, der } = key.toTraditional();
  return encodePem(pemLabel, der);
}

/** A DER file has room for one certificate; during a rotation that is the first root. */
function firstDer(certificates: readonly Uint8Array[]): Uint8Array {
  const [first] = certificates;
  if (first !== undefined) return first;
  throw new LocalCaError(
    'LOCAL_CA_CHAIN_INCOMPLETE',
    'there is no root certificate to write',
    'Import the root of this CA along with it.',
  );
}

// pkijs costs 50 ms to load, so only a bundle that has such a file loads it.
async function pkcs7(certificates: readonly Uint8Array[]): Promise<Uint8Array> {
  const { writePkcs7 } = await import('../formats/pkcs7.ts');
  return writePkcs7(certificates);
}

const keyEntry = (input: ContentInput): KeyEntry => ({
  kind: 'key',
  alias: input.keyAlias,
  key: keyOf(input).toPkcs8(),
  chain: chainOf(input),
});

function trustEntries(certificates: readonly Uint8Array[], { trustAlias, material }: ContentInput): TrustedEntry[] {
  const taken = new Set<string>();
  return certificates.map((certificate) => {
    const alias = unique(material.others ? nameOfEntry(certificate) : trustAlias, taken);
    taken.add(alias);
    return { kind: 'trusted', alias, certificate };
  });
}

/** Of many CAs, each is found by its name. Java folds the case of an alias. */
function nameOfEntry(certificate: Uint8Array): string {
  const subject = decodeSubject(parseCertificate(certificate).subject);
  return (commonName(subject) ?? formatSubject(subject))
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .slice(0, 64);
}

/** The second of a name is `name-2`. */
function unique(name: string, taken: ReadonlySet<string>): string {
  let alias = name;
  for (let n = 2; taken.has(alias); n++) alias = `${name}-${n}`;
  return alias;
}

async function pkcs12(entries: readonly (KeyEntry | TrustedEntry)[], input: ContentInput): Promise<Uint8Array> {
  const { writePkcs12 } = await import('../formats/pkcs12.ts');
  const { password, p12Profile: profile, random, windows } = input;
  return writePkcs12(entries, { password, profile, random, ...(windows === undefined ? {} : { windows }) });
}

async function jks(entries: readonly (KeyEntry | TrustedEntry)[], input: ContentInput): Promise<Uint8Array> {
  const { writeJks } = await import('../formats/jks.ts');
  const { password, now, random } = input;
  return writeJks(entries, { password, now, random });
}

// --- the table -------------------------------------------------------------------------------------------------

type Row = Omit<Content, keyof typeof NEEDS_NOTHING>;
const NEEDS_NOTHING = { needsLeaf: false, needsKey: false, needsLists: false };
const ofLeaf = (row: Row): Content => ({ ...row, ...NEEDS_NOTHING, needsLeaf: true });
const ofKey = (row: Row): Content => ({ ...row, ...NEEDS_NOTHING, needsLeaf: true, needsKey: true });
const ofAuthority = (row: Row): Content => ({ ...row, ...NEEDS_NOTHING });
const ofLists = (row: Row): Content => ({ ...row, ...NEEDS_NOTHING, needsLists: true });

export const CONTENTS = {
  'leaf-pem': ofLeaf({
    format: 'pem',
    usual: { path: '{{label}}.crt.pem', about: 'The certificate alone' },
    write: (input) => pemText(pemOf([leafOf(input).certificate])),
  }),
  'chain-pem': ofLeaf({
    format: 'pem',
    usual: {
      path: '{{label}}.chain.pem',
      about: 'The certificate with the intermediates that clients need to check it',
    },
    write: (input) => pemText(pemOf(chainOf(input))),
  }),
  'key-pem': ofKey({
    format: 'pem',
    usual: { path: '{{label}}.key.pem', about: 'The private key (PKCS#8, no pass phrase)' },
    write: (input) => pemText([pkcs8Pem(keyOf(input))]),
  }),
  /** For software from before PKCS#8: PKCS#1 for RSA, SEC1 for curves. */
  'key-traditional-pem': ofKey({
    format: 'pem',
    write: (input) => pemText([traditionalPem(keyOf(input))]),
  }),
  /** One file for servers that take only one: HAProxy, MongoDB, Synergy. The certificate comes first. */
  'combined-pem': ofKey({
    format: 'pem',
    write: (input) => pemText([...pemOf(chainOf(input)), pkcs8Pem(keyOf(input))]),
  }),
  'ca-pem': ofAuthority({
    format: 'pem',
    usual: { path: 'ca.pem', about: 'The CA certificate that clients trust' },
    write: (input) => pemText(pemOf(rootsOf(input))),
  }),
  /** For clients of servers that send only their own certificate, as SQL Server on Linux does. */
  'ca-chain-pem': ofAuthority({
    format: 'pem',
    write: (input) => pemText(pemOf(authoritiesOf(input))),
  }),
  'leaf-der': ofLeaf({
    format: 'der',
    usual: { path: '{{label}}.crt.der', about: 'The certificate alone, in binary' },
    write: (input) => leafOf(input).certificate,
  }),
  'ca-der': ofAuthority({
    format: 'der',
    usual: { path: 'ca.der', about: 'The CA certificate, in binary' },
    write: (input) => firstDer(rootsOf(input)),
  }),
  'chain-p7b': ofLeaf({
    format: 'p7b',
    usual: { path: '{{label}}.p7b', about: 'The certificate and its whole chain up to the root, for Windows and Java' },
    write: (input) => pkcs7([leafOf(input).certificate, ...authoritiesOf(input)]),
  }),
  'ca-p7b': ofAuthority({
    format: 'p7b',
    usual: { path: 'ca.p7b', about: 'The CA certificates, for Windows' },
    write: (input) => pkcs7(authoritiesOf(input)),
  }),
  'key-p12': ofKey({
    format: 'p12',
    password: 'key',
    usual: { path: '{{label}}.p12', about: 'The private key with its certificates (PKCS#12)' },
    write: (input) => pkcs12([keyEntry(input)], input),
  }),
  'trust-p12': ofAuthority({
    format: 'p12',
    password: 'trust',
    usual: { path: 'ca.p12', about: 'A PKCS#12 trust store with the CA certificate, for Java' },
    write: (input) => pkcs12(trustEntries(rootsOf(input), input), input),
  }),
  'key-jks': ofKey({
    format: 'jks',
    password: 'key',
    usual: { path: '{{label}}.jks', about: 'The private key with its certificates (Java key store)' },
    write: (input) => jks([keyEntry(input)], input),
  }),
  'trust-jks': ofAuthority({
    format: 'jks',
    password: 'trust',
    usual: { path: 'ca.jks', about: 'A Java trust store with the CA certificate' },
    write: (input) => jks(trustEntries(rootsOf(input), input), input),
  }),
  /** As `ca-chain-pem`, for Java. */
  'trust-chain-jks': ofAuthority({
    format: 'jks',
    password: 'trust',
    write: (input) => jks(trustEntries([...rootsOf(input), ...input.material.intermediates], input), input),
  }),
  /** The same in PKCS#12. */
  'trust-chain-p12': ofAuthority({
    format: 'p12',
    password: 'trust',
    write: (input) => pkcs12(trustEntries([...rootsOf(input), ...input.material.intermediates], input), input),
  }),
  /** Of all CAs of the chain in one file: FreeTDS, PostgreSQL and nginx refuse everything when one is missing. */
  'crl-pem': ofLists({
    format: 'pem',
    usual: { path: 'crl.pem', about: 'The revocation lists of the CA; they have to be made anew before they end' },
    write: ({ material }) => pemText([encodeCrls(material.crls ?? [])]),
  }),
} as const satisfies Record<string, Content>;

export type ContentName = keyof typeof CONTENTS;

export const CONTENT_NAMES = Object.keys(CONTENTS) as readonly ContentName[];

export const contentOf = (name: ContentName): Content => CONTENTS[name];
