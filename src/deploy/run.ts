/** Brings one target to where it should be, as far as the clock allows: what `deploy run` does to each. */
import { dropPrevious } from '../bundle/previous.ts';
import type { TargetRecord } from '../store/store.ts';
import { disable } from './disable.ts';
import type { Goal } from './goal.ts';
import { planStep, type Step, workFor } from './plan.ts';
import { type DeployPorts, eventOf, save } from './ports.ts';
import { assertPlaceable, isIntact } from './standing.ts';
import { isUnderWay, moved, settledState, type Work } from './states.ts';
import { fail, obstacleOf, reasonOf, rollBack, update } from './update.ts';

export interface RunOptions {
  /** Without regard to the window, nor to earlier failures. */
  readonly atOnce?: boolean;
  /** Replace files that local-ca did not make, or that somebody edited. */
  readonly force?: boolean;
}

export type Result =
  | 'unchanged'
  | 'waiting'
  | 'later'
  | 'busy'
  | 'enabled'
  | 'updated'
  | 'disabled'
  | 'failed'
  /** It was taken off the list meanwhile. */
  | 'gone';

export interface Outcome {
  /** As it is now. */
  readonly target: TargetRecord;
  readonly result: Result;
  /** Whether anything about it is new since the run before. */
  readonly changed: boolean;
}

/**
 * Takes its lock, and does what is due. Whatever goes wrong is this target's problem, on record where that can be done; a
 * defect of ours alone is thrown.
 */
export async function runTarget(ports: DeployPorts, known: TargetRecord, options: RunOptions = {}): Promise<Outcome> {
  try {
    return await underLock(ports, known, options);
  } catch (error) {
    const problem = reasonOf(error);
    const target = await saveIfPossible(ports, known, problem);
    return { target, result: 'failed', changed: problem !== known.problem };
  }
}

/**
 * Without the lock, which could not be had; the store may be what is out of order. The target may be under way by now,
 * and is to stay so.
 */
async function saveIfPossible(ports: DeployPorts, known: TargetRecord, problem: string): Promise<TargetRecord> {
  try {
    const latest = await latestOf(ports, known);
    if (latest === undefined || latest.problem === problem) return latest ?? known;
    const target = { ...latest, problem };
    return await save(ports, target, eventOf(target, 'deploy-failed', [problem], ports.now()));
  } catch (error) {
    reasonOf(error);
    return { ...known, problem };
  }
}

const latestOf = async ({ store }: DeployPorts, { id }: TargetRecord): Promise<TargetRecord | undefined> =>
  (await store.targets()).find((one) => one.id === id);

async function underLock(ports: DeployPorts, known: TargetRecord, options: RunOptions): Promise<Outcome> {
  const release = await ports.lock(known.id);
  if (release === undefined) return { target: known, result: 'busy', changed: false };
  try {
    const target = await latestOf(ports, known);
    if (target === undefined) return { target: known, result: 'gone', changed: false };
    return await runLocked(ports, target, options);
  } finally {
    release();
  }
}

/** The same for whoever holds the lock already. */
export async function runLocked(ports: DeployPorts, before: TargetRecord, options: RunOptions = {}): Promise<Outcome> {
  const { target, result } = await actSafely(ports, before, options);
  const changed = DONE.includes(result) || NEWS.some((key) => target[key] !== before[key]);
  return { target, result, changed };
}

const DONE: readonly Result[] = ['enabled', 'updated', 'disabled'];
const NEWS = ['state', 'problem', 'failures'] as const;

async function actSafely(ports: DeployPorts, before: TargetRecord, options: RunOptions): Promise<Done> {
  try {
    // Copies of earlier work, which ended just before it would have dropped them.
    if (!isUnderWay(before)) dropPrevious(ports.previous(before.id));
    return await act(ports, before, options);
  } catch (error) {
    const problem = reasonOf(error);
    // It may be under way by now; then it stays so, and the next run takes it up.
    const latest = (await latestOf(ports, before)) ?? before;
    return { target: await fail(ports, latest, problem, []), result: 'failed' };
  }
}

/** What `runTarget` would do, without doing it; null for a step that something stands in the way of. */
export async function previewTarget(
  ports: DeployPorts,
  target: TargetRecord,
  options: RunOptions,
): Promise<{ readonly step: Step | null; readonly problem: string | null }> {
  const { step, obstacle } = await look(ports, target, options);
  return { step, problem: obstacle };
}

