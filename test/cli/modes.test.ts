/** Who can read what, whatever the umask; and where a private key is not. */
import assert from 'node:assert/strict';
import { createPrivateKey } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { program } from '../support/cli.ts';
import { must, needs, run } from '../support/peers.ts';
import { temporaryFolder } from '../support/temp.ts';
import { posix } from './support.ts';

const UMASKS = ['000', '022', '077'] as const;

/** Runs the program below `umask`, in `cwd`, with its home in there; everything that it says. */
async function below(umask: string, cwd: string, args: readonly string[]): Promise<string> {
  const env = { LOCAL_CA_HOME: join(cwd, 'home'), NO_COLOR: '1', LOCAL_CA_PASSPHRASE: 'correct horse' };
  const line = ['-c', `umask ${umask}; exec "$@"`, 'sh', process.execPath, program, ...args];
  const { status, stdout, stderr } = await run('sh', line, { cwd, env });
  assert.equal(status, 0, stderr);
  return stdout + stderr;
}

const modeOf = (path: string) => (lstatSync(path).mode & 0o7777).toString(8).padStart(4, '0');

const isKey = (name: string) => /\.key\.pem$|\.p12$|\.jks$|password/i.test(name) && !/^ca\.(p12|jks)$/.test(name);

describe('modes', { skip: !posix && 'Windows has ACLs instead' }, () => {
  for (const umask of UMASKS) {
    test(`umask ${umask}`, async (t) => {
      const cwd = temporaryFolder(t);
      await below(umask, cwd, ['init', '--yes', '--intermediate']);
      const formats = ['--format', 'pem,der,p7b,p12,jks', '--zip', 'all.zip'];
      await below(umask, cwd, ['issue', 'a.test', '--keep-key', '--out', 'deep/out', ...formats]);
      await below(umask, cwd, ['export', '--ca', '--out', 'ca', '--zip', 'ca.zip']);

      assert.equal(modeOf(join(cwd, 'home')), '0700');
      for (const inner of ['ca', 'keys']) {
        const folder = join(cwd, 'home', inner);
        assert.equal(modeOf(folder), '0700');
        const names = readdirSync(folder);
        assert.ok(names.some((name) => name.endsWith('.key.pem')));
        for (const name of names) assert.equal(modeOf(join(folder, name)), isKey(name) ? '0600' : '0644', name);
      }
      for (const name of readdirSync(join(cwd, 'home')).filter((entry) => entry.startsWith('inventory')))
        assert.equal(modeOf(join(cwd, 'home', name)), '0600', name);

      // A folder with a secret in it is its owner's; one that others have to get through is never theirs to write in.
      assert.equal(modeOf(join(cwd, 'deep', 'out')), '0700');
      assert.match(modeOf(join(cwd, 'deep')), /^07[05][05]$/);
      const names = readdirSync(join(cwd, 'deep', 'out'));
      for (const wanted of ['a.test.key.pem', 'a.test.p12', 'a.test.jks'])
        assert.ok(names.includes(wanted), names.join());
      for (const name of names.filter((entry) => entry !== 'README.md'))
        assert.equal(modeOf(join(cwd, 'deep', 'out', name)), isKey(name) ? '0600' : '0644', name);
      assert.equal(modeOf(join(cwd, 'all.zip')), '0600');
      assert.equal(modeOf(join(cwd, 'ca.zip')), '0644');
      assert.equal(modeOf(join(cwd, 'ca')), '0755');
    });
  }

  test('modes inside a zip', async (t) => {
    if (!needs(t, 'unzip')) return;
    const cwd = temporaryFolder(t);
    await below('000', cwd, ['init', '--yes', 'a.test', '--out', 'out', '--zip', 'all.zip']);
    await below('022', cwd, ['list']);
    const listing = await must('unzip', ['-Z', join(cwd, 'all.zip')]);
    assert.match(listing, /^-rw------- .* a\.test\.key\.pem$/m);
    assert.match(listing, /^-rw-r--r-- .* ca\.pem$/m);
  });
});

/** A private key in every form in which it could leak. */
function tracesOf(pem: string): Buffer[] {
  const key = createPrivateKey(pem);
  const der = key.export({ type: 'pkcs8', format: 'der' });
  const { d = '' } = key.export({ format: 'jwk' });
  const scalar = Buffer.from(d, 'base64url');
  // A line of the PEM stands for its text; any run of the scalar's base64 would contain its middle, at one of three offsets.
  const lines = pem.split('\n').filter((line) => line.length === 64);
  const texts = [...lines, scalar.toString('hex'), scalar.toString('base64url'), scalar.toString('base64')];
  return [der, scalar, ...texts.map((text) => Buffer.from(text))];
}

function assertFree(bytes: Buffer, traces: readonly Buffer[], where: string): void {
  for (const trace of traces) assert.equal(bytes.includes(trace), false, `a private key is in ${where}`);
}

const filesBelow = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));

const keysBelow = (folder: string) =>
  filesBelow(folder)
    .filter((file) => file.endsWith('.key.pem'))
    .map((file) => readFileSync(file, 'utf8'));

async function unzipped(t: TestContext, zip: string): Promise<string> {
  const folder = temporaryFolder(t);
  await must('unzip', ['-q', zip, '-d', folder]);
  return folder;
}

test('no private key is where it does not belong', { skip: !posix && 'sh is needed' }, async (t) => {
  if (!needs(t, 'unzip')) return;
  const cwd = temporaryFolder(t);
  const talk = [
    await below('022', cwd, ['init', '--yes', '--intermediate', '--verbose', '--json']),
    await below('022', cwd, [
      ...['issue', 'db.test', '--template', 'tencentdb-sqlserver', '--out', 'db', '--zip', 'trust.zip'],
      ...['--key-type', 'p256', '--keep-key', '--verbose', '--json'],
    ]),
    await below('022', cwd, ['show', 'db.test', '--json', '--verbose']),
    await below('022', cwd, ['show', 'db.test', '--pem']),
    await below('022', cwd, ['list', '--json', '--verbose']),
    await below('022', cwd, ['export', '--ca', '--out', 'ca', '--zip', 'ca.zip', '--verbose', '--json']),
  ].join('');
  const authority = keysBelow(join(cwd, 'home', 'ca'));
  const leaf = keysBelow(join(cwd, 'db'));
  assert.deepEqual([authority.length, leaf.length], [2, 1]);
  const traces = [...authority, ...leaf].flatMap(tracesOf);
  // The search finds what is there.
  assert.throws(() => assertFree(Buffer.from(authority.join('')), traces, 'the CA folder'));

  assertFree(Buffer.from(talk), traces, 'what was said');
  for (const zip of ['trust.zip', 'ca.zip']) {
    assertFree(readFileSync(join(cwd, zip)), traces, zip);
    for (const file of filesBelow(await unzipped(t, join(cwd, zip)))) assertFree(readFileSync(file), traces, file);
  }
  const names = filesBelow(await unzipped(t, join(cwd, 'trust.zip'))).map((file) => file.split('/').at(-1));
  assert.deepEqual(names.sort(), ['ca.jks', 'ca.p7b', 'ca.pem']);

  const ofAuthority = authority.flatMap(tracesOf);
  for (const file of filesBelow(cwd).filter((path) => !path.endsWith('.key.pem'))) {
    assertFree(readFileSync(file), traces, file);
  }
  for (const file of [...filesBelow(join(cwd, 'db')), ...filesBelow(join(cwd, 'home', 'keys'))]) {
    assertFree(readFileSync(file), ofAuthority, file);
  }
});
