import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { temporaryName } from '../../src/abandoned.ts';
import { stageDirectory, stageFile } from '../../src/bundle/directory.ts';
import { zipBundle } from '../../src/bundle/zip.ts';
import { undoUnfinished } from '../../src/unfinished.ts';
import { temporaryFolder } from '../support/temp.ts';
import { modeOf, outputFile, refusal, tree } from './support.ts';

const OLD = [outputFile('a.pem', 'old certificate'), outputFile('a.key.pem', 'old key', true)];
const NEW = [outputFile('a.pem', 'new certificate'), outputFile('a.key.pem', 'new key', true)];

const write = async (folder: string, files: typeof OLD, force = false) =>
  (await stageDirectory(folder, files, { force })).commit();

/** Without the manifest, whose content is tested by what it allows. */
function content(folder: string) {
  const { '.local-ca.json': _manifest, ...rest } = tree(folder);
  return rest;
}

describe('stageDirectory into a new folder', () => {
  it('writes nothing in place before commit, and everything at once', async (t) => {
    const parent = await temporaryFolder(t);
    const staged = await stageDirectory(join(parent, 'out'), OLD);
    assert.equal(fs.existsSync(join(parent, 'out')), false);
    assert.deepEqual(await staged.commit(), [join(parent, 'out', 'a.pem'), join(parent, 'out', 'a.key.pem')]);
    assert.deepEqual(content(join(parent, 'out')), { 'a.pem': 'old certificate', 'a.key.pem': 'old key' });
    assert.deepEqual(fs.readdirSync(parent), ['out']);
  });

  it('has the modes of its files, and keeps others out when one is secret', async (t) => {
    const parent = await temporaryFolder(t);
    await write(join(parent, 'secret'), OLD);
    await write(join(parent, 'public'), OLD.slice(0, 1));
    assert.equal(modeOf(join(parent, 'secret')), 0o700);
    assert.equal(modeOf(join(parent, 'public')), 0o755);
    assert.equal(modeOf(join(parent, 'secret', 'a.key.pem')), 0o600);
    assert.equal(modeOf(join(parent, 'secret', 'a.pem')), 0o644);
  });

  it('makes folders inside and above', async (t) => {
    const parent = await temporaryFolder(t);
    await write(join(parent, 'a/b/out'), [outputFile('x/y/z.pem', 'z')]);
    assert.deepEqual(content(join(parent, 'a/b/out')), { 'x/y/z.pem': 'z' });
  });

  it('leaves nothing when it is discarded', async (t) => {
    const parent = await temporaryFolder(t);
    await (await stageDirectory(join(parent, 'a/b/out'), OLD)).discard();
    assert.deepEqual(fs.readdirSync(parent), []);
  });

  it('keeps the folders above that somebody used meanwhile', async (t) => {
    const parent = await temporaryFolder(t);
    const staged = await stageDirectory(join(parent, 'a/b/out'), OLD);
    fs.writeFileSync(join(parent, 'a', 'mine'), '');
    await staged.discard();
    assert.deepEqual(tree(parent), { 'a/mine': '' });
  });

  it('does not take over a folder that appears meanwhile', async (t) => {
    const parent = await temporaryFolder(t);
    const staged = await stageDirectory(join(parent, 'out'), OLD);
    fs.mkdirSync(join(parent, 'out'));
    fs.writeFileSync(join(parent, 'out', 'mine'), '');
    await assert.rejects(staged.commit(), refusal('LOCAL_CA_OUTPUT_EXISTS', /out appeared meanwhile/));
    assert.deepEqual(tree(parent), { 'out/mine': '' });
  });

  const blocked: readonly (readonly [string, (path: string) => void, RegExp])[] = [
    ['a file', (path) => fs.writeFileSync(path, 'mine'), /out is not a folder/],
    ['a link to a folder', (path) => fs.symlinkSync('.', path), /out is a symbolic link/],
    ['a link to nothing', (path) => fs.symlinkSync('nowhere', path), /out is a symbolic link/],
  ];
  for (const [what, make, message] of blocked) {
    it(`refuses ${what}, forced or not`, async (t) => {
      const parent = await temporaryFolder(t);
      make(join(parent, 'out'));
      for (const force of [false, true]) {
        await assert.rejects(write(join(parent, 'out'), OLD, force), refusal('LOCAL_CA_OUTPUT_EXISTS', message));
      }
      assert.deepEqual(fs.readdirSync(parent), ['out']);
    });
  }

  for (const path of ['file/out', 'file/a/out']) {
    it(`refuses ${path} when file is a file`, async (t) => {
      const parent = await temporaryFolder(t);
      fs.writeFileSync(join(parent, 'file'), 'mine');
      await assert.rejects(
        write(join(parent, path), OLD),
        refusal('LOCAL_CA_OUTPUT_FAILED', /a part of the path is a file/),
      );
      assert.deepEqual(tree(parent), { file: 'mine' });
    });
  }

  it('refuses a name that is too long', async (t) => {
    const parent = await temporaryFolder(t);
    await assert.rejects(
      write(join(parent, 'x'.repeat(300)), OLD),
      refusal('LOCAL_CA_OUTPUT_FAILED', /name is too long/),
    );
    assert.deepEqual(fs.readdirSync(parent), []);
    await assert.rejects(
      write(join(parent, 'out'), [outputFile('x'.repeat(300), '')]),
      refusal('LOCAL_CA_OUTPUT_FAILED', /name is too long/),
    );
    assert.deepEqual(fs.readdirSync(parent), []);
  });

  it('sweeps up what runs left that are gone, and what another machine left an hour ago', async (t) => {
    const parent = await temporaryFolder(t);
    const own = temporaryName('stage');
    const elsewhere = own.replace(/-[0-9a-f]{12}[.]/, '-000000000000.');
    const gone = own.replace(/[.]\d+-$/, '.1-');
    for (const [name, hours] of [
      [`${own}running`, 2],
      [`${gone}killed`, 0],
      [`${elsewhere}old`, 2],
      [`${elsewhere}young`, 0],
    ] as const) {
      fs.mkdirSync(join(parent, name));
      fs.writeFileSync(join(parent, name, 'key.pem'), 'secret');
      const then = Date.now() / 1000 - hours * 3600;
      fs.utimesSync(join(parent, name), then, then);
    }
    await write(join(parent, 'out'), OLD);
    assert.deepEqual(fs.readdirSync(parent).sort(), [`${own}running`, `${elsewhere}young`, 'out'].sort());
  });
});