type Facts =
  | { readonly step: Step; readonly goal: Goal | undefined; readonly obstacle: null }
  | { readonly step: null; readonly goal: undefined; readonly obstacle: string };

/** A folder that cannot be read, or a time zone that this machine does not know, stands in the way like all else. */
async function look(ports: DeployPorts, target: TargetRecord, { atOnce = false, force }: RunOptions): Promise<Facts> {
  try {
    const goal = target.wish === 'disabled' ? undefined : await ports.goal(target);
    const work = workOn(ports, target, goal, force === true);
    return { step: planStep(target, work, ports.now(), atOnce), goal, obstacle: null };
  } catch (error) {
    return { step: null, goal: undefined, obstacle: obstacleOf(target, error) };
  }
}

function workOn(ports: DeployPorts, target: TargetRecord, goal: Goal | undefined, force: boolean): Work | undefined {
  if (goal === undefined) return workFor(target, false);
  const isCurrent = goal.contents === target.contents;
  const work = workFor(target, isCurrent && isIntact(target.folder, goal.files, target.rights, ports.look));
  // What was cut short may have its files halfway in place.
  if (work !== undefined && !isUnderWay(target)) assertPlaceable(target.folder, goal, force);
  return work;
}

type Done = Pick<Outcome, 'target' | 'result'>;

async function act(ports: DeployPorts, target: TargetRecord, options: RunOptions): Promise<Done> {
  const { step, goal, obstacle } = await look(ports, target, options);
  if (obstacle !== null)
    return { target: await stop(ports, target, reasonsOf(ports, target, obstacle)), result: 'failed' };
  if (step.kind === 'later') return { target, result: 'later' };
  if (step.kind === 'wait') return { target: await wait(ports, target), result: 'waiting' };
  if (step.kind === 'nothing') return rest(ports, target);
  if (step.work === 'disable' || goal === undefined) return resultOf(await disable(ports, target), 'disabled');
  const after = await update(ports, target, goal, step.work, options.force === true);
  // Something else may be wrong with it, such as a certificate that could not be renewed: that is no failure of this.
  return { target: after, result: after.failures > 0 ? 'failed' : VERBS[step.work] };
}

/** That a certificate has expired is the end of a story; why it was not renewed is its beginning. */
function reasonsOf(ports: DeployPorts, { label, wish }: TargetRecord, obstacle: string): string {
  const trouble = wish === 'enabled' ? ports.trouble(label) : null;
  return trouble === null ? obstacle : `${obstacle}; ${trouble}`;
}

const VERBS = { enable: 'enabled', update: 'updated' } as const;

const resultOf = (target: TargetRecord, result: Result): Done => ({
  target,
  result: target.problem === null ? result : 'failed',
});

/** Says what stands in the way, once. What was under way cannot go on: the files before come back. */
async function stop(ports: DeployPorts, target: TargetRecord, problem: string): Promise<TargetRecord> {
  if (isUnderWay(target)) return rollBack(ports, target, problem, { told: true, log: [] });
  const now = ports.now();
  const stopped = moved(target, settledState(target), now, { problem, retryAt: null });
  if (target.problem === problem && target.state === stopped.state) return target;
  return save(ports, stopped, eventOf(stopped, 'deploy-failed', [problem], now));
}

async function wait(ports: DeployPorts, target: TargetRecord): Promise<TargetRecord> {
  if (target.state === 'waiting') return target;
  const now = ports.now();
  const waiting = moved(target, 'waiting', now);
  return save(ports, waiting, eventOf(waiting, 'deploy', [`waits for its window, ${target.window}`], now));
}

/** All is as it should be; perhaps again, after something that somebody mended. */
async function rest(ports: DeployPorts, target: TargetRecord): Promise<Done> {
  if (target.wish === 'disabled') return { target, result: 'unchanged' };
  const problem = ports.trouble(target.label);
  const resting = moved(target, 'enabled', ports.now(), { problem, failures: 0, retryAt: null });
  const isNews = target.state !== 'enabled' || target.problem !== problem;
  if (isNews) await save(ports, resting, ...newsOf(ports, resting));
  return resultOf(isNews ? resting : target, 'unchanged');
}

function newsOf(ports: DeployPorts, target: TargetRecord) {
  const { problem } = target;
  const now = ports.now();
  return [
    problem === null
      ? eventOf(target, 'deploy', ['all is as it should be again'], now)
      : eventOf(target, 'deploy-failed', [problem], now),
  ];
}
