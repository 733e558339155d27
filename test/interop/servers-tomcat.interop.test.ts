/** Tomcat with the rendered Connector: PEM files and PKCS#12, with and without client certificates, and a renewal. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it, type TestContext } from 'node:test';
import { needs, pathOf, run } from '../support/peers.ts';
import { type Rendered, type RenderingCa, render, withClients } from '../support/rendered.ts';
import { accountFor, lastFirst, launch, onFreePort, serverFolder } from '../support/servers/process.ts';
import { temporaryFolder } from '../support/temp.ts';
import { eventually } from './servers/ground.ts';

const template = 'tomcat';
const PROGRAMS = ['catalina.sh', 'java', 'curl', 'setpriv'];

/** It has no application, so this is what a request gets that came in. */
const LET_IN = '404';

describe('Tomcat from the rendered files', () => {
  let ca: RenderingCa;
  let alice: Rendered;
  let stranger: Rendered;
  const [own, strange] = [temporaryFolder(), temporaryFolder()];

  before(async () => {
    const wish = { template, names: ['alice'], profile: 'client' };
    ({ ca, alice, stranger } = await withClients(own, strange, wish));
  });

  interface Setup {
    readonly connector: string;
    readonly settings?: Record<string, string>;
    readonly formats?: readonly ['p12'];
    /** Lines of `<Server>`, of the rendered README. */
    readonly extra?: (files: Rendered) => string;
  }

  /** A server.xml with nothing in it but what is needed to start, and the Connector. */
  async function start(t: TestContext, { connector, settings = {}, formats, extra = () => '' }: Setup) {
    const account = accountFor('tomcat');
    const base = serverFolder(t, account);
    for (const name of ['conf', 'temp']) mkdirSync(join(base, name), { recursive: true });
    const closing = lastFirst(t);
    const { material } = await ca.certify({ template });
    const started = await onFreePort(async (port) => {
      const wish = { template, account, settings: { ...settings, port: String(port) }, ...(formats && { formats }) };
      const files = await render(base, material, wish);
      const host = '<Engine name="Catalina" defaultHost="localhost"><Host name="localhost" /></Engine>';
      const service = `<Service name="Catalina">${files.text(connector)}${host}</Service>`;
      const text = `<Server port="-1" periodicEventDelay="1">${extra(files)}${service}</Server>`;
      writeFileSync(join(base, 'conf', 'server.xml'), text);
      const argv = [pathOf('catalina.sh'), 'run'];
      const env = { CATALINA_BASE: base, CATALINA_TMPDIR: join(base, 'temp') };
      const server = await launch({ argv, account, cwd: base, env, ready: /Server startup in/, end: 'SIGTERM' });
      return { port, ...server };
    });
    closing(started.stop);
    const { port } = started;
    /** Status, or why there is none. */
    const get = async (host: string, trusted: Rendered, identity?: Rendered): Promise<string> => {
      const pair = ['--cert', identity?.path('alice.chain.pem') ?? '', '--key', identity?.path('alice.key.pem') ?? ''];
      const resolve = ['--resolve', `${host}:${port}:127.0.0.1`];
      const quiet = ['-sS', '-o', '/dev/null', '-w', '%{http_code}'];
      const known = ['--cacert', trusted.path('ca.pem'), ...(identity === undefined ? [] : pair)];
      const { status, stdout, stderr } = await run('curl', [
        ...quiet,
        ...resolve,
        ...known,
        `https://${host}:${port}/`,
      ]);
      return status === 0 ? stdout : stderr;
    };
    return { base, account, material, get, log: started.log };
  }

  it('serves PEM files, lets in only clients of the CA, and takes a new certificate by itself', async (t) => {
    if (!needs(t, ...PROGRAMS)) return;
    const extra = (files: Rendered) => {
      const line = /^<Listener .*Reload.*$/m.exec(files.text('README.md'))?.[0] ?? '';
      return line.replace('checkPeriod="3600" daysBefore="14"', 'checkPeriod="1" daysBefore="5000"');
    };
    const { base, account, get } = await start(t, { connector: 'connector.xml', settings: { mutual: 'yes' }, extra });
    assert.equal(await get('localhost', alice, alice), LET_IN);
    assert.match(await get('localhost', alice), /alert bad certificate|certificate required/);
    assert.match(await get('localhost', alice, stranger), /alert certificate unknown|unknown ca/);
    assert.match(await get('localhost', stranger, alice), /unable to get local issuer/);
    assert.match(await get('other.test', alice, alice), /no alternative certificate subject name matches/);

    const { material } = await ca.certify({ template, names: ['renewed.test'] });
    await render(base, { ...material, label: 'localhost' }, { template, account });
    await eventually('the new one is served', async () => (await get('renewed.test', alice, alice)) === LET_IN);
  });

  it('serves a PKCS#12 store, whose password it reads from the file', async (t) => {
    if (!needs(t, ...PROGRAMS)) return;
    const { get } = await start(t, { connector: 'connector-p12.xml', formats: ['p12'] });
    assert.equal(await get('localhost', alice), LET_IN);
    assert.match(await get('localhost', stranger), /unable to get local issuer/);
  });
});
