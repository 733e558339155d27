/** What a deployment needs of the world around it: passed in, so that a test can be the hook, the server and the clock. */
import { visible } from '../core/text.ts';
import type { AuditEvent, Change, Store, TargetRecord } from '../store/store.ts';
import type { Goal } from './goal.ts';
import { formatHook } from './hook.ts';
import type { Look } from './rights.ts';
import type { HookOptions, HookResult } from './run-hook.ts';
import type { Answer } from './served.ts';

export interface DeployPorts {
  readonly store: Pick<Store, 'targets' | 'write'>;
  readonly now: () => Date;
  /** Throws what stands in the way of a deployment. */
  readonly goal: (target: TargetRecord) => Promise<Goal>;
  /** What else is wrong with a label: its certificate is due, and could not be renewed. */
  readonly trouble: (label: string) => string | null;
  /** What lets go of a target again; undefined while somebody else is at work on it. */
  readonly lock: (id: string) => Promise<(() => void) | undefined>;
  /** Where the files are kept that stood in its folder before. */
  readonly previous: (id: string) => string;
  readonly hook: (argv: readonly string[], options: HookOptions) => Promise<HookResult>;
  /** What stands at a path, as its file system has it. */
  readonly look: Look;
  /** Whether a URL serves the certificate with this fingerprint, by and by; asked for a name, where it is not the host's. */
  readonly probe: (url: string, fingerprint: string, name: string | null) => Promise<Answer>;
}

/** The verbs of the audit log. */
export type DeployAction = 'deploy-add' | 'deploy' | 'deploy-failed' | 'deploy-remove';

/** Which target an event is about. */
const tagOf = ({ id }: TargetRecord) => `(target ${id})`;

export const isAbout = (target: TargetRecord, { action, detail }: AuditEvent): boolean =>
  action.startsWith('deploy') && detail.includes(tagOf(target));

export function eventOf(
  target: TargetRecord,
  action: DeployAction,
  lines: readonly string[],
  now: Date,
  serial = target.serial,
): Change {
  const detail = `${target.label} in ${target.folder} ${tagOf(target)}: ${lines.join('\n')}`;
  return { kind: 'event', event: { at: now, action, serial, detail } };
}

/** Records a target and what the log says about it. */
export async function save(
  ports: DeployPorts,
  target: TargetRecord,
  ...events: readonly Change[]
): Promise<TargetRecord> {
  await ports.store.write([{ kind: 'target', record: target }, ...events]);
  return target;
}

/** The hook's result, for the log too. */
export interface HookRun {
  readonly problem: string | null;
  readonly log: readonly string[];
}

/** Characters. */
const MOST_WORDS = 200;

/** The last line that it printed: mostly why. */
function lastWords(output: string): string {
  const line = visible(
    output
      .trimEnd()
      .split(/[\r\n]/)
      .at(-1)
      ?.trim() ?? '',
  );
  if (line === '') return '';
  const chars = [...line];
  return `: ${chars.length > MOST_WORDS ? `${chars.slice(0, MOST_WORDS - 1).join('')}…` : line}`;
}

/** Runs the target's hook, if it has one. */
export async function callHook(ports: DeployPorts, target: TargetRecord, serial: string | null): Promise<HookRun> {
  const { hook, hookTimeout, label, folder } = target;
  if (hook.length === 0) return { problem: null, log: [] };
  const env = { LOCAL_CA_LABEL: label, LOCAL_CA_DIR: folder, LOCAL_CA_SERIAL: serial ?? '' };
  const { problem, output, durationMs } = await ports.hook(hook, { env, timeoutMs: hookTimeout * 1000 });
  const line = `$ ${formatHook(hook)} (${problem ?? 'done'}, ${(durationMs / 1000).toFixed(1)} s)`;
  return {
    problem: problem && problem + lastWords(output),
    log: [line, ...(output.trimEnd() === '' ? [] : [output.trimEnd()])],
  };
}