describe('stageDirectory into a folder that exists', () => {
  it('replaces what local-ca made, and keeps the rest and the folder', async (t) => {
    const folder = await temporaryFolder(t);
    fs.chmodSync(folder, 0o751);
    fs.writeFileSync(join(folder, 'mine'), 'mine');
    await write(folder, OLD);
    await write(folder, [...NEW, outputFile('sub/more.pem', 'more')]);
    assert.deepEqual(content(folder), {
      mine: 'mine',
      'a.pem': 'new certificate',
      'a.key.pem': 'new key',
      'sub/more.pem': 'more',
    });
    assert.equal(modeOf(folder), 0o751);
    assert.equal(modeOf(join(folder, 'a.key.pem')), 0o600);
  });

  it('remembers the files of an earlier bundle', async (t) => {
    const folder = await temporaryFolder(t);
    await write(folder, OLD);
    await write(folder, [outputFile('b.pem', 'b')]);
    await write(folder, NEW);
    assert.equal(content(folder)['a.pem'], 'new certificate');
  });

  it('names the files of an earlier bundle that stay, and keeps them on record', async (t) => {
    const folder = await temporaryFolder(t);
    assert.deepEqual((await stageDirectory(join(folder, 'new'), OLD)).leftovers, []);
    await write(folder, [...OLD, outputFile('sub/chain.pem', 'old chain'), outputFile('gone.pem', '')]);
    fs.rmSync(join(folder, 'gone.pem'));
    fs.writeFileSync(join(folder, 'mine.pem'), 'mine');
    const staged = await stageDirectory(folder, NEW.slice(1));
    assert.deepEqual(staged.leftovers, [join(folder, 'a.pem'), join(folder, 'sub/chain.pem')]);
    await staged.commit();
    assert.equal(content(folder)['sub/chain.pem'], 'old chain');
    assert.deepEqual((await stageDirectory(folder, NEW)).leftovers, [join(folder, 'sub/chain.pem')]);
    await write(folder, [...NEW, outputFile('sub/chain.pem', 'new chain')]);
    assert.equal(content(folder)['sub/chain.pem'], 'new chain');
  });

  it('leaves nothing when it is discarded', async (t) => {
    const folder = await temporaryFolder(t);
    await write(folder, OLD);
    const before = tree(folder);
    await (await stageDirectory(folder, NEW)).discard();
    assert.deepEqual(tree(folder), before);
  });

  const foreign: readonly (readonly [string, (folder: string) => void, RegExp])[] = [
    [
      'a file of somebody else',
      (folder) => fs.writeFileSync(join(folder, 'a.key.pem'), 'mine'),
      /a\.key\.pem exists, and local-ca did not put it there/,
    ],
    [
      'a link',
      (folder) => fs.symlinkSync('/etc/passwd', join(folder, 'a.pem')),
      /a\.pem exists, and local-ca did not put it there/,
    ],
    ['a link to nothing', (folder) => fs.symlinkSync('nowhere', join(folder, 'a.pem')), /a\.pem exists, and local-ca/],
  ];
  for (const [what, make, message] of foreign) {
    it(`refuses to replace ${what}, and does so by force`, async (t) => {
      const folder = await temporaryFolder(t);
      make(folder);
      const before = fs.readdirSync(folder);
      await assert.rejects(stageDirectory(folder, OLD), refusal('LOCAL_CA_OUTPUT_EXISTS', message));
      assert.deepEqual(fs.readdirSync(folder), before);
      await write(folder, OLD, true);
      assert.deepEqual(content(folder), { 'a.pem': 'old certificate', 'a.key.pem': 'old key' });
      assert.ok(fs.lstatSync(join(folder, 'a.pem')).isFile());
    });
  }

  it('takes over a file with the very same bytes, and one that the caller claims', async (t) => {
    const folder = await temporaryFolder(t);
    fs.writeFileSync(join(folder, 'a.pem'), 'old certificate');
    await write(folder, OLD);
    fs.writeFileSync(join(folder, 'a.pem'), 'new certificate');
    await write(folder, NEW);
    assert.equal(content(folder)['a.pem'], 'new certificate');
    fs.rmSync(join(folder, '.local-ca.json'));
    const claims = (standing: Uint8Array) => Buffer.from(standing).toString().startsWith('new');
    await (await stageDirectory(folder, OLD, { claims })).commit();
    assert.equal(content(folder)['a.pem'], 'old certificate');
    // Of what is on record, the record decides.
    fs.writeFileSync(join(folder, 'a.pem'), 'newer');
    await assert.rejects(stageDirectory(folder, NEW, { claims }), refusal('LOCAL_CA_OUTPUT_EXISTS', /was changed/));
  });

  it('refuses to replace what was edited since', async (t) => {
    const folder = await temporaryFolder(t);
    await write(folder, OLD);
    fs.appendFileSync(join(folder, 'a.pem'), '# note');
    await assert.rejects(
      stageDirectory(folder, NEW),
      refusal('LOCAL_CA_OUTPUT_EXISTS', /a\.pem was changed after local-ca made it/),
    );
    assert.equal(content(folder)['a.key.pem'], 'old key');
    await write(folder, NEW, true);
    assert.equal(content(folder)['a.pem'], 'new certificate');
  });

  it('refuses when it is edited between staging and commit', async (t) => {
    const folder = await temporaryFolder(t);
    await write(folder, OLD);
    const staged = await stageDirectory(folder, NEW);
    fs.appendFileSync(join(folder, 'a.pem'), '# note');
    await assert.rejects(staged.commit(), refusal('LOCAL_CA_OUTPUT_EXISTS', /was changed/));
    assert.deepEqual(content(folder), { 'a.pem': 'old certificate# note', 'a.key.pem': 'old key' });
  });

  it('refuses a folder where a file belongs, and a link on the way, forced or not', async (t) => {
    const folder = await temporaryFolder(t);
    fs.mkdirSync(join(folder, 'a.pem'));
    fs.symlinkSync('/tmp', join(folder, 'sub'));
    for (const force of [false, true]) {
      await assert.rejects(
        stageDirectory(folder, OLD, { force }),
        refusal('LOCAL_CA_OUTPUT_EXISTS', /a\.pem is a folder/),
      );
      const below = stageDirectory(folder, [outputFile('sub/x.pem', '')], { force });
      await assert.rejects(below, refusal('LOCAL_CA_OUTPUT_EXISTS', /sub is a symbolic link/));
    }
  });

  it('trusts no damaged manifest', async (t) => {
    const folder = await temporaryFolder(t);
    await write(folder, OLD);
    fs.writeFileSync(join(folder, '.local-ca.json'), '{"version":1,"files":[{}]}');
    await assert.rejects(
      stageDirectory(folder, NEW),
      refusal('LOCAL_CA_OUTPUT_EXISTS', /local-ca did not put it there/),
    );
  });

  it('lets two at once each write whole bundles', async (t) => {
    const folder = await temporaryFolder(t);
    await write(folder, OLD);
    const first = await stageDirectory(folder, NEW);
    const second = await stageDirectory(
      folder,
      NEW.map((file) => outputFile(file.path, `other ${file.path}`, file.secret)),
    );
    await first.commit();
    await second.commit();
    assert.deepEqual(content(folder), { 'a.pem': 'other a.pem', 'a.key.pem': 'other a.key.pem' });
  });

  it('does not follow a forged journal out of the folder', async (t) => {
    const parent = await temporaryFolder(t);
    const commit = join(parent, 'out/.local-ca-commit');
    fs.mkdirSync(commit, { recursive: true, mode: 0o700 });
    fs.writeFileSync(join(commit, 'x-0'), 'evil');
    fs.writeFileSync(join(commit, 'x.json'), JSON.stringify([{ from: 'x-0', to: '../evil' }]));
    await assert.rejects(stageDirectory(join(parent, 'out'), OLD), refusal('LOCAL_CA_PATH_INVALID', /climbs out/));
    assert.deepEqual(fs.readdirSync(parent), ['out']);
  });
});

