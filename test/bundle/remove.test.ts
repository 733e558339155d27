import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { stageDirectory } from '../../src/bundle/directory.ts';
import { removeLabel, removeOurs } from '../../src/bundle/remove.ts';
import { temporaryFolder } from '../support/temp.ts';
import { throwsCode } from '../support/throws.ts';
import { outputFile, tree } from './support.ts';

const FILES = [outputFile('a.pem', 'certificate'), outputFile('x/y/a.key', 'key', true), outputFile('x/ca.pem', 'ca')];
const write = async (folder: string) => (await stageDirectory(folder, FILES)).commit();

describe('removeOurs', () => {
  it('takes the whole folder away when local-ca made it', async (t) => {
    const parent = temporaryFolder(t);
    const written = await write(join(parent, 'out'));
    assert.deepEqual([...removeOurs(join(parent, 'out')).removed].sort(), written.sort());
    assert.deepEqual(fs.readdirSync(parent), []);
    assert.deepEqual(removeOurs(join(parent, 'out')), { removed: [], kept: [] });
  });

  it('leaves a folder that was there before, and what else is in it', async (t) => {
    const folder = temporaryFolder(t);
    await write(folder);
    removeOurs(folder);
    assert.deepEqual(tree(folder), {});
    fs.mkdirSync(join(folder, 'x'));
    fs.writeFileSync(join(folder, 'x/mine'), 'mine');
    await write(folder);
    removeOurs(folder);
    assert.deepEqual(tree(folder), { 'x/mine': 'mine' });
  });

  it('keeps and names what was edited, and remembers it', async (t) => {
    const folder = join(temporaryFolder(t), 'out');
    await write(folder);
    fs.appendFileSync(join(folder, 'x/ca.pem'), '!');
    fs.rmSync(join(folder, 'a.pem'));
    for (const removed of [[join(folder, 'x/y/a.key')], []]) {
      assert.deepEqual(removeOurs(folder), { removed, kept: [join(folder, 'x/ca.pem')] });
      const { '.local-ca.json': manifest = '', ...rest } = tree(folder);
      assert.deepEqual(rest, { 'x/ca.pem': 'ca!' });
      assert.match(manifest, /"ownFolder": true,.*"x\/ca.pem"/s);
      assert.doesNotMatch(manifest, /"a\.pem"|a\.key/);
    }
    fs.writeFileSync(join(folder, 'x/ca.pem'), 'ca');
    removeOurs(folder);
    assert.equal(fs.existsSync(folder), false);
  });

  it('removes no others than it is told to', async (t) => {
    const folder = join(temporaryFolder(t), 'out');
    await write(folder);
    removeOurs(folder, ['x/y/a.key', 'no such file']);
    const { '.local-ca.json': _manifest, ...rest } = tree(folder);
    assert.deepEqual(rest, { 'a.pem': 'certificate', 'x/ca.pem': 'ca' });
    assert.equal(removeOurs(folder).removed.length, 2);
    assert.equal(fs.existsSync(folder), false);
  });

  it('touches nothing without a manifest', (t) => {
    const folder = temporaryFolder(t);
    fs.writeFileSync(join(folder, 'a.pem'), 'certificate');
    assert.deepEqual(removeOurs(folder), { removed: [], kept: [] });
    assert.deepEqual(tree(folder), { 'a.pem': 'certificate' });
  });

  it('does not follow a forged manifest or a link out of the folder', (t) => {
    const parent = temporaryFolder(t);
    const folder = join(parent, 'out');
    fs.mkdirSync(folder);
    fs.writeFileSync(join(parent, 'passwd'), 'root');
    fs.symlinkSync('..', join(folder, 'up'));
    fs.symlinkSync('../passwd', join(folder, 'link'));
    const sha256 = createHash('sha256').update('root').digest('hex');
    const files = ['../passwd', 'up/passwd', 'link', join(parent, 'passwd')].map((path) => ({ path, sha256 }));
    fs.writeFileSync(join(folder, '.local-ca.json'), JSON.stringify({ version: 1, ownFolder: true, files }));
    assert.deepEqual(removeOurs(folder).removed, []);
    assert.equal(fs.readFileSync(join(parent, 'passwd'), 'utf8'), 'root');
    assert.ok(fs.lstatSync(join(folder, 'link')).isSymbolicLink());
  });

  it('refuses a link to a folder, and a file', async (t) => {
    const parent = temporaryFolder(t);
    await write(join(parent, 'out'));
    fs.symlinkSync('out', join(parent, 'link'));
    throwsCode(() => removeOurs(join(parent, 'link')), 'LOCAL_CA_OUTPUT_EXISTS', /link is a symbolic link/);
    throwsCode(() => removeOurs(join(parent, 'out/a.pem')), 'LOCAL_CA_OUTPUT_EXISTS', /a\.pem is not a folder/);
    assert.equal(removeOurs(join(parent, 'out')).removed.length, 3);
  });
});

describe('removeLabel', () => {
  const write = async (folder: string, label: string | undefined, ...paths: readonly string[]) => {
    const files = paths.map((path) => outputFile(path, `${path}`, path.endsWith('.key')));
    await (await stageDirectory(folder, files, { label })).commit();
  };
  const visible = (folder: string) => fs.readdirSync(folder).filter((name) => !name.startsWith('.local-ca'));

  it('leaves what is for other labels too, and what nobody said whose it is', async (t) => {
    const folder = join(temporaryFolder(t), 'out');
    await write(folder, 'a', 'ca.pem', 'a.key');
    await write(folder, 'b', 'ca.pem', 'b.key');
    await write(folder, undefined, 'request.key');
    assert.deepEqual(removeLabel(folder, 'a').removed, [join(folder, 'a.key')]);
    assert.deepEqual(visible(folder), ['b.key', 'ca.pem', 'request.key']);
    assert.deepEqual(removeLabel(folder, 'a'), { removed: [], kept: [] });
    assert.deepEqual([...removeLabel(folder, 'b').removed].sort(), [join(folder, 'b.key'), join(folder, 'ca.pem')]);
    // It is still on record, and local-ca's to replace.
    await write(folder, 'c', 'request.key');
    removeLabel(folder, 'c');
    assert.equal(fs.existsSync(folder), false);
  });
});
