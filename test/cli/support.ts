/** Refusals of the real program: what it says, and that it left everything as it was. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { CertificateAuthority } from '../../src/authority/authority.ts';
import { ERROR_TABLE, type ErrorCode } from '../../src/errors.ts';
import { openHome } from '../../src/store/home.ts';
import { type CliOptions, localCa } from '../support/cli.ts';

/** Windows has no modes, no umask, no pseudo-terminals and no `sh`. */
export const posix = process.platform !== 'win32';

export const isRoot = process.getuid?.() === 0;

/** SQLite's helpers come and go with whoever has the inventory open. */
const PASSING = /inventory\.db-(wal|shm)$/;

/** It takes in what its helpers hold at any time; `inventory` shows what is in it. */
const SHIFTING = /inventory\.db$/;

/** Every file, folder and link below a folder: its mode and a digest of what it holds. */
export function snapshot(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => !PASSING.test(name));
  return Object.fromEntries(names.sort().map((name) => [name, describe(join(folder, name))]));
}

function describe(path: string): string {
  const stat = lstatSync(path);
  const mode = (stat.mode & 0o7777).toString(8).padStart(4, '0');
  if (stat.isSymbolicLink()) return `link to ${readlinkSync(path)}`;
  if (!stat.isFile()) return `folder ${mode}`;
  return SHIFTING.test(path) ? mode : `${mode} ${createHash('sha256').update(readFileSync(path)).digest('hex')}`;
}

/** The labels and states on record. */
export async function inventory(home: string): Promise<string[]> {
  const opened = await openHome(home);
  try {
    const ca = await CertificateAuthority.open(opened, { allowNone: true });
    return (await ca.list()).map(({ label, serial, state }) => `${label} ${serial} ${state}`);
  } finally {
    await opened.close();
  }
}

export interface Refusal {
  readonly code: ErrorCode;
  /** What the message must name. */
  readonly says: string | RegExp;
  readonly hint?: RegExp;
}

/** Runs a command that must be refused: with its code and exit code, in two lines and in JSON, and no stack. */
export async function assertRefused(args: readonly string[], options: CliOptions, refusal: Refusal): Promise<void> {
  // Before a `--`, after which it would be a name.
  const end = args.indexOf('--');
  const asked = end === -1 ? [...args, '--json'] : [...args.slice(0, end), '--json', ...args.slice(end)];
  const { status, stdout, stderr } = await localCa(asked, options);
  const said = `${stdout}${stderr}`;
  assert.match(stdout, /^\{"error":/, said);
  const { code, message, hint } = JSON.parse(stdout).error as Record<string, string>;
  assert.equal(code, refusal.code, said);
  assert.equal(status, ERROR_TABLE[refusal.code].exit, said);
  if (typeof refusal.says === 'string') assert.ok(message?.includes(refusal.says), said);
  else assert.match(message ?? '', refusal.says);
  assert.match(hint ?? '', refusal.hint ?? /\w+.*\.?$/);
  assert.equal(stderr, `local-ca: ${message}\n${hint}\n`);
}

/** The same, and nothing below these folders has changed. */
export async function assertNothingDone(
  args: readonly string[],
  options: CliOptions & { readonly cwd: string },
  refusal: Refusal,
): Promise<void> {
  const before = [snapshot(options.cwd), snapshot(options.home)];
  const recorded = await inventory(options.home);
  await assertRefused(args, options, refusal);
  assert.deepEqual([snapshot(options.cwd), snapshot(options.home)], before);
  assert.deepEqual(await inventory(options.home), recorded);
}
