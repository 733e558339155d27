import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, type TestContext } from 'node:test';

/**
 * A folder that is removed after the test. Without a test, after the suite: call it in the body of `describe` or of the
 * file, not in a hook, whose own end would remove it.
 */
export function temporaryFolder(t?: TestContext): string {
  // macOS's temporary folder is a symbolic link, and what a program prints is its target.
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'local-ca-'));
  const remove = () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  if (t === undefined) after(remove);
  else t.after(remove);
  return folder;
}
