import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { needs, run } from '../support/peers.ts';
import { temporaryFolder } from '../support/temp.ts';
import { command, example, typeScript } from './support.ts';

const HOSTS = ['web1.example.test', 'web2.example.test'];

test('issue.sh makes the CA once and gives each host its files', async (t) => {
  if (!needs(t, 'sh')) return;
  const folder = temporaryFolder(t);
  const env = { LOCAL_CA: command, LOCAL_CA_HOME: join(folder, 'home') };
  const issue = (...hosts: string[]) =>
    run('sh', [example('scripted-issuance', 'issue.sh'), 'out', ...hosts], { cwd: folder, env });
  const { status, stdout, stderr } = await issue(...HOSTS);
  assert.equal(status, 0, stderr);
  assert.equal(stderr, '');
  const lines = stdout.trim().split('\n');
  assert.deepEqual(
    lines.map((line) => line.split('\t')).map(([host, end, key]) => [host, end?.slice(-1), key]),
    HOSTS.map((host) => [host, 'Z', join(folder, 'out', host, `${host}.key.pem`)]),
  );
  const refused = await issue('a..b');
  assert.equal(refused.status, 2);
  assert.match(refused.stderr, /^local-ca: "a\.\.b" cannot be a name in a certificate/);
  assert.deepEqual(readdirSync(join(folder, 'out')).sort(), HOSTS);
});

test('issue.ts gives all hosts their files, or none', async (t) => {
  const folder = temporaryFolder(t);
  const issue = (...hosts: string[]) =>
    run(process.execPath, [...typeScript, example('scripted-issuance', 'issue.ts'), 'out', ...hosts], {
      cwd: folder,
      env: { LOCAL_CA_HOME: join(folder, 'home') },
    });
  const { status, stdout, stderr } = await issue(...HOSTS);
  assert.equal(status, 0, stderr);
  assert.deepEqual(
    stdout
      .trim()
      .split('\n')
      .map((line) => line.split('\t')[0]),
    HOSTS,
  );
  const refused = await issue('web3.example.test', 'a..b');
  assert.equal(refused.status, 2);
  assert.match(refused.stderr, /^LOCAL_CA_NAME_INVALID: /);
  assert.deepEqual(readdirSync(join(folder, 'out')).sort(), HOSTS);
});
