/** What the owner of a folder may put there for a run of somebody else's, such as root, to come by. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { stageDirectory, stageFile } from '../../src/bundle/directory.ts';
import { finishInterrupted, isCommitted } from '../../src/bundle/journal.ts';
import { isFolder, refuseForeign } from '../../src/bundle/manifest.ts';
import { removeOurs } from '../../src/bundle/remove.ts';
import { meanwhile, swap } from '../support/meanwhile.ts';
import { temporaryFolder } from '../support/temp.ts';
import { rejectsCode, throwsCode } from '../support/throws.ts';
import { outputFile, tree } from './support.ts';

const skip = process.platform === 'win32' && 'Windows has no modes';
const rootOnly = process.geteuid?.() !== 0 && 'only root may be somebody else';
const FILES = [outputFile('a.pem', 'certificate'), outputFile('a.key.pem', 'key', true)];
const NOT_OURS = /out\/\.local-ca-commit is not a folder of this user's alone: what it says is not done$/;

interface Places {
  readonly folder: string;
  readonly commit: string;
  readonly outside: string;
}

function places(t: TestContext): Places {
  const parent = temporaryFolder(t);
  const [folder, outside] = [join(parent, 'out'), join(parent, 'outside')];
  for (const path of [folder, outside]) fs.mkdirSync(path);
  return { folder, outside, commit: join(folder, '.local-ca-commit') };
}

/** A folder with a journal that moves `evil` to a path. */
function forge(path: string, to: string): void {
  fs.mkdirSync(path, { mode: 0o700 });
  fs.writeFileSync(join(path, 'x-0'), 'evil');
  fs.writeFileSync(join(path, 'x.json'), JSON.stringify([{ from: 'x-0', to }]));
}

interface Forgery {
  readonly of: string;
  readonly make: (places: Places) => void;
  readonly skip?: string | false;
}

const FORGERIES: readonly Forgery[] = [
  {
    of: 'another user',
    skip: rootOnly,
    make: ({ commit }) => {
      forge(commit, 'a.pem');
      fs.chownSync(commit, 4711, 4711);
    },
  },
  {
    of: 'ours, in which others may write',
    make: ({ commit }) => {
      forge(commit, 'a.pem');
      fs.chmodSync(commit, 0o770);
    },
  },
  {
    of: 'ours elsewhere, by a link',
    make: ({ commit, outside }) => {
      forge(join(outside, 'mine'), 'a.pem');
      fs.symlinkSync('../outside/mine', commit);
    },
  },
  { of: 'a file', make: ({ commit }) => fs.writeFileSync(commit, '') },
];

describe('a commit folder', { skip }, () => {
  for (const { of, make, skip: unless = false } of FORGERIES) {
    it(`of ${of} is not obeyed`, { skip: unless }, async (t) => {
      const all = places(t);
      make(all);
      const before = fs.readdirSync(all.folder);
      assert.equal(isCommitted(all.folder), false);
      throwsCode(() => finishInterrupted(all.folder), 'LOCAL_CA_OUTPUT_FAILED', NOT_OURS);
      throwsCode(() => removeOurs(all.folder), 'LOCAL_CA_OUTPUT_FAILED', NOT_OURS);
      await rejectsCode(() => stageDirectory(all.folder, FILES), 'LOCAL_CA_OUTPUT_FAILED', NOT_OURS);
      assert.deepEqual(fs.readdirSync(all.folder), before);
    });
  }

  it('of ours leads through no link', async (t) => {
    const { folder, commit, outside } = places(t);
    forge(commit, 'sub/deep/evil');
    fs.symlinkSync('../outside', join(folder, 'sub'));
    assert.equal(isCommitted(folder), true);
    throwsCode(() => finishInterrupted(folder), 'LOCAL_CA_OUTPUT_EXISTS', /sub is a symbolic link$/);
    assert.deepEqual(fs.readdirSync(outside), []);
    fs.rmSync(join(folder, 'sub'));
    finishInterrupted(folder);
    assert.deepEqual(tree(folder), { 'sub/deep/evil': 'evil' });
  });
});

