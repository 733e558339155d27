/** The writers under other umasks, as other users, and on a full disk. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { must } from '../support/peers.ts';
import { temporaryFolder } from '../support/temp.ts';
import type { ChildOrder } from './stage-child.ts';
import { modeOf } from './support.ts';

const child = fileURLToPath(new URL('stage-child.ts', import.meta.url));
const args = (order: ChildOrder) => ['--import', 'ts-blank-space/register', child, JSON.stringify(order)];
const inChild = (order: ChildOrder) => must(process.execPath, args(order));

const FILES = { 'a.pem': 'certificate', 'sub/a.key.pem': 'key' };
const posix = process.platform !== 'win32';

describe('modes', { skip: !posix }, () => {
  for (const umask of [0o000, 0o077, 0o777]) {
    it(`hold under umask ${umask.toString(8).padStart(3, '0')}`, async (t) => {
      const parent = await temporaryFolder(t);
      const folder = join(parent, 'above/out');
      // Under 777 not even the folder above could be entered, unless by root.
      if (umask === 0o777) fs.mkdirSync(join(parent, 'above'));
      for (const round of ['new', 'again']) {
        await inChild({ folder, files: { 'a.pem': round, 'sub/a.key.pem': round }, umask });
        assert.equal(fs.readFileSync(join(folder, 'a.pem'), 'utf8'), round);
        assert.equal(modeOf(join(folder, 'a.pem')), 0o644);
        assert.equal(modeOf(join(folder, 'sub/a.key.pem')), 0o600);
        assert.equal(modeOf(join(folder, '.local-ca.json')), 0o644);
        assert.equal(modeOf(folder), 0o700);
        assert.equal(modeOf(join(folder, 'sub')), 0o700);
      }
      assert.equal(modeOf(join(folder, '..')) & 0o022, 0);
      const zips = [
        ['key.zip', 0o600],
        ['ca.zip', 0o644],
      ] as const;
      for (const [name, mode] of zips) {
        await inChild({ folder: join(folder, name), files: { [name]: '' }, file: true, umask });
        assert.equal(modeOf(join(folder, name)), mode);
      }
    });
  }
});

/** Another user, when we are root, who may write anywhere; else ourselves. */
const stranger = process.getuid?.() === 0 ? { uid: 65534 } : {};

describe('an output that cannot be written', { skip: !posix }, () => {
  for (const where of ['out', 'a/b/out', '.']) {
    it(`is an error for ${where} in a read-only folder, and leaves nothing`, async (t) => {
      const parent = await temporaryFolder(t);
      fs.chmodSync(parent, 0o555);
      assert.match(
        await inChild({ folder: join(parent, where), files: FILES, ...stranger }),
        /^LOCAL_CA_OUTPUT_FAILED: cannot write .*: permission denied$/,
      );
      fs.chmodSync(parent, 0o755);
      assert.deepEqual(fs.readdirSync(parent), []);
    });
  }

  it('is an error for a zip in a read-only folder', async (t) => {
    const parent = await temporaryFolder(t);
    fs.chmodSync(parent, 0o555);
    const answer = await inChild({ folder: join(parent, 'a.zip'), files: { 'a.zip': '' }, file: true, ...stranger });
    assert.match(answer, /^LOCAL_CA_OUTPUT_FAILED: cannot write .*a\.zip: permission denied$/);
    fs.chmodSync(parent, 0o755);
  });

  it('does not stumble over the stage of another user', async (t) => {
    const parent = await temporaryFolder(t);
    fs.chmodSync(parent, 0o1777);
    const stage = join(parent, '.local-ca-stage-theirs');
    fs.mkdirSync(join(stage, 'deep'), { recursive: true, mode: 0o700 });
    fs.utimesSync(stage, 0, 0);
    assert.match(await inChild({ folder: join(parent, 'out'), files: FILES, ...stranger }), /^\[/);
  });

  it('is an error on a full disk, and leaves nothing', async (t) => {
    const disk = smallDisk(t);
    if (disk === undefined) return t.skip('no small file system could be mounted here');
    const files = { 'a.pem': 'certificate', 'b.pem': 'x'.repeat(100_000) };
    for (const folder of [join(disk, 'new/out'), disk]) {
      assert.match(await inChild({ folder, files }), /^LOCAL_CA_OUTPUT_FAILED: cannot write .*: no space is left/);
      assert.deepEqual(fs.readdirSync(disk), []);
    }
    const zip = await inChild({ folder: join(disk, 'a.zip'), files: { 'a.zip': files['b.pem'] }, file: true });
    assert.match(zip, /^LOCAL_CA_OUTPUT_FAILED: .*no space is left/);
    assert.deepEqual(fs.readdirSync(disk), []);
  });
});

/** Only root may mount, and in some containers not even root. */
function smallDisk(t: TestContext): string | undefined {
  const folder = fs.mkdtempSync(join(fs.realpathSync(tmpdir()), 'local-ca-disk-'));
  let mounted = false;
  t.after(() => {
    if (mounted) execFileSync('umount', [folder]);
    fs.rmdirSync(folder);
  });
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder], { stdio: 'ignore' });
    mounted = true;
    return folder;
  } catch {
    return undefined;
  }
}
