/** Clients of SQL Server: how each is told what to trust, how much it encrypts, and in which words it refuses. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LineWorker } from '../support/line-worker.ts';
import { pathOf, run } from '../support/peers.ts';
import type { Coverage } from '../support/servers/tds.ts';
import { LABELS, type TdsScene, TRUST_PASSWORD, type Trusted } from './tds-scene.ts';

/** FreeTDS' words. */
export type Mode = 'off' | 'request' | 'require' | 'strict';
/** What a client should refuse: a server of another CA, of another name, ... */
export type Wrong = 'stranger' | 'elsewhere' | 'expired' | 'revoked';
/** Settings, in the client's words; undefined takes one away. */
export type Changes = Readonly<Record<string, string | undefined>>;

interface Visit {
  readonly scene: TdsScene;
  readonly port: number;
  readonly mode: Mode;
  readonly trusted: Trusted;
  /** The name to find in the certificate, where it is not the one that the client connects to. */
  readonly expects: string | undefined;
  /** TLS 1.0 too, where it can. */
  readonly legacy: boolean;
  readonly changes: Changes;
  readonly query: string;
}

/** The first row, or why there is none. */
type Answer = { readonly row: string } | { readonly refusal: string };

export interface Client {
  readonly name: string;
  readonly programs: readonly string[];
  /** How much of a session it encrypts when the server leaves it to the client. Modes that it lacks are not here. */
  readonly covers: Partial<Record<Mode, Coverage>>;
  /** The modes in which it looks at the certificate. */
  readonly verifies: readonly Mode[];
  /** What is not here it accepts. */
  readonly refuses: Partial<Record<Wrong, RegExp>>;
  /** When it is not to encrypt, and the server insists. */
  readonly insisted?: RegExp;
  /** Told to expect another name, it takes that of the host all the same. */
  readonly takesHostName?: true;
  readonly takesWildcards?: true;
  readonly visit: (visit: Visit) => Promise<Answer>;
}

const source = (file: string) => fileURLToPath(new URL(`programs/${file}`, import.meta.url));

/** Java then fetches the list of the leaf's issuer. The intermediate itself is in the trust stores, so nobody asks for its own. */
const LOOKS_FOR_LISTS = ['-Dcom.sun.net.ssl.checkRevocation=true', '-Dcom.sun.security.enableCRLDP=true'];
const javaProgram = ['-cp', pathOf('mssql-jdbc'), source('Tds.java')];

const workers = {
  java: new LineWorker('java', javaProgram),
  javaWithLists: new LineWorker('java', [...LOOKS_FOR_LISTS, ...javaProgram]),
  python: new LineWorker('k-ctds', [source('tds.py')]),
  odbc: new LineWorker('pyodbc', [source('odbc.py')]),
  node: new LineWorker('node22', [source('tds.mjs'), pathOf('tedious')]),
};

export function closeClients(): void {
  for (const worker of Object.values(workers)) worker.close();
}

function readAnswer(line: string): Answer {
  const [kind, text = ''] = line.split('\t');
  return kind === 'answered' ? { row: text } : { refusal: text };
}

/** The file of the template as it is, or with other lines. */
async function freetdsConf({ scene, port, mode, trusted, expects, legacy, changes }: Visit): Promise<string> {
  const name = expects === undefined ? [] : ['--set', `certname=${expects}`];
  const folder = await scene.freetds(trusted, port, [...name, ...(legacy ? ['--legacy'] : [])]);
  const file = join(folder, `freetds-${mode}.conf`);
  if (Object.keys(changes).length === 0) return file;
  let text = readFileSync(file, 'utf8');
  for (const [name, value] of Object.entries(changes)) {
    text = text.replace(new RegExp(`^ *${name} = .*\n`, 'm'), '');
    if (value !== undefined) text += `    ${name} = ${value}\n`;
  }
  const changed = join(folder, 'changed.conf');
  writeFileSync(changed, text);
  return changed;
}

async function askTsql(visit: Visit): Promise<Answer> {
  const log = visit.scene.at('freetds.log');
  const env = { FREETDSCONF: await freetdsConf(visit), TDSDUMP: log, LC_ALL: 'C.UTF-8' };
  const login = ['-S', LABELS[visit.trusted], '-U', 'sa', '-P', 'x', '-o', 'qfh'];
  const { status, stdout, stderr } = await run('tsql', login, { input: `${visit.query}\ngo\nexit\n`, env });
  if (status === 0) return { row: stdout.trim().replaceAll('\t', ' ') };
  const why = readFileSync(log, 'latin1').match(/Certificate (status|hostname).*/g) ?? [];
  return { refusal: [stderr, ...why].join('\n') };
}

async function askCtds(visit: Visit): Promise<Answer> {
  const conf = await freetdsConf(visit);
  const { scene, trusted, port, query } = visit;
  return readAnswer(await workers.python.ask(conf, scene.at('freetds.log'), LABELS[trusted], String(port), query));
}

async function askTedious({ scene, port, mode, trusted, expects, changes, query }: Visit): Promise<Answer> {
  const { pem, lists } = scene.trust(trusted);
  const encrypt = mode === 'strict' ? mode : mode === 'require';
  const options = { port, encrypt, ca: pem, crl: lists, serverName: expects, ...changes };
  return readAnswer(await workers.node.ask(JSON.stringify(options), query));
}

const ODBC_ENCRYPT: Readonly<Record<Mode, string>> = { off: 'no', request: 'no', require: 'yes', strict: 'strict' };

