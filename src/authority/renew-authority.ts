/**
 * A CA goes on: with the same key, so that everything it signed still chains, or with a new one, while clients learn of it.
 * From the root downwards; each step is signed by what the step above it made.
 */
import type { Ambient } from '../core/ambient.ts';
import { makeAuthority, newSerial } from '../core/certificate.ts';
import { constraintViolation } from '../core/constraints.ts';
import { EXTENSION, type Extension } from '../core/extensions.ts';
import { algorithmOfSpki, generateKey, type PrivateKey } from '../core/keys.ts';
import type { OptionKinds } from '../core/option-kinds.ts';
import { basicConstraintsOf, type Certificate, isSelfIssued, parseCertificate } from '../core/parse.ts';
import { keySigner } from '../core/signer.ts';
import { quote } from '../core/text.ts';
import { normalizeValidity } from '../core/validity.ts';
import { LocalCaError } from '../errors.ts';
import type { AuthorityRecord } from '../store/store.ts';
import { assertFitAuthority, type EstablishedAuthority, recordOf, SPARE_LEVELS } from './establish.ts';
import { rootsInForce } from './material.ts';
import { nextName } from './next-name.ts';
import { lifeInDays, USUAL_DAYS } from './renew.ts';

/** For `CertificateAuthority.renewAuthorities`. */
export interface RenewAuthoritiesOptions {
  /** The one to renew; all of the chain unless given. */
  role?: AuthorityRecord['role'] | undefined;
  /** Days until it expires; as many as before unless given. */
  days?: number | undefined;
  /** Make new keys. What trusts the old root keeps working, through a cross certificate. */
  newKey?: boolean | undefined;
}

export const RENEW_AUTHORITIES_OPTIONS: OptionKinds<RenewAuthoritiesOptions> = {
  role: 'string',
  days: 'number',
  newKey: 'boolean',
};

export interface Renewal {
  /** The signing authority first, its root last. */
  readonly chain: readonly AuthorityRecord[];
  /** All of them. */
  readonly authorities: readonly AuthorityRecord[];
  readonly options: RenewAuthoritiesOptions;
  /** The ids of the CA keys that are here. */
  readonly keys: readonly string[];
  readonly loadKey: (authority: AuthorityRecord) => Promise<PrivateKey>;
  readonly ambient: Ambient;
}

/** The new records, roots before what they signed, with their keys where those are new. */
export async function renewAuthorities(renewal: Renewal): Promise<EstablishedAuthority[]> {
  assertCanRenew(renewal);
  const made: EstablishedAuthority[] = [];
  let issuer: EstablishedAuthority | undefined;
  for (const record of [...renewal.chain].reverse()) {
    const steps = await renewStep(record, issuer, renewal);
    made.push(...steps);
    issuer = steps[0] ?? { record };
  }
  return made;
}

/** Throws LOCAL_CA_NOT_FOUND, or LOCAL_CA_KEY_NOT_KEPT: also for whoever asks beforehand. */
export function assertCanRenew({ chain, options, keys }: Pick<Renewal, 'chain' | 'options' | 'keys'>): void {
  const wanted = chain.filter(({ role }) => options.role === undefined || role === options.role);
  if (wanted.length === 0) {
    throw new LocalCaError(
      'LOCAL_CA_NOT_FOUND',
      `this CA has no ${options.role}`,
      `Renew what there is: ${chain.map(({ role }) => role).join(', ')}.`,
    );
  }
  for (const record of [...wanted].reverse()) {
    const issuer = isSelfIssued(parseCertificate(record.certificate)) ? record : chain[chain.indexOf(record) + 1];
    assertKeyHere(record, issuer && { record: issuer }, { keys });
  }
}

/** One that goes on. */
interface Step {
  readonly record: AuthorityRecord;
  readonly before: Certificate;
  /** Absent for a root. */
  readonly issuer?: EstablishedAuthority | undefined;
  /** A new one. */
  readonly key?: PrivateKey;
  readonly days: number | undefined;
}

/** An intermediate is also signed anew when the root above it has a new key. */
async function renewStep(
  record: AuthorityRecord,
  issuer: EstablishedAuthority | undefined,
  renewal: Renewal,
): Promise<EstablishedAuthority[]> {
  const { role, newKey, days } = renewal.options;
  const before = parseCertificate(record.certificate);
  const isRoot = isSelfIssued(before);
  const isWanted = role === undefined || role === record.role;
  if (!isWanted && (isRoot || issuer?.key === undefined)) return [];
  assertKeyHere(record, isRoot ? { record } : issuer, renewal);
  const step = { record, before, issuer, days: isWanted ? days : undefined };
  if (!isWanted || newKey !== true) return [await signAgain(step, renewal)];
  // Also where nothing is signed with it: the passphrase that opens it will guard the new one.
  await renewal.loadKey(record);
  const key = await generateKey(keyTypeOf(before, record), renewal.ambient);
  const renewed = await signAgain({ ...step, key }, renewal);
  // Nobody takes the word of a root that has expired.
  const vouches = isRoot && before.notAfter > renewal.ambient.now();
  return vouches ? [renewed, await crossCertificate(record, before, renewed, renewal)] : [renewed];
}

