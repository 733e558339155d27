/**
 * What stood in a folder before local-ca wrote into it, so that it can be brought back when a server does not come up
 * with the new files. The copies are complete or absent, and the first ones stay: a run that was cut short may have
 * replaced half of the folder, and its successor must not take that for what was there before.
 */
import * as fs from 'node:fs';
import { dirname, join } from 'node:path';
import * as v from 'valibot';
import { removeAbandoned } from '../abandoned.ts';
import { canGiveTo, type Owner, posix, readAtMost, syncFolder, writeError, writeWhole } from '../disk.ts';
import { LocalCaError } from '../errors.ts';
import { createFiles } from './create-files.ts';
import { defaultMode, type OutputFile } from './file.ts';
import { commitStage, fillStage, finishInterrupted } from './journal.ts';
import {
  blocked,
  EntrySchema,
  isFolder,
  type Manifest,
  manifestFile,
  readManifest,
  refuseForeign,
  refuseParents,
} from './manifest.ts';
import { MANIFEST, PRIVATE_FOLDER } from './paths.ts';
import { removeOurs } from './remove.ts';
import { attempt, guard, makeStage } from './stage.ts';
import { readStanding, type Standing, standsAs } from './standing.ts';

const INDEX = 'index.json';
const INDEX_LIMIT = 1 << 20;

const IndexSchema = v.object({
  version: v.literal(1),
  files: v.array(
    v.object({
      path: v.string(),
      /** The copy's name. */
      copy: v.pipe(v.string(), v.regex(/^\d+$/)),
      mode: v.number(),
      uid: v.number(),
      gid: v.number(),
      /** What the manifest said of it, if local-ca had written it. */
      recorded: v.optional(EntrySchema),
    }),
  ),
  /** Bringing back means to remove these. */
  absent: v.array(v.string()),
});

type Index = v.InferOutput<typeof IndexSchema>;

/** Whether there are complete copies. */
export const hasPrevious = (from: string): boolean => fs.existsSync(join(from, INDEX));

/**
 * Copies those of the files that stand in the folder to `into`, a folder that only its owner can read. Where there are
 * complete copies already, it adds what they do not cover: an attempt that was cut short left that alone. Throws
 * LOCAL_CA_OUTPUT_EXISTS for a link or a folder in the place of a file, and LOCAL_CA_OWNER_DENIED for a file that could
 * not be given back to its owner.
 */
export async function keepPrevious(folder: string, paths: readonly string[], into: string): Promise<void> {
  if (hasPrevious(into)) return keepMore(folder, paths, into);
  const standing = readAll(folder, paths);
  await guard(into, async () => {
    fs.rmSync(into, { recursive: true, force: true });
    fs.mkdirSync(dirname(into), { recursive: true, mode: PRIVATE_FOLDER });
    const stage = await makeStage(dirname(into), undefined);
    await attempt(stage.discard, async () => {
      const index = indexOf(folder, paths, standing);
      await writeCopies(stage.path, standing, index);
      await createFiles([{ path: join(stage.path, INDEX), bytes: indexBytes(index), mode: defaultMode(true) }]);
      syncFolder(stage.path);
      fs.renameSync(stage.path, into);
      stage.release();
      syncFolder(dirname(into));
    });
  });
}

/** The index goes last, and at once: until then the copies are those that it had. */
async function keepMore(folder: string, paths: readonly string[], into: string): Promise<void> {
  const index = readIndex(into);
  const covered = new Set([...index.files.map(({ path }) => path), ...index.absent]);
  const missing = paths.filter((path) => !covered.has(path));
  if (missing.length === 0) return;
  const standing = readAll(folder, missing);
  const more = indexOf(folder, missing, standing, index.files.length);
  await guard(into, async () => {
    // Of an attempt at the same that was cut short.
    for (const { copy } of more.files) fs.rmSync(join(into, copy), { force: true });
    await writeCopies(into, standing, more);
    syncFolder(into);
    const all = { ...index, files: [...index.files, ...more.files], absent: [...index.absent, ...more.absent] };
    writeWhole(join(into, INDEX), indexBytes(all), defaultMode(true), { replace: true });
  });
}

function readAll(folder: string, paths: readonly string[]): Map<string, Standing> {
  if (!isFolder(folder)) return new Map();
  finishInterrupted(folder);
  return new Map(
    paths.flatMap((path) => {
      refuseParents(folder, path);
      const standing = readExisting(join(folder, path));
      return standing === undefined ? [] : [[path, standing] as const];
    }),
  );
}

function readExisting(path: string): Standing | undefined {
  if (fs.lstatSync(path, { throwIfNoEntry: false }) === undefined) return undefined;
  const standing = readCopy(path);
  if (posix && !canGiveTo(standing)) throw notGivenBack(path, standing);
  return standing;
}

