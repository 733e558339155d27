/** Kafka, a broker that is its own KRaft controller, with the rendered lines; its own client with client.properties. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { must, needs, pathOf } from '../support/peers.ts';
import { type Rendered, RenderingCa, render } from '../support/rendered.ts';
import { lastFirst, launch, onFreePorts, serverFolder } from '../support/servers/process.ts';
import { temporaryFolder } from '../support/temp.ts';

const template = 'kafka';
const PROGRAMS = ['kafka', 'java', 'setpriv'];
const CLIENT = fileURLToPath(new URL('programs/Kafka.java', import.meta.url));
const CLUSTER = 'MkU3OEVBNTcwNTJENDM2Qg';

/** All jars of the folder. */
const java = (...args: readonly string[]) => ['-Xmx256m', '-cp', join(pathOf('kafka'), '*'), ...args];

/** What TLS has no part in, and the listener of the controller, which speaks TLS too. */
const node = (folder: string, port: number, controller: number) => [
  'process.roles=broker,controller',
  'node.id=1',
  `controller.quorum.voters=1@localhost:${controller}`,
  'controller.listener.names=CONTROLLER',
  'listener.security.protocol.map=SSL:SSL,CONTROLLER:SSL',
  `listeners=SSL://:${port},CONTROLLER://localhost:${controller}`,
  `log.dirs=${join(folder, 'data')}`,
  'offsets.topic.replication.factor=1',
];

describe('Kafka from the rendered files', () => {
  let ca: RenderingCa;
  let other: RenderingCa;
  before(async () => {
    ca = await RenderingCa.make();
    other = await RenderingCa.make();
  });

  const clientOf = (t: TestContext, authority: RenderingCa) =>
    authority.issue(temporaryFolder(t), { template, profile: 'client', names: ['alice'] });

  async function start(t: TestContext, settings: Record<string, string>) {
    const folder = serverFolder(t, undefined);
    const closing = lastFirst(t);
    const { material } = await ca.certify({ template, profile: 'peer' });
    const started = await onFreePorts(2, async ([port = 0, controller = 0]) => {
      const files = await render(folder, material, { template, settings: { ...settings, port: String(port) } });
      const config = files.path('broker.properties');
      writeFileSync(config, [...files.lines('server.properties'), ...node(folder, port, controller), ''].join('\n'));
      await must('java', java('kafka.tools.StorageTool', 'format', '-g', '-t', CLUSTER, '-c', config));
      const argv = [pathOf('java'), ...java('kafka.Kafka', config)];
      const ready = /Kafka Server started/;
      const server = await launch({ argv, account: undefined, cwd: folder, env: {}, ready, end: 'SIGTERM' });
      return { port, files, stop: server.stop };
    });
    closing(started.stop);
    return started;
  }

  const ask = async (broker: string, ...clients: readonly Rendered[]): Promise<string[]> => {
    const files = clients.map((client) => client.path('client.properties'));
    return (await must('java', java(CLIENT, broker, ...files))).trim().split('\n');
  };

  it('verifies its own broker, and lets in only clients of the CA', async (t) => {
    if (!needs(t, ...PROGRAMS)) return;
    const { port, files } = await start(t, { mutual: 'yes' });
    const [alice, distrustful, stranger] = [await clientOf(t, ca), await clientOf(t, other), await clientOf(t, other)];
    writeFileSync(stranger.path('ca.crt'), files.text('ca.crt'));
    const broker = `localhost:${port}`;
    const [known = '', bare = '', wrong = '', strange = ''] = await ask(broker, alice, files, distrustful, stranger);
    assert.equal(known, 'answered\t1');
    assert.match(bare, /^refused.*alert: (bad_certificate|certificate_required)/);
    assert.match(wrong, /^refused.*PKIX path/);
    assert.match(strange, /^refused.*alert: (certificate_unknown|unknown_ca)/);
    const [misnamed = ''] = await ask(`127.0.0.2:${port}`, alice);
    assert.match(misnamed, /^refused.*No subject alternative names matching IP address 127\.0\.0\.2/);
  });
});
