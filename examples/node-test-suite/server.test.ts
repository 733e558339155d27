// A test suite for an https service. Certificates are made in memory for each run: none is stored in the repository, so
// none expires there, and the refusals can be tested as well as the success.
//
//   node --import ts-blank-space/register --test server.test.ts      (from Node 22.18 on: node --test server.test.ts)
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, get, type RequestOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { createTestAuthority, type TestAuthority, type TestCertificate } from 'local-ca/testing';

let ca: TestAuthority;
before(async () => {
  ca = await createTestAuthority();
});

/** The service under test; yours would be imported. */
async function serve(certificate: TestCertificate): Promise<number> {
  const server = createServer(certificate.tlsOptions(), (request, response) => {
    response.end(request.url === '/health' ? 'ok' : 'not here');
  });
  after(() => server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** A client that believes it talks to localhost, and trusts the test's CA unless told otherwise. */
function ask(port: number, options: RequestOptions = ca.clientOptions()): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = get({
      host: '127.0.0.1',
      servername: 'localhost',
      port,
      path: '/health',
      agent: false,
      ...options,
    });
    request.on('error', reject);
    request.on('response', async (response) => resolve((await response.toArray()).join('')));
  });
}

test('a client that trusts the CA is served', async () => {
  assert.equal(await ask(await serve(await ca.issue('localhost'))), 'ok');
});

test('a certificate for another host is refused', async () => {
  const port = await serve(await ca.issue('elsewhere.test'));
  await assert.rejects(ask(port), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
});

test('an expired certificate is refused', async () => {
  const past = { notBefore: new Date('2020-01-01'), notAfter: new Date('2020-12-31') };
  const port = await serve(await ca.issue({ names: ['localhost'], ...past }));
  await assert.rejects(ask(port), { code: 'CERT_HAS_EXPIRED' });
});

test('the certificate of another CA is refused', async () => {
  const stranger = await createTestAuthority();
  const port = await serve(await ca.issue('localhost'));
  await assert.rejects(ask(port, stranger.clientOptions()), { code: 'SELF_SIGNED_CERT_IN_CHAIN' });
});

test("a client's certificate is refused from a server", async () => {
  const port = await serve(await ca.issue({ names: ['localhost'], profile: 'client' }));
  await assert.rejects(ask(port), { code: 'INVALID_PURPOSE' });
});
