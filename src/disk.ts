/**
 * Files that appear whole or not at all, with their final mode from the first byte; and reading with a limit. All of it
 * synchronous: these are small files, and a start-up that loads no promise machinery is faster.
 */
import * as fs from 'node:fs';
import { dirname, join } from 'node:path';
import { removeAbandoned, temporaryName } from './abandoned.ts';
import { LocalCaError } from './errors.ts';

/** Windows knows no POSIX modes, and flushes no folders: there the folder's ACL protects what is in it. */
export const posix = process.platform !== 'win32';

/** By number: names are resolved once, by whoever was given them. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** Whether the system lets us give a file to them: root may give to anybody, others keep what is theirs. */
export function canGiveTo({ uid, gid }: Owner): boolean {
  if (process.geteuid?.() === 0) return true;
  return uid === process.geteuid?.() && (gid === process.getegid?.() || process.getgroups?.().includes(gid) === true);
}

/** No key or certificate comes near it. */
const SECRET_LIMIT = 1 << 20;

export interface WriteOptions {
  /** Whether a file that stands there may be replaced; otherwise that is LOCAL_CA_OUTPUT_EXISTS. */
  readonly replace?: boolean;
  readonly owner?: Owner;
}

/**
 * Writes a file beside its place, flushes it and moves it there. Other processes, and a power cut, see no file, the old
 * one or the new one, never a part. The mode holds whatever the umask is, and is never wider than asked for.
 */
export function writeWhole(path: string, bytes: Uint8Array, mode: number, options: WriteOptions = {}): void {
  const folder = dirname(path);
  // Of runs that were killed while they replaced it. Where files only come to be there may be very many.
  if (options.replace === true) removeAbandoned(folder, 'file');
  // Not derived from the file's own name, which may be as long as names can be.
  const beside = join(folder, `${temporaryName('file')}${crypto.randomUUID().slice(0, 13)}`);
  try {
    createFile(beside, bytes, mode, options.owner);
    if (options.replace === true) fs.renameSync(beside, path);
    else moveToFreePlace(beside, path);
    syncFolder(folder);
  } catch (error) {
    discard(beside);
    throw writeError(path, error);
  }
}

/** Cleaning up must not hide the error that made it necessary. */
function discard(path: string): void {
  try {
    fs.unlinkSync(path);
  } catch {
    // It never came to be, or cannot be reached.
  }
}

