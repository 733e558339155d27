/** `renew --ca`: the CA's own certificates, and every file that holds them, as the real program does it. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { type CliOptions, localCa, localCaJson } from '../support/cli.ts';
import { atDate } from '../support/faketime.ts';
import { must, needs } from '../support/peers.ts';
import { temporaryFolder } from '../support/temp.ts';
import { countChanges, dieAt } from './killed-scenarios.ts';
import { assertNothingDone, posix, snapshot } from './support.ts';

const folder = temporaryFolder();
let made = 0;

/** A CA of its own, and a working folder. */
async function place(...init: readonly string[]): Promise<CliOptions & { readonly cwd: string }> {
  const cwd = join(folder, `work-${made++}`);
  mkdirSync(cwd);
  const at = { home: `${cwd}-home`, cwd };
  await localCaJson(['init', '--yes', '--name', 'Test CA', ...init], at);
  return at;
}

interface Row {
  readonly serial: string;
  readonly role: string;
  readonly replaces: string | null;
  readonly notAfter: string;
}

interface Outcome {
  readonly renewed: readonly Row[];
  readonly rebuilt: readonly string[];
  readonly oldRootOnly: readonly { readonly label: string; readonly folder: string; readonly why: string }[];
}

const renew = (at: CliOptions, ...args: readonly string[]) => localCaJson<Outcome>(['renew', '--ca', ...args], at);
const blocks = (...path: readonly string[]) =>
  readFileSync(join(...path), 'utf8').match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n/g) ?? [];
const serials = (...path: readonly string[]) =>
  blocks(...path).map((pem) => new X509Certificate(pem).serialNumber.toLowerCase());

