/** What is left when a run ends in front of its first change to the file system, its second, and so on. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { stageDirectory } from '../../src/bundle/directory.ts';
import { temporaryFolder } from '../support/temp.ts';
import { outputFile, tree } from './support.ts';

const CHANGES = [
  'openSync',
  'mkdirSync',
  'mkdtempSync',
  'renameSync',
  'unlinkSync',
  'rmdirSync',
  'rmSync',
  'chmodSync',
  'fchmodSync',
  'writeFileSync',
] as const;

/** As far as the disk can tell, a process that can change nothing any more is dead. True when it came to its end. */
async function dyingAt(nth: number, action: () => Promise<unknown>): Promise<boolean> {
  const originals = CHANGES.map((name) => [name, fs[name]] as const);
  let count = 0;
  for (const [name, original] of originals) {
    const dying = (...args: unknown[]) => {
      if (++count >= nth) throw new Error('dead');
      return (original as (...args: unknown[]) => unknown)(...args);
    };
    Object.assign(fs, { [name]: dying });
  }
  syncBuiltinESMExports();
  try {
    await action();
    return true;
  } catch {
    return false;
  } finally {
    Object.assign(fs, Object.fromEntries(originals));
    syncBuiltinESMExports();
  }
}

const bundle = (age: string) => [
  outputFile('a.pem', `${age} certificate`),
  outputFile('a.key.pem', `${age} key`, true),
  outputFile('x/ca.pem', `${age} ca`),
];
const whole = (age: string) => ({ 'a.pem': `${age} certificate`, 'a.key.pem': `${age} key`, 'x/ca.pem': `${age} ca` });
const write = async (folder: string, age: string) => (await stageDirectory(folder, bundle(age))).commit();
const visible = (folder: string) =>
  Object.fromEntries(Object.entries(tree(folder)).filter(([path]) => !path.startsWith('.local-ca')));

describe('a run that dies', () => {
  it('leaves the old files, or the next run completes the new ones', async (t) => {
    const parent = await temporaryFolder(t);
    const outcomes = new Set<string>();
    for (let nth = 1, done = false; !done; nth++) {
      const folder = join(parent, String(nth));
      await write(folder, 'old');
      done = await dyingAt(nth, () => write(folder, 'new'));
      await (await stageDirectory(folder, [outputFile('later.pem', '')])).discard();
      const age = (visible(folder)['a.pem'] as string).split(' ')[0] as string;
      assert.deepEqual(visible(folder), whole(age), `dead before change ${nth}`);
      assert.equal(fs.existsSync(join(folder, '.local-ca-commit')), false);
      outcomes.add(`${age} ${done}`);
      // It still knows its own files.
      await write(folder, 'newest');
    }
    assert.deepEqual([...outcomes], ['old false', 'new false', 'new true']);
  });

  /** A folder in which a run committed and then died. */
  async function committed(folder: string): Promise<void> {
    await write(folder, 'old');
    for (let nth = 1; !fs.existsSync(join(folder, '.local-ca-commit')); nth++) {
      const staged = await stageDirectory(folder, bundle('new'));
      assert.equal(await dyingAt(nth, () => staged.commit()), false);
    }
  }

  it('is completed by a run that itself dies, and by the next', async (t) => {
    const parent = await temporaryFolder(t);
    for (let nth = 1, done = false; !done; nth++) {
      const folder = join(parent, String(nth));
      await committed(folder);
      done = await dyingAt(nth, () => stageDirectory(folder, []));
      await stageDirectory(folder, []);
      assert.deepEqual(visible(folder), whole('new'), `dead before change ${nth}`);
    }
  });

  it('makes a new folder whole or not at all', async (t) => {
    const parent = await temporaryFolder(t);
    const outcomes = new Set<string>();
    for (let nth = 1, done = false; !done; nth++) {
      const folder = join(parent, 'above', String(nth));
      done = await dyingAt(nth, () => write(folder, 'new'));
      const there = fs.existsSync(folder);
      if (there) assert.deepEqual(visible(folder), whole('new'));
      outcomes.add(`${there} ${done}`);
    }
    assert.deepEqual([...outcomes], ['false false', 'true false', 'true true']);
  });
});
