/** The writers under other umasks, as other users, and on a full disk. */
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { temporaryName } from '../../src/abandoned.ts';
import { must, run } from '../support/peers.ts';
import { temporaryFolder } from '../support/temp.ts';
import type { ChildIdentity, ChildOrder } from './stage-child.ts';
import { modeOf } from './support.ts';

const child = fileURLToPath(new URL('stage-child.ts', import.meta.url));
async function inChild(identity: ChildIdentity, ...orders: readonly ChildOrder[]): Promise<string[]> {
  const argument = JSON.stringify([identity, ...orders]);
  const output = await must(process.execPath, ['--import', 'ts-blank-space/register', child, argument]);
  return output.trimEnd().split('\n');
}

const FILES = { 'a.pem': 'certificate', 'sub/a.key.pem': 'key' };
const posix = process.platform !== 'win32';

describe('modes', { skip: !posix }, () => {
  for (const umask of [0o000, 0o077, 0o777]) {
    it(`hold under umask ${umask.toString(8).padStart(3, '0')}`, async (t) => {
      const parent = await temporaryFolder(t);
      const folder = join(parent, 'above/out');
      // Under 777 not even the folder above could be entered, unless by root.
      if (umask === 0o777) fs.mkdirSync(join(parent, 'above'));
      const rounds = ['new', 'again'].map((text) => ({ folder, files: { 'a.pem': text, 'sub/a.key.pem': text } }));
      const zips = ['key.zip', 'ca.zip'].map((name) => ({
        folder: join(folder, name),
        files: { [name]: '' },
        file: true,
      }));
      for (const order of [rounds.slice(0, 1), [...rounds.slice(1), ...zips]]) {
        for (const line of await inChild({ umask }, ...order)) assert.match(line, /^\[/);
        assert.equal(modeOf(join(folder, 'a.pem')), 0o644);
        assert.equal(modeOf(join(folder, 'sub/a.key.pem')), 0o600);
        assert.equal(modeOf(join(folder, '.local-ca.json')), 0o644);
        assert.equal(modeOf(folder), 0o700);
        assert.equal(modeOf(join(folder, 'sub')), 0o700);
      }
      assert.equal(fs.readFileSync(join(folder, 'a.pem'), 'utf8'), 'again');
      assert.equal(modeOf(join(folder, '..')) & 0o022, 0);
      assert.equal(modeOf(join(folder, 'key.zip')), 0o600);
      assert.equal(modeOf(join(folder, 'ca.zip')), 0o644);
    });
  }
});

/** Another user, when we are root, who may write anywhere; else ourselves. */
const stranger = process.getuid?.() === 0 ? { uid: 65534 } : {};

describe('an output that cannot be written', { skip: !posix }, () => {
  it('is an error in a read-only folder, and leaves nothing', async (t) => {
    const parent = await temporaryFolder(t);
    fs.chmodSync(parent, 0o555);
    const folders = ['out', 'a/b/out', '.'].map((path) => ({ folder: join(parent, path), files: FILES }));
    const zip = { folder: join(parent, 'a.zip'), files: { 'a.zip': '' }, file: true };
    const answers = await inChild(stranger, ...folders, zip);
    fs.chmodSync(parent, 0o755);
    assert.equal(answers.length, 4);
    for (const line of answers) assert.match(line, /^LOCAL_CA_OUTPUT_FAILED: cannot write \/.*: permission denied$/);
    assert.deepEqual(fs.readdirSync(parent), []);
  });

  it('does not stumble over the stage of another user', async (t) => {
    const parent = await temporaryFolder(t);
    fs.chmodSync(parent, 0o1777);
    const stage = join(parent, `${temporaryName('stage').replace(/[.]\d+-$/, '.1-')}theirs`);
    fs.mkdirSync(join(stage, 'deep'), { recursive: true, mode: 0o700 });
    fs.utimesSync(stage, 0, 0);
    assert.match((await inChild(stranger, { folder: join(parent, 'out'), files: FILES })).join(), /^\[/);
  });

  it('is an error on a full disk, and leaves nothing', async (t) => {
    const disk = await smallDisk(t);
    if (disk === undefined) return t.skip('no small file system could be mounted here');
    const files = { 'a.pem': 'certificate', 'b.pem': 'x'.repeat(100_000) };
    const folders = [join(disk, 'new/out'), disk].map((folder) => ({ folder, files }));
    const zip = { folder: join(disk, 'a.zip'), files: { 'a.zip': files['b.pem'] }, file: true };
    for (const order of [...folders, zip]) {
      const [line = ''] = await inChild({}, order);
      assert.match(line, /^LOCAL_CA_OUTPUT_FAILED: cannot write .*: no space is left/);
      assert.deepEqual(fs.readdirSync(disk), []);
    }
  });
});

/** Only root may mount, and in some containers not even root. */
async function smallDisk(t: TestContext): Promise<string | undefined> {
  const folder = fs.mkdtempSync(join(fs.realpathSync(tmpdir()), 'local-ca-disk-'));
  const { status } = await run('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder]).catch(() => ({
    status: -1,
  }));
  t.after(async () => {
    if (status === 0) await must('umount', [folder]);
    fs.rmdirSync(folder);
  });
  return status === 0 ? folder : undefined;
}
