/**
 * A year in a minute, four times over: a real nginx and a real PostgreSQL, kept up to date by `deploy run` while one clock
 * moves on for them, for their clients, and for local-ca. At every moment a client that verifies either connects or is
 * told why not, and the key in the folder is that of the certificate.
 */
import assert from 'node:assert/strict';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { parseCertificate } from '../../src/core/parse.ts';
import { lookAt } from '../../src/probe/look.ts';
import { parseTarget } from '../../src/probe/target.ts';
import { type CliOptions, localCa, localCaJson } from '../support/cli.ts';
import { type MovingClock, movingClock } from '../support/faketime.ts';
import { needs, type Outcome, run } from '../support/peers.ts';
import { startNginx } from '../support/servers/nginx.ts';
import { type Postgres, postgresAccount, postgresFolder, startPostgres } from '../support/servers/postgres.ts';
import { temporaryFolder } from '../support/temp.ts';
import { eventually, Ground } from './servers/ground.ts';

const DAY = 86_400_000;
const WEB = 'web.example.test';
const DB = 'db.example.test';
const PROGRAMS = ['nginx', 'postgres', 'setpriv', 'curl', 'faketime'];

interface Told {
  readonly label: string;
  readonly state: string;
  readonly result: string;
  readonly serial: string | null;
  readonly problem: string | null;
}

/** The hook fails while this file is there. A program of its own, since a shell would leave its clock behind. */
const hookScript = `
  const { existsSync } = require('node:fs');
  const { execFileSync } = require('node:child_process');
  const [flag, program, ...args] = process.argv.slice(2);
  if (existsSync(flag)) { console.error('refused'); process.exit(7); }
  execFileSync(program, args, { stdio: 'inherit' });
`;

const quoted = (words: readonly string[]) => JSON.stringify(words);

class Year {
  readonly clock: MovingClock;
  readonly #start: number;
  readonly #options: CliOptions;
  readonly ca: string;

  constructor(folder: string) {
    // The server's user reads the clock too.
    fs.chmodSync(folder, 0o755);
    this.clock = movingClock(folder);
    const today = new Date();
    this.#start = Date.UTC(today.getUTCFullYear(), today.getUTCMonth(), today.getUTCDate() + 1);
    const home = join(folder, 'home');
    this.#options = { home, cwd: folder, env: this.clock.env };
    this.ca = join(home, 'ca', 'root.crt.pem');
  }

