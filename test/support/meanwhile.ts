/** Another process, of somebody who changes files at the worst moment. */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

/** While `action` runs, `after` follows each call of a function of the file system. */
export async function meanwhile(
  name: 'mkdtempSync' | 'lstatSync' | 'renameSync' | 'readdirSync',
  after: (path: string) => void,
  action: () => unknown,
): Promise<void> {
  const original = fs[name] as (...args: unknown[]) => unknown;
  const spied = (...args: unknown[]) => {
    const result = original(...args);
    after(String(name === 'mkdtempSync' ? result : args[0]));
    return result;
  };
  Object.assign(fs, { [name]: spied });
  syncBuiltinESMExports();
  try {
    await action();
  } finally {
    Object.assign(fs, { [name]: original });
    syncBuiltinESMExports();
  }
}

/** What stood there has another name from now on, and a link leads elsewhere. */
export function swap(path: string, elsewhere: string): void {
  fs.renameSync(path, `${path}.away`);
  fs.symlinkSync(elsewhere, path);
}
