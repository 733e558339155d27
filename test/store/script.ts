/** Other processes that run our modules: for umasks, races and kills. */
import { randomUUID } from 'node:crypto';
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../support/temp.ts';

const urlOf = (module: string) => JSON.stringify(new URL(`../../src/${module}`, import.meta.url).href);

/** Node's arguments for a script that imports names from modules of src/ ("names: module") and gets `args`. */
export function script(imports: Record<string, string>, body: string, ...args: string[]): string[] {
  const lines = Object.entries(imports).map(([names, module]) => `import { ${names} } from ${urlOf(module)};`);
  const code = ["import * as fs from 'node:fs';", ...lines, 'const args = process.argv.slice(1);', body].join('\n');
  return ['--import', 'ts-blank-space/register', '--input-type=module', '-e', code, ...args];
}

export const modeOf = (path: string) => (statSync(path).mode & 0o7777).toString(8);

const root = await temporaryFolder();

/** A folder of its own, removed when the test file ends. */
export function newFolder(): string {
  const folder = join(root, randomUUID().slice(0, 8));
  mkdirSync(folder);
  return folder;
}
