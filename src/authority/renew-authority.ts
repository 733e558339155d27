/**
 * A CA goes on: with the same key, so that everything it signed still chains, or with a new one, while clients learn of it.
 * From the root downwards; each step is signed by what the step above it made.
 */
import type { Ambient } from '../core/ambient.ts';
import { makeAuthority, newSerial } from '../core/certificate.ts';
import { EXTENSION, type Extension } from '../core/extensions.ts';
import { algorithmOfSpki, generateKey, type PrivateKey } from '../core/keys.ts';
import type { OptionKinds } from '../core/option-kinds.ts';
import { basicConstraintsOf, type Certificate, isSelfIssued, parseCertificate } from '../core/parse.ts';
import { keySigner } from '../core/signer.ts';
import { decodeSubject, encodeSubject } from '../core/subject.ts';
import { quote } from '../core/text.ts';
import { normalizeValidity } from '../core/validity.ts';
import { LocalCaError } from '../errors.ts';
import type { AuthorityRecord } from '../store/store.ts';
import { type EstablishedAuthority, recordOf } from './establish.ts';

/** For `CertificateAuthority.renewAuthorities`. */
export interface RenewAuthoritiesOptions {
  /** The one to renew; all of the chain unless given. */
  role?: AuthorityRecord['role'] | undefined;
  /** Days until it expires; 3650 for a root and 1825 for an intermediate unless given. */
  days?: number | undefined;
  /** Make new keys. What trusts the old root keeps working, through a cross certificate. */
  newKey?: boolean | undefined;
}

export const RENEW_AUTHORITIES_OPTIONS: OptionKinds<RenewAuthoritiesOptions> = {
  role: 'string',
  days: 'number',
  newKey: 'boolean',
};

const USUAL_DAYS = { root: 3650, intermediate: 1825 } as const;

export interface Renewal {
  /** The signing authority first, its root last. */
  readonly chain: readonly AuthorityRecord[];
  readonly options: RenewAuthoritiesOptions;
  readonly loadKey: (authority: AuthorityRecord) => Promise<PrivateKey>;
  readonly ambient: Ambient;
}

/** The new records, roots before what they signed, with their keys where those are new. */
export async function renewAuthorities(renewal: Renewal): Promise<EstablishedAuthority[]> {
  const made: EstablishedAuthority[] = [];
  let issuer: EstablishedAuthority | undefined;
  for (const record of [...renewal.chain].reverse()) {
    const step = await renewStep(record, issuer, renewal);
    made.push(...step);
    issuer = step[0] ?? { record };
  }
  if (made.length > 0) return made;
  throw new LocalCaError(
    'LOCAL_CA_NOT_FOUND',
    `this CA has no ${renewal.options.role}`,
    `Renew what there is: ${renewal.chain.map(({ role }) => role).join(', ')}.`,
  );
}

/** An intermediate is also signed anew when the root above it has a new key. */
async function renewStep(
  record: AuthorityRecord,
  issuer: EstablishedAuthority | undefined,
  renewal: Renewal,
): Promise<EstablishedAuthority[]> {
  const { role, newKey } = renewal.options;
  const before = parseCertificate(record.certificate);
  const isRoot = isSelfIssued(before);
  const isWanted = role === undefined || role === record.role;
  if (!isWanted && (isRoot || issuer?.key === undefined)) return [];
  if (!isRoot && issuer === undefined) throw issuedElsewhere(record);
  if (!isWanted || newKey !== true) return [await signAgain({ record, before, issuer }, renewal)];
  const key = await generateKey(keyTypeOf(before, record), renewal.ambient);
  const renewed = await signAgain({ record, before, issuer, key }, renewal);
  return isRoot ? [renewed, await crossCertificate(record, before, renewed, renewal)] : [renewed];
}

interface Step {
  readonly record: AuthorityRecord;
  readonly before: Certificate;
  /** Absent for a root. */
  readonly issuer?: EstablishedAuthority | undefined;
  /** A new one. */
  readonly key?: PrivateKey;
}

async function signAgain({ record, before, issuer, key }: Step, renewal: Renewal): Promise<EstablishedAuthority> {
  const { ambient, loadKey } = renewal;
  const signingKey = issuer === undefined ? (key ?? (await loadKey(record))) : await keyOf(issuer, renewal);
  const above = issuer === undefined ? undefined : parseCertificate(issuer.record.certificate);
  const certificate = await makeAuthority(
    {
      role: record.role,
      serial: newSerial(ambient),
      subject: key === undefined || issuer === undefined ? before.subject : nextGeneration(before.subject),
      publicKey: key?.publicKey ?? before.publicKey,
      ...lifeOf(record.role, above, renewal),
      ...pathLengthOf(before),
      copiedExtensions: copied(before, {
        key: key === undefined,
        issuer: issuer !== undefined && issuer.key === undefined,
      }),
    },
    above,
    await keySigner(signingKey, ambient),
  );
  const { active, crlUrls, ocspUrls } = record;
  const keyId = key === undefined ? { keyId: record.keyId } : {};
  const next = recordOf(parseCertificate(certificate), issuer?.record.id ?? null, active, ambient.now(), {
    ...keyId,
    role: record.role,
    crlUrls,
    ocspUrls,
  });
  return { record: next, ...(key === undefined ? {} : { key }) };
}

