/** Takes a server's files away again: only those that local-ca made for its label and nobody changed. */
import { dropPrevious } from '../bundle/previous.ts';
import { type Removal, removeLabel } from '../bundle/remove.ts';
import type { TargetRecord } from '../store/store.ts';
import { callHook, type DeployPorts, eventOf, save } from './ports.ts';
import { DURING, isAbsent, moved, settledState } from './states.ts';
import { fail, reasonOf } from './update.ts';

/** Once the files are gone it is disabled, even if the server cannot do without them: then it has a problem. */
export async function disable(ports: DeployPorts, target: TargetRecord): Promise<TargetRecord> {
  if (isAbsent(target)) return finish(ports, target, [], null);
  const begun = await save(ports, moved(target, DURING.disable, ports.now(), { retryAt: null }));
  let removal: Removal;
  try {
    removal = removeLabel(target.folder, target.label);
  } catch (error) {
    return fail(ports, moved(begun, settledState(begun), ports.now()), reasonOf(error), []);
  }
  const { removed, kept } = removal;
  const hook = await callHook(ports, begun, begun.serial);
  const left = kept.length === 0 ? [] : [`left, since somebody changed them: ${kept.join(', ')}`];
  const problem = [...left, ...(hook.problem === null ? [] : [hook.problem])].join('; ') || null;
  const log = [...removed.map((path) => `removed ${path}`), ...left, ...hook.log];
  return finish(ports, begun, log, problem);
}

async function finish(
  ports: DeployPorts,
  target: TargetRecord,
  log: readonly string[],
  problem: string | null,
): Promise<TargetRecord> {
  const now = ports.now();
  const gone = { serial: null, contents: null, rights: [], problem, failures: 0, retryAt: null };
  const disabled = moved(target, 'disabled', now, gone);
  const action = problem === null ? 'deploy' : 'deploy-failed';
  const lines = ['disabled', ...(problem === null ? [] : [problem]), ...log];
  await save(ports, disabled, eventOf(disabled, action, lines, now, target.serial));
  dropPrevious(ports.previous(target.id));
  return disabled;
}
