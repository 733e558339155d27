/** MariaDB with what the template for MySQL renders: verified by its client, with accounts that need a certificate, and a reload. */
import assert from 'node:assert/strict';
import { before, describe, it, type TestContext } from 'node:test';
import { needs, run } from '../support/peers.ts';
import { type Rendered, type RenderingCa, type Wish, withClients } from '../support/rendered.ts';
import { mariadbAccount, mariadbFolder, startMariadb } from '../support/servers/mariadb.ts';
import { temporaryFolder } from '../support/temp.ts';

const template = 'mysql';
const PROGRAMS = ['mariadbd', 'mariadb-install-db', 'mariadb', 'setpriv'];
const ENCRYPTED =
  "SELECT variable_value <> '' FROM information_schema.session_status WHERE variable_name = 'Ssl_cipher'";
/** With TLS 1.3, a client that is refused has finished its handshake, and may see the end of the connection before the reason. */
const TELLS_WHY = '--tls-version=TLSv1.2';
const AS_USER = { names: ['alice'], profile: 'client', template } as const;

describe('MariaDB from the rendered files', () => {
  let ca: RenderingCa;
  let alice: Rendered;
  let stranger: Rendered;
  const [own, strange] = [temporaryFolder(), temporaryFolder()];

  before(async () => {
    ({ ca, alice, stranger } = await withClients(own, strange, AS_USER));
  });

  /** The statement of her bundle, an account for any certificate, and one that needs none. */
  const accounts = () => {
    const statement = alice.lines('user.sql').find((line) => line.startsWith('CREATE USER')) ?? '';
    assert.match(statement, /^CREATE USER 'alice'@'%' REQUIRE SUBJECT '\/CN=alice';$/);
    return [statement.slice(0, -1), "CREATE USER 'any'@'%' REQUIRE X509", "CREATE USER 'bob'@'%'"];
  };

  async function start(t: TestContext, wish: Partial<Wish> = {}, key = 'server-key.pem') {
    const account = mariadbAccount();
    const folder = mariadbFolder(t);
    const files = await ca.issue(folder, { template, account, ...wish });
    if (wish.settings?.crl === 'yes') await ca.writeLists(files.path('crl.pem'));
    const lines = files.lines('tls.cnf').map((line) => line.replace('server-key.pem', key));
    const server = await startMariadb(t, { lines, sql: accounts() });
    /** mariadb as this user, verifying with her CA; `flags` win. */
    const ask = (user: string, ...flags: readonly string[]) =>
      askPlain(user, '--ssl-verify-server-cert', `--ssl-ca=${alice.path('ca.pem')}`, ...flags);
    const askPlain = async (user: string, ...flags: readonly string[]) => {
      const to = ['--no-defaults', '--protocol=tcp', '--host=localhost', `--port=${server.port}`, `--user=${user}`];
      const { status, stdout, stderr } = await run('mariadb', [...to, ...flags, '-BN', '-e', ENCRYPTED]);
      return status === 0 ? stdout.trim() : stderr.trim();
    };
    return { folder, account, server, ask, askPlain };
  }

  const pairOf = (files: Rendered, key = 'client-key.pem') => [
    `--ssl-cert=${files.path('client-cert.pem')}`,
    `--ssl-key=${files.path(key)}`,
  ];

  it('is verified by mariadb, takes certificates of its users, and a new one of its own with FLUSH SSL', async (t) => {
    if (!needs(t, ...PROGRAMS)) return;
    const { server, ask, askPlain, folder, account } = await start(t);
    assert.equal(await ask('bob'), '1');
    assert.equal(await ask('bob', '--host=127.0.0.1'), '1');
    assert.match(await ask('bob', `--ssl-ca=${stranger.path('ca.pem')}`), /certificate/);
    assert.match(await askPlain('bob', '--skip-ssl'), /Access denied|insecure transport are prohibited/);

    assert.equal(await ask('alice', ...pairOf(alice)), '1');
    assert.equal(await ask('alice', ...pairOf(alice, 'client-key-traditional.pem')), '1');
    assert.match(await ask('alice'), /Access denied for user 'alice'/);
    assert.match(await ask('any'), /Access denied for user 'any'/);
    assert.match(await ask('any', ...pairOf(stranger), TELLS_WHY), /unknown ca/);
    const bob = await ca.issue(temporaryFolder(t), { ...AS_USER, names: ['bob'] });
    assert.match(await ask('alice', ...pairOf(bob)), /Access denied for user 'alice'/);
    assert.equal(await ask('any', ...pairOf(bob)), '1');

    await ca.issue(folder, { template, names: ['renewed.test'], account });
    assert.equal(await ask('bob'), '1', 'not read yet');
    assert.equal((await server.admin('FLUSH SSL')).status, 0);
    assert.match(await ask('bob'), /Validation of SSL server certificate failed/, 'the name is another');
    assert.equal(await ask('bob', '--skip-ssl-verify-server-cert'), '1');
  });

  it('serves with an RSA key in its old form, and refuses whom the lists name', async (t) => {
    if (!needs(t, ...PROGRAMS)) return;
    const gone = await ca.issue(temporaryFolder(t), { ...AS_USER, names: ['gone'] });
    await ca.revoke('gone');
    const wish = { keyType: 'rsa-2048', settings: { crl: 'yes', mariadb: 'yes' } };
    const { ask } = await start(t, wish, 'server-key-traditional.pem');
    assert.equal(await ask('any', ...pairOf(alice)), '1');
    assert.match(await ask('any', ...pairOf(gone), TELLS_WHY), /certificate revoked/);
  });
});