async function askOdbc({ scene, port, mode, trusted, expects, changes, query }: Visit): Promise<Answer> {
  const settings = {
    Server: `tcp:${changes.host ?? 'localhost'},${port}`,
    UID: 'sa',
    PWD: 'x',
    Encrypt: ODBC_ENCRYPT[mode],
    TrustServerCertificate: changes.trustServerCertificate === 'true' ? 'yes' : 'no',
    HostNameInCertificate: expects,
    ServerCertificate: changes.ServerCertificate,
  };
  const given = Object.entries(settings).filter(([, value]) => value !== undefined);
  const text = given.map(([name, value]) => `${name}=${value}`).join(';');
  return readAnswer(await workers.odbc.ask(scene.trust(trusted).pem, text, query));
}

const JDBC_ENCRYPT: Readonly<Record<Mode, string>> = {
  off: 'false',
  request: 'false',
  require: 'true',
  strict: 'strict',
};
const JDBC_STORES = { jks: 'JKS', p12: 'PKCS12' } as const;

const askJdbc =
  (store: keyof typeof JDBC_STORES, worker = workers.java) =>
  async ({ scene, port, mode, trusted, expects, changes, query }: Visit): Promise<Answer> => {
    const settings = {
      user: 'sa',
      password: 'x',
      loginTimeout: '15',
      encrypt: JDBC_ENCRYPT[mode],
      trustServerCertificate: 'false',
      trustStore: scene.trust(trusted)[store],
      trustStoreType: JDBC_STORES[store],
      trustStorePassword: TRUST_PASSWORD,
      hostNameInCertificate: expects ?? 'localhost',
      ...changes,
    };
    const properties = Object.entries(settings).map(([name, value]) => `;${name}=${value}`);
    return readAnswer(await worker.ask(`jdbc:sqlserver://localhost:${port}${properties.join('')}`, query));
  };

const jdbc: Omit<Client, 'name' | 'visit'> = {
  programs: ['java', 'javac', 'mssql-jdbc'],
  covers: { request: 'login', require: 'all', strict: 'strict' },
  verifies: ['require', 'strict'],
  refuses: {
    stranger: /unable to find valid certification path/,
    elsewhere: /Failed to validate the server name/,
    expired: /CertificateExpiredException/,
  },
  takesWildcards: true,
};

const FAILED = 'TDS server connection failed \\(\\w+\\)';

export const FREETDS: Readonly<Record<'tsql' | 'ctds', Client>> = {
  tsql: {
    name: 'tsql of FreeTDS with GnuTLS',
    programs: ['tsql'],
    covers: { off: 'none', request: 'login', require: 'all' },
    verifies: ['request', 'require'],
    // GnuTLS' flags: invalid (2) with signer not found (64), expired (1024), revoked (32).
    refuses: {
      stranger: /Error 20002.*Certificate status: 66$/s,
      elsewhere: /Error 20002.*Certificate hostname does not match$/s,
      expired: /Error 20002.*Certificate status: 1026$/s,
      revoked: /Error 20002.*Certificate status: 34$/s,
    },
    insisted: /Error 20002/,
    takesHostName: true,
    visit: askTsql,
  },
  ctds: {
    name: 'cTDS, which has FreeTDS with OpenSSL',
    programs: ['k-ctds'],
    covers: { off: 'none', request: 'login', require: 'all', strict: 'strict' },
    verifies: ['request', 'require', 'strict'],
    // It does not say more.
    refuses: {
      stranger: new RegExp(`${FAILED} / handshake failed`),
      elsewhere: new RegExp(`${FAILED} / checking hostname failed`),
      expired: new RegExp(`${FAILED} / handshake failed`),
      revoked: new RegExp(`${FAILED} / handshake failed`),
    },
    insisted: new RegExp(FAILED),
    visit: askCtds,
  },
};

export const ODBC: Client = {
  name: 'ODBC Driver 18',
  programs: ['pyodbc', 'mssql-python-odbc'],
  covers: { request: 'login', require: 'all', strict: 'strict' },
  verifies: ['require', 'strict'],
  refuses: {
    stranger: /unable to get local issuer certificate/,
    elsewhere: /subject name does not match host name/,
    expired: /certificate has expired/,
  },
  takesHostName: true,
  takesWildcards: true,
  visit: askOdbc,
};

/** With trustServerCertificate they take any certificate, but in strict mode. */
export const CREDULOUS: readonly Client[] = [
  {
    name: 'tedious',
    programs: ['node22', 'tedious'],
    covers: { off: 'none', require: 'all', strict: 'strict' },
    verifies: ['require', 'strict'],
    refuses: {
      stranger: /unable to get certificate CRL|unable to get local issuer certificate/,
      elsewhere: /Hostname\/IP does not match certificate's altnames/,
      expired: /certificate has expired/,
      revoked: /certificate revoked/,
    },
    insisted: /Server requires encryption/,
    takesWildcards: true,
    visit: askTedious,
  },
  { ...jdbc, name: 'mssql-jdbc with ca.jks', visit: askJdbc('jks') },
  ODBC,
];

export const CLIENTS: readonly Client[] = [
  ...Object.values(FREETDS),
  ...CREDULOUS,
  { ...jdbc, name: 'mssql-jdbc with ca.p12', visit: askJdbc('p12') },
  {
    ...jdbc,
    name: 'mssql-jdbc that looks for revocation lists',
    refuses: { ...jdbc.refuses, revoked: /Certificate has been revoked/ },
    visit: askJdbc('jks', workers.javaWithLists),
  },
];
