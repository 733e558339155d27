/** One round of `deploy run`: what is due is renewed, then each target brought to where it should be. */

import { importKey } from '../core/keys.ts';
import { isoTime } from '../core/time.ts';
import type { Step } from '../deploy/plan.ts';
import { rightsWarnings } from '../deploy/rights.ts';
import { type Outcome, previewTarget, type Result, runTarget } from '../deploy/run.ts';
import { reasonOf } from '../deploy/update.ts';
import { LocalCaError } from '../errors.ts';
import type { CertificateRecord, TargetRecord } from '../store/store.ts';
import type { Context, Flags } from './command.ts';
import { dueOf, type Freshened, freshen, needsRenewal, standingTroubles, troublesOf } from './deployed.ts';
import { chooseTargets, portsOf, targetJson, withDeployLock } from './deployment.ts';
import { existingPassphrase, givenPassphrase, type Session } from './session.ts';

export interface Round {
  readonly outcomes: readonly Outcome[];
  readonly renewed: readonly CertificateRecord[];
}

/** Each target by itself: what one fails at does not keep the others waiting. */
export async function runRound(
  context: Context,
  session: Session,
  wanted: readonly string[],
  flags: Flags,
): Promise<Round> {
  const all = await session.home.store.targets();
  const chosen = chooseTargets(all, wanted);
  if (chosen.length === 0) return { outcomes: [], renewed: [] };
  const labels = new Set(chosen.map(({ label }) => label));
  const concerned = all.filter(({ label }) => labels.has(label));
  const { renewed, troubles } = await renewals(context, session, concerned, flags);
  for (const record of renewed) tellRenewed(context, record);
  const ports = portsOf(context, session, troubles);
  const outcomes: Outcome[] = [];
  for (const target of chosen) {
    const outcome = await runTarget(ports, target, { atOnce: flags.now === true, force: flags.force === true });
    outcomes.push(outcome);
    tellOutcome(context, outcome);
  }
  return { outcomes, renewed };
}

/** Whoever holds the lock for long is no reason not to deploy what there is. */
async function renewals(
  context: Context,
  session: Session,
  targets: readonly TargetRecord[],
  { renew }: Flags,
): Promise<Freshened> {
  if (renew === false) return { renewed: [], troubles: await standingTroubles(context, session, targets) };
  try {
    return await withDeployLock(session, () => freshen(context, session, targets));
  } catch (error) {
    return { renewed: [], troubles: await troublesOf(context, session, targets, reasonOf(error)) };
  }
}

/**
 * The flags with the passphrase of the CA's key among them, if a person has to be asked for it: not while others wait for
 * this run's lock. Throws LOCAL_CA_PASSWORD_WRONG.
 */
export async function askFirst(context: Context, { ca, home }: Session, flags: Flags): Promise<Flags> {
  if (!context.io.interactive || givenPassphrase(context, flags) !== undefined) return flags;
  const [signer] = ca.chain;
  const kept = signer !== undefined && (await home.caKeys.list()).includes(signer.keyId);
  const pem = kept ? await home.caKeys.load(signer.keyId) : undefined;
  if (pem === undefined || !isEncrypted(pem)) return flags;
  const passphrase = await existingPassphrase(context, flags);
  importKey(pem, passphrase);
  return { ...flags, passphrase };
}

/** What a run of these targets would sign something for, with the CA's key. */
export async function wouldSign(
  context: Context,
  session: Session,
  wanted: readonly string[],
  { renew }: Flags,
): Promise<boolean> {
  if (renew === false) return false;
  const chosen = chooseTargets(await session.home.store.targets(), wanted);
  return needsRenewal(context, session, chosen);
}

function isEncrypted(pem: Uint8Array): boolean {
  try {
    importKey(pem);
    return false;
  } catch (error) {
    if (error instanceof LocalCaError && error.code === 'LOCAL_CA_KEY_ENCRYPTED') return true;
    throw error;
  }
}

export const exitCodeOf = ({ outcomes }: Round): number | undefined =>
  outcomes.some(({ result }) => result === 'failed') ? 1 : undefined;

// --- what is said ------------------------------------------------------------------------------------------------

function tellRenewed({ io }: Context, { label, serial, notAfter }: CertificateRecord): void {
  io.say(`${io.style('green', 'renewed')} ${label}, serial ${serial}, valid until ${isoTime(notAfter).slice(0, 10)}`);
}

/** Of what is as it was in the round before, a scheduler need not hear. */
function tellOutcome({ io }: Context, { target, result, changed }: Outcome): void {
  const where = `${target.label} in ${target.folder}`;
  const said = SAID[result](target);
  if (result === 'failed' && changed) io.error(`${io.style('red', 'failed')} ${where}: ${said}`);
  else if (result !== 'gone') io.say(`${where}: ${said}`);
  // Whenever files were placed, and not in between.
  if (result === 'enabled' || result === 'updated') {
    const problem = target.problem === null ? [] : [target.problem];
    for (const text of [...problem, ...rightsWarnings(target)]) io.warn(`${where}: ${text}`);
  }
}

const SAID: Readonly<Record<Result, (target: TargetRecord) => string>> = {
  unchanged: ({ state }) => (state === 'disabled' ? 'disabled' : 'up to date'),
  waiting: ({ window, timeZone }) => `waits for its window, ${window} ${timeZone}`,
  later: ({ problem, retryAt }) => `${problem}; tried again after ${retryAt === null ? 'a while' : isoTime(retryAt)}`,
  busy: () => 'skipped: busy, another local-ca is at work on it',
  enabled: ({ serial }) => `enabled with ${serial}`,
  updated: ({ serial }) => `updated with ${serial}`,
  disabled: () => 'disabled',
  failed: ({ problem, retryAt }) => `${problem}${retryAt === null ? '' : `; tried again after ${isoTime(retryAt)}`}`,
  gone: () => '',
};

/** One line, for a pipe; nothing for what has not changed. */
export const changeLine = ({ target, result, changed }: Outcome): string =>
  changed ? [target.label, target.folder, result, target.serial ?? '-'].join('\t') : '';

export const outcomeJson = ({ target, result, changed }: Outcome, now: Date) => ({
  ...targetJson(target, now),
  result,
  changed,
});

// --- what would be done ------------------------------------------------------------------------------------------

export interface Preview {
  readonly target: TargetRecord;
  /** Its certificate is due, and would be renewed. */
  readonly renews: boolean;
  /** null for what stands in the way. */
  readonly step: Step | null;
  readonly problem: string | null;
}

export async function previewRound(
  context: Context,
  session: Session,
  wanted: readonly string[],
  flags: Flags,
): Promise<Preview[]> {
  const chosen = chooseTargets(await session.home.store.targets(), wanted);
  const due = flags.renew === false ? [] : await dueOf(context, session, chosen);
  const ports = portsOf(context, session);
  const previews: Preview[] = [];
  for (const target of chosen) {
    const renews = target.wish === 'enabled' && due.some(({ label }) => label === target.label);
    const options = { atOnce: flags.now === true, force: flags.force === true };
    previews.push({ target, renews, ...(await previewTarget(ports, target, options)) });
  }
  return previews;
}
