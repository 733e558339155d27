/** `deploy`, as people and schedulers use it: the real program, real files, hooks that are small programs of Node. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { before, describe, type TestContext, test } from 'node:test';
import { createServer } from 'node:tls';
import { CertificateAuthority } from '../../src/authority/authority.ts';
import { parseCrl } from '../../src/core/crl.ts';
import { decodePem } from '../../src/formats/pem.ts';
import { openHome } from '../../src/store/home.ts';
import { tryFileLock } from '../../src/store/lock.ts';
import type { AuthorityRecord } from '../../src/store/store.ts';
import { LIKE_CIFS, mounted, noFuse } from '../deploy/file-system.ts';
import { type CliOptions, localCa, localCaJson, program } from '../support/cli.ts';
import { atDate } from '../support/faketime.ts';
import { must, needs } from '../support/peers.ts';
import { temporaryFolder } from '../support/temp.ts';
import { assertNothingDone, assertRefused, isRoot, posix, type Refusal } from './support.ts';
import { Terminal } from './terminal.ts';

const LABEL = 'web.example.test';

interface Shown {
  readonly id: string;
  readonly label: string;
  readonly folder: string;
  readonly state: string;
  readonly stateText: string;
  readonly serial: string | null;
  readonly problem: string | null;
  readonly hook: readonly string[] | null;
  readonly next: string;
  readonly probe: string | null;
  readonly probeName: string | null;
  readonly warnings: readonly string[];
  /** Of `deploy add`. */
  readonly sees?: string | null;
}
interface Ran {
  readonly renewed: readonly { readonly label: string; readonly serial: string }[];
  readonly targets: readonly (Shown & { readonly result: string; readonly changed: boolean })[];
}

/** A hook that writes down what it was told. */
const noting = (file: string) =>
  JSON.stringify([
    process.execPath,
    '-e',
    `const { LOCAL_CA_LABEL: l, LOCAL_CA_DIR: d, LOCAL_CA_SERIAL: s } = process.env;
     require('node:fs').appendFileSync(${JSON.stringify(file)}, [l, d, s].join(' ') + '\\n'); console.log('noted')`,
  ]);

/** A home with a certificate whose files are in ./web.example.test. */
async function ground(t: TestContext): Promise<CliOptions & { cwd: string }> {
  const cwd = temporaryFolder(t);
  const options = { home: join(cwd, 'home'), cwd };
  await localCaJson(['init', '--yes'], options);
  await localCaJson(['issue', LABEL, '--template', 'nginx'], options);
  return options;
}

const run = (options: CliOptions, ...args: readonly string[]) =>
  localCaJson<Ran>(['deploy', 'run', ...args], options).then(({ targets: [first], renewed }) => ({
    ...first,
    renewed,
  }));
const state = (options: CliOptions) => localCa(['deploy', 'state', '--json'], options);

test('a deployment is added, run, looked at, and removed again', async (t) => {
  const options = await ground(t);
  const { cwd } = options;
  const notes = join(cwd, 'notes');
  const added = await localCaJson<Shown>(
    [
      ...['deploy', 'add', LABEL, '--to', 'tls', '--set', 'port=8443', '--hook', noting(notes)],
      ...['--tz', 'UTC', '--window', '00:00-24:00'],
    ],
    options,
  );
  assert.match(added.id, /^[0-9a-f]{8}$/);
  assert.equal(added.folder, join(cwd, 'tls'));
  assert.equal(added.stateText, 'Waiting for the window (00:00-24:00 UTC, open now)');
  assert.equal(fs.existsSync(join(cwd, 'tls')), false);

  const dry = await localCa(['deploy', 'run', '--dry-run'], options);
  assert.match(dry.stdout, /^LABEL +FOLDER +WOULD\nweb\.example\.test +\/?.*tls +enable\n$/);
  assert.equal(fs.existsSync(join(cwd, 'tls')), false);
  const [would] = await localCaJson<Record<string, unknown>[]>(['deploy', 'run', '--dry-run'], options);
  assert.deepEqual([would?.would, would?.wouldAt, would?.settings], ['enable', null, { port: '8443' }]);

  const first = await localCa(['deploy', 'run'], options);
  assert.equal(first.status, 0, first.stderr);
  const [label, folder, result, serial] = first.stdout.trim().split('\t');
  assert.deepEqual([label, folder, result], [LABEL, join(cwd, 'tls'), 'enabled']);
  assert.equal(fs.readFileSync(notes, 'utf8'), `${LABEL} ${join(cwd, 'tls')} ${serial}\n`);
  const second = await localCa(['deploy', 'run', '--quiet'], options);
  assert.deepEqual([second.status, second.stdout, second.stderr], [0, '', '']);

  const log = await localCa(['deploy', 'state', '--log'], options);
  assert.equal(log.status, 0);
  assert.match(log.stdout, /Enabled .* renew on \d{4}-\d\d-\d\d\n/);
  assert.match(log.stdout, /deploy {2}enabled with [0-9a-f]+\n {4}\$ .* \(done, [\d.]+ s\)\n {4}noted\n/);

  const removed = await localCa(['deploy', 'remove', 'tls'], options);
  assert.equal(removed.status, 0, removed.stderr);
  assert.match(removed.stderr, /: Disabled\nthe copy of its private key stays in the home\n/);
  assert.equal(fs.existsSync(join(cwd, 'tls')), false);
  assert.equal(fs.readFileSync(notes, 'utf8').split('\n').length, 3);
  assert.match((await localCa(['deploy', 'list'], options)).stdout, / {2}Disabled {2}/);

  const again = await localCaJson<Shown>(['deploy', 'add', LABEL, '--to', 'tls'], options);
  assert.deepEqual([again.id, again.state, again.hook], [added.id, 'not-enabled', null]);
  assert.equal((await run(options)).result, 'enabled');
  await localCaJson(['deploy', 'remove', LABEL], options);
  assert.match((await localCa(['deploy', 'remove', LABEL], options)).stderr, /^forgotten web\.example\.test/);
  assert.deepEqual(await localCaJson(['deploy', 'list'], options), []);
  assert.equal(fs.existsSync(join(options.home, 'deploy', added.id)), false);
});

