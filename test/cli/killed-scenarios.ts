/** What is done over and over while it is killed: each a command, on its own home and folder. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CliOptions, localCaJson } from '../support/cli.ts';

export interface Scenario {
  readonly name: string;
  /** How many of the random moments fall to it. */
  readonly share: number;
  /** Whether it is also killed in front of each of its changes to the file system: those that hand out keys. */
  readonly each?: boolean;
  /** Once, before all else. */
  readonly prepare?: (options: Place) => Promise<unknown>;
  /** In front of each round. */
  readonly before?: (options: Place, round: number) => Promise<unknown>;
  readonly command: (round: number) => readonly string[];
  /** What is done after the kill; the same again unless said. */
  readonly next?: (round: number) => readonly string[];
}

export type Place = CliOptions & { readonly cwd: string };

const issue = (label: string, ...flags: readonly string[]) => ['issue', `${label}.test`, '--label', label, ...flags];

const otherCa = ({ cwd }: Place): Place => ({ cwd, home: join(cwd, '..', 'other') });

const acceptance = (round: number) => {
  const folder = join('..', 'answers', `a${round}`);
  return ['csr', 'accept', join(folder, `a${round}.test.crt.pem`), join(folder, 'ca.pem')];
};

/** At most, and so there are certificates for each to revoke two. */
export const ROUNDS = 80;

export const SCENARIOS: readonly Scenario[] = [
  {
    name: 'issue, into a new folder with a zip',
    share: 25,
    each: true,
    command: (round) => issue(`n${round}`, '--out', `above/n${round}`, '--zip', `zips/n${round}.zip`),
  },
  {
    name: 'issue --keep-key',
    share: 25,
    each: true,
    command: (round) => issue(`k${round}`, '--keep-key'),
  },
  {
    name: 'issue, into a folder that exists',
    share: 25,
    prepare: (options) => localCaJson(issue('same'), options),
    command: () => issue('same'),
  },
  {
    name: 'issue, when doctor mends it',
    share: 0,
    each: true,
    prepare: (options) => localCaJson(issue('same', '--keep-key'), options),
    command: () => issue('same', '--keep-key'),
    next: () => ['doctor', '--repair'],
  },
  {
    name: 'renew',
    share: 25,
    prepare: (options) => localCaJson(issue('old', '--zip', 'old.zip'), options),
    command: () => ['renew', 'old'],
  },
  {
    name: 'renew --new-key, with a key store',
    share: 25,
    each: true,
    prepare: (options) => localCaJson(issue('new', '--format', 'pem,p12', '--keep-key'), options),
    command: () => ['renew', 'new', '--new-key'],
    // The same key: it has to be where the killed run put it.
    next: () => ['renew', 'new'],
  },
  {
    name: 'crl',
    share: 20,
    prepare: async (options) => {
      await localCaJson(issue('gone'), options);
      await localCaJson(['revoke', 'gone'], options);
    },
    command: () => ['crl', '--out', 'ca.crl'],
  },
  {
    name: 'revoke --crl',
    share: 20,
    prepare: (options) => {
      const rows = Array.from({ length: 2 * ROUNDS }, (_, i) => `r${i}.test`);
      writeFileSync(join(options.cwd, 'list.csv'), `names\n${rows.join('\n')}\n`);
      return localCaJson(['issue', '--from', 'list.csv', '--out', 'list'], options);
    },
    command: (round) => ['revoke', `r${2 * round}.test`, '--crl'],
    next: (round) => ['revoke', `r${2 * round + 1}.test`, '--crl'],
  },
  {
    name: 'csr create',
    share: 15,
    each: true,
    command: (round) => ['csr', 'create', `c${round}.test`, '--out', `c${round}`],
    // It replaces no key that another CA may have seen.
    next: (round) => ['csr', 'create', `c${round}.test`, '--out', `again${round}`],
  },
  {
    name: 'csr accept',
    share: 10,
    each: true,
    prepare: (options) => localCaJson(['init', '--yes'], otherCa(options)),
    before: async (options, round) => {
      await localCaJson(['csr', 'create', `a${round}.test`, '--out', `a${round}`], options);
      const csr = join(`a${round}`, `a${round}.test.csr.pem`);
      await localCaJson(['sign', csr, '--out', join('..', 'answers', `a${round}`)], otherCa(options));
    },
    command: (round) => acceptance(round),
    // Accepted already it is no answer, but the files of its key.
    next: (round) => [...acceptance(round), '--key', join(`a${round}`, `a${round}.test.key.pem`)],
  },
  {
    name: 'sign',
    share: 10,
    each: true,
    before: async (options, round) => {
      await localCaJson(['csr', 'create', `s${round}.test`, '--out', `s${round}`], options);
    },
    command: (round) => ['sign', join(`s${round}`, `s${round}.test.csr.pem`), '--out', `s${round}`],
  },
  {
    name: 'deploy run',
    share: 20,
    each: true,
    prepare: async (options) => {
      await localCaJson(issue('served', '--keep-key', '--out', 'made'), options);
      await localCaJson(['deploy', 'add', 'served', '--to', 'server', '--hook', 'true', '--with-crl'], options);
      await localCaJson(['deploy', 'run', '--now'], options);
    },
    before: async (options) => {
      await localCaJson(['renew', 'served', '--new-key'], options);
    },
    command: () => ['deploy', 'run', '--now'],
  },
];

/** How many changes to the file system a command makes, and a command that dies in front of one of them. */
export const dieAt = (at: number) => ({ NODE_OPTIONS: `--require ${DIE}`, DIE_AT: String(at) });

export async function countChanges(command: readonly string[], options: Place): Promise<number> {
  const file = join(options.cwd, 'count');
  await localCaJson(command, { ...options, env: { NODE_OPTIONS: `--require ${DIE}`, COUNT_TO: file } });
  const count = Number(readFileSync(file, 'utf8'));
  if (existsSync(file)) rmSync(file);
  return count;
}

const DIE = new URL('../support/die-at.cjs', import.meta.url).pathname;
