/** `crl`: what it makes, where it puts it, and what it leaves alone. */
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, renameSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { CertificateAuthority } from '../../src/authority/authority.ts';
import { parseCrl } from '../../src/core/crl.ts';
import { decodePem } from '../../src/formats/pem.ts';
import { openHome } from '../../src/store/home.ts';
import type { CertificateRecord } from '../../src/store/store.ts';
import { localCa, localCaJson } from '../support/cli.ts';
import { atDate } from '../support/faketime.ts';
import { must, needs } from '../support/peers.ts';
import { temporaryFolder } from '../support/temp.ts';
import { assertNothingDone, assertRefused, posix } from './support.ts';

interface List {
  issuer: string;
  serial: string;
  role: string;
  number: number | null;
  thisUpdate: string | null;
  nextUpdate: string | null;
  entries: number | null;
  isNew: boolean;
  path: string;
  warnings: { code: string; message: string }[];
}

const cwd = temporaryFolder();
const home = join(cwd, 'home');
const options = { home, cwd };
const crl = (...args: readonly string[]) => localCaJson<List[]>(['crl', ...args], options);
const listsIn = (text: string) => decodePem(text).map(({ der }) => parseCrl(der));
const published = () => listsIn(readFileSync(join(home, 'ca', 'crl.pem'), 'utf8'));

before(async () => {
  await localCaJson(['init', '--yes', '--intermediate', '--name', 'Acme', 'a.test'], options);
});

test('stdout has the lists of all CAs, the issuing one first, and the home a copy', async () => {
  const { status, stdout, stderr } = await localCa(['crl'], options);
  assert.equal(status, 0, stderr);
  const lists = listsIn(stdout);
  assert.equal(lists.length, 2);
  assert.match(
    stderr,
    /^made list 1 of Acme intermediate, good until \d{4}-\d\d-\d\d\nmade list 1 of Acme, good until /,
  );
  assert.equal(readFileSync(join(home, 'ca', 'crl.pem'), 'utf8'), stdout);
  if (posix) assert.equal(statSync(join(home, 'ca', 'crl.pem')).mode & 0o777, 0o644);
});

test('JSON says of each what is in it', async () => {
  await localCa(['revoke', 'a.test', '--yes'], options);
  const lists = await crl('--days', '7');
  const { thisUpdate, nextUpdate, ...first } = lists[0] as List;
  assert.match(first.serial, /^[0-9a-f]{32}$/);
  assert.deepEqual(first, {
    issuer: 'Acme intermediate',
    serial: first.serial,
    role: 'intermediate',
    number: 2,
    entries: 1,
    isNew: true,
    path: join(home, 'ca', 'crl.pem'),
    warnings: [],
  });
  const life = Date.parse(nextUpdate ?? '') - Date.parse(thisUpdate ?? '');
  assert.ok(Math.abs(life / 86_400_000 - 7) < 0.01, `${thisUpdate} ${nextUpdate}`);
  assert.deepEqual([lists[1]?.role, lists[1]?.number, lists[1]?.entries], ['root', 2, 0]);
});

test('verify looks every CA of the chain up in the file', async () => {
  await localCaJson(['issue', 'good.test'], options);
  const verify = (label: string) =>
    localCa(['verify', join(label, `${label}.chain.pem`), '--crl', join(home, 'ca', 'crl.pem')], options);
  const [good, bad] = [await verify('good.test'), await verify('a.test')];
  assert.deepEqual([good.status, bad.status], [0, 3]);
  assert.doesNotMatch(good.stdout, /crl-missing/);
  assert.match(bad.stdout, /error revoked: it was revoked on .* \(no reason given\)/);
});

