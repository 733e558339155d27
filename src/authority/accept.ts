/** Another CA's answer: matched to the key that waits, its chain completed, and recorded. */
import { systemAmbient } from '../ambient.ts';
import type { Ambient } from '../core/ambient.ts';
import { newSerial } from '../core/certificate.ts';
import { parseCsr } from '../core/csr.ts';
import { importKey, type PrivateKey } from '../core/keys.ts';
import { checkOptions, type OptionKinds } from '../core/option-kinds.ts';
import { type Certificate, parseCertificate } from '../core/parse.ts';
import { findLeafProfile } from '../core/profiles.ts';
import { quote, toHex } from '../core/text.ts';
import type { Warning } from '../core/validity.ts';
import type { AuthorityRecord, CertificateRecord, Change, RequestRecord } from '../store/store.ts';
import { acceptedRecord } from './accepted-record.ts';
import { type Match, withSameKey } from './answer.ts';
import { acceptedAlready, assertTimely, isAnswerTo } from './answer-age.ts';
import { type CompletedChain, completeChain } from './answer-chain.ts';
import { compareAnswer } from './answer-changes.ts';
import { type Candidate, candidateOf, keyAlone, onRecord, ownerOf } from './answer-owner.ts';
import { encodeAuthorityKey } from './establish.ts';
import { replacementWarnings } from './issue.ts';
import type { Issued } from './jobs.ts';
import { assertOwnKey } from './own-key.ts';
import { refuseStolen } from './stolen-key.ts';
import { type AuthorityHome, Workplace } from './workplace.ts';

/** For `acceptAnswer`. */
export interface AcceptOptions {
  /** PEM or DER of the private key, where no request waits for the certificate. */
  key?: Uint8Array | undefined;
  /** Certificates that may be missing in the answer, DER: the CA's own, its root. */
  known?: readonly Uint8Array[] | undefined;
  /** The request's unless given; without a request the first name. */
  label?: string | undefined;
  /** The request's unless given. */
  template?: string | undefined;
  /** Keep the key in the home; the request may have said so already. */
  keepKey?: boolean | undefined;
  /** Also one that has expired, is older than what its label stands for, or whose key was stolen. */
  force?: boolean | undefined;
}

const ACCEPT_OPTIONS: OptionKinds<AcceptOptions> = {
  key: 'bytes',
  known: 'ders',
  label: 'string',
  template: 'string',
  keepKey: 'boolean',
  force: 'boolean',
};

/** A certificate of another CA, with everything that its files are made from. */
export interface Accepted extends Issued {
  /** What it is otherwise than it was asked for. */
  readonly changes: readonly Warning[];
  /** Whether its chain ends in a root. */
  readonly complete: boolean;
  /** Where its files belong; null when the request did not say, or there was none. */
  readonly folder: string | null;
}

/** For `acceptAnswer`. */
export interface AcceptHooks {
  /**
   * Puts the files in their places. Until it returns, the request and its key stay in the home, so that a crash costs
   * nothing. What it gives is recorded together with the certificate.
   */
  readonly deliver?: (accepted: Accepted) => Promise<readonly Change[] | undefined>;
}

/**
 * Takes what another CA sent, DER of certificates in any order. Throws LOCAL_CA_ANSWER_NO_LEAF, LOCAL_CA_ANSWER_SIGNATURE,
 * LOCAL_CA_ANSWER_OLD, LOCAL_CA_KEY_MISMATCH and LOCAL_CA_KEY_REFUSED. The home need not have a CA.
 */
export async function acceptAnswer(
  home: AuthorityHome,
  certificates: readonly Uint8Array[],
  options: AcceptOptions = {},
  hooks: AcceptHooks = {},
  ambient: Ambient = systemAmbient,
): Promise<Accepted> {
  checkOptions(options, ACCEPT_OPTIONS);
  const given = options.key === undefined ? undefined : importKey(options.key);
  // As a whole: of two who bring the same answer, the second finds nothing that waits.
  return home.exclusively(() => accept({ home, ambient, options, given }, certificates, hooks));
}

interface Desk {
  readonly home: AuthorityHome;
  readonly ambient: Ambient;
  readonly options: AcceptOptions;
  readonly given: PrivateKey | undefined;
}

async function accept(desk: Desk, certificates: readonly Uint8Array[], hooks: AcceptHooks): Promise<Accepted> {
  const { home } = desk;
  const waiting = (await home.store.requests()).map(candidateOf);
  const found = await ownerOf(home, desk.given, certificates, waiting);
  const earlier = await onRecord(home, found.leaf);
  const match = { ...found, request: await settledBy(desk, found.request, earlier) };
  const authorities = await home.store.authorities();
  const chain = await completeChain(match.leaf, await chainParts(desk, match, authorities), desk.ambient);
  const { accepted, key } = await prepare(desk, match, chain, earlier, authorities);
  const placed = (await hooks.deliver?.(accepted)) ?? [];
  const done = answered(waiting, match);
  await settle(desk, { accepted, key, earlier, done }, placed);
  return accepted;
}

/** What waits for it, unless it is on record since before: then it settles nothing, and only a key makes its files again. */
async function settledBy({ home, given }: Desk, candidate: Candidate, earlier: CertificateRecord | undefined) {
  const { request } = candidate;
  if (request === undefined || earlier === undefined) return candidate;
  if (await isAnswerTo(request, earlier, home.store)) return candidate;
  if (given === undefined) throw acceptedAlready(earlier, request);
  return keyAlone(given);
}

