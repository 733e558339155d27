/** Whether there is anything to write at all. */
import { join } from 'node:path';
import { attempt } from '../core/attempt.ts';
import type { OutputFile } from './file.ts';
import { isCommitted } from './journal.ts';
import { isFolder, readManifest, sha256 } from './manifest.ts';
import { isInside, standsAs } from './standing.ts';

/**
 * The paths of those that do not stand in the folder as they are here (bytes, mode, and owner where one is asked for)
 * or that its manifest does not know. None of them when a run that was cut short has still to be completed there.
 */
export function changedFiles(folder: string, files: readonly OutputFile[]): string[] {
  const settled = attempt(() => isFolder(folder)) === true && !isCommitted(folder);
  const manifest = readManifest(folder);
  const stands = (file: OutputFile) =>
    settled &&
    manifest.files.get(file.path)?.sha256 === sha256(file.bytes) &&
    isInside(folder, file.path) &&
    standsAs(join(folder, file.path), file);
  return files.filter((file) => !stands(file)).map(({ path }) => path);
}
