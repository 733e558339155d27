/** Regular files in folders of others: opened without following a link, and without waiting for the other end of a pipe. */
import * as fs from 'node:fs';
import { errno, readError, readOpenFile } from '../disk.ts';
import { LocalCaError } from '../errors.ts';

/** Windows has neither flag. */
const FLAGS = fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK;

/** No bundle's file, and no revocation list, comes near it. */
const MOST_BYTES = 32 * 1024 * 1024;

export interface Regular {
  readonly bytes: Uint8Array;
  readonly stat: fs.Stats;
}

/**
 * Undefined where there is no regular file. Throws LOCAL_CA_INPUT_TOO_LARGE and LOCAL_CA_INPUT_FAILED; `name` is what
 * these call it.
 */
export function readRegular(path: string, name = path): Regular | undefined {
  try {
    if (fs.lstatSync(path, { throwIfNoEntry: false })?.isFile() !== true) return undefined;
    return withFile(path, (fd) => {
      const stat = fs.fstatSync(fd);
      return stat.isFile() ? { stat, bytes: readOpenFile(fd, name, MOST_BYTES) } : undefined;
    });
  } catch (error) {
    // Somebody moved it meanwhile, or put a link or a socket in its place.
    if (['ENOENT', 'ELOOP', 'ENXIO'].includes(errno(error))) return undefined;
    throw error instanceof LocalCaError ? error : readError(name, error);
  }
}

export function withFile<T>(path: string, use: (fd: number) => T): T {
  const fd = fs.openSync(path, FLAGS);
  try {
    return use(fd);
  } finally {
    fs.closeSync(fd);
  }
}
