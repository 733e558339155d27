/** Who may read the home. Asked before the inventory is opened, which refuses one that others can get at. */
import * as fs from 'node:fs';
import { join } from 'node:path';
import { posix } from '../../disk.ts';
import { BUSY, CA_FOLDER, DEPLOY_FOLDER, INVENTORY, KEYS_FOLDER, LOCK } from '../../store/layout.ts';
import { error, type Finding } from './finding.ts';

/** Only their modes: opening and closing the inventory's files would take SQLite's locks off them (sqlite.org/howtocorrupt). */
const FILES = [INVENTORY, `${INVENTORY}-wal`, `${INVENTORY}-shm`, LOCK, BUSY];

export function checkPermissions(home: string): Finding[] {
  const folders = [home, ...[CA_FOLDER, KEYS_FOLDER, DEPLOY_FOLDER].map((name) => join(home, name))];
  const keys = [CA_FOLDER, KEYS_FOLDER].flatMap((name) => keysIn(join(home, name)));
  const files = [...FILES.map((name) => join(home, name)), ...keys];
  const missing = [CA_FOLDER, KEYS_FOLDER].map((name) => join(home, name)).filter((path) => !fs.existsSync(path));
  return [
    ...missing.map((path) => error(`the folder ${path} is missing`, 'Restore the home folder from a backup.')),
    ...(posix ? [...folders.flatMap((path) => lax(path, 0o700)), ...files.flatMap((path) => lax(path, 0o600))] : []),
    ...(posix ? strangers(home, [...folders, ...files]) : []),
  ];
}

const keysIn = (folder: string): string[] =>
  fs.existsSync(folder)
    ? fs
        .readdirSync(folder)
        .filter((name) => name.endsWith('.key.pem'))
        .map((name) => join(folder, name))
    : [];

function lax(path: string, mode: number): Finding[] {
  const stat = fs.statSync(path, { throwIfNoEntry: false });
  if (stat === undefined || (stat.mode & 0o077) === 0) return [];
  const now = octal(stat.mode);
  const repair = () => {
    fs.chmodSync(path, mode);
    return `its mode is ${octal(mode)} now`;
  };
  return [
    error(
      `other users can get at ${path}: its mode is ${now}, and should be ${octal(mode)}`,
      `Run: chmod ${octal(mode)} ${path}`,
      repair,
    ),
  ];
}

const octal = (mode: number) => (mode & 0o7777).toString(8).padStart(4, '0');

/** What was made with sudo, the user cannot open any more. */
function strangers(home: string, paths: readonly string[]): Finding[] {
  const { uid, gid } = fs.statSync(home);
  const me = process.geteuid?.() ?? uid;
  if (me !== 0 && me !== uid) {
    return [error(`${home} belongs to user ${uid}, and this is user ${me}`, `Run local-ca as user ${uid}.`)];
  }
  return paths.flatMap((path) => {
    const owner = fs.statSync(path, { throwIfNoEntry: false })?.uid ?? uid;
    if (owner === uid) return [];
    const repair = () => {
      fs.chownSync(path, uid, gid);
      return `it belongs to user ${uid} now`;
    };
    const hint = `Run as root: chown ${uid}:${gid} ${path}`;
    return [
      error(`${path} belongs to user ${owner}, and its home to user ${uid}`, hint, me === 0 ? repair : undefined),
    ];
  });
}
