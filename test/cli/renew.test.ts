/** `renew` for certificates: in the same places, as the real program does it. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { type CliOptions, localCa, localCaJson } from '../support/cli.ts';
import { atDate } from '../support/faketime.ts';
import { must, needs, run } from '../support/peers.ts';
import { temporaryFolder } from '../support/temp.ts';
import { assertNothingDone, assertRefused, posix, snapshot } from './support.ts';

const folder = temporaryFolder();
const home = join(folder, 'home');

before(() => localCaJson(['init', '--yes', '--name', 'Test CA'], { home }));

let made = 0;
/** A working folder of its own. */
function place(): CliOptions & { readonly cwd: string } {
  const cwd = join(folder, `work-${made++}`);
  mkdirSync(cwd);
  return { home, cwd };
}

interface Made {
  readonly label: string;
  readonly serial: string;
  readonly notAfter: string;
  readonly files: readonly { readonly path: string }[];
  readonly zip: string | null;
  readonly renews?: { readonly serial: string };
}

interface Outcome {
  readonly renewed: readonly Made[];
  readonly failed: readonly {
    readonly label: string;
    readonly error: { readonly code: string; readonly hint: string };
  }[];
}

const issue = (at: CliOptions, label: string, ...flags: readonly string[]) =>
  localCaJson<Made>(['issue', `${label}.test`, '--label', label, ...flags], at);
const renew = (at: CliOptions, ...args: readonly string[]) => localCaJson<Outcome>(['renew', ...args], at);

async function renewOne(at: CliOptions, ...args: readonly string[]): Promise<Made> {
  const { renewed, failed } = await renew(at, ...args);
  assert.deepEqual([renewed.length, failed], [1, []]);
  return renewed[0] as Made;
}

const read = (at: { readonly cwd: string }, ...path: readonly string[]) => readFileSync(join(at.cwd, ...path));
const certificateIn = (at: { readonly cwd: string }, ...path: readonly string[]) =>
  new X509Certificate(read(at, ...path));
const serialIn = (...args: Parameters<typeof certificateIn>) => certificateIn(...args).serialNumber.toLowerCase();

