/** Both ends of stunnel with what the template renders: verified by curl and by stunnel, with clients' certificates, and a reload. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { after, before, describe, it, type TestContext } from 'node:test';
import { needs, type Outcome, run } from '../support/peers.ts';
import type { Rendered } from '../support/rendered.ts';
import { serverFolder } from '../support/servers/process.ts';
import { startStunnel, stunnelAccount } from '../support/servers/stunnel.ts';
import { eventually } from './servers/ground.ts';
import { ALERTS, plainBackend, SERVED, TELLS_WHY, WebScene } from './web-scene.ts';

const template = 'stunnel';
const PROGRAMS = ['stunnel4', 'curl', 'setpriv'];

describe('stunnel from the rendered files', () => {
  const account = stunnelAccount();
  const folder = serverFolder({ after }, account);
  let scene: WebScene;
  before(async () => {
    scene = await WebScene.make(folder, template, { account });
  });

  async function start(t: TestContext, wishes: Record<string, string> = {}) {
    const dir = serverFolder(t, account);
    const backend = await plainBackend(t);
    const issue = (more: object, names = ['localhost', '127.0.0.1']) =>
      scene.ca.issue(dir, { template, account, names, settings: { backend, ...wishes, ...more } });
    const gone = await scene.revoked(serverFolder(t, account), `${dir}/crl.pem`, account);
    const lines = async (port: number) => (await issue({ port: String(port) })).lines('stunnel.conf');
    return { ...(await startStunnel(t, { lines })), gone, issue };
  }

  /** A tunnel from a free port to the server; the client's files say where the server is, or `SERVER`. */
  async function tunnel(t: TestContext, files: Rendered, server: number, host = 'localhost') {
    const lines = (port: number) =>
      files
        .lines('stunnel-client.conf')
        .map((line) => line.replaceAll('SERVER', host))
        .map((line) => line.replace('127.0.0.1:8080', `127.0.0.1:${port}`).replace(/:8443$/, `:${server}`))
        .map((line) => line.replace(/^(connect = ).*:/, '$1127.0.0.1:'));
    return startStunnel(t, { lines });
  }

  const through = ({ port }: { readonly port: number }): Promise<Outcome> =>
    run('curl', ['-qsS', `http://127.0.0.1:${port}/`]);

  it('is verified by curl and by the client end, and takes a new certificate at reload', async (t) => {
    if (!needs(t, ...PROGRAMS)) return;
    const { port, pid, log, issue } = await start(t);
    await scene.assertVerified(port);
    const files = await issue({});
    assert.equal((await through(await tunnel(t, files, port))).stdout.trim(), SERVED);

    await issue({}, ['localhost', 'renewed.test']);
    process.kill(pid, 'SIGHUP');
    const renewed = async () => (await scene.visit(port, { host: 'renewed.test' })) === SERVED;
    await eventually('the new one', renewed);

    rmSync(files.path('localhost.key.pem'));
    process.kill(pid, 'SIGHUP');
    await eventually('it says so', () => /Failed to reload the configuration/.test(log()));
    assert.ok(await renewed(), 'and goes on with what it has');
  });

  it('is refused by a client end that has another CA, or expects another name', async (t) => {
    if (!needs(t, ...PROGRAMS)) return;
    const { port } = await start(t);
    const strange = await tunnel(t, scene.stranger, port);
    assert.notEqual((await through(strange)).status, 0);
    assert.match(strange.log(), /unable to get local issuer certificate/);
    const misled = await tunnel(t, scene.alice, port, 'other.test');
    assert.notEqual((await through(misled)).status, 0);
    assert.match(misled.log(), /Subject checks failed/);
  });

  it('lets clients in with certificates of the CA that are not revoked', async (t) => {
    if (!needs(t, ...PROGRAMS)) return;
    const { port, gone } = await start(t, { mutual: 'yes', crl: 'yes' });
    await scene.assertMutual(port, ALERTS);
    assert.match(await scene.visit(port, { client: gone, flags: TELLS_WHY }), /alert certificate revoked/);
    assert.equal((await through(await tunnel(t, scene.alice, port))).stdout.trim(), SERVED);
    assert.notEqual((await through(await tunnel(t, gone, port))).status, 0);
  });
});
