/** MariaDB from Debian: new system tables per server, run by an ordinary user, since it refuses root. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { must, type Outcome, pathOf, run } from '../peers.ts';
import {
  type Account,
  accountFor,
  asAccount,
  type Environment,
  groundFor,
  type Lines,
  linesFor,
  type Scope,
  serverFolder,
  startConfigured,
} from './process.ts';

export interface MariadbOptions {
  /** Of [mariadbd]: `ssl_cert = ...`. They may begin with a group's name. */
  readonly lines: Lines;
  /** Statements that it runs when it starts; `root` has no password and comes from localhost. */
  readonly sql?: readonly string[];
  readonly env?: Environment;
}

export interface Mariadb {
  readonly port: number;
  readonly pid: number;
  readonly log: () => string;
  /** Runs statements as root, through the socket file. */
  readonly admin: (sql: string) => Promise<Outcome>;
  readonly stop: () => Promise<void>;
}

/** The user that runs MariaDB when the test runs as root. */
export const mariadbAccount = (): Account | undefined => accountFor('mysql');

/** A folder for the server's certificate files, which its user can enter. */
export const mariadbFolder = (t: Scope): string => serverFolder(t, mariadbAccount());

/** Needs `mariadbd`, `mariadb-install-db`, `mariadb` and `setpriv`. */
export async function startMariadb(t: Scope, { lines, sql = [], env = {} }: MariadbOptions): Promise<Mariadb> {
  const account = mariadbAccount();
  const ground = groundFor(t, account);
  const { folder } = ground;
  await createTables(folder, account);
  await writeFile(join(folder, 'init.sql'), sql.map((statement) => `${statement};\n`).join(''));
  const socket = join(folder, 'socket');
  const server = await startConfigured(ground, {
    name: 'mariadb.cnf',
    text: async (port) => [...settings(folder, port), ...(await linesFor(lines, port))],
    argv: (config) => [pathOf('mariadbd'), `--defaults-file=${config}`],
    account,
    env,
    ready: READY,
  });
  const admin = (text: string) => run('mariadb', ['--no-defaults', '-uroot', `-S${socket}`, '-BN', '-e', text]);
  return { ...server, admin };
}

const READY = /ready for connections/;

async function createTables(folder: string, account: Account | undefined): Promise<void> {
  const flags = ['--auth-root-authentication-method=normal', '--skip-test-db', '--skip-name-resolve'];
  const install = [pathOf('mariadb-install-db'), '--no-defaults', `--datadir=${join(folder, 'data')}`, ...flags];
  const [program = '', ...args] = [...asAccount(account), ...install];
  await must(program, args, { cwd: folder });
}

const settings = (folder: string, port: number): string[] => [
  '[mariadbd]',
  `port = ${port}`,
  'bind_address = 127.0.0.1',
  'skip_name_resolve = on',
  'innodb_flush_log_at_trx_commit = 0',
  ...Object.entries({ datadir: 'data', socket: 'socket', pid_file: 'pid', init_file: 'init.sql' }).map(
    ([name, file]) => `${name} = ${join(folder, file)}`,
  ),
];
