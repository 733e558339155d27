/** Apache with what the template renders: verified by curl, with clients' certificates, revoked ones, and a graceful reload. */
import assert from 'node:assert/strict';
import { copyFileSync } from 'node:fs';
import { before, describe, it, type TestContext } from 'node:test';
import { needs } from '../support/peers.ts';
import { startApache } from '../support/servers/apache.ts';
import { temporaryFolder } from '../support/temp.ts';
import { eventually, hook } from './servers/ground.ts';
import { OLD, pageFolder, SERVED, WebScene } from './web-scene.ts';

const template = 'apache';
const PROGRAMS = ['apache2', 'curl', 'setpriv'];

describe('Apache from the rendered files', () => {
  const folder = temporaryFolder();
  let scene: WebScene;
  before(async () => {
    scene = await WebScene.make(folder, template);
  });

  async function start(t: TestContext, wishes: Record<string, string> = {}) {
    const dir = temporaryFolder(t);
    const root = pageFolder(t);
    const lines = scene.linesFrom(dir, 'apache.conf', { root, ...wishes });
    const gone = await scene.revoked(temporaryFolder(t), `${dir}/crl.pem`);
    return { ...(await startApache(t, { lines })), dir, gone };
  }

  it('is verified by curl, and takes a new certificate when it is reloaded', async (t) => {
    if (!needs(t, ...PROGRAMS)) return;
    const { port, dir, graceful, test } = await start(t);
    await scene.assertVerified(port);
    await scene.ca.issue(dir, { template, names: ['localhost', 'renewed.test'] });
    assert.equal((await hook(test)).status, 0);
    assert.equal((await hook(graceful)).status, 0);
    await eventually('the new one', async () => (await scene.visit(port, { host: 'renewed.test' })) === SERVED);
    assert.match(await scene.visit(port, { flags: OLD }), /alert protocol version/);
  });

  it('ends when it is reloaded with a key that is not of its certificate, as the README warns', async (t) => {
    if (!needs(t, ...PROGRAMS)) return;
    const { port, dir, graceful, test, log } = await start(t);
    const other = await scene.ca.issue(temporaryFolder(t), { template });
    copyFileSync(other.path('localhost.key.pem'), `${dir}/localhost.key.pem`);
    assert.equal((await hook(test)).status, 0, 'which it does not see');
    assert.equal((await hook(graceful)).status, 0);
    await eventually('it ends', () => /do not match/.test(log()));
    await eventually('it is gone', async () => /Failed to connect|refused/.test(await scene.visit(port)));
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
