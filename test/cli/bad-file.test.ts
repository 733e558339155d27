/** Files that are damaged, empty, huge, random or locked: a clear error in short time, from inspect and from verify. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import type { ErrorCode } from '../../src/errors.ts';
import { localCa, localCaJson, program } from '../support/cli.ts';
import { run } from '../support/peers.ts';
import { temporaryFolder } from '../support/temp.ts';
import { assertRefused, posix } from './support.ts';

const folder = temporaryFolder();
const options = { home: join(folder, 'home'), cwd: folder };
const file = (name: string) => readFileSync(join(folder, 'out', name));
const put = (name: string, bytes: string | Uint8Array) => writeFileSync(join(folder, name), bytes);

/** The same in every run. */
const noise = (seed: string, length: number) =>
  Buffer.concat(
    Array.from({ length: Math.ceil(length / 64) }, (_, i) => createHash('sha512').update(`${seed} ${i}`).digest()),
  ).subarray(0, length);

const PASSWORD = 'open sesame';

before(async () => {
  await localCaJson(['init', '--yes'], options);
  const formats = ['--format', 'pem,der,p7b,p12,jks', '--password', PASSWORD];
  await localCaJson(['issue', 'a.test', '--out', 'out', ...formats], options);
  put('empty', '');
  put('blank', '\n \n');
  put('text', 'This is no certificate.\n'.repeat(100));
  put('huge', '');
  truncateSync(join(folder, 'huge'), 100 * 1024 * 1024);
  put('huge.pem', `-----BEGIN CERTIFICATE-----\n${'A'.repeat(40 * 1024 * 1024)}`);
  put('noise', noise('noise', 5000));
  put('noise.der', Buffer.concat([Uint8Array.of(0x30, 0x82, 0x13, 0x84), noise('der', 5000)]));
  put(
    'noise.jks',
    Buffer.concat([Uint8Array.of(0xfe, 0xed, 0xfe, 0xed, 0, 0, 0, 2, 0x7f, 0xff, 0xff, 0xff), noise('jks', 5000)]),
  );
  put('deep', Buffer.concat(Array.from({ length: 20_000 }, () => Uint8Array.of(0x30, 0x80))));
  put('unclosed.pem', '-----BEGIN CERTIFICATE-----\nMIIB\n');
  put('hollow.pem', '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n');
  put('crossed.pem', '-----BEGIN CERTIFICATE-----\nMIIB\n-----END PRIVATE KEY-----\n');
  mkdirSync(join(folder, 'dir'));
});

const ROWS: readonly (readonly [name: string, code: ErrorCode | RegExp])[] = [
  ['empty', 'LOCAL_CA_INPUT_UNKNOWN'],
  ['blank', 'LOCAL_CA_INPUT_UNKNOWN'],
  ['text', 'LOCAL_CA_INPUT_UNKNOWN'],
  ['huge', 'LOCAL_CA_INPUT_TOO_LARGE'],
  ['huge.pem', 'LOCAL_CA_INPUT_TOO_LARGE'],
  ['noise', 'LOCAL_CA_INPUT_UNKNOWN'],
  ['noise.der', 'LOCAL_CA_INPUT_UNKNOWN'],
  ['noise.jks', 'LOCAL_CA_KEYSTORE_INVALID'],
  ['deep', /UNKNOWN|INVALID/],
  ['unclosed.pem', 'LOCAL_CA_PEM_INVALID'],
  ['hollow.pem', /INVALID/],
  ['crossed.pem', 'LOCAL_CA_PEM_INVALID'],
  ['dir', 'LOCAL_CA_INPUT_FAILED'],
  ['none', 'LOCAL_CA_INPUT_FAILED'],
];

async function refusal(args: readonly string[]): Promise<{ code: string; message: string; hint: string }> {
  const { status, stdout, stderr } = await localCa([...args, '--json'], { ...options, timeout: 20_000 });
  assert.equal(status, 1, `${stdout}${stderr}`);
  const { error } = JSON.parse(stdout);
  assert.equal(stderr, `local-ca: ${error.message}\n${error.hint}\n`);
  assert.doesNotMatch(error.message, /unexpected/);
  return error;
}

for (const command of ['inspect', 'verify']) {
  describe(command, () => {
    for (const [name, code] of ROWS) {
      test(name, async () => {
        const error = await refusal([command, name]);
        if (typeof code === 'string') assert.equal(error.code, code, error.message);
        else assert.match(error.code, code);
        assert.notEqual(error.hint, '');
      });
    }
  });
}

describe('a file that is cut off', () => {
  const NAMES = [
    'a.test.key.pem',
    'a.test.chain.pem',
    'a.test.crt.der',
    'a.test.p7b',
    'a.test.p12',
    'a.test.jks',
    'ca.p12',
  ];
  for (const name of NAMES) {
    test(name, async () => {
      const whole = file(name);
      for (const length of [1, 20, Math.floor(whole.length / 2), whole.length - 5]) {
        put('cut', whole.subarray(0, length));
        const error = await refusal(['inspect', 'cut', '--password', PASSWORD]);
        assert.match(error.code, /^LOCAL_CA_(\w+_INVALID|INPUT_UNKNOWN|PASSWORD_WRONG)$/, `${length} of ${name}`);
      }
    });
  }
});

describe('a password', () => {
  for (const name of ['a.test.p12', 'a.test.jks', 'ca.p12', 'ca.jks']) {
    test(`that is wrong for ${name}`, async () => {
      const says = /password/;
      await assertRefused(['inspect', join('out', name), '--password', 'wrong'], options, {
        code: 'LOCAL_CA_PASSWORD_WRONG',
        says,
      });
    });
  }
  test('that is missing', async () => {
    await assertRefused(['inspect', join('out', 'a.test.p12')], options, {
      code: 'LOCAL_CA_PASSWORD_REQUIRED',
      says: /encrypted/,
    });
  });
});

test('inspect - reads a pipe, and an endless one to its limit', { skip: !posix && 'sh is needed' }, async () => {
  const pem = await localCa(['inspect', '-', '--json'], { ...options, input: file('a.test.chain.pem') });
  assert.equal(JSON.parse(pem.stdout).entries[0].kind, 'certificate');
  const line = '"$NODE" "$PROGRAM" inspect - </dev/zero; echo $?';
  const endless = await run('sh', ['-c', line], { env: { NODE: process.execPath, PROGRAM: program }, timeout: 30_000 });
  assert.equal(endless.stdout, '1\n');
  assert.match(endless.stderr, /^local-ca: .* is larger than \d+ bytes\n/);
});

test('no private key is shown', async () => {
  for (const name of ['a.test.key.pem', 'a.test.p12', 'a.test.jks']) {
    for (const more of [[], ['--json'], ['--verbose']]) {
      const { status, stdout, stderr } = await localCa(
        ['inspect', join('out', name), '--password', PASSWORD, ...more],
        options,
      );
      assert.equal(status, 0, stderr);
      const lines = file('a.test.key.pem')
        .toString()
        .split('\n')
        .filter((text) => text.length === 64);
      for (const text of [...lines, 'BEGIN PRIVATE KEY', PASSWORD])
        assert.ok(!`${stdout}${stderr}`.includes(text), text);
    }
  }
});
