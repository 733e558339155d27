/** A folder beside the place of what is being written, and what becomes of it when the work fails or is cut short. */
import * as fs from 'node:fs';
import { dirname, join } from 'node:path';
import { removeAbandoned, temporaryName } from '../abandoned.ts';
import { writeError } from '../disk.ts';
import { removeFolder } from '../held-folder.ts';
import { unfinished } from '../unfinished.ts';
import { PUBLIC_FOLDER } from './paths.ts';

/** The topmost folder that had to be made, if any. Not open to others' writing, whatever the umask. */
export const makeParents = (target: string): string | undefined =>
  fs.mkdirSync(dirname(target), { recursive: true, mode: PUBLIC_FOLDER });

export interface Stage {
  readonly path: string;
  readonly discard: () => void;
  /** From its commit on, a process that ends early lets it be. */
  readonly release: () => void;
}

/** On the target's file system, so that renaming is enough; readable by its owner only. */
export async function makeStage(beside: string, parents: string | undefined): Promise<Stage> {
  // A run that was killed could not remove what it had begun, and there may be a key in it.
  removeAbandoned(beside);
  return attempt(
    () => removeParents(beside, parents),
    () => {
      const path = fs.mkdtempSync(join(beside, temporaryName('stage')));
      const release = unfinished(() => removeStage(path, parents));
      const discard = () => {
        release();
        removeStage(path, parents);
      };
      return { path, discard, release };
    },
  );
}

function removeStage(stage: string, parents: string | undefined): void {
  removeFolder(stage);
  removeParents(dirname(stage), parents);
}

/** Upwards from the innermost, as far as they are still empty. */
export function removeParents(from: string, topmost: string | undefined): void {
  if (topmost === undefined) return;
  for (let path = from; path.startsWith(topmost); path = dirname(path)) {
    try {
      fs.rmdirSync(path);
    } catch {
      return;
    }
  }
}

/** Cleans up when `action` fails; what it failed with is what matters. */
export async function attempt<T>(cleanUp: () => void, action: () => T | Promise<T>): Promise<T> {
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

/** Failed system calls as errors that name the path. */
export async function guard<T>(path: string, action: () => T | Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw writeError(path, error);
  }
}
