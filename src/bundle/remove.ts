/**
 * Takes away what local-ca wrote into a folder, and nothing else. The manifest goes last and says until then what was
 * to be removed, so that a second run completes one that was killed.
 */
import * as fs from 'node:fs';
import { dirname, join } from 'node:path';
import { removeAbandoned } from '../abandoned.ts';
import { canGiveTo, syncFolder, writeError, writeWhole } from '../disk.ts';
import { finishInterrupted } from './journal.ts';
import { isFolder, type Manifest, manifestFile, readManifest, sha256 } from './manifest.ts';
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
export function removeOurs(folder: string, only?: readonly string[]): Removal {
  try {
    if (!isFolder(folder)) return { removed: [], kept: [] };
    finishInterrupted(folder);
    removeAbandoned(folder);
    return removeFrom(folder, readManifest(folder), only);
  } catch (error) {
    throw writeError(folder, error);
  }
}

function removeFrom(folder: string, manifest: Manifest, only: readonly string[] | undefined): Removal {
  const wanted = [...manifest.files].filter(([path]) => only === undefined || only.includes(path));
  const fates = wanted.map(([path, hash]) => ({ path, fate: fateOf(folder, path, hash) }));
  const pathsOf = (fate: Fate) => fates.filter((one) => one.fate === fate).map(({ path }) => path);
  const [removed, kept] = [pathsOf('ours'), pathsOf('changed')];
  for (const path of removed) fs.rmSync(join(folder, path), { force: true });
  const gone = fates.filter(({ fate }) => fate !== 'changed').map(({ path }) => path);
  removeFolders(folder, gone);
  forget(folder, manifest, new Set(gone));
  return { removed: removed.map((path) => join(folder, path)), kept: kept.map((path) => join(folder, path)) };
}

type Fate = 'ours' | 'changed' | 'gone';

function fateOf(folder: string, path: string, hash: string): Fate {
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

/** Takes files off the record, and the record away when it has no more. */
function forget(folder: string, { files, ownFolder }: Manifest, gone: ReadonlySet<string>): void {
  const path = join(folder, MANIFEST);
  const standing = readStanding(path);
  if (standing === undefined) return;
  const left: Manifest = { files: new Map([...files].filter(([one]) => !gone.has(one))), ownFolder };
  if (left.files.size > 0) {
    if (left.files.size < files.size) rewrite(path, manifestFile(left).bytes, standing);
    return;
  }
  fs.rmSync(path, { force: true });
  if (ownFolder) removeIfEmpty(folder);
  syncFolder(fs.existsSync(folder) ? folder : dirname(folder));
}

const rewrite = (path: string, bytes: Uint8Array, { mode, uid, gid }: Standing) =>
  writeWhole(path, bytes, mode, { replace: true, ...(canGiveTo({ uid, gid }) ? { owner: { uid, gid } } : {}) });
