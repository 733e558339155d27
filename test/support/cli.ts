/** Runs the real, built command line, as a user's shell would, with a home that is not the user's own. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { repository } from '../../scripts/programs.mjs';
import { type Outcome, type RunOptions, run } from './peers.ts';
import { temporaryFolder } from './temp.ts';

export const program = join(repository, 'dist', 'cli', 'local-ca.cjs');

/** Compiled code of the tests' runs, not among the user's. */
const cache = temporaryFolder();

export interface CliOptions extends RunOptions {
  /** The CA's home folder; need not exist yet. */
  readonly home: string;
}

export function localCa(args: readonly string[], { home, env = {}, ...options }: CliOptions): Promise<Outcome> {
  if (!existsSync(program)) throw new Error('dist/cli/local-ca.cjs is missing: run npm run build');
  const environment = { LOCAL_CA_HOME: home, XDG_CACHE_HOME: cache, NO_COLOR: '1', FORCE_COLOR: undefined, ...env };
  return run(process.execPath, [program, ...args], { ...options, env: environment });
}

/** The same for a command that must succeed with --json: its parsed output. */
export async function localCaJson<T>(args: readonly string[], options: CliOptions): Promise<T> {
  const { status, stdout, stderr } = await localCa([...args, '--json'], options);
  if (status !== 0) throw new Error(`local-ca ${args.join(' ')}\nexit ${status}\n${stdout}${stderr}`);
  return JSON.parse(stdout) as T;
}
