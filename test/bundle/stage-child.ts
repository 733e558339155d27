/**
 * Stages and commits in a process of its own, under another umask or as another user. Prints a line for each
 * order: what was committed, or the code and message of a LocalCaError.
 */
import { stageDirectory, stageFile } from '../../src/bundle/directory.ts';
import { BundleFile } from '../../src/bundle/file.ts';
import { LocalCaError } from '../../src/errors.ts';

export interface ChildOrder {
  readonly folder: string;
  /** Text by path; a path with `key` in it is secret. With `file`, the one file is written by stageFile. */
  readonly files: Record<string, string>;
  readonly file?: boolean;
  readonly force?: boolean;
}

export interface ChildIdentity {
  readonly umask?: number;
  readonly uid?: number;
}

async function carryOut({ folder, files: texts, file = false, force = false }: ChildOrder): Promise<string> {
  const files = Object.entries(texts).map(
    ([path, text]) => new BundleFile(path, new TextEncoder().encode(text), { secret: path.includes('key') }),
  );
  const [first] = files;
  try {
    const staged =
      file && first !== undefined
        ? await stageFile(folder, first.bytes, first.mode, { force })
        : await stageDirectory(folder, files, { force });
    return JSON.stringify(await staged.commit());
  } catch (error) {
    if (error instanceof LocalCaError) return `${error.code}: ${error.message}`;
    throw error;
  }
}

const [identity, ...orders] = JSON.parse(process.argv[2] as string) as [ChildIdentity, ...ChildOrder[]];
if (identity.umask !== undefined) process.umask(identity.umask);
if (identity.uid !== undefined) process.seteuid?.(identity.uid);
for (const order of orders) process.stdout.write(`${await carryOut(order)}\n`);