describe('--out', () => {
  test('writes a file that everybody may read, and replaces it by the next', async () => {
    const first = await localCa(['crl', '--out', 'acme.crl.pem'], options);
    assert.equal(first.stdout, 'acme.crl.pem\n');
    const [before] = listsIn(readFileSync(join(cwd, 'acme.crl.pem'), 'utf8'));
    const [{ path }] = (await crl('--out', 'acme.crl.pem')) as [List];
    assert.equal(path, join(cwd, 'acme.crl.pem'));
    const [after] = listsIn(readFileSync(path, 'utf8'));
    assert.ok(Number.parseInt(after?.number ?? '', 16) > Number.parseInt(before?.number ?? '', 16));
    if (posix) assert.equal(statSync(path).mode & 0o777, 0o644);
  });

  test('replaces nothing else, unless --force', async () => {
    writeFileSync(join(cwd, 'notes.txt'), 'my notes');
    writeFileSync(
      join(cwd, 'mixed.pem'),
      readFileSync(join(home, 'ca', 'crl.pem'), 'utf8') + readFileSync(join(home, 'ca', 'root.crt.pem'), 'utf8'),
    );
    mkdirSync(join(cwd, 'folder'));
    const other = join(cwd, 'other-home');
    await localCaJson(['init', '--yes'], { home: other, cwd });
    await localCa(['crl', '--out', 'other.crl.pem'], { home: other, cwd });
    if (posix) symlinkSync('acme.crl.pem', join(cwd, 'link.pem'));
    for (const out of ['notes.txt', 'mixed.pem', 'folder', 'other.crl.pem', ...(posix ? ['link.pem'] : [])]) {
      const refusal = { code: 'LOCAL_CA_OUTPUT_EXISTS', says: `${out} exists, and holds something else` } as const;
      await assertNothingDone(['crl', '--out', out], options, refusal);
    }
    assert.equal((await localCa(['crl', '--out', 'notes.txt', '--force'], options)).status, 0);
    assert.equal(listsIn(readFileSync(join(cwd, 'notes.txt'), 'utf8')).length, 2);
    await assertRefused(['crl', '--out', 'folder', '--force'], options, {
      code: 'LOCAL_CA_OUTPUT_FAILED',
      says: 'folder',
    });
  });

  test('does not go among the keys, nor where no folder is', async () => {
    const inHome = { code: 'LOCAL_CA_PATH_INVALID', says: 'among private keys' } as const;
    await assertNothingDone(['crl', '--out', join(home, 'ca', 'root.crt.pem')], options, inHome);
    const nowhere = { code: 'LOCAL_CA_OUTPUT_FAILED', says: join('none', 'x.pem') } as const;
    await assertRefused(['crl', '--out', join('none', 'x.pem')], options, nowhere);
  });
});

describe('--for and --format der', () => {
  test('make one list, and no other', async () => {
    const [root, none] = await crl('--for', 'root', '--format', 'der', '--out', 'root.crl');
    assert.deepEqual([root?.role, none], ['root', undefined]);
    const before = published().map(({ number }) => number);
    const list = parseCrl(readFileSync(join(cwd, 'root.crl')));
    assert.equal(Number.parseInt(list.number ?? '', 16), root?.number);
    await crl('--for', root?.serial.slice(0, 8) ?? '', '--format', 'der', '--out', 'root.crl');
    const after = published().map(({ number }) => number);
    assert.deepEqual([after[0], after[1] === before[1]], [before[0], false]);
  });

  test('are refused where they cannot be', async () => {
    const refuse = (args: readonly string[], code: Parameters<typeof assertRefused>[2]['code'], says: string) =>
      assertNothingDone(['crl', ...args], options, { code, says });
    await refuse(
      ['--format', 'der', '--out', 'x'],
      'LOCAL_CA_OPTION_INVALID',
      'a DER file holds one list, and 2 CAs make one',
    );
    await refuse(['--format', 'der', '--for', 'root'], 'LOCAL_CA_ANSWER_MISSING', 'DER is not for a terminal');
    await refuse(['--format', 'p7b'], 'LOCAL_CA_OPTION_INVALID', '--format cannot be "p7b"');
    await refuse(['--for', 'abcdef'], 'LOCAL_CA_NOT_FOUND', 'this CA has no "abcdef" that makes lists');
    await refuse(['--for', ''], 'LOCAL_CA_NOT_FOUND', 'this CA has no ""');
    await refuse(['--days', '0'], 'LOCAL_CA_VALIDITY_INVALID', '0 is not a number of days');
  });
});

