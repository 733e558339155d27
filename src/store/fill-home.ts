/**
 * A home may be there before its CA: requests for other CAs wait in it. So work may find a home, or have to make it; and a
 * CA may come into a home that has other things in it.
 */
import { resolve } from 'node:path';
import { LocalCaError } from '../errors.ts';
import { createHome, homeExists } from './create-home.ts';
import { type Home, openHome } from './home.ts';
import { look } from './layout.ts';
import { memoryHome } from './memory-home.ts';
import type { Change } from './store.ts';

/** What a CA is made in. */
export type Fillable = Pick<Home, 'store' | 'caKeys' | 'leafKeys' | 'exclusively'>;

/** In a new home, which appears with what the work has put into it or not at all; or in the one that is there. */
export async function inHome<T>(dir: string, work: (home: Home) => Promise<T>): Promise<T> {
  if (look(dir) === 'home' || look(dir) === 'damaged') return inExisting(dir, work);
  const results: T[] = [];
  try {
    await createHome(dir, async (home) => {
      results.push(await work(home));
    });
    return results[0] as T;
  } catch (error) {
    // Somebody else was faster; the work is done again, in theirs.
    if (!(error instanceof LocalCaError) || error.code !== 'LOCAL_CA_HOME_EXISTS') throw error;
    return inExisting(dir, work);
  }
}

async function inExisting<T>(dir: string, work: (home: Home) => Promise<T>): Promise<T> {
  const home = await openHome(dir);
  try {
    return await work(home);
  } finally {
    await home.close();
  }
}

/** Whether a CA is there; what cannot be opened counts as one that is. */
export async function hasAuthority(dir: string): Promise<boolean> {
  if (look(dir) !== 'home') return look(dir) === 'damaged';
  return inExisting(dir, async ({ store }) => (await store.authorities()).length > 0);
}

/**
 * Puts a CA into a home. `fill` makes it; when that fails, nothing has changed. Of two processes that race, one wins and the
 * other gets LOCAL_CA_HOME_EXISTS, as it does where a CA is already.
 */
export async function fillHome(dir: string, fill: (home: Fillable) => Promise<void>): Promise<void> {
  if (look(dir) !== 'home') return createHome(dir, fill);
  await inExisting(dir, async (home) => {
    if ((await home.store.authorities()).length > 0) throw homeExists(resolve(dir));
    // In memory first, and moved when it is complete.
    const draft = memoryHome();
    await fill(draft);
    await home.exclusively(() => move(draft, home));
    await home.publishCertificates();
  });
}

async function move(draft: Fillable, home: Home): Promise<void> {
  if ((await home.store.authorities()).length > 0) throw homeExists(home.path);
  for (const id of await draft.caKeys.list()) await home.caKeys.save(id, await draft.caKeys.load(id));
  for (const id of await draft.leafKeys.list()) await home.leafKeys.save(id, await draft.leafKeys.load(id));
  const [first, ...events] = (await draft.store.audit(Number.MAX_SAFE_INTEGER)).reverse();
  if (first === undefined) throw new LocalCaError('LOCAL_CA_INTERNAL', 'no CA was made', 'Please report this.');
  await home.store.addAuthorities(await draft.store.authorities(), first);
  await home.store.write([
    ...(await draft.store.certificates()).map((record): Change => ({ kind: 'certificate', record })),
    ...(await draft.store.placements()).map((record): Change => ({ kind: 'placement', record })),
    ...events.map((event): Change => ({ kind: 'event', event })),
  ]);
}
