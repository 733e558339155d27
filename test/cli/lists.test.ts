/** `issue --from`: many at once, all or none; a bad row is named. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import type { ErrorCode } from '../../src/errors.ts';
import { localCa, localCaJson, program } from '../support/cli.ts';
import { must, needs, pathOf } from '../support/peers.ts';
import { temporaryFolder } from '../support/temp.ts';
import { assertNothingDone, inventory, snapshot } from './support.ts';

const folder = temporaryFolder();
const home = join(folder, 'home');

before(() => localCaJson(['init', '--yes'], { home }));

/** A working folder with one file in it. */
function withFile(name: string, content: string | Uint8Array): string {
  const cwd = join(folder, `work-${Math.random().toString(36).slice(2)}`);
  mkdirSync(cwd);
  writeFileSync(join(cwd, name), content);
  return cwd;
}

interface Row {
  label: string;
  serial: string;
  profile: string;
  template: string;
  names: string[];
  keyType: string;
  notBefore: string;
  notAfter: string;
  files: { path: string }[];
  zip: string | null;
}

const CSV = `names,label,profile,template,key-type,days,not-before,not-after,subject
one.test 10.0.0.1;::1,,,,,,,,
two.test,second,peer,nginx,p384,90,,,"CN=two,O=Two, Inc.,C=DE"

"three.test",,client,,ed25519,,2026-01-01,2027-01-01T10:00:00+02:00,
`;

const RECORDS = [
  { names: ['one.test', '10.0.0.1', '::1'] },
  {
    names: 'two.test',
    label: 'second',
    profile: 'peer',
    template: 'nginx',
    'key-type': 'p384',
    days: 90,
    subject: 'CN=two,O=Two\\, Inc.,C=DE',
  },
  {
    names: ['three.test'],
    profile: 'client',
    'key-type': 'ed25519',
    'not-before': '2026-01-01',
    'not-after': '2027-01-01T10:00:00+02:00',
  },
];

const YAML = `# servers
certificates:
  - names: [one.test, 10.0.0.1, "::1"]
  - names: two.test
    label: second
    profile: peer
    template: nginx
    key-type: p384
    days: 90
    subject: CN=two,O=Two\\, Inc.,C=DE
  - names: [three.test]
    profile: client
    key-type: ed25519
    not-before: 2026-01-01
    not-after: 2027-01-01T10:00:00+02:00
`;

const LISTS: Readonly<Record<string, string>> = {
  'list.csv': CSV.replace('Two, Inc.', 'Two\\, Inc.'),
  'windows.csv': `\ufeff${CSV.replace('Two, Inc.', 'Two\\, Inc.').replaceAll('\n', '\r\n')}`,
  'list.yaml': YAML,
  'LIST.YML': YAML,
  'list.json': JSON.stringify(RECORDS),
  'wrapped.json': JSON.stringify({ certificates: RECORDS }),
  'list.jsonl': RECORDS.map((record) => `${JSON.stringify(record)}\n`).join('\n'),
};

describe('reads', () => {
  for (const [name, content] of Object.entries(LISTS)) {
    test(name, async () => {
      const cwd = withFile(name, content);
      const rows = await localCaJson<Row[]>(['issue', '--from', name, '--out', 'certs', '--zip', 'all.zip'], {
        home,
        cwd,
      });
      assert.deepEqual(
        rows.map(({ label, profile, template, names, keyType }) => [label, profile, template, names, keyType]),
        [
          ['one.test', 'server', 'generic', ['one.test', '10.0.0.1', '::1'], 'p256'],
          ['second', 'peer', 'nginx', ['two.test'], 'p384'],
          ['three.test', 'client', 'generic', ['three.test'], 'ed25519'],
        ],
      );
      assert.deepEqual([rows[2]?.notBefore, rows[2]?.notAfter], ['2026-01-01T00:00:00Z', '2027-01-01T08:00:00Z']);
      const days = (Date.parse(rows[1]?.notAfter ?? '') - Date.parse(rows[1]?.notBefore ?? '')) / 86_400_000;
      assert.equal(Math.floor(days), 90);
      const two = new X509Certificate(readFileSync(join(cwd, 'certs', 'second', 'second.chain.pem')));
      assert.equal(two.subject, 'C=DE\nO=Two\\, Inc.\nCN=two');
      // Each in a folder of its label, and there are no others.
      const folders = Object.keys(snapshot(join(cwd, 'certs'))).filter((path) => !/[\\/]/.test(path));
      assert.deepEqual(folders, ['one.test', 'second', 'three.test']);
      for (const { label, files, zip } of rows) {
        assert.equal(zip, join(cwd, 'all.zip'));
        for (const { path } of files) assert.ok(path.startsWith(join(cwd, 'certs', label)), path);
      }
    });
  }
});

