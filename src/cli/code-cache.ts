/**
 * Keeps what V8 made of the program's text, so that the next run need not compile it again.
 *
 * Cached code is code: whoever can write it can run what they like as the user. So it lives in a folder of the user's
 * own, with mode 0700; it is never read when that folder or the file belongs to somebody else or is open to others; and
 * for another user's home (`sudo` may leave HOME as it was) nothing is written. V8 itself hardly looks at what it is
 * given, and one wrong byte ends the process, so each file starts with the SHA-256 of the rest. Whatever is wrong with
 * the cache, the program runs without it.
 */
import { createHash, randomUUID } from 'node:crypto';
import * as fs from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, posix, win32 } from 'node:path';

type Environment = Readonly<Record<string, string | undefined>>;

/** Where the platform keeps what can be made again; the XDG Base Directory Specification ignores relative paths. */
export function cacheFolder(env: Environment, platform: NodeJS.Platform): string {
  if (platform === 'win32') {
    const local = env.LOCALAPPDATA || win32.join(env.USERPROFILE || homedir(), 'AppData', 'Local');
    return win32.join(local, 'local-ca', 'Cache');
  }
  const home = env.HOME || homedir();
  if (platform === 'darwin') return posix.join(home, 'Library', 'Caches', 'local-ca');
  const given = env.XDG_CACHE_HOME ?? '';
  return posix.join(posix.isAbsolute(given) ? given : posix.join(home, '.cache'), 'local-ca');
}

const DIGEST = 32;

const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest();

/** Undefined when there is none, or none to be trusted. */
export function readCode(folder: string, name: string): Buffer | undefined {
  try {
    if (!isOurs(fs.lstatSync(folder))) return undefined;
    const bytes = readOurs(join(folder, name));
    const code = bytes?.subarray(DIGEST);
    return code !== undefined && digest(code).equals(bytes?.subarray(0, DIGEST) as Buffer) ? code : undefined;
  } catch {
    return undefined;
  }
}

/** Asks the open file, so that nobody can change it for another in between. */
function readOurs(path: string): Buffer | undefined {
  const fd = fs.openSync(path, 'r');
  try {
    return isOurs(fs.fstatSync(fd)) ? fs.readFileSync(fd) : undefined;
  } finally {
    fs.closeSync(fd);
  }
}

/** The user's, and nobody else may touch it. Windows has neither; there the folder's place protects it. */
const isOurs = ({ uid, mode }: fs.Stats) =>
  process.getuid === undefined || (uid === process.getuid() && (mode & 0o077) === 0);

/** Keeps it if that is possible. */
export function keepCode(folder: string, name: string, code: Uint8Array): void {
  try {
    if (!makeFolder(folder)) return;
    const beside = join(folder, `${randomUUID()}.tmp`);
    fs.writeFileSync(beside, Buffer.concat([digest(code), code]), { mode: 0o600, flag: 'wx' });
    fs.renameSync(beside, join(folder, name));
    removeOldest(folder);
  } catch {
    // A full disk, a home that is read-only: the next run compiles again.
  }
}

/** False in somebody else's home. */
function makeFolder(folder: string): boolean {
  const above = [dirname(folder), dirname(dirname(folder))].find((path) => fs.existsSync(path));
  if (above === undefined || (process.getuid !== undefined && fs.statSync(above).uid !== process.getuid()))
    return false;
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  return isOurs(fs.lstatSync(folder));
}

/** A file is about 1 MB, and every command, version of local-ca and version of Node has its own. */
const LIMIT = 24;

function removeOldest(folder: string): void {
  const files = fs.readdirSync(folder).map((name) => join(folder, name));
  const byAge = files.map((path) => ({ path, time: fs.statSync(path).mtimeMs })).sort((a, b) => b.time - a.time);
  for (const { path } of byAge.slice(LIMIT)) fs.unlinkSync(path);
}
