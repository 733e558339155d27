/** Each protocol that speaks in the clear before TLS, with servers that play a script. */
import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { describe, it } from 'node:test';
import { TLSSocket } from 'node:tls';
import { lookAt } from '../../src/probe/look.ts';
import { STARTS } from '../../src/probe/starts.ts';
import { TdsTunnel } from '../support/servers/tds-tunnel.ts';
import { rejectsCode } from '../support/throws.ts';
import { SCRIPTS, type Script } from './scripts.ts';
import { CHAIN, flood, LEAF_CHAIN, play, playThenTls, type Step, serve, speakTls } from './servers.ts';

const bytesOf = (chain: readonly Uint8Array[]) => chain.map((der) => Buffer.from(der).toString('base64'));

function tlsInPrelogin(socket: Socket): void {
  const tunnel = new TdsTunnel(socket, () => {});
  tunnel.on('error', () => {});
  tunnel.expectHandshake();
  new TLSSocket(tunnel, { isServer: true, ...LEAF_CHAIN }).on('error', () => {});
}

const tlsOf = ({ scheme }: Script) => (scheme === 'mssql' ? tlsInPrelogin : speakTls);

/** The script up to each place where the server would speak next. */
const pauses = ({ good }: Script): (readonly Step[])[] =>
  good.flatMap((step, at) => ('says' in step ? [good.slice(0, at)] : []));

const asBytes = (step: Step & { says: unknown }) => Buffer.from(step.says as string, 'latin1');

/** The same, with more bytes at the end of what the server says last. */
function withMore({ good }: Script): Step[] {
  const at = good.findLastIndex((step) => 'says' in step);
  return good.map((step, i) =>
    i === at && 'says' in step ? { says: Buffer.concat([asBytes(step), INJECTED]) } : step,
  );
}
const INJECTED = Buffer.from('\x16\x03\x03INJECTED\r\n', 'latin1');

const inSmallPieces = (steps: readonly Step[]): Step[] =>
  steps.flatMap((step): Step[] =>
    'says' in step ? [...asBytes(step)].map((byte) => ({ says: Uint8Array.of(byte) })) : [step],
  );

const FAILED = 'LOCAL_CA_CONNECT_FAILED';
const SOON = { timeoutMs: 150 };

for (const script of SCRIPTS) {
  describe(`${script.scheme}://`, () => {
    const { scheme, way, good, bad, endless } = script;

    it('comes to TLS', async (t) => {
      const served = await lookAt(await serve(t, playThenTls(good, tlsOf(script)), scheme));
      assert.deepEqual(bytesOf(served.chain), bytesOf(CHAIN));
      assert.equal(served.way, way);
      assert.equal(served.protocol, scheme === 'mssql' ? 'TLSv1.2' : 'TLSv1.3');
    });

    it('comes to TLS a byte at a time', async (t) => {
      const server = playThenTls(inSmallPieces(good), tlsOf(script));
      const { chain } = await lookAt(await serve(t, (socket) => server(socket.setNoDelay()), scheme));
      assert.deepEqual(bytesOf(chain), bytesOf(CHAIN));
    });

    for (const [what, steps, message] of bad) {
      it(`says so when the server ${what}`, async (t) => {
        const target = await serve(t, (socket) => play(socket, steps).catch(() => {}), scheme);
        await rejectsCode(() => lookAt(target, { timeoutMs: 2000 }), FAILED, message);
      });
    }

    for (const [at, steps] of pauses(script).entries()) {
      it(`waits no longer than asked at word ${at}`, async (t) => {
        const target = await serve(t, (socket) => play(socket, steps).catch(() => {}), scheme);
        await rejectsCode(() => lookAt(target, SOON), FAILED, /no answer within 0\.15 seconds/);
      });

      it(`says so when the server closes or resets at word ${at}`, async (t) => {
        for (const end of [(socket: Socket) => socket.end(), (socket: Socket) => socket.resetAndDestroy()]) {
          const target = await serve(t, playThenTls(steps, end), scheme);
          await rejectsCode(() => lookAt(target, { timeoutMs: 400 }), FAILED, /the server closed the connection/);
        }
      });
    }

    it('refuses what comes in the clear before TLS', async (t) => {
      // MySQL's server has said all before the client asks for TLS.
      const target = await serve(t, playThenTls(withMore(script), tlsOf(script)), scheme);
      await rejectsCode(() => lookAt(target, SOON), FAILED, /sent in the clear where TLS was to begin$/);
    });

    it('takes little of an endless greeting, and ends at once', async (t) => {
      let sent = 0;
      const target = await serve(
        t,
        (socket) => {
          socket.on('close', () => {
            sent = socket.bytesWritten;
          });
          const [first] = good;
          const begin = first !== undefined && 'hears' in first ? play(socket, [first]) : Promise.resolve();
          begin.then(() => flood(socket, endless, 64 << 20)).catch(() => {});
        },
        scheme,
      );
      // None of these is the end of the time that it has.
      const message = /more than 64 KiB before TLS|a line without an end|in the clear where TLS|is not|no TLS/;
      await rejectsCode(() => lookAt(target, { timeoutMs: 30_000 }), FAILED, message);
      // What the system takes on its own account is not ours.
      assert.ok(sent < 32 << 20, `${sent} bytes`);
    });

    it('says nothing of a password', async (t) => {
      const heard: Buffer[] = [];
      const target = await serve(
        t,
        (socket) => {
          socket.on('data', (chunk: Buffer) => heard.push(chunk));
        },
        scheme,
      );
      await rejectsCode(() => lookAt(target, SOON), FAILED, /no answer/);
      assert.doesNotMatch(Buffer.concat(heard).toString('latin1'), /pass|user|login/i);
    });

    it('has an advice', () => assert.ok((STARTS[scheme]?.advice ?? '').length > 0));
  });
}

it('reads lengths as Active Directory writes them, in four bytes each', async (t) => {
  const answer = Buffer.from('3084000000100201017884000000070a010004000400', 'hex');
  const steps: Step[] = [{ hears: /20037$/, as: 'latin1' }, { says: answer }];
  const { way } = await lookAt(await serve(t, playThenTls(steps), 'ldap'));
  assert.equal(way, 'StartTLS (LDAP)');
});
