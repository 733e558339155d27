/** Servers that check their clients, and clients that check their server, with the lists of a whole chain in one file. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { type TestContext, test } from 'node:test';
import { needs, type Outcome, run } from '../../support/peers.ts';
import { startNginx } from '../../support/servers/nginx.ts';
import { postgresAccount, postgresFolder, startPostgres } from '../../support/servers/postgres.ts';
import { startTdsServer } from '../../support/servers/tds.ts';
import { temporaryFolder } from '../../support/temp.ts';
import { Scene } from '../revocation-scene.ts';

type Place = Parameters<typeof Scene.make>[0];

/** A CA with an intermediate, lists that are late, without the root's, and as they should be. */
async function prepare(place: Place): Promise<Scene> {
  const scene = await Scene.make(place, -200, true);
  await scene.roots('roots.pem');
  for (const label of ['server', 'good', 'bad']) await scene.issue(label);
  scene.day = -100;
  await scene.lists('late.pem', { days: 30 });
  scene.day = 0;
  await scene.ca.revoke('bad', { reason: 'keyCompromise' });
  await scene.lists('partial.pem', { count: 1 });
  await scene.lists('lists.pem');
  return scene;
}

const pair = (scene: Scene, label: string) => ({
  certificate: scene.at(`${label}.pem`),
  key: scene.at(`${label}.key.pem`),
});

test('nginx refuses clients by ssl_crl', async (t) => {
  if (!needs(t, 'nginx', 'setpriv', 'curl')) return;
  const scene = await prepare({ folder: temporaryFolder(t) });
  const serve = async (crl: string) => {
    const options = { ...pair(scene, 'server'), clientCa: scene.at('roots.pem'), crl: scene.at(crl) };
    const { port } = await startNginx(t, { ...options, extra: ['ssl_verify_depth 2;'] });
    return async (label: string) => {
      const { certificate, key } = pair(scene, label);
      const to = ['--resolve', `x.test:${port}:127.0.0.1`, `https://x.test:${port}/`];
      const { stdout } = await run('curl', [
        '-sS',
        '--cacert',
        scene.at('roots.pem'),
        '--cert',
        certificate,
        '--key',
        key,
        ...to,
      ]);
      return /SSL certificate error/.test(stdout) ? 'refused' : stdout;
    };
  };
  const visit = await serve('lists.pem');
  assert.deepEqual([await visit('good'), await visit('bad')], ['served\n', 'refused']);
  // A list that is late or missing locks everybody out.
  for (const crl of ['late.pem', 'partial.pem']) assert.equal(await (await serve(crl))('good'), 'refused', crl);
});

const answer = ({ stdout, stderr }: Outcome) => `${stdout}${stderr}`.trim();

test('PostgreSQL refuses clients by ssl_crl_file, and libpq the server by sslcrl', async (t) => {
  if (!needs(t, 'postgres', 'setpriv')) return;
  const account = postgresAccount();
  const scene = await prepare({ folder: postgresFolder(t), account });
  // What the client reads belongs to the client.
  const client = await clientOf(t, scene);
  const start = (label: string, crl: string) =>
    startPostgres(t, {
      ...pair(scene, label),
      ca: scene.at('roots.pem'),
      crl: scene.at(crl),
      access: ['hostssl all all all trust clientcert=verify-ca'],
    });
  const server = await start('server', 'lists.pem');
  const ask = async (label: string, crl: string, from = server) =>
    answer(
      await from.psql('SELECT 1', { host: 'x.test', ca: scene.at('roots.pem'), crl: scene.at(crl), ...client(label) }),
    );
  assert.equal(await ask('good', 'lists.pem'), '1');
  assert.match(await ask('bad', 'lists.pem'), /certificate revoked/);
  assert.match(await ask('good', 'late.pem'), /certificate verify failed|CRL has expired/);
  // libpq asks for the lists of the whole chain, and the server as well.
  assert.match(await ask('good', 'partial.pem'), /certificate verify failed/);
  for (const [crl, why] of [
    ['partial.pem', /unknown ca/],
    ['late.pem', /certificate expired/],
  ] as const) {
    assert.match(await ask('good', 'lists.pem', await start('server', crl)), why);
  }
  const bad = await start('bad', 'lists.pem');
  assert.match(await ask('good', 'lists.pem', bad), /certificate revoked|certificate verify failed/);
});

async function clientOf(t: TestContext, scene: Scene) {
  const folder = temporaryFolder(t);
  for (const label of ['good', 'bad']) {
    for (const part of ['pem', 'key.pem'])
      writeFileSync(`${folder}/${label}.${part}`, await readFile(scene.at(`${label}.${part}`)), { mode: 0o600 });
  }
  return (label: string) => ({ certificate: `${folder}/${label}.pem`, key: `${folder}/${label}.key.pem` });
}

test('FreeTDS refuses the server by "crl file"', async (t) => {
  if (!needs(t, 'tsql')) return;
  const scene = await prepare({ folder: temporaryFolder(t) });
  const login = async (label: string, crl: string) => {
    const { certificate, key } = pair(scene, label);
    const { port } = await startTdsServer(t, { key: await readFile(key), cert: await readFile(certificate) });
    const lines = [`port = ${port}`, 'host = localhost', 'tds version = 7.4', 'encryption = require'];
    const trust = [`ca file = ${scene.at('roots.pem')}`, `crl file = ${scene.at(crl)}`];
    writeFileSync(scene.at('freetds.conf'), `[served]\n${[...lines, ...trust].join('\n')}\n`);
    const env = { FREETDSCONF: scene.at('freetds.conf'), LC_ALL: 'C.UTF-8' };
    const input = "SELECT 'in'\ngo\nexit\n";
    return (await run('tsql', ['-S', 'served', '-U', 'sa', '-P', 'x', '-o', 'qfh'], { input, env })).status;
  };
  assert.deepEqual([await login('good', 'lists.pem'), await login('bad', 'lists.pem')], [0, 1]);
  // Debian builds it with GnuTLS, to which a late list is a list; with OpenSSL it wants a good one of every CA.
  assert.deepEqual([await login('good', 'partial.pem'), await login('good', 'late.pem')], [0, 0]);
});
