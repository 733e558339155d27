/**
 * Takes away what local-ca wrote into a folder, and nothing else. The manifest goes last and says until then what was
 * to be removed, so that a second run completes one that was killed.
 */
import * as fs from 'node:fs';
import { dirname, join } from 'node:path';
import { removeAbandoned } from '../abandoned.ts';
import { canGiveTo, syncFolder, writeError, writeWhole } from '../disk.ts';
import { finishInterrupted } from './journal.ts';
import { type Entry, isFolder, type Manifest, manifestFile, readManifest, sha256 } from './manifest.ts';
import { foldersAbove, MANIFEST } from './paths.ts';
import { isInside, readStanding, type Standing } from './standing.ts';

export interface Removal {
  readonly removed: readonly string[];
  /** What local-ca made and somebody changed since. */
  readonly kept: readonly string[];
}

/**
 * Removes the files that the folder's manifest names and nobody changed; with `only`, no others than these. Folders
 * inside it go when they are empty, and the folder itself if local-ca made it. Throws LOCAL_CA_OUTPUT_FAILED, and
 * LOCAL_CA_OUTPUT_EXISTS when the folder is none, or a link.
 */
export const removeOurs = (folder: string, only?: readonly string[]): Removal =>
  removeWhere(folder, (entry, path) => (only === undefined || only.includes(path) ? undefined : entry));

/**
 * The same for the files of one label. Those that other labels share stay, as theirs; so do those of which nobody said
 * whose they are: one may be a key's only copy.
 */
export const removeLabel = (folder: string, label: string): Removal =>
  removeWhere(folder, (entry) => {
    if (!entry.labels.includes(label)) return entry;
    const labels = entry.labels.filter((one) => one !== label);
    return labels.length === 0 ? undefined : { ...entry, labels };
  });

/** What stays on record of a file that stays; undefined for one that is to go. */
type Rest = (entry: Entry, path: string) => Entry | undefined;

function removeWhere(folder: string, restOf: Rest): Removal {
  try {
    if (!isFolder(folder)) return { removed: [], kept: [] };
    finishInterrupted(folder);
    removeAbandoned(folder);
    return removeFrom(folder, readManifest(folder), restOf);
  } catch (error) {
    throw writeError(folder, error);
  }
}

function removeFrom(folder: string, manifest: Manifest, restOf: Rest): Removal {
  const rests = [...manifest.files].map(([path, entry]) => [path, restOf(entry, path)] as const);
  const wanted = rests.flatMap(([path, rest]) => (rest === undefined ? [path] : []));
  const fates = wanted.map((path) => ({ path, fate: fateOf(folder, path, manifest.files.get(path)?.sha256) }));
  const pathsOf = (fate: Fate) => fates.filter((one) => one.fate === fate).map(({ path }) => path);
  const [removed, kept] = [pathsOf('ours'), pathsOf('changed')];
  for (const path of removed) fs.rmSync(join(folder, path), { force: true });
  const gone = new Set(fates.filter(({ fate }) => fate !== 'changed').map(({ path }) => path));
  removeFolders(folder, [...gone]);
  const left = [...manifest.files].filter(([path]) => !gone.has(path));
  const known = new Map(rests);
  record(folder, manifest, new Map(left.map(([path, entry]) => [path, known.get(path) ?? entry])));
  return { removed: removed.map((path) => join(folder, path)), kept: kept.map((path) => join(folder, path)) };
}

type Fate = 'ours' | 'changed' | 'gone';

function fateOf(folder: string, path: string, hash: string | undefined): Fate {
  const target = join(folder, path);
  if (!isInside(folder, path)) return 'changed';
  if (fs.lstatSync(target, { throwIfNoEntry: false }) === undefined) return 'gone';
  const standing = readStanding(target);
  return standing !== undefined && sha256(standing.bytes) === hash ? 'ours' : 'changed';
}

/** Those inside the folder that the files left empty; and makes durable that the files are gone. */
function removeFolders(folder: string, paths: readonly string[]): void {
  const inner = [...new Set(paths.flatMap(foldersAbove))].sort((a, b) => b.length - a.length);
  for (const path of inner) removeIfEmpty(join(folder, path));
  for (const path of [...inner, '']) if (fs.existsSync(join(folder, path))) syncFolder(join(folder, path));
}

function removeIfEmpty(path: string): void {
  try {
    fs.rmdirSync(path);
  } catch {
    // Somebody's files are in it, or it is a mount point: it stays.
  }
}

/** What is left; and takes the record away when that is nothing. */
function record(folder: string, { files: before, ownFolder }: Manifest, files: Manifest['files']): void {
  const path = join(folder, MANIFEST);
  const standing = readStanding(path);
  if (standing === undefined) return;
  if (files.size > 0) {
    const isNews = [...before].some(([one, entry]) => files.get(one) !== entry);
    if (isNews) rewrite(path, manifestFile({ files, ownFolder }).bytes, standing);
    return;
  }
  fs.rmSync(path, { force: true });
  if (ownFolder) removeIfEmpty(folder);
  syncFolder(fs.existsSync(folder) ? folder : dirname(folder));
}

const rewrite = (path: string, bytes: Uint8Array, { mode, uid, gid }: Standing) =>
  writeWhole(path, bytes, mode, { replace: true, ...(canGiveTo({ uid, gid }) ? { owner: { uid, gid } } : {}) });
