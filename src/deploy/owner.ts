/** Whose the deployed files are to be: names of users and groups as the numbers that the system keeps. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { quote } from '../core/text.ts';
import { canGiveTo, type Owner } from '../disk.ts';
import { LocalCaError } from '../errors.ts';

export interface WantedOwner {
  /** A name or a number. */
  readonly user?: string | undefined;
  /** The same; without one, the user's own group. */
  readonly group?: string | undefined;
}

/**
 * Throws LOCAL_CA_OWNER_UNKNOWN; LOCAL_CA_OWNER_DENIED when the system would not let us give a file to them; and
 * LOCAL_CA_OPTION_INVALID on Windows.
 */
export async function findOwner({ user, group }: WantedOwner, platform = process.platform): Promise<Owner> {
  if (platform === 'win32') throw notOnWindows();
  const owner = await resolveOwner(user, group);
  if (!canGiveTo(owner)) throw denied(owner, user, group);
  return owner;
}

async function resolveOwner(user: string | undefined, group: string | undefined): Promise<Owner> {
  const entry = user === undefined ? undefined : await findEntry('passwd', user);
  const uid = user === undefined ? process.geteuid?.() : (entry?.id ?? numberOf(user));
  if (uid === undefined) throw unknown('user', user ?? '');
  if (group !== undefined) return { uid, gid: await groupId(group) };
  const gid = user === undefined ? process.getegid?.() : entry?.group;
  if (gid === undefined) throw groupless(uid);
  return { uid, gid };
}

async function groupId(group: string): Promise<number> {
  const gid = (await findEntry('group', group))?.id ?? numberOf(group);
  if (gid === undefined) throw unknown('group', group);
  return gid;
}

/** The largest number means "leave it as it is" to chown(2). */
const numberOf = (text: string): number | undefined =>
  /^\d{1,10}$/.test(text) && Number(text) < 0xffffffff ? Number(text) : undefined;

// --- the system's lists ------------------------------------------------------------------------------------------

type Database = 'passwd' | 'group';

interface Entry {
  readonly id: number;
  /** Of a user. */
  readonly group: number | undefined;
}

/** Neither a flag of getent, nor anything that a line of its answer could not hold. */
const POSSIBLE = /^[^-:\s\p{Cc}][^:\s\p{Cc}]*$/u;

async function findEntry(database: Database, name: string): Promise<Entry | undefined> {
  if (!POSSIBLE.test(name)) return undefined;
  return readEntry(await askSystem(database, name), name);
}

/** Directories such as LDAP are asked too; where there is no getent, as on macOS, only the local file. */
async function askSystem(database: Database, name: string): Promise<string> {
  try {
    return (await promisify(execFile)('getent', [database, name], { timeout: 10_000 })).stdout;
  } catch {
    return readLocal(`/etc/${database}`);
  }
}

function readLocal(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** `name:password:uid:gid:...` of a user, `name:password:gid:...` of a group. */
function readEntry(text: string, name: string): Entry | undefined {
  const entries = text.split('\n').map((line) => line.split(':'));
  const fields = entries.find((one) => one[0] === name) ?? entries.find((one) => one[2] === name);
  const id = numberOf(fields?.[2] ?? '');
  return id === undefined ? undefined : { id, group: numberOf(fields?.[3] ?? '') };
}

// --- errors ------------------------------------------------------------------------------------------------------

const unknown = (kind: 'user' | 'group', name: string) =>
  new LocalCaError(
    'LOCAL_CA_OWNER_UNKNOWN',
    `there is no ${kind} ${quote(name)} on this system`,
    `Check the name, or give the number. getent ${kind === 'user' ? 'passwd' : 'group'} lists them all.`,
  );

const groupless = (uid: number) =>
  new LocalCaError(
    'LOCAL_CA_OWNER_UNKNOWN',
    `user ${uid} has no entry on this system, so that its group is not known`,
    'Give the group too.',
  );

const denied = ({ uid, gid }: Owner, user = String(uid), group = String(gid)) =>
  new LocalCaError(
    'LOCAL_CA_OWNER_DENIED',
    `giving files to user ${quote(user)} and group ${quote(group)} needs root`,
    'Run local-ca as root (sudo), or as that user.',
  );

const notOnWindows = () =>
  new LocalCaError(
    'LOCAL_CA_OPTION_INVALID',
    'files on Windows get no owner or group from local-ca',
    "Leave them out: there the folder's access rights apply.",
  );
