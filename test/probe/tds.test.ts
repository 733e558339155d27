/** SQL Server's two ways to TLS, and what goes wrong between them. */
import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { describe, it } from 'node:test';
import { createSecureContext, TLSSocket } from 'node:tls';
import { lookAt } from '../../src/probe/look.ts';
import { createTestAuthority } from '../../src/testing/index.ts';
import { startTdsServer } from '../support/servers/tds.ts';
import { TdsTunnel } from '../support/servers/tds-tunnel.ts';
import { encodeMessage, encodePrelogin, PACKET } from '../support/servers/tds-wire.ts';
import { rejectsCode } from '../support/throws.ts';
import { hearsBytes, PRELOGIN, says } from './scripts.ts';
import { flood, LEAF_CHAIN, pem, playThenTls, serve, speakTls } from './servers.ts';

const FAILED = 'LOCAL_CA_CONNECT_FAILED';
const DER = { key: LEAF_CHAIN.key as string, cert: LEAF_CHAIN.cert as string };
const PLAIN = [hearsBytes(PRELOGIN), says(encodeMessage(PACKET.reply, encodePrelogin(1)))];

/** Serves TDS 8 to who begins with TLS, and treats the others like this. */
const strictOr =
  (plain: (socket: Socket) => void) =>
  (socket: Socket): void => {
    socket.once('readable', () => {
      const first: Buffer | null = socket.read(1);
      if (first !== null) socket.unshift(first);
      if (first?.[0] === 0x16) speakTls(socket, LEAF_CHAIN, 'tds/8.0');
      else plain(socket);
    });
  };

