/** RabbitMQ with what the template renders: AMQP over TLS, client certificates as a login, and new files while it runs. */
import assert from 'node:assert/strict';
import { before, describe, it, type TestContext } from 'node:test';
import { EXTERNAL, GUEST, logIn } from '../support/amqp.ts';
import { needs } from '../support/peers.ts';
import { type Rendered, type RenderingCa, render, withClients } from '../support/rendered.ts';
import { rabbitmqAccount, rabbitmqFolder, startRabbitmq } from '../support/servers/rabbitmq.ts';
import { temporaryFolder } from '../support/temp.ts';

const template = 'rabbitmq';
const PROGRAMS = ['rabbitmq-server', 'epmd', 'setpriv'];

describe('RabbitMQ from the rendered files', () => {
  let ca: RenderingCa;
  let alice: Rendered;
  let stranger: Rendered;
  const [own, strange] = [temporaryFolder(), temporaryFolder()];

  before(async () => {
    const wish = { template, names: ['alice'], profile: 'client' };
    ({ ca, alice, stranger } = await withClients(own, strange, wish));
  });

  const pairOf = (files: Rendered) => ({ cert: files.text('client.pem'), key: files.text('client.key') });

  async function start(t: TestContext, settings: Record<string, string>, external: boolean) {
    const account = rabbitmqAccount();
    const folder = rabbitmqFolder(t);
    const { material } = await ca.certify({ template });
    const lines = async (port: number) => {
      const all = { ...settings, port: String(port) };
      const files = await render(folder, material, { template, account, settings: all });
      const text = files.lines('tls.conf');
      return external ? text.map((line) => line.replace(/^#(?=\w+\.1 = EXTERNAL|ssl_cert_login_from)/, '')) : text;
    };
    const plugins = external ? ['rabbitmq_auth_mechanism_ssl'] : [];
    const server = await startRabbitmq(t, { lines, plugins, users: ['alice'] });
    const to = { port: server.port, servername: 'localhost', ca: alice.text('ca.pem') };
    return { server, folder, account, to };
  }

  it('is verified, and serves new files at once when its cache is cleared', async (t) => {
    if (!needs(t, ...PROGRAMS)) return;
    const { server, folder, account, to } = await start(t, {}, false);
    assert.equal(await logIn(to, GUEST), 'in');
    assert.match(await logIn({ ...to, ca: stranger.text('ca.pem') }, GUEST), /unable to get local issuer|self.signed/);
    assert.match(await logIn({ ...to, servername: 'renewed.test' }, GUEST), /does not match certificate's altnames/);

    await ca.issue(folder, { template, names: ['renewed.test'], account, settings: { port: String(server.port) } });
    assert.equal(await logIn(to, GUEST), 'in', 'not read yet');
    const { status, stderr } = await server.control('eval', 'ssl:clear_pem_cache().');
    assert.equal(status, 0, stderr);
    assert.equal(await logIn({ ...to, servername: 'renewed.test' }, GUEST), 'in');
    assert.match(await logIn(to, GUEST), /does not match/);
  });

  it('lets in only clients that have a certificate of the CA, which is their login', async (t) => {
    if (!needs(t, ...PROGRAMS)) return;
    const { to } = await start(t, { mutual: 'yes' }, true);
    assert.equal(await logIn({ ...to, ...pairOf(alice) }, EXTERNAL), 'in');
    assert.match(await logIn(to, EXTERNAL), /certificate required|ECONNRESET/);
    assert.match(await logIn({ ...to, ...pairOf(stranger) }, EXTERNAL), /unknown ca|ECONNRESET/);
    const bob = await ca.issue(temporaryFolder(t), { template, names: ['bob'], profile: 'client' });
    assert.equal(await logIn({ ...to, ...pairOf(bob) }, EXTERNAL), 'refused', 'no such user');
  });
});
