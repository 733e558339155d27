/** Revocation lists: one for each key of the CA, its number always rising (RFC 5280 5). */
import type { RevokedEntry } from '../core/crl.ts';
import { isDue } from '../core/duration.ts';
import { makeCrl } from '../core/make-crl.ts';
import type { OptionKinds } from '../core/option-kinds.ts';
import { type Certificate, keyUsageOf, parseCertificate } from '../core/parse.ts';
import { normalizeValidity, type Validity } from '../core/validity.ts';
import type { AuthorityRecord, CertificateRecord, RevocationListRecord } from '../store/store.ts';
import type { Workplace } from './workplace.ts';

/** For `CertificateAuthority.makeRevocationLists`. */
export interface RevocationListOptions {
  /** Days until the next list has to be there; 90 unless given. */
  days?: number | undefined;
  /** Ids of the authorities whose lists are to be made; all unless given. */
  authorities?: readonly string[] | undefined;
}

export const REVOCATION_LIST_OPTIONS: OptionKinds<RevocationListOptions> = { days: 'number', authorities: 'strings' };

/** Why there is no new list: its key is not in the home, or its certificate does not allow it to sign lists. */
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
export const currentLists = (work: Workplace): Promise<AuthorityList[]> =>
  Promise.all(
    listAuthorities(work).map(async (authority) => ({
      authority,
      list: await work.home.store.newestRevocationList(authority.keyId),
      isNew: false,
    })),
  );

/** Whether a new one should be made: it is missing, or less than a third of its life is left. */
export function listIsDue(list: RevocationListRecord | undefined, now: Date): boolean {
  if (list === undefined) return true;
  return isDue({ notBefore: list.thisUpdate, notAfter: list.nextUpdate }, { kind: 'life', share: 2 / 3 }, now);
}

/**
 * One for each key whose list a client may ask for: those of the chain, the signing one first, then those that were
 * replaced by others with new keys, as long as what they signed still counts.
 */
function listAuthorities({ authorities, chain, ambient }: Workplace): AuthorityRecord[] {
  const now = ambient.now();
  const rootKeys = new Set(authorities.filter(({ role }) => role === 'root').map(({ keyId }) => keyId));
  const isCross = ({ role, keyId }: AuthorityRecord) => role === 'intermediate' && rootKeys.has(keyId);
  const counts = (one: AuthorityRecord) => one.revocation === null && parseCertificate(one.certificate).notAfter > now;
  const earlier = authorities.filter((one) => counts(one) && !isCross(one)).reverse();
  const all = [...chain, ...earlier];
  return all.filter(({ keyId }, i) => all.findIndex((one) => one.keyId === keyId) === i);
}

async function makeList(work: Workplace, authority: AuthorityRecord, validity: Validity): Promise<AuthorityList> {
  const { store, caKeys, exclusively } = work.home;
  const issuer = parseCertificate(authority.certificate);
  const obstacle = obstacleOf(issuer, (await caKeys.list()).includes(authority.keyId));
  if (obstacle !== undefined) {
    return { authority, list: await store.newestRevocationList(authority.keyId), isNew: false, obstacle };
  }
  const signer = await work.signerOf(authority);
  // Nobody else may count the number up between its reading and its recording.
  const list = await exclusively(async () => {
    const { keyId, number, entries } = await nextList(work, authority);
    // Not before its issuer was.
    const thisUpdate = new Date(Math.max(validity.notBefore.getTime(), issuer.notBefore.getTime()));
    const dates = { thisUpdate, nextUpdate: validity.notAfter };
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
function obstacleOf(issuer: Certificate, hasKey: boolean): ListObstacle | undefined {
  if (!hasKey) return 'key-elsewhere';
  return keyUsageOf(issuer)?.includes('cRLSign') === false ? 'no-crl-sign' : undefined;
}

async function nextList({ home: { store } }: Workplace, { keyId }: AuthorityRecord) {
  const before = await store.newestRevocationList(keyId);
  const revoked = await store.certificates({ state: 'revoked' });
  const entries = entriesOf(keyId, await store.authorities(), revoked, before?.thisUpdate);
  return { keyId, number: (before?.number ?? 0) + 1, entries };
}

/**
 * The entries of the list of one CA key. What has expired stays on one list that was made after its end (RFC 5280 3.3), so
 * that `since`, when the list before was made, decides.
 */
function entriesOf(
  keyId: string,
  authorities: readonly AuthorityRecord[],
  certificates: readonly CertificateRecord[],
  since: Date | undefined,
): RevokedEntry[] {
  const own = new Set(authorities.filter((authority) => authority.keyId === keyId).map(({ id }) => id));
  const below = authorities.filter(({ id, parentId }) => parentId !== null && own.has(parentId) && !own.has(id));
  const all = [
    ...below.map(({ id, revocation, certificate }) => ({
      serial: id,
      revocation,
      notAfter: parseCertificate(certificate).notAfter,
    })),
    ...certificates.filter(({ issuerId }) => issuerId !== null && own.has(issuerId)),
  ];
  return all.flatMap(({ serial, revocation, notAfter }) => {
    if (revocation === null || (since !== undefined && notAfter < since)) return [];
    const { at, reason, invalidSince } = revocation;
    return [{ serial, at, reason, ...(invalidSince === null ? {} : { invalidSince }) }];
  });
}
