/** nginx with what the template renders: verified by curl, with clients' certificates, revoked ones, and a reload. */
import assert from 'node:assert/strict';
import { copyFileSync } from 'node:fs';
import { before, describe, it, type TestContext } from 'node:test';
import { needs } from '../support/peers.ts';
import { startNginxWith } from '../support/servers/nginx.ts';
import { temporaryFolder } from '../support/temp.ts';
import { eventually, hook } from './servers/ground.ts';
import { OLD, pageFolder, SERVED, WebScene } from './web-scene.ts';

const template = 'nginx';
const PROGRAMS = ['nginx', 'curl', 'setpriv'];

const ERROR_400 = { none: /No required SSL certificate was sent/, stranger: /The SSL certificate error/ };

describe('nginx from the rendered files', () => {
  const folder = temporaryFolder();
  let scene: WebScene;
  before(async () => {
    scene = await WebScene.make(folder, template);
  });

  async function start(t: TestContext, wishes: Record<string, string> = {}) {
    const dir = temporaryFolder(t);
    const root = pageFolder(t);
    const lines = scene.linesFrom(dir, 'nginx.conf', { root, ...wishes });
    const gone = await scene.revoked(temporaryFolder(t), `${dir}/crl.pem`);
    return { ...(await startNginxWith(t, { lines })), dir, gone };
  }

  it('is verified by curl, and takes a new certificate when it is reloaded', async (t) => {
    if (!needs(t, ...PROGRAMS)) return;
    const { port, dir, reload, test } = await start(t);
    await scene.assertVerified(port);
    await scene.ca.issue(dir, { template, names: ['localhost', 'renewed.test'] });
    assert.equal((await hook(test)).status, 0);
    assert.equal((await hook(reload)).status, 0);
    await eventually('the new one', async () => (await scene.visit(port, { host: 'renewed.test' })) === SERVED);
    assert.match(await scene.visit(port, { flags: OLD }), /alert protocol version/);
  });

  it('goes on with what it has when the key is not of its certificate', async (t) => {
    if (!needs(t, ...PROGRAMS)) return;
    const { port, dir, reload, test } = await start(t);
    const other = await scene.ca.issue(temporaryFolder(t), { template });
    copyFileSync(other.path('localhost.key.pem'), `${dir}/localhost.key.pem`);
    assert.match((await hook(test)).stderr, /key values mismatch/);
    assert.equal((await hook(reload)).status, 1);
    await scene.assertVerified(port);
  });

  it('lets clients in with certificates of the CA that are not revoked', async (t) => {
    if (!needs(t, ...PROGRAMS)) return;
    const { port, gone } = await start(t, { mutual: 'yes', crl: 'yes' });
    await scene.assertVerified(port, { client: scene.alice });
    await scene.assertMutual(port, ERROR_400);
    assert.match(await scene.visit(port, { client: gone }), ERROR_400.stranger);
  });

  it('speaks TLS 1.0 when that was asked for', async (t) => {
    if (!needs(t, ...PROGRAMS)) return;
    const { port } = await start(t, { legacy: 'yes' });
    await scene.assertLegacy(port);
  });
});
