/** PostgreSQL with what the template renders: verified by libpq, with users' certificates, revoked ones, and a reload. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { before, describe, it, type TestContext } from 'node:test';
import { needs, type Outcome } from '../support/peers.ts';
import { type Rendered, RenderingCa } from '../support/rendered.ts';
import { type PsqlOptions, postgresAccount, postgresFolder, startPostgres } from '../support/servers/postgres.ts';
import { temporaryFolder } from '../support/temp.ts';
import { eventually, hook } from './servers/ground.ts';

const template = 'postgresql';
const PROGRAMS = ['postgres', 'psql', 'setpriv'];
const ENCRYPTED = 'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()';
const PASSWORD_TOO = 'hostssl all all all scram-sha-256 clientcert=verify-full';

const answer = ({ status, stdout, stderr }: Outcome) => (status === 0 ? stdout.trim() : stderr.trim());

/** pg_hba.conf as rendered; or only the line that is `chosen` among those that are comments. */
function accessOf(files: Rendered, chosen: string | undefined): string[] {
  const lines = files.lines('pg_hba.tls.conf');
  if (chosen === undefined) return lines;
  assert.ok(lines.includes(`#${chosen}`), chosen);
  return [chosen];
}

describe('PostgreSQL from the rendered files', () => {
  let ca: RenderingCa;
  let alice: Rendered;
  let stranger: Rendered;
  const [home, elsewhere, strange] = [temporaryFolder(), temporaryFolder(), temporaryFolder()];

  before(async () => {
    ca = await RenderingCa.make();
    // Where libpq looks by itself.
    alice = await ca.issue(join(home, '.postgresql'), { template, profile: 'client', names: ['alice'] });
    const other = await RenderingCa.make();
    stranger = await other.issue(strange, { template, profile: 'client', names: ['alice'] });
  });

  const pairOf = (files: Rendered) => ({
    certificate: files.path('postgresql.crt'),
    key: files.path('postgresql.key'),
  });

  async function start(t: TestContext, settings: Record<string, string>, chosen?: string) {
    const account = postgresAccount();
    const folder = postgresFolder(t);
    const files = await ca.issue(folder, { template, settings, account });
    if (settings.crl === 'yes') await ca.writeLists(files.path('crl.pem'));
    const access = accessOf(files, chosen);
    const sql = ["CREATE USER alice PASSWORD 'secret'"];
    const postgres = await startPostgres(t, { lines: files.lines('tls.conf'), access, sql });
    /** psql as alice, with her password and nothing of TLS but what is given. */
    const ask = async ({ env = {}, ...options }: Partial<PsqlOptions>) => {
      const as = { PGUSER: 'alice', PGPASSWORD: 'secret', HOME: elsewhere, ...env };
      const given = { host: 'localhost', ca: alice.path('root.crt'), ...options, env: as };
      return answer(await postgres.psql(ENCRYPTED, given));
    };
    return { folder, account, postgres, ask };
  }

  it('is verified by psql, and takes a new certificate at reload', async (t) => {
    if (!needs(t, ...PROGRAMS)) return;
    const { postgres, ask, folder, account } = await start(t, {});
    assert.equal(await ask({}), 't');
    assert.equal(await ask({ host: '127.0.0.1' }), 't');
    assert.match(
      await ask({ host: 'other.test' }),
      /certificate for "localhost".* does not match host name "other.test"/,
    );
    assert.match(await ask({ ca: stranger.path('root.crt') }), /certificate verify failed/);
    assert.match(await ask({ env: { PGPASSWORD: 'wrong' } }), /password authentication failed/);
    assert.match(await ask({ env: { PGSSLMODE: 'disable' } }), /no pg_hba\.conf entry .* no encryption/);

    await ca.issue(folder, { template, names: ['renewed.test'], account });
    assert.equal((await hook(postgres.reload)).status, 0);
    await eventually('the new one is served', async () => (await ask({ host: 'renewed.test' })) === 't');
  });

  it('lets users in with a certificate in their name and no password', async (t) => {
    if (!needs(t, ...PROGRAMS)) return;
    const { ask } = await start(t, { mutual: 'yes' });
    const none = { PGPASSWORD: '' };
    assert.equal(await ask({ ...pairOf(alice), env: none }), 't');
    assert.equal(await ask({ env: { ...none, HOME: home, PGSSLROOTCERT: '' } }), 't', 'by the default names');
    assert.match(await ask({}), /connection requires a valid client certificate/);
    assert.match(await ask({ ...pairOf(alice), env: { PGUSER: 'postgres' } }), /certificate authentication failed/);
    assert.match(await ask(pairOf(stranger)), /unknown ca/);
  });

  it('asks for certificate and password with the other line, and refuses whom the lists name', async (t) => {
    if (!needs(t, ...PROGRAMS)) return;
    const gone = await ca.issue(temporaryFolder(t), { template, profile: 'client', names: ['alice'] });
    await ca.revoke('alice');
    const { ask } = await start(t, { mutual: 'yes', crl: 'yes' }, PASSWORD_TOO);
    assert.equal(await ask(pairOf(alice)), 't');
    assert.match(await ask({ ...pairOf(alice), env: { PGPASSWORD: 'wrong' } }), /password authentication failed/);
    assert.match(await ask({}), /connection requires a valid client certificate/);
    assert.match(await ask(pairOf(gone)), /certificate revoked/);
  });
});
