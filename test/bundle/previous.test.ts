import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { stageDirectory } from '../../src/bundle/directory.ts';
import { ownedBy } from '../../src/bundle/file.ts';
import { dropPrevious, hasPrevious, keepPrevious, restorePrevious } from '../../src/bundle/previous.ts';
import { temporaryFolder } from '../support/temp.ts';
import { rejectsCode } from '../support/throws.ts';
import { modeOf, outputFile, tree } from './support.ts';

const bundle = (age: string) => [outputFile('a.pem', `${age} certificate`), outputFile('k/a.key', `${age} key`, true)];
const PATHS = ['a.pem', 'k/a.key', 'chain.pem'];
const write = async (folder: string, files = bundle('new'), force = false) =>
  (await stageDirectory(folder, files, { force })).commit();
const withChain = [...bundle('new'), outputFile('chain.pem', 'new chain')];

function places(t: TestContext) {
  const parent = temporaryFolder(t);
  return { parent, folder: join(parent, 'out'), kept: join(parent, 'home/kept') };
}

describe('keepPrevious and restorePrevious', () => {
  it('bring back files with their modes and their manifest, and remove what is new', async (t) => {
    const { folder, kept } = places(t);
    await write(folder, bundle('old'));
    fs.chmodSync(join(folder, 'k/a.key'), 0o640);
    const before = tree(folder);
    await keepPrevious(folder, PATHS, kept);
    await write(folder, withChain);
    await restorePrevious(folder, kept);
    assert.deepEqual(tree(folder), before);
    assert.equal(modeOf(join(folder, 'k/a.key')), 0o640);
    await restorePrevious(folder, kept);
    assert.deepEqual(tree(folder), before);
  });

  it('keep the copies for their owner alone, and the first of them', async (t) => {
    const { folder, kept } = places(t);
    await write(folder, bundle('old'));
    await keepPrevious(folder, PATHS, kept);
    assert.equal(modeOf(kept), 0o700);
    for (const name of fs.readdirSync(kept)) assert.equal(modeOf(join(kept, name)), 0o600);
    const before = tree(kept);
    await write(folder);
    await keepPrevious(folder, PATHS, kept);
    assert.deepEqual(tree(kept), before);
    assert.equal(hasPrevious(kept), true);
    dropPrevious(kept);
    dropPrevious(kept);
    assert.equal(fs.existsSync(kept), false);
    assert.equal(hasPrevious(kept), false);
  });

  it('add copies of what a later attempt is to replace besides', async (t) => {
    const { folder, kept } = places(t);
    await write(folder, [...bundle('old'), outputFile('store.p12', 'old store', true)]);
    const before = tree(folder);
    await keepPrevious(folder, PATHS, kept);
    await write(folder, withChain);
    // That one was cut short; now other files are wanted.
    const other = [outputFile('a.pem', 'other'), outputFile('store.p12', 'new store', true), outputFile('x.pem', 'x')];
    const paths = other.map(({ path }) => path);
    fs.writeFileSync(join(kept, '2'), 'left of an attempt at this that was killed');
    await keepPrevious(folder, paths, kept);
    await keepPrevious(folder, paths, kept);
    await write(folder, other);
    await restorePrevious(folder, kept);
    assert.deepEqual(tree(folder), before);
  });

  it('bring back nothing where nothing was', async (t) => {
    const { parent, folder, kept } = places(t);
    await keepPrevious(folder, PATHS, kept);
    await restorePrevious(folder, kept);
    await write(folder, withChain);
    await restorePrevious(folder, kept);
    assert.deepEqual(fs.readdirSync(parent), ['home']);
  });

  it('bring back files of somebody else, which stay theirs', async (t) => {
    const { folder, kept } = places(t);
    fs.mkdirSync(folder);
    fs.writeFileSync(join(folder, 'a.pem'), 'mine');
    await keepPrevious(folder, PATHS, kept);
    await write(folder, withChain, true);
    await restorePrevious(folder, kept);
    assert.deepEqual(tree(folder), { 'a.pem': 'mine' });
    await rejectsCode(
      () => write(folder),
      'LOCAL_CA_OUTPUT_EXISTS',
      /a\.pem exists, and local-ca did not put it there/,
    );
  });

  it('leave other files of local-ca’s, and what they record, as they are', async (t) => {
    const { folder, kept } = places(t);
    await write(folder, bundle('old'));
    await keepPrevious(folder, PATHS, kept);
    await write(folder, [...withChain, outputFile('other.pem', 'other')]);
    await restorePrevious(folder, kept);
    assert.equal(tree(folder)['other.pem'], 'other');
    await write(folder, [...withChain, outputFile('other.pem', 'newer')]);
  });

  it('keep what was edited: new files stay, and old ones are not written over', async (t) => {
    const { folder, kept } = places(t);
    await write(folder, bundle('old'));
    await keepPrevious(folder, PATHS, kept);
    await write(folder, withChain);
    fs.appendFileSync(join(folder, 'chain.pem'), '!');
    fs.appendFileSync(join(folder, 'a.pem'), '!');
    await rejectsCode(() => restorePrevious(folder, kept), 'LOCAL_CA_OUTPUT_EXISTS', /a\.pem was changed after/);
    assert.equal(tree(folder)['k/a.key'], 'new key');
    fs.writeFileSync(join(folder, 'a.pem'), 'new certificate');
    await restorePrevious(folder, kept);
    const { '.local-ca.json': _manifest, ...rest } = tree(folder);
    assert.deepEqual(rest, { 'a.pem': 'old certificate', 'k/a.key': 'old key', 'chain.pem': 'new chain!' });
  });

  it('refuse links, before anything is copied', async (t) => {
    const { parent, folder, kept } = places(t);
    await write(folder, bundle('old'));
    fs.symlinkSync('a.pem', join(folder, 'chain.pem'));
    fs.symlinkSync('out', join(parent, 'link'));
    const keep = (place: string) => () => keepPrevious(place, PATHS, kept);
    await rejectsCode(keep(folder), 'LOCAL_CA_OUTPUT_EXISTS', /chain\.pem is not a file/);
    await rejectsCode(keep(join(parent, 'link')), 'LOCAL_CA_OUTPUT_EXISTS', /link is a symbolic link/);
    assert.equal(fs.existsSync(kept), false);
  });

  it('say that the folder is gone', async (t) => {
    const { folder, kept } = places(t);
    await write(folder, bundle('old'));
    await keepPrevious(folder, PATHS, kept);
    fs.rmSync(folder, { recursive: true });
    await rejectsCode(() => restorePrevious(folder, kept), 'LOCAL_CA_OUTPUT_FAILED', /out: the folder is no longer/);
  });

  it('say that there are no copies, or damaged ones', async (t) => {
    const { folder, kept } = places(t);
    await rejectsCode(() => restorePrevious(folder, kept), 'LOCAL_CA_INPUT_FAILED', /index\.json: there is no such/);
    await keepPrevious(folder, PATHS, kept);
    fs.writeFileSync(join(kept, 'index.json'), '{"version":1,"files":[{"copy":"../../passwd"}]}');
    await rejectsCode(() => restorePrevious(folder, kept), 'LOCAL_CA_OUTPUT_FAILED', /index\.json is damaged/);
  });
});

