/**
 * Takes away what local-ca wrote into a folder, and nothing else. The manifest goes last and says until then what was
 * to be removed, so that a second run completes one that was killed.
 */
import * as fs from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { removeAbandoned } from '../abandoned.ts';
import { canGiveTo, errno, syncFolder, writeError, writeWhole } from '../disk.ts';
import { LocalCaError } from '../errors.ts';
import { inParents, type OpenFolder, openFolder, within } from '../held-folder.ts';
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
    return within(openFolder(resolve(folder)), (above) => removeFrom({ folder, above }, restOf));
  } catch (error) {
    throw writeError(folder, error);
  }
}

interface Place {
  /** As errors name it. */
  readonly folder: string;
  readonly above: OpenFolder;
}

function removeFrom(place: Place, restOf: Rest): Removal {
  const manifest = readManifest(place.above.at);
  const rests = [...manifest.files].map(([path, entry]) => [path, restOf(entry, path)] as const);
  const wanted = rests.flatMap(([path, rest]) => (rest === undefined ? [path] : []));
  const fates = wanted.map((path) => ({ path, fate: remove(place, path, manifest.files.get(path)?.sha256) }));
  const gone = new Set(fates.filter(({ fate }) => fate !== 'changed').map(({ path }) => path));
  removeFolders(place.above, [...gone]);
  const left = [...manifest.files].filter(([path]) => !gone.has(path));
  const known = new Map(rests);
  record(place, manifest, new Map(left.map(([path, entry]) => [path, known.get(path) ?? entry])));
  const pathsOf = (fate: Fate) => fates.filter((one) => one.fate === fate).map(({ path }) => join(place.folder, path));
  return { removed: pathsOf('removed'), kept: pathsOf('changed') };
}

type Fate = 'removed' | 'changed' | 'gone';

/** Unless somebody changed it. The folders on the way are held: none of them is another by the time that it goes. */
function remove({ folder, above }: Place, path: string, hash: string | undefined): Fate {
  if (!isInside(above.at, path)) return 'changed';
  try {
    return inParents(above, path.split('/'), (target) => removeFile(target, join(folder, path), hash));
  } catch (error) {
    if (errno(error) === 'ENOENT') return 'gone';
    if (CHANGED.includes(errno(error))) return 'changed';
    throw error;
  }
}

/** What is said of a link, or a file, in a folder's place; and of a file that is larger than any of ours. */
const CHANGED = ['ENOTDIR', 'ELOOP', 'LOCAL_CA_INPUT_TOO_LARGE'];

function removeFile(target: string, name: string, hash: string | undefined): Fate {
  if (fs.lstatSync(target, { throwIfNoEntry: false }) === undefined) return 'gone';
  const standing = readStanding(target, name);
  if (standing === undefined || sha256(standing.bytes) !== hash) return 'changed';
  fs.unlinkSync(target);
  return 'removed';
}

/** Those inside the folder that the files left empty; and makes durable that the files are gone. */
function removeFolders(above: OpenFolder, paths: readonly string[]): void {
  const inner = [...new Set(paths.flatMap(foldersAbove))].sort((a, b) => b.length - a.length);
  for (const path of inner) {
    try {
      inParents(above, path.split('/'), (target) => removeIfEmpty(target) || within(openFolder(target), sync));
    } catch (error) {
      // It has gone, or is something else by now.
      if (!['ENOENT', 'ENOTDIR', 'ELOOP'].includes(errno(error))) throw error;
    }
  }
  sync(above);
}

const sync = ({ at }: OpenFolder) => syncFolder(at);

/** False where somebody's files are in it, or it is a mount point: it stays. */
function removeIfEmpty(path: string): boolean {
  try {
    fs.rmdirSync(path);
    return true;
  } catch {
    return false;
  }
}

/** What is left; and takes the record away when that is nothing. */
function record(place: Place, { files: before, ownFolder }: Manifest, files: Manifest['files']): void {
  const { folder, above } = place;
  const path = join(above.at, MANIFEST);
  const standing = readStanding(path, join(folder, MANIFEST));
  if (standing === undefined) return;
  if (files.size > 0) {
    const isNews = [...before].some(([one, entry]) => files.get(one) !== entry);
    if (isNews) rewrite(place, manifestFile({ files, ownFolder }).bytes, standing);
    return;
  }
  fs.rmSync(path, { force: true });
  if (ownFolder && removeIfEmpty(folder)) syncFolder(dirname(folder));
  else sync(above);
}

function rewrite({ folder, above }: Place, bytes: Uint8Array, { mode, uid, gid }: Standing): void {
  const owner = canGiveTo({ uid, gid }) ? { owner: { uid, gid } } : {};
  try {
    writeWhole(join(above.at, MANIFEST), bytes, mode, { replace: true, ...owner });
  } catch (error) {
    throw writeError(join(folder, MANIFEST), error instanceof LocalCaError ? error.cause : error);
  }
}