describe('SQL Server', () => {
  it('is looked at in TDS 7, where a whole flight is one message', async (t) => {
    const { port, logins } = await startTdsServer(t, DER);
    for (const scheme of ['mssql', 'sqlserver', 'tds']) {
      const { way, protocol, chain, alpn } = await lookAt({ scheme, host: '127.0.0.1', port });
      assert.deepEqual(
        { way, protocol, alpn },
        { way: 'TLS inside PRELOGIN (TDS 7.x)', protocol: 'TLSv1.2', alpn: undefined },
      );
      assert.equal(pem(...chain), DER.cert);
    }
    assert.deepEqual(logins, []);
  });

  it('is looked at in TDS 8 when its URL says so', async (t) => {
    const { port } = await startTdsServer(t, DER);
    const served = await lookAt({ scheme: 'mssql', host: '127.0.0.1', port, parameter: 'encrypt=strict' });
    assert.deepEqual([served.way, served.protocol, served.alpn], ['TDS 8 strict', 'TLSv1.3', 'tds/8.0']);
  });

  const closings: readonly (readonly [string, (socket: Socket) => void])[] = [
    ['closes', (socket) => socket.end()],
    ['resets', (socket) => socket.resetAndDestroy()],
    ['answers with an alert', (socket) => socket.end(Buffer.from('15030100020246', 'hex'))],
  ];
  for (const [what, close] of closings) {
    it(`is looked at in TDS 8 when it ${what} at a PRELOGIN`, async (t) => {
      const served = await lookAt(await serve(t, strictOr(close), 'mssql'));
      assert.deepEqual([served.way, served.alpn], ['TDS 8 strict', 'tds/8.0']);
    });
  }

  it('is told of both ways when it takes neither', async (t) => {
    const target = await serve(t, (socket) => socket.once('data', () => socket.end()), 'mssql');
    const both = /: the server closed the connection \(TLS inside PRELOGIN \(TDS 7\.x\)\); .* \(TDS 8 strict\)$/;
    await rejectsCode(() => lookAt(target), FAILED, both);
  });

  it('has the time that was asked for, for both ways together', async (t) => {
    const close = (socket: Socket) => setTimeout(() => socket.end(), 1500);
    const target = await serve(
      t,
      (socket) => socket.once('data', ([first]: Buffer) => first === 0x12 && close(socket)),
      'mssql',
    );
    const began = performance.now();
    await rejectsCode(
      () => lookAt(target, { timeoutMs: 2000 }),
      FAILED,
      /no answer within 2 seconds \(TDS 8 strict\)$/,
    );
    // A time for each way would come to 3.5 seconds.
    assert.ok(performance.now() - began < 3400);
    const cancelled = () => lookAt(target, { signal: AbortSignal.timeout(300) });
    await rejectsCode(cancelled, 'LOCAL_CA_CANCELLED', /was cancelled/);
  });

  it('may cut its flight into packets as it likes', async (t) => {
    const target = await serve(t, (socket) => playThenTls(PLAIN, (socket) => inBits(socket))(socket), 'mssql');
    assert.equal((await lookAt(target)).protocol, 'TLSv1.2');
  });

  it('may want a client certificate', async (t) => {
    const clients = await createTestAuthority();
    const { key, cert } = (await clients.issue({ names: ['client.test'], profile: 'client' })).tlsOptions();
    const tls = (socket: Socket) => {
      const tunnel = new TdsTunnel(socket, () => {});
      tunnel.on('error', () => {});
      tunnel.expectHandshake();
      const options = { isServer: true, requestCert: true, rejectUnauthorized: true };
      const secureContext = createSecureContext({ ...LEAF_CHAIN, ca: clients.ca, maxVersion: 'TLSv1.2' });
      new TLSSocket(tunnel, { ...options, secureContext }).on('error', () => tunnel.destroy());
    };
    const target = await serve(t, playThenTls(PLAIN, tls), 'mssql');
    assert.equal((await lookAt(target)).asksForClientCertificate, true);
    const served = await lookAt(target, { identity: { certificate: cert, key } });
    assert.equal(served.acceptedClientCertificate, true);
  });

  const handshakes: readonly (readonly [string, (socket: Socket) => void, RegExp])[] = [
    ['answers rubbish', (socket) => socket.write('HTTP/1.1 400 No\r\n\r\n'), /what answers is not SQL Server$/],
    [
      'answers rubbish in a packet',
      (socket) => socket.write(encodeMessage(PACKET.prelogin, Buffer.from('HTTP/1.1 400'))),
      /is not TLS$/,
    ],
    ['closes', (socket) => socket.end(), /the server closed the connection \(TLS inside/],
    ['resets', (socket) => socket.resetAndDestroy(), /the server closed the connection \(TLS inside/],
    ['says nothing', () => {}, /no answer within 0\.3 seconds$/],
    [
      'sends empty packets for ever',
      (socket) => flood(socket, '\x12\x01\0\x08\0\0\0\0'),
      /no answer within 0\.3 seconds$/,
    ],
    ['sends packets for ever', (socket) => flood(socket, `\x12\0\x10\x08\0\0\0\0${'x'.repeat(4096)}`), /is not TLS$/],
    ['sends half a packet', (socket) => socket.write('\x12\x01\x10'), /no answer within 0\.3 seconds$/],
  ];
  for (const [what, answer, message] of handshakes) {
    it(`is not looked at when it ${what} in the handshake`, async (t) => {
      const target = await serve(t, playThenTls([...PLAIN, hearsBytes(/1603/)], answer), 'mssql');
      await rejectsCode(() => lookAt(target, { timeoutMs: 300 }), FAILED, message);
    });
  }
});

/** Each few bytes of the handshake in a packet of their own. */
function inBits(socket: Socket): void {
  const tunnel = new TdsTunnel(cutting(socket), () => {});
  tunnel.on('error', () => {});
  tunnel.expectHandshake();
  const secureContext = createSecureContext({ ...LEAF_CHAIN, maxVersion: 'TLSv1.2' });
  new TLSSocket(tunnel, { isServer: true, secureContext }).on('error', () => {});
}

function cutting(socket: Socket): Socket {
  const write = socket.write.bind(socket);
  const cut = (packet: Buffer) => {
    const payload = packet.subarray(8);
    for (let at = 0; at < payload.length; at += 100) {
      write(encodeMessage(PACKET.prelogin, payload.subarray(at, at + 100)));
    }
    return true;
  };
  return Object.assign(socket, { write: cut });
}
