/** What is left when a run ends in front of its first change to the file system, its second, and so on. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { stageDirectory } from '../../src/bundle/directory.ts';
import { dropPrevious, hasPrevious, keepPrevious, restorePrevious } from '../../src/bundle/previous.ts';
import { removeOurs } from '../../src/bundle/remove.ts';
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
  'linkSync',
  'chmodSync',
  'chownSync',
  'fchmodSync',
  'fchownSync',
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

/** A folder in which a run committed and then died. */
async function committed(folder: string): Promise<void> {
  await write(folder, 'old');
  for (let nth = 1; !fs.existsSync(join(folder, '.local-ca-commit')); nth++) {
    const staged = await stageDirectory(folder, bundle('new'));
    assert.equal(await dyingAt(nth, () => staged.commit()), false);
  }
}

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

describe('bringing back what stood there', () => {
  const PATHS = ['a.pem', 'a.key.pem', 'x/ca.pem', 'new/b.pem'];
  const NEW = [...bundle('new'), outputFile('new/b.pem', 'new b')];
  const renew = async (folder: string) => (await stageDirectory(folder, NEW)).commit();

  it('keeps all of it or nothing, and a run that died while it replaced the files does not spoil it', async (t) => {
    const parent = temporaryFolder(t);
    for (let nth = 1, done = false; !done; nth++) {
      const [folder, kept] = [join(parent, String(nth)), join(parent, `${nth}-kept`)];
      await write(folder, 'old');
      const run = async () => {
        await keepPrevious(folder, PATHS, kept);
        await renew(folder);
      };
      done = await dyingAt(nth, run);
      await run();
      await restorePrevious(folder, kept);
      assert.deepEqual(visible(folder), whole('old'), `dead before change ${nth}`);
      await write(folder, 'newest');
    }
  });

  it('is completed by a second run', async (t) => {
    const parent = temporaryFolder(t);
    for (let nth = 1, done = false; !done; nth++) {
      const [folder, kept] = [join(parent, String(nth)), join(parent, `${nth}-kept`)];
      await write(folder, 'old');
      await keepPrevious(folder, PATHS, kept);
      await renew(folder);
      done = await dyingAt(nth, () => restorePrevious(folder, kept));
      const pair = visible(folder);
      await (await stageDirectory(folder, [])).discard();
      const [age] = (visible(folder)['a.pem'] as string).split(' ');
      assert.equal(visible(folder)['a.key.pem'], `${age} key`, `dead before change ${nth}: ${JSON.stringify(pair)}`);
      await restorePrevious(folder, kept);
      assert.deepEqual(visible(folder), whole('old'), `dead before change ${nth}`);
      assert.equal(fs.existsSync(join(folder, '.local-ca-commit')), false);
    }
  });

  it('counts copies that were half dropped for none', async (t) => {
    const parent = temporaryFolder(t);
    for (let nth = 1, done = false; !done; nth++) {
      const [folder, kept] = [join(parent, String(nth)), join(parent, `${nth}-kept`)];
      await write(folder, 'old');
      await keepPrevious(folder, PATHS, kept);
      done = await dyingAt(nth, async () => dropPrevious(kept));
      await write(folder, 'new');
      const expected = hasPrevious(kept) ? 'old' : 'new';
      await keepPrevious(folder, PATHS, kept);
      await write(folder, 'newest');
      await restorePrevious(folder, kept);
      assert.deepEqual(visible(folder), whole(expected), `dead before change ${nth}`);
    }
  });
});

describe('taking files away', () => {
  it('is completed by a second run', async (t) => {
    const parent = temporaryFolder(t);
    for (let nth = 1, done = false; !done; nth++) {
      const folder = join(parent, String(nth));
      fs.mkdirSync(folder);
      await write(folder, 'old');
      fs.appendFileSync(join(folder, 'a.pem'), '!');
      done = await dyingAt(nth, async () => removeOurs(folder));
      const { kept } = removeOurs(folder);
      assert.deepEqual(kept, [join(folder, 'a.pem')]);
      assert.deepEqual(visible(folder), { 'a.pem': 'old certificate!' }, `dead before change ${nth}`);
    }
  });

  it('goes first through what an interrupted run had committed', async (t) => {
    const folder = join(temporaryFolder(t), 'out');
    await committed(folder);
    assert.equal(removeOurs(folder).removed.length, 3);
    assert.deepEqual(visible(folder), {});
  });
});
