/** What stands in a folder now: bytes, mode and owner, read without following a link that somebody put there. */
import * as fs from 'node:fs';
import { attempt } from '../core/attempt.ts';
import { equalBytes } from '../core/der.ts';
import { type Owner, posix, writeError } from '../disk.ts';
import type { NewFile } from './create-files.ts';
import { refuseParents } from './manifest.ts';
import { checkBundlePath } from './paths.ts';
import { readRegular, withFile } from './regular.ts';

export interface Standing extends Owner {
  readonly bytes: Uint8Array;
  readonly mode: number;
}

/** Undefined where there is no regular file. Throws what `readRegular` does. */
export function readStanding(path: string, name = path): Standing | undefined {
  const file = readRegular(path, name);
  if (file === undefined) return undefined;
  const { mode, uid, gid } = file.stat;
  return { bytes: file.bytes, mode: mode & 0o7777, uid, gid };
}

/** Takes from a file's mode what is not in this one. Throws LOCAL_CA_OUTPUT_FAILED. */
export function narrow(path: string, mode: number): void {
  try {
    withFile(path, (fd) => fs.fchmodSync(fd, fs.fstatSync(fd).mode & mode));
  } catch (error) {
    throw writeError(path, error);
  }
}

/** Whether a file stands there just like this one; whoever owns it, unless it is to have an owner. */
export function standsAs(path: string, file: Omit<NewFile, 'path'>): boolean {
  // One that we may not read is not known to be the same.
  const now = attempt(() => readStanding(path));
  return now !== undefined && equalBytes(now.bytes, file.bytes) && hasRights(now, file);
}

/** Whether its mode and its owner are these. */
export const hasRights = (now: Standing, { mode, owner }: Pick<NewFile, 'mode' | 'owner'>): boolean =>
  (!posix || now.mode === mode) && (owner === undefined || (now.uid === owner.uid && now.gid === owner.gid));

/** Whether a path that a manifest names leads to a place in its folder: anybody may have written it. */
export const isInside = (folder: string, path: string): boolean =>
  attempt(() => {
    checkBundlePath(path);
    refuseParents(folder, path);
    return true;
  }) === true;