describe('the files', () => {
  test('are in their places, with a new certificate for a key that nobody touched', async () => {
    const at = place();
    const first = await issue(at, 'plain', '--template', 'nginx', '--out', 'srv', '--zip', 'srv.zip');
    const key = statSync(join(at.cwd, 'srv', 'plain.key.pem'));
    const elsewhere = { ...at, cwd: place().cwd };
    const second = await renewOne(elsewhere, 'plain');
    assert.deepEqual(second.files, first.files);
    assert.equal(second.zip, join(at.cwd, 'srv.zip'));
    assert.equal(second.renews?.serial, first.serial);
    assert.equal(serialIn(at, 'srv', 'plain.chain.pem'), second.serial);
    const { ino, mtimeMs, mode } = statSync(join(at.cwd, 'srv', 'plain.key.pem'));
    assert.deepEqual({ ino, mtimeMs, mode }, { ino: key.ino, mtimeMs: key.mtimeMs, mode: key.mode });
    assert.deepEqual(snapshot(elsewhere.cwd), {});
  });

  test('with --new-key have a new key, and the old one cannot be mistaken for it', async () => {
    const at = place();
    await issue(at, 'rekeyed');
    const old = read(at, 'rekeyed', 'rekeyed.key.pem');
    await renewOne(at, 'rekeyed', '--new-key');
    const now = certificateIn(at, 'rekeyed', 'rekeyed.crt.pem');
    assert.notDeepEqual(read(at, 'rekeyed', 'rekeyed.key.pem'), old);
    const { createPrivateKey } = await import('node:crypto');
    assert.ok(now.checkPrivateKey(createPrivateKey(read(at, 'rekeyed', 'rekeyed.key.pem'))));
    assert.ok(!now.checkPrivateKey(createPrivateKey(old)));
  });

  test('of key stores keep formats, alias, PKCS#12 profile and the password that was made up', async (t) => {
    if (!needs(t, 'keytool', 'openssl')) return;
    const at = place();
    await issue(at, 'stores', '--format', 'p12,jks', '--alias', 'tomcat', '--p12-profile', 'compat');
    const password = read(at, 'stores', 'stores.password.txt').toString().trim();
    const { serial, files } = await renewOne(at, 'stores');
    assert.equal(files.length, 6);
    assert.equal(read(at, 'stores', 'stores.password.txt').toString().trim(), password);
    for (const type of ['jks', 'p12']) {
      const store = join(at.cwd, 'stores', `stores.${type}`);
      const list = await must('keytool', [
        '-list',
        '-v',
        '-keystore',
        store,
        '-storepass',
        password,
        '-alias',
        'tomcat',
      ]);
      assert.match(list, new RegExp(`Serial number: ${serial}`));
    }
    const asked = [
      'pkcs12',
      '-in',
      join(at.cwd, 'stores', 'stores.p12'),
      '-info',
      '-noout',
      '-passin',
      `pass:${password}`,
    ];
    const { stderr } = await run('openssl', asked);
    assert.match(stderr, /pbeWithSHA1And3-KeyTripleDES-CBC/);
  });

  test('go elsewhere when asked, from then on', async () => {
    const at = place();
    await issue(at, 'moved');
    await renewOne(at, 'moved', '--out', 'other', '--key', 'moved/moved.key.pem');
    const { serial } = await renewOne(at, 'moved');
    assert.equal(serialIn(at, 'other', 'moved.crt.pem'), serial);
    assert.notEqual(serialIn(at, 'moved', 'moved.crt.pem'), serial);
  });

  test('that export made elsewhere are not where a renewal writes', async () => {
    const at = place();
    await issue(at, 'exported', '--keep-key');
    await localCaJson(['export', 'exported', '--out', 'copy'], at);
    const { serial } = await renewOne(at, 'exported');
    assert.equal(serialIn(at, 'exported', 'exported.crt.pem'), serial);
    assert.notEqual(serialIn(at, 'copy', 'exported.crt.pem'), serial);
  });

  test('of many that were issued together are in the folder of each', async () => {
    const at = place();
    writeFileSync(join(at.cwd, 'list.csv'), 'names,label\none.test,one\ntwo.test,two\n');
    await localCaJson(['issue', '--from', 'list.csv', '--out', 'all'], at);
    const { renewed } = await renew(at, 'one', 'two');
    assert.deepEqual(
      renewed.map(({ serial }) => serial),
      ['one', 'two'].map((label) => serialIn(at, 'all', label, `${label}.crt.pem`)),
    );
  });

  test('of a template that is a folder are made with it again, from anywhere', async () => {
    const at = place();
    mkdirSync(join(at.cwd, 'mine'));
    const files = [{ path: 'server.pem', content: 'combined-pem', audience: 'server', about: 'All' }];
    const template = { title: 'Mine', summary: 'Mine', kind: 'server', files };
    writeFileSync(join(at.cwd, 'mine', 'template.json'), JSON.stringify(template));
    writeFileSync(join(at.cwd, 'mine', 'README.md'), '{{renewal}}\n');
    const shown = await localCa(['issue', 'own.test', '--template', './mine', '--out', 'own'], at);
    assert.equal(shown.status, 0, shown.stderr);
    const { serial } = await renewOne({ ...at, cwd: place().cwd }, 'own.test');
    assert.equal(serialIn(at, 'own', 'server.pem'), serial);
    assert.match(read(at, 'own', 'README.md').toString(), /local-ca renew own\.test/);
  });
});

