/** New revocation lists, and the copies of them that people and servers read: for `crl`, `revoke` and what runs unattended. */
import { join } from 'node:path';
import { type AuthorityList, type ListObstacle, listIsDue, type RevocationListOptions } from '../authority/lists.ts';
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

/** Clients that want a list of every CA of the chain refuse all certificates when one is missing or late. */
export function listWarnings({ authority, list, obstacle }: AuthorityList, home: string, now: Date): Warning[] {
  if (obstacle === undefined || !listIsDue(list, now)) return [];
  const { why, remedy } = EXPLANATIONS[obstacle](authority, home);
  const what = `the revocation list of ${quote(authority.name)}`;
  if (list === undefined) return [{ code: 'crl-missing', message: `${what} is missing, since ${why}. ${remedy}` }];
  const end = `${list.nextUpdate <= now ? 'ended' : 'ends'} on ${isoTime(list.nextUpdate).slice(0, 10)}`;
  return [{ code: 'crl-due', message: `${what} ${end}, and there is no new one, since ${why}. ${remedy}` }];
}

function nothingMade([first]: readonly AuthorityList[], home: string): LocalCaError {
  const { authority, obstacle = 'key-elsewhere' } = first as AuthorityList;
  const { why, remedy } = EXPLANATIONS[obstacle](authority, home);
  return new LocalCaError(
    obstacle === 'no-crl-sign' ? 'LOCAL_CA_CA_UNFIT' : 'LOCAL_CA_KEY_NOT_KEPT',
    `the revocation list of ${quote(authority.name)} cannot be made: ${why}`,
    remedy,
  );
}
