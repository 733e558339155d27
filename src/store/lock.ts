/**
 * One at a time, in this process and among all of them: for work that is more than one transaction, such as saving a key
 * and recording what it belongs to. The lock is SQLite's own on an empty database file, since the system lets go of that
 * one when a process dies, however it dies.
 */
import { closeSync, openSync } from 'node:fs';
import { errno, writeError } from '../disk.ts';
import { LocalCaError } from '../errors.ts';

/** Runs work when nobody else runs any. */
export type Exclusively = <T>(work: () => Promise<T>) => Promise<T>;

/** For what only one process knows of. */
export function queue(): Exclusively {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const mine = last.then(work);
    last = mine.catch(() => {});
    return mine;
  };
}

/** How long to wait for other processes, in milliseconds: each of them is done within a fraction of a second. */
const PATIENCE = 30_000;

/** Throws LOCAL_CA_STORE_FAILED after `patience` milliseconds of waiting for others. */
export function fileLock(path: string, patience = PATIENCE): Exclusively {
  const inProcess = queue();
  return (work) =>
    inProcess(async () => {
      const release = await acquire(path, patience);
      try {
        return await work();
      } finally {
        release();
      }
    });
}

/** What lets go of the lock again; undefined when another process, or another part of this one, holds it. */
export async function tryFileLock(path: string): Promise<(() => void) | undefined> {
  createEmpty(path);
  // Loaded here, so that a library user without a home never loads the native module.
  const { tryLock } = await import('./sqlite.ts');
  return tryLock(path);
}

async function acquire(path: string, patience: number): Promise<() => void> {
  const until = performance.now() + patience;
  for (;;) {
    const release = await tryFileLock(path);
    if (release !== undefined) return release;
    if (performance.now() > until) throw busy(path);
    // Not in step with the others that wait.
    await new Promise((resolve) => setTimeout(resolve, 5 + Math.random() * 20));
  }
}

/** SQLite would make it 0644. */
function createEmpty(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if (errno(error) !== 'EEXIST') throw writeError(path, error);
  }
}

const busy = (path: string) =>
  new LocalCaError(
    'LOCAL_CA_STORE_FAILED',
    `another local-ca has been at work for too long (it holds ${path})`,
    'Try again when it has finished.',
  );
