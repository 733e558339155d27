/**
 * Stages and commits in a process of its own, under another umask or as another user. Prints what was committed, or the
 * code and message of a LocalCaError.
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
  readonly umask?: number;
  readonly uid?: number;
}

const order = JSON.parse(process.argv[2] as string) as ChildOrder;
const files = Object.entries(order.files).map(
  ([path, text]) => new BundleFile(path, new TextEncoder().encode(text), { secret: path.includes('key') }),
);
if (order.umask !== undefined) process.umask(order.umask);
if (order.uid !== undefined) process.seteuid?.(order.uid);
const options = { force: order.force === true };
try {
  const [first] = files;
  const staged =
    order.file === true && first !== undefined
      ? await stageFile(order.folder, first.bytes, first.mode, options)
      : await stageDirectory(order.folder, files, options);
  process.stdout.write(JSON.stringify(await staged.commit()));
} catch (error) {
  if (!(error instanceof LocalCaError)) throw error;
  process.stdout.write(`${error.code}: ${error.message}`);
}