test('a CA whose key is offline keeps its list, and is spoken of when that ends', async () => {
  const offline = join(cwd, 'offline');
  const there = { home: offline, cwd };
  const { root } = await localCaJson<{ root: { serial: string } }>(['init', '--yes', '--intermediate'], there);
  const key = join(offline, 'ca', `${root.serial}.key.pem`);
  renameSync(key, join(cwd, 'root.key.pem'));
  const first = await localCaJson<List[]>(['crl'], there);
  assert.deepEqual(
    first.map(({ role, number, entries, isNew, warnings }) => [
      role,
      number,
      entries,
      isNew,
      warnings.map(({ code }) => code),
    ]),
    [
      ['intermediate', 1, 0, true, []],
      ['root', null, null, false, ['crl-missing']],
    ],
  );
  assert.match(
    first[1]?.warnings[0]?.message ?? '',
    /is missing, since its key is not in the home\. Put .*\.key\.pem back, and run: local-ca crl --for [0-9a-f]{32} --days 365$/,
  );
  await assertRefused(['crl', '--for', 'root'], there, {
    code: 'LOCAL_CA_KEY_NOT_KEPT',
    says: 'its key is not in the home',
    hint: /back, and run/,
  });
  renameSync(join(cwd, 'root.key.pem'), key);
  await localCaJson(['crl', '--for', 'root', '--days', '1'], there);
  renameSync(key, join(cwd, 'root.key.pem'));
  const [, kept] = await localCaJson<List[]>(['crl'], there);
  assert.deepEqual([kept?.number, kept?.isNew, kept?.warnings], [1, false, []]);
  const { stdout } = await localCa(['crl', '-q'], there);
  assert.equal(listsIn(stdout).length, 2);
});

test('status asks for the key of a root that is away, where its list is late', async (t) => {
  if (!needs(t, 'faketime')) return;
  const there = { home: join(cwd, 'late'), cwd };
  const { root } = await localCaJson<{ root: { serial: string } }>(['init', '--yes', '--intermediate'], there);
  await localCaJson(['crl', '--days', '3'], there);
  renameSync(join(there.home, 'ca', `${root.serial}.key.pem`), join(cwd, 'late.key.pem'));
  const { stdout } = await localCa(['status', '--json'], { ...there, env: atDate(2.5).env });
  const lives = JSON.parse(stdout) as { kind: string; advice: string }[];
  const [first, second] = lives.filter(({ kind }) => kind === 'crl').map(({ advice }) => advice);
  assert.equal(first, 'local-ca crl');
  assert.match(
    second ?? '',
    new RegExp(`^Put .*key\\.pem back, and run: local-ca crl --for ${root.serial} --days 365$`),
  );
});

test('a list that was made by a clock that was ahead is spoken of', async (t) => {
  if (!needs(t, 'faketime')) return;
  const there = { home: join(cwd, 'ahead'), cwd };
  await localCaJson(['init', '--yes'], there);
  await localCaJson(['crl'], { ...there, env: atDate(100).env });
  const [list] = await localCaJson<List[]>(['crl'], there);
  assert.deepEqual([list?.number, list?.warnings.map(({ code }) => code)], [2, ['crl-early']]);
  assert.ok(Date.parse(list?.thisUpdate ?? '') > Date.now());
});

test('an encrypted key is opened, and asked for by name where it cannot be', async () => {
  const there = { home: join(cwd, 'encrypted'), cwd };
  const env = { LOCAL_CA_PASSPHRASE: 'secret' };
  await localCaJson(['init', '--yes', '--encrypt-key', 'a.test'], { ...there, env });
  // To revoke, no key is needed.
  assert.equal((await localCa(['revoke', 'a.test', '--yes'], there)).status, 0);
  await assertRefused(['crl'], there, { code: 'LOCAL_CA_ANSWER_MISSING', says: "the CA's key needs a passphrase" });
  assert.equal((await localCaJson<List[]>(['crl'], { ...there, env }))[0]?.entries, 1);
});

