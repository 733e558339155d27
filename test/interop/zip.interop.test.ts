/** Zips as other programs write them, as CAs and colleagues send them: `local-ca inspect` and `verify` read what is inside. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { localCa, localCaJson } from '../support/cli.ts';
import { must, needs } from '../support/peers.ts';
import { temporaryFolder } from '../support/temp.ts';

const folder = temporaryFolder();
const options = { home: join(folder, 'home'), cwd: folder };

before(async () => {
  await localCaJson(['init', '--yes', '--intermediate'], options);
  await localCaJson(['issue', 'db.test', '--out', 'out'], options);
  await localCaJson(['export', '--ca', '--template', 'tencentdb-sqlserver', '--zip', 'TencentDB-SSL-CA.zip'], options);
  mkdirSync(join(folder, 'answer', 'sub'), { recursive: true });
  for (const [from, to] of [
    ['db.test.crt.pem', 'db.crt'],
    ['ca.pem', 'sub/root é.crt'],
    ['db.test.chain.pem', 'sub/chain.pem'],
  ] as const) {
    await must('cp', [join('out', from), join('answer', to)], { cwd: folder });
  }
  writeFileSync(join(folder, 'answer', 'README.txt'), 'Install these.\n'.repeat(50));
});

/** `zipfile` with what the row changes in it. */
const python = (setup: string, name = 'name') => `
import os, sys, zipfile
${setup}
with zipfile.ZipFile(sys.argv[1], 'w', method) as archive:
    for root, folders, files in os.walk('answer'):
        for name in [os.path.join(root, file) for file in files]:
            if sys.argv[2:]: info = zipfile.ZipInfo(name); archive.writestr(info, open(name, 'rb').read()); info.filename = ${name}
            else: archive.write(name, ${name})
`;
const deflated = 'method = zipfile.ZIP_DEFLATED';
const ZIP64 = `${deflated}; zipfile.ZIP64_LIMIT = 10; zipfile.ZIP_FILECOUNT_LIMIT = 1`;

const WRITERS: readonly (readonly [title: string, program: string, args: readonly string[], input?: string])[] = [
  ['Info-ZIP', 'zip', ['-q', '-r', 'x.zip', 'answer']],
  ['Info-ZIP, stored, with a comment', 'zip', ['-q', '-r', '-0', '-z', 'x.zip', 'answer'], 'a comment\n.\n'],
  ['Info-ZIP, into a pipe', 'sh', ['-c', 'zip -q -r - answer > x.zip']],
  ['Python', 'python3', ['-c', python(deflated), 'x.zip']],
  ['Python, zip64', 'python3', ['-c', python(ZIP64), 'x.zip']],
  [
    'Python, backslashes as Windows PowerShell 5 has them',
    'python3',
    ['-c', python(deflated, "name.replace('/', '\\\\')"), 'x.zip', 'after'],
  ],
  ['Java', 'jar', ['--create', '--file', 'x.zip', 'answer']],
  ['Java, stored', 'jar', ['--create', '--no-compress', '--file', 'x.zip', 'answer']],
];

interface Entry {
  readonly kind: string;
  readonly path: string;
  readonly title?: string;
}
interface Inspection {
  readonly format: string;
  readonly entries: readonly Entry[];
}

describe('a zip is read that was written by', () => {
  for (const [title, program, args, input = ''] of WRITERS) {
    test(title, async (t) => {
      if (!needs(t, program, ...(program === 'sh' ? ['zip'] : []))) return;
      await must('rm', ['-f', 'x.zip'], { cwd: folder });
      await must(program, args, { cwd: folder, input });
      const { format, entries } = await localCaJson<Inspection>(['inspect', 'x.zip'], options);
      assert.equal(format, 'zip');
      const seen = entries
        .filter(({ path }) => !path.startsWith('META-INF/'))
        .map(({ kind, path }) => `${kind} ${path}`);
      assert.deepEqual(seen.sort(), [
        'certificate answer/db.crt',
        'certificate answer/sub/chain.pem',
        'certificate answer/sub/chain.pem',
        'certificate answer/sub/root é.crt',
        'other answer/README.txt',
      ]);
      const { status, stdout } = await localCa(['verify', 'x.zip', '--host', 'db.test'], options);
      assert.equal(status, 0, stdout);
    });
  }
});

test('our own zip, like TencentDB-SSL-CA.zip', async () => {
  const { entries } = await localCaJson<Inspection>(['inspect', 'TencentDB-SSL-CA.zip'], options);
  assert.deepEqual([...new Set(entries.map(({ kind, path }) => `${kind} ${path}`))].sort(), [
    'certificate ca.jks',
    'certificate ca.p7b',
    'certificate ca.pem',
  ]);
  const { stdout } = await localCa(['inspect', 'TencentDB-SSL-CA.zip'], options);
  assert.match(stdout, /^zip: \d+ entries\n\n/);
  assert.match(stdout, /^ {2}path +ca\.jks$/m);
  const { status } = await localCa(['verify', 'out/db.test.chain.pem', '--ca', 'TencentDB-SSL-CA.zip'], options);
  assert.equal(status, 0);
});

const REFUSED: readonly (readonly [title: string, program: string, args: readonly string[], says: RegExp])[] = [
  ['a password', 'zip', ['-q', '-r', '-P', 'secret', 'y.zip', 'answer'], /y\.zip.*: it is a zip .* is encrypted/],
  [
    'bzip2',
    'python3',
    ['-c', python('method = zipfile.ZIP_BZIP2'), 'y.zip'],
    /packed in a way that is not read \(method 12\)/,
  ],
];
for (const [title, program, args, says] of REFUSED) {
  test(`a zip with ${title} is refused`, async (t) => {
    if (!needs(t, program)) return;
    await must('rm', ['-f', 'y.zip'], { cwd: folder });
    await must(program, args, { cwd: folder });
    const { status, stderr } = await localCa(['inspect', 'y.zip'], options);
    assert.equal(status, 1, stderr);
    assert.match(stderr, says);
    assert.match(stderr, /give the files/);
  });
}
