/** Makes a home whole or not at all: it is built beside its place and moved there when it is complete. */
import * as fs from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { removeAbandoned, temporaryName } from '../abandoned.ts';
import { outputExists, syncFolder, writeError } from '../disk.ts';
import { LocalCaError } from '../errors.ts';
import { unfinished } from '../unfinished.ts';
import { CA_FOLDER, type Home, homeAt, INVENTORY, KEYS_FOLDER, look } from './layout.ts';
import { restrictToUser } from './windows-acl.ts';

/**
 * Makes a new home. `fill` stores the CA's keys and records in it. When `fill` fails, or the process dies, nothing
 * stands at `dir`; of two processes that race, one wins and the other gets LOCAL_CA_HOME_EXISTS. Anything else that
 * stands there already, but for an empty folder, is LOCAL_CA_OUTPUT_EXISTS.
 */
export async function createHome(dir: string, fill: (home: Home) => Promise<void>): Promise<void> {
  const path = realPath(resolve(dir));
  refuseOccupied(path);
  // A run that was killed could not remove the home that it was making, and there may be a CA's key in it.
  removeAbandoned(dirname(path));
  const parents = makeParents(dirname(path));
  const removeParents = () => {
    for (const folder of parents) removeEmpty(folder);
  };
  // Before the place that is in them, so that it is undone after it.
  const release = unfinished(removeParents);
  try {
    await makeIn(path, fill);
  } catch (error) {
    removeParents();
    throw error;
  } finally {
    release();
  }
}

async function makeIn(path: string, fill: (home: Home) => Promise<void>): Promise<void> {
  const place = makePlaceBeside(path);
  const remove = () => fs.rmSync(place, { recursive: true, force: true });
  const release = unfinished(remove);
  try {
    await build(place, path, fill);
    flush(place);
    moveHome(place, path);
  } catch (error) {
    remove();
    throw error;
  } finally {
    release();
  }
}

/** The folders that had to be made for it, innermost first. */
function makeParents(parent: string): string[] {
  try {
    const first = fs.mkdirSync(parent, { recursive: true, mode: 0o700 });
    const made: string[] = [];
    for (let folder = parent; first !== undefined && folder.length >= first.length; folder = dirname(folder))
      made.push(folder);
    return made;
  } catch (error) {
    throw writeError(parent, error);
  }
}

function removeEmpty(folder: string): void {
  try {
    fs.rmdirSync(folder);
  } catch {
    // Somebody else put something into it meanwhile.
  }
}

/** An existing empty folder may be a link to one: the home then goes where it points. */
const realPath = (path: string) => (fs.existsSync(path) ? fs.realpathSync(path) : path);

function refuseOccupied(path: string): void {
  const content = look(path);
  if (content === 'home' || content === 'damaged') throw homeExists(path);
  if (content === 'other') throw outputExists(path);
}

export const homeExists = (path: string): LocalCaError =>
  new LocalCaError(
    'LOCAL_CA_HOME_EXISTS',
    `there is already a CA at ${path}`,
    'Use it, or name another folder with --home.',
  );

/** mkdtemp makes it 0700. In the same folder, so that moving it is one rename. */
function makePlaceBeside(path: string): string {
  const parent = dirname(path);
  try {
    const place = fs.mkdtempSync(join(parent, temporaryName('home')));
    restrictToUser(place);
    return place;
  } catch (error) {
    throw writeError(parent, error);
  }
}

async function build(place: string, path: string, fill: (home: Home) => Promise<void>): Promise<void> {
  for (const folder of [CA_FOLDER, KEYS_FOLDER]) fs.mkdirSync(join(place, folder), { mode: 0o700 });
  const { createSqliteStore } = await import('./sqlite.ts');
  const home = homeAt(place, path, createSqliteStore(join(place, INVENTORY)));
  try {
    await fill(home);
    await home.publishCertificates();
  } finally {
    await home.close();
    await collectGarbage();
  }
}

/**
 * libsql lets go of a database when its statements have been garbage-collected. It has to here: Windows moves no folder
 * with an open file in it, and SQLite would look for its -wal file at the old path.
 */
async function collectGarbage(): Promise<void> {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  // What was collected is finalised in the next turn of the event loop.
  await new Promise((done) => setImmediate(done));
}

/** The files in it are flushed already; their names are not. */
function flush(place: string): void {
  for (const folder of [join(place, CA_FOLDER), join(place, KEYS_FOLDER), place]) syncFolder(folder);
}

function moveHome(place: string, path: string): void {
  try {
    // Windows moves no folder onto an empty one; and this fails where something came to stand in it.
    if (fs.existsSync(path)) fs.rmdirSync(path);
    fs.renameSync(place, path);
  } catch (error) {
    refuseOccupied(path);
    throw writeError(path, error);
  }
  syncFolder(dirname(path));
}
