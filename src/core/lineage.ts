/** Which authority stands above which, when some of them were renewed: as records that point to each other. */

export interface Linked {
  readonly id: string;
  readonly parentId: string | null;
  /** Renewed authorities share their key. */
  readonly keyId: string;
  readonly role: string;
}

/** The newest with the same key and role; the list is in order of time. Cross certificates have a root's key, not its role. */
const newestOf = <T extends Linked>(all: readonly T[], record: T): T =>
  all.findLast(({ keyId, role }) => keyId === record.keyId && role === record.role) ?? record;

/**
 * From this one up to its root, or whatever is highest; empty when it is not there. One that was renewed stands for the
 * one before it: same key, same name, and a longer life.
 */
export function lineOf<T extends Linked>(all: readonly T[], id: string | null): T[] {
  const found = all.find((record) => record.id === id);
  if (found === undefined) return [];
  const newest = newestOf(all, found);
  return [newest, ...lineOf(all, newest.parentId)];
}
