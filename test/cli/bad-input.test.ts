/** Everything that can be wrong with what is asked for: refused by name, with its code, and nothing is written. */

import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import type { ErrorCode } from '../../src/errors.ts';
import { localCa, localCaJson } from '../support/cli.ts';
import { temporaryFolder } from '../support/temp.ts';
import { assertNothingDone, assertRefused, snapshot } from './support.ts';

const folder = temporaryFolder();
const home = join(folder, 'home');
const cwd = join(folder, 'work');

before(async () => {
  mkdirSync(cwd);
  writeFileSync(join(cwd, 'precious.txt'), 'mine\n');
  writeFileSync(join(cwd, 'empty.txt'), '\n');
  await localCaJson(['init', '--yes', '--permit', 'test,a,b,10.0.0.0/8'], { home });
  // So that an emptied or doubled inventory would be seen.
  await localCaJson(['issue', 'first.test', '--out', join(folder, 'first')], { home });
});

type Row = readonly [what: string, args: readonly string[], code: ErrorCode, says: string | RegExp];

const name = (text: string, why: string): Row => [
  `name ${JSON.stringify(text.length > 40 ? `${text.slice(0, 37)}...` : text)}`,
  ['issue', '--', text],
  'LOCAL_CA_NAME_INVALID',
  new RegExp(`^".*" cannot be a name in a certificate: .*${why}`),
];

const NAMES: readonly Row[] = [
  name('', 'empty'),
  name(' ', 'empty'),
  name('a'.repeat(300), '300 characters'),
  name(`${'a'.repeat(64)}.test`, '64 characters'),
  name(`${'abcdefg.'.repeat(32)}test`, '260 characters'),
  name('[::1]', 'not a host label'),
  name('xn--a', 'internationalised'),
  name('xn--a.test', 'internationalised'),
  name('*', 'wildcard'),
  name('*.*.x', 'wildcard'),
  name('a*.b', 'wildcard'),
  name('*.10.0.0.1', 'wildcard'),
  name('a..b', 'empty label'),
  name('.a', 'empty label'),
  name('..', 'empty label'),
  name('a/b', 'not a host label'),
  name('../a', 'empty label'),
  name('a\\b', 'not a host label'),
  name('a\nb', 'control character'),
  name('a\tb', 'control character'),
  name('a b', 'a space'),
  name('1.2.3.4.5', 'looks like an IP address'),
  name('010.0.0.1', 'looks like an IP address'),
  name('0x7f.1', 'looks like an IP address'),
  name('10.0.0.256', 'looks like an IP address'),
  name('10.0.0.0/8', 'not a host label'),
  name('fe80::1%eth0', 'zone'),
  name('host:443', 'not a host label'),
  name('-a.test', 'not a host label'),
  name('é@x', 'mailbox'),
  name('@test', 'mailbox'),
  name('a@', 'empty label|not a host label'),
  name('a@*.test', 'wildcard'),
  name('https://', 'not a URI'),
  name('https://é.test/', 'ASCII'),
];

const issue = (what: string, flags: readonly string[], code: ErrorCode, says: string | RegExp): Row => [
  what,
  ['issue', 'a.test', ...flags],
  code,
  says,
];

const VALIDITY: readonly Row[] = [
  ...['-1', '1e9', '3.5', 'abc', '', '1_000', '0x10', ' 5', 'Infinity'].map((text) =>
    issue(`--days ${JSON.stringify(text)}`, [`--days=${text}`], 'LOCAL_CA_VALIDITY_INVALID', JSON.stringify(text)),
  ),
  issue('--days 0', ['--days', '0'], 'LOCAL_CA_VALIDITY_INVALID', '0 is not a number of days'),
  issue('--days 1000000000', ['--days', '1000000000'], 'LOCAL_CA_VALIDITY_INVALID', '1000000000 days'),
  issue('--days past 9999', ['--days', '3000000', '--force'], 'LOCAL_CA_VALIDITY_INVALID', 'after the year 9999'),
  issue('--days of 400 digits', ['--days', '9'.repeat(400)], 'LOCAL_CA_VALIDITY_INVALID', 'days'),
  issue('--days 826', ['--days', '826'], 'LOCAL_CA_VALIDITY_INVALID', '826 days is refused by Apple'),
  ...['2026-02-30', '2026-13-01', '2026-00-10', '30.11.2026', '2026-11-22 10:00', '2026-11-22T25:00', 'now', ''].map(
    (text) =>
      issue(
        `--not-after ${JSON.stringify(text)}`,
        [`--not-after=${text}`],
        'LOCAL_CA_VALIDITY_INVALID',
        `${JSON.stringify(text)} is not a date`,
      ),
  ),
  issue(
    'a zoned date that is none',
    ['--not-after', '2026-02-30T10:00:00+02:00'],
    'LOCAL_CA_VALIDITY_INVALID',
    '2026-02-30T10:00:00+02:00',
  ),
  issue(
    'the end before the start',
    ['--not-before', '2027-02-01', '--not-after', '2027-01-01'],
    'LOCAL_CA_VALIDITY_INVALID',
    '2027-01-01',
  ),
  issue('days and an end', ['--days', '3', '--not-after', '2027-01-01'], 'LOCAL_CA_VALIDITY_INVALID', 'both'),
  issue('a start after the end of the CA', ['--not-before', '2090-01-01'], 'LOCAL_CA_VALIDITY_INVALID', '2090-01-01'),
  issue(
    'a year before 1950',
    ['--not-before', '1949-01-01', '--not-after', '1949-12-31'],
    'LOCAL_CA_VALIDITY_INVALID',
    '1950',
  ),
];

