import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, type TestContext } from 'node:test';

async function make(): Promise<{ folder: string; remove: () => Promise<void> }> {
  // macOS's temporary folder is a symbolic link, and what a program prints is its target.
  const folder = await mkdtemp(join(await realpath(tmpdir()), 'local-ca-'));
  return { folder, remove: () => rm(folder, { recursive: true, force: true, maxRetries: 3 }) };
}

/** A folder that is removed after the test; without a test, after the file (call it at the top level or in `before`). */
export async function temporaryFolder(t?: TestContext): Promise<string> {
  const { folder, remove } = await make();
  if (t === undefined) after(remove);
  else t.after(remove);
  return folder;
}
