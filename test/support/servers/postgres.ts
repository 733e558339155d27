/** PostgreSQL from Debian: a new database cluster per server, run by an ordinary user, since it refuses root. */
import { realpathSync } from 'node:fs';
import { appendFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { must, type Outcome, pathOf, run } from '../peers.ts';
import {
  type Account,
  accountFolder,
  accountFor,
  asAccount,
  type Environment,
  groundFor,
  launch,
  onFreePort,
  type Scope,
} from './process.ts';

/** Files that the server's user can read. */
interface Files {
  /** The leaf and what is above it, and its key (0600, or root's with 0640). */
  readonly certificate: string;
  readonly key: string;
  /** For client certificates: their CAs, and the revocation lists. */
  readonly ca?: string;
  readonly crl?: string;
}

/** Its TLS comes from files, or from lines for postgresql.conf which name them. */
export type PostgresOptions = CommonOptions & (Files | { readonly lines: readonly string[] });

interface CommonOptions {
  /** More lines for postgresql.conf. */
  readonly extra?: readonly string[];
  /** Statements that are run before it starts, by its owner; one line each. */
  readonly sql?: readonly string[];
  /** pg_hba.conf; everybody is let in over TLS, and nobody without. */
  readonly access?: readonly string[];
  readonly env?: Environment;
}

/** How a client verifies, in libpq's words; all are files but the host. */
export interface PsqlOptions {
  /** The name to verify; the connection goes to 127.0.0.1 in any case. */
  readonly host: string;
  readonly ca: string;
  readonly crl?: string;
  readonly certificate?: string;
  readonly key?: string;
  readonly env?: Environment;
}

export interface Postgres {
  readonly port: number;
  readonly pid: number;
  readonly dataDir: string;
  /** Who the server runs as; undefined for the user of the test. */
  readonly account: Account | undefined;
  /** Program and arguments that make it read its files again. */
  readonly reload: readonly string[];
  readonly log: () => string;
  readonly stop: () => Promise<void>;
  /** Runs one statement with sslmode=verify-full; the rows are its output. */
  readonly psql: (sql: string, options: PsqlOptions) => Promise<Outcome>;
}

/** The user that runs PostgreSQL when the test runs as root. */
export const postgresAccount = (): Account | undefined => accountFor('postgres');

/** A folder for the server's certificate files, which its user can enter. */
export function postgresFolder(t: Scope): string {
  const { folder, remove } = accountFolder(postgresAccount());
  t.after(remove);
  return folder;
}

/** Needs `postgres` and `setpriv`. */
export async function startPostgres(t: Scope, options: PostgresOptions): Promise<Postgres> {
  const account = postgresAccount();
  const { folder, closing } = groundFor(t, account);
  const dataDir = join(folder, 'data');
  await createCluster(dataDir, account, options);
  const argv = [binary('postgres'), '-D', dataDir, '-c'];
  const { port, server } = await onFreePort(async (port) => {
    const { env = {} } = options;
    const ready = /ready to accept connections/;
    const launched = { argv: [...argv, `port=${port}`], account, cwd: folder, env, ready, end: 'SIGQUIT' } as const;
    return { port, server: await launch(launched) };
  });
  closing(server.stop);
  const reload = [...asAccount(account), binary('pg_ctl'), 'reload', '-D', dataDir];
  const psql = (sql: string, client: PsqlOptions) => runPsql(port, sql, client);
  return { port, ...server, dataDir, account, reload, psql };
}

/** Debian's programs are in a folder per version; `psql` on PATH is a wrapper that looks for Debian's own clusters. */
const binary = (name: string) => join(dirname(realpathSync(pathOf('postgres'))), name);

async function createCluster(dataDir: string, account: Account | undefined, options: PostgresOptions): Promise<void> {
  const flags = ['--no-sync', '--no-instructions', '--locale=C', '--encoding=UTF8', '--auth=trust'];
  const [program = '', ...args] = [...asAccount(account), binary('initdb'), '-D', dataDir, '-U', 'postgres', ...flags];
  await must(program, args, { cwd: dirname(dataDir) });
  const { access = ['hostssl all all all trust'], sql = [] } = options;
  if (sql.length > 0) await runAlone(dataDir, account, sql);
  await appendFile(join(dataDir, 'postgresql.conf'), settings(options));
  await writeFile(join(dataDir, 'pg_hba.conf'), `${access.join('\n')}\n`);
}

async function runAlone(dataDir: string, account: Account | undefined, sql: readonly string[]): Promise<void> {
  const flags = ['--single', '-F', '-D', dataDir, 'postgres'];
  const [program = '', ...args] = [...asAccount(account), binary('postgres'), ...flags];
  await must(program, args, { cwd: dirname(dataDir), input: sql.map((statement) => `${statement};\n`).join('') });
}

/** The TLS settings are in the file, not in the arguments, so that a reload may change them. */
function settings(options: PostgresOptions): string {
  const { extra = [] } = options;
  return [
    '',
    "listen_addresses = '127.0.0.1'",
    "unix_socket_directories = ''",
    'fsync = off',
    ...('lines' in options ? options.lines : fileLines(options)),
    ...extra,
    '',
  ].join('\n');
}

function fileLines({ certificate, key, ca, crl }: Files): string[] {
  const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`;
  return [
    'ssl = on',
    `ssl_cert_file = ${quoted(certificate)}`,
    `ssl_key_file = ${quoted(key)}`,
    ...(ca === undefined ? [] : [`ssl_ca_file = ${quoted(ca)}`]),
    ...(crl === undefined ? [] : [`ssl_crl_file = ${quoted(crl)}`]),
  ];
}

function runPsql(port: number, sql: string, options: PsqlOptions): Promise<Outcome> {
  const { host, ca, crl, certificate, key, env = {} } = options;
  const environment = {
    PGHOST: host,
    PGHOSTADDR: '127.0.0.1',
    PGPORT: String(port),
    PGUSER: 'postgres',
    PGDATABASE: 'postgres',
    PGCONNECT_TIMEOUT: '20',
    PGSSLMODE: 'verify-full',
    PGSSLROOTCERT: ca,
    PGSSLCRL: crl,
    PGSSLCERT: certificate,
    PGSSLKEY: key,
    ...env,
  };
  return run(binary('psql'), ['-X', '-w', '-At', '-c', sql], { env: environment });
}
