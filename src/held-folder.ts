/**
 * Folders that are held open while they are worked in, or removed. Who owns the folder around one may rename it at any
 * time and put another, or a link, in its place: what goes through the open one happens in it all the same.
 */
import * as fs from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { LocalCaError } from './errors.ts';

export interface OpenFolder {
  /** Leads to what is in it. Where the system has no such paths, it is the folder's own. */
  readonly at: string;
  /** On Windows, and of a folder that we may write in but not list, there is none. */
  readonly fd: number | undefined;
  close(): void;
}

const FLAGS = fs.constants.O_RDONLY | fs.constants.O_DIRECTORY | fs.constants.O_NOFOLLOW;

const windows = process.platform === 'win32';

/** Throws what the system says; ENOTDIR or ELOOP for a link. */
export function openFolder(path: string): OpenFolder {
  const fd = windows ? undefined : openListable(path);
  if (fd === undefined) return { at: path, fd, close: () => {} };
  return { at: fs.existsSync(linkTo(fd)) ? linkTo(fd) : path, fd, close: () => fs.closeSync(fd) };
}

/** As openat(2) does, which Node lacks: see proc_pid_fd(5). */
const linkTo = (fd: number) => `/proc/self/fd/${fd}`;

function openListable(path: string): number | undefined {
  try {
    return fs.openSync(path, FLAGS);
  } catch (error) {
    if (codeOf(error) === 'EACCES') return undefined;
    throw error;
  }
}

const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code;

/** Closes the folder when `action` is done. */
export function within<T>(folder: OpenFolder, action: (folder: OpenFolder) => T): T {
  try {
    return action(folder);
  } finally {
    folder.close();
  }
}

/**
 * Gives `action` the path of what the last of these names stands for. Folder by folder, each looked up in the one before:
 * none of them is a link by the time it is gone through.
 */
export function inParents<T>(
  above: OpenFolder,
  [first = '', ...rest]: readonly string[],
  action: (path: string) => T,
  open = openFolder,
): T {
  const path = join(above.at, first);
  if (rest.length === 0) return action(path);
  return within(open(path), (inner) => inParents(inner, rest, action, open));
}

/** FAT does not, nor do some network shares. Tried with a bit that lets nobody in. */
export function keepsModes(fd: number): boolean {
  const { mode } = fs.fstatSync(fd);
  try {
    fs.fchmodSync(fd, (mode ^ 0o1000) & 0o7777);
    const kept = fs.fstatSync(fd).mode !== mode;
    fs.fchmodSync(fd, mode & 0o7777);
    return kept;
  } catch (error) {
    return codeOf(error) !== 'EPERM';
  }
}

// --- removing one --------------------------------------------------------------------------------------------------

/**
 * Removes a folder of a process of ours with all that is in it, if there is one: also where its name, or its contents, are
 * somebody else's to change. Throws LOCAL_CA_OUTPUT_FAILED for one that may be another's work, and what the system says.
 */
export function removeFolder(path: string): void {
  if (windows) fs.rmSync(path, { recursive: true, force: true });
  if (fs.lstatSync(path, { throwIfNoEntry: false }) === undefined) return;
  inPlace(path, (above, at) => {
    within(openFolder(at), (folder) => {
      if (!isOurs(folder, above)) throw notOurs(path);
      empty(folder, isAlone(folder));
    });
    fs.rmdirSync(at);
  });
}

/** Whether `removeFolder` would. */
export const isRemovable = (path: string): boolean =>
  windows || inPlace(path, (above, at) => within(openFolder(at), (folder) => isOurs(folder, above)));

const inPlace = <T>(path: string, action: (above: OpenFolder, at: string) => T): T =>
  within(openFolder(fs.realpathSync(dirname(resolve(path)))), (above) => action(above, join(above.at, basename(path))));

/** `alone`: nobody else gets at anything in it. */
function empty(folder: OpenFolder, alone: boolean): void {
  for (const entry of fs.readdirSync(folder.at, { withFileTypes: true })) {
    const path = join(folder.at, entry.name);
    if (entry.isDirectory()) {
      within(openFolder(path), (inner) => {
        if (alone || isPart(inner, folder)) empty(inner, alone);
      });
      fs.rmdirSync(path);
    } else fs.unlinkSync(path);
  }
}

const isOurs = (folder: OpenFolder, above: OpenFolder) => isAlone(folder) || isPart(folder, above);

/**
 * One that we made, or whose maker is the owner of the folder around it: who could empty it himself, and has us do no
 * more than that. Others could have moved one there from elsewhere, if they may write there.
 */
function isPart(folder: OpenFolder, above: OpenFolder): boolean {
  const around = statOf(above);
  if ((around.mode & 0o022) !== 0) return false;
  return around.uid === ourselves() || (isHeld(folder) && statOf(folder).uid === around.uid);
}

/** Ours, and closed to others; or there is no telling. */
function isAlone(folder: OpenFolder): boolean {
  const { uid, mode } = statOf(folder);
  if (folder.fd === undefined || !isHeld(folder) || uid !== ourselves()) return false;
  return (mode & 0o077) === 0 || !keepsModes(folder.fd);
}

/** Whatever its name stands for by now. */
const isHeld = ({ at, fd }: OpenFolder) => fd !== undefined && at === linkTo(fd);

const statOf = ({ at, fd }: OpenFolder) => (fd === undefined ? fs.lstatSync(at) : fs.fstatSync(fd));

const ourselves = () => process.geteuid?.() ?? 0;

const notOurs = (path: string) =>
  new LocalCaError(
    'LOCAL_CA_OUTPUT_FAILED',
    `${path} may be somebody else's work: it is not removed`,
    'Look at what it is, and remove it.',
  );
