/**
 * Foreign programs in tests. A test says which it needs; where one is missing it is skipped by name (the runner lists
 * the names at the end), and in CI it fails instead.
 */
import { execFile } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import type { TestContext } from 'node:test';
import { findProgram } from '../../scripts/programs.mjs';

/** True when every program is there; else the test is skipped, and should return. */
export function needs(t: TestContext, ...programs: readonly string[]): boolean {
  const missing = programs.filter((program) => findProgram(program) === undefined);
  if (missing.length === 0) return true;
  const message = `missing program: ${missing.join(', ')}`;
  if (process.env.CI === 'true') throw new Error(`${message}; npm run peers installs it`);
  const ledger = process.env.LOCAL_CA_MISSING_PROGRAMS;
  if (ledger !== undefined) appendFileSync(ledger, `${missing.join('\n')}\n`);
  t.skip(message);
  return false;
}

/** The path of a foreign program; a bare name, which will not start, when it is missing. */
export const pathOf = (program: string): string => findProgram(program) ?? program;

export interface Outcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly input?: string | Uint8Array;
  /** On top of this process's environment; undefined takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Milliseconds; a minute by default. */
  readonly timeout?: number;
}

/** Runs a program to its end and never throws for its exit code; a program that a signal ended has status -1. */
export function run(program: string, args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const { cwd, input, env = {}, timeout = 60_000 } = options;
  return new Promise((resolve, reject) => {
    const child = execFile(
      pathOf(program),
      args,
      { cwd, timeout, env: { ...process.env, ...env }, maxBuffer: 1 << 26, encoding: 'utf8' },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : (error.code ?? -1);
        if (typeof code === 'string') reject(error);
        else resolve({ status: code, stdout, stderr });
      },
    );
    // A program that does not read its input to the end closes the pipe, which is its right.
    child.stdin?.on('error', () => {});
    child.stdin?.end(input);
  });
}

/** Runs a program that must succeed, and gives its stdout. */
export async function must(program: string, args: readonly string[], options?: RunOptions): Promise<string> {
  const { status, stdout, stderr } = await run(program, args, options);
  if (status === 0) return stdout;
  throw new Error(`${program} ${args.join(' ')}\nexit ${status}\n${stdout}${stderr}`);
}