async function signAgain(step: Step, renewal: Renewal): Promise<EstablishedAuthority> {
  const { record, before, issuer, key } = step;
  const { ambient, loadKey } = renewal;
  const signingKey = issuer === undefined ? (key ?? (await loadKey(record))) : await keyOf(issuer, renewal);
  const above = issuer === undefined ? undefined : parseCertificate(issuer.record.certificate);
  if (above !== undefined) assertFitAuthority(above, ambient.now());
  const certificate = await makeAuthority(
    {
      role: record.role,
      serial: newSerial(ambient),
      subject: key === undefined ? before.subject : newSubject(step, renewal),
      publicKey: key?.publicKey ?? before.publicKey,
      ...lifeOf(step, above, renewal),
      ...pathLengthOf(before, isRotatedRoot(step) ? renewal.chain.length - 1 + SPARE_LEVELS : 0),
      copiedExtensions: copied(before, {
        key: key === undefined,
        issuer: issuer !== undefined && issuer.key === undefined,
      }),
    },
    above,
    await keySigner(signingKey, ambient),
  );
  const { active, crlUrls, ocspUrls, keyId } = record;
  const more = { role: record.role, crlUrls, ocspUrls, ...(key === undefined ? { keyId } : {}) };
  const next = recordOf(parseCertificate(certificate), issuer?.record.id ?? null, active, ambient.now(), more);
  return { record: next, ...(key === undefined ? {} : { key }) };
}

/**
 * Another than before, since Java takes the revocation lists of two CAs of one name for each other. A root of another name
 * counts as one more CA below all that vouch for it, which may have no room; one of the same name does not (RFC 5280
 * 4.2.1.9), nor do name constraints bind that (RFC 5280 6.1.3 b, c). Each leaves room for the next: GnuTLS also holds its
 * path against the oldest, where a client knows a newer one.
 */
function newSubject({ record, before, issuer }: Step, { chain, authorities, ambient }: Renewal): Uint8Array {
  const next = nextName(before.subject, record.role);
  if (issuer !== undefined) return next;
  const known = rootsInForce(authorities, ambient.now());
  const roots = known.map(({ certificate }) => parseCertificate(certificate));
  const fits =
    new Set(known.map(({ keyId }) => keyId)).size <= SPARE_LEVELS &&
    roots.every((root) => spareLevels(root, chain.length - 1) >= SPARE_LEVELS) &&
    constraintViolation(roots, { names: [], subject: next }) === undefined;
  return fits ? next : before.subject;
}

/** How many cross certificates fit between a root and the CAs below it. */
export const spareLevels = (root: Certificate, levelsBelow: number): number =>
  (basicConstraintsOf(root)?.pathLength ?? Number.POSITIVE_INFINITY) - levelsBelow;

const isRotatedRoot = ({ issuer, key }: Step) => issuer === undefined && key !== undefined;

const keyOf = async ({ record, key }: EstablishedAuthority, { loadKey }: Renewal) => key ?? (await loadKey(record));

/** The new root's key, signed by the old root: a server that sends it is trusted by whoever knows the old root alone. */
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

/** For as long as before, never longer than its issuer; what an issuer's end had cut short is made up for. */
function lifeOf({ record, before, days }: Step, above: Certificate | undefined, { chain, ambient }: Renewal) {
  const parent = chain[chain.indexOf(record) + 1];
  const usual = lifeInDays(before, parent && parseCertificate(parent.certificate), USUAL_DAYS[record.role]);
  const { notBefore, notAfter } = normalizeValidity({ days }, usual, ambient.now());
  return { notBefore, notAfter: above === undefined ? notAfter : earlier(notAfter, above.notAfter) };
}

const earlier = (a: Date, b: Date) => (a < b ? a : b);

/** One that is not limited stays so. */
const pathLengthOf = (certificate: Certificate, least = 0): { pathLength?: number } => {
  const length = basicConstraintsOf(certificate)?.pathLength;
  return length === undefined ? {} : { pathLength: Math.max(length, least) };
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

function keyTypeOf(certificate: Certificate, { name }: AuthorityRecord): string {
  const algorithm = algorithmOfSpki(certificate.publicKey);
  if (algorithm !== undefined) return algorithm.keyType;
  throw new LocalCaError(
    'LOCAL_CA_KEY_TYPE_UNKNOWN',
    `the key of ${quote(name)} is of a type that local-ca does not make`,
    'Renew it without --new-key.',
  );
}

/** Of an imported intermediate, the root is usually elsewhere; and some take a root's key away to a safe. */
function assertKeyHere(
  record: AuthorityRecord,
  signing: EstablishedAuthority | undefined,
  { keys }: Pick<Renewal, 'keys'>,
): void {
  if (signing?.key !== undefined || (signing !== undefined && keys.includes(signing.record.keyId))) return;
  const [who, file] =
    signing === undefined
      ? ['the CA that signed it', '']
      : [quote(signing.record.name), ` (${signing.record.keyId}.key.pem in the folder ca of the home)`];
  throw new LocalCaError(
    'LOCAL_CA_KEY_NOT_KEPT',
    `the CA ${quote(record.name)} cannot be renewed: the key of ${who} is not here`,
    `Put that key back for the time being${file}, or have it renewed where the key is, and take it over in a new home.`,
  );
}
