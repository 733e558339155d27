/** Redis with what the template renders: verified by redis-cli and by Node, with and without client certificates, and a reload. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { before, describe, it, type TestContext } from 'node:test';
import { connect } from 'node:tls';
import { parseHook } from '../../src/deploy/hook.ts';
import { needs, type Outcome, run } from '../support/peers.ts';
import { type Rendered, type RenderingCa, render, withClients } from '../support/rendered.ts';
import { startRedis } from '../support/servers/redis.ts';
import { temporaryFolder } from '../support/temp.ts';

const template = 'redis';
const PROGRAMS = ['redis-server', 'redis-cli', 'setpriv'];

const answer = ({ stdout, stderr }: Outcome) => `${stdout}${stderr}`.trim();

/** What the README says. */
async function reload(files: Rendered): Promise<string> {
  const [, command = ''] = /^sudo (redis-cli .*)$/m.exec(files.text('README.md')) ?? [];
  const [program = '', ...args] = parseHook(command);
  return answer(await run(program, args));
}

describe('Redis from the rendered files', () => {
  let ca: RenderingCa;
  let alice: Rendered;
  let stranger: Rendered;
  const [own, strange] = [temporaryFolder(), temporaryFolder()];

  before(async () => {
    const wish = { template, names: ['alice'], profile: 'client' };
    ({ ca, alice, stranger } = await withClients(own, strange, wish));
  });

  const trusting = (files: Rendered) => ['--tls', '--cacert', files.path('ca.crt')];
  const pairOf = (files: Rendered) => ['--cert', files.path('client.crt'), '--key', files.path('client.key')];

  async function start(t: TestContext, settings: Record<string, string> = {}) {
    const folder = temporaryFolder(t);
    const { material } = await ca.certify({ template, profile: 'peer' });
    const make = (port: number) =>
      render(folder, material, { template, settings: { ...settings, port: String(port) } });
    const lines = async (port: number) => (await make(port)).lines('tls.conf');
    const { port, cli } = await startRedis(t, { lines });
    return { folder, port, cli };
  }

  /** Looks at the name, which redis-cli does not. */
  async function ping(port: number, servername: string): Promise<string> {
    const socket = connect({ host: '127.0.0.1', port, servername, ca: alice.text('ca.crt') });
    try {
      await once(socket, 'secureConnect');
      socket.write('PING\r\n');
      const [reply] = (await once(socket, 'data')) as [Buffer];
      return reply.toString().trim();
    } catch (error) {
      return (error as Error).message;
    } finally {
      socket.destroy();
    }
  }

  it('is verified, and takes a new certificate with the command of the README', async (t) => {
    if (!needs(t, ...PROGRAMS)) return;
    const { port, cli, folder } = await start(t);
    assert.equal(answer(await cli(...trusting(alice), 'PING')), 'PONG');
    assert.match(answer(await cli(...trusting(stranger), 'PING')), /certificate verify failed/);
    assert.match(answer(await cli('PING')), /reset|closed|I\/O error/);
    assert.equal(await ping(port, 'localhost'), '+PONG');
    assert.match(await ping(port, 'renewed.test'), /does not match certificate's altnames/);

    const settings = { port: String(port) };
    const renewed = await ca.issue(folder, { template, profile: 'peer', names: ['renewed.test'], settings });
    assert.equal(await ping(port, 'localhost'), '+PONG');
    assert.equal(await reload(renewed), 'OK');
    assert.equal(await ping(port, 'renewed.test'), '+PONG');
    assert.match(await ping(port, 'localhost'), /does not match/);
  });

  it('lets in only clients that have a certificate of the CA', async (t) => {
    if (!needs(t, ...PROGRAMS)) return;
    const { cli, folder, port } = await start(t, { mutual: 'yes' });
    assert.equal(answer(await cli(...trusting(alice), ...pairOf(alice), 'PING')), 'PONG');
    assert.match(answer(await cli(...trusting(alice), 'PING')), /certificate required|reset|closed/);
    assert.match(answer(await cli(...trusting(alice), ...pairOf(stranger), 'PING')), /unknown ca|reset|closed/);

    const settings = { mutual: 'yes', port: String(port) };
    const renewed = await ca.issue(folder, { template, profile: 'peer', settings });
    assert.equal(await reload(renewed), 'OK', 'with its own certificate as a client');
  });
});