describe('the files that hold the CA', () => {
  test('are made again: copies for people, trust files of clients, folders and zips of servers', async (t) => {
    if (!needs(t, 'keytool', 'unzip')) return;
    const at = await place('--intermediate');
    await localCaJson(['issue', 'a.test', '--template', 'nginx', '--zip', 'a.zip'], at);
    await localCaJson(['issue', 'b.test', '--format', 'jks', '--keep-key'], at);
    await localCaJson(['export', '--ca', '--out', 'trust'], at);
    await localCaJson(['export', '--ca', '--out', 'java', '--format', 'jks'], at);
    const key = readFileSync(join(at.cwd, 'a.test', 'a.test.key.pem'));
    const { renewed, rebuilt, oldRootOnly } = await renew(at);
    const [root = '', intermediate = ''] = renewed.map(({ serial }) => serial);
    assert.deepEqual(
      renewed.map(({ role }) => role),
      ['root', 'intermediate'],
    );
    assert.deepEqual(
      [...rebuilt].sort(),
      ['a.test', 'b.test', 'java', 'trust'].map((name) => join(at.cwd, name)).sort(),
    );
    assert.deepEqual(oldRootOnly, []);
    assert.deepEqual(serials(at.home, 'ca', 'root.crt.pem'), [root]);
    assert.deepEqual(serials(at.home, 'ca', 'intermediate.crt.pem'), [intermediate]);
    assert.deepEqual(serials(at.cwd, 'trust', 'ca.pem'), [root]);
    assert.deepEqual(serials(at.cwd, 'a.test', 'ca.pem'), [root]);
    assert.equal(serials(at.cwd, 'a.test', 'a.test.chain.pem')[1], intermediate);
    assert.deepEqual(readFileSync(join(at.cwd, 'a.test', 'a.test.key.pem')), key);
    const list = ['-list', '-v', '-keystore', join(at.cwd, 'java', 'ca.jks'), '-storepass', 'changeit'];
    assert.match(await must('keytool', list), new RegExp(`Serial number: ${root}`));
    const zipped = await must('unzip', ['-p', join(at.cwd, 'a.zip'), 'ca.pem']);
    assert.deepEqual(zipped, readFileSync(join(at.cwd, 'a.test', 'ca.pem'), 'utf8'));
  });

  test('are told of when they cannot be made again, and hinder no others', async () => {
    const at = await place();
    for (const name of ['gone.test', 'edited.test', 'fine.test']) await localCaJson(['issue', name], at);
    await localCaJson(['issue', 'sealed.test', '--format', 'p12', '--password', 'secret words'], at);
    rmSync(join(at.cwd, 'gone.test'), { recursive: true });
    writeFileSync(join(at.cwd, 'edited.test', 'ca.pem'), 'mine\n');
    const { rebuilt, oldRootOnly } = await renew(at, '--new-key');
    assert.deepEqual(rebuilt, [join(at.cwd, 'fine.test')]);
    assert.deepEqual(
      oldRootOnly.map(({ label, why }) => [label, why]),
      [
        ['edited.test', `${join(at.cwd, 'edited.test', 'ca.pem')} was changed after local-ca made it`],
        ['gone.test', 'the folder is not there any more'],
        ['sealed.test', 'the key stores of "sealed.test" have a password that somebody chose, and it is not on record'],
      ],
    );
    const again = await renew(at, '--password', 'secret words');
    assert.deepEqual(
      [...again.rebuilt].sort(),
      ['fine.test', 'sealed.test'].map((name) => join(at.cwd, name)),
    );
  });

  test('are left to deploy run where they are deployed: a newer certificate may stand there', async () => {
    const at = await place();
    await localCaJson(['issue', 'a.test', '--keep-key'], at);
    await localCaJson(['deploy', 'add', 'a.test', '--to', 'a.test', '--hook', 'true'], at);
    await localCaJson(['renew', 'a.test'], at);
    await localCaJson(['deploy', 'run', '--now'], at);
    const [deployed] = serials(at.cwd, 'a.test', 'a.test.crt.pem');
    assert.deepEqual((await renew(at)).rebuilt, []);
    assert.deepEqual(serials(at.cwd, 'a.test', 'a.test.crt.pem'), [deployed]);
    await localCaJson(['deploy', 'run', '--now'], at);
    assert.deepEqual(serials(at.cwd, 'a.test', 'ca.pem'), serials(at.home ?? '', 'ca', 'root.crt.pem'));
  });

  test('are made again where a key is away, and its renewal still asks for it', async () => {
    const at = await place();
    await localCaJson(['issue', 'a.test'], at);
    renameSync(join(at.cwd, 'a.test', 'a.test.key.pem'), join(at.cwd, 'safe.pem'));
    const { rebuilt, renewed } = await renew(at);
    assert.deepEqual(rebuilt, [join(at.cwd, 'a.test')]);
    assert.deepEqual(serials(at.cwd, 'a.test', 'ca.pem'), [renewed[0]?.serial]);
    const { status, stderr } = await localCa(['renew', 'a.test'], at);
    assert.equal(status, 1);
    assert.match(stderr, /nor is it in/);
    await localCaJson(['renew', 'a.test', '--key', 'safe.pem'], at);
    assert.deepEqual(readFileSync(join(at.cwd, 'a.test', 'a.test.key.pem')), readFileSync(join(at.cwd, 'safe.pem')));
  });
});

interface Checkup {
  readonly findings: readonly { readonly check: string; readonly message: string; readonly repaired: string | null }[];
}

/** Its exit code is 3 when something is wrong. */
async function doctor(at: CliOptions, ...flags: readonly string[]): Promise<Checkup['findings']> {
  const { stdout } = await localCa(['doctor', '--json', ...flags], at);
  return (JSON.parse(stdout) as Checkup).findings;
}

