/** The Docker registry with what the template renders: verified by curl, with the files that Docker looks for. */
import assert from 'node:assert/strict';
import { before, describe, it, type TestContext } from 'node:test';
import { needs } from '../support/peers.ts';
import { startRegistry } from '../support/servers/registry.ts';
import { temporaryFolder } from '../support/temp.ts';
import { GO_ALERTS, WebScene } from './web-scene.ts';

const template = 'docker-registry';
const PROGRAMS = ['docker-registry', 'curl', 'setpriv'];
const names = { certificate: 'client.cert', key: 'client.key', ca: 'ca.crt' };
/** The way by which Docker finds out what it speaks to. */
const API = { path: '/v2/' };

describe('the Docker registry from the rendered files', () => {
  const folder = temporaryFolder();
  let scene: WebScene;
  before(async () => {
    scene = await WebScene.make(folder, template, { names });
  });

  async function start(t: TestContext, wishes: Record<string, string> = {}) {
    const dir = temporaryFolder(t);
    const lines = async (port: number) => {
      const settings = { port: String(port), ...wishes };
      return (await scene.ca.issue(dir, { template, settings })).lines('http.yml');
    };
    const registry = await startRegistry(t, { lines });
    return { ...registry, dir };
  }

  it('is verified by curl, and reads its files at the start only', async (t) => {
    if (!needs(t, ...PROGRAMS)) return;
    const { port, dir } = await start(t);
    await scene.assertVerified(port, API, '{}');
    await scene.ca.issue(dir, { template, names: ['localhost', 'renewed.test'] });
    assert.equal(await scene.visit(port, { ...API, host: '127.0.0.1' }), '{}');
  });

  it('lets clients in with certificates of the CA', async (t) => {
    if (!needs(t, ...PROGRAMS)) return;
    const { port } = await start(t, { mutual: 'yes' });
    await scene.assertVerified(port, { ...API, client: scene.alice }, '{}');
    await scene.assertMutual(port, GO_ALERTS, API, '{}');
  });
});
