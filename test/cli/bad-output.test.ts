/** Places where local-ca cannot or must not write: refused, and they stay as they were. */
import assert from 'node:assert/strict';
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, type TestContext, test } from 'node:test';
import { localCa, localCaJson, program } from '../support/cli.ts';
import { type Outcome, run } from '../support/peers.ts';
import { temporaryFolder } from '../support/temp.ts';
import { assertNothingDone, inventory, isRoot, posix, type Refusal, snapshot } from './support.ts';

const folder = temporaryFolder();
const home = join(folder, 'home');

before(() => localCaJson(['init', '--yes'], { home }));

/** A working folder with something in it that is not local-ca's. */
function workFolder(t: TestContext): string {
  const cwd = temporaryFolder(t);
  writeFileSync(join(cwd, 'file'), 'mine\n');
  mkdirSync(join(cwd, 'full'));
  writeFileSync(join(cwd, 'full', 'ca.pem'), 'mine too\n');
  return cwd;
}

interface Case {
  readonly what: string;
  readonly flags: readonly string[];
  readonly refusal: Refusal;
  /** The same with --force goes through. */
  readonly forced?: true;
  readonly prepare?: (cwd: string) => void | Promise<void>;
}

const exists = (says: string): Refusal => ({ code: 'LOCAL_CA_OUTPUT_EXISTS', says });

const ours = (cwd: string) => localCaJson(['issue', 'a.test', '--out', 'ours', '--zip', 'ours.zip'], { home, cwd });

const CASES: readonly Case[] = [
  { what: 'a folder that is a file', flags: ['--out', 'file'], refusal: exists('file is not a folder') },
  {
    what: 'a folder below a file',
    flags: ['--out', join('file', 'x')],
    refusal: { code: 'LOCAL_CA_OUTPUT_FAILED', says: 'a file where a folder belongs' },
  },
  {
    what: "a file of somebody else's",
    flags: ['--out', 'full'],
    forced: true,
    refusal: exists(join('full', 'ca.pem')),
  },
  { what: "a zip of somebody else's", flags: ['--out', 'x', '--zip', 'file'], forced: true, refusal: exists('file') },
  { what: 'a zip that is a folder', flags: ['--out', 'x', '--zip', 'full'], refusal: exists('full is a folder') },
  {
    what: 'a file that was changed',
    flags: ['--out', 'ours'],
    forced: true,
    refusal: exists(join('ours', 'ca.pem')),
    prepare: async (cwd) => {
      await ours(cwd);
      writeFileSync(join(cwd, 'ours', 'ca.pem'), 'edited\n');
    },
  },
  {
    what: 'a folder where a file has to go',
    flags: ['--out', 'dir'],
    refusal: exists(join('dir', 'ca.pem')),
    prepare: (cwd) => void mkdirSync(join(cwd, 'dir', 'ca.pem'), { recursive: true }),
  },
  {
    what: 'a link to a folder',
    flags: ['--out', 'link'],
    refusal: exists('link is a symbolic link'),
    prepare: (cwd) => symlinkSync('full', join(cwd, 'link')),
  },
  {
    what: 'a link that points nowhere',
    flags: ['--out', 'link'],
    refusal: exists('link is a symbolic link'),
    prepare: (cwd) => symlinkSync('none', join(cwd, 'link')),
  },
  {
    what: 'a link where a file has to go',
    flags: ['--out', 'dir'],
    forced: true,
    refusal: exists(join('dir', 'a.test.key.pem')),
    prepare: (cwd) => {
      mkdirSync(join(cwd, 'dir'));
      symlinkSync(join(cwd, 'file'), join(cwd, 'dir', 'a.test.key.pem'));
    },
  },
  {
    what: 'a zip that is a link',
    flags: ['--out', 'x', '--zip', 'link.zip'],
    forced: true,
    refusal: exists('link.zip'),
    prepare: (cwd) => symlinkSync('file', join(cwd, 'link.zip')),
  },
  {
    what: 'a name that is too long',
    flags: ['--out', 'n'.repeat(300)],
    refusal: { code: 'LOCAL_CA_OUTPUT_FAILED', says: 'the name is too long' },
  },
];

