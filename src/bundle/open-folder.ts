/** Folders of which we have to know whose they are before we do what they say. */
import * as fs from 'node:fs';
import { type Owner, posix } from '../disk.ts';
import { LocalCaError } from '../errors.ts';
import { keepsModes, type OpenFolder, openFolder } from '../held-folder.ts';

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
