/** The modes and owners that files really got: FAT and some network shares have their own, whatever is asked of them. */
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { modeText, type OutputFile } from '../bundle/file.ts';
import { hasRights, type Standing } from '../bundle/standing.ts';
import { attempt } from '../core/attempt.ts';
import type { FileRights, TargetRecord } from '../store/store.ts';

/** What stands at a path; undefined where there is no file. */
export type Look = (path: string) => Standing | undefined;

/** Of files that were just placed, those that have not got what was asked for: their file system does not keep it. */
export function rightsOf(folder: string, files: readonly OutputFile[], look: Look): FileRights[] {
  return files.flatMap((file) => {
    const now = attempt(() => look(join(folder, file.path)));
    if (now === undefined || hasRights(now, file)) return [];
    const { mode, uid, gid } = now;
    return [{ path: file.path, secret: file.secret, asked: askedOf(file), got: { mode, uid, gid } }];
  });
}

const askedOf = ({ mode, owner }: OutputFile): FileRights['asked'] => ({ mode, owner: owner ?? null });

/** Whether a file has the rights that it is to have, or still those that its file system made of them. */
export function keepsRights(now: Standing, file: OutputFile, rights: readonly FileRights[]): boolean {
  if (hasRights(now, file)) return true;
  const known = rights.find(({ path }) => path === file.path);
  if (known === undefined || !isDeepStrictEqual(known.asked, askedOf(file))) return false;
  const { asked, got } = known;
  return hasRights(now, { mode: got.mode, ...(asked.owner === null ? {} : { owner: got }) });
}

// --- what there is to say of it ----------------------------------------------------------------------------------

/** None where all is as it was asked for. */
export function rightsWarnings({ rights }: Pick<TargetRecord, 'rights'>): string[] {
  const open = rights.filter(isOpen);
  return [...(open.length > 0 ? openWarning(open) : modeWarning(rights)), ...ownerWarning(rights)];
}

/** Others get at what they were not to get at. */
const isOpen = (one: FileRights) => one.secret && added(one) !== 0;

const added = ({ asked, got }: FileRights) => got.mode & ~asked.mode & 0o077;

function openWarning(open: readonly FileRights[]): string[] {
  const everybody = open.some((one) => (added(one) & 0o007) !== 0);
  const groups = [...new Set(open.map(({ got }) => got.gid))].join(', ');
  const who = everybody ? 'every user of this machine' : `group ${groups}`;
  const what = open.map(modesText).join(', ');
  return [
    `this file system does not keep modes: the private key, or what opens it, is readable by ${who}: ${what}. ` +
      'Mount it so that nobody else can read there, or deploy to another folder',
  ];
}

function modeWarning(rights: readonly FileRights[]): string[] {
  const [first, ...others] = rights.filter(({ asked, got }) => asked.mode !== got.mode);
  if (first === undefined) return [];
  return [`this file system does not keep modes: ${modesText(first)}${more(others)}`];
}

function ownerWarning(rights: readonly FileRights[]): string[] {
  const [first, ...others] = rights.filter(isOthers);
  if (first === undefined) return [];
  const { path, asked, got } = first;
  const wanted = asked.owner === null ? '' : `, and not to ${ownerText(asked.owner)}`;
  return [`this file system does not keep owners: ${path} belongs to ${ownerText(got)}${wanted}${more(others)}`];
}

const isOthers = ({ asked: { owner }, got }: FileRights) =>
  owner !== null && (owner.uid !== got.uid || owner.gid !== got.gid);

const modesText = ({ path, asked, got }: FileRights) => `${path} (${modeText(got.mode)}, not ${modeText(asked.mode)})`;

const ownerText = ({ uid, gid }: { readonly uid: number; readonly gid: number }) => `user ${uid} and group ${gid}`;

const more = ({ length }: readonly unknown[]) => (length === 0 ? '' : `, and ${length} more like it`);
