/** HAProxy with what the template renders: verified by curl, with clients' certificates, and new ones by reload and by its runtime API. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { before, describe, it, type TestContext } from 'node:test';
import { connect, type TLSSocket } from 'node:tls';
import { must, needs } from '../support/peers.ts';
import { startHaproxy } from '../support/servers/haproxy.ts';
import { temporaryFolder } from '../support/temp.ts';
import { eventually, hook } from './servers/ground.ts';
import { OLD, plainBackend, SERVED, WebScene } from './web-scene.ts';

const template = 'haproxy';
const PROGRAMS = ['haproxy', 'curl', 'setpriv'];
const RENEWED = { template, names: ['localhost', 'renewed.test'] };

/** A request on a connection that stays open. */
async function ask(socket: TLSSocket): Promise<string> {
  socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
  const [answer] = (await once(socket, 'data')) as [Buffer];
  return answer.toString();
}

describe('HAProxy from the rendered files', () => {
  const folder = temporaryFolder();
  let scene: WebScene;
  before(async () => {
    scene = await WebScene.make(folder, template);
  });

  async function start(t: TestContext, wishes: Record<string, string> = {}) {
    const dir = temporaryFolder(t);
    const backend = await plainBackend(t);
    const lines = scene.linesFrom(dir, 'haproxy.cfg', { backend, ...wishes });
    const gone = await scene.revoked(temporaryFolder(t), `${dir}/crl.pem`);
    return { ...(await startHaproxy(t, { lines })), dir, gone };
  }

  const servesNew = (port: number) =>
    eventually('the new one', async () => (await scene.visit(port, { host: 'renewed.test' })) === SERVED);

  it('is verified by curl, and takes a new certificate at reload', async (t) => {
    if (!needs(t, ...PROGRAMS)) return;
    const { port, dir, test, pid } = await start(t);
    await scene.assertVerified(port);
    assert.match(await scene.visit(port, { flags: ['-o', '/dev/null', '-w', '%{http_version}'] }), /^2$/);
    assert.match(await scene.visit(port, { flags: OLD }), /alert protocol version/);
    await scene.ca.issue(dir, RENEWED);
    const { status, stdout, stderr } = await hook(test);
    assert.equal(status, 0, stderr);
    assert.doesNotMatch(stdout + stderr, /WARNING/);
    process.kill(pid, 'SIGUSR2');
    await servesNew(port);
  });

  it('takes a new certificate by its runtime API, and closes nothing', async (t) => {
    if (!needs(t, ...PROGRAMS, 'socat')) return;
    const { port, dir, socket } = await start(t);
    const standing = connect({ port, servername: 'localhost', ca: scene.alice.text('ca.pem') });
    t.after(() => standing.destroy());
    assert.match(await ask(standing), /^HTTP\/1\.1 200/);

    const files = await scene.ca.issue(dir, RENEWED);
    const commands = files.lines('README.md').filter((line) => / ssl cert .*socat/.test(line));
    assert.equal(commands.length, 3, 'set, commit, and show');
    const script = commands.join('\n').replaceAll('sudo ', '').replaceAll('/run/haproxy/admin.sock', socket);
    assert.match(
      await must('/bin/sh', ['-ec', script], { cwd: dir }),
      /Transaction created.*Success!.*DNS:renewed\.test/s,
    );
    await servesNew(port);
    assert.match(await ask(standing), /^HTTP\/1\.1 200/);
  });

  it('lets clients in with certificates of the CA that are not revoked', async (t) => {
    if (!needs(t, ...PROGRAMS)) return;
    const { port, gone } = await start(t, { mutual: 'yes', crl: 'yes' });
    await scene.assertRevoked(port, gone);
  });

  it('speaks TLS 1.0 when that was asked for', async (t) => {
    if (!needs(t, ...PROGRAMS)) return;
    const { port } = await start(t, { legacy: 'yes' });
    await scene.assertLegacy(port);
  });
});
