/** Programs of one's own in Node, Python and Java: the rendered servers and clients against each other, OpenSSL and the JVM. */
import assert from 'node:assert/strict';
import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { must, needs, type Outcome, pathOf, run } from '../support/peers.ts';
import { type Rendered, RenderingCa, render } from '../support/rendered.ts';
import { lastFirst, launch, onFreePort, serverFolder } from '../support/servers/process.ts';
import { temporaryFolder } from '../support/temp.ts';
import { eventually } from './servers/ground.ts';

interface Language {
  readonly template: 'node' | 'python';
  readonly program: string;
  readonly server: string;
  readonly client: string;
  /** What its client says of a server of another CA, and of another name. */
  readonly unknown: RegExp;
  readonly misnamed: RegExp;
  /** What its server says of a client without a certificate, and with one of another CA. Node's closes the connection. */
  readonly uncertified?: RegExp;
  readonly stranger?: RegExp;
}

const NODE: Language = {
  template: 'node',
  program: 'node',
  server: 'server.mjs',
  client: 'client.mjs',
  unknown: /unable to get local issuer certificate/,
  misnamed: /IP: 127\.0\.0\.2 is not in the cert's list/,
};
const PYTHON: Language = {
  template: 'python',
  program: 'python3',
  server: 'server.py',
  client: 'client.py',
  unknown: /CERTIFICATE_VERIFY_FAILED.*unable to get local issuer certificate/,
  misnamed: /certificate is not valid for '127\.0\.0\.2'/,
  uncertified: /PEER_DID_NOT_RETURN_A_CERTIFICATE/,
  stranger: /CERTIFICATE_VERIFY_FAILED/,
};
const LANGUAGES = [NODE, PYTHON];

