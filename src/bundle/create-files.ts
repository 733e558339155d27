/** Several new files at once: the slow part, flushing them to the disk, is done for all of them together. */
import * as fs from 'node:fs';
import { promisify } from 'node:util';
import { fillFile, type Owner } from '../disk.ts';

export interface NewFile {
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly mode: number;
  readonly owner?: Owner;
}

/** What is written of a bundle's file, in the place that `path` will name. */
export const newFile = ({ bytes, mode, owner }: Omit<NewFile, 'path'>): Omit<NewFile, 'path'> =>
  owner === undefined ? { bytes, mode } : { bytes, mode, owner };

/** Far fewer than a process may have open. */
const AT_ONCE = 32;

/**
 * Makes them with exactly these modes and owners, and flushes them. Flushes that run at once share one commit of the file system's
 * journal, so this takes the time of one. Throws what the system said; some of the files may stand there then.
 */
export async function createFiles(files: readonly NewFile[]): Promise<void> {
  for (let i = 0; i < files.length; i += AT_ONCE) await createSome(files.slice(i, i + AT_ONCE));
}

async function createSome(files: readonly NewFile[]): Promise<void> {
  const open: number[] = [];
  try {
    for (const { path, bytes, mode, owner } of files) {
      const fd = fs.openSync(path, 'wx', mode);
      open.push(fd);
      fillFile(fd, bytes, mode, owner);
    }
    await flushAll(open);
  } finally {
    for (const fd of open) fs.closeSync(fd);
  }
}

const flush = promisify(fs.fsync);

/** Waits for all of them, also when one fails: none may be closed while it is being flushed. */
async function flushAll(open: readonly number[]): Promise<void> {
  const results = await Promise.allSettled(open.map((fd) => flush(fd)));
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}
