/**
 * Work under the lock leaves a mark while it lasts. Who takes the lock and finds one knows that the last holder was killed,
 * and undoes first what that one had begun: keys that were saved and not recorded.
 */
import { closeSync, openSync, rmSync, statSync } from 'node:fs';
import { writeError } from '../disk.ts';
import { type Exclusively, fileLock, tryFileLock } from './lock.ts';
import type { Store } from './store.ts';
import type { KeyVault } from './vault.ts';

/** Both of a home's. `undo` hears when the work began that was cut short. */
export function withRecovery(
  lock: string,
  mark: string,
  undo: (since: Date) => Promise<void>,
): { exclusively: Exclusively; recover: () => Promise<void> } {
  const exclusively = fileLock(lock);
  const undoMarked = async () => {
    const since = statSync(mark, { throwIfNoEntry: false })?.mtime;
    if (since === undefined) return;
    await undo(since);
    rmSync(mark);
  };
  return {
    exclusively: (work) =>
      exclusively(async () => {
        await undoMarked();
        make(mark);
        try {
          return await work();
        } finally {
          rmSync(mark, { force: true });
        }
      }),
    async recover() {
      if (statSync(mark, { throwIfNoEntry: false }) === undefined) return;
      const release = await tryFileLock(lock);
      if (release === undefined) return;
      try {
        await undoMarked();
      } finally {
        release();
      }
    },
  };
}

function make(mark: string): void {
  try {
    closeSync(openSync(mark, 'w', 0o600));
  } catch (error) {
    throw writeError(mark, error);
  }
}

interface Keys {
  readonly store: Store;
  readonly caKeys: KeyVault;
  readonly leafKeys: KeyVault;
}

/** Keys that no record names. Only whoever holds the lock may call them that: others may be about to record theirs. */
export async function orphansOf({ store, caKeys, leafKeys }: Keys): Promise<{ ca: string[]; leaf: string[] }> {
  const own = new Set((await store.authorities()).map(({ keyId }) => keyId));
  const kept = (await store.certificates()).map(({ keyId }) => keyId);
  const leaf = new Set([...kept, ...(await store.requests()).map(({ id }) => id)]);
  return {
    ca: (await caKeys.list()).filter((id) => !own.has(id)),
    leaf: (await leafKeys.list()).filter((id) => !leaf.has(id)),
  };
}

/** Of a CA's keys only those that `isNew` says were made in the work that was cut short: others somebody put there. */
export async function removeOrphans(keys: Keys, isNew: (id: string) => boolean): Promise<void> {
  const { ca, leaf } = await orphansOf(keys);
  for (const id of leaf) await keys.leafKeys.remove(id);
  for (const id of ca.filter(isNew)) await keys.caKeys.remove(id);
}
