/**
 * New files for a server: put in place, the server told, and asked what it serves. When it does not serve them, the files
 * before come back, and it is told again. A run that was cut short anywhere in this is simply done again: the copies of
 * what stood there before stay those of the first attempt.
 */
import { stageDirectory } from '../bundle/directory.ts';
import { isReplaceable } from '../bundle/manifest.ts';
import { dropPrevious, hasPrevious, keepPrevious, restorePrevious } from '../bundle/previous.ts';
import { errno } from '../disk.ts';
import { LocalCaError } from '../errors.ts';
import type { FileRights, TargetRecord } from '../store/store.ts';
import type { Goal } from './goal.ts';
import { retryAfter } from './plan.ts';
import { callHook, type DeployPorts, eventOf, save } from './ports.ts';
import { rightsOf, rightsWarnings } from './rights.ts';
import { DURING, isUnderWay, moved, settledState } from './states.ts';

export async function update(
  ports: DeployPorts,
  target: TargetRecord,
  goal: Goal,
  work: 'enable' | 'update',
  force: boolean,
): Promise<TargetRecord> {
  const resumed = isUnderWay(target);
  const kept = ports.previous(target.id);
  const begun = await save(ports, moved(target, DURING[work], ports.now(), { retryAt: null }));
  const { problem, told, log, rights } = await tryUpdate(ports, begun, goal, force);
  if (problem !== null) return rollBack(ports, begun, problem, { told: told || resumed, log });
  const { serial, contents } = goal;
  const changes = { serial, contents, rights, problem: ports.trouble(target.label), failures: 0, retryAt: null };
  const done = moved(begun, 'enabled', ports.now(), changes);
  const verb = work === 'enable' ? 'enabled' : 'updated';
  const lines = [`${verb} with ${serial}`, ...rightsWarnings(done), ...log];
  await save(ports, done, eventOf(done, 'deploy', lines, ports.now()));
  dropPrevious(kept);
  return done;
}

interface Attempt {
  readonly problem: string | null;
  /** The server may have read the new files. */
  readonly told: boolean;
  readonly log: readonly string[];
  /** What the file system made of the files' modes and owners. */
  readonly rights: readonly FileRights[];
}

async function tryUpdate(ports: DeployPorts, target: TargetRecord, goal: Goal, force: boolean): Promise<Attempt> {
  const { probe, probeName, folder } = target;
  const problem = await placeFiles(ports, target, goal, force);
  if (problem !== null) return { problem, told: false, log: [], rights: [] };
  // Before the hook, which may change them: that is for the next run to mend.
  const rights = rightsOf(folder, goal.files, ports.look);
  const hook = await callHook(ports, target, goal.serial);
  const { log } = hook;
  if (hook.problem !== null || probe === null) return { problem: hook.problem, told: true, log, rights };
  const answer = await ports.probe(probe, goal.fingerprint, probeName);
  const served = `${probe} serves it${probeName === null ? '' : ` as ${probeName}`}`;
  return answer.ok
    ? { problem: null, told: true, log: [...log, served], rights }
    : { problem: answer.why, told: true, log, rights };
}

/** All of them or none. Gives why not. */
async function placeFiles(
  ports: DeployPorts,
  target: TargetRecord,
  { files, claims }: Goal,
  force: boolean,
): Promise<string | null> {
  const { id, folder, label, owner, group } = target;
  try {
    const paths = files.map(({ path }) => path);
    await keepPrevious(folder, paths, ports.previous(id));
    await (await stageDirectory(folder, files, { force, label, claims })).commit();
    return null;
  } catch (error) {
    const isAboutOwners = (owner !== null || group !== null) && isNotPermitted(error);
    return isAboutOwners ? `${reasonOf(error)}; ${NO_OWNERS}` : obstacleOf(target, error);
  }
}

/** FAT says so to whoever wants to give a file away, and so does NFS that takes root for nobody. */
const NO_OWNERS = 'its file system may keep no owners: then leave --owner and --group out';

const isNotPermitted = (error: unknown) => error instanceof Error && errno(error.cause) === 'EPERM';

/** The same, with the command where a file stands in the way. */
export const obstacleOf = ({ id }: TargetRecord, error: unknown): string =>
  isReplaceable(error) ? `${reasonOf(error)}; local-ca deploy run ${id} --force replaces a file` : reasonOf(error);

/** What a person can do something about: ours, and the system's. A defect of ours is thrown. */
export function reasonOf(error: unknown): string {
  if (error instanceof LocalCaError || isSystemError(error)) return error.message;
  throw error;
}

/** As of a folder that may not be read. */
export const isSystemError = (error: unknown): error is Error => error instanceof Error && 'syscall' in error;

/** Puts the files before back; when the server may have read the new ones, it is told again. */
export async function rollBack(
  ports: DeployPorts,
  target: TargetRecord,
  problem: string,
  { told, log }: { readonly told: boolean; readonly log: readonly string[] },
): Promise<TargetRecord> {
  const kept = ports.previous(target.id);
  try {
    if (hasPrevious(kept)) await restorePrevious(target.folder, kept);
  } catch (error) {
    // It stays under way, and the next run tries again.
    const both = `${problem}; and the files before could not be put back: ${reasonOf(error)}`;
    return fail(ports, target, both, log);
  }
  const again = told ? await callHook(ports, target, target.serial) : { problem: null, log: [] };
  const all = again.problem === null ? problem : `${problem}; with the files before, ${again.problem}`;
  const back = moved(target, settledState(target), ports.now());
  const failed = await fail(ports, back, all, [...log, 'the files before are back', ...again.log]);
  dropPrevious(kept);
  return failed;
}

export function fail(
  ports: DeployPorts,
  target: TargetRecord,
  problem: string,
  log: readonly string[],
): Promise<TargetRecord> {
  const failures = target.failures + 1;
  const now = ports.now();
  const failed = { ...target, problem, failures, retryAt: retryAfter(failures, now) };
  return save(ports, failed, eventOf(failed, 'deploy-failed', [problem, ...log], now));
}