function readCopy(path: string): Standing {
  const standing = readStanding(path);
  if (standing === undefined) throw blocked(path, 'is not a file');
  return standing;
}

const notGivenBack = (path: string, { uid, gid }: Owner) =>
  new LocalCaError(
    'LOCAL_CA_OWNER_DENIED',
    `${path} belongs to user ${uid} and group ${gid}, and could not be given back to them`,
    'Run local-ca as root, or as that user.',
  );

/** The copies' names are numbers, from `first` on. */
function indexOf(folder: string, paths: readonly string[], standing: ReadonlyMap<string, Standing>, first = 0): Index {
  const { files } = readManifest(folder);
  return {
    version: 1,
    files: [...standing].map(([path, { mode, uid, gid }], i) => {
      const recorded = files.get(path);
      return { path, copy: String(first + i), mode, uid, gid, ...(recorded === undefined ? {} : { recorded }) };
    }),
    absent: paths.filter((path) => !standing.has(path)),
  };
}

const indexBytes = (index: Index) => new TextEncoder().encode(JSON.stringify(index));

async function writeCopies(into: string, standing: ReadonlyMap<string, Standing>, { files }: Index): Promise<void> {
  const bytes = [...standing.values()].map((one) => one.bytes);
  const mode = defaultMode(true);
  await createFiles(files.map(({ copy }, i) => ({ path: join(into, copy), bytes: bytes[i] as Uint8Array, mode })));
}

/**
 * Puts the copies back, all of them or none, and removes what was not there before, if it is local-ca's and nobody
 * changed it. A second call completes one that was killed. Throws LOCAL_CA_OUTPUT_EXISTS before it changes anything
 * when one of the files was changed meanwhile.
 */
export async function restorePrevious(folder: string, from: string): Promise<void> {
  const index = readIndex(from);
  const files = index.files.map((file) => previousFile(from, file));
  await guard(folder, async () => {
    if (!isFolder(folder) && files.length > 0) throw vanished(folder);
    if (files.length > 0) await putBack(folder, files, index);
    removeOurs(folder, index.absent);
  });
}

function previousFile(from: string, { path, copy, mode, uid, gid }: Index['files'][number]): OutputFile {
  const { bytes } = readCopy(join(from, copy));
  return { path, bytes, mode, secret: true, ...(posix ? { owner: { uid, gid } } : {}) };
}

async function putBack(folder: string, files: readonly OutputFile[], index: Index): Promise<void> {
  finishInterrupted(folder);
  const changed = files.filter((file) => !standsAs(join(folder, file.path), file));
  refuseForeign(folder, changed, false);
  if (changed.length === 0) return;
  const stage = await makeStage(folder, undefined);
  await attempt(stage.discard, async () => {
    await fillStage(stage.path, [...changed, previousManifest(folder, index)]);
    stage.release();
    commitStage(folder, stage.path);
  });
}

/** Of the files that come back, it knows those that it knew. */
function previousManifest(folder: string, index: Index): OutputFile {
  const { files, ownFolder } = readManifest(folder);
  const back = new Set(index.files.map(({ path }) => path));
  const known = index.files.flatMap(({ path, recorded }) =>
    recorded === undefined ? [] : [[path, recorded] as const],
  );
  const others = [...files].filter(([path]) => !back.has(path));
  const manifest: Manifest = { files: new Map([...others, ...known]), ownFolder };
  const { uid, gid } = readStanding(join(folder, MANIFEST)) ?? {};
  return manifestFile(manifest, uid === undefined || gid === undefined || !posix ? undefined : { uid, gid });
}

function readIndex(from: string): Index {
  const path = join(from, INDEX);
  const text = new TextDecoder().decode(readAtMost(path, INDEX_LIMIT));
  try {
    return v.parse(IndexSchema, JSON.parse(text));
  } catch (cause) {
    throw new LocalCaError(
      'LOCAL_CA_OUTPUT_FAILED',
      `${path} is damaged, and says what stood in a folder before`,
      `Put the files in ${from} back by hand, and remove it.`,
      { cause },
    );
  }
}

const vanished = (folder: string) =>
  new LocalCaError(
    'LOCAL_CA_OUTPUT_FAILED',
    `cannot write ${folder}: the folder is no longer there`,
    'Make it again, or mount its disk, and try again.',
  );

/** Removes the copies; what is left by a process that was killed meanwhile counts for none. */
export function dropPrevious(from: string): void {
  try {
    fs.rmSync(join(from, INDEX), { force: true });
    fs.rmSync(from, { recursive: true, force: true });
    removeAbandoned(dirname(from));
  } catch (error) {
    throw writeError(from, error);
  }
}