describe('what an interrupted run left, when it is damaged', () => {
  for (const journal of ['', '[{"from":"../x","to":"a"}]', '{}']) {
    it(`is an error for ${JSON.stringify(journal)}`, async (t) => {
      const folder = await temporaryFolder(t);
      fs.mkdirSync(join(folder, '.local-ca-commit'), { mode: 0o700 });
      fs.writeFileSync(join(folder, '.local-ca-commit', 'x.json'), journal);
      await assert.rejects(stageDirectory(folder, OLD), refusal('LOCAL_CA_OUTPUT_FAILED', /x\.json is damaged/));
    });
  }

  it('is cleared away when it is empty', async (t) => {
    const folder = await temporaryFolder(t);
    fs.mkdirSync(join(folder, '.local-ca-commit'), { mode: 0o700 });
    await write(folder, OLD);
    assert.deepEqual(content(folder), { 'a.pem': 'old certificate', 'a.key.pem': 'old key' });
  });
});

describe('stageFile', () => {
  const zip = (text: string) => zipBundle([outputFile('ca.pem', text)]);
  const put = async (path: string, bytes: Uint8Array, force = false) =>
    (await stageFile(path, bytes, 0o600, { force })).commit();

  it('writes at commit, with its mode, and makes the folders above', async (t) => {
    const path = join(await temporaryFolder(t), 'a/b/out.zip');
    const staged = await stageFile(path, await zip('1'), 0o600);
    assert.equal(fs.existsSync(path), false);
    assert.deepEqual(staged.leftovers, []);
    assert.deepEqual(await staged.commit(), [path]);
    assert.equal(modeOf(path), 0o600);
    assert.deepEqual(new Uint8Array(fs.readFileSync(path)), new Uint8Array(await zip('1')));
    assert.deepEqual(fs.readdirSync(join(path, '..')), ['out.zip']);
  });

  it('leaves nothing when it is discarded', async (t) => {
    const parent = await temporaryFolder(t);
    await (await stageFile(join(parent, 'a/b/out.zip'), await zip('1'), 0o644)).discard();
    assert.deepEqual(fs.readdirSync(parent), []);
  });

  it('replaces its own zip, and no other file', async (t) => {
    const path = join(await temporaryFolder(t), 'out.zip');
    await put(path, await zip('1'));
    await put(path, await zip('2'));
    assert.deepEqual(new Uint8Array(fs.readFileSync(path)), new Uint8Array(await zip('2')));
    fs.appendFileSync(path, 'x');
    await assert.rejects(
      put(path, await zip('3')),
      refusal('LOCAL_CA_OUTPUT_EXISTS', /out\.zip exists, and is not as local-ca made it/),
    );
    await put(path, await zip('3'), true);
    assert.deepEqual(new Uint8Array(fs.readFileSync(path)), new Uint8Array(await zip('3')));
  });

  it('refuses a link, and a folder even by force', async (t) => {
    const parent = await temporaryFolder(t);
    fs.symlinkSync('nowhere', join(parent, 'link.zip'));
    fs.mkdirSync(join(parent, 'folder.zip'));
    await assert.rejects(
      put(join(parent, 'link.zip'), await zip('1')),
      refusal('LOCAL_CA_OUTPUT_EXISTS', /link\.zip exists/),
    );
    await assert.rejects(
      put(join(parent, 'folder.zip'), await zip('1'), true),
      refusal('LOCAL_CA_OUTPUT_EXISTS', /is a folder/),
    );
    assert.deepEqual(fs.readdirSync(parent), ['folder.zip', 'link.zip']);
  });

  it('does not replace a file that appears meanwhile', async (t) => {
    const path = join(await temporaryFolder(t), 'out.zip');
    const staged = await stageFile(path, await zip('1'), 0o644);
    fs.writeFileSync(path, 'mine');
    await assert.rejects(staged.commit(), refusal('LOCAL_CA_OUTPUT_EXISTS', /out\.zip exists/));
    assert.deepEqual(tree(join(path, '..')), { 'out.zip': 'mine' });
  });

  it('leaves it to a folder that is staged too to make the place', async (t) => {
    const parent = await temporaryFolder(t);
    const folder = await stageDirectory(join(parent, 'a/out'), OLD);
    const file = await stageFile(join(parent, 'a/out/x/out.zip'), await zip('1'), 0o600);
    await folder.commit();
    await file.commit();
    assert.deepEqual(fs.readdirSync(join(parent, 'a/out')).sort(), ['.local-ca.json', 'a.key.pem', 'a.pem', 'x']);
    assert.deepEqual(fs.readdirSync(join(parent, 'a')), ['out']);
    assert.deepEqual(fs.readdirSync(join(parent, 'a/out/x')), ['out.zip']);
  });

  it('refuses at once what could not be made later', async (t) => {
    const parent = await temporaryFolder(t);
    const put = async (path: string) => stageFile(join(parent, path), await zip('1'), 0o600);
    fs.symlinkSync('nowhere', join(parent, 'link'));
    fs.writeFileSync(join(parent, 'file'), '');
    const failed = (message: RegExp) => refusal('LOCAL_CA_OUTPUT_FAILED', message);
    await assert.rejects(put('link/a/out.zip'), failed(/there is no such file or folder/));
    await assert.rejects(put('file/a/out.zip'), failed(/a part of the path is a file/));
    await assert.rejects(put(`new/${'x'.repeat(300)}`), failed(/name is too long/));
    assert.deepEqual(fs.readdirSync(parent), ['file', 'link']);
  });
});

describe('a process that is about to end', () => {
  it('removes the stages, and the folders that were made for them', async (t) => {
    const parent = await temporaryFolder(t);
    await stageDirectory(join(parent, 'a/b/out'), OLD);
    await stageFile(join(parent, 'a/b/c/out.zip'), new Uint8Array(1), 0o600);
    undoUnfinished();
    assert.deepEqual(fs.readdirSync(parent), []);
  });

  it('lets be what is committed', async (t) => {
    const parent = await temporaryFolder(t);
    await write(join(parent, 'out'), OLD);
    await write(join(parent, 'out'), NEW);
    undoUnfinished();
    assert.deepEqual(content(join(parent, 'out')), { 'a.pem': 'new certificate', 'a.key.pem': 'new key' });
  });
});