/** A new file with exactly this mode, flushed to the disk. Throws a raw EEXIST when it exists. */
export function createFile(path: string, bytes: Uint8Array, mode: number, owner?: Owner): void {
  const fd = fs.openSync(path, 'wx', mode);
  try {
    fillFile(fd, bytes, mode, owner);
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

/** Gives a file that was just made its owner, exactly this mode, and its contents: nobody else ever sees them. */
export function fillFile(fd: number, bytes: Uint8Array, mode: number, owner?: Owner): void {
  if (owner !== undefined) fs.fchownSync(fd, owner.uid, owner.gid);
  // The umask may have taken bits away; it adds none, so that the file was at no time wider than this.
  if (posix) fs.fchmodSync(fd, mode);
  fs.writeFileSync(fd, bytes);
}

/** rename(2) would silently replace; link(2) does not. */
function moveToFreePlace(from: string, to: string): void {
  try {
    fs.linkSync(from, to);
  } catch (error) {
    if (!['EPERM', 'ENOTSUP', 'ENOSYS'].includes(errno(error))) throw error;
    // A file system without hard links (FAT, some network shares): take the name first, then replace the empty file.
    fs.closeSync(fs.openSync(to, 'wx', 0o600));
    fs.renameSync(from, to);
    return;
  }
  fs.unlinkSync(from);
}

/** Makes the names in a folder durable, as fsync(2) of a file does its contents. */
export function syncFolder(path: string): void {
  if (!posix) return;
  let fd: number | undefined;
  try {
    // A pipe that somebody put in its place would be waited for.
    fd = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_DIRECTORY);
    fs.fsyncSync(fd);
  } catch (error) {
    // A folder that we may write in but not list, or a file system that cannot flush one: the files are in place.
    if (!['EACCES', 'EINVAL'].includes(errno(error))) throw error;
  } finally {
    if (fd !== undefined) fs.closeSync(fd);
  }
}

/**
 * Reads a file of at most `limit` bytes, or `/dev/stdin`. Throws LOCAL_CA_INPUT_TOO_LARGE, before reading it where the
 * size is known, and LOCAL_CA_INPUT_FAILED.
 */
export function readAtMost(path: string, limit: number): Uint8Array {
  return withOpenFile(path, (fd) => readOpenFile(fd, path, limit));
}

/**
 * Reads a private key or a password: LOCAL_CA_PERMISSIONS_LAX when the group or others have any right to it. It asks
 * the open file, so that nobody can change it for another in between.
 */
export function readSecret(path: string): Uint8Array {
  return withOpenFile(path, (fd) => {
    // Only files: a terminal belongs to the group tty, and a pipe to the program at its other end.
    const stat = fs.fstatSync(fd);
    if (stat.isFile()) checkMode(path, stat.mode, 0o600);
    return readOpenFile(fd, path, SECRET_LIMIT);
  });
}

/** LOCAL_CA_PERMISSIONS_LAX when the group or others have any right to this file. */
export function checkPrivateFile(path: string): void {
  checkMode(path, statOf(path).mode, 0o600);
}

/** LOCAL_CA_PERMISSIONS_LAX when the group or others have any right to this folder. */
export function checkPrivateDirectory(path: string): void {
  const stat = statOf(path);
  if (!stat.isDirectory()) throw readError(path, { code: 'ENOTDIR' });
  checkMode(path, stat.mode, 0o700);
}

function statOf(path: string): fs.Stats {
  try {
    return fs.statSync(path);
  } catch (error) {
    throw readError(path, error);
  }
}

function withOpenFile<T>(path: string, use: (fd: number) => T): T {
  let fd: number | undefined;
  try {
    // Opening /dev/stdin anew fails where it is a socket, and Windows has none: descriptor 0 always works.
    fd = path === '/dev/stdin' ? 0 : fs.openSync(path, 'r');
    return use(fd);
  } catch (error) {
    throw error instanceof LocalCaError ? error : readError(path, error);
  } finally {
    if (fd !== undefined && fd !== 0) fs.closeSync(fd);
  }
}

/** The rest of it; throws LOCAL_CA_INPUT_TOO_LARGE, and what the system says. */
export function readOpenFile(fd: number, path: string, limit: number): Uint8Array {
  const stat = fs.fstatSync(fd);
  const size = stat.isFile() ? stat.size : 0;
  if (size > limit) throw tooLarge(path, limit);
  const chunks: Buffer[] = [];
  let total = 0;
  // One byte past the limit tells a file that is too large; pipes and /proc say that their size is 0.
  while (total <= limit) {
    const chunk = Buffer.allocUnsafe(Math.min(Math.max(size + 1, 65536), limit + 1 - total));
    const count = readChunk(fd, chunk);
    if (count === 0) return new Uint8Array(Buffer.concat(chunks));
    chunks.push(chunk.subarray(0, count));
    total += count;
  }
  throw tooLarge(path, limit);
}

/** A terminal or pipe that another program made non-blocking answers EAGAIN: ask again a little later. */
function readChunk(fd: number, chunk: Buffer): number {
  for (;;) {
    try {
      return fs.readSync(fd, chunk);
    } catch (error) {
      // Windows reports the end of a pipe as an error.
      if (errno(error) === 'EOF') return 0;
      if (errno(error) !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }
  }
}

function checkMode(path: string, mode: number, required: number): void {
  if (!posix || (mode & 0o077) === 0) return;
  throw new LocalCaError(
    'LOCAL_CA_PERMISSIONS_LAX',
    `the permissions of ${path} are ${octal(mode)}, and ${octal(required)} is required: other users can get at it`,
    `Run: chmod ${required.toString(8)} ${shellWord(path)}`,
  );
}

const octal = (mode: number) => (mode & 0o7777).toString(8).padStart(4, '0');

/** A path as a shell takes it. */
const shellWord = (path: string) =>
  /^[\w@%+=:,./-]+$/.test(path) && !path.startsWith('-') ? path : `'${path.replaceAll("'", `'\\''`)}'`;

// --- errors ----------------------------------------------------------------------------------------------------

/** What each errno means, and what to do when it came from reading or from writing. */
const ERRNO: Record<string, { what: string; read: string; write: string }> = {
  EACCES: { what: 'permission denied', read: 'Check who may read it.', write: 'Check who may write in that folder.' },
  EPERM: { what: 'permission denied', read: 'Check who may read it.', write: 'Check who may write in that folder.' },
  ENOENT: {
    what: 'there is no such file or folder',
    read: 'Check the path.',
    write: 'Make the folder first, or check the path.',
  },
  EISDIR: { what: 'it is a folder', read: 'Name a file.', write: 'Choose another name.' },
  ENOTDIR: {
    what: 'a part of the path is a file where a folder belongs',
    read: 'Check the path.',
    write: 'Check the path.',
  },
  ENAMETOOLONG: { what: 'the name is too long', read: 'Check the path.', write: 'Choose a shorter name.' },
  ELOOP: { what: 'its symbolic links go round in a circle', read: 'Check the links.', write: 'Check the links.' },
  ENOSPC: { what: 'no space is left on the disk', read: '', write: 'Free some space, or choose another disk.' },
  EDQUOT: { what: 'the disk quota is used up', read: '', write: 'Free some space, or choose another disk.' },
  EBUSY: { what: 'it is in use', read: 'Try again.', write: 'Choose another place; a mount point cannot be replaced.' },
  // What Node says of a NUL in a path.
  ERR_INVALID_ARG_VALUE: { what: 'no path has such a character', read: 'Check the path.', write: 'Check the path.' },
  EROFS: { what: 'the file system is read-only', read: '', write: 'Choose a folder on another disk.' },
};

/** The system's name for a failure, such as ENOENT; empty for an error that has none. */
export const errno = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';

const isSystemError = (error: unknown) => error instanceof Error && 'syscall' in error;

/** A failed file operation as LOCAL_CA_OUTPUT_EXISTS or LOCAL_CA_OUTPUT_FAILED, naming the path. */
export function writeError(path: string, cause: unknown): LocalCaError {
  if (cause instanceof LocalCaError) return cause;
  // Anything but a failed system call is a defect of ours, and should look like one.
  if (!isSystemError(cause) && ERRNO[errno(cause)] === undefined) throw cause;
  if (errno(cause) === 'EEXIST') return outputExists(path, cause);
  const known = ERRNO[errno(cause)];
  return new LocalCaError(
    'LOCAL_CA_OUTPUT_FAILED',
    `cannot write ${path}: ${known?.what ?? errno(cause)}`,
    known?.write ?? 'Choose another place for the output.',
    { cause },
  );
}

/** LOCAL_CA_OUTPUT_EXISTS for a path that local-ca will not replace. */
export const outputExists = (path: string, cause?: unknown) =>
  new LocalCaError('LOCAL_CA_OUTPUT_EXISTS', `${path} exists already`, 'Choose another place, or remove it first.', {
    cause,
  });

/** A failed file operation as LOCAL_CA_INPUT_FAILED, naming the path. */
export function readError(path: string, cause: unknown): LocalCaError {
  const known = ERRNO[errno(cause)];
  return new LocalCaError(
    'LOCAL_CA_INPUT_FAILED',
    `cannot read ${path}: ${known?.what ?? errno(cause)}`,
    known?.read || 'Check the path.',
    { cause },
  );
}

const tooLarge = (path: string, limit: number) =>
  new LocalCaError(
    'LOCAL_CA_INPUT_TOO_LARGE',
    `${path} is larger than ${limit} bytes`,
    'No file of this kind comes near that size: check that it is the right one.',
  );