describe('files of another user', () => {
  const skip = process.geteuid?.() !== 0 && 'only root may give files away';
  const server = { uid: 4711, gid: 4712 };
  const ownerOf = (path: string) => [fs.statSync(path).uid, fs.statSync(path).gid];

  it('are given back to them', { skip }, async (t) => {
    const { folder, kept } = places(t);
    await write(
      folder,
      bundle('old').map((file) => ownedBy(server, file)),
    );
    await keepPrevious(folder, PATHS, kept);
    for (const name of fs.readdirSync(kept)) assert.deepEqual(ownerOf(join(kept, name)), [0, 0]);
    await write(folder);
    assert.deepEqual(ownerOf(join(folder, 'k/a.key')), [0, 0]);
    await restorePrevious(folder, kept);
    assert.deepEqual(ownerOf(join(folder, 'k/a.key')), [4711, 4712]);
  });

  it('are not replaced by one who could not give them back', { skip }, async (t) => {
    const { parent, folder, kept } = places(t);
    fs.mkdirSync(folder);
    fs.writeFileSync(join(folder, 'a.pem'), 'root');
    fs.chmodSync(parent, 0o777);
    process.seteuid?.(4711);
    try {
      await rejectsCode(
        () => keepPrevious(folder, PATHS, kept),
        'LOCAL_CA_OWNER_DENIED',
        /a\.pem belongs to user 0 and group 0/,
      );
    } finally {
      process.seteuid?.(0);
    }
    assert.equal(fs.existsSync(kept), false);
  });
});
