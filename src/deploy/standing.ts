/** What stands in a target's folder, held against what local-ca wrote there. */
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { OutputFile } from '../bundle/file.ts';
import { isCommitted } from '../bundle/journal.ts';
import { isFolder, readManifest, refuseForeign, sha256 } from '../bundle/manifest.ts';
import { isInside } from '../bundle/standing.ts';
import { attempt } from '../core/attempt.ts';
import { LocalCaError } from '../errors.ts';
import type { FileRights } from '../store/store.ts';
import type { Goal } from './goal.ts';
import { keepsRights, type Look } from './rights.ts';

/**
 * Whether each of the files is there as local-ca wrote it last, whatever was in it, and nobody else's or wider now. `rights`:
 * what the file system made of theirs when they were placed.
 */
export function isIntact(
  folder: string,
  files: readonly OutputFile[],
  rights: readonly FileRights[],
  look: Look,
): boolean {
  if (attempt(() => isFolder(folder)) !== true || isCommitted(folder)) return false;
  const manifest = readManifest(folder);
  return files.every((file) => {
    const { path } = file;
    const standing = isInside(folder, path) ? attempt(() => look(join(folder, path))) : undefined;
    if (standing === undefined || !keepsRights(standing, file, rights)) return false;
    return sha256(standing.bytes) === manifest.files.get(path)?.sha256;
  });
}

/**
 * Throws LOCAL_CA_OUTPUT_EXISTS or LOCAL_CA_OUTPUT_FAILED when the files could not be put there: a link in the folder's
 * place, a file that somebody edited, a disk that is not mounted.
 */
export function assertPlaceable(
  folder: string,
  { files, claims }: Pick<Goal, 'files' | 'claims'>,
  force: boolean,
): void {
  if (isFolder(folder)) refuseForeign(folder, files, force, claims);
  else if (!existsSync(dirname(resolve(folder)))) {
    throw new LocalCaError(
      'LOCAL_CA_OUTPUT_FAILED',
      `${folder} cannot be made: the folder above it is not there`,
      'Make it, or mount its disk.',
    );
  }
}
