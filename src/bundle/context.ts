/** What a bundle's README and snippets can say about it, before the paragraphs that `paragraphs.ts` writes. */
import { createHash } from 'node:crypto';
import type { CertificateFacts } from '../core/facts.ts';
import { parseNames, type SubjectName } from '../core/names.ts';
import { parseCertificate } from '../core/parse.ts';
import { type DistinguishedName, decodeSubject, formatSubject } from '../core/subject.ts';
import { isoDay } from '../core/time.ts';
import type { ContentName } from './contents.ts';
import type { LeafMaterial, Material } from './material.ts';
import type { Context } from './render.ts';
import { serves } from './serves.ts';
import { inUrl } from './settings.ts';
import { shellWord } from './shell.ts';

export interface BundlePlan {
  readonly material: Material;
  readonly file: Partial<Record<ContentName, string>>;
  readonly trustPassword?: string;
  readonly passwordFile?: string;
  readonly zip?: string;
  readonly keyTypeWhy?: string;
  readonly owner?: { readonly user: string; readonly group?: string | undefined };
}

export function contextOf({ material, owner, ...plan }: BundlePlan): Context {
  const { label, leaf, intermediates, authority, roots } = material;
  const about = leaf && leafContext(leaf);
  return {
    ...plan,
    label,
    intermediates: intermediates.length > 0,
    authority: factsOf(authority, roots[0] ?? intermediates.at(-1)),
    ...(owner === undefined ? {} : { owner: { user: owner.user, group: owner.group ?? owner.user } }),
    server: about?.host ?? PLACEHOLDER,
    serverAddress: about?.address ?? PLACEHOLDER,
    ...(about === undefined ? {} : { leaf: about }),
  };
}

/** For a host that nobody named: in the README of a CA alone, or of a client. */
const PLACEHOLDER = 'SERVER';

const leafContext = (leaf: LeafMaterial): NonNullable<Context['leaf']> => ({
  ...factsOf(leaf, leaf.certificate),
  ...namesOf(leaf),
  user: /^[\w.@-]+$/.test(leaf.commonName) ? leaf.commonName : 'USER',
  profile: leaf.profile,
  serves: serves(leaf.profile),
  client: leaf.profile === 'client',
});

const factsOf = (facts: CertificateFacts, certificate: Uint8Array | undefined) => ({
  ...(certificate === undefined ? {} : identityOf(certificate)),
  // Anybody's text, and a line break in it would start a new line of a configuration file.
  commonName: facts.commonName.replace(/\p{Cc}/gu, ' '),
  serial: facts.serial,
  fingerprint: colons(facts.fingerprintSha256),
  notBefore: isoDay(facts.notBefore),
  notAfter: isoDay(facts.notAfter),
  keyType: facts.keyType,
});

/** What only the certificate itself says. */
function identityOf(certificate: Uint8Array) {
  const name = decodeSubject(parseCertificate(certificate).subject);
  return {
    thumbprint: createHash('sha1').update(certificate).digest('hex').toUpperCase(),
    ...ifPlain('subject', formatSubject(name)),
    ...ifPlain('slashSubject', slashed(name)),
  };
}

/**
 * What X509_NAME_oneline of OpenSSL writes, which MySQL compares letter by letter. Empty where that depends on more than
 * the text: other letters than ASCII's, types that OpenSSL may have a name for, and several attributes in one place.
 */
function slashed(name: DistinguishedName): string {
  const attributes = name.flat();
  const text = attributes.map(({ type, value }) => `/${type === 'STREET' ? 'street' : type}=${value}`).join('');
  const odd = attributes.length > name.length || attributes.some(({ type, encoded }) => encoded || /^\d/.test(type));
  return odd || !/^[ -~]*$/.test(text) ? '' : text;
}

/** Both are written between quotes of a shell, of SQL or of a configuration file, and a stranger chose them. */
const ifPlain = (key: 'subject' | 'slashSubject', text: string) =>
  text === '' || /['"`\\$\p{Cc}]/u.test(text) ? {} : { [key]: text };

/** As OpenSSL prints a fingerprint. */
export const colons = (hex: string): string => (hex.toUpperCase().match(/../g) ?? []).join(':');

function namesOf(leaf: LeafMaterial) {
  const names = parseNames(leaf.names);
  const host = serves(leaf.profile) ? hostOf(names) : undefined;
  const dnsNames = names.filter((name) => name.kind === 'dns').map((name) => name.text);
  return {
    ...(host === undefined ? {} : { host: host.text, address: inUrl(host.text), hostIsIp: host.kind === 'ip' }),
    wildcard: dnsNames.some(isWildcard),
    dnsNames: dnsNames.length === 0 ? '_' : dnsNames.join(' '),
    arguments: names.map((name) => shellWord(name.text)).join(' '),
  };
}

const isWildcard = (text: string) => text.startsWith('*.');

/** A name to connect to: a host, else an address, else some host that the wildcard covers. */
function hostOf(names: readonly SubjectName[]): Pick<SubjectName, 'kind' | 'text'> | undefined {
  const plain = names.filter((name) => !isWildcard(name.text));
  const found = ['dns', 'ip']
    .map((kind) => plain.find((name) => name.kind === kind))
    .find((name) => name !== undefined);
  const wildcard = names.find((name) => isWildcard(name.text));
  return found ?? (wildcard && { kind: 'dns', text: wildcard.text.replace('*', 'www') });
}
