/** The probe at real databases, and at the small SQL Server, beside `openssl s_client`. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { test } from 'node:test';
import { needs } from '../support/peers.ts';
import { mariadbAccount, mariadbFolder, startMariadb } from '../support/servers/mariadb.ts';
import { postgresAccount, postgresFolder, startPostgres } from '../support/servers/postgres.ts';
import { startRedis } from '../support/servers/redis.ts';
import { startTdsServer } from '../support/servers/tds.ts';
import { temporaryFolder } from '../support/temp.ts';
import { rejectsCode } from '../support/throws.ts';
import { assertHost, look, sameAsOpenssl } from './probe-checks.ts';
import { Ground, HOST } from './servers/ground.ts';

const FAILED = 'LOCAL_CA_CONNECT_FAILED';
const pairOf = ({ certificate, key }: { certificate: string; key: string }) => ({
  certificate: readFileSync(certificate, 'utf8'),
  key: readFileSync(key, 'utf8'),
});

test('PostgreSQL', async (t) => {
  if (!needs(t, 'postgres', 'setpriv', 'openssl')) return;
  const ground = await Ground.make(postgresFolder(t), postgresAccount());
  const { port } = await startPostgres(t, await ground.issue(HOST));
  for (const scheme of ['postgres', 'postgresql']) {
    const served = await sameAsOpenssl(`${scheme}://127.0.0.1:${port}`, 'postgres');
    assert.equal(served.way, 'SSLRequest (PostgreSQL)');
    assertHost(served);
  }
  // Before 17.
  const direct = () => look(`postgres://127.0.0.1:${port}?sslnegotiation=direct`);
  await rejectsCode(direct, FAILED, /the server closed the connection$/);
});

test('PostgreSQL with client certificates, and without TLS', async (t) => {
  if (!needs(t, 'postgres', 'setpriv')) return;
  const ground = await Ground.make(postgresFolder(t), postgresAccount());
  const client = pairOf(await ground.issue('client.test', 'client'));
  const leaf = await ground.issue(HOST);
  const { port } = await startPostgres(t, { ...leaf, ca: ground.ca });
  const url = `postgres://127.0.0.1:${port}`;
  assert.equal((await look(url)).asksForClientCertificate, true);
  assert.equal((await look(url, { identity: client })).acceptedClientCertificate, true);
  const stranger = await (await Ground.make(temporaryFolder(t))).issue('client.test', 'client');
  const refused = await look(url, { identity: pairOf(stranger) });
  assert.deepEqual([refused.acceptedClientCertificate, refused.alert], [false, 'unknown ca']);

  const plain = await startPostgres(t, { ...leaf, extra: ['ssl = off'] });
  await rejectsCode(() => look(`postgres://127.0.0.1:${plain.port}`), FAILED, /the server has no TLS$/);
});

test('MariaDB', async (t) => {
  if (!needs(t, 'mariadbd', 'mariadb', 'mariadb-install-db', 'setpriv', 'openssl')) return;
  const ground = await Ground.make(mariadbFolder(t), mariadbAccount());
  const { certificate, key } = await ground.issue(HOST);
  const lines = [`ssl_cert = ${certificate}`, `ssl_key = ${key}`, `ssl_ca = ${ground.ca}`];
  const { port } = await startMariadb(t, { lines });
  for (const scheme of ['mysql', 'mariadb']) {
    const served = await sameAsOpenssl(`${scheme}://127.0.0.1:${port}`, 'mysql');
    assert.equal(served.way, 'SSLRequest (MySQL)');
    assertHost(served);
  }
  const client = pairOf(await ground.issue('client.test', 'client'));
  assert.equal((await look(`mysql://127.0.0.1:${port}`, { identity: client })).acceptedClientCertificate, true);

  const plain = await startMariadb(t, { lines: ['skip_ssl'] });
  await rejectsCode(() => look(`mysql://127.0.0.1:${plain.port}`), FAILED, /the server has no TLS$/);
});

/** MariaDB never blocks the loopback addresses. */
const ownAddress = () =>
  Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ internal, family }) => !internal && family === 'IPv4')?.address;

test('MariaDB that does not want this host', async (t) => {
  if (!needs(t, 'mariadbd', 'mariadb', 'mariadb-install-db', 'setpriv')) return;
  const address = ownAddress();
  if (address === undefined) return t.skip('there is no network');
  const ground = await Ground.make(mariadbFolder(t), mariadbAccount());
  const { certificate, key } = await ground.issue(HOST);
  const lines = [`ssl_cert = ${certificate}`, `ssl_key = ${key}`, 'bind_address = 0.0.0.0', 'skip_name_resolve = off'];
  const { port, admin } = await startMariadb(t, { lines: [...lines, 'max_connect_errors = 2'] });
  const url = `mysql://${address}:${port}`;
  await rejectsCode(() => look(url), FAILED, /lets nobody in from this host \(1130\)$/);
  await admin("CREATE USER joe@'%'; FLUSH HOSTS");
  for (let looks = 0; looks < 2; looks++) assertHost(await look(url));
  // It counts each look as a connection that broke off.
  await rejectsCode(() => look(url), FAILED, /blocks this host, after many connections without a login \(1129\)/);
});

test('Redis', async (t) => {
  if (!needs(t, 'redis-server', 'redis-cli', 'setpriv', 'openssl')) return;
  const ground = await Ground.make(temporaryFolder(t));
  const { certificate, key } = await ground.issue(HOST);
  const files = [`tls-cert-file ${certificate}`, `tls-key-file ${key}`, `tls-ca-cert-file ${ground.ca}`];
  const { port } = await startRedis(t, { lines: files });
  for (const scheme of ['redis', 'rediss']) assertHost(await sameAsOpenssl(`${scheme}://127.0.0.1:${port}`));
  const strict = await look(`redis://127.0.0.1:${port}`);
  assert.equal(strict.requiresClientCertificate, true);
  const client = pairOf(await ground.issue('client.test', 'client'));
  assert.equal((await look(`redis://127.0.0.1:${port}`, { identity: client })).acceptedClientCertificate, true);
  const stranger = await (await Ground.make(temporaryFolder(t))).issue('client.test', 'client');
  assert.equal(
    (await look(`redis://127.0.0.1:${port}`, { identity: pairOf(stranger) })).acceptedClientCertificate,
    false,
  );

  const plain = await startRedis(t, { lines: (port) => ['tls-port 0', `port ${port}`] });
  const impatient = () => look(`redis://127.0.0.1:${plain.port}`, { timeoutMs: 1000 });
  // It waits for the end of a line.
  await assert.rejects(impatient, {
    code: FAILED,
    message: /no answer within 1 seconds$/,
    hint: /Plain Redis has no TLS/,
  });
});

test('the small SQL Server, both ways', async (t) => {
  const ground = await Ground.make(temporaryFolder(t));
  const { certificate, key } = await ground.issue(HOST);
  const server = await startTdsServer(t, { cert: readFileSync(certificate), key: readFileSync(key) });
  const tds7 = await look(`mssql://127.0.0.1:${server.port}`);
  assert.deepEqual([tds7.way, tds7.protocol], ['TLS inside PRELOGIN (TDS 7.x)', 'TLSv1.2']);
  assertHost(tds7);
  const tds8 = await look(`sqlserver://127.0.0.1:${server.port}?encrypt=strict`);
  assert.deepEqual([tds8.way, tds8.protocol, tds8.alpn], ['TDS 8 strict', 'TLSv1.3', 'tds/8.0']);
  assertHost(tds8);
  assert.deepEqual(server.logins, []);
});
