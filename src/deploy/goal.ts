/** What should stand in a target's folder: the files of the newest certificate with its label. */
import { createHash } from 'node:crypto';
import type { CertificateAuthority } from '../authority/authority.ts';
import { buildBundle } from '../bundle/bundle.ts';
import { loadTemplate } from '../bundle/catalog.ts';
import { BundleFile, type OutputFile, ownedBy } from '../bundle/file.ts';
import type { Material } from '../bundle/material.ts';
import { implied } from '../bundle/settings.ts';
import type { Ambient } from '../core/ambient.ts';
import { fingerprintSha256 } from '../core/parse.ts';
import { quote, toHex } from '../core/text.ts';
import { isoTime } from '../core/time.ts';
import type { Owner } from '../disk.ts';
import { LocalCaError } from '../errors.ts';
import { encodeCrls } from '../formats/pem.ts';
import type { CertificateRecord, TargetRecord } from '../store/store.ts';
import { type Claims, claimsOf } from './claims.ts';
import { findOwner } from './owner.ts';

export interface Goal {
  readonly serial: string;
  /** What the server has to show. */
  readonly fingerprint: string;
  /** Changes when the files have to be made again; their bytes do not tell, since key stores have random salts. */
  readonly contents: string;
  readonly files: readonly OutputFile[];
  /** Of what stands in the folder, and is not on record there. */
  readonly claims: Claims;
}

/** Where it all comes from. */
export interface GoalSources {
  readonly ca: Pick<CertificateAuthority, 'get' | 'list' | 'authorities' | 'export' | 'revocationLists'>;
  readonly ambient: Ambient;
  /** Folders with templates. */
  readonly templates: readonly string[];
  /** What local-ca made up for the key stores in a folder: it stays. */
  readonly earlierPassword: (folder: string, label: string) => string | undefined;
}

/** What of a target decides about its files. */
export type Wanted = Pick<
  TargetRecord,
  'label' | 'folder' | 'template' | 'formats' | 'settings' | 'owner' | 'group' | 'withCrl'
>;

/** The lists of all CAs of the chain. */
const CRL_FILE = 'crl.pem';

/** Throws what stands in the way: a certificate that does not count, a key or a template that is not there ... */
export async function goalOf(target: Wanted, sources: GoalSources): Promise<Goal> {
  const record = await sources.ca.get(target.label);
  assertCounts(record, sources.ambient.now());
  const material = await sources.ca.export(record.serial);
  assertHasKey(material, record);
  const lists = target.withCrl ? await listsFor(record, sources) : [];
  const owner = await ownerOf(target);
  return {
    serial: record.serial,
    fingerprint: record.fingerprintSha256,
    contents: contentsOf(target, material, lists, owner),
    files: await filesOf(target, material, lists, owner, sources),
    claims: claimsOf(await certificatesOf(record, material, sources), material.leaf?.key),
  };
}

/** All of its label, and those of the CAs. */
async function certificatesOf(
  { label }: CertificateRecord,
  { intermediates, roots }: Material,
  { ca }: GoalSources,
): Promise<Uint8Array[]> {
  const own = (await ca.list()).filter((one) => one.label === label);
  return [...[...own, ...ca.authorities].map(({ certificate }) => certificate), ...intermediates, ...roots];
}

/** Throws for what clients refuse: revoked, not valid yet, or expired. */
export function assertCounts(record: CertificateRecord, now: Date): void {
  const { state, serial, label, notBefore, notAfter, revocation } = record;
  const who = `the certificate ${serial} of ${quote(label)}`;
  if (state === 'revoked') {
    throw new LocalCaError(
      'LOCAL_CA_REVOKED',
      `${who} was revoked (${revocation?.reason}); issue a new one`,
      `local-ca issue ... --label ${label}`,
    );
  }
  if (notBefore > now) {
    throw new LocalCaError(
      'LOCAL_CA_NOT_RENEWABLE',
      `${who} is valid from ${isoTime(notBefore)}, and not before`,
      'Wait until then; or set the clock, if it is wrong.',
    );
  }
  if (notAfter > now) return;
  throw new LocalCaError(
    'LOCAL_CA_NOT_RENEWABLE',
    `${who} expired on ${isoTime(notAfter)}`,
    `Renew it: local-ca renew ${label}`,
  );
}

/** Its certificate would stand beside the key of the one before, and the server not start again. */
function assertHasKey({ leaf }: Material, { serial, label }: CertificateRecord): void {
  if (leaf?.key !== undefined) return;
  throw new LocalCaError(
    'LOCAL_CA_KEY_NOT_KEPT',
    `the private key of the certificate ${serial} of ${quote(label)} is not in the home`,
    `Keep it with local-ca deploy add ${label} --key FILE, or make one anew: local-ca renew ${label} --new-key --keep-key`,
  );
}

async function listsFor({ issuerId, label }: CertificateRecord, { ca }: GoalSources): Promise<Uint8Array[]> {
  if (issuerId === null) {
    throw new LocalCaError(
      'LOCAL_CA_OPTION_INVALID',
      `the certificate of ${quote(label)} is from another CA, whose revocation lists local-ca does not have`,
      'Leave --with-crl out.',
    );
  }
  const lists = (await ca.revocationLists()).flatMap(({ list }) => list?.list ?? []);
  if (lists.length > 0) return lists;
  throw new LocalCaError('LOCAL_CA_NOT_FOUND', 'this CA has no revocation list yet', 'Make one: local-ca crl');
}

async function ownerOf({ owner, group }: Wanted): Promise<Owner | undefined> {
  if (owner === null && group === null) return undefined;
  return findOwner({ user: owner ?? undefined, group: group ?? undefined });
}

function contentsOf(
  { template, formats, settings }: Wanted,
  { leaf, intermediates, roots }: Material,
  lists: readonly Uint8Array[],
  owner: Owner | undefined,
): string {
  const certificates = [leaf?.certificate ?? new Uint8Array(), ...intermediates].map(fingerprintSha256);
  const others = [roots, lists].map((all) => all.map(fingerprintSha256));
  const made = { certificates, others, template, formats, settings, owner: owner ?? null };
  return toHex(createHash('sha256').update(JSON.stringify(made)).digest());
}

async function filesOf(
  { label, folder, template: name, formats, settings }: Wanted,
  material: Material,
  lists: readonly Uint8Array[],
  owner: Owner | undefined,
  { ambient, templates, earlierPassword }: GoalSources,
): Promise<OutputFile[]> {
  const template = await loadTemplate(name, templates);
  const password = earlierPassword(folder, label);
  const { files } = await buildBundle(material, template, {
    ...(formats === null ? {} : { formats }),
    settings: { ...implied(template.settings, { dir: folder }), ...settings },
    ...(password === undefined ? {} : { earlierPassword: password }),
    now: ambient.now(),
    random: (length) => ambient.random(length),
  });
  const crl = lists.length === 0 ? [] : [new BundleFile(CRL_FILE, new TextEncoder().encode(encodeCrls(lists)))];
  const all = [...files, ...crl];
  return owner === undefined ? all : all.map((file) => ownedBy(owner, file));
}