/** The request, and those that ask for the same names with the same key; others with that key wait for their own. */
function answered(waiting: readonly Candidate[], { leaf, request: { request } }: Match<Candidate>): RequestRecord[] {
  if (request === undefined) return [];
  const namesOf = ({ names }: RequestRecord) => names.toSorted().join(' ');
  const sameKey = withSameKey(waiting, leaf.publicKey).flatMap((one) => one.request ?? []);
  return sameKey.filter((one) => namesOf(one) === namesOf(request));
}

/** Gaps are filled with what this home knows: its own CA, and what came with earlier answers. */
async function chainParts(
  { home, options }: Desk,
  { others }: Match<Candidate>,
  authorities: readonly AuthorityRecord[],
): Promise<{ given: readonly Certificate[]; known: readonly Certificate[] }> {
  const accepted = (await home.store.certificates()).flatMap(({ chain }) => chain);
  const known = [...(options.known ?? []), ...authorities.map(({ certificate }) => certificate), ...accepted];
  return { given: others, known: known.map(parseCertificate) };
}

// --- what is recorded --------------------------------------------------------------------------------------------

interface Prepared {
  readonly accepted: Accepted;
  readonly key: PrivateKey;
}

async function prepare(
  desk: Desk,
  { leaf, request: { request } }: Match<Candidate>,
  { chain, complete, warnings }: CompletedChain,
  earlier: CertificateRecord | undefined,
  authorities: readonly AuthorityRecord[],
): Promise<Prepared> {
  const { home, ambient, given } = desk;
  const key = given ?? importKey(await home.leafKeys.load((request as RequestRecord).id));
  assertOwnKey(key, leaf.der, 'the certificate', 'Put the key back from a backup of the home.');
  const { label, template } = desk.options;
  const facts = { chain: chain.slice(1).map(({ der }) => der), request, label, template, now: ambient.now() };
  const before = earlier === undefined ? acceptedRecord(leaf, facts) : withLongerChain(earlier, facts.chain);
  const record = await withKey(desk, before, request);
  if (desk.options.force !== true) await assertGood(desk, record, leaf);
  const changes = request === undefined ? [] : compareAnswer(requestedOf(request), leaf, ambient.now());
  const material = await new Workplace(home, authorities, ambient, undefined).material(record, key);
  const replaced = earlier === undefined ? await replacing(home, record) : [];
  const accepted = { record, material, changes, complete, folder: request?.folder ?? null };
  return { accepted: { ...accepted, warnings: [...warnings, ...changes, ...replaced] }, key };
}

/** What comes later, as the CA's own certificates often do, completes what came first; less than that takes nothing away. */
const withLongerChain = (record: CertificateRecord, chain: readonly Uint8Array[]): CertificateRecord =>
  record.issuerId === null && chain.length > record.chain.length ? { ...record, chain } : record;

/** Somebody may want it all the same, and says so. */
async function assertGood({ home: { store }, ambient }: Desk, record: CertificateRecord, leaf: Certificate) {
  await assertTimely(record, store, ambient.now());
  const hint = 'Ask the CA to revoke it, and for another one with a new key; or take it all the same with --force.';
  await refuseStolen(store, leaf.publicKey, `the key of the answer for ${quote(record.label)}`, hint);
}

const requestedOf = ({ names, request, profile }: RequestRecord) => ({
  names,
  subject: parseCsr(request).subject,
  profile: findLeafProfile(profile),
});

/** A deployment will need the key again, whatever was said. */
async function withKey(
  { home, ambient, options }: Desk,
  record: CertificateRecord,
  request: RequestRecord | undefined,
): Promise<CertificateRecord> {
  const { label } = record;
  const targets = await home.store.targets();
  const isDeployed = targets.some((target) => target.label === label && target.wish === 'enabled');
  const isKept = options.keepKey === true || request?.keepKey === true || isDeployed;
  if (!isKept || record.keyId !== null) return record;
  return { ...record, keyId: request?.id ?? toHex(newSerial(ambient)) };
}

/** That it follows on one of the same names goes without saying. */
async function replacing({ store }: AuthorityHome, record: CertificateRecord): Promise<Warning[]> {
  const before = await store.byLabel(record.label);
  const isSame = before?.profile === record.profile && before.names.every((name) => record.names.includes(name));
  return isSame ? [] : replacementWarnings(before, record);
}

interface Settlement extends Prepared {
  readonly earlier: CertificateRecord | undefined;
  /** The requests that it answers. */
  readonly done: readonly RequestRecord[];
}

/** The files are in place; the key goes last. */
async function settle({ home, ambient }: Desk, settlement: Settlement, placed: readonly Change[]): Promise<void> {
  const { store, leafKeys } = home;
  const { accepted, key, earlier, done } = settlement;
  const { keyId, serial, label, profile, keyType } = accepted.record;
  const isNew = keyId !== null && keyId !== earlier?.keyId && !done.some(({ id }) => id === keyId);
  if (isNew) await leafKeys.save(keyId, encodeAuthorityKey(key, undefined, ambient));
  const detail = `${label} (${profile}, ${keyType})`;
  await store.write([
    ...recordChanges(accepted.record, earlier),
    ...done.map(({ id }): Change => ({ kind: 'request-done', id })),
    ...placed,
    { kind: 'event', event: { at: ambient.now(), action: 'accept', serial, detail } },
  ]);
  for (const { id } of done) if (id !== keyId) await leafKeys.remove(id);
}

function recordChanges(record: CertificateRecord, earlier: CertificateRecord | undefined): Change[] {
  if (earlier === undefined) return [{ kind: 'certificate', record }];
  const { serial, fingerprintSha256: fingerprint, keyId, chain } = record;
  return [
    ...(keyId === earlier.keyId ? [] : [{ kind: 'kept-key', serial, fingerprint, keyId } as const]),
    ...(chain === earlier.chain ? [] : [{ kind: 'chain', serial, fingerprint, chain } as const]),
  ];
}
