/** Opens a CA's home folder. What is in one: `layout.ts`; how it comes to be: `create-home.ts`. */
import { join, resolve } from 'node:path';
import { checkPrivateDirectory } from '../disk.ts';
import { LocalCaError } from '../errors.ts';
import { damaged, type Home, homeAt, INVENTORY, look } from './layout.ts';

export type { Home } from './layout.ts';

/**
 * Opens the CA in a home folder. Throws LOCAL_CA_HOME_MISSING, LOCAL_CA_PERMISSIONS_LAX or LOCAL_CA_HOME_INVALID.
 * Several processes may have it open, and read while one of them writes.
 */
export async function openHome(dir: string): Promise<Home> {
  const path = resolve(dir);
  const content = look(path);
  if (content !== 'home' && content !== 'damaged') throw missing(path);
  checkPrivateDirectory(path);
  if (content === 'damaged') throw damaged(path, `${INVENTORY} is missing`);
  // Loaded here, so that a library user without a home never loads the native module.
  const { openSqliteStore } = await import('./sqlite.ts');
  return homeAt(path, path, openSqliteStore(join(path, INVENTORY)));
}

const missing = (path: string) =>
  new LocalCaError(
    'LOCAL_CA_HOME_MISSING',
    `there is no CA at ${path}`,
    'Make one with: local-ca init. Or name the folder of yours with --home.',
  );