test('two at once count on, and the copy in the home is one of them', async () => {
  const made = await Promise.all([crl(), crl(), crl(), crl()]);
  const numbers = made.map(([first]) => first?.number);
  assert.equal(new Set(numbers).size, 4);
  assert.equal(Number.parseInt(published()[0]?.number ?? '', 16), Math.max(...numbers.map(Number)));
});

test('a template may have the lists among its files', async () => {
  const there = { home: join(cwd, 'templates-home'), cwd };
  await localCaJson(['init', '--yes', '--intermediate'], there);
  const template = join(cwd, 'mine');
  mkdirSync(template);
  const file = (path: string, content: string) => ({ path, content, audience: 'client', about: 'x' });
  const files = [file('server.key', 'key-pem'), file('root.crt', 'ca-pem'), file('root.crl', 'crl-pem')];
  writeFileSync(join(template, 'template.json'), JSON.stringify({ title: 'T', summary: 'S', kind: 'client', files }));
  writeFileSync(join(template, 'README.md'), '{{{fileTable}}}\n');
  const issue = (label: string) =>
    localCaJson<{ warnings: { message: string }[] }>(['issue', label, '--template', './mine', '--force'], there);
  const { warnings } = await issue('before.test');
  assert.deepEqual(
    readdirSync(join(cwd, 'before.test')).filter((name) => /crl|crt/.test(name)),
    ['root.crt'],
  );
  assert.match(warnings[0]?.message ?? '', /^root\.crl is left out: there are no revocation lists yet/);
  await localCaJson(['crl'], there);
  assert.deepEqual((await issue('after.test')).warnings, []);
  assert.equal(listsIn(readFileSync(join(cwd, 'after.test', 'root.crl'), 'utf8')).length, 2);
  await localCaJson(['export', '--ca', '--format', 'pem', '--out', 'trust'], there);
  assert.equal(listsIn(readFileSync(join(cwd, 'trust', 'crl.pem'), 'utf8')).length, 2);
});

test('100,000 revoked certificates take seconds, and OpenSSL reads them', async (t) => {
  if (!needs(t, 'openssl')) return;
  const there = { home: join(cwd, 'many'), cwd };
  await localCaJson(['init', '--yes', 'a.test'], there);
  const opened = await openHome(there.home);
  const model = await (await CertificateAuthority.open(opened)).get('a.test');
  const revocation = { at: new Date(), reason: 'keyCompromise', invalidSince: null } as const;
  const records = Array.from({ length: 100_000 }, (_, i): CertificateRecord => {
    const serial = `5${i.toString(16).padStart(31, '0')}`;
    return { ...model, serial, label: `n${i}`, state: 'revoked', revocation };
  });
  await opened.store.write(records.map((record) => ({ kind: 'certificate', record })));
  await opened.close();
  const start = performance.now();
  const [list] = await localCaJson<List[]>(['crl', '--out', 'many.pem'], there);
  const seconds = (performance.now() - start) / 1000;
  assert.equal(list?.entries, 100_000);
  assert.ok(seconds < 20, `${seconds} s`);
  const text = await must(
    'openssl',
    ['crl', '-in', 'many.pem', '-noout', '-text', '-CAfile', join(there.home, 'ca', 'root.crt.pem')],
    { cwd },
  );
  assert.equal(text.match(/Serial Number: /g)?.length, 100_000);
  t.diagnostic(`${seconds.toFixed(1)} s`);
  const shown = await localCa(['inspect', 'many.pem'], there);
  assert.match(shown.stdout, /revoked +100000\n( {4}5[0-9a-f]{31} .*keyCompromise\n){20} {4}and 99980 more/);
});