describe('the key', () => {
  test('that the home keeps makes files where there are none any more', async () => {
    const at = place();
    await issue(at, 'kept', '--keep-key');
    rmSync(join(at.cwd, 'kept'), { recursive: true });
    await renewOne(at, 'kept');
    assert.ok(existsSync(join(at.cwd, 'kept', 'kept.key.pem')));
  });

  test('is asked for when it is nowhere', async () => {
    const at = place();
    await issue(at, 'lost');
    renameSync(join(at.cwd, 'lost'), join(at.cwd, 'safe'));
    await assertNothingDone(['renew', 'lost'], at, {
      code: 'LOCAL_CA_KEY_NOT_KEPT',
      says: `the private key of "lost" is not in the home, nor is it in ${join(at.cwd, 'lost')}`,
      hint: /--key FILE.*--new-key/,
    });
    await renewOne(at, 'lost', '--key', 'safe/lost.key.pem');
    assert.deepEqual(read(at, 'lost', 'lost.key.pem'), read(at, 'safe', 'lost.key.pem'));
  });

  test('may be encrypted', async (t) => {
    if (!needs(t, 'openssl')) return;
    const at = place();
    await issue(at, 'sealed');
    renameSync(join(at.cwd, 'sealed'), join(at.cwd, 'safe'));
    const encrypt = ['pkcs8', '-topk8', '-in', 'safe/sealed.key.pem', '-passout', 'pass:abc', '-out', 'sealed.key'];
    await must('openssl', encrypt, { cwd: at.cwd });
    await assertNothingDone(['renew', 'sealed', '--key', 'sealed.key'], at, {
      code: 'LOCAL_CA_KEY_ENCRYPTED',
      says: /pass phrase/,
    });
    await renewOne(at, 'sealed', '--key', 'sealed.key', '--key-password', 'abc');
    assert.deepEqual(read(at, 'sealed', 'sealed.key.pem'), read(at, 'safe', 'sealed.key.pem'));
  });

  test('of another certificate is refused', async () => {
    const at = place();
    await issue(at, 'mine');
    await issue(at, 'other');
    await assertNothingDone(['renew', 'mine', '--key', 'other/other.key.pem'], at, {
      code: 'LOCAL_CA_KEY_MISMATCH',
      says: 'does not belong to the certificate "mine"',
    });
  });

  test('in a store with a password that somebody chose needs it again', async (t) => {
    if (!needs(t, 'keytool')) return;
    const at = place();
    await issue(at, 'chosen', '--format', 'jks', '--password', 'my own words');
    await assertNothingDone(['renew', 'chosen'], at, {
      code: 'LOCAL_CA_ANSWER_MISSING',
      says: 'the key stores of "chosen" have a password that somebody chose',
      hint: /--password-file FILE/,
    });
    await assertNothingDone(['renew', 'chosen', '--password', 'wrong words'], at, {
      code: 'LOCAL_CA_KEY_NOT_KEPT',
      says: 'the private key of "chosen" is not in the home',
    });
    writeFileSync(join(at.cwd, 'password'), 'my own words\n');
    const { serial } = await renewOne(at, 'chosen', '--password-file', 'password');
    const list = ['-list', '-v', '-keystore', join(at.cwd, 'chosen', 'chosen.jks'), '-storepass', 'my own words'];
    assert.match(await must('keytool', list), new RegExp(`Serial number: ${serial}`));
  });

  test('may get another password for its stores', async () => {
    const at = place();
    await issue(at, 'changed', '--format', 'p12');
    await renewOne(at, 'changed', '--password', 'now mine');
    await assertRefused(['renew', 'changed'], at, { code: 'LOCAL_CA_ANSWER_MISSING', says: /password/ });
  });

  test('given together with --new-key is a contradiction', async () => {
    const at = place();
    await issue(at, 'both');
    await assertNothingDone(['renew', 'both', '--new-key', '--key', 'both/both.key.pem'], at, {
      code: 'LOCAL_CA_OPTION_INVALID',
      says: '--key was given together with --new-key',
    });
  });
});