  /** `at(336, 17, 10)`: ten past five, 336 days after the first. */
  at(day: number, hour: number, minute = 0): void {
    this.clock.move(new Date(this.#start + day * DAY + (hour * 60 + minute) * 60_000));
  }

  /** Where `issue` put its files. */
  issued(label: string): string {
    return join(this.#options.cwd ?? '', label);
  }

  async must(...args: readonly string[]): Promise<void> {
    const { status, stdout, stderr } = await this.try(...args);
    assert.equal(status, 0, `local-ca ${args.join(' ')}\n${stdout}${stderr}`);
  }

  try(...args: readonly string[]): Promise<Outcome> {
    return localCa([...args, '--yes'], this.#options);
  }

  /** What `deploy run` did, by label. */
  async run(...args: readonly string[]): Promise<{ status: number; web: Told; db: Told }> {
    const { status, stdout, stderr } = await this.try('deploy', 'run', ...args, '--json');
    assert.match(stdout, /^\{/, stderr);
    const targets = JSON.parse(stdout).targets as Told[];
    const of = (label: string) => targets.find((one) => one.label === label) as Told;
    return { status, web: of(WEB), db: of(DB) };
  }

  state(label: string): Promise<Told[]> {
    return localCaJson<Told[]>(['deploy', 'state', label], this.#options);
  }
}

/** Throws unless the folder holds a certificate with its own key; gives its serial. */
function pairIn(folder: string, label: string): string {
  const certificate = new X509Certificate(fs.readFileSync(join(folder, `${label}.chain.pem`)));
  const key = createPrivateKey(fs.readFileSync(join(folder, `${label}.key.pem`)));
  assert.ok(certificate.checkPrivateKey(key), `${folder}: the key is another certificate's`);
  return parseCertificate(new Uint8Array(certificate.raw)).serial;
}

/** The serial that a server shows. */
async function served(url: string): Promise<string> {
  const { chain } = await lookAt(parseTarget(url));
  return parseCertificate(chain[0] as Uint8Array).serial;
}

/** A pair that somebody made with other means, in the names that the template will use. */
async function foreignPair(folder: string, label: string): Promise<{ certificate: string; key: string }> {
  const account = label === DB ? postgresAccount() : undefined;
  const foreign = fs.mkdtempSync(join(folder, 'foreign-'));
  if (account !== undefined) fs.chownSync(foreign, account.uid, account.gid);
  const pair = await (await Ground.make(foreign, account)).issue(label);
  const tls = join(folder, 'tls');
  fs.mkdirSync(tls, { mode: 0o700 });
  if (account !== undefined) fs.chownSync(tls, account.uid, account.gid);
  const placed = { certificate: join(tls, `${label}.chain.pem`), key: join(tls, `${label}.key.pem`) };
  fs.renameSync(pair.certificate, placed.certificate);
  fs.renameSync(pair.key, placed.key);
  return placed;
}

async function prepare(t: TestContext) {
  const year = new Year(temporaryFolder(t));
  const { env } = year.clock;
  const folders = { web: temporaryFolder(t), db: postgresFolder(t) };
  year.at(0, 12);
  const nginx = await startNginx(t, { ...(await foreignPair(folders.web, WEB)), env });
  const postgres = await startPostgres(t, { ...(await foreignPair(folders.db, DB)), env });
  const tls = { web: join(folders.web, 'tls'), db: join(folders.db, 'tls') };
  await year.must('init', '--name', 'Year', '--days', '3650');
  await year.must('issue', WEB, '--template', 'nginx');
  await year.must('issue', DB, '--template', 'nginx');
  const script = join(folders.web, 'hook.cjs');
  const flag = join(folders.web, 'fail');
  fs.writeFileSync(script, hookScript);
  await year.must(
    ...['deploy', 'add', WEB, '--to', tls.web, '--probe', `https://127.0.0.1:${nginx.port}`],
    ...['--hook', quoted([process.execPath, script, flag, ...nginx.reload])],
  );
  const owner = postgresAccount() === undefined ? [] : ['--owner', 'postgres'];
  await year.must(
    ...['deploy', 'add', DB, '--to', tls.db, '--probe', `postgres://127.0.0.1:${postgres.port}`, ...owner],
    ...['--hook', quoted(postgres.reload), '--window', '17:00-18:00', '--tz', 'UTC'],
  );
  return { year, nginx, postgres, tls, flag };
}

/** What a client that verifies gets: 'ok', or why not. */
const clients = (year: Year, nginx: { port: number }, postgres: Postgres) => ({
  web: async () => {
    const to = ['--resolve', `${WEB}:${nginx.port}:127.0.0.1`, `https://${WEB}:${nginx.port}/`];
    const { status, stdout, stderr } = await run('curl', ['-sS', '--cacert', year.ca, ...to], { env: year.clock.env });
    return status === 0 && stdout === 'served\n' ? 'ok' : stderr.trim();
  },
  db: async () => {
    const { status, stderr } = await postgres.psql('SELECT 1', { host: DB, ca: year.ca, env: year.clock.env });
    return status === 0 ? 'ok' : stderr.trim();
  },
});

test('a year in a minute: nginx and PostgreSQL through enable, four renewals, a failed hook, a window, a disable', {
  timeout: 300_000,
}, async (t) => {
  if (!needs(t, ...PROGRAMS)) return;
  const { year, nginx, postgres, tls, flag } = await prepare(t);
  const client = clients(year, nginx, postgres);
  const pairs = () => ({ web: pairIn(tls.web, WEB), db: pairIn(tls.db, DB) });
  /** Both connect, and the folders hold whole pairs. */
  const allIsWell = async () => {
    assert.deepEqual([await client.web(), await client.db()], ['ok', 'ok']);
    const standing = pairs();
    // A reload is done some time after its command.
    await eventually('nginx serves it', async () => (await served(`https://127.0.0.1:${nginx.port}`)) === standing.web);
    await eventually(
      'so does PostgreSQL',
      async () => (await served(`postgres://127.0.0.1:${postgres.port}`)) === standing.db,
    );
    return standing;
  };

  // --- enable ---------------------------------------------------------------------------------------------------
  assert.match(await client.web(), /unable to get local issuer certificate/);
  const refused = await year.run();
  assert.deepEqual([refused.status, refused.web.state, refused.db.state], [1, 'not-enabled', 'not-enabled']);
  assert.match(
    refused.web.problem ?? '',
    /chain\.pem exists, and local-ca did not put it there; local-ca deploy run [0-9a-f]+ --force replaces a file$/,
  );
  pairs();
  const first = await year.run('--force');
  assert.deepEqual([first.web.result, first.db.result], ['enabled', 'waiting']);
  assert.equal(await client.web(), 'ok');
  assert.match(await client.db(), /certificate verify failed/);
  year.at(0, 16, 59);
  assert.equal((await year.run('--force')).db.state, 'waiting');
  year.at(0, 17, 10);
  assert.equal((await year.run('--force')).db.result, 'enabled');
  let before = await allIsWell();

  // --- nothing to do --------------------------------------------------------------------------------------------
  year.at(300, 12);
  const quiet = await year.run();
  assert.deepEqual([quiet.status, quiet.web.result, quiet.db.result], [0, 'unchanged', 'unchanged']);
  assert.deepEqual(await allIsWell(), before);

  // --- four renewals --------------------------------------------------------------------------------------------
  for (const renewal of [1, 2, 3, 4]) {
    const day = renewal * 336;
    year.at(day, 12);
    if (renewal === 2) fs.writeFileSync(flag, '');
    const noon = await year.run();
    if (renewal === 2) {
      // Its files are back, and the old one is served.
      assert.deepEqual([noon.status, noon.web.result, noon.web.state], [1, 'failed', 'enabled']);
      assert.match(noon.web.problem ?? '', /^the hook ended with exit code 7.*; with the files before, /);
      assert.deepEqual(await allIsWell(), before);
      fs.rmSync(flag);
      year.at(day, 12, 5);
      assert.equal((await year.run()).web.result, 'later');
      year.at(day, 12, 11);
      assert.equal((await year.run()).web.result, 'updated');
    } else assert.equal(noon.web.result, 'updated');
    // Renewed, and outside of its window.
    assert.equal(noon.db.result, 'waiting');
    const between = await allIsWell();
    assert.notEqual(between.web, before.web);
    // The files that were issued first are renewed too.
    assert.equal(pairIn(year.issued(WEB), WEB), between.web);
    assert.equal(between.db, before.db);
    year.at(day, 17, 10);
    assert.equal((await year.run()).db.result, 'updated');
    const after = await allIsWell();
    assert.notEqual(after.db, before.db);
    // The certificates before would have ended by now.
    year.at(day + 40, 12);
    assert.deepEqual(await allIsWell(), after);
    before = after;
  }

  // --- disable --------------------------------------------------------------------------------------------------
  // Servers that go on without TLS, as their owner has set them up to.
  fs.writeFileSync(
    nginx.config,
    fs
      .readFileSync(nginx.config, 'utf8')
      .replace(/ ssl;/, ';')
      .replace(/^ssl_.*$/gm, ''),
  );
  fs.appendFileSync(join(postgres.dataDir, 'postgresql.conf'), '\nssl = off\n');
  await year.must('deploy', 'remove', WEB);
  await year.must('deploy', 'remove', DB);
  assert.deepEqual([(await year.state(WEB))[0]?.state, (await year.state(DB))[0]?.state], ['disabled', 'waiting']);
  assert.ok(!fs.existsSync(join(tls.web, `${WEB}.key.pem`)));
  await eventually('nginx has no TLS', async () => /wrong version number|SSL/.test(await client.web()));
  assert.equal(await client.db(), 'ok');
  year.at(4 * 336 + 40, 17, 10);
  assert.equal((await year.run()).db.result, 'disabled');
  await eventually('PostgreSQL has no TLS', async () => /does not support SSL/.test(await client.db()));
  assert.ok(!fs.existsSync(join(tls.db, `${DB}.key.pem`)));
});