const UNKNOWN: readonly Row[] = [
  issue('key type', ['--key-type', 'rsa-512'], 'LOCAL_CA_KEY_TYPE_UNKNOWN', '"rsa-512"'),
  issue('key type that an object has', ['--key-type', '__proto__'], 'LOCAL_CA_KEY_TYPE_UNKNOWN', '"__proto__"'),
  issue('profile', ['--profile', 'sever'], 'LOCAL_CA_PROFILE_UNKNOWN', '"sever"'),
  issue('profile of a CA', ['--profile', 'root'], 'LOCAL_CA_PROFILE_UNKNOWN', '"root"'),
  issue('profile that an object has', ['--profile', 'constructor'], 'LOCAL_CA_PROFILE_UNKNOWN', '"constructor"'),
  issue('template', ['--template', 'ngnix'], 'LOCAL_CA_TEMPLATE_UNKNOWN', '"ngnix"'),
  issue('template that climbs', ['--template', '..'], 'LOCAL_CA_TEMPLATE_UNKNOWN', '".."'),
  issue('template folder', ['--template', './none'], 'LOCAL_CA_TEMPLATE_UNKNOWN', './none'),
  issue('format', ['--format', 'pem,bks'], 'LOCAL_CA_FORMAT_UNKNOWN', '"bks"'),
  issue('format that an object has', ['--format', 'toString'], 'LOCAL_CA_FORMAT_UNKNOWN', '"toString"'),
  issue('format left empty', ['--format', ','], 'LOCAL_CA_FORMAT_UNKNOWN', 'names no format'),
  issue('PKCS#12 profile', ['--p12-profile', 'old'], 'LOCAL_CA_OPTION_INVALID', '"old"'),
  issue('flag', ['--frobnicate'], 'LOCAL_CA_USAGE', "'--frobnicate'"),
  issue('flag, misspelt', ['--key-typ', 'p256'], 'LOCAL_CA_USAGE', "'--key-typ'"),
  ['command', ['isue', 'a.test'], 'LOCAL_CA_USAGE', "'isue'"],
  ['command below template', ['template', 'lst'], 'LOCAL_CA_USAGE', "'lst'"],
  ['template to show', ['template', 'show', 'oracle'], 'LOCAL_CA_TEMPLATE_UNKNOWN', '"oracle"'],
  ['shell', ['completion', 'powershell'], 'LOCAL_CA_OPTION_INVALID', '"powershell"'],
  ['label', ['show', 'second.test'], 'LOCAL_CA_NOT_FOUND', '"second.test"'],
  ['label to export', ['export', 'second.test'], 'LOCAL_CA_NOT_FOUND', '"second.test"'],
];

