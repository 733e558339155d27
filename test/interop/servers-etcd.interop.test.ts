/** etcd with what the template renders: verified by etcdctl, with clients' certificates, and two members that verify each other. */
import assert from 'node:assert/strict';
import { before, describe, it, type TestContext } from 'node:test';
import { needs, run } from '../support/peers.ts';
import type { Rendered } from '../support/rendered.ts';
import { type EtcdPorts, environmentOf, startEtcd, startEtcds } from '../support/servers/etcd.ts';
import { temporaryFolder } from '../support/temp.ts';
import { GO_ALERTS, TELLS_WHY, WebScene } from './web-scene.ts';

const template = 'etcd';
const PROGRAMS = ['etcd', 'etcdctl', 'curl', 'setpriv'];
/** It tries until its time is over, and keeps the reason to itself. */
const UNREACHABLE = /all SubConns are in TransientFailure|deadline exceeded/;
const HEALTHY = { path: '/health' };

describe('etcd from the rendered files', () => {
  const folder = temporaryFolder();
  let scene: WebScene;
  before(async () => {
    scene = await WebScene.make(folder, template);
  });

  /** What a member is told by its file; the template makes certificates for both ends. */
  const told =
    (dir: string, wishes: Record<string, string> = {}) =>
    async ({ client, peer }: EtcdPorts) => {
      const settings = { port: String(client), peerport: String(peer), ...wishes };
      const files = await scene.ca.issue(dir, { template, settings, profile: 'peer' });
      return environmentOf(files.lines('etcd.env'));
    };

  async function start(t: TestContext, wishes: Record<string, string> = {}) {
    const dir = temporaryFolder(t);
    const { ports } = await startEtcd(t, told(dir, wishes));
    return { port: ports.client, peer: ports.peer, dir };
  }

  interface Asked {
    readonly ca?: Rendered;
    readonly client?: Rendered;
    readonly host?: string;
    /** How long it tries. */
    readonly seconds?: number;
  }

  /** etcdctl, which verifies; what it says, or why it says nothing. */
  async function ask(port: number, words: readonly string[], wishes: Asked = {}): Promise<string> {
    const { ca = scene.alice, client, host = 'localhost', seconds = 5 } = wishes;
    const pair =
      client === undefined ? [] : ['--cert', client.path('alice.crt.pem'), '--key', client.path('alice.key.pem')];
    const to = [
      '--endpoints',
      `https://${host}:${port}`,
      '--cacert',
      ca.path('ca.pem'),
      '--dial-timeout',
      `${seconds}s`,
    ];
    const flags = ['--command-timeout', `${seconds}s`, ...to, ...pair];
    const { status, stdout, stderr } = await run('etcdctl', [...flags, ...words], { env: { ETCDCTL_API: '3' } });
    return (status === 0 ? stdout : stderr).trim();
  }

  it('is verified by etcdctl and by curl, and serves a new certificate without being told', async (t) => {
    if (!needs(t, ...PROGRAMS)) return;
    const { port, dir } = await start(t);
    assert.equal(await ask(port, ['put', 'colour', 'blue']), 'OK');
    assert.match(await ask(port, ['get', 'colour'], { host: '127.0.0.1' }), /^colour\nblue$/);
    assert.match(await ask(port, ['get', 'colour'], { ca: scene.stranger, seconds: 1 }), UNREACHABLE);
    await scene.assertVerified(port, HEALTHY, /"health":"true"/);

    await scene.ca.issue(dir, { template, profile: 'peer', names: ['localhost', 'renewed.test'] });
    assert.match(await scene.visit(port, { ...HEALTHY, host: 'renewed.test' }), /"health":"true"/);
    assert.match(await ask(port, ['get', 'colour'], { host: '127.0.0.1', seconds: 1 }), UNREACHABLE);
  });

  it('lets clients in with certificates of the CA', async (t) => {
    if (!needs(t, ...PROGRAMS)) return;
    const { port } = await start(t, { mutual: 'yes' });
    assert.equal(await ask(port, ['put', 'colour', 'blue'], { client: scene.alice }), 'OK');
    assert.match(await ask(port, ['put', 'colour', 'red'], { seconds: 1 }), UNREACHABLE);
    assert.match(await ask(port, ['put', 'colour', 'red'], { client: scene.stranger, seconds: 1 }), UNREACHABLE);
    await scene.assertMutual(port, GO_ALERTS, HEALTHY, '{"health":"true"}');
    assert.equal(await ask(port, ['get', 'colour'], { client: scene.alice }), 'colour\nblue');
  });

  it('forms a cluster of members that verify each other, and whose port wants a certificate', async (t) => {
    if (!needs(t, ...PROGRAMS)) return;
    const [one, two] = await startEtcds(t, { one: told(temporaryFolder(t)), two: told(temporaryFolder(t)) });
    assert.ok(one && two);
    assert.equal(await ask(one.ports.client, ['put', 'colour', 'blue']), 'OK');
    assert.equal(await ask(two.ports.client, ['get', 'colour']), 'colour\nblue');
    const members = { path: '/members', flags: ['--http1.1', ...TELLS_WHY] };
    assert.match(await scene.visit(one.ports.peer, members), GO_ALERTS.none);
    assert.match(await scene.visit(one.ports.peer, { ...members, client: scene.stranger }), GO_ALERTS.stranger);
    // Her certificate has the name of a machine, which she does not come from; as the README warns, that of a person has none.
    assert.match(await scene.visit(one.ports.peer, { ...members, client: scene.alice }), /Empty reply/);
    assert.match(one.log(), /does not match any of DNSNames \[\\"alice\\"\]/);
    const client = await scene.ca.issue(temporaryFolder(t), { template, profile: 'client', names: ['a@b.test'] });
    const pair = ['--cert', client.path('a@b.test.crt.pem'), '--key', client.path('a@b.test.key.pem')];
    assert.match(await scene.visit(one.ports.peer, { ...members, flags: ['--http1.1', ...pair] }), /"peerURLs"/);
  });
});
