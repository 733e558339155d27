/**
 * Replaces several files of a folder so that a crash at any instant leaves the old ones, or new ones that the next run
 * completes: a key and its certificate do not stay apart.
 *
 * The new files wait in a stage together with a journal that says where they belong. Renaming the stage to
 * `.local-ca-commit` is the commit: it happens whole, and by one process only, since a folder does not replace a filled
 * one. From then on the files move to their places, by whoever comes by. That may be two processes at once: a file's
 * name in the stage is that stage's alone, so the second one finds it moved and goes on.
 *
 * The folder may belong to a server's user, and the run to root. So nothing is believed of a stage or a
 * `.local-ca-commit` that somebody else could have made, and no link that leads out of the folder is followed.
 */
import * as fs from 'node:fs';
import { basename, dirname, join } from 'node:path';
import * as v from 'valibot';
import { temporaryName } from '../abandoned.ts';
import { createFile, errno, type Owner, syncFolder, writeError } from '../disk.ts';
import { LocalCaError } from '../errors.ts';
import { inParents, type OpenFolder, openFolder, within } from '../held-folder.ts';
import { createFiles, type NewFile, newFile } from './create-files.ts';
import { defaultMode, type OutputFile } from './file.ts';
import { refuseParents } from './manifest.ts';
import { giveFolder, openOwnFolder } from './open-folder.ts';
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
  const { at, close } = openOwnFolder(stage);
  try {
    await createFiles([
      ...files.map((file, i) => ({ ...newFile(file), path: join(at, `${id}-${i}`) })),
      { path: join(at, `${id}.json`), bytes: journal, mode: defaultMode(true) },
    ]);
    syncFolder(at);
  } finally {
    close();
  }
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

/** The files that wait in a filled stage, with the paths that they are for. */
export function stagedFiles(stage: string): Pick<OutputFile, 'path' | 'bytes'>[] {
  const journal = fs.readdirSync(stage).find((name) => name.endsWith('.json'));
  if (journal === undefined) return [];
  const path = join(stage, journal);
  const moves = readJournal(path, new TextDecoder().decode(readStanding(path)?.bytes));
  return moves.map(({ from, to }) => ({ path: to, bytes: readStanding(join(stage, from))?.bytes ?? new Uint8Array() }));
}

/** Whether a run was cut short there between its commit and its end. What somebody else put there is no sign of it. */
export function isCommitted(folder: string): boolean {
  try {
    openOwnFolder(join(folder, COMMIT)).close();
    return true;
  } catch {
    // None, or one that is for `finishInterrupted` to refuse.
    return false;
  }
}

/** Completes what a run that was cut short had committed in this folder. Throws LOCAL_CA_OUTPUT_FAILED. */
export function finishInterrupted(folder: string): void {
  try {
    // A link that leads to the folder is the caller's to refuse; one that takes its place from here on is not followed.
    within(openFolder(fs.realpathSync(folder)), (above) => finishIn(above, folder));
  } catch (error) {
    if (errno(error) !== 'ENOENT') throw writeError(join(folder, COMMIT), error);
  }
}

function finishIn(above: OpenFolder, folder: string): void {
  const path = join(above.at, COMMIT);
  const commit = unless(['ENOENT'], () => openOwnFolder(path, join(folder, COMMIT)));
  if (commit === undefined) return;
  within(commit, () => {
    const names = unless(['ENOENT'], () => fs.readdirSync(commit.at)) ?? [];
    const journal = names.find((name) => name.endsWith('.json'));
    if (journal !== undefined) moveAll({ folder, above, commit }, journal);
    // The journal goes last: files without one would be there for ever, and in the way of every commit.
    else if (names.length > 0) throw damagedCommit(join(folder, COMMIT));
  });
  // Another process may have come first, or may already have put its own stage there.
  unless(['ENOENT', 'ENOTEMPTY', 'EEXIST'], () => fs.rmdirSync(path));
  syncFolder(above.at);
}

interface Place {
  /** As errors name it. */
  readonly folder: string;
  readonly above: OpenFolder;
  readonly commit: OpenFolder;
}

function moveAll(place: Place, journal: string): void {
  const { folder, commit } = place;
  const path = join(commit.at, journal);
  const text = unless(['ENOENT'], () => fs.readFileSync(path, 'utf8'));
  if (text === undefined) return;
  const moves = readJournal(join(folder, COMMIT, journal), text);
  for (const one of moves) {
    if (one.to !== MANIFEST) checkBundlePath(one.to);
    move(place, one);
  }
  // Somebody may have removed such a folder with what was moved into it.
  for (const part of new Set(moves.map(({ to }) => dirname(join(folder, to)))))
    unless(['ENOENT'], () => syncFolder(part));
  unless(['ENOENT'], () => fs.unlinkSync(path));
}

function readJournal(path: string, text: string): Move[] {
  try {
    return v.parse(JournalSchema, JSON.parse(text));
  } catch (cause) {
    throw new LocalCaError(
      'LOCAL_CA_OUTPUT_FAILED',
      `${path} is damaged, and says what an interrupted run had still to do`,
      byHand(dirname(path)),
      { cause },
    );
  }
}

const damagedCommit = (path: string) =>
  new LocalCaError('LOCAL_CA_OUTPUT_FAILED', `${path} has files that no journal names`, byHand(path));

const byHand = (path: string) => `Move the files in ${path} to their places by hand, and remove it.`;

function move({ folder, above, commit }: Place, { from: name, to, owner }: Move): void {
  const from = join(commit.at, name);
  try {
    const staged = readStanding(from);
    // Another process moved it.
    if (staged === undefined) return;
    refuseParents(folder, to);
    const file = owner === undefined ? { bytes: staged.bytes, mode: staged.mode } : { ...staged, owner };
    const place = (path: string) =>
      unless(['ENOENT'], () => (standsAs(path, file) ? fs.unlinkSync(from) : rename(from, path, file)));
    inParents(above, to.split('/'), place, (path) => makeFolder(path, owner));
  } catch (error) {
    throw writeError(join(folder, to), error);
  }
}

/** With the owner of the file that it is made for. */
function makeFolder(path: string, owner: Owner | undefined): OpenFolder {
  const isNew = unless(['EEXIST'], () => {
    fs.mkdirSync(path, { mode: PUBLIC_FOLDER });
    return true;
  });
  const folder = openFolder(path);
  if (isNew === true && owner !== undefined) giveFolder(folder, owner);
  return folder;
}

function rename(from: string, to: string, { bytes, mode, owner }: Omit<NewFile, 'path'>): void {
  try {
    fs.renameSync(from, to);
  } catch (error) {
    if (errno(error) !== 'EXDEV') throw error;
    // A folder inside this one is on another disk.
    const beside = join(dirname(to), `${temporaryName('file')}${crypto.randomUUID().slice(0, 13)}`);
    createFile(beside, bytes, mode, owner);
    fs.renameSync(beside, to);
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