test('flags fill in what the rows leave open', async () => {
  const cwd = withFile('list.csv', 'names,template\na.test,\nb.test,nginx\n');
  const flags = ['--template', 'tencentdb-sqlserver', '--days', '30', '--profile', 'peer'];
  const rows = await localCaJson<Row[]>(['issue', '--from', 'list.csv', ...flags], { home, cwd });
  assert.deepEqual(
    rows.map(({ template, keyType, profile }) => [template, keyType, profile]),
    [
      ['tencentdb-sqlserver', 'rsa-2048', 'peer'],
      ['nginx', 'p256', 'peer'],
    ],
  );
});

test('a zip has a folder for each label', async (t) => {
  if (!needs(t, 'unzip')) return;
  const cwd = withFile('list.csv', 'names\nzip-a.test\nzip-b.test\n');
  const stdout = (await localCa(['issue', '--from', 'list.csv', '--zip', 'all.zip'], { home, cwd })).stdout;
  assert.equal(stdout, 'zip-a.test\nzip-b.test\nall.zip\n');
  const names = (await must('unzip', ['-Z1', join(cwd, 'all.zip')])).trim().split('\n');
  const expected = ['zip-a.test', 'zip-b.test'].flatMap((label) =>
    ['README.md', 'ca.pem', `${label}.chain.pem`, `${label}.crt.pem`, `${label}.key.pem`].map(
      (file) => `${label}/${file}`,
    ),
  );
  assert.deepEqual(names.sort(), expected.sort());
  if (process.platform !== 'win32') assert.match(snapshot(cwd)['all.zip'] ?? '', /^0600 /);
});

