/** What a bundle's README and snippets can say about it, before the paragraphs that `paragraphs.ts` writes. */
import { parseNames, type SubjectName } from '../core/names.ts';
import type { ContentName } from './contents.ts';
import type { CertificateFacts, LeafMaterial, Material } from './material.ts';
import type { Context } from './render.ts';
import { shellWord } from './shell.ts';

export interface BundlePlan {
  readonly material: Material;
  readonly file: Partial<Record<ContentName, string>>;
  readonly trustPassword?: string;
  readonly passwordFile?: string;
  readonly zip?: string;
  readonly keyTypeWhy?: string;
}

export function contextOf({ material, ...plan }: BundlePlan): Context {
  const { label, leaf, intermediates, authority } = material;
  const about = leaf && leafContext(leaf);
  return {
    ...plan,
    label,
    intermediates: intermediates.length > 0,
    authority: factsOf(authority),
    server: about?.host ?? PLACEHOLDER,
    serverAddress: about?.address ?? PLACEHOLDER,
    ...(about === undefined ? {} : { leaf: about }),
  };
}

/** For a host that nobody named: in the README of a CA alone, or of a client. */
const PLACEHOLDER = 'SERVER';

/** Others connect to whoever has a certificate of this profile. */
export const serves = (profile: string): boolean => profile === 'server' || profile === 'peer';

const leafContext = (leaf: LeafMaterial): NonNullable<Context['leaf']> => ({
  ...factsOf(leaf),
  ...namesOf(leaf),
  profile: leaf.profile,
  serves: serves(leaf.profile),
  client: leaf.profile === 'client',
});

const factsOf = (facts: CertificateFacts) => ({
  // Anybody's text, and a line break in it would start a new line of a configuration file.
  commonName: facts.commonName.replace(/\p{Cc}/gu, ' '),
  serial: facts.serial,
  fingerprint: (facts.fingerprintSha256.toUpperCase().match(/../g) ?? []).join(':'),
  notBefore: day(facts.notBefore),
  notAfter: day(facts.notAfter),
  keyType: facts.keyType,
});

const day = (date: Date) => date.toISOString().slice(0, 10);

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

const inUrl = (host: string) => (host.includes(':') ? `[${host}]` : host);
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