const JAVA = fileURLToPath(new URL('programs/Fetch.java', import.meta.url));
const PASSWORD_FILE = /`([^`]+\.password\.txt)`/;

const said = ({ stdout, stderr }: Outcome) => `${stdout}${stderr}`.trim();

describe("programs with the templates' files", () => {
  let ca: RenderingCa;
  let other: RenderingCa;
  before(async () => {
    ca = await RenderingCa.make();
    other = await RenderingCa.make();
  });

  /** The rendered server, run as its README says. */
  async function start(t: TestContext, { template, program, server }: Language, settings: Record<string, string> = {}) {
    const folder = serverFolder(t, undefined);
    const closing = lastFirst(t);
    const wish = { template, settings };
    const { material } = await ca.certify(wish);
    const started = await onFreePort(async (port) => {
      const files = await render(folder, material, { ...wish, settings: { ...settings, port: String(port) } });
      const argv = [pathOf(program), files.path(server)];
      const ready = /^listening on/m;
      return { port, files, ...(await launch({ argv, account: undefined, cwd: '/', env: {}, ready, end: 'SIGTERM' })) };
    });
    closing(started.stop);
    return { folder, ...started };
  }

  const clientOf = (t: TestContext, template: string, authority = ca) =>
    authority.issue(temporaryFolder(t), { template, profile: 'client', names: ['alice'] });

  const request = async ({ program, client }: Language, files: Rendered, ...urls: string[]) =>
    said(await run(program, [files.path(client), ...urls]));

  /** The handshake, with these names and files; then a request, since TLS 1.3 refuses a client only after it. */
  async function openssl(port: number, ca: string, name: string, pair?: readonly [string, string]): Promise<string> {
    const identity = pair === undefined ? [] : ['-cert', pair[0], '-cert_chain', pair[0], '-key', pair[1]];
    const checks = ['-verify_return_error', '-CAfile', ca, '-verify_hostname', name];
    const connect = ['s_client', '-connect', `127.0.0.1:${port}`, '-quiet', ...checks, ...identity];
    const { stdout, stderr } = await run('openssl', connect, { input: 'GET / HTTP/1.0\r\n\r\n' });
    return `${stderr}${stdout}`.trim();
  }

  for (const language of LANGUAGES) {
    const { template, program } = language;
    it(`${template}: its server is verified by both clients and OpenSSL, and takes a new certificate`, async (t) => {
      if (!needs(t, program, 'node', 'python3', 'openssl', 'setpriv')) return;
      const { folder, port, pid, files, log } = await start(t, language);
      const wrong = await clientOf(t, template, other);
      assert.equal(await request(language, files), 'Hello');
      for (const each of LANGUAGES) {
        const client = await clientOf(t, each.template);
        assert.equal(await request(each, client, `https://localhost:${port}/`), 'Hello');
        assert.match(await request(each, client, `https://127.0.0.2:${port}/`), each.misnamed);
      }
      assert.match(await request(language, wrong, `https://localhost:${port}/`), language.unknown);

      const [authority, reload] = [files.path('ca.pem'), () => process.kill(pid, 'SIGHUP')];
      assert.match(await openssl(port, authority, 'localhost'), /Hello$/);
      const renewed = await ca.certify({ template, names: ['renewed.test'] });
      await render(folder, { ...renewed.material, label: 'localhost' }, { template });
      reload();
      await eventually('it is read', () => log().includes('reloaded'));
      assert.match(await openssl(port, authority, 'renewed.test'), /Hello$/);
      assert.match(await openssl(port, authority, 'localhost'), /hostname mismatch/i);
      writeFileSync(join(folder, 'localhost.chain.pem'), 'nothing');
      reload();
      await eventually('it says so', () => log().includes('still the old certificate'));
      assert.match(await openssl(port, authority, 'renewed.test'), /Hello$/);
    });

    it(`${template}: its server lets in only clients that have a certificate of the CA`, async (t) => {
      if (!needs(t, program, 'node', 'python3', 'openssl', 'setpriv')) return;
      const { port, files, log } = await start(t, language, { mutual: 'yes' });
      const url = `https://localhost:${port}/`;
      for (const each of LANGUAGES) {
        assert.equal(await request(each, await clientOf(t, each.template), url), 'Hello alice');
        const stranger = await clientOf(t, each.template, other);
        copyFileSync(files.path('ca.pem'), stranger.path('ca.pem'));
        assert.doesNotMatch(await request(each, stranger, url), /Hello/);
      }
      await eventually('why the stranger is refused', () => language.stranger?.test(log()) ?? true);
      assert.doesNotMatch(await request(language, files, url), /Hello/);
      await eventually('why nobody is refused', () => language.uncertified?.test(log()) ?? true);

      const alice = await clientOf(t, template);
      const pair = [alice.path('alice.chain.pem'), alice.path('alice.key.pem')] as const;
      assert.match(await openssl(port, files.path('ca.pem'), 'localhost', pair), /Hello alice$/);
      assert.doesNotMatch(await openssl(port, files.path('ca.pem'), 'localhost'), /Hello/);
    });
  }

  it('the variables of the READMEs make programs trust the CA that know nothing of it', async (t) => {
    if (!needs(t, 'node', 'python3', 'setpriv')) return;
    const { port, files } = await start(t, NODE);
    const url = `https://localhost:${port}/`;
    const fetch = [
      '-e',
      `fetch('${url}').then((r) => r.text()).then(console.log, (e) => console.log(e.cause.message))`,
    ];
    const urllib = ['-c', `import urllib.request as u; print(u.urlopen('${url}').read().decode())`];
    const env = (name: string) => ({ env: { [name]: files.path('ca.pem') } });
    assert.equal(said(await run('node', fetch, env('NODE_EXTRA_CA_CERTS'))), 'Hello');
    assert.match(said(await run('node', fetch)), NODE.unknown);
    assert.equal(said(await run('python3', urllib, env('SSL_CERT_FILE'))), 'Hello');
    assert.match(said(await run('python3', urllib)), PYTHON.unknown);
  });

  it('requests verifies as the README says, and shows a certificate', async (t) => {
    if (!needs(t, 'requests', 'setpriv')) return;
    const { port, files } = await start(t, PYTHON, { mutual: 'yes' });
    const alice = await clientOf(t, 'python');
    const [call = ''] = /^requests\.get\(.*\)$/m.exec(alice.text('README.md')) ?? [];
    const ask = async (code: string, env = {}) =>
      said(await run('requests', ['-c', `import requests; print(${code}.text)`], { cwd: alice.folder, env }));
    const address = (host: string) => call.replace('SERVER:8443', `${host}:${port}`);
    assert.equal(await ask(address('localhost')), 'Hello alice');
    assert.match(await ask(address('127.0.0.2')), /IP address mismatch|doesn't match/);
    const bare = address('localhost').replace(/, verify="[^"]+"/, '');
    assert.match(await ask(bare), PYTHON.unknown);
    assert.equal(await ask(bare, { REQUESTS_CA_BUNDLE: files.path('ca.pem') }), 'Hello alice');
  });

  describe('Java', () => {
    const template = 'java-client';
    const PROGRAMS = ['java', 'javac', 'keytool', 'setpriv'];
    const classes = temporaryFolder();
    before(async () => {
      if (pathOf('javac') !== 'javac') await must('javac', ['-d', classes, JAVA]);
    });

    const fetch = async (flags: readonly string[], ...urls: readonly string[]): Promise<string[]> =>
      (await must('java', [...flags, '-cp', classes, 'Fetch', ...urls])).trim().split('\n');

    it('trusts the CA with each store, and no other', async (t) => {
      if (!needs(t, ...PROGRAMS)) return;
      const { port, material } = await startedFor(t);
      const urls = ['localhost', '127.0.0.2'].map((host) => `https://${host}:${port}/`);
      const files = await render(temporaryFolder(t), material, { template });
      const check = async (flags: readonly string[]) => {
        const [right, misnamed] = await fetch(flags, ...urls);
        assert.equal(right, 'answered\tHello');
        assert.match(misnamed ?? '', /No subject alternative names matching IP address 127\.0\.0\.2/);
      };
      await check([`@${files.path('java.args')}`]);
      const [, flags = ''] = /^java (-D.*) -jar/m.exec(files.text('README.md')) ?? [];
      assert.match(flags, /trustStore=ca\.jks -Djavax\.net\.ssl\.trustStoreType=JKS/);
      await check(flags.replace('=ca.jks', `=${files.path('ca.jks')}`).split(' '));
      await check([`-Djavax.net.ssl.trustStore=${await extended(files)}`]);

      const wrong = await render(temporaryFolder(t), (await other.certify({ template })).material, { template });
      for (const flags of [[], [`@${wrong.path('java.args')}`]]) {
        assert.match((await fetch(flags, urls[0] ?? '')).join(), /refused.*PKIX path/);
      }
    });

    it('shows the certificate of the key store, with the password where the README says', async (t) => {
      if (!needs(t, ...PROGRAMS)) return;
      const { port, material } = await startedFor(t, { mutual: 'yes' });
      const url = `https://localhost:${port}/`;
      const alice = await clientOf(t, template);
      const [, passwordFile = ''] = PASSWORD_FILE.exec(alice.text('README.md')) ?? [];
      assert.doesNotMatch(alice.text('java.args'), new RegExp(alice.text(passwordFile).trim()));
      writeFileSync(
        alice.path('java.args'),
        alice.text('java.args').replace(/PASSWORD$/m, alice.text(passwordFile).trim()),
      );
      assert.deepEqual(await fetch([`@${alice.path('java.args')}`], url), ['answered\tHello alice']);
      const trusting = await render(temporaryFolder(t), material, { template });
      assert.match((await fetch([`@${trusting.path('java.args')}`], url)).join(), /^refused/);
    });

    async function startedFor(t: TestContext, settings: Record<string, string> = {}) {
      const { port } = await start(t, NODE, settings);
      return { port, material: (await ca.certify({ template })).material };
    }

    /** A copy of Java's own store with the CA added, by the commands of the README. */
    async function extended(files: Rendered): Promise<string> {
      const commands = /^cp "\$JAVA_HOME.*\nkeytool .*$/m.exec(files.text('README.md'))?.[0] ?? '';
      const [, home = ''] = /java\.home = (.*)/.exec((await run('java', ['-XshowSettings:properties'])).stderr) ?? [];
      await must('sh', ['-ec', commands], { cwd: files.folder, env: { JAVA_HOME: home } });
      return files.path('cacerts');
    }
  });
});
