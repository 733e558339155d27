/** A CA whose key is encrypted: where its passphrase comes from, and that the file on the disk needs it. */
import assert from 'node:assert/strict';
import { createPublicKey, X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { localCa, localCaJson } from '../support/cli.ts';
import { must, needs, run } from '../support/peers.ts';
import { temporaryFolder } from '../support/temp.ts';

const PASSPHRASE = 'päss "phrase" $1';
const env = { LOCAL_CA_PASSPHRASE: PASSPHRASE };

const keyFiles = (home: string) =>
  readdirSync(join(home, 'ca'))
    .filter((name) => name.endsWith('.key.pem'))
    .map((name) => join(home, 'ca', name));

test('LOCAL_CA_PASSPHRASE and --passphrase-file encrypt, and open again', async (t) => {
  const cwd = temporaryFolder(t);
  writeFileSync(join(cwd, 'pw'), `${PASSPHRASE}\r\nnot this line\n`);
  const file = ['--passphrase-file', 'pw'];
  const [byEnv, byFile] = [join(cwd, 'env'), join(cwd, 'file')];
  const init = ['init', '--yes', '--encrypt-key', '--intermediate'];
  await localCaJson([...init, 'first.test', '--out', 'first'], { home: byEnv, cwd, env });
  await localCaJson([...init, ...file], { home: byFile, cwd });
  for (const home of [byEnv, byFile]) {
    const files = keyFiles(home);
    assert.equal(files.length, 2);
    for (const key of files) assert.match(readFileSync(key, 'utf8'), /^-----BEGIN ENCRYPTED PRIVATE KEY-----\n/);
  }
  // Each opens what the other made.
  await localCaJson(['issue', 'a.test', '--out', 'a', ...file], { home: byEnv, cwd });
  await localCaJson(['issue', 'b.test', '--out', 'b'], { home: byFile, cwd, env });
  // The file was named: it comes before the environment.
  const wrong = { LOCAL_CA_PASSPHRASE: 'wrong' };
  await localCaJson(['issue', 'c.test', '--out', 'c', ...file], { home: byFile, cwd, env: wrong });
});

test('openssl opens the key with it, and not without', async (t) => {
  if (!needs(t, 'openssl')) return;
  for (const keyType of ['p256', 'rsa-2048', 'ed25519']) {
    const home = join(temporaryFolder(t), 'home');
    await localCaJson(['init', '--yes', '--encrypt-key', '--key-type', keyType], { home, env });
    const [key = ''] = keyFiles(home);
    const opened = await must('openssl', ['pkcs8', '-in', key, '-passin', 'env:LOCAL_CA_PASSPHRASE'], { env });
    const certificate = new X509Certificate(readFileSync(join(home, 'ca', 'root.crt.pem')));
    const spki = { type: 'spki', format: 'pem' } as const;
    assert.equal(createPublicKey(opened).export(spki), certificate.publicKey.export(spki));
    const { status } = await run('openssl', ['pkcs8', '-in', key, '-passin', 'pass:wrong']);
    assert.notEqual(status, 0);
  }
});

test('only signing asks for it', async (t) => {
  const cwd = temporaryFolder(t);
  const home = join(cwd, 'home');
  await localCaJson(['init', '--yes', '--encrypt-key', 'a.test', '--out', 'a'], { home, cwd, env });
  for (const args of [
    ['list'],
    ['show', 'a.test'],
    ['export', '--ca', '--out', 'ca'],
    ['export', 'a.test', '--out', 'b'],
  ])
    assert.equal((await localCa(args, { home, cwd })).status, 0, args.join(' '));
  const { status, stderr } = await localCa(['issue', 'b.test'], { home, cwd });
  assert.equal(status, 2);
  assert.match(stderr, /--passphrase-file FILE, or in LOCAL_CA_PASSPHRASE/);
});

test('it is in nothing that is said', async (t) => {
  const home = join(temporaryFolder(t), 'home');
  const made = await localCa(['init', '--yes', '--encrypt-key', '--verbose', '--json'], { home, env });
  const wrong = { LOCAL_CA_PASSPHRASE: 'wr0ng-passphrase' };
  const refused = await localCa(['issue', 'a.test', '--verbose', '--json'], { home, env: wrong });
  assert.deepEqual([made.status, refused.status], [0, 1]);
  for (const text of [made.stdout, made.stderr, refused.stdout, refused.stderr]) {
    assert.ok(!text.includes(PASSPHRASE) && !text.includes('wr0ng-passphrase'));
  }
});
