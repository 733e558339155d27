import assert from 'node:assert/strict';
import type { AddressInfo, Socket } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import type { TlsOptions } from 'node:tls';
import { createServer as createTlsServer } from 'node:tls';
import { type Identity, lookAt } from '../../src/probe/look.ts';
import type { Target } from '../../src/probe/target.ts';
import { createTestAuthority, type TestAuthority } from '../../src/testing/index.ts';
import { ROOT } from '../support/fixtures.ts';
import { rejectsCode } from '../support/throws.ts';
import { afterRequest, CHAIN, LEAF_CHAIN, pem, serve, speakTls } from './servers.ts';

async function tlsServer(t: TestContext, options: TlsOptions = {}): Promise<Target> {
  const server = createTlsServer({ ...LEAF_CHAIN, ...options }, (socket) => socket.on('error', () => {}));
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  return { scheme: 'tls', host: '127.0.0.1', port: (server.address() as AddressInfo).port };
}

async function clientOf(ca: TestAuthority): Promise<Identity> {
  const { key, cert } = (await ca.issue({ names: ['client.test'], profile: 'client' })).tlsOptions();
  return { certificate: cert, key };
}

const bytesOf = (chain: readonly Uint8Array[]) => chain.map((der) => Buffer.from(der).toString('base64'));

describe('lookAt', () => {
  it('gives the chain as it is served, the protocol and the cipher', async (t) => {
    const { chain, ...how } = await lookAt(await tlsServer(t));
    assert.deepEqual(bytesOf(chain), bytesOf(CHAIN));
    assert.deepEqual(how, { way: 'direct TLS', protocol: 'TLSv1.3', cipher: 'TLS_AES_256_GCM_SHA384' });
  });

  it('gives a root that is served', async (t) => {
    const { chain } = await lookAt(await tlsServer(t, { cert: pem(...CHAIN, ROOT) }));
    assert.deepEqual(bytesOf(chain), bytesOf([...CHAIN, ROOT]));
  });

  it('looks at what no client would accept: expired, for another name, of an old protocol', async (t) => {
    const ca = await createTestAuthority();
    const notBefore = new Date(Date.now() - 10 * 86_400_000);
    const notAfter = new Date(Date.now() - 86_400_000);
    const bad = await ca.issue({ names: ['other.test'], notBefore, notAfter });
    const { key, cert } = bad.tlsOptions();
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' } as const;
    const { chain, protocol } = await lookAt(await tlsServer(t, { key, cert, ...old }));
    assert.equal(protocol, 'TLSv1.1');
    assert.equal(chain.length, 1);
  });

  it('asks for the host by its name, or by another', async (t) => {
    const asked: string[] = [];
    const SNICallback: TlsOptions['SNICallback'] = (name, done) => {
      asked.push(name);
      done(null);
    };
    const { port } = await tlsServer(t, { SNICallback });
    await lookAt({ scheme: 'tls', host: 'localhost', port });
    await lookAt({ scheme: 'tls', host: '127.0.0.1', port }, { servername: 'db1.example.test' });
    await lookAt({ scheme: 'tls', host: '127.0.0.1', port });
    assert.deepEqual(asked, ['localhost', 'db1.example.test']);
  });

  it('says which protocol was agreed on inside TLS', async (t) => {
    const target = await tlsServer(t, { ALPNProtocols: ['http/1.1'] });
    assert.equal((await lookAt({ ...target, scheme: 'https' })).alpn, 'http/1.1');
    assert.equal((await lookAt(target)).alpn, undefined);
  });

  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    it(`shows the chain of a server that wants a client certificate, with ${version}`, async (t) => {
      const versions = { minVersion: version, maxVersion: version };
      const wanting = await tlsServer(t, { requestCert: true, rejectUnauthorized: true, ...versions });
      const { chain, way, cipher, ...how } = await lookAt(wanting);
      assert.deepEqual(bytesOf(chain), bytesOf(CHAIN));
      const alert = version === 'TLSv1.3' ? 'certificate required' : 'handshake failure';
      assert.deepEqual(how, {
        protocol: version,
        asksForClientCertificate: true,
        requiresClientCertificate: true,
        alert,
      });
      const asking = await lookAt(await tlsServer(t, { requestCert: true, rejectUnauthorized: false, ...versions }));
      assert.equal(asking.asksForClientCertificate, true);
      assert.equal(asking.requiresClientCertificate, undefined);
      const indifferent = await lookAt(await tlsServer(t, versions));
      assert.equal(indifferent.asksForClientCertificate, undefined);
    });

    it(`shows a client certificate, with ${version}`, async (t) => {
      const clients = await createTestAuthority();
      const identity = await clientOf(clients);
      const wants = { requestCert: true, rejectUnauthorized: true, ca: clients.ca };
      const versions = { minVersion: version, maxVersion: version };
      const target = await tlsServer(t, { ...wants, ...versions });
      const good = await lookAt(target, { identity });
      assert.equal(good.acceptedClientCertificate, true);
      assert.equal(good.requiresClientCertificate, undefined);
      const stranger = await lookAt(target, { identity: await clientOf(await createTestAuthority()) });
      assert.deepEqual(bytesOf(stranger.chain), bytesOf(CHAIN));
      assert.equal(stranger.acceptedClientCertificate, false);
      const unasked = await lookAt(await tlsServer(t, versions), { identity });
      assert.equal(unasked.acceptedClientCertificate, undefined);
    });
  }

  it('calls nobody with a client certificate that it cannot show', async () => {
    const { certificate, key } = await clientOf(await createTestAuthority());
    const other = await clientOf(await createTestAuthority());
    const nobody: Target = { scheme: 'tls', host: 'nowhere.invalid', port: 1 };
    const mismatched = () => lookAt(nobody, { identity: { certificate, key: other.key } });
    await rejectsCode(mismatched, 'LOCAL_CA_KEY_MISMATCH', /client certificate and its key do not belong together/);
    const rubbish = () => lookAt(nobody, { identity: { certificate: 'rubbish', key } });
    await rejectsCode(rubbish, 'LOCAL_CA_OPTION_INVALID', /cannot be shown to a server: no start line$/);
  });
});