const WRONG: readonly Row[] = [
  ['no command', [], 'LOCAL_CA_USAGE', 'no command'],
  ['no command below template', ['template'], 'LOCAL_CA_USAGE', 'no command'],
  ['no name', ['issue'], 'LOCAL_CA_ANSWER_MISSING', 'no name'],
  ['no argument', ['show'], 'LOCAL_CA_USAGE', "'label'"],
  ['too many arguments', ['list', 'a.test'], 'LOCAL_CA_USAGE', 'too many arguments'],
  ['two labels to export', ['export', 'first.test', 'b.test'], 'LOCAL_CA_USAGE', 'got 2'],
  ['neither label nor --ca', ['export'], 'LOCAL_CA_USAGE', 'a label, --ca or --from-cert'],
  ['both label and --ca', ['export', '--ca', 'first.test'], 'LOCAL_CA_USAGE', 'a label, --ca or --from-cert'],
  issue('a flag without its value', ['--out'], 'LOCAL_CA_USAGE', '--out'),
  issue('an output folder without a name', ['--out', ''], 'LOCAL_CA_OPTION_INVALID', '--out'),
  issue('a zip without a name', ['--zip', ''], 'LOCAL_CA_OPTION_INVALID', '--zip'),
  issue('a label that climbs', ['--label', '../up'], 'LOCAL_CA_LABEL_INVALID', '"../up"'),
  issue('a label that is a device', ['--label', 'nul'], 'LOCAL_CA_LABEL_INVALID', '"nul"'),
  issue('an empty label', ['--label', ''], 'LOCAL_CA_LABEL_INVALID', '""'),
  issue('a subject', ['--subject', 'db.test'], 'LOCAL_CA_SUBJECT_INVALID', '"db.test"'),
  issue('a country', ['--subject', 'CN=a,C=Germany'], 'LOCAL_CA_SUBJECT_INVALID', 'C'),
  issue('an empty password', ['--format', 'p12', '--password', ''], 'LOCAL_CA_PASSWORD_REQUIRED', '--password'),
  issue(
    'an empty password file',
    ['--format', 'p12', '--password-file', 'empty.txt'],
    'LOCAL_CA_PASSWORD_REQUIRED',
    'empty.txt',
  ),
  issue('no password file', ['--format', 'p12', '--password-file', 'none.txt'], 'LOCAL_CA_INPUT_FAILED', 'none.txt'),
  issue(
    'two passwords',
    ['--format', 'p12', '--password', 'x', '--password-file', 'precious.txt'],
    'LOCAL_CA_OPTION_INVALID',
    '--password-file',
  ),
  issue('a password for nothing', ['--password', 'x'], 'LOCAL_CA_OPTION_INVALID', 'password'),
  ['a name outside the constraints', ['issue', 'db.example.org'], 'LOCAL_CA_CONSTRAINT', 'db.example.org'],
  ['an address outside them', ['issue', 'a.test', '192.0.2.1'], 'LOCAL_CA_CONSTRAINT', '192.0.2.1'],
  ['a wildcard that reaches outside', ['issue', '*.org'], 'LOCAL_CA_CONSTRAINT', '*.org'],
  ['a key store without its key', ['export', 'first.test', '--format', 'p12'], 'LOCAL_CA_KEY_NOT_KEPT', 'first.test'],
  [
    'a key that is none',
    ['export', 'first.test', '--format', 'p12', '--key', 'precious.txt'],
    'LOCAL_CA_KEY_INVALID',
    'private key',
  ],
  ['a second CA', ['init', '--yes'], 'LOCAL_CA_HOME_EXISTS', 'already a CA'],
];

for (const [title, rows] of Object.entries({ names: NAMES, validity: VALIDITY, unknown: UNKNOWN, wrong: WRONG })) {
  describe(title, () => {
    for (const [what, args, code, says] of rows) {
      test(what, () => assertNothingDone(args, { home, cwd }, { code, says }));
    }
  });
}

describe('what a shell cannot pass', () => {
  test('a NUL in a name', async () => {
    writeFileSync(join(cwd, 'nul.json'), JSON.stringify([{ names: ['a\0b.test'] }]));
    const says = 'nul.json, row 1: "a\\u0000b.test" cannot be a name in a certificate';
    await assertNothingDone(['issue', '--from', 'nul.json'], { home, cwd }, { code: 'LOCAL_CA_LIST_INVALID', says });
  });
});

describe('hints', () => {
  const HINTS: readonly (readonly [args: readonly string[], hint: string])[] = [
    [['isue'], 'Did you mean issue?'],
    [['issue', 'a.test', '--dayz', '3'], 'Did you mean --days?'],
    [['issue', 'a.test', '--template', 'ngnix'], 'Did you mean nginx?'],
    [['issue', '[::1]'], 'Write an IPv6 address without brackets, like ::1.'],
    [['issue', 'a.test:443'], 'Leave out the port.'],
  ];
  for (const [args, hint] of HINTS) {
    test(hint, async () => {
      const { stderr } = await localCa(args, { home, cwd });
      assert.equal(stderr.split('\n')[1], hint);
    });
  }
});