describe('what is changed for something else while it is worked on', { skip }, () => {
  for (const isNew of [true, false]) {
    it(`a stage for ${isNew ? 'a new folder' : 'one that exists'}`, async (t) => {
      const { folder, outside } = places(t);
      if (isNew) fs.rmdirSync(folder);
      await rejectsCode(
        () =>
          meanwhile(
            'mkdtempSync',
            (path) => swap(path, outside),
            () => stageDirectory(folder, FILES),
          ),
        'LOCAL_CA_OUTPUT_FAILED',
        /is not a folder of this user's alone/,
      );
      assert.deepEqual(fs.readdirSync(outside), []);
    });
  }

  it('a folder on the way, after it was looked at', {
    skip: !fs.existsSync('/proc/self/fd') && 'no /proc',
  }, async (t) => {
    const { folder, commit, outside } = places(t);
    forge(commit, 'sub/evil');
    fs.mkdirSync(join(folder, 'sub'));
    const sub = join(folder, 'sub');
    const after = (path: string) => {
      if (path === sub && !fs.existsSync(`${sub}.away`)) swap(sub, outside);
    };
    await rejectsCode(
      () => meanwhile('lstatSync', after, async () => finishInterrupted(folder)),
      'LOCAL_CA_OUTPUT_FAILED',
      /cannot write .*sub\/evil: a part of the path is a file/,
    );
    assert.deepEqual(fs.readdirSync(outside), []);
  });

  it('a folder with a file to be removed, after it was looked at', {
    skip: !fs.existsSync('/proc/self/fd') && 'no /proc',
  }, async (t) => {
    const { folder, outside } = places(t);
    const sub = join(folder, 'sub');
    fs.mkdirSync(sub);
    for (const path of [sub, outside]) fs.writeFileSync(join(path, 'passwd'), 'root');
    const sha256 = createHash('sha256').update('root').digest('hex');
    const manifest = { version: 1, files: [{ path: 'sub/passwd', sha256 }] };
    fs.writeFileSync(join(folder, '.local-ca.json'), JSON.stringify(manifest));
    const after = (path: string) => {
      if (path.endsWith('/sub') && !fs.existsSync(`${sub}.away`)) swap(sub, outside);
    };
    await meanwhile('lstatSync', after, () =>
      assert.deepEqual(removeOurs(folder), { removed: [], kept: [join(sub, 'passwd')] }),
    );
    assert.deepEqual(fs.readdirSync(outside), ['passwd']);
    assert.ok(fs.lstatSync(sub).isSymbolicLink());
  });

  it('a stage that is discarded', async (t) => {
    const { folder, outside } = places(t);
    fs.writeFileSync(join(outside, 'file'), '');
    const staged = await stageDirectory(folder, FILES);
    swap(staged.stage, outside);
    await rejectsCode(() => staged.discard(), 'LOCAL_CA_OUTPUT_FAILED', /cannot write /);
    assert.deepEqual(fs.readdirSync(outside), ['file']);
  });

  it('a stage for a single file', async (t) => {
    const { folder, outside } = places(t);
    const stage = () => stageFile(join(folder, 'a.zip'), Uint8Array.of(1), 0o600);
    await rejectsCode(
      () => meanwhile('mkdtempSync', (path) => swap(path, outside), stage),
      'LOCAL_CA_OUTPUT_FAILED',
      /is not a folder of this user's alone/,
    );
    assert.deepEqual(fs.readdirSync(outside), []);
  });

  it('a stage that takes its place', async (t) => {
    const { folder, commit } = places(t);
    const staged = await stageDirectory(folder, FILES);
    const after = (path: string) => {
      if (path !== staged.stage) return;
      fs.rmSync(commit, { recursive: true });
      forge(commit, 'a.pem');
      fs.chmodSync(commit, 0o777);
    };
    await rejectsCode(() => meanwhile('renameSync', after, () => staged.commit()), 'LOCAL_CA_OUTPUT_FAILED', NOT_OURS);
    assert.equal(fs.existsSync(join(folder, 'a.pem')), false);
  });
});

describe('where nobody may look', { skip: rootOnly }, () => {
  it('is an error that names the place', async (t) => {
    const { folder } = places(t);
    await (await stageDirectory(folder, FILES)).commit();
    fs.chmodSync(join(folder, '..'), 0o755);
    process.seteuid?.(4711);
    try {
      const refuse = () => refuseForeign(folder, FILES, false);
      throwsCode(refuse, 'LOCAL_CA_INPUT_FAILED', /cannot read .*a\.key\.pem: permission denied$/);
      process.seteuid?.(0);
      fs.chmodSync(folder, 0o700);
      process.seteuid?.(4711);
      throwsCode(refuse, 'LOCAL_CA_OUTPUT_FAILED', /cannot write .*a\.pem: permission denied$/);
      throwsCode(() => isFolder(join(folder, 'sub')), 'LOCAL_CA_OUTPUT_FAILED', /sub: permission denied$/);
    } finally {
      process.seteuid?.(0);
    }
  });
});