describe('a server that cannot be looked at', () => {
  const failing: readonly (readonly [string, (socket: Socket) => void, RegExp])[] = [
    ['says nothing', () => {}, /no answer within 0\.3 seconds/],
    ['closes at once', (socket) => socket.destroy(), /the server closed the connection/],
    ['closes when it is greeted', (socket) => afterRequest(socket, () => socket.end()), /the server closed the conn/],
    ['resets', (socket) => socket.resetAndDestroy(), /the server closed the connection/],
    ['answers rubbish', (socket) => afterRequest(socket, () => socket.write('HTTP/1.1 400 No\r\n\r\n')), /is not TLS/],
    ['never ends its greeting', (socket) => flood(socket), /is not TLS|in the clear where TLS was to begin/],
    ['trickles', (socket) => trickle(socket), /no answer within 0\.3 seconds/],
  ];
  for (const [what, answer, message] of failing) {
    it(`because it ${what}`, async (t) => {
      const target = await serve(t, answer);
      await rejectsCode(() => lookAt(target, { timeoutMs: 300 }), 'LOCAL_CA_CONNECT_FAILED', message);
    });
  }

  it('because there is no such host, of whose server nothing can be said', async () => {
    const look = lookAt({ scheme: 'postgres', host: 'nowhere.invalid', port: 5432 });
    await assert.rejects(look, {
      code: 'LOCAL_CA_CONNECT_FAILED',
      message: /^cannot look at nowhere\.invalid port 5432: the name (is not known|could not be looked up)$/,
      hint: 'Check the name, or connect by an address and give the name with --host.',
    });
  });

  it('because nothing listens there, whatever the name means', async (t) => {
    const { port } = await serve(t, () => {});
    for (const host of ['127.0.0.2', 'nowhere.invalid']) {
      const look = () => lookAt({ scheme: 'tls', host, port }, { timeoutMs: 5000 });
      await rejectsCode(look, 'LOCAL_CA_CONNECT_FAILED', /cannot look at .*: (nothing listens there|the name .*)$/);
    }
    const look = () => lookAt({ scheme: 'tls', host: 'localhost', port: 1 });
    await rejectsCode(look, 'LOCAL_CA_CONNECT_FAILED', /localhost port 1: nothing listens there/);
  });

  it('because it was cancelled', async (t) => {
    const target = await serve(t, () => {});
    const soon = () => lookAt(target, { signal: AbortSignal.timeout(50) });
    await rejectsCode(soon, 'LOCAL_CA_CANCELLED', /127\.0\.0\.1 port \d+ was cancelled/);
    await rejectsCode(() => lookAt(target, { signal: AbortSignal.abort() }), 'LOCAL_CA_CANCELLED', /was cancelled/);
  });
});

