/** A run that has nothing to do touches nothing; one that has, only what is different. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { changedFiles } from '../../src/bundle/changed.ts';
import { stageDirectory } from '../../src/bundle/directory.ts';
import { temporaryFolder } from '../support/temp.ts';
import { modeOf, outputFile, tree } from './support.ts';

const bundle = (age: string) => [
  outputFile('a.pem', `${age} certificate`),
  outputFile('keys/a.key', 'the same key', true),
];
const PATHS = bundle('').map(({ path }) => path);
const write = async (folder: string, age: string) => (await stageDirectory(folder, bundle(age))).commit();

/** What a change to a file shows, whatever its contents. */
const marksOf = (path: string) => {
  const { ino, mtimeMs, ctimeMs } = fs.lstatSync(path);
  return { ino, mtimeMs, ctimeMs };
};

describe('changedFiles', () => {
  it('names what is not there, or is otherwise', async (t) => {
    const folder = join(temporaryFolder(t), 'out');
    assert.deepEqual(changedFiles(folder, bundle('old')), PATHS);
    await write(folder, 'old');
    assert.deepEqual(changedFiles(folder, bundle('old')), []);
    assert.deepEqual(changedFiles(folder, bundle('new')), ['a.pem']);
    fs.appendFileSync(join(folder, 'a.pem'), '!');
    assert.deepEqual(changedFiles(folder, bundle('old')), ['a.pem']);
    fs.rmSync(join(folder, 'keys'), { recursive: true });
    assert.deepEqual(changedFiles(folder, bundle('old')), PATHS);
  });

  it('names a file whose mode is another', { skip: process.platform === 'win32' }, async (t) => {
    const folder = temporaryFolder(t);
    await write(folder, 'old');
    fs.chmodSync(join(folder, 'keys/a.key'), 0o640);
    assert.deepEqual(changedFiles(folder, bundle('old')), ['keys/a.key']);
    await write(folder, 'old');
    assert.equal(modeOf(join(folder, 'keys/a.key')), 0o600);
  });

  it('names what somebody else put there, and links', async (t) => {
    const parent = temporaryFolder(t);
    const folder = join(parent, 'out');
    await write(folder, 'old');
    fs.renameSync(join(folder, 'keys'), join(parent, 'elsewhere'));
    fs.symlinkSync('../elsewhere', join(folder, 'keys'));
    assert.deepEqual(changedFiles(folder, bundle('old')), ['keys/a.key']);
    fs.rmSync(join(folder, '.local-ca.json'));
    assert.deepEqual(changedFiles(folder, bundle('old')), PATHS);
    fs.symlinkSync('out', join(parent, 'link'));
    assert.deepEqual(changedFiles(join(parent, 'link'), bundle('old')), PATHS);
  });

  it('names all while an interrupted run waits to be completed', async (t) => {
    const folder = temporaryFolder(t);
    await write(folder, 'old');
    fs.mkdirSync(join(folder, '.local-ca-commit'), { mode: 0o700 });
    assert.deepEqual(changedFiles(folder, bundle('old')), PATHS);
  });
});

describe('writing what stands there already', () => {
  it('does not touch it', async (t) => {
    const folder = temporaryFolder(t);
    await write(folder, 'old');
    const before = marksOf(join(folder, 'keys/a.key'));
    await write(folder, 'new');
    assert.deepEqual(marksOf(join(folder, 'keys/a.key')), before);
    assert.equal(fs.readFileSync(join(folder, 'a.pem'), 'utf8'), 'new certificate');
    assert.deepEqual(Object.keys(tree(folder)).sort(), ['.local-ca.json', 'a.pem', 'keys/a.key']);
  });
});

describe('a folder inside that is on another disk', () => {
  it('gets its files by copying', async (t) => {
    const folder = temporaryFolder(t);
    await write(folder, 'old');
    const { renameSync } = fs;
    const apart = (from: string, to: string) => {
      const crosses = from.includes('.local-ca-commit') && to.includes('keys');
      if (crosses) throw Object.assign(new Error('cross-device link'), { code: 'EXDEV', syscall: 'rename' });
      renameSync(from, to);
    };
    Object.assign(fs, { renameSync: apart });
    syncBuiltinESMExports();
    try {
      await (await stageDirectory(folder, [outputFile('keys/a.key', 'new key', true)])).commit();
    } finally {
      Object.assign(fs, { renameSync });
      syncBuiltinESMExports();
    }
    assert.equal(fs.readFileSync(join(folder, 'keys/a.key'), 'utf8'), 'new key');
    assert.deepEqual(Object.keys(tree(folder)).sort(), ['.local-ca.json', 'a.pem', 'keys/a.key']);
  });
});
