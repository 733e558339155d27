/** The small SQL Server that other tests lean on, held against FreeTDS. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { connect } from 'node:tls';
import { atDate } from '../../support/faketime.ts';
import { needs, type Outcome, run } from '../../support/peers.ts';
import { startTdsServer, type TdsOptions } from '../../support/servers/tds.ts';
import { ENCRYPTION, encodeMessage, encodePrelogin, PACKET, takePacket } from '../../support/servers/tds-wire.ts';
import { temporaryFolder } from '../../support/temp.ts';
import { Ground, type Pair } from './ground.ts';

const material = ({ key, certificate }: Pair) => ({ key: readFileSync(key), cert: readFileSync(certificate) });

/** A server for localhost, which is the name that FreeTDS connects to and verifies. */
async function workshop(t: TestContext, options: Partial<TdsOptions> = {}) {
  const folder = temporaryFolder(t);
  const ground = await Ground.make(folder);
  const leaf = await ground.issue('localhost');
  const server = await startTdsServer(t, { ...material(leaf), ...options });
  return { folder, ground, leaf, server };
}

interface Visit {
  readonly folder: string;
  readonly port: number;
  readonly lines: readonly string[];
  readonly sql?: string;
  readonly env?: Readonly<Record<string, string>>;
}

const LOGIN = ['-S', 'served', '-U', 'sa', '-P', 'Pä55 word'];

/** Logs in with these lines of freetds.conf and runs a statement. */
function tsql({ folder, port, lines, sql = "SELECT 'Grüße'", env = {} }: Visit): Promise<Outcome> {
  const config = join(folder, 'freetds.conf');
  const settings = ['host = localhost', `port = ${port}`, 'tds version = 7.4', 'client charset = UTF-8', ...lines];
  writeFileSync(config, `[global]\n[served]\n${settings.join('\n')}\n`);
  const input = `${sql}\ngo\nexit\n`;
  return run('tsql', [...LOGIN, '-o', 'qfh'], { input, env: { FREETDSCONF: config, LC_ALL: 'C.UTF-8', ...env } });
}

test('FreeTDS logs in over TLS with the CA checked, and runs queries', async (t) => {
  if (!needs(t, 'tsql')) return;
  const { folder, ground, leaf, server } = await workshop(t, { password: 'Pä55 word' });
  const visit = { folder, port: server.port, lines: ['encryption = require', `ca file = ${ground.ca}`] };
  const hello = await tsql(visit);
  assert.equal(hello.status, 0, hello.stderr);
  assert.match(hello.stdout, /^Grüße$/m);
  const sql = 'SELECT encrypt_option FROM sys.dm_exec_connections WHERE session_id = @@SPID';
  assert.match((await tsql({ ...visit, sql })).stdout, /^TRUE$/m);
  assert.deepEqual(server.logins[0], {
    version: 0x74_00_00_04,
    user: 'sa',
    password: 'Pä55 word',
    application: 'TSQL',
    coverage: 'all',
    protocol: 'TLSv1.2',
  });
  assert.ok(server.queries.some((query) => query.includes(sql)));

  await t.test('and refuses another CA, another name, and what is revoked', async () => {
    const refuses = async (lines: readonly string[], env = {}) => {
      const before = server.logins.length;
      const { status, stderr } = await tsql({ ...visit, lines: ['encryption = require', ...lines], env });
      assert.equal(status, 1);
      assert.match(stderr, /Error 20002 \(severity 9\)/);
      assert.equal(server.logins.length, before);
    };
    const own = `ca file = ${ground.ca}`;
    const stranger = await Ground.make(temporaryFolder(t));
    await refuses([`ca file = ${stranger.ca}`]);
    await refuses([own, 'host = 127.0.0.1']);
    await refuses([own, `crl file = ${await ground.revoke('crl.pem', leaf.serial)}`]);
    assert.equal(
      (await tsql({ ...visit, lines: [...visit.lines, 'host = 127.0.0.1', 'check certificate hostname = no'] })).status,
      0,
    );
    const none = await ground.revoke('none.pem');
    assert.equal((await tsql({ ...visit, lines: [...visit.lines, `crl file = ${none}`] })).status, 0);
    if (!needs(t, 'faketime')) return;
    assert.equal((await tsql({ ...visit, env: atDate(300).env })).status, 0);
    await refuses([own], atDate(400).env);
  });

  await t.test('and sees the certificate that took the place of a revoked one', async () => {
    const lines = [...visit.lines, `crl file = ${await ground.revoke('crl.pem', leaf.serial)}`];
    assert.equal((await tsql({ ...visit, lines })).status, 1);
    server.use(material(await ground.issue('localhost')));
    assert.equal((await tsql({ ...visit, lines })).status, 0);
  });
});

test('FreeTDS reads an error for a wrong password', async (t) => {
  if (!needs(t, 'tsql')) return;
  const { folder, server } = await workshop(t, { password: 'another' });
  const { status, stderr } = await tsql({ folder, port: server.port, lines: ['encryption = require'] });
  assert.equal(status, 1);
  assert.match(stderr, /Msg 18456.*Login failed for user 'sa'\./s);
});

test('a server that does not force encryption takes what the client wishes', async (t) => {
  if (!needs(t, 'tsql')) return;
  const { folder, server } = await workshop(t, { force: false });
  for (const [encryption, coverage] of [
    ['off', 'none'],
    ['request', 'login'],
    ['require', 'all'],
  ] as const) {
    const sql = 'SELECT encrypt_option';
    const { stdout } = await tsql({ folder, port: server.port, lines: [`encryption = ${encryption}`], sql });
    assert.match(stdout, coverage === 'all' ? /^TRUE$/m : /^FALSE$/m, encryption);
    assert.equal(server.logins.at(-1)?.coverage, coverage);
  }
});

test('a server that forces encryption has no clients without', async (t) => {
  if (!needs(t, 'tsql')) return;
  const { folder, server } = await workshop(t);
  const { port } = server;
  assert.equal((await tsql({ folder, port, lines: ['encryption = off'] })).status, 1);
  assert.equal(server.logins.length, 0);
  assert.equal((await tsql({ folder, port, lines: ['encryption = request'] })).status, 0);
  assert.equal(server.logins.at(-1)?.coverage, 'all');
});

// Debian's FreeTDS is older than TDS 8.
test('TDS 8 begins with TLS 1.3 and its ALPN name on the same port', async (t) => {
  const { ground, server } = await workshop(t);
  const secure = { ca: readFileSync(ground.ca), servername: 'localhost', ALPNProtocols: ['tds/8.0'] };
  const socket = connect({ host: '127.0.0.1', port: server.port, ...secure });
  socket.write(encodeMessage(PACKET.prelogin, encodePrelogin(ENCRYPTION.notSupported)));
  const reply = await new Promise<Buffer>((resolve, reject) => socket.once('data', resolve).once('error', reject));
  assert.equal(socket.alpnProtocol, 'tds/8.0');
  assert.equal(socket.getProtocol(), 'TLSv1.3');
  assert.equal(takePacket(reply)?.packet.type, PACKET.reply);
  socket.destroy();
});
