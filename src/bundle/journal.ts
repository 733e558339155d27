/**
 * Replaces several files of a folder so that a crash at any instant leaves the old ones, or new ones that the next run
 * completes: a key and its certificate do not stay apart.
 *
 * The new files wait in a stage together with a journal that says where they belong. Renaming the stage to
 * `.local-ca-commit` is the commit: it happens whole, and by one process only, since a folder does not replace a filled
 * one. From then on the files move to their places, by whoever comes by. That may be two processes at once: a file's
 * name in the stage is that stage's alone, so the second one finds it moved and goes on.
 */
import * as fs from 'node:fs';
import { basename, dirname, join } from 'node:path';
import * as v from 'valibot';
import { errno, type Owner, syncFolder, writeError, writeWhole } from '../disk.ts';
import { LocalCaError } from '../errors.ts';
import { createFiles, type NewFile, newFile } from './create-files.ts';
import { defaultMode, type OutputFile } from './file.ts';
import { checkBundlePath, MANIFEST, PUBLIC_FOLDER } from './paths.ts';
import { readStanding, standsAs } from './standing.ts';

const COMMIT = '.local-ca-commit';

const JournalSchema = v.array(
  v.object({
    from: v.pipe(v.string(), v.regex(/^[\w-]+$/)),
    to: v.string(),
    owner: v.optional(v.object({ uid: v.number(), gid: v.number() })),
  }),
);

type Move = v.InferOutput<typeof JournalSchema>[number];

/** Fills a stage with the files and its journal. */
export async function fillStage(stage: string, files: readonly OutputFile[]): Promise<void> {
  const id = basename(stage).replace(/^\W*/, '').replace(/\W/g, '-');
  const moves = files.map(({ path, owner }, i) => ({ from: `${id}-${i}`, to: path, owner }));
  const journal = new TextEncoder().encode(JSON.stringify(moves));
  await createFiles([
    ...files.map((file, i) => ({ ...newFile(file), path: join(stage, `${id}-${i}`) })),
    { path: join(stage, `${id}.json`), bytes: journal, mode: defaultMode(true) },
  ]);
  syncFolder(stage);
}

/** The point of no return, and what follows from it. */
export function commitStage(folder: string, stage: string): void {
  // Each turn means that another process committed in between, and that its files are in place now.
  while (!tryRename(stage, join(folder, COMMIT))) finishInterrupted(folder);
  syncFolder(folder);
  finishInterrupted(folder);
}

function tryRename(stage: string, commit: string): boolean {
  try {
    fs.renameSync(stage, commit);
    return true;
  } catch (error) {
    // Windows says EPERM, for an empty folder too.
    if (fs.existsSync(commit)) return false;
    throw error;
  }
}

/** The paths of the files that wait in a filled stage. */
export function stagedPaths(stage: string): string[] {
  const journal = fs.readdirSync(stage).find((name) => name.endsWith('.json'));
  if (journal === undefined) return [];
  const path = join(stage, journal);
  return readJournal(path, fs.readFileSync(path, 'utf8')).map(({ to }) => to);
}

/** Whether a run was cut short there between its commit and its end. */
export const isCommitted = (folder: string): boolean => fs.existsSync(join(folder, COMMIT));

/** Completes what a run that was cut short had committed in this folder. */
export function finishInterrupted(folder: string): void {
  const commit = join(folder, COMMIT);
  const names = unless(['ENOENT'], () => fs.readdirSync(commit));
  if (names === undefined) return;
  const journal = names.find((name) => name.endsWith('.json'));
  if (journal !== undefined) moveAll(folder, journal);
  // Another process may have come first, or may already have put its own stage there.
  unless(['ENOENT', 'ENOTEMPTY', 'EEXIST'], () => fs.rmdirSync(commit));
  syncFolder(folder);
}

function moveAll(folder: string, journal: string): void {
  const path = join(folder, COMMIT, journal);
  const text = unless(['ENOENT'], () => fs.readFileSync(path, 'utf8'));
  if (text === undefined) return;
  const moves = readJournal(path, text);
  for (const one of moves) {
    if (one.to !== MANIFEST) checkBundlePath(one.to);
    move(join(folder, COMMIT, one.from), join(folder, one.to), one.owner);
  }
  for (const part of new Set(moves.map(({ to }) => dirname(join(folder, to))))) syncFolder(part);
  unless(['ENOENT'], () => fs.unlinkSync(path));
}

function readJournal(path: string, text: string): Move[] {
  try {
    return v.parse(JournalSchema, JSON.parse(text));
  } catch (cause) {
    throw new LocalCaError(
      'LOCAL_CA_OUTPUT_FAILED',
      `${path} is damaged, and says what an interrupted run had still to do`,
      `Move the files in ${dirname(path)} to their places by hand, and remove it.`,
      { cause },
    );
  }
}

function move(from: string, to: string, owner: Owner | undefined): void {
  try {
    const staged = readStanding(from);
    // Another process moved it.
    if (staged === undefined) return;
    makeFolder(dirname(to), owner);
    const file = owner === undefined ? { bytes: staged.bytes, mode: staged.mode } : { ...staged, owner };
    unless(['ENOENT'], () => (standsAs(to, file) ? fs.unlinkSync(from) : rename(from, to, file)));
  } catch (error) {
    throw writeError(to, error);
  }
}

/** With the owner of the file that it is made for. */
function makeFolder(path: string, owner: Owner | undefined): void {
  const first = fs.mkdirSync(path, { recursive: true, mode: PUBLIC_FOLDER });
  if (first === undefined || owner === undefined) return;
  for (let one = path; one.startsWith(first); one = dirname(one)) fs.chownSync(one, owner.uid, owner.gid);
}

function rename(from: string, to: string, { bytes, mode, owner }: Omit<NewFile, 'path'>): void {
  try {
    fs.renameSync(from, to);
  } catch (error) {
    if (errno(error) !== 'EXDEV') throw error;
    // A folder inside this one is on another disk.
    writeWhole(to, bytes, mode, { replace: true, ...(owner === undefined ? {} : { owner }) });
    fs.unlinkSync(from);
  }
}

/** What `action` gives; undefined when it fails in one of these ways. */
function unless<T>(codes: readonly string[], action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    if (codes.includes(errno(error))) return undefined;
    throw error;
  }
}
