/** Folders that go away with the test, and other processes that run our modules. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';

const made: string[] = [];
after(() => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true });
});

export function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'local-ca-test-'));
  made.push(folder);
  return folder;
}

export const modeOf = (path: string) => (statSync(path).mode & 0o7777).toString(8);

const at = (module: string) => JSON.stringify(new URL(`../../src/${module}`, import.meta.url).href);

/** Starts a process that imports `names` from modules of src/ and runs `body` with `args`. */
export function start(imports: Record<string, string>, body: string, ...args: string[]): ChildProcess {
  const lines = Object.entries(imports).map(([names, module]) => `import { ${names} } from ${at(module)};`);
  const code = `${lines.join('\n')}\nconst args = process.argv.slice(1);\n${body}`;
  return spawn(process.execPath, ['--import', 'ts-blank-space/register', '--input-type=module', '-e', code, ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
}

/** Waits for a process; what it printed, or its error. */
export async function finish(child: ChildProcess): Promise<{ status: number | null; out: string; err: string }> {
  const collected = { out: '', err: '' };
  child.stdout?.on('data', (data) => {
    collected.out += data;
  });
  child.stderr?.on('data', (data) => {
    collected.err += data;
  });
  const [status] = await once(child, 'close');
  return { status, ...collected };
}

export const run = (imports: Record<string, string>, body: string, ...args: string[]) =>
  finish(start(imports, body, ...args));
