/**
 * A folder that is held open while it is worked in. Who owns the folder around it may rename it at any time and put
 * another, or a link, in its place: what goes through the open one happens in it all the same.
 */
import * as fs from 'node:fs';
import { errno, type Owner, posix } from '../disk.ts';
import { LocalCaError } from '../errors.ts';

export interface OpenFolder {
  /** Leads to what is in it. Where the system has no such paths, it is the folder's own. */
  readonly at: string;
  /** On Windows, and of a folder that we may write in but not list, there is none. */
  readonly fd: number | undefined;
  close(): void;
}

const FLAGS = fs.constants.O_RDONLY | fs.constants.O_DIRECTORY | fs.constants.O_NOFOLLOW;

/** Throws what the system says; ENOTDIR or ELOOP for a link. */
export function openFolder(path: string): OpenFolder {
  const fd = posix ? openListable(path) : undefined;
  if (fd === undefined) return { at: path, fd, close: () => {} };
  // As openat(2) does, which Node lacks: see proc_pid_fd(5).
  const link = `/proc/self/fd/${fd}`;
  return { at: fs.existsSync(link) ? link : path, fd, close: () => fs.closeSync(fd) };
}

function openListable(path: string): number | undefined {
  try {
    return fs.openSync(path, FLAGS);
  } catch (error) {
    if (errno(error) === 'EACCES') return undefined;
    throw error;
  }
}

/**
 * One that this user made, and where nobody else could put anything: what it holds may be obeyed. `name` is what an error
 * calls it. Throws LOCAL_CA_OUTPUT_FAILED for any other, and what the system says where there is none.
 */
export function openOwnFolder(path: string, name = path): OpenFolder {
  if (!isOwn(fs.lstatSync(path))) throw notOurs(name);
  const folder = openFolder(path);
  if (!posix || (folder.fd !== undefined && isOwn(fs.fstatSync(folder.fd)) && isClosed(folder.fd))) return folder;
  folder.close();
  throw notOurs(name);
}

const isOwn = (stat: fs.Stats) => stat.isDirectory() && (!posix || stat.uid === process.geteuid?.());

/** To others; or there is no telling. */
const isClosed = (fd: number) => (fs.fstatSync(fd).mode & 0o077) === 0 || !keepsModes(fd);

/** FAT does not, nor do some network shares. Tried with a bit that lets nobody in. */
function keepsModes(fd: number): boolean {
  const { mode } = fs.fstatSync(fd);
  try {
    fs.fchmodSync(fd, (mode ^ 0o1000) & 0o7777);
    const kept = fs.fstatSync(fd).mode !== mode;
    fs.fchmodSync(fd, mode & 0o7777);
    return kept;
  } catch (error) {
    return errno(error) !== 'EPERM';
  }
}

const notOurs = (name: string) =>
  new LocalCaError(
    'LOCAL_CA_OUTPUT_FAILED',
    `${name} is not a folder of this user's alone: what it says is not done`,
    'If another user ran local-ca there, run it once more as that user; else look at what it is, and remove it.',
  );

/** Gives a folder that was just made to somebody else, whatever is called so by now. */
export function giveFolder({ fd }: OpenFolder, { uid, gid }: Owner): void {
  if (fd !== undefined) fs.fchownSync(fd, uid, gid);
}