describe('init', () => {
  const INIT: readonly Row[] = [
    ['an unknown key type', ['--key-type', 'dsa'], 'LOCAL_CA_KEY_TYPE_UNKNOWN', '"dsa"'],
    ['an empty name', ['--name', ''], 'LOCAL_CA_SUBJECT_INVALID', 'CN'],
    ['a long name', ['--name', 'n'.repeat(65)], 'LOCAL_CA_SUBJECT_INVALID', '65'],
    ['a country', ['--country', 'de'], 'LOCAL_CA_SUBJECT_INVALID', '"de"'],
    ['days', ['--days', '0'], 'LOCAL_CA_VALIDITY_INVALID', '0'],
    ['a permitted wildcard', ['--permit', '*.test'], 'LOCAL_CA_NAME_INVALID', '"*.test"'],
    ['a permitted network', ['--permit', '10.0.0.0/33'], 'LOCAL_CA_NAME_INVALID', '/33'],
    ['a name outside them', ['a.org', '--permit', '.test'], 'LOCAL_CA_CONSTRAINT', 'a.org'],
    ['a server name', ['a..b'], 'LOCAL_CA_NAME_INVALID', '"a..b"'],
    ['a template', ['a.test', '--template', 'ngnix'], 'LOCAL_CA_TEMPLATE_UNKNOWN', '"ngnix"'],
    ['a template without a server', ['--template', 'nginx'], 'LOCAL_CA_ANSWER_MISSING', '--template'],
    ['a setting without a server', ['--set', 'port=8443'], 'LOCAL_CA_ANSWER_MISSING', '--set'],
    ['a zip without a server', ['--zip', 'a.zip'], 'LOCAL_CA_ANSWER_MISSING', '--zip'],
    ['a key without its certificate', ['--from-key', 'k.pem'], 'LOCAL_CA_ANSWER_MISSING', '--from-cert'],
    ['a certificate without its key', ['--from-cert', 'c.pem'], 'LOCAL_CA_ANSWER_MISSING', '--from-key'],
    ['a passphrase that is nowhere', ['--encrypt-key'], 'LOCAL_CA_ANSWER_MISSING', 'passphrase'],
    ['a passphrase for nothing', ['--passphrase-file', 'precious.txt'], 'LOCAL_CA_OPTION_INVALID', '--encrypt-key'],
    ['an empty passphrase', ['--encrypt-key', '--passphrase-file', 'empty.txt'], 'LOCAL_CA_PASSWORD_REQUIRED', 'empty'],
    [
      'an intermediate above a foreign CA',
      ['--from-cert', 'c', '--from-key', 'k', '--intermediate'],
      'LOCAL_CA_OPTION_INVALID',
      '--intermediate',
    ],
    ['an output folder that is taken', ['a.test', '--out', 'precious.txt'], 'LOCAL_CA_OUTPUT_EXISTS', 'precious.txt'],
    ['a zip that is not ours', ['a.test', '--zip', 'precious.txt'], 'LOCAL_CA_OUTPUT_EXISTS', 'precious.txt'],
  ];
  for (const [what, args, code, says] of INIT) {
    test(what, async () => {
      const before = snapshot(cwd);
      await assertRefused(['init', '--yes', ...args], { home: join(cwd, 'new'), cwd }, { code, says });
      assert.deepEqual(snapshot(cwd), before);
    });
  }

  test('a home that is a file, or holds something else', async () => {
    const before = snapshot(cwd);
    for (const taken of [join(cwd, 'precious.txt'), cwd]) {
      await assertRefused(['init', '--yes'], { home: taken, cwd }, { code: 'LOCAL_CA_OUTPUT_EXISTS', says: taken });
    }
    assert.deepEqual(snapshot(cwd), before);
  });
});

describe('what only looks wrong', () => {
  test('more than 825 days with --force', async () => {
    const issued = await localCaJson<{ notBefore: string; notAfter: string; warnings: { code: string }[] }>(
      ['issue', 'long.test', '--days', '826', '--force'],
      { home, cwd },
    );
    assert.deepEqual(
      issued.warnings.map(({ code }) => code),
      ['long-life'],
    );
    assert.equal(Math.floor((Date.parse(issued.notAfter) - Date.parse(issued.notBefore)) / 86_400_000), 826);
  });

  test('names in other forms', async () => {
    const names = ['BÜCHER.test', 'a.test.', '::FFFF', 'É.test'];
    writeFileSync(join(cwd, 'forms.json'), JSON.stringify([{ names: [...names.slice(0, 2), names[3]] }]));
    const [issued] = await localCaJson<{ names: string[]; label: string }[]>(['issue', '--from', 'forms.json'], {
      home,
      cwd,
    });
    assert.deepEqual(issued?.names, ['xn--bcher-kva.test', 'a.test', 'xn--9ca.test']);
  });
});
