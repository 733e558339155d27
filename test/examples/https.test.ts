import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { localCa } from '../support/cli.ts';
import { must, needs, run } from '../support/peers.ts';
import { temporaryFolder } from '../support/temp.ts';
import { example } from './support.ts';

const client = example('https-server-and-client', 'client.mjs');

/** Starts the server of the example; its first line says where it listens and what clients trust. */
async function startServer(t: TestContext, cwd: string): Promise<{ url: string; root: string }> {
  const server = example('https-server-and-client', 'server.mjs');
  const child: ChildProcess = spawn(process.execPath, [server, '0'], { cwd, stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(async () => {
    child.kill();
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  });
  const [line] = await once(child.stdout as NonNullable<ChildProcess['stdout']>, 'data');
  const [, url = '', root = ''] = /^(\S+) clients trust (.*)\n$/.exec(String(line)) ?? [];
  return { url, root };
}

test('the client is served, and refuses what another CA would have to vouch for', async (t) => {
  const folder = temporaryFolder(t);
  const { url, root } = await startServer(t, folder);
  assert.equal(await must(process.execPath, [client, url, root]), 'hello over TLS\n');
  // The next start uses the same CA, so that clients need nothing new.
  const again = await startServer(t, folder);
  assert.equal(await must(process.execPath, [client, again.url, root]), 'hello over TLS\n');
  const stranger = await localCa(['init', '--yes'], { home: `${folder}/stranger` });
  const refused = await run(process.execPath, [client, url, stranger.stdout.trim()]);
  assert.deepEqual([refused.status, refused.stderr], [1, 'refused: UNABLE_TO_VERIFY_LEAF_SIGNATURE\n']);
});

test('Java trusts the server through the trust stores, and refuses it through another', async (t) => {
  if (!needs(t, 'java')) return;
  const folder = temporaryFolder(t);
  const { url } = await startServer(t, folder);
  const { port } = new URL(url);
  const check = (...store: string[]) =>
    run('java', [example('java-truststore', 'TrustCheck.java'), 'localhost', port, ...store], { cwd: folder });
  const home = `${folder}/ca`;
  await localCa(['export', '--ca', '--format', 'jks,p12', '--out', 'trust'], { home, cwd: folder });
  for (const store of ['trust/ca.jks', 'trust/ca.p12']) {
    assert.deepEqual(await check(store, 'changeit'), { status: 0, stdout: 'trusted: CN=localhost\n', stderr: '' });
  }
  const stranger = `${folder}/stranger`;
  await localCa(['init', '--yes'], { home: stranger, cwd: folder });
  await localCa(['export', '--ca', '--format', 'jks', '--out', 'other'], { home: stranger, cwd: folder });
  const { status, stdout } = await check('other/ca.jks', 'changeit');
  assert.equal(status, 1);
  assert.match(stdout, /^refused: .*unable to find valid certification path/);
});
