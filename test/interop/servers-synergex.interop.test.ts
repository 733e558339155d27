/**
 * SQL OpenNet and xfServer cannot be had here, so OpenSSL's own server stands in for them: it loads the rendered files by
 * the same library, as two files and as one.
 */
import assert from 'node:assert/strict';
import { before, describe, it, type TestContext } from 'node:test';
import { needs, type Outcome, pathOf, run } from '../support/peers.ts';
import { type Rendered, RenderingCa } from '../support/rendered.ts';
import { launch, onFreePort } from '../support/servers/process.ts';
import { temporaryFolder } from '../support/temp.ts';

const PROGRAMS = ['openssl', 'setpriv'];
const RSA = { keyType: 'rsa-2048' };
const CA = 'RootCaCertificate.pem';

/** `openssl s_server` with these options; it answers each request with a page. TLS 1.2 is what SQL OpenNet speaks. */
async function serve(t: TestContext, ...options: readonly string[]): Promise<number> {
  const fixed = { account: undefined, cwd: temporaryFolder(t), env: {}, ready: /ACCEPT/, end: 'SIGTERM' } as const;
  const { port, server } = await onFreePort(async (port) => {
    const argv = [pathOf('openssl'), 's_server', '-accept', `127.0.0.1:${port}`, '-www', '-tls1_2', ...options];
    return { port, server: await launch({ ...fixed, argv }) };
  });
  t.after(server.stop);
  return port;
}

interface Visit {
  readonly trust: Rendered;
  readonly name?: string;
  readonly identity?: string;
}

function visit(port: number, { trust, name = 'localhost', identity }: Visit): Promise<Outcome> {
  const verify = ['-CAfile', trust.path(CA), '-verify_return_error', '-verify_hostname', name];
  const shown = identity === undefined ? [] : ['-cert', identity];
  return run('openssl', ['s_client', '-connect', `127.0.0.1:${port}`, ...verify, ...shown], { input: '' });
}

async function accepts(port: number, visitor: Visit): Promise<void> {
  const { status, stdout, stderr } = await visit(port, visitor);
  assert.equal(status, 0, stderr);
  assert.match(stdout, /Verify return code: 0 \(ok\)/);
}

async function refuses(port: number, visitor: Visit, why: RegExp): Promise<void> {
  const { status, stdout, stderr } = await visit(port, visitor);
  assert.notEqual(status, 0);
  assert.match(stdout + stderr, why);
}

/** What PEM blocks are in a file, in their order; with line feeds alone. */
function blocksOf(text: string): string[] {
  assert.doesNotMatch(text, /\r|ENCRYPTED/);
  return [...text.matchAll(/^-----BEGIN (.+)-----$/gm)].map(([, label = '']) => label);
}

describe("Synergex's servers", () => {
  let ca: RenderingCa;
  let stranger: Rendered;
  const strange = temporaryFolder();

  before(async () => {
    ca = await RenderingCa.make();
    stranger = await (await RenderingCa.make()).issue(strange, { template: 'sql-opennet', ...RSA });
  });

  const bundle = (t: TestContext, template: string, wish = {}) =>
    ca.issue(temporaryFolder(t), { template, ...RSA, ...wish });

  async function verifiedAt(port: number, trust: Rendered): Promise<void> {
    await accepts(port, { trust });
    await refuses(port, { trust, name: 'other.test' }, /hostname mismatch/);
    await refuses(port, { trust: stranger }, /unable to get (local )?issuer|self-signed certificate/);
  }

  it('vtxnetd up to 11.1 takes the certificate and the key as two files', async (t) => {
    if (!needs(t, ...PROGRAMS)) return;
    const files = await bundle(t, 'sql-opennet');
    const pair = ['-cert_chain', files.path('OpenNetCertificate.pem'), '-key', files.path('OpenNetKey.pem')];
    await verifiedAt(await serve(t, '-cert', files.path('OpenNetCertificate.pem'), ...pair), files);
  });

  it('needs no chain from the server: the CA file has the intermediate too', async (t) => {
    if (!needs(t, ...PROGRAMS)) return;
    const files = await bundle(t, 'sql-opennet');
    const alone = ['-cert', files.path('OpenNetCertificate.pem'), '-key', files.path('OpenNetKey.pem')];
    await verifiedAt(await serve(t, ...alone), files);
  });

  it('vtxnetd of version 12 takes one file, and a CA file for its clients', async (t) => {
    if (!needs(t, ...PROGRAMS)) return;
    const files = await bundle(t, 'sql-opennet');
    const trust = files;
    const one = ['-cert', files.path('OpenNet.pem')];
    await verifiedAt(await serve(t, ...one), files);

    const mutual = ['-CAfile', files.path(CA), '-Verify', '2', '-verify_return_error'];
    const port = await serve(t, ...one, ...mutual);
    const wish = { names: ['alice'], profile: 'client' };
    const alice = await bundle(t, 'sql-opennet', wish);
    await accepts(port, { trust, identity: alice.path('alice.pem') });
    await refuses(port, { trust }, /alert handshake failure/);
    await refuses(port, { trust, identity: stranger.path('OpenNet.pem') }, /alert unknown ca/);
  });

  it('rsynd takes the certificate and then the key in one file', async (t) => {
    if (!needs(t, ...PROGRAMS)) return;
    const files = await bundle(t, 'xfserver');
    assert.deepEqual(blocksOf(files.text('rsynd.pem')), ['CERTIFICATE', 'CERTIFICATE', 'PRIVATE KEY']);
    await verifiedAt(await serve(t, '-cert', files.path('rsynd.pem')), files);
  });

  it('no key has a pass phrase, and all certificates are of version 3', async (t) => {
    if (!needs(t, 'openssl')) return;
    const files = await bundle(t, 'sql-opennet');
    assert.deepEqual(blocksOf(files.text('OpenNetKey.pem')), ['PRIVATE KEY']);
    for (const file of ['OpenNetKey.pem', 'OpenNet.pem']) {
      // Without a pass phrase to ask for, it needs no terminal.
      const { status, stderr } = await run('openssl', ['pkey', '-in', files.path(file), '-noout'], { input: '' });
      assert.equal(status, 0, stderr);
    }
    const { stdout } = await run('openssl', ['x509', '-in', files.path('OpenNet.pem'), '-noout', '-text']);
    assert.match(stdout, /Version: 3 .*DNS:localhost, IP Address:127\.0\.0\.1/s);
  });
});
