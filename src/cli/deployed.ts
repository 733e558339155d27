/** What has to be made anew before files are deployed: certificates that are due, and revocation lists. */
import { type AuthorityList, listIsDue } from '../authority/lists.ts';
import { isDue } from '../core/duration.ts';
import { isSystemError, reasonOf } from '../deploy/update.ts';
import { LocalCaError } from '../errors.ts';
import type { CertificateRecord, PlacementRecord, TargetRecord } from '../store/store.ts';
import type { Context } from './command.ts';
import { renewOne } from './renewal.ts';
import { behindLists, nothingMade, refreshLists } from './revocation-lists.ts';
import type { Session } from './session.ts';

/** What was done, and what could not be. */
export interface Freshened {
  /** The new ones. */
  readonly renewed: readonly CertificateRecord[];
  /** By label, why its certificate is due and could not be renewed. */
  readonly troubles: ReadonlyMap<string, string>;
}

const NOT_RENEWED = 'it is due, and could not be renewed';
const NO_LIST = 'there is no new revocation list';

/** For a run that could not even begin to: by label, why what is due stays as it is. */
export async function troublesOf(
  context: Context,
  session: Session,
  targets: readonly TargetRecord[],
  why: string,
): Promise<Map<string, string>> {
  const due = await dueOf(context, session, targets);
  return new Map(due.map(({ label }) => [label, `${NOT_RENEWED}: ${why}`]));
}

/** What an earlier run found: it stands as long as nobody tries again. */
export async function standingTroubles(
  context: Context,
  session: Session,
  targets: readonly TargetRecord[],
): Promise<Map<string, string>> {
  const due = new Set((await dueOf(context, session, targets)).map(({ label }) => label));
  const troubles = new Map<string, string>();
  for (const { label, problem, withCrl } of targets) {
    for (const [what, counts] of [
      [NO_LIST, withCrl],
      [NOT_RENEWED, due.has(label)],
    ] as const) {
      const at = problem?.indexOf(what) ?? -1;
      if (problem !== null && at !== -1 && counts) troubles.set(label, problem.slice(at));
    }
  }
  return troubles;
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
      const why = reasonOf(error);
      for (const label of labels) {
        const before = troubles.has(label) ? `${troubles.get(label)}; ` : '';
        troubles.set(label, `${before}${what}: ${why}`);
      }
    }
  };
  for (const record of await dueOf(context, session, targets)) {
    await attempt([record.label], NOT_RENEWED, async () => {
      renewed.push(await renew(context, session, record));
    });
  }
  const listed = targets.filter(wantsLists).map(({ label }) => label);
  if (listed.length > 0) {
    await attempt(listed, NO_LIST, () => freshenLists(context, session));
  }
  return { renewed, troubles };
}

/** Whether `freshen` would sign something. */
export async function needsRenewal(
  context: Context,
  session: Session,
  targets: readonly TargetRecord[],
): Promise<boolean> {
  if ((await dueOf(context, session, targets)).length > 0) return true;
  return targets.some(wantsLists) && (await dueLists(context, session)).length > 0;
}

const wantsLists = (target: TargetRecord) => isWanted(target) && target.withCrl;

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
async function renew(context: Context, session: Session, record: CertificateRecord): Promise<CertificateRecord> {
  const placement = await placementOf(session, record.label);
  if (placement === undefined) return renewAlone(session, record);
  try {
    return (await renewOne(context, session, { record, placement }, {})).issued.record;
  } catch (error) {
    if (!isAboutFiles(error)) throw error;
    const renewed = await renewAlone(session, record);
    // Told once, since it is not due any more.
    context.io.warn(`the files of ${record.label} in ${placement.folder} are not renewed: ${reasonOf(error)}`);
    return renewed;
  }
}

async function renewAlone({ ca }: Session, { label, serial }: CertificateRecord): Promise<CertificateRecord> {
  // It may be on record already, when only its files could not take their places.
  const newest = await ca.get(label);
  return newest.serial === serial ? (await ca.renew(serial)).record : newest;
}

const isAboutFiles = (error: unknown): boolean =>
  isSystemError(error) || (error instanceof LocalCaError && ABOUT_FILES.includes(error.code));

/** What may stand in the way of files; a server that needs its certificate does not wait for them. */
const ABOUT_FILES: readonly string[] = [
  'LOCAL_CA_OUTPUT_EXISTS',
  'LOCAL_CA_OUTPUT_FAILED',
  'LOCAL_CA_INPUT_FAILED',
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

/** Throws for those that cannot be made here, after the others were. */
async function freshenLists(context: Context, session: Session): Promise<void> {
  const late = await lateLists(context, session);
  const due = late.filter(canBeMade);
  if (due.length > 0) await refreshLists(session, { authorities: due.map(({ authority }) => authority.id) });
  // Where there never was one, none has ended.
  const stuck = late.filter((one) => !canBeMade(one) && one.list !== undefined);
  if (stuck.length > 0) throw nothingMade(stuck, session.home.path);
}

const canBeMade = ({ obstacle }: AuthorityList) => obstacle === undefined;

/** Of those that cannot be made there would be no new one, however often it is tried. */
const dueLists = async (context: Context, session: Session): Promise<AuthorityList[]> =>
  (await lateLists(context, session)).filter(canBeMade);

async function lateLists({ ambient }: Context, session: Session): Promise<AuthorityList[]> {
  const lists = await session.ca.revocationLists();
  const behind = await behindLists(session, lists, ambient.now());
  return lists.filter((one) => behind.includes(one) || listIsDue(one.list, ambient.now()));
}
