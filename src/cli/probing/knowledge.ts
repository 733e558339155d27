/** What a home knows of the certificate that a server serves. */
import { foreignCertificates } from '../../authority/material.ts';
import { isOneOf } from '../../core/chain.ts';
import { type Certificate, fingerprintSha256, parseCertificate } from '../../core/parse.ts';
import type { Verification } from '../../core/verify.ts';
import { LocalCaError } from '../../errors.ts';
import type { AuthorityRecord, CertificateRecord } from '../../store/store.ts';
import type { Context, Flags } from '../command.ts';
import { readRecords, type Session } from '../session.ts';

/** Nothing is told without a home; but one that was named has to be there. */
export async function withHomeIfAny<T>(
  context: Context,
  flags: Flags,
  use: (session: Session | undefined) => Promise<T>,
): Promise<T> {
  try {
    return await readRecords(context, flags, use);
  } catch (error) {
    const none = error instanceof LocalCaError && error.code === 'LOCAL_CA_HOME_MISSING';
    if (!none || flags.home !== undefined) throw error;
  }
  return use(undefined);
}

/** What is asked of a home for every server, read once. */
export interface Inventory {
  readonly session: Session;
  readonly valid: readonly CertificateRecord[];
  /** The labels whose files are deployed. */
  readonly deployed: ReadonlySet<string>;
}

export async function inventoryOf(session: Session): Promise<Inventory> {
  const { store } = session.home;
  const targets = (await store.targets()).filter(({ wish }) => wish === 'enabled');
  const valid = await store.certificates({ state: 'valid' });
  return { session, valid, deployed: new Set(targets.map(({ label }) => label)) };
}

export interface HomeCertificates {
  /** Replaced roots count for as long as clients may hold to them. */
  readonly own: readonly Certificate[];
  /** Above the certificates that other CAs signed. */
  readonly accepted: readonly Certificate[];
  readonly between: readonly Certificate[];
}

export function homeCertificates({ session: { ca }, valid }: Inventory): HomeCertificates {
  const theirs = valid.filter(({ issuerId, chain }) => issuerId === null && chain.length > 0).map(foreignCertificates);
  const intermediates = ca.authorities.filter(({ role }) => role === 'intermediate');
  return {
    own: ca.roots.map(({ certificate }) => parseCertificate(certificate)),
    accepted: distinct(theirs.flatMap(({ roots }) => roots)),
    between: distinct([
      ...intermediates.map(({ certificate }) => certificate),
      ...theirs.flatMap((one) => one.intermediates),
    ]),
  };
}

const distinct = (ders: readonly Uint8Array[]): Certificate[] => [
  ...new Map(ders.map((der) => [fingerprintSha256(der), parseCertificate(der)])).values(),
];

export interface Knowledge {
  /** Of exactly this certificate. */
  readonly record: CertificateRecord | null;
  /** Of its label. */
  readonly newest: CertificateRecord | null;
  readonly isDeployed: boolean;
  /** The CA of this home that signed it. */
  readonly issuer: AuthorityRecord | null;
  /** CAs of this home above it that were revoked. */
  readonly revokedAbove: readonly AuthorityRecord[];
  /** A valid certificate for the host, where the served one is neither on record nor of a CA of this home. */
  readonly another: CertificateRecord | null;
}

export async function knowledgeOf(
  { session, valid, deployed }: Inventory,
  { chain, findings }: Verification,
  host: string,
): Promise<Knowledge> {
  const { ca, home } = session;
  const leaf = chain[0] as Certificate;
  const fingerprint = fingerprintSha256(leaf.der);
  const alike = await home.store.bySerialPrefix(leaf.serial);
  const record = alike.find((one) => one.fingerprintSha256 === fingerprint) ?? null;
  // What only claims to be signed by the one above it is nobody's.
  const above = findings.some(({ code }) => code === 'signature') ? [] : chain.slice(1);
  const among = (list: readonly Certificate[], { id, certificate }: AuthorityRecord) =>
    id === record?.issuerId || isOneOf(parseCertificate(certificate), list);
  const issuer = ca.authorities.find((one) => among(above.slice(0, 1), one)) ?? null;
  return {
    record,
    newest: (record && (await home.store.byLabel(record.label))) ?? null,
    isDeployed: record !== null && deployed.has(record.label),
    issuer,
    revokedAbove: ca.authorities.filter((one) => one.revocation !== null && among(above, one)),
    another: record === null && issuer === null ? (validFor(valid, host) ?? null) : null,
  };
}

/** The newest, by one of its names as it stands: a wildcard says less about which server it is for. */
const validFor = (valid: readonly CertificateRecord[], host: string): CertificateRecord | undefined =>
  valid.findLast(({ names, profile }) => names.includes(host) && ['server', 'peer'].includes(profile));
