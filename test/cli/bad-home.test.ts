/** A home that is not as it should be, and a CA that may not sign: refused at once, and nothing is issued. */
import assert from 'node:assert/strict';
import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, type TestContext, test } from 'node:test';
import type { ErrorCode } from '../../src/errors.ts';
import { localCaJson, program } from '../support/cli.ts';
import { needs, run } from '../support/peers.ts';
import { temporaryFolder } from '../support/temp.ts';
import { assertNothingDone, assertRefused, posix, snapshot } from './support.ts';

const folder = temporaryFolder();
const plain = join(folder, 'plain');
const encrypted = join(folder, 'encrypted');
const secret = { LOCAL_CA_PASSPHRASE: 'correct horse' };

before(async () => {
  await localCaJson(['init', '--yes', '--name', 'Plain'], { home: plain });
  await localCaJson(['init', '--yes', '--name', 'Locked', '--encrypt-key'], { home: encrypted, env: secret });
});

/** A copy of a home that a test may spoil. */
function copyOf(home: string, t: TestContext): { home: string; cwd: string } {
  const copy = join(temporaryFolder(t), 'home');
  cpSync(home, copy, { recursive: true });
  chmodSync(copy, 0o700);
  return { home: copy, cwd: temporaryFolder(t) };
}

const keyFile = (home: string) =>
  join(home, 'ca', readdirSync(join(home, 'ca')).find((name) => name.endsWith('.key.pem')) ?? '');

const ISSUE = ['issue', 'a.test', '--out', 'x'];

