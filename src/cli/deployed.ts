/** What has to be made anew before files are deployed: certificates that are due, and revocation lists. */
import { type AuthorityList, listIsDue } from '../authority/lists.ts';
import { parseCrl } from '../core/crl.ts';
import { isDue } from '../core/duration.ts';
import { keyUsageOf, parseCertificate } from '../core/parse.ts';
import { LocalCaError } from '../errors.ts';
import type { CertificateRecord, PlacementRecord, TargetRecord } from '../store/store.ts';
import type { Context } from './command.ts';
import { renewOne } from './renewal.ts';
import { refreshLists } from './revocation-lists.ts';
import type { Session } from './session.ts';

/** What was done, and what could not be. */
export interface Freshened {
  /** The new ones. */
  readonly renewed: readonly CertificateRecord[];
  /** By label, why its certificate is due and could not be renewed. */
  readonly troubles: ReadonlyMap<string, string>;
}

const isWanted = ({ wish }: TargetRecord) => wish === 'enabled';

/** Renews what is deployed and due, and makes the revocation lists that are deployed, each as far as it can be done. */
export async function freshen(
  context: Context,
  session: Session,
  targets: readonly TargetRecord[],
): Promise<Freshened> {
  const renewed: CertificateRecord[] = [];
  const troubles = new Map<string, string>();
  const attempt = async (labels: readonly string[], what: string, work: () => Promise<void>) => {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof LocalCaError)) throw error;
      for (const label of labels) troubles.set(label, `${what}: ${error.message}`);
    }
  };
  for (const record of await dueOf(context, session, targets)) {
    await attempt([record.label], 'it is due, and could not be renewed', async () => {
      renewed.push(await renew(context, session, record, targets));
    });
  }
  const listed = targets.filter((target) => isWanted(target) && target.withCrl).map(({ label }) => label);
  if (listed.length > 0) {
    await attempt(listed, 'there is no new revocation list', () => freshenLists(context, session));
  }
  return { renewed, troubles };
}

// --- certificates ------------------------------------------------------------------------------------------------

/** Those that this CA can renew: what was revoked, or is another CA's, a person has to see to. */
export async function dueOf(
  { ambient }: Context,
  { ca }: Session,
  targets: readonly TargetRecord[],
): Promise<CertificateRecord[]> {
  const labels = [...new Set(targets.filter(isWanted).map(({ label }) => label))];
  const records = await Promise.all(labels.map((label) => ca.get(label)));
  const now = ambient.now();
  return records.filter((one) => one.state === 'valid' && one.issuerId !== null && isDue(one, undefined, now));
}

/** With the files that were made for it elsewhere, as `renew` does; nobody is asked, and nothing there hinders it. */
async function renew(
  context: Context,
  session: Session,
  record: CertificateRecord,
  targets: readonly TargetRecord[],
): Promise<CertificateRecord> {
  const placement = await placementOf(session, record.label);
  // What is in a target's folder changes with its window and its hook, and not before.
  if (placement !== undefined && !targets.some(({ folder }) => folder === placement.folder)) {
    try {
      return (await renewOne(context, session, { record, placement }, {})).issued.record;
    } catch (error) {
      if (!(error instanceof LocalCaError) || !ABOUT_FILES.includes(error.code)) throw error;
      context.io.warn(`the files of ${record.label} in ${placement.folder} are not renewed: ${error.message}`);
    }
    // It was on record already when its files could not take their places.
    const newest = await session.ca.get(record.label);
    if (newest.serial !== record.serial) return newest;
  }
  return (await session.ca.renew(record.serial)).record;
}

/** What may stand in the way of files; a server that needs its certificate does not wait for them. */
const ABOUT_FILES: readonly string[] = [
  'LOCAL_CA_OUTPUT_EXISTS',
  'LOCAL_CA_OUTPUT_FAILED',
  'LOCAL_CA_PATH_INVALID',
  'LOCAL_CA_ANSWER_MISSING',
  'LOCAL_CA_TEMPLATE_UNKNOWN',
  'LOCAL_CA_TEMPLATE_INVALID',
  'LOCAL_CA_OPTION_INVALID',
];

export async function placementOf({ home }: Session, label: string): Promise<PlacementRecord | undefined> {
  return (await home.store.placements()).find((placement) => placement.label === label);
}

// --- revocation lists --------------------------------------------------------------------------------------------

async function freshenLists({ ambient }: Context, session: Session): Promise<void> {
  const { ca, home } = session;
  const keys = await home.caKeys.list();
  const records = (await ca.list()).filter(({ notAfter }) => notAfter > ambient.now());
  const due = (await ca.revocationLists()).filter(
    (one) => canSign(one, keys) && (listIsDue(one.list, ambient.now()) || isBehind(one, records, session)),
  );
  if (due.length > 0) await refreshLists(session, { authorities: due.map(({ authority }) => authority.id) });
}

/** Else there would be no new one, however often it is tried. */
const canSign = ({ authority }: AuthorityList, keys: readonly string[]) =>
  keys.includes(authority.keyId) && keyUsageOf(parseCertificate(authority.certificate))?.includes('cRLSign') !== false;

/** Something was revoked, or released, since. */
function isBehind({ authority, list }: AuthorityList, records: readonly CertificateRecord[], { ca }: Session): boolean {
  const own = new Set(ca.authorities.filter(({ keyId }) => keyId === authority.keyId).map(({ id }) => id));
  const listed = new Set(list === undefined ? [] : parseCrl(list.list).entries.map(({ serial }) => serial));
  const signed = records.filter(({ issuerId }) => issuerId !== null && own.has(issuerId));
  return signed.some(({ serial, state }) => (state === 'revoked') !== listed.has(serial));
}
