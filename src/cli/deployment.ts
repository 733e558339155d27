/** The deployments of a home, as its commands share them: what they work with, how they find one, how they show it. */
import * as fs from 'node:fs';
import { join } from 'node:path';
import { readStanding } from '../bundle/standing.ts';
import { attempt } from '../core/attempt.ts';
import { dueAt } from '../core/duration.ts';
import { quote } from '../core/text.ts';
import { isoTime } from '../core/time.ts';
import { type GoalSources, goalOf } from '../deploy/goal.ts';
import { formatHook } from '../deploy/hook.ts';
import type { DeployPorts } from '../deploy/ports.ts';
import { rightsWarnings } from '../deploy/rights.ts';
import { runHook } from '../deploy/run-hook.ts';
import { waitUntilServed } from '../deploy/served.ts';
import { describeState, windowOf } from '../deploy/states.ts';
import { writeError } from '../disk.ts';
import { LocalCaError } from '../errors.ts';
import { parseTarget } from '../probe/target.ts';
import { DEPLOY_FOLDER } from '../store/layout.ts';
import { fileLock, tryFileLock } from '../store/lock.ts';
import type { CertificateRecord, TargetRecord } from '../store/store.ts';
import type { Context } from './command.ts';
import { templateFolders } from './deliver.ts';
import { madeUpPassword } from './find-key.ts';
import { isSamePlace } from './places.ts';
import type { Session } from './session.ts';

// --- what they work with -----------------------------------------------------------------------------------------

/** How long a server may take to serve what its hook told it to read. */
const PROBE_MS = 30_000;

export const sourcesOf = (context: Context, { ca }: Session): GoalSources => ({
  ca,
  ambient: context.ambient,
  templates: templateFolders(context),
  earlierPassword: madeUpPassword,
});

/** `troubles`: by label, why what is due could not be renewed. */
export function portsOf(
  context: Context,
  session: Session,
  troubles: ReadonlyMap<string, string> = new Map(),
): DeployPorts {
  const { home } = session;
  const sources = sourcesOf(context, session);
  return {
    store: home.store,
    now: () => context.ambient.now(),
    goal: (target) => goalOf(target, sources),
    trouble: (label) => troubles.get(label) ?? null,
    lock: (id) => tryFileLock(lockPath(home.path, id)),
    previous: (id) => join(home.path, DEPLOY_FOLDER, id, 'previous'),
    hook: runHook,
    look: readStanding,
    probe: (url, fingerprint, name) =>
      waitUntilServed(parseTarget(url), fingerprint, { timeoutMs: PROBE_MS, servername: name ?? undefined }),
  };
}

/** Work on a target that has to wait for whoever is at work on it. */
export const withTargetLock = <T>({ home }: Session, id: string, work: () => Promise<T>): Promise<T> =>
  fileLock(lockPath(home.path, id))(work);

/** Renewals and the like, which are no single target's: one process at a time. */
export const withDeployLock = <T>({ home }: Session, work: () => Promise<T>): Promise<T> =>
  fileLock(lockPath(home.path, ''))(work);

function lockPath(home: string, id: string): string {
  const folder = join(home, DEPLOY_FOLDER, id);
  try {
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw writeError(folder, error);
  }
  return join(folder, 'lock');
}

/** Of a target that is no more. */
export const removeTargetFolder = ({ home }: Session, id: string): void =>
  fs.rmSync(join(home.path, DEPLOY_FOLDER, id), { recursive: true, force: true });

// --- which of them -----------------------------------------------------------------------------------------------

/** All that these words name, by label, id or folder; all there are without words. */
export function chooseTargets(all: readonly TargetRecord[], wanted: readonly string[]): TargetRecord[] {
  if (wanted.length === 0) return [...all];
  const found = new Set(wanted.flatMap((word) => named(all, word)));
  return all.filter((target) => found.has(target));
}

/** The one that a word names. Throws LOCAL_CA_AMBIGUOUS. */
export function chooseTarget(all: readonly TargetRecord[], wanted: string): TargetRecord {
  const found = named(all, wanted);
  if (found.length === 1) return found[0] as TargetRecord;
  throw new LocalCaError(
    'LOCAL_CA_AMBIGUOUS',
    `${quote(wanted)} is deployed to ${found.length} folders`,
    `Give the folder or the id: ${found.map(({ id, folder }) => `${id} (${folder})`).join(', ')}.`,
  );
}

function named(all: readonly TargetRecord[], word: string): TargetRecord[] {
  const found = all.filter(({ label, id, folder }) => label === word || id === word || isSamePlace(folder, word));
  if (found.length > 0) return found;
  throw new LocalCaError(
    'LOCAL_CA_TARGET_UNKNOWN',
    `nothing is deployed as ${quote(word)}`,
    'local-ca deploy list shows labels, folders and ids; local-ca deploy add makes a new one.',
  );
}

// --- how they are shown ------------------------------------------------------------------------------------------

export const targetJson = (target: TargetRecord, now: Date) => ({
  id: target.id,
  label: target.label,
  folder: target.folder,
  template: target.template,
  formats: target.formats,
  settings: target.settings,
  owner: target.owner,
  group: target.group,
  hook: target.hook.length === 0 ? null : target.hook,
  hookTimeout: target.hookTimeout,
  window: target.window,
  timeZone: target.timeZone,
  probe: target.probe,
  probeName: target.probeName,
  withCrl: target.withCrl,
  wish: target.wish,
  state: target.state,
  stateText: describeState(target, now),
  serial: target.serial,
  since: isoTime(target.since),
  problem: target.problem,
  warnings: rightsWarnings(target),
  failures: target.failures,
  retryAt: target.retryAt === null ? null : isoTime(target.retryAt),
});

/** What comes next, and when. */
export function nextOf(target: TargetRecord, record: CertificateRecord | undefined, now: Date): string {
  const { state, retryAt, wish } = target;
  const goal = wish === 'disabled' ? 'disable' : target.serial === null ? 'enable' : 'update';
  if (state === 'disabled') return '-';
  if (retryAt !== null) return `try again after ${isoTime(retryAt)}`;
  if (target.problem !== null) return 'go on when the problem is mended';
  const window = state === 'waiting' ? attempt(() => windowOf(target, now)) : undefined;
  if (window !== undefined) return window.open ? goal : `${goal} at ${isoTime(window.opensAt)}`;
  if (state !== 'enabled' || wish === 'disabled') return goal;
  if (record === undefined) return '-';
  if (record.serial !== target.serial) return goal;
  return `renew on ${isoTime(dueAt(record)).slice(0, 10)}`;
}

export const hookText = ({ hook }: TargetRecord): string => (hook.length === 0 ? '-' : formatHook(hook));
