/** `revoke`: what it marks, what it says has to follow, and what it asks a person first. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { parseCrl } from '../../src/core/crl.ts';
import { decodePem } from '../../src/formats/pem.ts';
import { localCa, localCaJson } from '../support/cli.ts';
import { atDate } from '../support/faketime.ts';
import { must, needs } from '../support/peers.ts';
import { temporaryFolder } from '../support/temp.ts';
import { assertNothingDone, type assertRefused } from './support.ts';
import { Terminal } from './terminal.ts';

interface Revoked {
  serial: string;
  label: string;
  state: string;
  revokedAt: string | null;
  reason: string | null;
  lists?: { number: number; entries: number; path: string }[];
}

const cwd = temporaryFolder();
const home = join(cwd, 'home');
const options = { home, cwd };
const revoke = (...args: readonly string[]) => localCaJson<Revoked>(['revoke', ...args], options);
const issue = async (label: string) => (await localCaJson<{ serial: string }>(['issue', label], options)).serial;
const show = (label: string) => localCaJson<{ state: string; serial: string }>(['show', label], options);

before(async () => {
  await localCaJson(['init', '--yes', '--intermediate', '--name', 'Acme'], options);
});

test('a label is revoked, and what has to follow is said', async () => {
  const serial = await issue('a.test');
  const { status, stdout, stderr } = await localCa(['revoke', 'a.test', '--reason', 'key-compromise'], options);
  assert.deepEqual([status, stdout], [0, `${serial}\n`]);
  assert.equal(
    stderr,
    `revoked a.test, serial ${serial} (keyCompromise)\nthe lists that clients have do not say so yet: local-ca crl makes new ones\n`,
  );
  assert.equal((await show('a.test')).state, 'revoked');
});

test('JSON has what was recorded, and with --crl the lists that say so', async () => {
  const serial = await issue('b.test');
  const {
    revokedAt,
    lists = [],
    ...rest
  } = await revoke('b.test', '--reason', 'superseded', '--invalid-since', '2026-01-02', '--crl');
  assert.deepEqual(rest, { serial, label: 'b.test', state: 'revoked', reason: 'superseded', warnings: [] });
  assert.match(revokedAt ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  const path = join(home, 'ca', 'crl.pem');
  assert.deepEqual(
    lists.map((list) => [list.number, list.path]),
    [
      [1, path],
      [1, path],
    ],
  );
  const [list] = decodePem(readFileSync(path, 'utf8')).map(({ der }) => parseCrl(der));
  const entry = list?.entries.find((one) => one.serial === serial);
  assert.deepEqual([entry?.reason, entry?.invalidSince?.toISOString()], ['superseded', '2026-01-02T00:00:00.000Z']);
});

test('hold is taken back with --release', async () => {
  const serial = await issue('c.test');
  assert.deepEqual((await revoke('c.test', '--reason', 'hold')).reason, 'certificateHold');
  const released = { serial, label: 'c.test', state: 'valid', revokedAt: null, reason: null, warnings: [] };
  assert.deepEqual(await revoke('c.test', '--release'), released);
  const refusal = { code: 'LOCAL_CA_NOT_ON_HOLD', says: 'cannot be released: it is not revoked' } as const;
  await assertNothingDone(['revoke', 'c.test', '--release'], options, refusal);
});

test('the certificates before with the same key are named, and revoked by their serial', async () => {
  const first = await issue('d.test');
  await localCaJson(['renew', 'd.test'], options);
  const { serial: second } = await localCaJson<{ serial: string }>(['show', 'd.test'], options);
  assert.notEqual(second, first);
  const { stderr } = await localCa(['revoke', 'd.test', '--reason', 'keyCompromise'], options);
  const said = new RegExp(
    `warning: another certificate has the same key, and counts until .*: (local-ca revoke ${first} --reason keyCompromise)\n`,
  );
  assert.match(stderr, said);
  const [, command = ''] = said.exec(stderr) ?? [];
  assert.equal((await localCa(command.split(' ').slice(1), options)).status, 0);
  assert.equal((await show(first)).state, 'revoked');
});

test('whoever makes lists at once is told to do so for those too, and a script learns of them', async () => {
  const first = await issue('twin.test');
  await localCaJson(['renew', 'twin.test'], options);
  const args = ['revoke', 'twin.test', '--reason', 'keyCompromise', '--crl'];
  const { warnings } = await localCaJson<{ warnings: readonly Record<string, string>[] }>(args, options);
  assert.deepEqual(
    warnings.map(({ code }) => code),
    ['shared-key'],
  );
  assert.ok(warnings[0]?.message?.endsWith(`: local-ca revoke ${first} --reason keyCompromise --crl`));
});

test('but only when the key was stolen: the live one is none to be revoked as superseded', async () => {
  const first = await issue('replaced.test');
  await localCaJson(['renew', 'replaced.test'], options);
  const { status, stderr } = await localCa(['revoke', first, '--reason', 'superseded'], options);
  assert.equal(status, 0, stderr);
  assert.doesNotMatch(stderr, /warning|same key/);
});

describe('--crl with a key that does not open', () => {
  const there = { home: join(cwd, 'encrypted'), cwd };
  const env = { LOCAL_CA_PASSPHRASE: 'secret' };
  before(async () => {
    await localCaJson(['init', '--yes', '--encrypt-key', 'x.test'], { ...there, env });
  });

  test('revokes nothing', async () => {
    const none = { code: 'LOCAL_CA_ANSWER_MISSING', says: 'needs a passphrase', hint: /Nothing was done/ } as const;
    await assertNothingDone(['revoke', 'x.test', '-r', 'keyCompromise', '--crl'], there, none);
    const wrong = { ...there, env: { LOCAL_CA_PASSPHRASE: 'wrong' } };
    const refusal = { code: 'LOCAL_CA_PASSWORD_WRONG', says: /./, hint: /without --crl, no key is needed/ } as const;
    await assertNothingDone(['revoke', 'x.test', '-r', 'keyCompromise', '--crl'], wrong, refusal);
  });

  test('nor where the key is not there at all', async () => {
    const { home: bare } = { home: join(cwd, 'bare') };
    const { root } = await localCaJson<{ root: { serial: string } }>(['init', '--yes', 'y.test'], { home: bare, cwd });
    rmSync(join(bare, 'ca', `${root.serial}.key.pem`));
    const refusal = { code: 'LOCAL_CA_KEY_NOT_KEPT', says: 'its key is not in the home', hint: /Nothing was/ } as const;
    await assertNothingDone(['revoke', 'y.test', '--crl'], { home: bare, cwd }, refusal);
  });

  test('and what was revoked without gets onto the lists by a second run', async () => {
    assert.equal((await localCa(['revoke', 'x.test', '-r', 'superseded'], there)).status, 0);
    const again = ['revoke', 'x.test', '-r', 'affiliationChanged', '--crl', '--json'];
    const { status, stdout, stderr } = await localCa(again, { ...there, env });
    assert.equal(status, 0, stderr);
    assert.match(
      stderr,
      /^warning: x\.test \([0-9a-f]{32}\) was revoked already \(superseded\), which stays\nmade new lists/,
    );
    const { reason, lists } = JSON.parse(stdout) as Revoked;
    assert.deepEqual([reason, lists?.map(({ entries }) => entries)], ['superseded', [1]]);
    const worse = ['revoke', 'x.test', '-r', 'keyCompromise', '--crl', '--json'];
    const stolen = await localCa(worse, { ...there, env });
    assert.equal(stolen.status, 0, stolen.stderr);
    assert.match(stolen.stderr, /^revoked x\.test, serial [0-9a-f]{32} \(keyCompromise\)\nmade new lists/);
    const [list] = decodePem(readFileSync(join(there.home, 'ca', 'crl.pem'), 'utf8')).map(({ der }) => parseCrl(der));
    assert.deepEqual(
      list?.entries.map((entry) => entry.reason),
      ['keyCompromise'],
    );
    const final = {
      code: 'LOCAL_CA_REVOKED',
      says: 'already (keyCompromise)',
      hint: /^There is nothing to do\. An/,
    } as const;
    await assertNothingDone(['revoke', 'x.test', '-r', 'keyCompromise'], there, final);
  });
});

test('what another CA signed, that CA revokes', async () => {
  const there = { home: join(cwd, 'applicant'), cwd };
  await localCaJson(['csr', 'create', 'foreign.test', '--out', 'foreign'], there);
  await localCaJson(['sign', join('foreign', 'foreign.test.csr.pem'), '--yes', '--out', 'signed'], options);
  await localCaJson(
    ['csr', 'accept', join('signed', 'foreign.test.chain.pem'), '--ca', join(home, 'ca', 'root.crt.pem')],
    there,
  );
  await localCaJson(['init', '--yes'], there);
  const refusal = {
    code: 'LOCAL_CA_NOT_REVOCABLE',
    says: 'was signed by another CA, which alone can revoke it',
  } as const;
  await assertNothingDone(['revoke', 'foreign.test'], there, refusal);
});

test('a root that was replaced and revoked keeps its list, and the key of a root that is away is asked for', async () => {
  const there = { home: join(cwd, 'rotated'), cwd };
  const { root } = await localCaJson<{ root: { serial: string } }>(
    ['init', '--yes', '--intermediate', 'old.test'],
    there,
  );
  const key = (serial: string) => join(there.home, 'ca', `${serial}.key.pem`);
  const published = () =>
    decodePem(readFileSync(join(there.home, 'ca', 'crl.pem'), 'utf8')).map(({ der }) =>
      parseCrl(der).entries.map(({ serial }) => serial),
    );
  const { serial: stolen } = await localCaJson<Revoked>(['revoke', 'old.test', '-r', 'keyCompromise', '--crl'], there);
  const pem = readFileSync(join(there.home, 'ca', 'intermediate.crt.pem'));
  const old = new X509Certificate(pem).serialNumber.toLowerCase().padStart(32, '0');
  await localCaJson(['renew', '--ca', '--new-key'], there);
  await localCaJson(['revoke', root.serial, '--crl'], there);
  assert.ok(
    published().some((serials) => serials.includes(stolen)),
    JSON.stringify(published()),
  );
  renameSync(key(root.serial), join(cwd, 'old-root.key.pem'));
  const { status, stderr } = await localCa(['revoke', old, '-r', 'cACompromise', '--crl'], there);
  assert.equal(status, 0, stderr);
  assert.match(
    stderr,
    new RegExp(
      `list of ".*" does not say what was revoked since, .* run: local-ca crl --for ${root.serial} --days 365\\n`,
    ),
  );
});

test('an intermediate that was replaced is revoked by its serial, and what falls with it is named', async () => {
  await issue('e.test');
  const pem = readFileSync(join(home, 'ca', 'intermediate.crt.pem'));
  const old = new X509Certificate(pem).serialNumber.toLowerCase().padStart(32, '0');
  const unfit = {
    code: 'LOCAL_CA_NOT_REVOCABLE',
    says: 'signs certificates now, and cannot be revoked',
    hint: /renew --ca intermediate --new-key/,
  } as const;
  await assertNothingDone(['revoke', old], options, unfit);
  await localCaJson(['renew', '--ca', 'intermediate', '--new-key'], options);
  const { status, stdout, stderr } = await localCa(
    ['revoke', old, '--reason', 'cACompromise', '--crl', '--json'],
    options,
  );
  assert.equal(status, 0, stderr);
  const done = JSON.parse(stdout) as Revoked;
  assert.deepEqual([done.serial, done.label, done.state], [old, 'Acme intermediate', 'revoked']);
  assert.match(stderr, /warning: e\.test was signed by it and falls with it: local-ca renew e\.test\n/);
  const root = decodePem(readFileSync(join(home, 'ca', 'crl.pem'), 'utf8')).map(({ der }) => parseCrl(der))[1];
  assert.deepEqual(
    root?.entries.map(({ serial }) => serial),
    [old],
  );
});

test('an authority is found by the start of its serial, and its lists stay where people find them', async () => {
  const there = { home: join(cwd, 'short'), cwd };
  const { root } = await localCaJson<{ root: { serial: string } }>(['init', '--yes', '--name', 'Short'], there);
  await localCaJson(['crl'], there);
  const start = root.serial.slice(0, 8);
  const unfit = { code: 'LOCAL_CA_NOT_REVOCABLE', says: `(${root.serial}) signs certificates now` } as const;
  await assertNothingDone(['revoke', start], there, unfit);
  const shown = await localCa(['show', start, '--history'], there);
  assert.match(
    shown.stdout,
    new RegExp(`^name {6}Short\nstate {5}valid\nrole {6}root\n[^]*serial {4}${root.serial}\n`),
  );
  assert.match(shown.stdout, new RegExp(`create {4,}${root.serial}$`, 'm'));
  await localCaJson(['renew', '--ca', '--new-key'], there);
  writeFileSync(join(there.home, 'ca', 'crl.pem'), '');
  assert.equal((await localCaJson<Revoked>(['revoke', start], there)).serial, root.serial);
  assert.equal((await localCa(['doctor'], there)).status, 0);
  const { state, revocation } = await localCaJson<{ state: string; revocation: { reason: string } }>(
    ['show', start],
    there,
  );
  assert.deepEqual([state, revocation.reason], ['revoked', 'unspecified']);
});

test('of what has expired nobody is told to make lists', async (t) => {
  if (!needs(t, 'faketime')) return;
  await localCaJson(['issue', 'week.test', '--days', '7'], options);
  const { status, stderr } = await localCa(['revoke', 'week.test'], { ...options, env: atDate(30).env });
  assert.equal(status, 0, stderr);
  assert.match(stderr, /^warning: it expired on \d{4}-\d\d-\d\d, so that lists need not name it$/m);
  assert.doesNotMatch(stderr, /local-ca crl/);
});

describe('it refuses', () => {
  const cases: readonly (readonly [string, readonly string[], Parameters<typeof assertRefused>[2]])[] = [
    [
      'an unknown reason',
      ['a.test', '--reason', 'stolen'],
      { code: 'LOCAL_CA_REASON_UNKNOWN', says: '"stolen"', hint: /keyCompromise/ },
    ],
    ['what nobody issued', ['z.test'], { code: 'LOCAL_CA_NOT_FOUND', says: '"z.test"' }],
    ['what is revoked', ['a.test'], { code: 'LOCAL_CA_REVOKED', says: 'was revoked on', hint: /by its serial/ }],
    [
      'a reason for a release',
      ['a.test', '--release', '--reason', 'superseded'],
      { code: 'LOCAL_CA_OPTION_INVALID', says: '--release was given together with --reason' },
    ],
    [
      'a date to come',
      ['c.test', '--invalid-since', '2999-01-01'],
      { code: 'LOCAL_CA_VALIDITY_INVALID', says: 'it cannot be invalid since 2999-01-01T00:00:00Z' },
    ],
    [
      'what is no date',
      ['b.test', '--invalid-since', 'monday'],
      { code: 'LOCAL_CA_VALIDITY_INVALID', says: '"monday" is not a date' },
    ],
    ['no label', [], { code: 'LOCAL_CA_USAGE', says: "missing required argument 'label'" }],
  ];
  for (const [title, args, refusal] of cases) {
    test(title, () => assertNothingDone(['revoke', ...args], options, refusal));
  }
});

test('addresses go into certificates, and are named when one is revoked', async (t) => {
  if (!needs(t, 'openssl')) return;
  const there = { home: join(cwd, 'urls'), cwd };
  const urls = 'http://pki.test/a.crl,ldap:///CN=CA,DC=test?certificateRevocationList';
  await localCaJson(['init', '--yes', '--crl-url', urls, '--ocsp-url', 'http://ocsp.test', 'a.test'], there);
  const text = (label: string) =>
    must('openssl', ['x509', '-noout', '-text', '-in', join(cwd, label, `${label}.crt.pem`)]);
  assert.match(
    await text('a.test'),
    /URI:http:\/\/pki\.test\/a\.crl[\s\S]*URI:ldap:\/\/\/CN=CA,DC=test\?[\s\S]*OCSP - URI:http:\/\/ocsp\.test/,
  );
  await localCaJson(['issue', 'b.test', '--crl-url', 'http://other.test/b.crl'], there);
  assert.match(await text('b.test'), /URI:http:\/\/other\.test\/b\.crl[\s\S]*OCSP - URI:http:\/\/ocsp\.test/);
  assert.doesNotMatch(await text('b.test'), /pki\.test/);
  const { stderr } = await localCa(['revoke', 'b.test'], there);
  assert.match(stderr, /clients fetch the list from http:\/\/other\.test\/b\.crl: put the new one there\n/);
  writeFileSync(join(cwd, 'list.csv'), 'names,crl-url,ocsp-url\nc.test,http://c.test/c.crl,\n');
  await localCaJson(['issue', '--from', 'list.csv'], there);
  assert.match(await text('c.test'), /URI:http:\/\/c\.test\/c\.crl/);
  const bad = {
    code: 'LOCAL_CA_OPTION_INVALID',
    says: '"ftp://x" cannot be the address of a revocation list',
  } as const;
  await assertNothingDone(['issue', 'd.test', '--crl-url', 'ftp://x'], there, bad);
});

describe('a person is asked first', () => {
  test('and can say no', async (t) => {
    if (!needs(t, 'tmux')) return;
    const serial = await issue('f.test');
    const terminal = await Terminal.open(t, 'revoke f.test', options);
    const screen = await terminal.shows('Why:');
    assert.match(screen, new RegExp(`f\\.test\\n +CN=f\\.test, serial ${serial}\\n +valid until .* days left`));
    await terminal.press('Down', 'Enter');
    await terminal.answer('Revoke it? This cannot be undone.');
    await terminal.shows('Nothing was revoked.');
    assert.equal(await terminal.status(), 130);
    assert.equal((await show('f.test')).state, 'valid');
  });

  test('and the reason that was chosen counts', async (t) => {
    if (!needs(t, 'tmux')) return;
    await issue('g.test');
    const terminal = await Terminal.open(t, 'revoke g.test --crl', options);
    await terminal.shows('Why:');
    await terminal.press('Down', 'Enter');
    await terminal.answer('Revoke it? This cannot be undone.', 'y');
    await terminal.shows('(keyCompromise)');
    assert.equal(await terminal.status(), 0);
    assert.equal((await show('g.test')).state, 'revoked');
  });

  test('and hold is called what it is; Ctrl-C leaves all as it was', async (t) => {
    if (!needs(t, 'tmux')) return;
    await issue('h.test');
    const terminal = await Terminal.open(t, 'revoke h.test --reason hold', options);
    await terminal.shows('Put it on hold?');
    await terminal.press('C-c');
    assert.equal(await terminal.status(), 130);
    assert.equal((await show('h.test')).state, 'valid');
  });
});

test('a key is stolen though its certificate was revoked for another reason before', async () => {
  await localCaJson(['csr', 'create', 's.test', '--out', 's'], options);
  const sign = (label: string) => ['sign', 's/s.test.csr.pem', '--label', label, '--out', `signed-${label}`];
  await localCaJson(sign('s'), options);
  const first = await revoke('s', '--reason', 'superseded');
  const unless = {
    code: 'LOCAL_CA_REVOKED',
    says: 'already (superseded)',
    hint: /then add --reason keyCompromise/,
  } as const;
  await assertNothingDone(['revoke', 's'], options, unless);
  assert.deepEqual(await revoke('s', '--reason', 'keyCompromise'), { ...first, reason: 'keyCompromise' });
  const burned = { code: 'LOCAL_CA_KEY_REFUSED', says: 'of s was revoked for that' } as const;
  await assertNothingDone(sign('s2'), options, burned);
});

test('a stolen key is named under every label that has it, and none of them is renewed with it', async () => {
  await localCaJson(['csr', 'create', 'p1.test', '--out', 'p1'], options);
  await localCaJson(['sign', 'p1/p1.test.csr.pem', '--label', 'p1', '--out', 'signed-p1'], options);
  await localCaJson(['sign', 'p1/p1.test.csr.pem', '--label', 'q1', '--out', 'signed-q1'], options);
  const { serial } = await show('q1');
  const { stderr } = await localCa(['revoke', 'p1', '--reason', 'keyCompromise'], options);
  const said = `warning: the certificate of q1 has the same key, and counts until .*: local-ca revoke ${serial} --reason`;
  assert.match(stderr, new RegExp(said));
  const refusal = {
    code: 'LOCAL_CA_KEY_REFUSED',
    says: `${serial} of "q1" is no secret any more`,
    hint: /--new-key/,
  } as const;
  for (const more of [[], ['--dry-run']]) await assertNothingDone(['renew', 'q1', ...more], options, refusal);
  const burned = { code: 'LOCAL_CA_KEY_REFUSED', says: 'of p1 was revoked for that' } as const;
  await assertNothingDone(['csr', 'create', '--renew', 'q1'], options, { ...burned, hint: /--new-key/ });
  await assertNothingDone(['csr', 'create', 'z.test', '--key', 'p1/p1.test.key.pem'], options, burned);
});