describe('what stands in the way', () => {
  test('a file that somebody edited, unless it is forced', async () => {
    const at = place();
    await issue(at, 'edited', '--template', 'nginx');
    const conf = join(at.cwd, 'edited', 'nginx.conf');
    writeFileSync(conf, '# mine\n');
    await assertNothingDone(['renew', 'edited'], at, {
      code: 'LOCAL_CA_OUTPUT_EXISTS',
      says: `${conf} was changed after local-ca made it`,
      hint: /--force/,
    });
    await renewOne(at, 'edited', '--force');
    assert.doesNotMatch(readFileSync(conf, 'utf8'), /# mine/);
  });

  test('a link in the place of the folder', { skip: !posix }, async () => {
    const at = place();
    await issue(at, 'linked');
    renameSync(join(at.cwd, 'linked'), join(at.cwd, 'real'));
    symlinkSync('real', join(at.cwd, 'linked'));
    await assertNothingDone(['renew', 'linked'], at, {
      code: 'LOCAL_CA_OUTPUT_EXISTS',
      says: `${join(at.cwd, 'linked')} is a symbolic link`,
    });
  });

  test('more than 825 days, unless they are forced', async () => {
    const at = place();
    await issue(at, 'long');
    const refusal = { code: 'LOCAL_CA_VALIDITY_INVALID', says: 'a life of 900 days', hint: /--force/ } as const;
    await assertNothingDone(['renew', 'long', '--days', '900'], at, refusal);
    await renewOne(at, 'long', '--days', '900', '--force');
  });

  test('flags that are of one certificate, for several', async () => {
    const at = place();
    await issue(at, 'flag1');
    await issue(at, 'flag2');
    for (const flag of ['key', 'out', 'zip']) {
      await assertNothingDone(['renew', 'flag1', 'flag2', `--${flag}`, 'x'], at, {
        code: 'LOCAL_CA_OPTION_INVALID',
        says: `--${flag} was given for several certificates`,
      });
    }
    const both = { code: 'LOCAL_CA_OPTION_INVALID', says: 'labels were given together with --all' } as const;
    await assertRefused(['renew', 'flag1', '--all'], at, both);
  });

  test('no label, and one that is not there', async () => {
    const at = place();
    const missing = { code: 'LOCAL_CA_ANSWER_MISSING', says: 'no label was given', hint: /renew --all/ } as const;
    await assertNothingDone(['renew'], at, missing);
    await assertNothingDone(['renew', 'nobody'], at, { code: 'LOCAL_CA_NOT_FOUND', says: '"nobody"' });
  });

  test('a time before the end that is none', async () => {
    const at = place();
    for (const within of ['soon', '0%', '-3d', '30']) {
      await assertRefused(['renew', '--all', '--within', within], at, {
        code: 'LOCAL_CA_OPTION_INVALID',
        says: within,
      });
    }
  });

  test('a revocation, also before it is seen that the key is missing', async () => {
    const at = place();
    const { serial } = await issue(at, 'revoked');
    rmSync(join(at.cwd, 'revoked'), { recursive: true });
    await localCaJson(['revoke', 'revoked', '--reason', 'keyCompromise'], at);
    const refusal = {
      code: 'LOCAL_CA_NOT_RENEWABLE',
      says: `the certificate ${serial} of "revoked" was revoked (keyCompromise)`,
      hint: /local-ca issue revoked\.test --label revoked/,
    } as const;
    const { revocation } = await localCaJson<{ revocation: { reason: string } }>(['show', 'revoked'], at);
    assert.equal(revocation.reason, 'keyCompromise');
    assert.match((await localCa(['show', 'revoked'], at)).stdout, /^revoked {3}\d{4}-.*Z \(keyCompromise\)$/m);
    for (const more of [[], ['--dry-run'], ['--new-key']])
      await assertNothingDone(['renew', 'revoked', ...more], at, refusal);
  });

  test('a newer one of the same label', async () => {
    const at = place();
    const { serial } = await issue(at, 'twice');
    await renewOne(at, 'twice');
    const refusal = { code: 'LOCAL_CA_NOT_RENEWABLE', says: `${serial} of "twice" was superseded by` } as const;
    await assertNothingDone(['renew', serial], at, refusal);
  });
});

describe('several at once', () => {
  test('one that fails leaves the others, and is told', async () => {
    const at = place();
    for (const label of ['few1', 'few2', 'few3']) await issue(at, label);
    rmSync(join(at.cwd, 'few2'), { recursive: true });
    const { status, stdout, stderr } = await localCa(['renew', 'few1', 'few2', 'few3', '--json'], at);
    assert.equal(status, 1);
    const { renewed, failed } = JSON.parse(stdout) as Outcome;
    for (const { label, serial, renews } of renewed) {
      assert.equal(serialIn(at, label, `${label}.crt.pem`), serial);
      const history = await localCaJson<{ history: { serial: string }[] }>(['show', label, '--history'], at);
      assert.deepEqual(
        history.history.map((event) => event.serial),
        [renews?.serial, serial],
      );
    }
    assert.deepEqual(
      renewed.map(({ label }) => label),
      ['few1', 'few3'],
    );
    assert.deepEqual(
      failed.map(({ label, error }) => `${label} ${error.code}`),
      ['few2 LOCAL_CA_KEY_NOT_KEPT'],
    );
    assert.match(stderr, /^local-ca: few2: the private key of "few2" is not in the home/m);
  });

  test('a password is for those that have one', async () => {
    const at = place();
    await issue(at, 'pw1', '--format', 'p12', '--password', 'secret words');
    await issue(at, 'pw2', '--format', 'p12');
    await issue(at, 'pw3');
    const { renewed, failed } = await renew(at, 'pw1', 'pw2', 'pw3', '--password', 'secret words');
    assert.deepEqual([renewed.length, failed], [3, []]);
    assert.ok(existsSync(join(at.cwd, 'pw2', 'pw2.password.txt')));
  });

  test('a label that is named twice is renewed once', async () => {
    const at = place();
    const { serial } = await issue(at, 'same');
    await renewOne(at, 'same', 'same', serial);
  });
});

describe('what is due', () => {
  const own = join(folder, 'due');
  const at = { home: join(own, 'home'), cwd: own };
  const on = (days: number) => ({ ...at, env: atDate(days).env });
  const labels = async (days: number, ...args: readonly string[]) =>
    (await localCaJson<Made[]>(['renew', '--all', '--dry-run', ...args], on(days))).map(({ label }) => label);

  before(async () => {
    mkdirSync(own);
    await localCaJson(['init', '--yes'], at);
    await issue(at, 'year');
    await issue(at, 'month', '--days', '30');
    await issue(at, 'week', '--days', '7');
  });

  test('is what has 30 days left, or a third of its life; or as said', async (t) => {
    if (!needs(t, 'faketime')) return;
    assert.deepEqual(await labels(0), []);
    assert.deepEqual(await labels(4), []);
    assert.deepEqual(await labels(5), ['week']);
    assert.deepEqual(await labels(21), ['month', 'week']);
    assert.deepEqual(await labels(340), ['year', 'month', 'week']);
    assert.deepEqual(await labels(0, '--within', '2w'), ['week']);
    assert.deepEqual(await labels(0, '--within', '30d'), ['month', 'week']);
    assert.deepEqual(await labels(5, '--within', '75%'), []);
    assert.deepEqual(await labels(6, '--within', '75%'), ['week']);
    assert.deepEqual(await labels(0, '--within', '9999d'), ['year', 'month', 'week']);
  });

  test('in a dry run changes nothing, and says where it would', async () => {
    const changed = snapshot(own);
    const { status, stdout } = await localCa(['renew', '--all', '--within', '30d', '--dry-run'], at);
    assert.equal(status, 0);
    assert.match(stdout, /^LABEL +EXPIRES +LEFT +FILES IN +SERIAL\nmonth .*due.*month +[0-9a-f]{32}\nweek /);
    assert.deepEqual(snapshot(own), changed);
  });

  test('of a label that is named is renewed when it is due, if that was asked', async () => {
    const { status, stdout, stderr } = await localCa(['renew', 'year', '--within', '30d', '--json'], at);
    assert.deepEqual([status, JSON.parse(stdout), stderr], [0, { renewed: [], failed: [] }, 'nothing is due\n']);
  });

  test('is renewed by --all, after a year', async (t) => {
    if (!needs(t, 'faketime')) return;
    const { renewed } = await renew(on(340), '--all', '--yes');
    assert.deepEqual(
      renewed.map(({ label }) => label),
      ['year', 'month', 'week'],
    );
    const end = new Date(certificateIn(at, 'year', 'year.crt.pem').validTo);
    const days = (end.getTime() - Date.now()) / 86_400_000;
    assert.ok(days > 704 && days < 706, `${days}`);
    assert.deepEqual((await renew(on(340), '--all')).renewed, []);
  });
});

test('without a record of where files went, the key is asked for, and they go to the usual folder', async () => {
  const at = place();
  await issue(at, 'older');
  await forgetPlacements();
  await assertNothingDone(['renew', 'older'], at, {
    code: 'LOCAL_CA_KEY_NOT_KEPT',
    says: 'and it is not known where its files went',
  });
  const { files } = await renewOne(at, 'older', '--key', 'older/older.key.pem');
  assert.ok(files.every(({ path }) => path.startsWith(join(at.cwd, 'older'))));
  await renewOne(at, 'older');
});

/** As in an inventory that the version before made. */
async function forgetPlacements(): Promise<void> {
  const { default: Database } = await import('libsql');
  const database = new Database(join(home, 'inventory.db'));
  database.exec('DELETE FROM placements');
  database.close();
}
