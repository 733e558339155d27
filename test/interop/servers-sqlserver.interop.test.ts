/** SQL Server's files, and those of its clients, as rendered: the .pfx, FreeTDS' configurations, that of tedious. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, describe, it, type TestContext } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { Material } from '../../src/bundle/material.ts';
import { needs, type Outcome, pathOf, run } from '../support/peers.ts';
import { type Rendered, RenderingCa, render } from '../support/rendered.ts';
import { startTdsServer, type TdsServer } from '../support/servers/tds.ts';
import { temporaryFolder } from '../support/temp.ts';

const RSA = { keyType: 'rsa-2048' };
const PASSWORD = 'Pa55word';

/** What is in the rendered file, spread as its own first lines say. */
const TEDIOUS = `
  const [tedious, file] = process.argv.slice(1);
  const { Connection, Request } = (await import('node:module')).createRequire(import.meta.url)(tedious);
  const { config } = await import(file);
  const authentication = { type: 'default', options: { userName: 'sa', password: 'x' } };
  const connection = new Connection({ ...config, authentication });
  connection.connect((error) => {
    if (error) throw error;
    const request = new Request('SELECT encrypt_option', () => connection.close());
    request.on('row', ([column]) => console.log(column.value));
    connection.execSqlBatch(request);
  });
`;

describe("SQL Server's files", () => {
  let ca: RenderingCa;
  before(async () => {
    ca = await RenderingCa.make();
  });

  it('OpenSSL and keytool read the .pfx, which is marked for the store of the machine', async (t) => {
    if (!needs(t, 'openssl', 'keytool')) return;
    const files = await ca.issue(temporaryFolder(t), { template: 'sqlserver', password: PASSWORD, ...RSA });
    const pfx = files.path('localhost.pfx');
    const { stdout, stderr } = await run('openssl', [
      'pkcs12',
      '-in',
      pfx,
      '-passin',
      `pass:${PASSWORD}`,
      '-info',
      '-nodes',
    ]);
    assert.match(stderr, /MAC: sha1[\s\S]*Shrouded Keybag: pbeWithSHA1And3-KeyTripleDES-CBC/);
    assert.match(stdout, /Microsoft Local Key set: <No Values>/);
    assert.match(stdout, /Microsoft CSP Name: Microsoft RSA SChannel Cryptographic Provider/);
    assert.match(stdout, /X509v3 Key Usage: 10/, 'for key exchange');
    const listed = await run('keytool', ['-list', '-v', '-keystore', pfx, '-storepass', PASSWORD]);
    assert.match(listed.stdout, /Entry type: PrivateKeyEntry\s+Certificate chain length: 2/);
  });

  /** A server of that CA, and the client's files that the template makes for it. */
  async function scene(t: TestContext, template: string) {
    const { material } = await ca.certify({ template, ...RSA });
    const own = await render(temporaryFolder(t), material, { template: 'sqlserver' });
    const server = await startTdsServer(t, { key: own.text('mssql.key'), cert: own.text('mssql.pem') });
    const settings = { port: String(server.port) };
    return { server, files: await render(temporaryFolder(t), material, { template, settings }) };
  }

  function tsql(files: Rendered, mode: string, section = 'localhost'): Promise<Outcome> {
    const env = { FREETDSCONF: files.path(`freetds-${mode}.conf`), LC_ALL: 'C.UTF-8' };
    const login = ['-S', section, '-U', 'sa', '-P', 'x', '-o', 'qfh'];
    return run('tsql', login, { input: 'SELECT encrypt_option\ngo\nexit\n', env });
  }

  async function answers(server: TdsServer, visit: Promise<Outcome>): Promise<void> {
    const { status, stdout, stderr } = await visit;
    assert.equal(status, 0, stderr);
    assert.match(stdout, /^TRUE$/m);
    assert.equal(server.logins.at(-1)?.coverage, 'all');
  }

  it('FreeTDS connects as its configurations say', async (t) => {
    if (!needs(t, 'tsql')) return;
    await ca.authority.makeRevocationLists();
    const { server, files } = await scene(t, 'freetds');
    assert.match(files.text('freetds-require.conf'), /crl file = /);
    await answers(server, tsql(files, 'require'));
    await answers(server, tsql(files, 'request'));
    const before = server.logins.length;
    assert.equal((await tsql(files, 'off')).status, 1, 'the server forces encryption');
    assert.equal((await tsql(files, 'strict')).status, 1, "Debian's FreeTDS is older than TDS 8");
    assert.equal(server.logins.length, before);
  });

  it('FreeTDS refuses another name, another CA, and what is revoked', async (t) => {
    if (!needs(t, 'tsql')) return;
    const { material } = await ca.certify({ template: 'freetds', names: ['localhost'], ...RSA });
    const own = await render(temporaryFolder(t), material, { template: 'sqlserver' });
    const server = await startTdsServer(t, { key: own.text('mssql.key'), cert: own.text('mssql.pem') });
    const client = (source: Material, settings = {}) =>
      render(temporaryFolder(t), source, {
        template: 'freetds',
        settings: { port: String(server.port), name: 'db', ...settings },
      });
    await answers(server, tsql(await client(material), 'require', 'db'));
    const before = server.logins.length;
    const stranger = (await (await RenderingCa.make()).certify({ template: 'freetds', ...RSA })).material;
    await ca.revoke('localhost');
    const refusing = {
      'another name': await client(material, { host: '127.0.0.1' }),
      'another CA': await client(stranger),
      revoked: await client(await ca.authority.export('localhost')),
    };
    for (const [why, files] of Object.entries(refusing)) {
      for (const mode of ['require', 'request']) {
        const { status, stderr } = await tsql(files, mode, 'db');
        assert.equal(status, 1, `${mode}: ${why}`);
        assert.match(stderr, /Error 20002/);
      }
    }
    assert.equal(server.logins.length, before);
  });

  it('tedious takes its configuration', async (t) => {
    if (!needs(t, 'node22', 'tedious')) return;
    const { server, files } = await scene(t, 'sqlserver');
    const file = pathToFileURL(files.path('tedious.mjs')).href;
    const run22 = () => run('node22', ['--input-type=module', '-e', TEDIOUS, pathOf('tedious'), file]);
    await answers(server, run22());
    const other = await (await RenderingCa.make()).issue(temporaryFolder(t), {
      template: 'sqlserver',
      ...RSA,
    });
    server.use({ key: readFileSync(other.path('mssql.key')), cert: readFileSync(other.path('mssql.pem')) });
    const { status, stderr } = await run22();
    assert.notEqual(status, 0);
    assert.match(stderr, /unable to get local issuer certificate/);
  });
});
