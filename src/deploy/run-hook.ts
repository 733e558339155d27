/** Runs a hook: to its end, or to the end of its time; whatever it does, what comes back is a result. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { win32 } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { quote } from '../core/text.ts';
import { errno } from '../disk.ts';
import { unfinished } from '../unfinished.ts';
import { KeptOutput } from './kept-output.ts';

export interface HookOptions {
  readonly cwd?: string;
  /** On top of this process's own, less the CA's passphrase. */
  readonly env?: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  /** Ends the hook, as a timeout does. */
  readonly signal?: AbortSignal;
}

interface Ending {
  /** Null when it never started, or a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly timedOut: boolean;
  /** In one line, for people; null when all went well. */
  readonly problem: string | null;
}

export interface HookResult extends Ending {
  readonly ok: boolean;
  /** Both streams in the order of their arrival, at most 64 KiB: the start and the end of longer output. */
  readonly output: string;
  readonly durationMs: number;
}

/** What a hook that is told to end may still take, before it is killed. */
const GRACE = 2000;
/** A server that a hook started keeps the pipes open: what it says later is neither waited for nor kept. */
const AFTER_EXIT = 500;
/** A timer for longer than this would ring at once. */
const LONGEST_TIMER = 2 ** 31 - 1;

const posix = process.platform !== 'win32';

/** Never throws: a program that is not there is a result too. */
export async function runHook(argv: readonly string[], options: HookOptions): Promise<HookResult> {
  const started = performance.now();
  const output = new KeptOutput();
  const ending = await run(argv, options, output).catch((error: unknown) => notStarted(argv, options, error));
  const durationMs = Math.round(performance.now() - started);
  return { ok: ending.problem === null, ...ending, output: output.text(), durationMs };
}

async function run(argv: readonly string[], options: HookOptions, output: KeptOutput): Promise<Ending> {
  if (options.signal?.aborted === true) return NEVER;
  const child = spawn(argv[0] ?? '', argv.slice(1), {
    cwd: options.cwd,
    env: { ...inherited(process.env), ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    windowsHide: true,
    // A process group of its own, so that what it starts can be ended with it.
    detached: posix,
  });
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => output.add(text));
    stream.on('error', () => {});
  }
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const stopped = await exitOrStop(child, options);
  await atMost(AFTER_EXIT, closed);
  for (const stream of [child.stdout, child.stderr]) await letGo(stream);
  child.unref();
  return endingOf(child, stopped, options.timeoutMs);
}

/**
 * A server that the hook started would die of its next line of output if nobody could read it (SIGPIPE, pipe(7)). So
 * something goes on reading for as long as the server runs; Windows has nothing of the kind that is always there.
 */
async function letGo(stream: Readable): Promise<void> {
  if (posix && !stream.readableEnded && !stream.destroyed) {
    stream.pause();
    const reader = spawn('cat', [], { stdio: [stream, 'ignore', 'ignore'], detached: true });
    reader.unref();
    await Promise.race([once(reader, 'spawn'), once(reader, 'error')]).catch(() => {});
  }
  stream.destroy();
}

const NEVER: Ending = { exitCode: null, signal: null, timedOut: false, problem: 'the hook was cancelled' };

function inherited(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  // Windows does not tell upper from lower case here.
  return Object.fromEntries(Object.entries(env).filter(([name]) => name.toUpperCase() !== 'LOCAL_CA_PASSPHRASE'));
}

type Stop = 'timeout' | 'cancelled';