describe('lax modes', { skip: !posix && 'Windows has ACLs instead' }, () => {
  for (const mode of [0o755, 0o750, 0o701]) {
    test(`a home that is ${mode.toString(8)}`, async (t) => {
      const { home, cwd } = copyOf(plain, t);
      chmodSync(home, mode);
      for (const args of [ISSUE, ['list'], ['show', 'a.test'], ['export', '--ca']]) {
        const refusal = { code: 'LOCAL_CA_PERMISSIONS_LAX' as const, says: home, hint: /^Run: chmod 700 \// };
        await assertRefused(args, { home, cwd }, refusal);
      }
      assert.deepEqual(snapshot(cwd), {});
    });
  }

  for (const mode of [0o644, 0o640, 0o604]) {
    test(`a CA key that is ${mode.toString(8)}`, async (t) => {
      const { home, cwd } = copyOf(plain, t);
      chmodSync(keyFile(home), mode);
      const refusal = { code: 'LOCAL_CA_PERMISSIONS_LAX' as const, says: keyFile(home), hint: /^Run: chmod 600 \// };
      await assertNothingDone(ISSUE, { home, cwd }, refusal);
      // What the hint says is enough.
      chmodSync(keyFile(home), 0o600);
      await localCaJson(ISSUE, { home, cwd });
    });
  }
});

describe('a CA key', () => {
  const SPOILS: readonly (readonly [what: string, spoil: (file: string) => void, code: ErrorCode, says: string])[] = [
    [
      'of another CA',
      (file) => writeFileSync(file, readFileSync(keyFile(join(folder, 'other')))),
      'LOCAL_CA_KEY_MISMATCH',
      'Plain',
    ],
    ['that is cut off', (file) => writeFileSync(file, readFileSync(file).subarray(0, 100)), 'LOCAL_CA_KEY_INVALID', ''],
    ['that is empty', (file) => writeFileSync(file, ''), 'LOCAL_CA_KEY_INVALID', ''],
    ['that is gone', (file) => rmSync(file), 'LOCAL_CA_HOME_INVALID', 'is missing'],
    [
      'that is a folder',
      (file) => {
        rmSync(file);
        mkdirSync(file, { mode: 0o700 });
      },
      'LOCAL_CA_INPUT_FAILED',
      'it is a folder',
    ],
  ];
  before(() => localCaJson(['init', '--yes', '--name', 'Other'], { home: join(folder, 'other') }));
  for (const [what, spoil, code, says] of SPOILS) {
    test(what, async (t) => {
      const place = copyOf(plain, t);
      spoil(keyFile(place.home));
      await assertNothingDone(ISSUE, place, { code, says });
    });
  }
});

describe('a passphrase', () => {
  const rows: readonly (readonly [what: string, env: Record<string, string>, flags: string[], ErrorCode, string])[] = [
    ['that is missing', {}, [], 'LOCAL_CA_ANSWER_MISSING', 'passphrase'],
    ['that is empty', { LOCAL_CA_PASSPHRASE: '' }, [], 'LOCAL_CA_ANSWER_MISSING', 'passphrase'],
    ['that is wrong', { LOCAL_CA_PASSPHRASE: 'incorrect' }, [], 'LOCAL_CA_PASSWORD_WRONG', 'pass phrase'],
    ['in an empty file', secret, ['--passphrase-file', 'empty'], 'LOCAL_CA_PASSWORD_REQUIRED', 'empty'],
    ['in no file', secret, ['--passphrase-file', 'none'], 'LOCAL_CA_INPUT_FAILED', 'none'],
    ['in a file, wrong', secret, ['--passphrase-file', 'wrong'], 'LOCAL_CA_PASSWORD_WRONG', 'pass phrase'],
  ];
  for (const [what, env, flags, code, says] of rows) {
    test(what, async (t) => {
      const place = copyOf(encrypted, t);
      writeFileSync(join(place.cwd, 'empty'), '\n');
      writeFileSync(join(place.cwd, 'wrong'), 'nonsense\n');
      const { LOCAL_CA_PASSPHRASE } = env;
      await assertNothingDone([...ISSUE, ...flags], { ...place, env: { LOCAL_CA_PASSPHRASE } }, { code, says });
    });
  }
});

describe('a home', () => {
  const HOMES: readonly (readonly [what: string, spoil: (home: string) => void, code: ErrorCode])[] = [
    ['that is not there', (home) => rmSync(home, { recursive: true }), 'LOCAL_CA_HOME_MISSING'],
    [
      'that is empty',
      (home) => rmSync(home, { recursive: true }) ?? mkdirSync(home, { mode: 0o700 }),
      'LOCAL_CA_HOME_MISSING',
    ],
    ['that is a file', (home) => rmSync(home, { recursive: true }) ?? writeFileSync(home, ''), 'LOCAL_CA_HOME_MISSING'],
    ['without its inventory', (home) => rmSync(join(home, 'inventory.db')), 'LOCAL_CA_HOME_INVALID'],
    [
      'with an inventory that is none',
      (home) => writeFileSync(join(home, 'inventory.db'), 'x'.repeat(5000)),
      'LOCAL_CA_HOME_INVALID',
    ],
  ];
  for (const [what, spoil, code] of HOMES) {
    test(what, async (t) => {
      const { home, cwd } = copyOf(plain, t);
      spoil(home);
      for (const args of [ISSUE, ['list']]) await assertRefused(args, { home, cwd }, { code, says: home });
      assert.deepEqual(snapshot(cwd), {});
    });
  }

  test('that was moved works from its new place', async (t) => {
    const { home, cwd } = copyOf(plain, t);
    renameSync(home, `${home}-moved`);
    await localCaJson(ISSUE, { home: `${home}-moved`, cwd });
  });
});

describe('time', () => {
  /** A start a few days back, for CAs whose short life is over, or ends before their leaf's would. */
  const at = (t: TestContext, date: string, args: readonly string[], home: string, cwd: string) =>
    needs(t, 'faketime')
      ? run('faketime', [date, process.execPath, program, ...args], {
          cwd,
          env: { LOCAL_CA_HOME: home, NO_COLOR: '1' },
        })
      : undefined;

  test('an expired CA signs nothing', async (t) => {
    const [home, cwd] = [join(temporaryFolder(t), 'home'), temporaryFolder(t)];
    const made = await at(t, '2020-01-01 12:00:00', ['init', '--yes', '--name', 'Old', '--days', '30'], home, cwd);
    if (made === undefined) return;
    assert.equal(made.status, 0, made.stderr);
    const refusal = { code: 'LOCAL_CA_CA_EXPIRED' as const, says: 'the CA CN=Old expired on 2020-01-31' };
    await assertNothingDone(ISSUE, { home, cwd }, refusal);
    // To look at, it is still there.
    await localCaJson(['export', '--ca', '--out', 'old'], { home, cwd });
  });

  test('nor does one whose time has not come', async (t) => {
    const [home, cwd] = [join(temporaryFolder(t), 'home'), temporaryFolder(t)];
    const made = await at(t, '2099-01-01 12:00:00', ['init', '--yes', '--name', 'Young'], home, cwd);
    if (made === undefined) return;
    const refusal = { code: 'LOCAL_CA_CA_EXPIRED' as const, says: 'the CA CN=Young is not valid yet' };
    await assertNothingDone(ISSUE, { home, cwd }, refusal);
  });

  test('a leaf that would outlive its CA is cut to its end, with a warning', async (t) => {
    const [home, cwd] = [join(temporaryFolder(t), 'home'), temporaryFolder(t)];
    const { root } = await localCaJson<{ root: { notAfter: string } }>(['init', '--yes', '--days', '100'], { home });
    const issued = await localCaJson<{ notAfter: string; warnings: { code: string; message: string }[] }>(ISSUE, {
      home,
      cwd,
    });
    assert.equal(issued.notAfter, root.notAfter);
    assert.deepEqual(
      issued.warnings.map(({ code }) => code),
      ['capped'],
    );
    assert.match(issued.warnings[0]?.message ?? '', new RegExp(`the CA, on ${root.notAfter.slice(0, 10)}`));
  });
});
