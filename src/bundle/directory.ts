/**
 * Writes a bundle in two phases: everything is first written and flushed beside its place, and then takes its place by
 * renaming. Between the two, the caller records what it issued; a failure before leaves nothing behind.
 */
import * as fs from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { createFile, type Owner, syncFolder } from '../disk.ts';
import { within } from '../held-folder.ts';
import { createFiles, newFile } from './create-files.ts';
import type { OutputFile } from './file.ts';
import { commitStage, fillStage, finishInterrupted } from './journal.ts';
import {
  addFiles,
  blocked,
  isFolder,
  leftoversIn,
  type Manifest,
  manifestFile,
  occupied,
  readManifest,
  refuseForeign,
} from './manifest.ts';
import { openOwnFolder } from './open-folder.ts';
import { foldersAbove, PRIVATE_FOLDER, PUBLIC_FOLDER } from './paths.ts';
import { isSealedZip } from './seal.ts';
import { attempt, guard, makeParents, makeStage, removeParents, type Stage } from './stage.ts';

/** Files written beside their places. */
export interface Staged {
  /** Where they wait. */
  readonly stage: string;
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
  /** Of the certificate that the files are for: others' files in the same folder are not taken for its own. */
  readonly label?: string | undefined;
  /** Whether a file that is not on record in the folder is ours all the same. */
  readonly claims?: (standing: Uint8Array) => boolean;
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
    if (!isFolder(folder)) return stageNew(resolve(folder), folder, files, options);
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
    const stage = await makeStage(folderThatStands(resolve(path)), undefined);
    return attempt(stage.discard, () => {
      within(openOwnFolder(stage.path), ({ at }) => createFile(join(at, 'file'), bytes, mode));
      return staged(path, stage, () => commitFile(stage.path, path, force));
    });
  });
}

/**
 * The innermost folder above a path that stands already. The others are made at commit: one of them may be a folder
 * that waits in a stage of its own, and takes its place by renaming. Throws where they could not be made.
 */
function folderThatStands(path: string): string {
  let folder = dirname(path);
  // A drive that is not there has nothing above it.
  while (fs.lstatSync(folder, { throwIfNoEntry: false }) === undefined && folder !== dirname(folder)) {
    folder = dirname(folder);
  }
  // Below a folder that is missing, the system does not look at a name, nor see that it is too long.
  for (const name of relative(folder, path).split(sep)) fs.lstatSync(join(folder, name), { throwIfNoEntry: false });
  return folder;
}

export async function commitFile(stage: string, path: string, force: boolean): Promise<string[]> {
  refuseForeignFile(path, force);
  const parents = makeParents(resolve(path));
  return attempt(
    () => removeParents(dirname(resolve(path)), parents),
    () => {
      fs.renameSync(join(stage, 'file'), path);
      fs.rmdirSync(stage);
      syncFolder(dirname(path));
      return [path];
    },
  );
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

async function stageNew(
  target: string,
  folder: string,
  files: readonly OutputFile[],
  { label }: StageOptions,
): Promise<Staged> {
  const parents = makeParents(target);
  const stage = await makeStage(dirname(target), parents);
  return attempt(stage.discard, async () => {
    await fillNew(stage.path, files, label);
    return staged(folder, stage, () => {
      moveFolder(stage.path, target, folder);
      return files.map((file) => join(folder, file.path));
    });
  });
}

async function fillNew(path: string, files: readonly OutputFile[], label: string | undefined): Promise<void> {
  const stage = openOwnFolder(path);
  try {
    const inner = [...new Set(files.flatMap((file) => foldersAbove(file.path)))];
    for (const part of inner) fs.mkdirSync(join(stage.at, part), { recursive: true, mode: PUBLIC_FOLDER });
    const all = withManifest({ files: new Map(), ownFolder: true }, files, label);
    await createFiles(all.map((file) => ({ ...newFile(file), path: join(stage.at, file.path) })));
    // The outermost last: until then nobody else gets at those inside it.
    for (const part of [...inner, '.']) setUp(join(stage.at, part), files);
  } finally {
    stage.close();
  }
}

/** The stage is ours alone while it is filled; then it gets the mode and the owner that the folder will have. */
function setUp(path: string, files: readonly OutputFile[]): void {
  fs.chmodSync(path, files.some((file) => file.secret) ? PRIVATE_FOLDER : PUBLIC_FOLDER);
  const owner = ownerOf(files);
  if (owner !== undefined) fs.chownSync(path, owner.uid, owner.gid);
  syncFolder(path);
}

/** Of a stage with all that a new folder will have. */
export function moveFolder(stage: string, target: string, folder: string): void {
  try {
    fs.renameSync(stage, target);
  } catch (error) {
    // Somebody made it since. Windows says EPERM.
    if (fs.existsSync(target)) throw blocked(folder, 'appeared meanwhile');
    throw error;
  }
  syncFolder(dirname(target));
}

// --- a folder that exists --------------------------------------------------------------------------------------

async function stageInto(
  folder: string,
  files: readonly OutputFile[],
  { force = false, label, claims }: StageOptions,
): Promise<Staged> {
  refuseForeign(folder, files, force, claims);
  const stage = await makeStage(folder, undefined);
  return attempt(stage.discard, async () => {
    await fillStage(stage.path, withManifest(readManifest(folder), files, label));
    const commit = () => {
      refuseForeign(folder, files, force, claims);
      commitStage(folder, stage.path);
      return files.map((file) => join(folder, file.path));
    };
    return { ...staged(folder, stage, commit), leftovers: leftoversIn(folder, files) };
  });
}

// --- shared ----------------------------------------------------------------------------------------------------

function withManifest(known: Manifest, files: readonly OutputFile[], label: string | undefined): OutputFile[] {
  return [...files, manifestFile(addFiles(known, files, label), ownerOf(files))];
}

/** Of what holds them: files with owners are all for the same one. */
const ownerOf = (files: readonly OutputFile[]): Owner | undefined =>
  files.find((file) => file.owner !== undefined)?.owner;

function staged(path: string, stage: Stage, commit: () => string[] | Promise<string[]>): Staged {
  const { discard, release } = stage;
  const committed = () => {
    release();
    return commit();
  };
  return {
    stage: stage.path,
    leftovers: [],
    commit: () => guard(path, () => attempt(discard, committed)),
    discard: () => guard(path, discard),
  };
}
