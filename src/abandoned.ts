/**
 * Names for what is there only while a process works on it. They say which process that is, so that what a killed one left
 * behind is told from what a living one still needs.
 */
import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync, statSync, unlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { basename, join } from 'node:path';
import { isRemovable, removeFolder } from './held-folder.ts';

const PREFIX = '.local-ca-';
const HOUR = 3_600_000;

/** `.local-ca-stage-1f0c2a9b6e01.4711.88231-`; whoever uses it adds what makes it unique. */
export function temporaryName(what: string): string {
  const { machine, boot } = here();
  own ??= startOf(process.pid) ?? 0;
  return `${PREFIX}${what}-${machine}${boot}.${process.pid}.${own}-`;
}

const NAME = /^\.local-ca-[a-z]+-([\da-f]{8})([\da-f]{4})\.(\d+)\.(\d+)-/;

const isTemporary = (name: string): boolean => NAME.test(name);

/** Whether what has such a name is left from a process that is gone. One of another machine is, after an hour. */
export function isAbandoned(path: string): boolean {
  const [, machine, boot, pid, start] = NAME.exec(basename(path)) ?? [];
  if (machine === here().machine) return boot !== here().boot || !isRunning(Number(pid), Number(start));
  const stat = lstatSync(path, { throwIfNoEntry: false });
  return stat !== undefined && Date.now() - stat.mtimeMs > HOUR;
}

/** Those in a folder that are abandoned, and ours to remove; none where nobody may look. */
export function abandonedIn(folder: string): string[] {
  const names = read(() => readdirSync(folder)) ?? [];
  const paths = names.filter(isTemporary).map((name) => join(folder, name));
  return paths.filter((path) => read(() => isAbandoned(path) && isOurs(path, folder)) === true);
}

/** Where others may write, they could make what has such a name, and change it while it is removed. */
function isOurs(path: string, folder: string): boolean {
  if (isFolder(path)) return isRemovable(path);
  return (statSync(folder).mode & 0o002) === 0 || lstatSync(path).uid === (process.geteuid?.() ?? 0);
}

const isFolder = (path: string) => lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true;

/** There may be a key in it. With `what`, only things of that kind. */
export function removeAbandoned(folder: string, what = ''): void {
  for (const path of abandonedIn(folder).filter((one) => basename(one).startsWith(`${PREFIX}${what}`))) {
    try {
      removeScrap(path);
    } catch {
      // Somebody else's: no reason not to go on.
    }
  }
}

/** What `abandonedIn` gave. Throws what `removeFolder` does. */
export function removeScrap(path: string): void {
  if (isFolder(path)) removeFolder(path);
  else unlinkSync(path);
}

// --- processes -----------------------------------------------------------------------------------------------------

interface Place {
  /** Where a process number means the same: each container has its own. */
  readonly machine: string;
  /** And until when: after the next start of the machine, all processes are others. */
  readonly boot: string;
}

let known: Place | undefined;
/** When this process began. */
let own: number | undefined;

function here(): Place {
  known ??= {
    machine: hash([hostname(), text('/etc/machine-id'), read(() => readlinkSync('/proc/self/ns/pid'))]).slice(0, 8),
    boot: hash([text('/proc/sys/kernel/random/boot_id')]).slice(0, 4),
  };
  return known;
}

const hash = (parts: readonly (string | undefined)[]) => createHash('sha256').update(parts.join()).digest('hex');

const text = (path: string) => read(() => readFileSync(path, 'utf8'));

/** Undefined where the system does not say it. */
function read<T>(from: () => T): T | undefined {
  try {
    return from();
  } catch {
    return undefined;
  }
}

/** A number is given again to later processes, which Linux tells apart by their start (proc_pid_stat(5), fields 3 and 22). */
function isRunning(pid: number, start: number): boolean {
  if (!isThere(pid)) return false;
  const now = startOf(pid);
  return now === undefined || now === start;
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** In ticks since the machine's start; 0 for one that has ended and only waits for its parent to hear of it. */
function startOf(pid: number): number | undefined {
  const stat = text(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  // After the program's name, which may hold anything.
  const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return state === 'Z' || state === 'X' ? 0 : Number(fields[18]);
}