test('new settings for the same folder change the deployment, and what was there goes on', async (t) => {
  const options = await ground(t);
  const first = await localCaJson<Shown>(['deploy', 'add', LABEL, '--to', 'tls'], options);
  await run(options);
  const second = await localCaJson<Shown>(['deploy', 'add', LABEL, '--to', 'tls', '--format', 'pem,p12'], options);
  assert.deepEqual([second.id, second.state], [first.id, 'enabled']);
  assert.equal((await run(options)).result, 'updated');
  const password = fs.readFileSync(join(options.cwd, 'tls', passwordFile(options.cwd)));
  await localCaJson(['renew', LABEL], options);
  assert.equal((await run(options)).result, 'updated');
  assert.deepEqual(fs.readFileSync(join(options.cwd, 'tls', passwordFile(options.cwd))), password);
});

test('removing one deployment leaves the files of other labels in its folder', async (t) => {
  const options = await ground(t);
  const folder = join(options.cwd, 'shared');
  for (const label of ['a.test', 'b.test']) await localCaJson(['issue', label, '--out', 'shared'], options);
  await localCaJson(['deploy', 'add', 'a.test', '--to', 'shared'], options);
  await run(options);
  await localCaJson(['deploy', 'remove', 'a.test'], options);
  const left = fs.readdirSync(folder);
  assert.ok(left.includes('b.test.key.pem'));
  assert.ok(left.includes('ca.pem'));
  assert.equal(left.includes('a.test.key.pem'), false);
});

const passwordFile = (cwd: string) => {
  const found = fs.readdirSync(join(cwd, 'tls')).find((name) => /password/i.test(name));
  assert.ok(found);
  return found;
};

test('a hook that fails: exit 1 and the reason once, exit 3 of deploy state, then back-off', async (t) => {
  const options = await ground(t);
  const hook = JSON.stringify([process.execPath, '-e', "console.error('no such server'); process.exit(4)"]);
  await localCaJson(['deploy', 'add', LABEL, '--to', 'tls', '--hook', hook], options);
  const failed = await localCa(['deploy', 'run', '--quiet'], options);
  assert.equal(failed.status, 1);
  assert.match(
    failed.stderr,
    /^failed web\.example\.test in .*: the hook ended with exit code 4: no such server; .*; tried again after /,
  );
  assert.match(failed.stdout, /\tfailed\t-\n$/);
  const later = await localCa(['deploy', 'run', '--quiet'], options);
  assert.deepEqual([later.status, later.stdout, later.stderr], [0, '', '']);
  const shown = await state(options);
  assert.equal(shown.status, 3);
  assert.equal((JSON.parse(shown.stdout) as Shown[])[0]?.state, 'not-enabled');
  assert.match((await localCa(['deploy', 'state', '--log'], options)).stdout, /no such server/);
  assert.equal((await localCa(['deploy', 'run', '--now'], options)).status, 1);
});

test('a window that is shut is waited for, with the words of the console', async (t) => {
  const options = await ground(t);
  // In two hours, for one.
  const hour = (new Date().getUTCHours() + 2) % 24;
  const times = [hour, (hour + 1) % 24].map((one) => `${String(one).padStart(2, '0')}:00`).join('-');
  await localCaJson(['deploy', 'add', LABEL, '--to', 'tls', '--window', times, '--tz', 'UTC'], options);
  assert.equal((await run(options)).result, 'waiting');
  const dry = await localCa(['deploy', 'run', '--dry-run'], options);
  assert.match(dry.stdout, / {2}wait until \d{4}-\d\d-\d\dT\d\d:00:00Z\n$/);
  assert.match((await localCa(['deploy', 'list'], options)).stdout, / UTC {2}Waiting for the window {2}-\n$/);
  const shown = JSON.parse((await state(options)).stdout) as Shown[];
  assert.ok(shown[0]?.stateText.startsWith(`Waiting for the window (${times} UTC, opens 2`), shown[0]?.stateText);
  assert.match(shown[0]?.next ?? '', /^enable at \d{4}-/);
  const waits = await localCa(['deploy', 'remove', LABEL, '--revoke'], options);
  // Nothing of it was there yet, so that there is nothing to wait for.
  assert.equal(waits.status, 0, waits.stderr);
  assert.match(waits.stderr, /revoked web\.example\.test[\s\S]*Disabled/);
  await localCaJson(['issue', LABEL, '--template', 'nginx'], options);
  await localCaJson(['deploy', 'add', LABEL, '--to', 'tls', '--window', times, '--tz', 'UTC'], options);
  assert.equal((await run(options, '--now')).result, 'enabled');
  const held = await localCa(['deploy', 'remove', LABEL, '--revoke'], options);
  assert.equal(held.status, 0, held.stderr);
  assert.match(
    held.stderr,
    /revoked web\.example\.test, serial [\s\S]*its server still has the files: local-ca deploy run /,
  );
  assert.equal((await run(options, LABEL, '--now')).result, 'disabled');
});

interface Listed {
  readonly serial: string;
  readonly state: string;
}