describe('killed after the new CA is on record', { skip: !posix && 'Windows knows no signals' }, () => {
  for (const args of [['--ca'], ['--ca', 'intermediate'], ['--ca', '--new-key']]) {
    test(`${args.join(' ')}: doctor names the folders that have the old one, and makes them again`, async () => {
      const at = await place('--intermediate');
      await localCaJson(['issue', 'a.test', '--zip', 'a.zip'], at);
      await localCaJson(['issue', 'b.test', '--format', 'pem,jks'], at);
      await localCaJson(['export', '--ca', '--out', 'trust'], at);
      const whole = join(at.cwd, '..', `whole-${made}`);
      const home = `${at.cwd}-home`;
      const live = [at.cwd, home];
      for (const [i, path] of live.entries()) cpSync(path, `${whole}-${i}`, { recursive: true });
      const changes = await countChanges(['renew', ...args], at);
      const seen = new Set<string>();
      for (let moment = changes; moment > 0; moment -= Math.ceil(changes / 6)) {
        for (const [i, path] of live.entries()) {
          rmSync(path, { recursive: true });
          cpSync(`${whole}-${i}`, path, { recursive: true });
        }
        await localCa(['renew', ...args], { ...at, env: dieAt(moment) });
        for (const { check, message } of await doctor(at, '--repair')) if (check === 'trust-files') seen.add(message);
        assert.deepEqual(await doctor(at), [], `before change ${moment} of ${changes}`);
        const [root = ''] = serials(home, 'ca', 'root.crt.pem');
        for (const name of ['a.test', 'b.test', 'trust']) assert.ok(serials(at.cwd, name, 'ca.pem').includes(root));
        const [intermediate] = serials(home, 'ca', 'intermediate.crt.pem');
        const sent = ['a.test', 'b.test'].map((name) => serials(at.cwd, name, `${name}.chain.pem`)[1]);
        // A new one has signed none of them.
        if (!args.includes('--new-key')) assert.deepEqual(sent, [intermediate, intermediate]);
      }
      const named = ['a.test', 'b.test', 'trust'].map((name) => join(at.cwd, name));
      assert.deepEqual(
        [...seen].sort(),
        named.map((path) => `the files in ${path} hold the CA as it was before`),
      );
    });
  }

  test('what doctor cannot make again it names, until a renewal does', async () => {
    const at = await place();
    await localCaJson(['issue', 'sealed.test', '--format', 'p12', '--password', 'secret words'], at);
    await renew(at);
    const [found] = await doctor(at, '--repair');
    assert.equal(found?.check, 'trust-files');
    assert.equal(found.repaired, null);
    await renew(at, '--password', 'secret words');
    assert.deepEqual(await doctor(at), []);
  });
});

