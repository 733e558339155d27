import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { describe, it } from 'node:test';
import { fingerprintSha256 } from '../../src/core/parse.ts';
import { waitUntilServed } from '../../src/deploy/served.ts';
import { createTestAuthority } from '../../src/testing/index.ts';
import { serve, speakTls } from '../probe/servers.ts';
import { LEAF } from '../support/fixtures.ts';
import { rejectsCode } from '../support/throws.ts';

const WANTED = fingerprintSha256(LEAF);
const OTHER = WANTED.replace(/^./, (first) => (first === '0' ? '1' : '0'));

describe('waitUntilServed', () => {
  it('says yes when the leaf is served', async (t) => {
    const target = await serve(t, (socket) => speakTls(socket));
    assert.deepEqual(await waitUntilServed(target, WANTED, { timeoutMs: 0 }), { ok: true });
  });

  it('waits while the server starts up, and while it serves the old one', async (t) => {
    const old = (await (await createTestAuthority()).issue('localhost')).tlsOptions();
    const steps: ((socket: Socket) => void)[] = [
      (socket) => socket.destroy(),
      (socket) => speakTls(socket, old),
      (socket) => speakTls(socket),
      // One of its old processes.
      (socket) => speakTls(socket, old),
      (socket) => speakTls(socket),
      (socket) => speakTls(socket),
    ];
    const target = await serve(t, (socket) => steps.shift()?.(socket));
    assert.deepEqual(await waitUntilServed(target, WANTED, { timeoutMs: 10_000, every: 20 }), { ok: true });
    assert.equal(steps.length, 0);
  });

  it('says what is served instead', async (t) => {
    const target = await serve(t, (socket) => speakTls(socket));
    const answer = await waitUntilServed(target, OTHER, { timeoutMs: 100, every: 30 });
    const why = `127.0.0.1 port ${target.port} serves another certificate with serial 3000, valid until 2126-10-29T01:11:20Z`;
    assert.deepEqual(answer, { ok: false, why });
  });

  it('says why nothing is served', async (t) => {
    const target = await serve(t, (socket) => socket.destroy());
    const answer = await waitUntilServed(target, WANTED, { timeoutMs: 100, every: 30 });
    const why = `cannot look at 127.0.0.1 port ${target.port}: the server closed the connection`;
    assert.deepEqual(answer, { ok: false, why });
  });

  it('ends when it is cancelled', async (t) => {
    const target = await serve(t, (socket) => socket.destroy());
    const wait = () => waitUntilServed(target, WANTED, { timeoutMs: 60_000, signal: AbortSignal.timeout(80) });
    await rejectsCode(wait, 'LOCAL_CA_CANCELLED', /was cancelled/);
  });
});
