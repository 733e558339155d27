/** Files for another user than the one who writes them. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { changedFiles } from '../../src/bundle/changed.ts';
import { stageDirectory } from '../../src/bundle/directory.ts';
import { BundleFile, ownedBy } from '../../src/bundle/file.ts';
import { temporaryFolder } from '../support/temp.ts';
import { modeOf, outputFile } from './support.ts';

const SERVER = { uid: 4711, gid: 4712 };
const skip = process.geteuid?.() !== 0 && 'only root may give files away';

const bundle = (text: string) =>
  [outputFile('a.pem', text), outputFile('keys/a.key', `${text} key`, true)].map((file) => ownedBy(SERVER, file));

const ownerOf = (path: string) => {
  const { uid, gid } = fs.statSync(path);
  return { uid, gid };
};

const write = async (folder: string, text: string) => (await stageDirectory(folder, bundle(text))).commit();

const MADE = ['a.pem', 'keys', 'keys/a.key', '.local-ca.json'];

describe('files with an owner', { skip }, () => {
  it('and a new folder, are the owner’s', async (t) => {
    const folder = join(temporaryFolder(t), 'above/out');
    await write(folder, 'old');
    for (const path of ['.', ...MADE]) assert.deepEqual(ownerOf(join(folder, path)), SERVER, path);
    assert.equal(modeOf(join(folder, 'keys/a.key')), 0o600);
    assert.equal(ownerOf(join(folder, '..')).uid, 0);
  });

  it('are the owner’s in a folder that exists, and in the folders that are made inside it', async (t) => {
    const folder = temporaryFolder(t);
    await write(folder, 'old');
    for (const path of MADE) assert.deepEqual(ownerOf(join(folder, path)), SERVER, path);
    assert.equal(ownerOf(folder).uid, 0);
  });

  it('have their owner before they have contents', async (t) => {
    const folder = temporaryFolder(t);
    const written: unknown[] = [];
    const { writeFileSync } = fs;
    const watching = (fd: number, bytes: Uint8Array) => {
      const { uid, gid, size, mode } = fs.fstatSync(fd);
      written.push({ uid, gid, size, mode: mode & 0o7777 });
      writeFileSync(fd, bytes);
    };
    Object.assign(fs, { writeFileSync: watching });
    syncBuiltinESMExports();
    try {
      await write(join(folder, 'out'), 'old');
    } finally {
      Object.assign(fs, { writeFileSync });
      syncBuiltinESMExports();
    }
    const made = (mode: number) => ({ ...SERVER, size: 0, mode });
    assert.deepEqual(written, [made(0o644), made(0o600), made(0o644)]);
  });

  it('have changed when they are somebody else’s', async (t) => {
    const folder = temporaryFolder(t);
    await write(folder, 'old');
    assert.deepEqual(changedFiles(folder, bundle('old')), []);
    fs.chownSync(join(folder, 'keys/a.key'), 0, 0);
    assert.deepEqual(changedFiles(folder, bundle('old')), ['keys/a.key']);
    await write(folder, 'old');
    assert.deepEqual(ownerOf(join(folder, 'keys/a.key')), SERVER);
  });

  it('stay whose they are when no owner is asked for and nothing else changes', async (t) => {
    const folder = temporaryFolder(t);
    await write(folder, 'old');
    const files = bundle('old').map(({ path, bytes, mode }) => new BundleFile(path, bytes, { mode }));
    assert.deepEqual(changedFiles(folder, files), []);
    await (await stageDirectory(folder, files)).commit();
    assert.deepEqual(ownerOf(join(folder, 'keys/a.key')), SERVER);
  });
});
