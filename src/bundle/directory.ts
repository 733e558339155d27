/**
 * Writes a bundle in two phases: everything is first written and flushed beside its place, and then takes its place by
 * renaming. Between the two, the caller records what it issued; a failure before leaves nothing behind.
 */
import * as fs from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { createFile, syncFolder, writeError } from '../disk.ts';
import { createFiles } from './create-files.ts';
import type { OutputFile } from './file.ts';
import { commitStage, fillStage, finishInterrupted } from './journal.ts';
import { blocked, encodeManifest, leftoversIn, occupied, readManifest, refuseForeign } from './manifest.ts';
import { foldersAbove, MANIFEST, PRIVATE_FOLDER, PUBLIC_FOLDER } from './paths.ts';
import { isSealedZip } from './seal.ts';

/** Files written beside their places. */
export interface Staged {
  /** Puts the files in their places, and gives their paths. */
  commit(): Promise<string[]>;
  discard(): Promise<void>;
  /** Files of an earlier bundle that stay in the folder beside these: they may belong to another key. */
  readonly leftovers: readonly string[];
}

/** For `stageDirectory` and `stageFile`. */
export interface StageOptions {
  /** Also replace files that local-ca did not make. */
  readonly force?: boolean;
}

/**
 * A new folder appears whole, by one rename. In a folder that exists, files are replaced so that after a crash the next
 * call finishes what was begun. Throws LOCAL_CA_OUTPUT_EXISTS before it writes anything, or LOCAL_CA_OUTPUT_FAILED.
 */
export async function stageDirectory(
  folder: string,
  files: readonly OutputFile[],
  options: StageOptions = {},
): Promise<Staged> {
  return guard(folder, () => {
    const stat = fs.lstatSync(resolve(folder), { throwIfNoEntry: false });
    if (stat === undefined) return stageNew(resolve(folder), folder, files);
    if (stat.isSymbolicLink()) throw blocked(folder, 'is a symbolic link');
    if (!stat.isDirectory()) throw blocked(folder, 'is not a folder');
    finishInterrupted(folder);
    return stageInto(folder, files, options);
  });
}

/** A single file, such as a zip. An older zip of local-ca's own that nobody changed is replaced; nothing else is. */
export async function stageFile(
  path: string,
  bytes: Uint8Array,
  mode: number,
  { force = false }: StageOptions = {},
): Promise<Staged> {
  return guard(path, async () => {
    refuseForeignFile(path, force);
    const parents = makeParents(resolve(path));
    const stage = await makeStage(dirname(resolve(path)), parents);
    const discard = () => removeStage(stage, parents);
    return attempt(discard, () => {
      createFile(join(stage, 'file'), bytes, mode);
      return staged(path, discard, () => {
        refuseForeignFile(path, force);
        fs.renameSync(join(stage, 'file'), path);
        fs.rmdirSync(stage);
        syncFolder(dirname(path));
        return [path];
      });
    });
  });
}

function refuseForeignFile(path: string, force: boolean): void {
  const stat = fs.lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return;
  if (stat.isDirectory()) throw blocked(path, 'is a folder');
  if (force) return;
  if (stat.isFile() && isSealedZip(fs.readFileSync(path))) return;
  throw occupied(path, 'exists, and is not as local-ca made it');
}

// --- a new folder ----------------------------------------------------------------------------------------------

async function stageNew(target: string, folder: string, files: readonly OutputFile[]): Promise<Staged> {
  const parents = makeParents(target);
  const stage = await makeStage(dirname(target), parents);
  const discard = () => removeStage(stage, parents);
  return attempt(discard, async () => {
    const inner = new Set(files.flatMap((file) => foldersAbove(file.path)));
    for (const part of inner) fs.mkdirSync(join(stage, part), { recursive: true, mode: PUBLIC_FOLDER });
    const all = withManifest(folder, files);
    await createFiles(all.map(({ path, bytes, mode }) => ({ path: join(stage, path), bytes, mode })));
    for (const part of inner) openFolder(join(stage, part), files);
    openFolder(stage, files);
    return staged(folder, discard, () => {
      moveFolder(stage, target, folder);
      syncFolder(dirname(target));
      return files.map((file) => join(folder, file.path));
    });
  });
}