for (const { what, flags, refusal, forced, prepare } of CASES) {
  test(what, { skip: !posix && /link/.test(what) && 'links need rights on Windows' }, async (t) => {
    const cwd = workFolder(t);
    await prepare?.(cwd);
    await assertNothingDone(['issue', 'a.test', ...flags], { home, cwd }, refusal);
    const { status } = await localCa(['issue', 'a.test', ...flags, '--force'], { home, cwd });
    assert.equal(status, forced ? 0 : 1);
    // Where a link stood, the link was replaced and not its target.
    if (!flags.includes('file')) assert.equal(readFileSync(join(cwd, 'file'), 'utf8'), 'mine\n');
  });
}

test('its own files it replaces without a word', async (t) => {
  const cwd = workFolder(t);
  await ours(cwd);
  const before = snapshot(cwd);
  await ours(cwd);
  const after = snapshot(cwd);
  assert.deepEqual(Object.keys(after), Object.keys(before));
  const key = join('ours', 'a.test.key.pem');
  assert.notEqual(after[key], before[key]);
  assert.equal(after[join('full', 'ca.pem')], before[join('full', 'ca.pem')]);
});

test('what else is in a folder stays there', async (t) => {
  const cwd = workFolder(t);
  await localCaJson(['issue', 'a.test', '--out', '.'], { home, cwd });
  assert.equal(readFileSync(join(cwd, 'file'), 'utf8'), 'mine\n');
  assert.ok(existsSync(join(cwd, 'a.test.key.pem')));
});

// --- rights and space ----------------------------------------------------------------------------------------------

const NOBODY = 65534;

/** Root may write everywhere, so that somebody else has to try. */
async function asNobody(t: TestContext, args: readonly string[], cwd: string): Promise<Outcome | undefined> {
  const line = isRoot
    ? ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', process.execPath]
    : [process.execPath];
  const [first = '', ...rest] = line;
  const env = { LOCAL_CA_HOME: join(cwd, 'home'), NO_COLOR: '1' };
  const probe = await run(first, [...rest, program, '--version'], { cwd, env }).catch(() => undefined);
  if (probe?.status === 0) return run(first, [...rest, program, ...args], { cwd, env });
  t.skip('nobody cannot run the program here');
  return undefined;
}

function giveToNobody(...paths: readonly string[]): void {
  if (isRoot) for (const path of paths) chownSync(path, NOBODY, NOBODY);
}

describe('without the right to write', { skip: !posix && 'Windows has ACLs instead' }, () => {
  test('a read-only folder', async (t) => {
    const cwd = temporaryFolder(t);
    giveToNobody(cwd);
    mkdirSync(join(cwd, 'locked'));
    if ((await asNobody(t, ['init', '--yes'], cwd))?.status !== 0) return;
    chmodSync(join(cwd, 'locked'), 0o555);
    for (const flags of [
      ['--out', 'locked'],
      ['--out', 'locked/x'],
      ['--out', 'x', '--zip', 'locked/x.zip'],
    ]) {
      const before = snapshot(cwd);
      const outcome = await asNobody(t, ['issue', 'a.test', ...flags], cwd);
      assert.equal(outcome?.status, 1);
      assert.match(outcome?.stderr ?? '', /^local-ca: cannot write locked[^\n]*: permission denied\n[^\n]+\n$/);
      assert.deepEqual(snapshot(cwd), before);
    }
    const list = await asNobody(t, ['list', '--json'], cwd);
    assert.equal(list?.stdout, '[]\n');
  });

  test('a home in a read-only folder', async (t) => {
    const cwd = temporaryFolder(t);
    giveToNobody(cwd);
    chmodSync(cwd, 0o555);
    const outcome = await asNobody(t, ['init', '--yes', 'a.test', '--out', 'x'], cwd);
    chmodSync(cwd, 0o755);
    if (outcome === undefined) return;
    assert.equal(outcome.status, 1);
    assert.match(outcome.stderr, /: permission denied\n[^\n]+\n$/);
    assert.deepEqual(snapshot(cwd), {});
  });
});

