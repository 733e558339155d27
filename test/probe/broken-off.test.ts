/** Servers of TLS 1.2 that go as far as their first flight, as a broken proxy shows them, or somebody who recorded it. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { before, describe, it, type TestContext } from 'node:test';
import { createServer, type TlsOptions } from 'node:tls';
import { fingerprintSha256 } from '../../src/core/parse.ts';
import { waitUntilServed } from '../../src/deploy/served.ts';
import { lookAt } from '../../src/probe/look.ts';
import type { Target } from '../../src/probe/target.ts';
import { createTestAuthority, type TestAuthority } from '../../src/testing/index.ts';
import { rejectsCode } from '../support/throws.ts';
import { serve } from './servers.ts';

const EXCHANGES = { ECDHE: 'ECDHE-RSA-AES128-GCM-SHA256', RSA: 'AES128-GCM-SHA256' } as const;
type End = (socket: Socket) => void;

const ENDS: Readonly<Record<string, End>> = {
  hangs: () => {},
  closes: (socket) => socket.end(),
  resets: (socket) => socket.resetAndDestroy(),
};
const REASONS: Readonly<Record<string, RegExp>> = {
  hangs: /the handshake broke off after the server's certificate: no answer within 0\.4 seconds$/,
  closes: /the handshake broke off after the server's certificate: the server closed the connection$/,
  resets: /the handshake broke off after the server's certificate: the server closed the connection$/,
};

let ca: TestAuthority;
let own: { readonly key: string; readonly cert: string };
before(async () => {
  ca = await createTestAuthority();
  own = (await ca.issue({ names: ['127.0.0.1'], keyType: 'rsa2048' })).tlsOptions();
});

async function upstream(t: TestContext, options: TlsOptions): Promise<number> {
  const server = createServer({ ...own, maxVersion: 'TLSv1.2', ...options }, (socket) => socket.on('error', () => {}));
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

/** Hands on the greeting and the first flight, and ends so when the client answers that. */
async function behindProxy(t: TestContext, end: End, options: TlsOptions): Promise<Target> {
  const port = await upstream(t, options);
  return serve(t, (client) => {
    const server = connect({ host: '127.0.0.1', port }).on('error', () => {});
    t.after(() => server.destroy());
    server.on('data', (flight: Buffer) => client.write(flight));
    client.once('data', (greeting: Buffer) => {
      server.write(greeting);
      client.once('data', () => end(client));
    });
  });
}

/** An alert in the clear, as anybody can send it. */
const alertOf =
  (number: number): End =>
  (socket) =>
    void socket.write(Uint8Array.of(0x15, 3, 3, 0, 2, 2, number));
const HANDSHAKE_FAILURE = 40;
const BAD_RECORD_MAC = 20;

const ASKS: TlsOptions = { requestCert: true, rejectUnauthorized: true };
const LOCAL = { scheme: 'tls', host: '127.0.0.1' };
const WAIT = { timeoutMs: 400 };

for (const [exchange, ciphers] of Object.entries(EXCHANGES)) {
  describe(`TLS 1.2 with ${exchange}`, () => {
    for (const [what, end] of Object.entries(ENDS)) {
      it(`is not looked at when it ${what} after its first flight`, async (t) => {
        const target = await behindProxy(t, end, { ciphers });
        await rejectsCode(() => lookAt(target, WAIT), 'LOCAL_CA_CONNECT_FAILED', REASONS[what] as RegExp);
      });
    }

    it('is looked at when it goes on', async (t) => {
      const { keyUnproven, cipher } = await lookAt({ ...LOCAL, port: await upstream(t, { ciphers }) });
      assert.deepEqual([keyUnproven, cipher], [undefined, ciphers]);
    });

    it('is not looked at when it asks for a client certificate and hangs', async (t) => {
      const target = await behindProxy(t, ENDS.hangs as End, { ciphers, ...ASKS });
      await rejectsCode(() => lookAt(target, WAIT), 'LOCAL_CA_CONNECT_FAILED', REASONS.hangs as RegExp);
    });

    for (const what of ['closes', 'resets']) {
      it(`may want a client certificate when it asks for one and ${what}`, async (t) => {
        const target = await behindProxy(t, ENDS[what] as End, { ciphers, ...ASKS });
        const { asksForClientCertificate, requiresClientCertificate, keyUnproven } = await lookAt(target);
        assert.deepEqual([asksForClientCertificate, requiresClientCertificate], [true, true]);
        assert.equal(keyUnproven, exchange === 'RSA' ? true : undefined);
        const { key, cert } = (await ca.issue({ names: ['client.test'], profile: 'client' })).tlsOptions();
        const shown = await lookAt(target, { identity: { certificate: cert, key } });
        assert.equal(shown.acceptedClientCertificate, false);
      });
    }

    it('wants one when it says so, and not when it says something else', async (t) => {
      const refusing = await lookAt({ ...LOCAL, port: await upstream(t, { ciphers, ...ASKS }) });
      assert.deepEqual([refusing.requiresClientCertificate, refusing.alert], [true, 'handshake failure']);
      assert.equal(refusing.keyUnproven, exchange === 'RSA' ? true : undefined);
      const others = [
        [BAD_RECORD_MAC, ASKS],
        [BAD_RECORD_MAC, {}],
        [HANDSHAKE_FAILURE, {}],
      ] as const;
      for (const [alert, asks] of others) {
        const target = await behindProxy(t, alertOf(alert), { ciphers, ...asks });
        const message = /broke off after the server's certificate: .* alert (bad record mac|handshake failure)$/;
        await rejectsCode(() => lookAt(target, WAIT), 'LOCAL_CA_CONNECT_FAILED', message);
      }
    });
  });
}

describe('a handshake that breaks off', () => {
  const fingerprint = () => fingerprintSha256(new X509Certificate(own.cert).raw);

  it('is no proof that a new certificate is served, unless a client certificate may be missing', async (t) => {
    const wait = async (options: TlsOptions) => {
      const target = await behindProxy(t, ENDS.closes as End, { ciphers: EXCHANGES.RSA, ...options });
      return waitUntilServed(target, fingerprint(), { timeoutMs: 300, every: 10 });
    };
    const answer = await wait({});
    assert.match(answer.ok ? '' : answer.why, REASONS.closes as RegExp);
    assert.deepEqual(await wait(ASKS), { ok: true });
  });

  it('says what to look at', async (t) => {
    const target = await behindProxy(t, ENDS.closes as End, {});
    await assert.rejects(lookAt(target), { hint: /^Try again, and look into the server's log\./ });
  });

  it('can be cancelled there', async (t) => {
    const target = await behindProxy(t, ENDS.hangs as End, ASKS);
    const look = () => lookAt(target, { signal: AbortSignal.timeout(200) });
    await rejectsCode(look, 'LOCAL_CA_CANCELLED', /127\.0\.0\.1 port \d+ was cancelled/);
  });
});