const keyOf = async ({ record, key }: EstablishedAuthority, { loadKey }: Renewal) => key ?? (await loadKey(record));

/**
 * The new root's key, signed by the old root: a server that sends it is trusted by whoever knows the old root alone. Its
 * subject and issuer are the same, and so it takes nothing of the old root's path length (RFC 5280 4.2.1.9).
 */
async function crossCertificate(
  old: AuthorityRecord,
  before: Certificate,
  renewed: EstablishedAuthority,
  { ambient, loadKey }: Renewal,
): Promise<EstablishedAuthority> {
  const root = parseCertificate(renewed.record.certificate);
  const certificate = await makeAuthority(
    {
      role: 'intermediate',
      serial: newSerial(ambient),
      subject: root.subject,
      publicKey: root.publicKey,
      notBefore: root.notBefore,
      notAfter: earlier(root.notAfter, before.notAfter),
      ...pathLengthOf(root),
      copiedExtensions: copied(before, { key: false, issuer: false }),
    },
    before,
    await keySigner(await loadKey(old), ambient),
  );
  const { keyId, crlUrls, ocspUrls } = renewed.record;
  const more = { role: 'intermediate', keyId, crlUrls, ocspUrls } as const;
  return { record: recordOf(parseCertificate(certificate), old.id, false, ambient.now(), more) };
}

function lifeOf(role: AuthorityRecord['role'], above: Certificate | undefined, { options, ambient }: Renewal) {
  const { notBefore, notAfter } = normalizeValidity({ days: options.days }, USUAL_DAYS[role], ambient.now());
  return { notBefore, notAfter: above === undefined ? notAfter : earlier(notAfter, above.notAfter) };
}

const earlier = (a: Date, b: Date) => (a < b ? a : b);

const pathLengthOf = (certificate: Certificate): { pathLength?: number } => {
  const length = basicConstraintsOf(certificate)?.pathLength;
  return length === undefined ? {} : { pathLength: length };
};

/**
 * What stays as it was, byte for byte: name constraints, policies, and the identifiers of keys that stay. What a CA is and
 * may do is written anew, so that what another tool left out or did not mark critical is mended.
 */
function copied(before: Certificate, same: { readonly key: boolean; readonly issuer: boolean }): Extension[] {
  const anew: string[] = [
    EXTENSION.basicConstraints,
    EXTENSION.keyUsage,
    ...(same.key ? [] : [EXTENSION.subjectKeyIdentifier]),
    ...(same.issuer ? [] : [EXTENSION.authorityKeyIdentifier]),
  ];
  return before.extensions.filter(({ oid }) => !anew.includes(oid));
}

/** Two intermediates of one name would be mistaken for each other: `X intermediate` is followed by `X intermediate 2`. */
function nextGeneration(subject: Uint8Array): Uint8Array {
  const next = (value: string) => {
    const [, name = value, number = '1'] = /^(.*?)(?: (\d{1,4}))?$/s.exec(value) ?? [];
    return `${[...name].slice(0, 58).join('')} ${Number(number) + 1}`;
  };
  return encodeSubject(
    decodeSubject(subject).map((part) =>
      part.map((attribute) => (attribute.type === 'CN' ? { ...attribute, value: next(attribute.value) } : attribute)),
    ),
  );
}

function keyTypeOf(certificate: Certificate, { name }: AuthorityRecord): string {
  const algorithm = algorithmOfSpki(certificate.publicKey);
  if (algorithm !== undefined) return algorithm.keyType;
  throw new LocalCaError(
    'LOCAL_CA_KEY_TYPE_UNKNOWN',
    `the key of ${quote(name)} is of a type that local-ca does not make`,
    'Renew it without --new-key.',
  );
}

const issuedElsewhere = ({ name }: AuthorityRecord) =>
  new LocalCaError(
    'LOCAL_CA_KEY_NOT_KEPT',
    `the CA ${quote(name)} was signed by a CA whose key is not here`,
    'Have it renewed where it was made, then take it over again with local-ca init --from-cert --from-key in a new home.',
  );
