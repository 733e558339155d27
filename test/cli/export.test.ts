/** `export LABEL`: what was set before holds, and nothing of the server's own files is lost for it. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { localCa, localCaJson } from '../support/cli.ts';
import { temporaryFolder } from '../support/temp.ts';
import { assertNothingDone, snapshot } from './support.ts';

const cwd = temporaryFolder();
const options = { home: join(cwd, 'home'), cwd };
const LABEL = 'db1.example.test';
const folder = join(cwd, LABEL);
const conf = (name: string) => readFileSync(join(cwd, name, 'tls.conf'), 'utf8');

before(async () => {
  await localCaJson(['init', '--yes'], options);
  await localCaJson(
    ['issue', LABEL, '--template', 'postgresql', '--set', 'dir=/srv/tls', '--set', 'port=5433'],
    options,
  );
});

test('starts from the settings on record, and what is set now comes first', async () => {
  const key = ['--key', join(folder, 'server.key')];
  await localCaJson(['export', LABEL, '--out', 'same', ...key], options);
  assert.equal(conf('same'), conf(LABEL));
  assert.match(conf('same'), /\/srv\/tls\//);
  await localCaJson(['export', LABEL, '--out', 'moved', '--set', 'dir=/opt/tls', ...key], options);
  assert.match(conf('moved'), /\/opt\/tls\//);
  assert.match(readFileSync(join(cwd, 'moved', 'README.md'), 'utf8'), /5433/);
});

test('for another template goes to a folder of its own', async () => {
  const files = snapshot(folder);
  await localCaJson(['export', LABEL, '--template', 'freetds'], options);
  assert.ok(existsSync(join(cwd, `${LABEL}-freetds`, 'README.md')));
  assert.deepEqual(snapshot(folder), files);
});

test('without the private key says which files are left out', async () => {
  const { status, stdout, stderr } = await localCa(['export', LABEL, '--out', 'keyless'], options);
  assert.equal(status, 0, stderr);
  const warning = `left out, since the private key is not in the home: server.key; --key FILE gives it`;
  assert.equal(stderr, `warning: ${warning}\n`);
  assert.doesNotMatch(stdout, /server\.key/);
  const { warnings } = await localCaJson<{ warnings: unknown[] }>(['export', LABEL, '--out', 'keyless'], options);
  assert.deepEqual(warnings, [{ code: 'template', message: warning }]);
});

test('without the private key does not replace the files beside it, unless that is asked for', async () => {
  const says = `${LABEL} holds server.key, and what is made without the private key would replace`;
  await assertNothingDone(['export', LABEL], options, {
    code: 'LOCAL_CA_OUTPUT_EXISTS',
    says,
    hint: /--key FILE.*--force/,
  });
  await localCaJson(['export', LABEL, '--key', join(folder, 'server.key')], options);
  const elsewhere = join(cwd, 'elsewhere');
  mkdirSync(elsewhere);
  await localCaJson(['export', LABEL], { ...options, cwd: elsewhere });
  await localCaJson(['export', LABEL, '--force'], options);
});
