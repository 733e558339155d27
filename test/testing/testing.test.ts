import assert from 'node:assert/strict';
import { once } from 'node:events';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { inspect } from 'node:util';
import { createTestAuthority, type TestCertificate } from '../../src/testing/index.ts';
import { rejectsCode } from '../support/throws.ts';

async function serve(t: TestContext, certificate: TestCertificate, options: https.ServerOptions = {}): Promise<number> {
  const server = https.createServer({ ...certificate.tlsOptions(), ...options }, (_request, response) =>
    response.end('hello'),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

function fetchText(port: number, options: https.RequestOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = https.get({ host: '127.0.0.1', port, agent: false, ...options }, (response) => {
      response.setEncoding('utf8').on('data', resolve);
    });
    request.on('error', reject);
  });
}

for (const intermediate of [false, true]) {
  test(`https works out of the box, ${intermediate ? 'with' : 'without'} an intermediate`, async (t) => {
    const ca = await createTestAuthority({ intermediate });
    const port = await serve(t, await ca.issue('localhost', '127.0.0.1'));
    assert.equal(await fetchText(port, ca.clientOptions()), 'hello');
  });
}

test('bad certificates are refused for what is bad about them', async (t) => {
  const ca = await createTestAuthority();
  const other = await createTestAuthority();
  const past = { notBefore: new Date('2020-01-01'), notAfter: new Date('2020-02-01') };
  const cases = [
    [await ca.issue({ names: ['127.0.0.1'], ...past }), ca, 'CERT_HAS_EXPIRED'],
    [await ca.issue('elsewhere.test'), ca, 'ERR_TLS_CERT_ALTNAME_INVALID'],
    [
      await ca.issue('127.0.0.1'),
      other,
      /SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_VERIFY_LEAF_SIGNATURE|CERT_SIGNATURE_FAILURE|UNABLE_TO_GET_ISSUER_CERT_LOCALLY/,
    ],
    [await ca.issue({ names: ['127.0.0.1'], profile: 'client' }), ca, 'INVALID_PURPOSE'],
  ] as const;
  for (const [certificate, trusted, code] of cases) {
    const port = await serve(t, certificate);
    await assert.rejects(fetchText(port, trusted.clientOptions()), (error: NodeJS.ErrnoException) => {
      assert.match(error.code ?? '', new RegExp(code));
      return true;
    });
  }
});

test('mutual TLS: a client certificate opens the door, and only that', async (t) => {
  const ca = await createTestAuthority();
  const port = await serve(t, await ca.issue('127.0.0.1'), { requestCert: true, rejectUnauthorized: true });
  const alice = await ca.issue({ names: ['alice'], profile: 'client' });
  assert.equal(await fetchText(port, alice.tlsOptions()), 'hello');
  await assert.rejects(fetchText(port, ca.clientOptions()));
});

test('a certificate does not show its key when it is logged', async () => {
  const ca = await createTestAuthority();
  const certificate = await ca.issue('localhost');
  const text = inspect({ ca, certificate }, { showHidden: true, depth: 9 }) + JSON.stringify({ ca, certificate });
  assert.ok(!text.includes('PRIVATE KEY'));
  assert.match(certificate.key, /^-----BEGIN PRIVATE KEY-----\n/);
});

test('key stores and trust stores come as bytes', async () => {
  const ca = await createTestAuthority();
  const certificate = await ca.issue('localhost');
  for (const bytes of [await certificate.jks(), await ca.trustJks()])
    assert.equal(Buffer.from(bytes).readUInt32BE(0), 0xfeedfeed);
  for (const bytes of [await certificate.p12('secret'), await ca.trustP12()]) assert.equal(bytes[0], 0x30);
});

test('a name that no certificate can carry is refused', async () => {
  const ca = await createTestAuthority();
  await rejectsCode(() => ca.issue('a..b'), 'LOCAL_CA_NAME_INVALID', /a\.\.b/);
});

test('options of the wrong kind, as JavaScript lets them pass, are refused by name', async () => {
  const ca = await createTestAuthority();
  const issue = (...given: unknown[]) => ca.issue(...(given as string[]));
  const cases: readonly (readonly [given: unknown[], message: RegExp])[] = [
    [[{ names: ['x.test'], notAfter: '2020-01-01' }], /notAfter is "2020-01-01", not a Date/],
    [[{ name: 'x.test' }], /there is no option "name"/],
    [[{ names: 'localhost' }], /names is "localhost", not a list of strings/],
    [[{ names: ['x.test'], keytype: 'p384' }], /there is no option "keytype"/],
    [[['x.test', 'y.test']], /names is \[\["x.test", "y.test"\]\], not a list of strings/],
    [['x.test', { days: 3 }], /names is \["x.test", an object\], not a list of strings/],
  ];
  for (const [given, message] of cases) await rejectsCode(() => issue(...given), 'LOCAL_CA_OPTION_INVALID', message);
  await rejectsCode(() => issue(), 'LOCAL_CA_NAME_INVALID', /no name was given/);
  const misspelt = { keytype: 'p384' } as object;
  await rejectsCode(() => createTestAuthority(misspelt), 'LOCAL_CA_OPTION_INVALID', /there is no option "keytype"/);
});