/** Waits until it has ended, by itself (undefined) or because it was stopped. Rejects when it could not be started. */
async function exitOrStop(child: ChildProcess, { timeoutMs, signal }: HookOptions): Promise<Stop | undefined> {
  const exit = once(child, 'exit').then(() => undefined);
  const undo: (() => void)[] = [unfinished(() => send(child, 'SIGTERM'))];
  const stop = new Promise<Stop>((resolve) => {
    const timer = setTimeout(() => resolve('timeout'), Math.min(timeoutMs, LONGEST_TIMER));
    const cancel = () => resolve('cancelled');
    signal?.addEventListener('abort', cancel);
    undo.push(
      () => clearTimeout(timer),
      () => signal?.removeEventListener('abort', cancel),
    );
  });
  try {
    const stopped = await Promise.race([exit, stop]);
    if (stopped !== undefined) await endGroup(child);
    // With sudo in between it may be beyond our rights to end it: then it is left, and the result says so.
    if (stopped !== undefined) await atMost(AFTER_EXIT, exit);
    return stopped;
  } finally {
    for (const one of undo) one();
  }
}

/** The whole group, since what the hook started may outlive it. */
async function endGroup(child: ChildProcess): Promise<void> {
  const deadline = performance.now() + GRACE;
  send(child, 'SIGTERM');
  while (send(child, 0) && performance.now() < deadline) await delay(25);
  send(child, 'SIGKILL');
}

/** To the hook's process group; false when nobody of it is there any more. */
function send(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL' | 0): boolean {
  if (child.pid === undefined) return false;
  if (!posix) return signal === 0 ? child.exitCode === null : taskkill(child.pid);
  try {
    return process.kill(-child.pid, signal);
  } catch (error) {
    return errno(error) !== 'ESRCH';
  }
}

/** Windows has no signals to ask with. The program by its full path, as everywhere. */
function taskkill(pid: number): boolean {
  const program = win32.join(process.env.SystemRoot || 'C:\\Windows', 'System32', 'taskkill.exe');
  return spawnSync(program, ['/PID', String(pid), '/T', '/F'], { stdio: 'ignore', windowsHide: true }).status === 0;
}

async function atMost(milliseconds: number, work: Promise<unknown>): Promise<void> {
  const timer = new AbortController();
  const late = delay(milliseconds, undefined, { signal: timer.signal }).catch(() => {});
  await Promise.race([work, late]);
  timer.abort();
}

// --- results ---------------------------------------------------------------------------------------------------

function endingOf(
  { exitCode, signalCode: signal }: ChildProcess,
  stopped: Stop | undefined,
  timeoutMs: number,
): Ending {
  const timedOut = stopped === 'timeout';
  return { exitCode, signal, timedOut, problem: problemOf() };

  function problemOf(): string | null {
    const still = exitCode === null && signal === null ? ', and could not be ended' : '';
    if (timedOut) return `the hook did not end within ${timeoutMs / 1000} seconds${still}`;
    if (stopped === 'cancelled') return `the hook was cancelled${still}`;
    if (signal !== null) return `the hook was ended by ${signal}`;
    return exitCode === 0 ? null : `the hook ended with exit code ${exitCode}`;
  }
}

function notStarted(argv: readonly string[], { cwd }: HookOptions, error: unknown): Ending {
  const program = quote(argv[0] ?? '');
  // The system's answer is the same when its program is not there.
  const noFolder = cwd !== undefined && !existsSync(`${cwd}/.`);
  const why = noFolder
    ? `there is no folder ${quote(cwd)} for it to run in`
    : (REASONS[errno(error)]?.(program) ?? String(error));
  return { exitCode: null, signal: null, timedOut: false, problem: `the hook could not be started: ${why}` };
}

const REASONS: Readonly<Record<string, (program: string) => string>> = {
  ENOENT: (program) => `there is no program ${program}, or its first line names one that is not there`,
  EACCES: (program) => `${program} is not executable, or not for this user`,
  E2BIG: (program) => `the arguments of ${program} are too long`,
  ENOEXEC: (program) => `${program} is not a program for this system`,
  // What Node says of .bat and .cmd files, which only cmd.exe can run.
  EINVAL: (program) => `${program} cannot be started by itself; with Windows, give ["cmd.exe", "/d", "/c", ${program}]`,
};
