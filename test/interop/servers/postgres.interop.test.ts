/** The PostgreSQL that other tests lean on: it serves, verifies clients, reloads, and obeys another clock. */
import assert from 'node:assert/strict';
import { copyFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { atDate } from '../../support/faketime.ts';
import { needs, type Outcome, run } from '../../support/peers.ts';
import { type PsqlOptions, postgresAccount, postgresFolder, startPostgres } from '../../support/servers/postgres.ts';
import { temporaryFolder } from '../../support/temp.ts';
import { eventually, Ground, HOST, hook, OTHER } from './ground.ts';

const answer = ({ status, stdout, stderr }: Outcome) => (status === 0 ? stdout.trim() : stderr.trim());

/** The same from within a Node that has another date, as a renewal a year later runs it. */
const lateHook = (argv: readonly string[]) => {
  const script = "const [p, ...a] = process.argv.slice(1); require('node:child_process').execFileSync(p, a)";
  return run(process.execPath, ['-e', script, ...argv], { env: atDate(400).env });
};

const ENCRYPTED = 'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()';
const EXPIRED = /certificate verify failed|certificate has expired/;

test('PostgreSQL serves to psql with full verification, and takes a new certificate at reload', async (t) => {
  if (!needs(t, 'postgres', 'setpriv', 'faketime')) return;
  const ground = await Ground.make(postgresFolder(t), postgresAccount());
  const { ca } = ground;
  const first = await ground.issue(HOST);
  const postgres = await startPostgres(t, first);
  if (process.getuid?.() === 0) assert.notEqual(postgres.account?.uid ?? 0, 0);
  const ask = async (options: Partial<PsqlOptions> = {}) =>
    answer(await postgres.psql(ENCRYPTED, { host: HOST, ca, ...options }));

  assert.equal(await ask(), 't');
  assert.match(await ask({ host: OTHER }), /server certificate for "db\.example\.test" does not match host name/);
  const stranger = await Ground.make(temporaryFolder(t));
  assert.match(await ask({ ca: stranger.ca }), /certificate verify failed/);
  assert.equal(await ask({ crl: await ground.revoke('none.pem') }), 't');
  const crl = await ground.revoke('crl.pem', first.serial);
  assert.match(await ask({ crl }), /certificate revoked|certificate verify failed/);
  assert.equal(await ask({ env: atDate(300).env }), 't');
  assert.match(await ask({ env: atDate(400).env }), EXPIRED);

  await ground.issue(HOST);
  assert.match(await ask({ crl }), /certificate revoked|certificate verify failed/);
  assert.equal((await hook(postgres.reload)).status, 0);
  await eventually('the new one is served', async () => (await ask({ crl })) === 't');

  await postgres.stop();
  assert.ok(!existsSync(join(postgres.dataDir, 'postmaster.pid')));
});

test('PostgreSQL asks for client certificates, refuses revoked ones, and obeys another clock', async (t) => {
  if (!needs(t, 'postgres', 'setpriv', 'faketime')) return;
  // The server's user reads the one folder; the client's key belongs to the client.
  const folder = postgresFolder(t);
  const ground = await Ground.make(folder, postgresAccount());
  const clients = await Ground.make(temporaryFolder(t));
  const good = await clients.issue('good.test', 'client');
  const bad = await clients.issue('bad.test', 'client');
  const given = (file: string, name: string) => {
    copyFileSync(file, join(folder, name));
    return join(folder, name);
  };
  const settings = {
    ...(await ground.issue(HOST)),
    ca: given(clients.ca, 'clients.pem'),
    crl: given(await clients.revoke('crl.pem', bad.serial), 'clients.crl.pem'),
    access: ['hostssl all all all trust clientcert=verify-ca'],
  };
  const now = await startPostgres(t, settings);
  const as = { host: HOST, ca: ground.ca };
  assert.equal(answer(await now.psql(ENCRYPTED, { ...as, ...good })), 't');
  assert.match(answer(await now.psql(ENCRYPTED, as)), /connection requires a valid client certificate/);
  assert.match(answer(await now.psql(ENCRYPTED, { ...as, ...bad })), /certificate revoked/);

  const later = await startPostgres(t, { ...settings, env: atDate(300).env });
  assert.equal(answer(await later.psql(ENCRYPTED, { ...as, ...good })), 't');
  assert.equal((await lateHook(later.reload)).status, 0);
  await eventually('it has read its files again', () => /received SIGHUP/.test(later.log()));
  const future = await startPostgres(t, { ...settings, env: atDate(400).env });
  assert.match(answer(await future.psql(ENCRYPTED, { ...as, ...good })), /certificate expired/);
  assert.match(answer(await future.psql(ENCRYPTED, { ...as, ...good, env: atDate(400).env })), EXPIRED);
});
