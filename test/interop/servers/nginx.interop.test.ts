/** The nginx that other tests lean on: it serves, verifies clients, reloads, and obeys another clock. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { connect } from 'node:tls';
import { atDate } from '../../support/faketime.ts';
import { needs, type Outcome, run } from '../../support/peers.ts';
import { startNginx } from '../../support/servers/nginx.ts';
import { temporaryFolder } from '../../support/temp.ts';
import { eventually, Ground, HOST, hook, OTHER, type Pair } from './ground.ts';

/** The serial of what a port serves. */
async function servedSerial(port: number): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', servername: HOST, rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const { serialNumber } = socket.getPeerCertificate();
  socket.destroy();
  return serialNumber.toLowerCase();
}

interface Visit {
  readonly ca: string;
  readonly client?: Pair;
  readonly env?: Readonly<Record<string, string>>;
}

function curl(port: number, { ca, client, env = {} }: Visit): Promise<Outcome> {
  const identity = client === undefined ? [] : ['--cert', client.certificate, '--key', client.key];
  const to = ['--resolve', `${HOST}:${port}:127.0.0.1`, `https://${HOST}:${port}/`];
  return run('curl', ['-sS', '--cacert', ca, ...identity, ...to], { env });
}

test('nginx serves, tries its configuration, and takes a new certificate at reload', async (t) => {
  if (!needs(t, 'nginx', 'setpriv', 'curl')) return;
  const ground = await Ground.make(temporaryFolder(t));
  const first = await ground.issue(HOST);
  const nginx = await startNginx(t, first);
  assert.equal((await curl(nginx.port, ground)).stdout, 'served\n');

  const second = await ground.issue(HOST);
  assert.equal(await servedSerial(nginx.port), first.serial);
  assert.equal((await hook(nginx.test)).status, 0);
  assert.equal((await hook(nginx.reload)).status, 0);
  await eventually('the second is served', async () => (await servedSerial(nginx.port)) === second.serial);
  assert.equal((await curl(nginx.port, ground)).stdout, 'served\n');

  await nginx.stop();
  await assert.rejects(servedSerial(nginx.port), { code: 'ECONNREFUSED' });
});

test('nginx does not start with a key that is not of its certificate', async (t) => {
  if (!needs(t, 'nginx', 'setpriv')) return;
  const ground = await Ground.make(temporaryFolder(t));
  const { certificate } = await ground.issue(HOST);
  const { key } = await ground.issue(OTHER);
  await assert.rejects(startNginx(t, { certificate, key }), /ended with 1\n.*key values mismatch/s);
});

test('nginx asks for client certificates and refuses revoked ones, and both ends obey another clock', async (t) => {
  if (!needs(t, 'nginx', 'setpriv', 'curl', 'faketime')) return;
  const ground = await Ground.make(temporaryFolder(t));
  const { ca } = ground;
  const client = await ground.issue('good.test', 'client');
  const revoked = await ground.issue('bad.test', 'client');
  const crl = await ground.revoke('crl.pem', revoked.serial);
  const settings = { ...(await ground.issue(HOST)), clientCa: ca, crl };
  const { port } = await startNginx(t, settings);
  assert.equal((await curl(port, { ca, client })).stdout, 'served\n');
  assert.match((await curl(port, { ca })).stdout, /No required SSL certificate was sent/);
  assert.match((await curl(port, { ca, client: revoked })).stdout, /The SSL certificate error/);

  assert.equal((await curl(port, { ca, client, env: atDate(300).env })).stdout, 'served\n');
  const late = await curl(port, { ca, client, env: atDate(400).env });
  assert.equal(late.status, 60);
  assert.match(late.stderr, /certificate has expired/);

  const future = await startNginx(t, { ...settings, env: atDate(400).env });
  assert.match((await curl(future.port, { ca, client })).stdout, /The SSL certificate error/);
});