/** The stage is its owner's alone while it is filled; then it gets the mode that the folder will have. */
function openFolder(path: string, files: readonly OutputFile[]): void {
  fs.chmodSync(path, files.some((file) => file.secret) ? PRIVATE_FOLDER : PUBLIC_FOLDER);
  syncFolder(path);
}

function moveFolder(stage: string, target: string, folder: string): void {
  try {
    fs.renameSync(stage, target);
  } catch (error) {
    // Somebody made it since. Windows says EPERM.
    if (fs.existsSync(target)) throw blocked(folder, 'appeared meanwhile');
    throw error;
  }
}

// --- a folder that exists --------------------------------------------------------------------------------------

async function stageInto(
  folder: string,
  files: readonly OutputFile[],
  { force = false }: StageOptions,
): Promise<Staged> {
  refuseForeign(folder, files, force);
  const stage = await makeStage(folder, undefined);
  const discard = () => removeStage(stage, undefined);
  return attempt(discard, async () => {
    await fillStage(stage, withManifest(folder, files));
    const commit = () => {
      refuseForeign(folder, files, force);
      commitStage(folder, stage);
      return files.map((file) => join(folder, file.path));
    };
    return { ...staged(folder, discard, commit), leftovers: leftoversIn(folder, files) };
  });
}

// --- shared ----------------------------------------------------------------------------------------------------

function withManifest(folder: string, files: readonly OutputFile[]): OutputFile[] {
  const bytes = encodeManifest(readManifest(folder), files);
  return [...files, { path: MANIFEST, mode: 0o644, secret: false, bytes }];
}

/** The topmost folder that had to be made, if any. Not open to others' writing, whatever the umask. */
const makeParents = (target: string): string | undefined =>
  fs.mkdirSync(dirname(target), { recursive: true, mode: PUBLIC_FOLDER });

const STAGE = '.local-ca-stage-';
const HOUR = 3_600_000;

/** Beside the target, so that renaming stays on one file system; readable by its owner only. */
async function makeStage(beside: string, parents: string | undefined): Promise<string> {
  removeStale(beside);
  const cleanUp = () => removeParents(beside, parents);
  return attempt(cleanUp, () => fs.mkdtempSync(join(beside, STAGE)));
}

/** A run that was killed could not remove its stage, and there may be a key in it. */
function removeStale(beside: string): void {
  try {
    for (const name of fs.readdirSync(beside).filter((entry) => entry.startsWith(STAGE))) {
      const path = join(beside, name);
      if (Date.now() - fs.lstatSync(path).mtimeMs > HOUR) fs.rmSync(path, { recursive: true, force: true });
    }
  } catch {
    // A folder that we may write in but not list, or somebody else's stage: no reason not to go on.
  }
}

function removeStage(stage: string, parents: string | undefined): void {
  fs.rmSync(stage, { recursive: true, force: true });
  removeParents(dirname(stage), parents);
}

/** Upwards from the innermost, as far as they are still empty. */
function removeParents(from: string, topmost: string | undefined): void {
  if (topmost === undefined) return;
  for (let path = from; path.startsWith(topmost); path = dirname(path)) {
    try {
      fs.rmdirSync(path);
    } catch {
      return;
    }
  }
}

function staged(path: string, discard: () => void, commit: () => string[]): Staged {
  return {
    leftovers: [],
    commit: () => guard(path, () => attempt(discard, commit)),
    discard: () => guard(path, discard),
  };
}

/** Cleans up when `action` fails; what it failed with is what matters. */
async function attempt<T>(cleanUp: () => void, action: () => T | Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    try {
      cleanUp();
    } catch {
      // A disk that fails us here has failed already above.
    }
    throw error;
  }
}

async function guard<T>(path: string, action: () => T | Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw writeError(path, error);
  }
}
