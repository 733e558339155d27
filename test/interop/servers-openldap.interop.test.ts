/** OpenLDAP with what the template renders: slapd.conf and cn=config, libldap as the client, client certificates and lists. */
import assert from 'node:assert/strict';
import { hostname } from 'node:os';
import { before, describe, it, type TestContext } from 'node:test';
import { needs, type Outcome, run } from '../support/peers.ts';
import { type Rendered, type RenderingCa, type Wish, withClients } from '../support/rendered.ts';
import { SLAPD, type Slapd, startSlapd } from '../support/servers/slapd.ts';
import { temporaryFolder } from '../support/temp.ts';

const template = 'openldap';
const PROGRAMS = ['slapd', 'ldapwhoami', 'ldapmodify', 'setpriv'];
const CLIENT = { template, names: ['alice'], profile: 'client' } as const;
/** What libldap says of TLS is for debugging only; what it tells the user is the same for every reason. */
const WHY = ['-d', '1'];
const REFUSED = /Can't contact LDAP server|Connect error/;

const answer = ({ status, stdout, stderr }: Outcome) => (status === 0 ? stdout.trim() : stderr.trim());

describe('OpenLDAP from the rendered files', () => {
  let ca: RenderingCa;
  let alice: Rendered;
  let stranger: Rendered;
  const [own, strange] = [temporaryFolder(), temporaryFolder()];

  before(async () => {
    ({ ca, alice, stranger } = await withClients(own, strange, CLIENT));
  });

  const verifying = (files: Rendered) => ({ LDAPTLS_CACERT: files.path('ca.crt'), LDAPTLS_REQCERT: 'demand' });
  const pairOf = (files: Rendered, label = 'alice') => ({
    LDAPTLS_CERT: files.path(`${label}.crt`),
    LDAPTLS_KEY: files.path(`${label}.key`),
  });
  const whoami = async (url: string, env: Record<string, string>, ...flags: readonly string[]) =>
    answer(await run('ldapwhoami', ['-H', url, ...flags], { env }));
  const startTls = ({ port }: Slapd, env: Record<string, string>, ...flags: readonly string[]) =>
    whoami(`ldap://127.0.0.1:${port}`, env, '-ZZ', ...flags);

  async function issue(t: TestContext, wish: Partial<Wish> = {}): Promise<Rendered> {
    // The machine's own name is what libldap makes of localhost.
    const names = [hostname().toLowerCase(), '127.0.0.1'];
    const files = await ca.issue(temporaryFolder(t), { template, names, ...wish });
    if (wish.settings?.crl === 'yes') await ca.writeLists(files.path('crl.pem'));
    return files;
  }

  it('serves StartTLS and LDAPS with the lines for slapd.conf, to clients that verify it', async (t) => {
    if (!needs(t, ...PROGRAMS)) return;
    const files = await issue(t);
    const slapd = await startSlapd(t, { lines: [...files.lines('slapd.tls.conf'), 'security simple_bind=64'] });
    const env = verifying(alice);
    assert.equal(await startTls(slapd, env, '-x'), 'anonymous');
    assert.equal(await whoami(`ldap://localhost:${slapd.port}`, env, '-ZZ', '-x'), 'anonymous');
    assert.equal(await whoami(`ldaps://127.0.0.1:${slapd.tlsPort}`, env, '-x'), 'anonymous');
    assert.match(await startTls(slapd, verifying(stranger), '-x', ...WHY), /peer cert untrusted or revoked/);

    const login = ['-x', '-D', SLAPD.admin, '-w', SLAPD.password];
    assert.equal(await startTls(slapd, env, ...login), `dn:${SLAPD.admin}`);
    assert.match(await whoami(`ldap://127.0.0.1:${slapd.port}`, env, ...login), /Confidentiality required/);
  });

  it('is refused by clients when its name is another', async (t) => {
    if (!needs(t, ...PROGRAMS)) return;
    const files = await issue(t, { names: ['other.test'] });
    const slapd = await startSlapd(t, { lines: files.lines('slapd.tls.conf') });
    assert.match(await startTls(slapd, verifying(alice), '-x', ...WHY), /does not match common name/);
    assert.equal(await startTls(slapd, { ...verifying(alice), LDAPTLS_REQCERT: 'never' }, '-x'), 'anonymous');
  });

  it('takes the LDIF and new files while it runs, and knows clients by their certificates', async (t) => {
    if (!needs(t, ...PROGRAMS)) return;
    const gone = await ca.issue(temporaryFolder(t), { ...CLIENT, names: ['gone'] });
    await ca.revoke('gone');
    const settings = { mutual: 'yes', crl: 'yes' };
    const files = await issue(t, { settings });
    const slapd = await startSlapd(t, { lines: [] });
    const as = ['-x', '-H', `ldap://127.0.0.1:${slapd.port}`, '-D', SLAPD.config, '-w', SLAPD.password];
    const modify = () => run('ldapmodify', [...as, '-f', files.path('tls.ldif')]);
    assert.match(await startTls(slapd, verifying(alice), '-x'), /TLS|unsupported|Protocol error/i);
    assert.equal(answer(await modify()), 'modifying entry "cn=config"');

    const env = { ...verifying(alice), ...pairOf(alice) };
    assert.equal(await startTls(slapd, env, '-Q', '-Y', 'EXTERNAL'), 'dn:cn=alice');
    assert.match(await startTls(slapd, verifying(alice), '-x'), REFUSED);
    assert.match(await startTls(slapd, { ...env, ...pairOf(stranger) }, '-x'), REFUSED);
    assert.match(await startTls(slapd, { ...env, ...pairOf(gone, 'gone') }, '-x'), REFUSED);

    await ca.issue(files.folder, { template, names: ['renewed.test'], settings });
    assert.equal(await startTls(slapd, env, '-x'), 'anonymous', 'not read yet');
    assert.equal(answer(await modify()), 'modifying entry "cn=config"');
    assert.match(
      await startTls(slapd, env, '-x', ...WHY),
      /does not match common name in certificate \(renewed\.test\)/,
    );
  });
});
