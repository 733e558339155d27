/** Removing folders where others may change what their names stand for, and what is in them. */
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { isRemovable, removeFolder } from '../src/held-folder.ts';
import { meanwhile, swap } from './support/meanwhile.ts';
import { temporaryFolder } from './support/temp.ts';
import { throwsCode } from './support/throws.ts';

const windows = process.platform === 'win32';
const rootOnly = (process.geteuid?.() !== 0 || !fs.existsSync('/proc/self/fd')) && 'only root, with /proc';
const SERVER = 4711;

/** A path, of its owner, with its mode. */
type Row = readonly [path: string, uid: number, mode: number];

/** Folders; each with a file in it. */
function make(parent: string, rows: readonly Row[]): void {
  for (const [path, uid, mode] of rows) {
    const full = join(parent, path);
    fs.mkdirSync(full, { recursive: true });
    fs.writeFileSync(join(full, 'file'), '');
    fs.chownSync(full, uid, uid);
    fs.chmodSync(full, mode);
  }
}

const ground = (t: TestContext, ...rows: readonly Row[]): string => {
  const parent = temporaryFolder(t);
  make(parent, rows);
  return parent;
};

describe('a folder of ours', () => {
  it('goes with all that is in it, links and not what they lead to; one that is not there has gone', (t) => {
    const parent = temporaryFolder(t);
    fs.mkdirSync(join(parent, 'stage/x/y'), { recursive: true });
    fs.mkdirSync(join(parent, 'outside'));
    for (const path of ['stage/a', 'stage/x/y/b', 'outside/c']) fs.writeFileSync(join(parent, path), '');
    if (!windows) fs.symlinkSync('../outside', join(parent, 'stage/link'));
    assert.equal(isRemovable(join(parent, 'stage')), true);
    for (const _again of [1, 2]) removeFolder(join(parent, 'stage'));
    assert.deepEqual(fs.readdirSync(parent), ['outside']);
    assert.deepEqual(fs.readdirSync(join(parent, 'outside')), ['c']);
  });
});

interface Case {
  readonly of: string;
  readonly rows: readonly Row[];
  readonly goes: boolean;
}

const CASES: readonly Case[] = [
  {
    of: "root's alone in a server's folder",
    rows: [
      ['out', SERVER, 0o755],
      ['out/stage', 0, 0o700],
      ['out/stage/x', SERVER, 0o755],
    ],
    goes: true,
  },
  {
    of: "root's that others may look into, in a server's folder",
    rows: [
      ['out', SERVER, 0o755],
      ['out/stage', 0, 0o755],
    ],
    goes: false,
  },
  {
    of: "a server's in its folder",
    rows: [
      ['out', SERVER, 0o755],
      ['out/stage', SERVER, 0o700],
      ['out/stage/x', SERVER, 0o755],
    ],
    goes: true,
  },
  {
    of: "a server's in root's folder",
    rows: [
      ['out', 0, 0o755],
      ['out/stage', SERVER, 0o700],
    ],
    goes: true,
  },
  {
    of: "another's in a server's folder",
    rows: [
      ['out', SERVER, 0o755],
      ['out/stage', 4712, 0o700],
    ],
    goes: false,
  },
  {
    of: "a server's in a folder of its group",
    rows: [
      ['out', SERVER, 0o775],
      ['out/stage', SERVER, 0o700],
    ],
    goes: false,
  },
  {
    of: "root's alone where anybody may write",
    rows: [
      ['out', 0, 0o1777],
      ['out/stage', 0, 0o700],
    ],
    goes: true,
  },
];

describe('removing a folder', { skip: rootOnly }, () => {
  for (const { of, rows, goes } of CASES) {
    it(`${of} ${goes ? 'is done' : 'is refused'}`, (t) => {
      const stage = join(ground(t, ...rows), 'out/stage');
      assert.equal(isRemovable(stage), goes);
      if (goes) removeFolder(stage);
      else throwsCode(() => removeFolder(stage), 'LOCAL_CA_OUTPUT_FAILED', /out\/stage may be somebody else's work/);
      assert.equal(fs.existsSync(stage), !goes);
    });
  }

  it("leaves root's folder that was moved into a server's", (t) => {
    const rows: Row[] = ['out', 'out/stage', 'out/stage/x'].map((path) => [path, SERVER, 0o700]);
    const stage = join(ground(t, ...rows, ['out/stage/x/kept', 0, 0o700]), 'out/stage');
    assert.throws(() => removeFolder(stage), { code: 'ENOTEMPTY' });
    assert.deepEqual(fs.readdirSync(join(stage, 'x/kept')), ['file']);
  });

  /** In the middle of the work, at a path, comes a link to somewhere else. */
  const RACES = [
    { changed: 'stage', when: 'lstatSync' },
    { changed: 'stage', when: 'readdirSync' },
    { changed: 'stage/x', when: 'readdirSync' },
  ] as const;
  for (const { changed, when } of RACES) {
    it(`harms nobody when ${changed} is a link after ${when}`, async (t) => {
      const rows = ['out', 'out/stage', 'out/stage/x'].map((path): Row => [path, SERVER, 0o755]);
      const parent = ground(t, ...rows, ['outside', 0, 0o755], ['outside/x', 0, 0o755]);
      const path = join(parent, 'out', changed);
      const after = () => {
        if (!fs.existsSync(`${path}.away`)) swap(path, join(parent, 'outside'));
      };
      await meanwhile(when, after, () => assert.throws(() => removeFolder(join(parent, 'out/stage')), isSystemError));
      assert.deepEqual(fs.readdirSync(join(parent, 'outside')).sort(), ['file', 'x']);
      assert.deepEqual(fs.readdirSync(join(parent, 'outside/x')), ['file']);
      assert.ok(fs.readdirSync(dirname(path)).includes(`${basename(path)}.away`));
    });
  }
});

/** ELOOP or ENOTDIR, of the link. */
const isSystemError = (error: unknown) => error instanceof Error && 'syscall' in error;