describe('refuses, and issues nothing', () => {
  const many = (bad: string) =>
    `names,days\n${Array.from({ length: 600 }, (_, i) => (i === 499 ? bad : `h${i + 1}.test,30`)).join('\n')}\n`;
  const list = 'LOCAL_CA_LIST_INVALID';
  const BAD: readonly (readonly [what: string, file: string, content: string, says: string, code?: ErrorCode])[] = [
    ['a bad name in row 500 of 600', 'l.csv', many('h500..test,30'), 'l.csv, row 500: "h500..test" cannot be a name'],
    ['bad days in row 500 of 600', 'l.csv', many('h500.test,1e9'), 'l.csv, row 500: days'],
    ['a label of row 1 in row 500', 'l.csv', many('h1.test,30'), 'l.csv, row 500: row 1 has the label h1.test too'],
    ['labels that differ in case', 'l.csv', 'names,label\na.test,One\nb.test,one\n', 'row 2: row 1 has the label'],
    ['nothing', 'l.csv', '', 'l.csv: it has no rows'],
    ['a header alone', 'l.csv', 'names,label\n', 'l.csv: it has no rows'],
    ['an empty list', 'l.json', '[]', 'l.json: it has no rows'],
    ['empty YAML', 'l.yaml', '', 'l.yaml: it is not a list'],
    ['an empty JSON file', 'l.json', '', 'l.json: it cannot be read'],
    ['an empty jsonl', 'l.jsonl', '\n\n', 'l.jsonl: it has no rows'],
    ['another kind of file', 'l.txt', 'a.test\n', '"l.txt" is not a list'],
    ['a record that is no list', 'l.json', '{"names":["a.test"]}', 'l.json: it is not a list'],
    ['a list beside other keys', 'l.yaml', 'certificates: []\nextra: 1\n', 'l.yaml: it is not a list'],
    ['a text', 'l.json', '"a.test"', 'l.json: it is not a list'],
    ['a row that is a text', 'l.json', '["a.test"]', 'l.json, row 1: the row'],
    ['broken JSON', 'l.json', '[{"names": "a.test"', 'l.json: it cannot be read'],
    ['a broken line of jsonl', 'l.jsonl', '{"names":"a.test"}\n\n{"names":\n', 'l.jsonl: line 3 is not JSON'],
    ['broken YAML', 'l.yaml', '- names: [a.test\n- names: b\n', 'l.yaml: it cannot be read'],
    ['a column that nobody knows', 'l.csv', 'names,day\na.test,3\n', 'l.csv, row 1: unknown column or key "day"'],
    ['a column called __proto__', 'l.csv', 'names,__proto__\na.test,3\n', 'l.csv, row 1: unknown column or key'],
    [
      'a key that nobody knows',
      'l.yaml',
      '- names: a.test\n  keyType: p256\n',
      'row 1: unknown column or key "keyType"',
    ],
    ['a missing cell', 'l.csv', 'names,label\na.test\n', 'l.csv: it cannot be read'],
    ['a quote that is never closed', 'l.csv', 'names\n"a.test\n', 'l.csv: it cannot be read'],
    ['no names', 'l.csv', 'names,label\n,a\n', 'l.csv, row 1: names is missing'],
    ['an empty list of names', 'l.json', '[{"names":[]}]', 'row 1: names has no name'],
    ['a name that is a number', 'l.json', '[{"names":[5]}]', 'row 1: names'],
    ['days that are none', 'l.json', '[{"names":"a.test","days":3.5}]', 'row 1: 3.5 is not a number of days'],
    ['days below 1', 'l.yaml', '- names: a.test\n  days: 0\n', 'row 1: 0 is not a number of days'],
    ['a date', 'l.csv', 'names,not-after\na.test,2026-02-30\n', 'row 1: "2026-02-30" is not a date'],
    ['a key type', 'l.csv', 'names,key-type\na.test,dsa\n', 'row 1: unknown key type "dsa"'],
    ['a profile', 'l.csv', 'names,profile\na.test,sever\n', '"sever"'],
    ['a template', 'l.csv', 'names,template\na.test,ngnix\n', 'row 1: there is no template "ngnix"'],
    ['a label', 'l.csv', 'names,label\na.test,../up\n', 'row 1: "../up" cannot be a label'],
    ['a column that stands twice', 'l.csv', 'names,names\na.test,b.test\n', 'l.csv: two columns are called "names"'],
  ];
  for (const [what, file, content, says, code = list] of BAD) {
    test(what, async () => {
      const cwd = withFile(file, content);
      await assertNothingDone(
        ['issue', '--from', file, '--out', 'certs', '--zip', 'z.zip'],
        { home, cwd },
        { code, says },
      );
    });
  }

  test('a row whose folder is taken: none of the others is written', async () => {
    const cwd = withFile('l.csv', 'names\na.test\nb.test\nc.test\n');
    mkdirSync(join(cwd, 'certs'));
    writeFileSync(join(cwd, 'certs', 'b.test'), 'mine\n');
    const args = ['issue', '--from', 'l.csv', '--out', 'certs'];
    const refusal = { code: 'LOCAL_CA_OUTPUT_EXISTS' as const, says: join('certs', 'b.test') };
    await assertNothingDone(args, { home, cwd }, refusal);
  });

  test('names or a label beside --from', async () => {
    const cwd = withFile('l.csv', 'names\na.test\n');
    for (const more of [['b.test'], ['--label', 'x']]) {
      const refusal = { code: 'LOCAL_CA_OPTION_INVALID' as const, says: '--from' };
      await assertNothingDone(['issue', '--from', 'l.csv', ...more], { home, cwd }, refusal);
    }
  });

  test('no file, or a folder', async () => {
    const cwd = withFile('l.csv', '');
    mkdirSync(join(cwd, 'dir.csv'));
    for (const file of ['none.csv', 'dir.csv']) {
      const refusal = { code: 'LOCAL_CA_INPUT_FAILED' as const, says: file };
      await assertNothingDone(['issue', '--from', file], { home, cwd }, refusal);
    }
  });
});

test('60 rows show a bar on a terminal, and none in a pipe', async (t) => {
  const rows = Array.from({ length: 60 }, (_, i) => `bar${i}.test`);
  const cwd = withFile('l.csv', `names\n${rows.join('\n')}\n`);
  const piped = await localCa(['issue', '--from', 'l.csv', '--out', 'piped'], { home, cwd });
  assert.equal(piped.stderr, 'issued 60 certificates from l.csv\n');
  assert.equal(piped.stdout.split('\n').length, 61);
  assert.equal((await inventory(home)).filter((line) => line.startsWith('bar')).length, 60);
  if (!needs(t, 'script')) return;
  const command = `"${process.execPath}" "${program}" issue --from l.csv --out seen --home "${home}"`;
  const seen = await must(pathOf('script'), ['-q', '-e', '-c', command, '/dev/null'], { cwd });
  assert.match(seen, /\d+\/60 certificates/);
  assert.match(seen, /issued.* 60 certificates from l\.csv/);
});
