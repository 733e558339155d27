/** Completes what a process had staged and recorded when it was killed: its files take their places after all. */
import * as fs from 'node:fs';
import { join, resolve } from 'node:path';
import { isAbandoned } from '../abandoned.ts';
import { commitFile, moveFolder } from './directory.ts';
import { commitStage, finishInterrupted, isCommitted, stagedFiles } from './journal.ts';
import { refuseForeign } from './manifest.ts';
import { MANIFEST } from './paths.ts';
import { guard } from './stage.ts';

export interface StagedPlace {
  /** As `Staged` has it. */
  readonly stage: string;
  /** What was to be written: a folder, or a file. */
  readonly path: string;
  readonly force: boolean;
}

/** Whether it waits for somebody to complete it: its process did not, and is gone. */
export const isUnfinished = ({ stage, path }: StagedPlace): boolean =>
  isCommitted(path) || (fs.existsSync(stage) && isAbandoned(stage));

/** Throws LOCAL_CA_OUTPUT_EXISTS where something has come to stand meanwhile, and LOCAL_CA_OUTPUT_FAILED. */
export const finishStaged = ({ stage, path, force }: StagedPlace): Promise<void> =>
  guard(path, async () => {
    if (isCommitted(path)) finishInterrupted(path);
    if (!fs.existsSync(stage)) return;
    if (fs.existsSync(join(stage, 'file'))) await commitFile(stage, path, force);
    else if (fs.existsSync(join(stage, MANIFEST))) moveFolder(stage, resolve(path), path);
    else commitInto(path, stage, force);
  });

function commitInto(folder: string, stage: string, force: boolean): void {
  refuseForeign(
    folder,
    stagedFiles(stage).filter(({ path }) => path !== MANIFEST),
    force,
  );
  commitStage(folder, stage);
}