/** Runs shell lines where `small` is a disk of its own, of so many kilobytes; undefined where that is not allowed. */
async function onSmallDisk(
  t: TestContext,
  cwd: string,
  kilobytes: number,
  lines: string,
): Promise<Outcome | undefined> {
  mkdirSync(join(cwd, 'small'), { recursive: true });
  const mount = `mount -t tmpfs -o size=${kilobytes}k tmpfs small`;
  const unshare = (script: string) =>
    run('unshare', ['--map-root-user', '--mount', 'sh', '-c', script], {
      cwd,
      env: { NODE: process.execPath, PROGRAM: program, LOCAL_CA_HOME: home, NO_COLOR: '1' },
    }).catch(() => undefined);
  if ((await unshare(mount))?.status === 0) return unshare(`${mount}; ${lines}`);
  t.skip('a disk of its own cannot be mounted here');
  return undefined;
}

describe('a full disk', { skip: process.platform !== 'linux' && 'a small disk is made with unshare' }, () => {
  test('below the output folder', async (t) => {
    const cwd = temporaryFolder(t);
    const recorded = await inventory(home);
    const issue = '"$NODE" "$PROGRAM" issue a.test --out small/deep/x; echo $?; ls -AR small';
    const outcome = await onSmallDisk(t, cwd, 16, issue);
    if (outcome === undefined) return;
    assert.equal(outcome.stdout, '1\nsmall:\n');
    assert.match(outcome.stderr, /^local-ca: cannot write small\/deep\/x: no space is left on the disk\n[^\n]+\n$/);
    assert.deepEqual(await inventory(home), recorded);
  });

  test('below the zip: the folder is not made either', async (t) => {
    const cwd = temporaryFolder(t);
    const issue =
      'head -c 64k /dev/zero >small/fill 2>&-; "$NODE" "$PROGRAM" issue a.test --out x --zip small/x.zip; echo $?; ls -A small .';
    const outcome = await onSmallDisk(t, cwd, 16, issue);
    if (outcome === undefined) return;
    assert.equal(outcome.stdout, '1\n.:\nsmall\n\nsmall:\nfill\n');
    assert.match(outcome.stderr, /cannot write small\/x\.zip: no space is left/);
  });

  test('below a home that is to be made', async (t) => {
    const cwd = temporaryFolder(t);
    const init = '"$NODE" "$PROGRAM" init --yes a.test --out x --home small/home; echo $?; ls -A small .';
    const outcome = await onSmallDisk(t, cwd, 16, init);
    if (outcome === undefined) return;
    assert.equal(outcome.stdout, '1\n.:\nsmall\n\nsmall:\n');
    assert.match(outcome.stderr, /^local-ca: [^\n]*\n[^\n]+\n$/);
  });

  test('below the home: what cannot be recorded is not handed out', async (t) => {
    const cwd = temporaryFolder(t);
    const issue = [
      '"$NODE" "$PROGRAM" init --yes --quiet --home small/home >/dev/null',
      'head -c 2M /dev/zero >small/fill 2>&-',
      '"$NODE" "$PROGRAM" issue a.test --out x --home small/home; echo $?; ls -A .',
      'rm small/fill; "$NODE" "$PROGRAM" list --json --quiet --home small/home',
    ];
    const outcome = await onSmallDisk(t, cwd, 512, issue.join('; '));
    if (outcome === undefined) return;
    assert.equal(outcome.stdout, '1\nsmall\n[]\n');
    assert.match(outcome.stderr, /^local-ca: [^\n]*\n[^\n]+\n$/);
  });
});
