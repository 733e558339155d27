/** Revocation lists: one for each key of the CA, its number always rising (RFC 5280 5). */
import { isDue } from '../core/duration.ts';
import { makeCrl } from '../core/make-crl.ts';
import { checkOptions, type OptionKinds } from '../core/option-kinds.ts';
import { type Certificate, keyUsageOf, parseCertificate } from '../core/parse.ts';
import { normalizeValidity, type Validity } from '../core/validity.ts';
import type { AuthorityRecord, RevocationListRecord } from '../store/store.ts';
import { entriesOf } from './revoked-entries.ts';
import type { Workplace } from './workplace.ts';

/** For `CertificateAuthority.makeRevocationLists`. */
export interface RevocationListOptions {
  /** Days until the next list has to be there; 90 unless given. */
  days?: number | undefined;
  /** Ids of the authorities whose lists are to be made; all unless given. */
  authorities?: readonly string[] | undefined;
}

const REVOCATION_LIST_OPTIONS: OptionKinds<RevocationListOptions> = { days: 'number', authorities: 'strings' };

/** Why there can be no new list: its key is not in the home, or its certificate does not allow it to sign lists. */
export type ListObstacle = 'key-elsewhere' | 'no-crl-sign';

/** The newest list of a CA; undefined while it has none. */
export interface AuthorityList {
  readonly authority: AuthorityRecord;
  readonly list: RevocationListRecord | undefined;
  /** Whether it was made just now. */
  readonly isNew: boolean;
  readonly obstacle?: ListObstacle;
}

/** Signs the next list of each key that is here; an authority whose key is elsewhere keeps the one on record. */
export async function makeLists(work: Workplace, options: RevocationListOptions): Promise<AuthorityList[]> {
  checkOptions(options, REVOCATION_LIST_OPTIONS);
  const { days, authorities } = options;
  const validity = normalizeValidity({ days }, USUAL_DAYS, work.ambient.now());
  const wanted = listAuthorities(work).filter(({ id }) => authorities?.includes(id) ?? true);
  const made: AuthorityList[] = [];
  for (const authority of wanted) made.push(await makeList(work, authority, validity));
  work.forgetLists();
  return made;
}

const USUAL_DAYS = 90;

/** What is on record. */
export async function currentLists(work: Workplace): Promise<AuthorityList[]> {
  const keys = await work.home.caKeys.list();
  return Promise.all(listAuthorities(work).map((authority) => currentList(work, authority, keys)));
}

async function currentList({ home: { store } }: Workplace, authority: AuthorityRecord, keys: readonly string[]) {
  const list = await store.newestRevocationList(authority.keyId);
  const obstacle = obstacleOf(authority, keys);
  return { authority, list, isNew: false, ...(obstacle === undefined ? {} : { obstacle }) };
}

/** Opens what signs the lists, so that it throws before something is done that new lists are to tell of. */
export async function openListKeys(work: Workplace): Promise<void> {
  for (const { authority, obstacle } of await currentLists(work)) {
    if (obstacle === undefined) await work.signerOf(authority);
  }
}

/** Whether a new one should be made: it is missing, or less than a third of its life is left. */
export function listIsDue(list: RevocationListRecord | undefined, now: Date): boolean {
  if (list === undefined) return true;
  return isDue({ notBefore: list.thisUpdate, notAfter: list.nextUpdate }, { kind: 'life', share: 2 / 3 }, now);
}

/**
 * One for each key whose list a client may ask for: those of the chain, the signing one first, then those that were
 * replaced by others with new keys, until they end. Revoked ones, too: where a client still trusts one, what it had revoked
 * before would count again without its list.
 */
function listAuthorities({ authorities, chain, ambient }: Workplace): AuthorityRecord[] {
  const now = ambient.now();
  const rootKeys = new Set(authorities.filter(({ role }) => role === 'root').map(({ keyId }) => keyId));
  const isCross = ({ role, keyId }: AuthorityRecord) => role === 'intermediate' && rootKeys.has(keyId);
  const counts = ({ certificate }: AuthorityRecord) => parseCertificate(certificate).notAfter > now;
  const earlier = authorities.filter((one) => counts(one) && !isCross(one)).reverse();
  const all = [...chain, ...earlier];
  return all.filter(({ keyId }, i) => all.findIndex((one) => one.keyId === keyId) === i);
}

async function makeList(work: Workplace, authority: AuthorityRecord, validity: Validity): Promise<AuthorityList> {
  const { store, caKeys, exclusively } = work.home;
  const current = await currentList(work, authority, await caKeys.list());
  if (current.obstacle !== undefined) return current;
  const issuer = parseCertificate(authority.certificate);
  const signer = await work.signerOf(authority);
  // Nobody else may count the number up between its reading and its recording.
  const list = await exclusively(async () => {
    const { keyId, number, entries, before } = await nextList(work, authority);
    const dates = datesOf(validity, issuer, before);
    const record = { keyId, number, ...dates, list: await makeCrl({ ...dates, number, entries }, issuer, signer) };
    const detail = `${authority.name}: number ${number}, ${entries.length} revoked`;
    await store.write([
      { kind: 'revocation-list', record },
      { kind: 'event', event: { at: work.ambient.now(), action: 'crl', serial: authority.id, detail } },
    ]);
    return record;
  });
  return { authority, list, isNew: true };
}

/** Clients refuse a list whose issuer's keyUsage does not allow it (RFC 5280 6.3.3 f); mkcert's root is such a one. */
function obstacleOf({ keyId, certificate }: AuthorityRecord, keys: readonly string[]): ListObstacle | undefined {
  if (!keys.includes(keyId)) return 'key-elsewhere';
  return keyUsageOf(parseCertificate(certificate))?.includes('cRLSign') === false ? 'no-crl-sign' : undefined;
}

/** Not before its issuer was, nor before the list before, which a clock that was ahead may have dated into the future. */
function datesOf({ notBefore, notAfter }: Validity, issuer: Certificate, before: RevocationListRecord | undefined) {
  const start = Math.max(...[notBefore, issuer.notBefore, before?.thisUpdate ?? notBefore].map(Number));
  return { thisUpdate: new Date(start), nextUpdate: new Date(start - notBefore.getTime() + notAfter.getTime()) };
}

async function nextList({ home: { store }, ambient }: Workplace, { keyId }: AuthorityRecord) {
  const before = await store.newestRevocationList(keyId);
  const known = {
    authorities: await store.authorities(),
    certificates: await store.certificates({ state: 'revoked' }),
  };
  // By both clocks: one that was ahead then, or is now, does not take a certificate off while it counts.
  const ended = before && new Date(Math.min(before.thisUpdate.getTime(), ambient.now().getTime()));
  const entries = entriesOf(keyId, known, ended);
  return { keyId, number: (before?.number ?? 0) + 1, entries, before };
}