/** Megabytes without being asked. */
function flood(socket: Socket): void {
  const more = () => {
    while (!socket.destroyed && socket.write(Buffer.alloc(1 << 16, 'x')));
  };
  socket.on('drain', more);
  more();
}

/** A TLS record that comes a byte at a time. */
function trickle(socket: Socket): void {
  let sent = 0;
  const timer = setInterval(() => socket.write(Uint8Array.of([0x16, 3, 3, 0x10, 0][sent++] ?? 0)), 20);
  socket.on('close', () => clearInterval(timer));
}

describe('PostgreSQL', () => {
  const SSL_REQUEST = '0000000804d2162f';

  it('is asked for TLS, and then looked at', async (t) => {
    const requests: string[] = [];
    const answer = (socket: Socket) =>
      afterRequest(socket, (request) => {
        requests.push(request.toString('hex'));
        socket.write('S', () => speakTls(socket, LEAF_CHAIN, 'postgresql'));
      });
    const { chain, alpn } = await lookAt(await serve(t, answer, 'postgres'));
    assert.deepEqual(requests, [SSL_REQUEST]);
    assert.deepEqual(bytesOf(chain), bytesOf(CHAIN));
    assert.equal(alpn, 'postgresql');
  });

  it('is looked at without asking when its URL says so', async (t) => {
    const target = await serve(t, (socket) => speakTls(socket, LEAF_CHAIN, 'postgresql'), 'postgres');
    const { way, alpn } = await lookAt({ ...target, parameter: 'sslnegotiation=direct' });
    assert.deepEqual([way, alpn], ['direct (PostgreSQL, ALPN postgresql)', 'postgresql']);
  });

  const answers: readonly (readonly [string, string | Buffer, RegExp])[] = [
    ['has no TLS', 'N', /the server has no TLS$/],
    ['answers with an error', `E\0\0\0\x40SFATAL\0Mevil \x1b[2Jtext\0`, /answered with an error, before TLS$/],
    ['is none', 'HTTP/1.1 400 Bad Request\r\n', /what answers is not PostgreSQL$/],
    ['says something before TLS', 'SR\0\0\0\x08\0\0\0\0', /sent in the clear where TLS was to begin$/],
    ['says very much before TLS', `S${'x'.repeat(1 << 22)}`, /sent in the clear where TLS was to begin$/],
    ['stops after its answer', 'S', /no answer within 0\.3 seconds$/],
    ['does not answer', '', /no answer within 0\.3 seconds$/],
  ];
  for (const [what, text, message] of answers) {
    it(`cannot be looked at when the server ${what}`, async (t) => {
      const target = await serve(t, (socket) => afterRequest(socket, () => socket.write(text)), 'postgres');
      await rejectsCode(() => lookAt(target, { timeoutMs: 300 }), 'LOCAL_CA_CONNECT_FAILED', message);
    });
  }

  for (const text of ['', 'S']) {
    it(`cannot be looked at when the server closes after ${JSON.stringify(text)}`, async (t) => {
      const target = await serve(t, (socket) => afterRequest(socket, () => socket.end(text)), 'postgres');
      await rejectsCode(() => lookAt(target), 'LOCAL_CA_CONNECT_FAILED', /the server closed the connection$/);
    });
  }
});
