import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileLock, tryFileLock } from '../../src/store/lock.ts';
import { withRecovery } from '../../src/store/recovery.ts';
import { must } from '../support/peers.ts';
import { modeOf, newFolder, script } from './script.ts';

const newLock = () => join(newFolder(), 'inventory.lock');
const LOCK = { fileLock: 'store/lock.ts' };

/** Holds the lock until it is killed. */
async function holder(lock: string) {
  const body = `await fileLock(args[0])(() => { console.log('held'); return new Promise((done) => setTimeout(done, 60000)); });`;
  const child = spawn(process.execPath, script(LOCK, body, lock));
  await once(child.stdout, 'data');
  return child;
}

describe('the lock', () => {
  it('lets one of eight processes work at a time', async () => {
    const lock = newLock();
    const counter = join(newFolder(), 'counter');
    fs.writeFileSync(counter, '0');
    // Reading, waiting and writing: without the lock, counts are lost.
    const body = `
      const lock = fileLock(args[0]);
      for (let i = 0; i < 25; i++) await lock(async () => {
        const count = Number(fs.readFileSync(args[1], 'utf8'));
        await new Promise((done) => setTimeout(done, 1));
        fs.writeFileSync(args[1], String(count + 1));
      });`;
    const counting = () => must(process.execPath, script(LOCK, body, lock, counter));
    await Promise.all(Array.from({ length: 8 }, counting));
    assert.equal(fs.readFileSync(counter, 'utf8'), '200');
    assert.equal(modeOf(lock), '600');
    assert.equal(fs.statSync(lock).size, 0);
  });

  it('lets one part of a process work at a time, in the order in which they asked', async () => {
    const lock = fileLock(newLock());
    const seen: string[] = [];
    const work = (name: string) =>
      lock(async () => {
        seen.push(`${name} begins`);
        await new Promise((done) => setTimeout(done, 2));
        seen.push(`${name} ends`);
        return name;
      });
    assert.deepEqual(await Promise.all(['a', 'b'].map(work)), ['a', 'b']);
    assert.deepEqual(seen, ['a begins', 'a ends', 'b begins', 'b ends']);
  });

  it('is free again when its holder is killed', async () => {
    const lock = newLock();
    const child = await holder(lock);
    assert.equal(await tryFileLock(lock), undefined);
    child.kill('SIGKILL');
    await once(child, 'close');
    assert.equal(await fileLock(lock)(async () => 'mine'), 'mine');
  });

  it('is free again after work that failed', async () => {
    const lock = fileLock(newLock());
    await assert.rejects(
      lock(async () => {
        throw new Error('no');
      }),
      /^Error: no$/,
    );
    assert.equal(await lock(async () => 1), 1);
  });

  it('says who is in the way when its patience is at an end', async () => {
    const lock = newLock();
    const child = await holder(lock);
    await assert.rejects(
      fileLock(lock, 50)(async () => {}),
      {
        code: 'LOCAL_CA_STORE_FAILED',
        message: `another local-ca has been at work for too long (it holds ${lock})`,
        hint: 'Try again when it has finished.',
      },
    );
    child.kill('SIGKILL');
    await once(child, 'close');
  });

  it('is an error where it cannot be made', async () => {
    const missing = join(newFolder(), 'no', 'inventory.lock');
    await assert.rejects(
      fileLock(missing)(async () => {}),
      {
        code: 'LOCAL_CA_OUTPUT_FAILED',
        message: `cannot write ${missing}: there is no such file or folder`,
      },
    );
  });

  it('keeps no file open, in a thousand rounds', { skip: process.platform !== 'linux' }, async () => {
    const lock = fileLock(newLock());
    const open = () => fs.readdirSync('/proc/self/fd').length;
    await lock(async () => {});
    const before = open();
    for (let i = 0; i < 1000; i++) await lock(async () => {});
    assert.ok(open() <= before + 2, `${before} files were open, and now ${open()}`);
  });
});

describe('work that was cut short', () => {
  it('is undone by the next holder of the lock, before its own, and once', async () => {
    const folder = newFolder();
    const [lock, mark] = [join(folder, 'lock'), join(folder, 'busy')];
    const seen: string[] = [];
    const { exclusively, recover } = withRecovery(lock, mark, async (since) => {
      seen.push(`undo what began ${since.toISOString()}`);
    });
    await exclusively(async () => {
      seen.push('work');
      assert.ok(fs.existsSync(mark));
    });
    assert.deepEqual([seen, fs.existsSync(mark)], [['work'], false]);
    const then = new Date('2026-01-02T03:04:05Z');
    fs.writeFileSync(mark, '');
    fs.utimesSync(mark, then, then);
    await exclusively(async () => void seen.push('more work'));
    await exclusively(async () => void seen.push('even more'));
    assert.deepEqual(seen.slice(1), ['undo what began 2026-01-02T03:04:05.000Z', 'more work', 'even more']);
    fs.writeFileSync(mark, '');
    const release = await tryFileLock(lock);
    await recover();
    assert.ok(fs.existsSync(mark), 'somebody is at work');
    release?.();
    await recover();
    await recover();
    assert.deepEqual([seen.length, fs.existsSync(mark)], [5, false]);
  });
});
