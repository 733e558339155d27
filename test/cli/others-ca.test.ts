/** `export --from-cert`: the files of a CA of others for its clients, without a home. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { readJks } from '../../src/formats/jks.ts';
import { encodePem } from '../../src/formats/pem.ts';
import { localCaJson } from '../support/cli.ts';
import { INTERMEDIATE, LEAF, ROOT } from '../support/fixtures.ts';
import { temporaryFolder } from '../support/temp.ts';
import { assertRefused } from './support.ts';

const cwd = temporaryFolder();
const home = join(cwd, 'none');
const options = { home, cwd };

function file(name: string, ...ders: readonly Uint8Array[]): string {
  writeFileSync(join(cwd, name), ders.map((der) => encodePem('CERTIFICATE', der)).join(''));
  return name;
}

test('writes the trust files of any CA, and makes no home', async () => {
  const args = [
    'export',
    '--from-cert',
    file('ca.crt', INTERMEDIATE, ROOT),
    '--template',
    'aliyun-rds',
    '--out',
    'one',
  ];
  const { files } = await localCaJson<{ files: { path: string }[] }>([...args, '--zip', 'one.zip'], options);
  assert.deepEqual(files.map(({ path }) => basename(path)).sort(), [
    ...['ApsaraDB-CA-Chain.jks', 'ApsaraDB-CA-Chain.p7b', 'ApsaraDB-CA-Chain.pem', 'README.md'],
  ]);
  const store = readJks(readFileSync(join(cwd, 'one', 'ApsaraDB-CA-Chain.jks')), { password: 'apsaradb' });
  assert.deepEqual(
    store.map(({ alias }) => alias),
    ['fixture-root', 'fixture-intermediate'],
  );
  assert.equal(existsSync(home), false);
});

test('tells of each where there are many, under a name of its own', async () => {
  const args = ['export', '--from-cert', file('two.crt', ROOT, ROOT), '--template', 'java-client', '--out', 'two'];
  await localCaJson(args, options);
  const readme = readFileSync(join(cwd, 'two', 'README.md'), 'utf8');
  assert.match(readme, /2 CAs:\n\n- `Fixture Root`, valid until 2126-10-29\n {2}SHA-256 `[0-9A-F:]{95}`\n/);
  const store = readJks(readFileSync(join(cwd, 'two', 'ca.jks')), { password: 'changeit' });
  assert.deepEqual(
    store.map(({ alias }) => alias),
    ['fixture-root', 'fixture-root-2'],
  );
});

test('does not promise lists of a CA of others', async () => {
  const args = ['export', '--from-cert', 'ca.crt', '--template', 'freetds', '--out', 'lists'];
  const { warnings } = await localCaJson<{ warnings: { message: string }[] }>(args, options);
  assert.deepEqual(
    warnings.map(({ message }) => message).filter((message) => message.startsWith('crl.pem')),
    ['crl.pem is left out: the revocation lists of that CA are its own to give'],
  );
});

test('refuses what is no CA, and more than one source', async () => {
  await assertRefused(['export', '--from-cert', file('leaf.crt', LEAF)], options, {
    code: 'LOCAL_CA_CERTIFICATE_INVALID',
    says: 'CN=db1.example.test',
  });
  await assertRefused(['export', '--ca', '--from-cert', 'ca.crt'], options, {
    code: 'LOCAL_CA_USAGE',
    says: '--from-cert',
  });
});