test('remove --revoke revokes whatever counts of the same key, also when the deployment is disabled already', async (t) => {
  const options = await ground(t);
  const states = async () => (await localCaJson<Listed[]>(['list'], options)).map(({ state: one }) => one);
  await localCaJson(['deploy', 'add', LABEL, '--to', 'tls'], options);
  await run(options);
  await localCaJson(['renew', LABEL], options);
  await run(options);
  await localCaJson(['deploy', 'remove', LABEL], options);
  // Somebody has made a new key since.
  await localCaJson(['issue', LABEL, '--template', 'nginx', '--out', 'new'], options);
  const removed = await localCa(['deploy', 'remove', LABEL, '--revoke', '--reason', 'keyCompromise'], options);
  assert.equal(removed.status, 0, removed.stderr);
  assert.equal(removed.stderr.match(/^revoked web\.example\.test, serial .* \(keyCompromise, /gm)?.length, 2);
  assert.match(removed.stderr, /not revoked, since it has another key: local-ca revoke [0-9a-f]+\n[\s\S]*forgotten/);
  assert.deepEqual(await states(), ['revoked', 'revoked', 'valid']);
});

test('remove --revoke names other labels with the same key, but not what it has just revoked', async (t) => {
  const options = await ground(t);
  await localCaJson(['deploy', 'add', LABEL, '--to', 'tls'], options);
  await localCaJson(['renew', LABEL], options);
  await run(options);
  const key = join(LABEL, `${LABEL}.key.pem`);
  await localCaJson(['csr', 'create', 'twin.test', '--key', key, '--out', 'twin'], options);
  const csr = join('twin', 'twin.test.csr.pem');
  const { serial } = await localCaJson<Listed>(['sign', csr, '--label', 'twin', '--out', 'signed'], options);
  // That it was replaced does not keep anybody from saying that it was stolen.
  await localCaJson(['revoke', LABEL, '--reason', 'superseded'], options);
  const removed = await localCa(['deploy', 'remove', LABEL, '--revoke', '--reason', 'keyCompromise'], options);
  assert.equal(removed.status, 0, removed.stderr);
  assert.equal(removed.stderr.match(/^revoked web\.example\.test, serial .* \(keyCompromise, /gm)?.length, 2);
  const warnings = removed.stderr.split('\n').filter((line) => line.includes('has the same key'));
  const said = `^warning: the certificate of twin has the same key, and counts until .*: local-ca revoke ${serial} --reason keyCompromise$`;
  assert.equal(warnings.length, 1);
  assert.match(warnings[0] ?? '', new RegExp(said));
});

/** One that runs as a user who may not read everything. */
const asNobody = (args: readonly string[], { home, cwd }: CliOptions & { cwd: string }) =>
  spawnSync('setpriv', ['--reuid=65534', '--regid=65534', '--clear-groups', process.execPath, program, ...args], {
    cwd,
    env: { ...process.env, LOCAL_CA_HOME: home, NO_COLOR: '1' },
    encoding: 'utf8',
  });

test('what stands in the way of one target is its problem alone', { skip: !posix || !isRoot }, async (t) => {
  const options = await ground(t);
  const { cwd, home } = options;
  for (const to of ['a', 'b', 'c', 'd']) {
    const window = to === 'b' ? ['--window', '00:00-24:00', '--tz', 'UTC'] : [];
    await localCaJson(['deploy', 'add', LABEL, '--to', to, ...window], options);
  }
  const opened = await openHome(home);
  for (const target of await opened.store.targets()) {
    const record = target.folder === join(cwd, 'b') ? { ...target, timeZone: 'Mars/Base' } : target;
    await opened.store.write([{ kind: 'target', record }]);
  }
  await opened.close();
  fs.mkdirSync(join(cwd, 'a'), { mode: 0 });
  fs.mkdirSync(join(cwd, 'c'));
  fs.mkdirSync(join(cwd, 'c', 'ca.pem'));
  await must('chown', ['-R', '65534:65534', home]);
  fs.chownSync(join(cwd, 'c'), 65534, 65534);
  fs.chmodSync(cwd, 0o777);
  fs.chownSync(join(cwd, 'a'), 0, 0);
  const rows = asNobody(['deploy', 'run', '--dry-run'], options);
  assert.equal(rows.status, 1, rows.stderr);
  assert.match(rows.stdout, /\/a +fail: .*\n.*\/b +fail: .*"Mars\/Base".*\n.*\/c +fail: .*\n.*\/d +enable\n$/);
  const ran = asNobody(['deploy', 'run'], options);
  assert.equal(ran.status, 1, ran.stderr);
  assert.doesNotMatch(ran.stderr, /defect/);
  assert.match(ran.stdout, /\/a\tfailed.*\n.*\/b\tfailed.*\n.*\/c\tfailed.*\n.*\/d\tenabled/);
  const shown = JSON.parse((await state(options)).stdout) as Shown[];
  assert.deepEqual(
    shown.map(({ problem }) => problem !== null),
    [true, true, true, false],
  );
});

test('of two runs that add different labels in one folder, one is told why not', async (t) => {
  const options = await ground(t);
  await localCaJson(['issue', 'other.example.test', '--template', 'nginx'], options);
  const add = (label: string) => localCa(['deploy', 'add', label, '--to', 'tls', '--json'], options);
  const results = await Promise.all([add(LABEL), add('other.example.test')]);
  const losers = results.filter(({ status }) => status !== 0);
  assert.equal(losers.length, 1, results.map(({ stderr }) => stderr).join());
  assert.match(losers[0]?.stderr ?? '', /"[a-z.]+" is deployed to .*\/tls\n.*deploy remove/s);
  assert.match(losers[0]?.stdout ?? '', /"LOCAL_CA_TARGET_EXISTS"/);
});

test('a folder that is reached through a link is the same folder', { skip: !posix }, async (t) => {
  const options = await ground(t);
  const { cwd } = options;
  fs.symlinkSync(cwd, join(cwd, 'way'));
  const { id } = await localCaJson<Shown>(['deploy', 'add', LABEL, '--to', join(cwd, 'way', LABEL)], options);
  await run(options);
  const chain = join(cwd, LABEL, `${LABEL}.chain.pem`);
  const before = fs.readFileSync(chain, 'utf8');
  const { stderr } = await localCa(['renew', LABEL], options);
  assert.match(stderr, /its files are deployed/);
  assert.equal(fs.readFileSync(chain, 'utf8'), before);
  assert.equal((await localCaJson<Shown>(['deploy', 'add', LABEL, '--to', LABEL], options)).id, id);
});

test('the key is found where the files are, also behind a password, and kept', async (t) => {
  const options = await ground(t);
  const { home } = options;
  const keys = () => fs.readdirSync(join(home, 'keys')).length;
  assert.equal(keys(), 0);
  await localCaJson(['deploy', 'add', LABEL, '--to', 'tls'], options);
  assert.equal(keys(), 1);
  const p12 = ['issue', 'b.test', '--format', 'p12', '--password', 'secret'];
  await localCaJson(p12, options);
  const refusal: Refusal = { code: 'LOCAL_CA_KEY_NOT_KEPT', says: '"b.test"', hint: /--password-file FILE/ };
  await assertRefused(['deploy', 'add', 'b.test', '--to', 'b'], options, refusal);
  assert.equal(keys(), 1);
  fs.writeFileSync(join(options.cwd, 'pw'), 'secret\n');
  await localCaJson(['deploy', 'add', 'b.test', '--to', 'b', '--password-file', 'pw'], options);
  assert.equal(keys(), 2);
  await localCaJson(['issue', 'c.test'], options);
  fs.renameSync(join(options.cwd, 'c.test', 'c.test.key.pem'), join(options.cwd, 'c.key'));
  const gone: Refusal = { code: 'LOCAL_CA_KEY_NOT_KEPT', says: '"c.test"', hint: /--key FILE/ };
  await assertRefused(['deploy', 'add', 'c.test', '--to', 'c'], options, gone);
  const other: Refusal = { code: 'LOCAL_CA_KEY_MISMATCH', says: 'c.key does not belong to the certificate "web' };
  await localCaJson(['issue', LABEL], options);
  fs.rmSync(join(home, 'keys'), { recursive: true });
  fs.mkdirSync(join(home, 'keys'), { mode: 0o700 });
  await assertRefused(['deploy', 'add', LABEL, '--to', 'w', '--key', 'c.key'], options, other);
  await localCaJson(['deploy', 'add', 'c.test', '--to', 'c', '--key', 'c.key'], options);
  assert.equal(keys(), 1);
});

describe('deploy add refuses, and does nothing', () => {
  const cwd = temporaryFolder();
  const options = { home: join(cwd, 'home'), cwd };
  before(async () => {
    await localCaJson(['init', '--yes'], options);
    await localCaJson(['issue', LABEL, '--template', 'nginx'], options);
    await localCaJson(['issue', 'bad.test'], options);
    await localCaJson(['revoke', 'bad.test', '--yes'], options);
    await localCaJson(['issue', 'p12.test', '--format', 'p12', '--password', 'secret'], options);
    await localCaJson(['deploy', 'add', LABEL, '--to', 'taken'], options);
    fs.mkdirSync(join(cwd, 'real'));
    fs.symlinkSync(join(cwd, 'real'), join(cwd, 'link'));
    fs.writeFileSync(join(cwd, 'file'), '');
  });

  const option = (says: string): Refusal => ({ code: 'LOCAL_CA_OPTION_INVALID', says });
  const CASES: readonly (readonly [what: string, args: readonly string[], refusal: Refusal])[] = [
    ['no folder', [LABEL], { code: 'LOCAL_CA_ANSWER_MISSING', says: '--to is missing' }],
    ['an unknown label', ['x.test', '--to', 'x'], { code: 'LOCAL_CA_NOT_FOUND', says: '"x.test"' }],
    ['a revoked one', ['bad.test', '--to', 'x'], { code: 'LOCAL_CA_REVOKED', says: 'was revoked (unspecified)' }],
    ['a template', [LABEL, '--to', 'x', '-t', 'nix'], { code: 'LOCAL_CA_TEMPLATE_UNKNOWN', says: '"nix"' }],
    ['a format', [LABEL, '--to', 'x', '-f', 'doc'], { code: 'LOCAL_CA_FORMAT_UNKNOWN', says: '"doc"' }],
    [
      'a window of 25:00',
      [LABEL, '--to', 'x', '--window', '25:00-26:00'],
      { code: 'LOCAL_CA_WINDOW_INVALID', says: '25:00' },
    ],
    [
      'an unknown time zone',
      [LABEL, '--to', 'x', '--window', '01:00-02:00', '--tz', 'Europe/Berln'],
      { code: 'LOCAL_CA_TIME_ZONE_UNKNOWN', says: 'Europe/Berln', hint: /Europe\/Berlin/ },
    ],
    ['a zone without a window', [LABEL, '--to', 'x', '--tz', 'UTC'], option('--tz was given without --window')],
    ['a hook for a shell', [LABEL, '--to', 'x', '--hook', 'a | b'], { code: 'LOCAL_CA_HOOK_INVALID', says: '"|"' }],
    ['no time for the hook', [LABEL, '--to', 'x', '--hook-timeout', '0'], option('--hook-timeout cannot be "0"')],
    ['a probe of nothing', [LABEL, '--to', 'x', '--probe', 'gopher://x'], option('gopher://x')],
    ['a name for no probe', [LABEL, '--to', 'x', '--probe-name', 'x.test'], option('--probe-name was given without')],
    [
      'an address for a name',
      [LABEL, '--to', 'x', '--probe', 'tls://x:1', '--probe-name', '10.0.0.5'],
      option('--probe-name cannot be "10.0.0.5"'),
    ],
    [
      'a wildcard for a name',
      [LABEL, '--to', 'x', '--probe', 'tls://x:1', '--probe-name', '*.x.test'],
      option('--probe-name cannot be "*.x.test"'),
    ],
    ['a folder of the home', [LABEL, '--to', 'home/ca'], { code: 'LOCAL_CA_PATH_INVALID', says: 'among private keys' }],
    ['the root', [LABEL, '--to', '/'], option('--to is the root of a disk')],
    [
      'a link',
      [LABEL, '--to', 'link'],
      { code: 'LOCAL_CA_OUTPUT_EXISTS', says: 'link is a symbolic link', hint: /--to/ },
    ],
    ['a file', [LABEL, '--to', 'file'], { code: 'LOCAL_CA_OUTPUT_EXISTS', says: 'file is not a folder' }],
    [
      'no parent',
      [LABEL, '--to', 'no/x'],
      { code: 'LOCAL_CA_OUTPUT_FAILED', says: 'the folder above it is not there' },
    ],
    [
      "another's folder",
      ['p12.test', '--to', 'taken', '--password', 'secret'],
      { code: 'LOCAL_CA_TARGET_EXISTS', says: `"${LABEL}" is deployed to` },
    ],
    [
      'a password that somebody chose',
      ['p12.test', '--to', 'p12.test', '-f', 'p12', '--password', 'secret'],
      { code: 'LOCAL_CA_PASSWORD_REQUIRED', says: 'local-ca does not keep it', hint: /another folder/ },
    ],
  ];
  for (const [what, args, refusal] of CASES) {
    test(what, { skip: !posix && what === 'a link' }, () =>
      assertNothingDone(['deploy', 'add', ...args], options, refusal),
    );
  }

  test('an unknown owner', { skip: !posix }, () =>
    assertNothingDone(['deploy', 'add', LABEL, '--to', 'x', '--owner', 'nobody-there'], options, {
      code: 'LOCAL_CA_OWNER_UNKNOWN',
      says: '"nobody-there"',
    }),
  );

  test('what is deployed nowhere, or in two places', async () => {
    await assertRefused(['deploy', 'run', 'x'], options, { code: 'LOCAL_CA_TARGET_UNKNOWN', says: '"x"' });
    await assertRefused(['deploy', 'state', 'x'], options, { code: 'LOCAL_CA_TARGET_UNKNOWN', says: '"x"' });
    await localCaJson(['deploy', 'add', LABEL, '--to', 'second'], options);
    const twice: Refusal = { code: 'LOCAL_CA_AMBIGUOUS', says: 'is deployed to 2 folders', hint: /second/ };
    await assertRefused(['deploy', 'remove', LABEL], options, twice);
    await assertRefused(['deploy', 'remove', 'second', '--revoke'], options, option('is deployed to'));
    await assertRefused(['deploy', 'remove', 'second', '--reason', 'superseded'], options, option('--revoke'));
  });
});

test('files that were installed by hand, as the README says, are taken over', async (t) => {
  const options = await ground(t);
  const { cwd } = options;
  fs.mkdirSync(join(cwd, 'tls'));
  for (const name of ['ca.pem', `${LABEL}.chain.pem`, `${LABEL}.key.pem`]) {
    fs.copyFileSync(join(cwd, LABEL, name), join(cwd, 'tls', name));
  }
  const added = await localCa(['deploy', 'add', LABEL, '--to', 'tls'], options);
  assert.doesNotMatch(added.stderr, /exists/);
  assert.equal((await run(options)).result, 'enabled');
});

test('deploy add warns of what a run would stumble over', async (t) => {
  const options = await ground(t);
  fs.mkdirSync(join(options.cwd, 'tls'));
  fs.writeFileSync(join(options.cwd, 'tls', 'ca.pem'), 'mine');
  const { status, stderr } = await localCa(
    ['deploy', 'add', LABEL, '--to', 'tls', '--hook', 'no-such-program -x', '--window', '23:50-00:05', '--tz', 'UTC'],
    options,
  );
  assert.equal(status, 0, stderr);
  assert.match(stderr, /looks every ten minutes, and up to five later, can miss a window of 15 minutes/);
  assert.match(stderr, /ca\.pem exists, and local-ca did not put it there; deploy run replaces it only with --force/);
  if (posix) assert.match(stderr, /there is no program "no-such-program"/);
});

test('deploy add tells what its probe sees, whatever that is', async (t) => {
  const options = await ground(t);
  const file = (name: string) => fs.readFileSync(join(options.cwd, LABEL, `${LABEL}.${name}.pem`));
  const asked: string[] = [];
  const server = createServer(
    {
      cert: file('chain'),
      key: file('key'),
      SNICallback: (name, done) => {
        asked.push(name);
        done(null);
      },
    },
    (socket) => socket.on('error', () => {}),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const add = (...args: readonly string[]) =>
    localCa(['deploy', 'add', LABEL, '--to', 'tls', '--probe', `tls://127.0.0.1:${port}`, ...args], options);

  const own = await add('--probe-name', LABEL.toUpperCase());
  assert.equal(own.status, 0, own.stderr);
  assert.ok(own.stderr.includes(`  probe: tls://127.0.0.1:${port}, asked for ${LABEL}\n`), own.stderr);
  assert.ok(own.stderr.includes(`  now: 127.0.0.1 port ${port} serves this certificate\n`), own.stderr);
  assert.deepEqual(asked, [LABEL]);
  assert.equal((await run(options)).result, 'enabled');
  assert.deepEqual(new Set(asked), new Set([LABEL]));

  const foreign = await add('--probe-name', 'other.test');
  assert.match(
    foreign.stderr,
    /the certificate does not stand for the name of the probe: it is for .*, not for other\.test/,
  );

  await localCaJson(['renew', LABEL, '--out', 'elsewhere'], options);
  const old = await add();
  assert.match(old.stderr, /now: 127\.0\.0\.1 port \d+ serves another certificate with serial [0-9a-f]+, valid until /);
  server.close();
  const none = await localCaJson<Shown>(
    ['deploy', 'add', LABEL, '--to', 'tls', '--probe', 'tls://127.0.0.1:1', '--probe-name', LABEL],
    options,
  );
  assert.deepEqual([none.probe, none.probeName], ['tls://127.0.0.1:1', LABEL]);
  assert.match(none.sees ?? '', /^cannot look at 127\.0\.0\.1 port 1: /);
});

test('a file system that keeps no modes is warned of when files are put there', { skip: noFuse }, async (t) => {
  const options = await ground(t);
  const folder = join(mounted(t, LIKE_CIFS).at, 'tls');
  await localCaJson(['deploy', 'add', LABEL, '--to', folder], options);
  const warning = 'this file system does not keep modes: the private key, or what opens it, is readable by every user';
  const first = await localCa(['deploy', 'run'], options);
  assert.equal(first.status, 0, first.stderr);
  assert.ok(first.stderr.includes(`warning: ${LABEL} in ${folder}: ${warning}`), first.stderr);
  const second = await localCa(['deploy', 'run'], options);
  assert.deepEqual([second.status, second.stdout.trim()], [0, '']);
  assert.equal(second.stderr, `${LABEL} in ${folder}: up to date\n`);
  const seen = await localCa(['deploy', 'state'], options);
  assert.equal(seen.status, 0);
  assert.ok(seen.stdout.includes(`\nwarning: ${LABEL} in ${folder}: ${warning}`), seen.stdout);
  const [json] = JSON.parse((await state(options)).stdout) as Shown[];
  assert.ok(json?.warnings[0]?.startsWith(warning));
});

test('tables fit a terminal, and are whole in a pipe', { skip: !posix }, async (t) => {
  if (!needs(t, 'tmux')) return;
  const options = await ground(t);
  const folder = join(options.cwd, 'a-folder-with-quite-a-long-name', 'tls');
  fs.mkdirSync(dirname(folder));
  await localCaJson(['deploy', 'add', LABEL, '--to', folder, '--hook', noting('notes')], options);
  const { serial } = await run(options);
  assert.ok(serial);
  for (const args of ['deploy list', 'deploy state', 'deploy run --dry-run', 'list']) {
    const terminal = await Terminal.open(t, args, options);
    assert.equal(await terminal.status(), 0);
    const lines = (await terminal.screen()).trimEnd().split('\n');
    assert.ok(
      lines.every((line) => [...line].length <= 80) && lines.some((line) => line.includes('…')),
      lines.join('\n'),
    );
    const piped = (await localCa(args.split(' '), options)).stdout;
    assert.ok(piped.includes(args === 'list' ? serial : folder) && !piped.includes('…'), piped);
  }
});

test('a target that another process is at work on is skipped', async (t) => {
  const options = await ground(t);
  const { id } = await localCaJson<Shown>(['deploy', 'add', LABEL, '--to', 'tls'], options);
  const release = await tryFileLock(join(options.home, 'deploy', id, 'lock'));
  assert.ok(release);
  const { status, stderr } = await localCa(['deploy', 'run'], options);
  release();
  assert.equal(status, 0);
  assert.match(stderr, /skipped: busy/);
  assert.equal((await run(options)).result, 'enabled');
});

test('revocation lists are deployed, and new ones when something was revoked', async (t) => {
  const options = await ground(t);
  await localCaJson(['issue', 'other.test'], options);
  await localCaJson(['deploy', 'add', LABEL, '--to', 'tls', '--with-crl'], options);
  assert.equal((await run(options)).result, 'enabled');
  assert.equal((await run(options)).result, 'unchanged');
  const crl = join(options.cwd, 'tls', 'crl.pem');
  const before = fs.readFileSync(crl, 'utf8');
  await localCaJson(['revoke', 'other.test', '--yes'], options);
  assert.equal((await run(options)).result, 'updated');
  assert.notEqual(fs.readFileSync(crl, 'utf8'), before);
  assert.equal((await run(options)).result, 'unchanged');
});

test('new revocation lists are deployed when a reason has changed, or an intermediate was revoked', async (t) => {
  const cwd = temporaryFolder(t);
  const options = { home: join(cwd, 'home'), cwd };
  await localCaJson(['init', '--yes', '--intermediate'], options);
  await localCaJson(['issue', LABEL, '--template', 'nginx'], options);
  await localCaJson(['issue', 'other.test'], options);
  const { id: old } = await intermediateOf(options.home);
  await localCaJson(['deploy', 'add', LABEL, '--to', 'tls', '--with-crl'], options);
  await run(options);
  const entries = () =>
    decodePem(fs.readFileSync(join(cwd, 'tls', 'crl.pem'), 'utf8')).flatMap(({ der }) => parseCrl(der).entries);
  for (const reason of ['certificateHold', 'keyCompromise'] as const) {
    await localCaJson(['revoke', 'other.test', '--yes', '--reason', reason], options);
    assert.equal((await run(options)).result, 'updated');
    assert.deepEqual(
      entries().map((entry) => entry.reason),
      [reason],
    );
  }
  await localCaJson(['renew', '--ca', 'intermediate', '--new-key'], options);
  await localCaJson(['renew', LABEL], options);
  await run(options);
  await localCaJson(['revoke', old, '--yes', '--reason', 'cACompromise'], options);
  assert.equal((await run(options)).result, 'updated');
  assert.ok(entries().some(({ serial }) => serial === old));
  assert.equal((await run(options)).result, 'unchanged');
});

test('a list that has ended, and whose key is elsewhere, is a problem until there is a new one', async (t) => {
  if (!needs(t, 'faketime')) return;
  const cwd = temporaryFolder(t);
  const options = { home: join(cwd, 'home'), cwd };
  const { root } = await localCaJson<{ root: Listed }>(['init', '--yes', '--intermediate'], options);
  await localCaJson(['issue', LABEL, '--template', 'nginx'], options);
  await localCaJson(['crl', '--days', '30'], options);
  const key = join(options.home, 'ca', `${root.serial}.key.pem`);
  fs.renameSync(key, join(cwd, 'root.key.pem'));
  await localCaJson(['deploy', 'add', LABEL, '--to', 'tls', '--with-crl'], options);
  const first = await run(options);
  assert.deepEqual([first.result, first.problem], ['enabled', null]);
  const late = { ...options, env: atDate(40).env };
  const problem =
    /^there is no new revocation list: the revocation list of ".*" cannot be made: its key is not in the home$/;
  // The other list is new, and is deployed.
  const { status: done, stdout: ran, stderr } = await localCa(['deploy', 'run', '--json'], late);
  assert.deepEqual([done, (JSON.parse(ran) as Ran).targets[0]?.result], [0, 'updated']);
  assert.match(
    stderr,
    /^warning: web\.example\.test in .*: there is no new revocation list: .*cannot be made: its key/m,
  );
  for (const args of [[], ['--no-renew']]) {
    const again = await localCa(['deploy', 'run', '--json', ...args], late);
    assert.equal(again.status, 1, again.stderr);
    const { status, stdout } = await state(late);
    assert.equal(status, 3);
    assert.match((JSON.parse(stdout) as Shown[])[0]?.problem ?? '', problem);
  }
  const { status, stdout } = await localCa(['status'], late);
  assert.equal(status, 3);
  assert.match(stdout, /deployment +failed/);
  fs.renameSync(join(cwd, 'root.key.pem'), key);
  const mended = await run(late);
  assert.deepEqual([mended.result, mended.problem], ['updated', null]);
});

async function intermediateOf(home: string) {
  const opened = await openHome(home);
  try {
    return (await CertificateAuthority.open(opened)).chain[0] as AuthorityRecord;
  } finally {
    await opened.close();
  }
}

test('what is due is renewed, with its other files where nothing hinders it', async (t) => {
  if (!needs(t, 'faketime')) return;
  const options = await ground(t);
  const late = (days: number) => ({ ...options, env: atDate(days).env });
  const issued = join(options.cwd, LABEL, `${LABEL}.chain.pem`);
  await localCaJson(['deploy', 'add', LABEL, '--to', 'tls'], options);
  await run(options);
  const deployed = () => fs.readFileSync(join(options.cwd, 'tls', `${LABEL}.chain.pem`), 'utf8');
  const first = deployed();

  assert.equal((await run(late(340), '--no-renew')).result, 'unchanged');
  assert.match((await localCa(['deploy', 'run', '--dry-run'], late(340))).stdout, /renew, update/);
  const { renewed, result } = await run(late(340));
  assert.equal(result, 'updated');
  assert.equal(renewed[0]?.label, LABEL);
  const second = deployed();
  assert.notEqual(second, first);
  assert.equal(fs.readFileSync(issued, 'utf8'), second);

  fs.appendFileSync(join(options.cwd, LABEL, 'README.md'), 'mine');
  const edited = await localCa(['deploy', 'run'], late(680));
  assert.equal(edited.status, 0, edited.stderr);
  assert.match(edited.stderr, /the files of web\.example\.test in .* are not renewed: .*README\.md was changed/);
  assert.notEqual(deployed(), second);
  assert.equal(fs.readFileSync(issued, 'utf8'), second);
});

test('a renewal leaves the folder of a deployment to its window', async (t) => {
  if (!needs(t, 'faketime')) return;
  const options = await ground(t);
  const window = ['--window', 'Mon 03:00-03:01', '--tz', 'UTC'];
  await localCaJson(['deploy', 'add', LABEL, '--to', LABEL, ...window], options);
  await run(options, '--now');
  const file = join(options.cwd, LABEL, `${LABEL}.chain.pem`);
  const before = fs.readFileSync(file, 'utf8');
  const { renewed, result } = await run({ ...options, env: atDate(340).env });
  assert.deepEqual([renewed.length, result], [1, 'waiting']);
  assert.equal(fs.readFileSync(file, 'utf8'), before);
});

test('a person is asked for the passphrase before others have to wait', { skip: !posix }, async (t) => {
  if (!needs(t, 'faketime') || !needs(t, 'tmux')) return;
  const cwd = temporaryFolder(t);
  const options = { home: join(cwd, 'home'), cwd };
  const env = { LOCAL_CA_PASSPHRASE: 'open sesame' };
  // Nearly a year ago: tmux does not live with another clock.
  const early = { ...options, env: { ...env, ...atDate(-340).env } };
  await localCaJson(['init', '--yes', '--encrypt-key'], early);
  await localCaJson(['issue', LABEL, '--template', 'nginx'], early);
  await localCaJson(['deploy', 'add', LABEL, '--to', 'tls'], early);
  await run(early);
  const terminal = await Terminal.open(t, 'deploy run', options);
  await terminal.shows("Passphrase of the CA's key");
  const release = await tryFileLock(join(options.home, 'deploy', 'lock'));
  assert.ok(release, 'nobody holds the lock');
  release();
  await terminal.answer("Passphrase of the CA's key", 'open sesame');
  assert.equal(await terminal.status(), 0, await terminal.screen());
  const [shown] = JSON.parse((await state(options)).stdout) as Shown[];
  const listed = await localCaJson<Listed[]>(['list'], options);
  assert.deepEqual([shown?.serial, listed.length], [listed.at(-1)?.serial, 2]);
});

test('what could not be renewed stays said when a run renews nothing', async (t) => {
  if (!needs(t, 'faketime')) return;
  const cwd = temporaryFolder(t);
  const options = { home: join(cwd, 'home'), cwd };
  const env = { LOCAL_CA_PASSPHRASE: 'open sesame' };
  await localCaJson(['init', '--yes', '--encrypt-key'], { ...options, env });
  await localCaJson(['issue', LABEL, '--template', 'nginx'], { ...options, env });
  await localCaJson(['deploy', 'add', LABEL, '--to', 'tls'], options);
  await run(options);
  const late = { ...options, env: atDate(340).env };
  const problem = "it is due, and could not be renewed: the CA's key needs a passphrase";
  for (const args of [[], ['--no-renew']]) {
    assert.equal((await localCa(['deploy', 'run', ...args], late)).status, 1);
    assert.equal((JSON.parse((await state(late)).stdout) as Shown[])[0]?.problem, problem);
  }
  const again = await run({ ...options, env: { ...late.env, ...env } });
  assert.deepEqual([again.result, again.problem], ['updated', null]);
});

// --- watch -------------------------------------------------------------------------------------------------------

test('a folder that was taken off the list gets nothing while its label is deployed elsewhere', async (t) => {
  if (!needs(t, 'faketime')) return;
  const options = await ground(t);
  const folder = join(options.cwd, LABEL);
  for (const to of [LABEL, 'tls']) await localCaJson(['deploy', 'add', LABEL, '--to', to], options);
  await run(options);
  await localCaJson(['deploy', 'remove', folder], options);
  assert.equal(fs.existsSync(folder), false);
  const { renewed } = await run({ ...options, env: atDate(340).env });
  assert.deepEqual([renewed.length, fs.existsSync(folder)], [1, false]);
  await localCaJson(['deploy', 'remove', 'tls'], options);
  await localCaJson(['renew', LABEL], options);
  assert.ok(fs.existsSync(join(folder, `${LABEL}.key.pem`)));
});

test('status says what renews a certificate that is deployed', async (t) => {
  if (!needs(t, 'faketime')) return;
  const options = await ground(t);
  await localCaJson(['issue', 'by-hand.test', '--days', '30'], options);
  await localCaJson(['deploy', 'add', LABEL, '--to', 'tls'], options);
  await run(options);
  const advice = async (...args: readonly string[]) => {
    const { stdout } = await localCa(['status', '--json', ...args], { ...options, env: atDate(340).env });
    const lives = JSON.parse(stdout) as { name: string; kind: string; advice: string }[];
    return lives.filter(({ kind }) => kind === 'certificate').map((one) => `${one.name}: ${one.advice}`);
  };
  const byHand = 'by-hand.test: local-ca renew by-hand.test';
  assert.deepEqual(await advice(), [byHand, `${LABEL}: local-ca deploy run ${LABEL}`]);
  // Sooner than the run would take it for due.
  const { stdout } = await localCa(['status', '--json', '--within', '370d'], options);
  assert.match(stdout, /"local-ca renew web\.example\.test"/);
  await localCaJson(['deploy', 'remove', LABEL], options);
  assert.deepEqual(await advice(), [byHand, `${LABEL}: local-ca renew ${LABEL}`]);
});

test('renewing by hand leaves that folder to the next run, too', async (t) => {
  const options = await ground(t);
  const folder = join(options.cwd, LABEL);
  await localCaJson(['deploy', 'add', LABEL, '--to', folder, '--template', 'nginx'], options);
  const { serial } = await run(options);
  const chain = join(folder, `${LABEL}.chain.pem`);
  const before = fs.readFileSync(chain, 'utf8');
  const { stderr } = await localCa(['renew', LABEL], options);
  assert.match(stderr, /its files are deployed: local-ca deploy run puts the new ones there/);
  assert.equal(fs.readFileSync(chain, 'utf8'), before);
  const after = await run(options);
  assert.equal(after.result, 'updated');
  assert.notEqual(after.serial, serial);
  assert.notEqual(fs.readFileSync(chain, 'utf8'), before);
});

test('watch does what is due, a line for each change, and ends well on a signal', { skip: !posix }, async (t) => {
  const options = await ground(t);
  await localCaJson(['deploy', 'add', LABEL, '--to', 'tls'], options);
  const single = await localCa(['deploy', 'watch', '--once'], options);
  assert.equal(single.status, 0, single.stderr);
  assert.match(single.stdout, /^web\.example\.test\t.*\tenabled\t[0-9a-f]+\n$/);

  const { child, until, end } = watching(t, options);
  await until(/up to date/);
  // A round that cannot be: the next one can.
  fs.renameSync(options.home, `${options.home}-away`);
  await until(/there is no CA at/);
  fs.renameSync(`${options.home}-away`, options.home);
  await localCaJson(['renew', LABEL], options);
  await until(/\tupdated\t/);
  await until(/up to date\n$/);
  await new Promise((done) => setTimeout(done, 300));
  child.kill('SIGTERM');
  const { code, said } = await end();
  assert.equal(code, 0, said);
  assert.match(said, /stopped\n$/);
});

test('no signal is lost where a round ends', { skip: !posix }, async (t) => {
  const options = await ground(t);
  await localCaJson(['deploy', 'add', LABEL, '--to', 'tls'], options);
  for (let i = 0; i < 10; i++) {
    const { child, until, end } = watching(t, options);
    await until(/up to date/);
    child.kill('SIGTERM');
    const { code, said } = await end();
    assert.match(said, code === 0 ? /\nstopped\n$/ : /\nlocal-ca: cancelled\nWhat was unfinished has been removed.\n$/);
    assert.ok(code === 0 || code === 143, `${code}`);
  }
});

function watching(t: TestContext, { cwd, home }: CliOptions) {
  const env = { ...process.env, LOCAL_CA_HOME: home, NO_COLOR: '1' };
  const child = spawn(process.execPath, [program, 'deploy', 'watch', '--every', '1s'], { cwd, env });
  // One that hears no signal would keep the test waiting.
  t.after(() => child.kill('SIGKILL'));
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (said += text));
  const until = async (pattern: RegExp) => {
    for (let i = 0; i < 5000 && !pattern.test(said); i++) await new Promise((done) => setTimeout(done, 2));
    assert.match(said, pattern);
  };
  const end = async () => {
    const [code] = (await once(child, 'close', { signal: AbortSignal.timeout(10_000) })) as [number | null];
    return { code, said };
  };
  return { child, until, end };
}

test('a watch that is ended within a hook is taken up again', { skip: !posix }, async (t) => {
  const options = await ground(t);
  const flag = join(options.cwd, 'slow');
  fs.writeFileSync(flag, '');
  const script = `if (require('node:fs').existsSync(${JSON.stringify(flag)})) setTimeout(() => {}, 60000)`;
  const hook = JSON.stringify([process.execPath, '-e', script]);
  await localCaJson(['deploy', 'add', LABEL, '--to', 'tls', '--hook', hook], options);
  const env = { ...process.env, LOCAL_CA_HOME: options.home, NO_COLOR: '1' };
  const child = spawn(process.execPath, [program, 'deploy', 'watch'], { cwd: options.cwd, env, stdio: 'ignore' });
  const key = join(options.cwd, 'tls', `${LABEL}.key.pem`);
  for (let i = 0; i < 200 && !fs.existsSync(key); i++) await new Promise((done) => setTimeout(done, 50));
  await new Promise((done) => setTimeout(done, 300));
  child.kill('SIGTERM');
  const [code] = (await once(child, 'close')) as [number | null];
  assert.equal(code, 143);
  assert.equal((JSON.parse((await state(options)).stdout) as Shown[])[0]?.state, 'in-progress');
  fs.rmSync(flag);
  assert.equal((await run(options)).result, 'enabled');
});

test('watch prints what makes a scheduler do it', async (t) => {
  const options = await ground(t);
  const print = (...args: readonly string[]) => localCa(['deploy', 'watch', '--print', ...args], options);
  const systemd = await print('systemd');
  assert.match(
    systemd.stdout,
    /local-ca-deploy\.service\n[\s\S]*ExecStart=[\s\S]*local-ca-deploy\.timer\n[\s\S]*OnCalendar=/,
  );
  assert.ok(systemd.stdout.includes(`deploy run --quiet --home ${options.home}`));
  assert.match((await print('cron')).stdout, /\*\/?.* deploy run --quiet --home/);
  const windows = await print('windows', '--out', 'tasks');
  assert.equal(windows.stdout, 'tasks/local-ca-deploy.xml\n');
  const bytes = fs.readFileSync(join(options.cwd, 'tasks', 'local-ca-deploy.xml'));
  assert.deepEqual([...bytes.subarray(0, 2)], [0xff, 0xfe]);
  await assertRefused(['deploy', 'watch', '--print', 'at'], options, { code: 'LOCAL_CA_OPTION_INVALID', says: '"at"' });
  await assertRefused(['deploy', 'watch', '--every', '0m'], options, { code: 'LOCAL_CA_OPTION_INVALID', says: '"0m"' });
  await assertRefused(['deploy', 'watch', '--out', '.'], options, { code: 'LOCAL_CA_OPTION_INVALID', says: '--print' });
  await assertRefused(['deploy', 'watch', '--print', 'cron', '--every', '2h'], options, {
    code: 'LOCAL_CA_OPTION_INVALID',
    says: '--every was given together with --print',
  });
});

test('what watch prints does what it was told, with the passphrase of the CA', async (t) => {
  const options = { cwd: temporaryFolder(t), home: join(temporaryFolder(t), 'home') };
  fs.writeFileSync(join(options.cwd, 'words.txt'), 'horse staple\n');
  fs.writeFileSync(join(options.cwd, 'wrong.txt'), 'mule staple\n');
  await localCa(['init', '--yes', '--encrypt-key', '--passphrase-file', 'words.txt'], options);
  const print = (...args: readonly string[]) => localCa(['deploy', 'watch', '--print', 'cron', ...args], options);

  const without = await print(LABEL, './tls', '--no-renew');
  assert.ok(without.stdout.endsWith(` --home ${options.home} ${LABEL} ${join(options.cwd, 'tls')} --no-renew\n`));
  assert.match(without.stderr, /^warning: the CA's key has a passphrase: add --passphrase-file FILE, or set/m);
  const opened = await print('--passphrase-file', 'words.txt');
  assert.ok(opened.stdout.endsWith(` --home ${options.home} --passphrase-file ${join(options.cwd, 'words.txt')}\n`));
  assert.equal(opened.stderr, '');
  const wrong = ['deploy', 'watch', '--print', 'cron', '--passphrase-file', 'wrong.txt'];
  await assertRefused(wrong, options, { code: 'LOCAL_CA_PASSWORD_WRONG', says: 'does not open' });
});
