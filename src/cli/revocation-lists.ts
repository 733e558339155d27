/** New revocation lists, and the copies of them that people and servers read: for `crl`, `revoke` and what runs unattended. */
import { join } from 'node:path';
import { type AuthorityList, type ListObstacle, listIsDue, type RevocationListOptions } from '../authority/lists.ts';
import { listIsBehind } from '../authority/revoked-entries.ts';
import { parseCrl } from '../core/crl.ts';
import { quote } from '../core/text.ts';
import { isoTime } from '../core/time.ts';
import type { Warning } from '../core/validity.ts';
import { LocalCaError } from '../errors.ts';
import { CA_FOLDER } from '../store/layout.ts';
import type { AuthorityRecord } from '../store/store.ts';
import type { Session } from './session.ts';

/**
 * Signs the next lists, and puts those of all CAs where people find them. `also` runs while nobody else makes any, with the
 * newest of those that were asked for.
 */
export async function refreshLists(
  { ca, home }: Session,
  options: RevocationListOptions,
  also: (lists: readonly Uint8Array[]) => void = () => {},
): Promise<AuthorityList[]> {
  const made = await ca.makeRevocationLists(options);
  if (!made.some(({ isNew }) => isNew)) throw nothingMade(made, home.path);
  await home.exclusively(async () => {
    const newest = await ca.revocationLists();
    const wanted = newest.filter(({ authority }) => made.some((one) => one.authority.id === authority.id));
    home.publishRevocationLists(derOf(newest));
    also(derOf(wanted));
  });
  return made;
}

/** Puts those on record where people find them, and signs nothing: after a change of whose lists those are. */
export async function publishLists({ ca, home }: Session): Promise<void> {
  await home.exclusively(async () => {
    const newest = derOf(await ca.revocationLists());
    if (newest.length > 0) home.publishRevocationLists(newest);
  });
}

/** Throws what would keep `refreshLists` from making any, before something is done that they are to tell of. */
export async function assertListsCanBeMade({ ca, home }: Session): Promise<void> {
  const lists = await ca.revocationLists();
  if (lists.every(({ obstacle }) => obstacle !== undefined)) throw nothingMade(lists, home.path);
  await ca.openListKeys();
}

const derOf = (lists: readonly AuthorityList[]) => lists.flatMap(({ list }) => list?.list ?? []);

// --- what there is to say about them -----------------------------------------------------------------------------

export const listJson = ({ authority, list, isNew }: AuthorityList, path: string, warnings: readonly Warning[]) => ({
  issuer: authority.name,
  serial: authority.id,
  role: authority.role,
  number: list?.number ?? null,
  thisUpdate: list === undefined ? null : isoTime(list.thisUpdate),
  nextUpdate: list === undefined ? null : isoTime(list.nextUpdate),
  entries: list === undefined ? null : parseCrl(list.list).entries.length,
  isNew,
  path,
  warnings,
});

interface Explanation {
  readonly why: string;
  /** A sentence. */
  readonly remedy: string;
}

const EXPLANATIONS: Readonly<Record<ListObstacle, (authority: AuthorityRecord, home: string) => Explanation>> = {
  'key-elsewhere': ({ keyId, id }, home) => ({
    why: 'its key is not in the home',
    remedy: `Put ${join(home, CA_FOLDER, `${keyId}.key.pem`)} back, and run: local-ca crl --for ${id} --days 365`,
  }),
  'no-crl-sign': ({ role }) => ({
    why: 'its certificate may sign none (no cRLSign in its keyUsage)',
    remedy: `local-ca renew --ca ${role} makes a certificate that may; clients need that one then.`,
  }),
};

/** What brings the next list, as a command or a sentence. */
export const listRemedy = ({ authority, obstacle }: AuthorityList, home: string): string =>
  obstacle === undefined ? 'local-ca crl' : EXPLANATIONS[obstacle](authority, home).remedy;

/** What clients will not like about each. Those that insist on lists refuse all certificates when one is missing or late. */
export async function listWarnings(session: Session, lists: readonly AuthorityList[], now: Date): Promise<Warning[][]> {
  const stuck = lists.filter(({ obstacle }) => obstacle !== undefined);
  const behind = await behindLists(session, stuck, now);
  return lists.map((one) => {
    const { authority, list } = one;
    const found = earlyWarning(list, now) ?? lackWarning(one, behind.includes(one), session.home.path, now);
    if (found === undefined) return [];
    return [{ code: found.code, message: `the revocation list of ${quote(authority.name)} ${found.message}` }];
  });
}

function earlyWarning(list: AuthorityList['list'], now: Date): Warning | undefined {
  if (list === undefined || list.thisUpdate <= now) return undefined;
  const start = `begins on ${isoTime(list.thisUpdate)} only, since the clock was ahead when the one before was made`;
  return { code: 'crl-early', message: `${start}: until then, clients refuse it` };
}

function lackWarning(one: AuthorityList, isBehind: boolean, home: string, now: Date): Warning | undefined {
  const { authority, list, obstacle } = one;
  if (obstacle === undefined || !(isBehind || listIsDue(list, now))) return undefined;
  const { why, remedy } = EXPLANATIONS[obstacle](authority, home);
  if (list === undefined) {
    // Nobody needs to bring the key of a revoked CA back to say that it had revoked nothing.
    if (authority.revocation !== null && !isBehind) return undefined;
    return { code: 'crl-missing', message: `is missing, since ${why}. ${remedy}` };
  }
  const rest = `and there is no new one, since ${why}. ${remedy}`;
  if (isBehind) return { code: 'crl-behind', message: `does not say what was revoked since, ${rest}` };
  const end = `${list.nextUpdate <= now ? 'ended' : 'ends'} on ${isoTime(list.nextUpdate).slice(0, 10)}`;
  return { code: 'crl-due', message: `${end}, ${rest}` };
}

/** Those that do not say what is on record: something was revoked since they were made, or released. */
export async function behindLists(
  { ca }: Session,
  lists: readonly AuthorityList[],
  now: Date,
): Promise<AuthorityList[]> {
  // To read what was revoked takes long where that is much.
  if (lists.length === 0) return [];
  const known = { authorities: ca.authorities, certificates: await ca.list({ state: 'revoked' }) };
  return lists.filter(({ authority, list }) => listIsBehind(authority.keyId, list, known, now));
}

export function nothingMade([first]: readonly AuthorityList[], home: string): LocalCaError {
  const { authority, obstacle = 'key-elsewhere' } = first as AuthorityList;
  const { why, remedy } = EXPLANATIONS[obstacle](authority, home);
  return new LocalCaError(
    obstacle === 'no-crl-sign' ? 'LOCAL_CA_CA_UNFIT' : 'LOCAL_CA_KEY_NOT_KEPT',
    `the revocation list of ${quote(authority.name)} cannot be made: ${why}`,
    remedy,
  );
}