describe('what it says', () => {
  test('how long copies of the old root still count', async () => {
    const at = await place('--days', '900');
    const { stderr, stdout, status } = await localCa(['renew', '--ca'], at);
    assert.equal(status, 0, stderr);
    assert.match(
      stderr,
      /^renewed Test CA \(root, serial [0-9a-f]{32}\)\n {2}valid until \d{4}-\d\d-\d\d \(900 days left\)$/m,
    );
    assert.match(stderr, /^copies of the root that clients have count until \d{4}-\d\d-\d\d: give them/m);
    assert.equal(stdout, '');
  });

  test('of a root that was renewed twice, the end of the oldest that clients may have', async () => {
    const at = await place('--days', '300');
    const first = new X509Certificate(readFileSync(join(at.home, 'ca', 'root.crt.pem')));
    const end = new Date(first.validTo).toISOString().slice(0, 10);
    const old = first.serialNumber.toLowerCase().padStart(32, '0');
    const [row] = (await renew(at, '--days', '900')).renewed;
    assert.equal(row?.replaces, old);
    const second = await localCa(['renew', '--ca'], at);
    assert.match(second.stderr, new RegExp(`^copies of the root that clients have count until ${end}: give`, 'm'));
    await localCaJson(['revoke', old], at);
    const third = await localCa(['renew', '--ca'], at);
    assert.match(third.stderr, /^copies of the root that clients have count until /m);
    assert.doesNotMatch(third.stderr, new RegExp(`count until ${end}`));
  });

  test('with a new intermediate: its serial, what servers need, and what ends it', async () => {
    const at = await place('--intermediate');
    const [old = ''] = serials(at.home, 'ca', 'intermediate.crt.pem');
    const { stderr } = await localCa(['renew', '--ca', 'intermediate', '--new-key'], at);
    assert.match(
      stderr,
      new RegExp(
        '^servers send Test CA intermediate until they have new certificates: local-ca renew --all --within 99999d\\n' +
          ` {2}when all have them, end it: local-ca revoke ${old.padStart(32, '0')} --reason superseded\\n`,
        'm',
      ),
    );
    const { stderr: advice } = await localCa(['status'], at);
    assert.match(
      advice,
      new RegExp(`^Test CA intermediate: renew what it signed; .*: local-ca revoke ${old.padStart(32, '0')}$`, 'm'),
    );
    const { renewed } = await renew(at, '--new-key');
    assert.deepEqual(
      renewed.map(({ role, replaces }) => [role, replaces !== null]),
      [
        ['root', true],
        ['intermediate', false],
        ['intermediate', true],
      ],
    );
  });

  test('with a new root: who knows the old one alone, and what ends it', async () => {
    const at = await place();
    await localCaJson(['issue', 'a.test'], at);
    rmSync(join(at.cwd, 'a.test'), { recursive: true });
    const [old] = serials(at.home, 'ca', 'root.crt.pem');
    const { stderr } = await localCa(['renew', '--ca', '--new-key'], at);
    assert.match(
      stderr,
      new RegExp(`These know the old root alone:\n {2}${join(at.cwd, 'a.test')}: the folder is not there`),
    );
    assert.match(stderr, new RegExp(`when all clients have them, end it: local-ca revoke ${old}\n`));
    assert.doesNotMatch(stderr, /warning: the root/);
    assert.match(stderr, /^renewed .* \(root, serial .*\n.*\nrenewed .* \(cross certificate, serial /m);
    assert.match(stderr, /^warning: the files in .* were not made again: .*\n {2}local-ca doctor says how/m);
    await localCaJson(['issue', 'b.test'], at);
    assert.deepEqual(serials(at.cwd, 'b.test', 'ca.pem')[1], old);
    const revoked = await localCa(['revoke', old ?? ''], at);
    assert.match(revoked.stderr, /^warning: a\.test was signed by it and falls with it: local-ca renew a\.test$/m);
    assert.doesNotMatch(revoked.stderr, /b\.test was signed by it/);
    assert.match(revoked.stderr, new RegExp(`^made again without it: ${join(at.cwd, 'b.test')}$`, 'm'));
    assert.deepEqual(serials(at.cwd, 'b.test', 'ca.pem'), serials(at.home, 'ca', 'root.crt.pem'));
    assert.equal(serials(at.cwd, 'b.test', 'b.test.chain.pem').length, 1);
  });

  test('a warning when the root has no room for a cross certificate, and when it is replaced twice', async (t) => {
    if (!needs(t, 'openssl')) return;
    const source = await place();
    const [root] = serials(source.home, 'ca', 'root.crt.pem');
    const key = join(source.home, 'ca', `${root}.key.pem`);
    const tight = ['req', '-x509', '-key', key, '-subj', '/CN=Tight', '-days', '900', '-out', 'tight.pem'];
    await must('openssl', [...tight, '-addext', 'basicConstraints=critical,CA:TRUE,pathlen:0'], { cwd: source.cwd });
    const at = { cwd: source.cwd, home: `${source.cwd}-tight` };
    const certificate = join(source.cwd, 'tight.pem');
    await localCaJson(['init', '--yes', '--from-cert', certificate, '--from-key', key], at);
    const [old] = serials(at.home, 'ca', 'root.crt.pem');
    const first = await localCa(['renew', '--ca', '--new-key'], at);
    assert.match(
      first.stderr,
      /warning: the root Tight has no room for a cross certificate below it: GnuTLS, Go and Python/,
    );
    const second = await localCa(['renew', '--ca', '--new-key', '--json'], at);
    assert.doesNotMatch(second.stderr, /no room/);
    assert.match(second.stderr, new RegExp(`warning: the root ${old} is still being replaced.*local-ca revoke ${old}`));
    const { warnings } = JSON.parse(second.stdout) as { warnings: readonly { code: string }[] };
    assert.deepEqual(
      warnings.map(({ code }) => code),
      ['left-behind'],
    );
  });

  test('with --dry-run what would be renewed, and nothing is changed', async () => {
    const at = await place('--intermediate');
    const before = [snapshot(at.cwd), snapshot(at.home)];
    const { stdout } = await localCa(['renew', '--ca', '--dry-run'], at);
    assert.match(stdout, /^ROLE {10}NAME .*\nintermediate {2}Test CA intermediate {2}\d.*\nroot {10}Test CA {15}\d/);
    assert.equal((await localCaJson<Row[]>(['renew', '--ca', 'root', '--dry-run'], at)).length, 1);
    assert.deepEqual([snapshot(at.cwd), snapshot(at.home)], before);
  });
});

describe('what it refuses', () => {
  test('what is about certificates', async () => {
    const at = await place();
    const refusals = [
      [['--ca', 'somebody'], '--ca cannot be "somebody"'],
      [['--ca', 'root', 'a.test'], 'labels were given together with --ca'],
      [['--ca', '--all'], '--all was given together with --ca'],
      [['--ca', '--within', '30d'], '--within was given together with --ca'],
      [['--ca', '--out', 'x'], '--out was given together with --ca'],
      [['--ca', '--keep-key'], '--keep-key was given together with --ca'],
    ] as const;
    for (const [args, says] of refusals) {
      await assertNothingDone(['renew', ...args], at, { code: 'LOCAL_CA_OPTION_INVALID', says });
    }
    const missing = { code: 'LOCAL_CA_NOT_FOUND', says: 'this CA has no intermediate' } as const;
    await assertNothingDone(['renew', '--ca', 'intermediate'], at, missing);
    await assertNothingDone(['renew', '--ca', 'intermediate', '--dry-run'], at, missing);
  });

  test('a root whose key is in a safe, until it is back', async () => {
    const at = await place('--intermediate');
    const [root] = serials(at.home, 'ca', 'root.crt.pem');
    const key = join(at.home, 'ca', `${root}.key.pem`);
    renameSync(key, join(at.cwd, 'safe'));
    for (const more of [[], ['--dry-run']]) {
      await assertNothingDone(['renew', '--ca', 'intermediate', ...more], at, {
        code: 'LOCAL_CA_KEY_NOT_KEPT',
        says: 'the CA "Test CA intermediate" cannot be renewed: the key of "Test CA" is not here',
        hint: new RegExp(`${root}\\.key\\.pem`),
      });
    }
    renameSync(join(at.cwd, 'safe'), key);
    await renew(at, 'intermediate');
  });

  test('an encrypted key without its passphrase', async () => {
    const cwd = join(folder, `work-${made++}`);
    mkdirSync(cwd);
    writeFileSync(join(cwd, 'words'), 'correct horse\n');
    const at = { cwd, home: `${cwd}-home` };
    const opened = ['--passphrase-file', 'words'];
    await localCaJson(['init', '--yes', '--encrypt-key', ...opened], at);
    await assertNothingDone(['renew', '--ca', '--new-key'], at, {
      code: 'LOCAL_CA_ANSWER_MISSING',
      says: "the CA's key needs a passphrase",
      hint: /--passphrase-file/,
    });
    const { renewed } = await renew(at, '--new-key', ...opened);
    const pem = readFileSync(join(at.home, 'ca', `${renewed[0]?.serial}.key.pem`), 'utf8');
    assert.match(pem, /^-----BEGIN ENCRYPTED PRIVATE KEY-----/);
    await localCaJson(['issue', 'a.test', ...opened], at);
  });
});

test('a CA that has expired is renewed, and what it signed counts again', async (t) => {
  if (!needs(t, 'faketime', 'openssl')) return;
  const at = await place('--days', '300');
  await localCaJson(['issue', 'a.test', '--days', '400'], at);
  const later = { ...at, env: atDate(340).env };
  const expired = await localCa(['renew', 'a.test'], later);
  assert.equal(expired.status, 1);
  assert.match(expired.stderr, /the CA CN=Test CA expired on .*\nRenew the CA first \(local-ca renew --ca/);
  await renew(later);
  const { renewed } = await localCaJson<{ renewed: { notAfter: string }[] }>(['renew', 'a.test'], later);
  // The end of the CA had cut it short.
  const days = (Date.parse(renewed[0]?.notAfter ?? '') - Date.now()) / 86_400_000;
  assert.ok(days > 639 && days < 641, `${days}`);
  const verify = ['verify', '-x509_strict', '-attime', String(Math.floor(Date.now() / 1000) + 340 * 86_400)];
  await must('openssl', [...verify, '-CAfile', 'a.test/ca.pem', 'a.test/a.test.crt.pem'], { cwd: at.cwd });
});
