/** File systems that keep no modes and no owners: files are deployed there once, with a warning, and then left alone. */
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { rightsWarnings } from '../../src/deploy/rights.ts';
import { previewTarget } from '../../src/deploy/run.ts';
import type { FileRights } from '../../src/store/store.ts';
import { LIKE_CIFS, mounted, noFuse } from './file-system.ts';
import { failing, LABEL, Stand } from './stand.ts';

const posix = process.platform !== 'win32';
const isRoot = process.geteuid?.() === 0;
const KEY = `${LABEL}.key.pem`;

/** As FAT does, mounted as it is by default. */
const FAT = { mode: 0o755 };

const OPEN = new RegExp(
  '^this file system does not keep modes: the private key, or what opens it, is readable by every user of this machine: ' +
    `${LABEL}\\.key\\.pem \\(0755, not 0600\\)\\. Mount it so`,
);

describe('a file system that keeps no modes', { skip: !posix }, () => {
  async function onFat(t: TestContext, changes: Parameters<typeof Stand.make>[1] = {}) {
    const stand = await Stand.make(t, changes);
    stand.fileSystem = () => FAT;
    assert.equal((await stand.run()).result, 'enabled');
    return stand;
  }

  it('is deployed to once, and then left alone until something changes', async (t) => {
    const stand = await onFat(t);
    const { rights } = await stand.get();
    const key = rights.find(({ path }) => path === KEY);
    const { uid, gid } = fs.statSync(join(stand.folder, KEY));
    assert.deepEqual(key, {
      ...{ path: KEY, secret: true, asked: { mode: 0o600, owner: null } },
      got: { mode: 0o755, uid, gid },
    });
    assert.deepEqual(await stand.story(), ['unchanged', '', null]);
    const preview = await previewTarget(stand.ports, await stand.get(), {});
    assert.deepEqual(preview, { step: { kind: 'nothing' }, problem: null });
    await stand.renew();
    assert.deepEqual(await stand.story(), ['updated', 'updating -> enabled', null]);
    assert.deepEqual(await stand.story(), ['unchanged', '', null]);
    assert.equal(stand.hooks.length, 2);
  });

  it('is warned of, in the log too', async (t) => {
    const stand = await onFat(t);
    const [warning = '', ...others] = rightsWarnings(await stand.get());
    assert.match(warning, OPEN);
    assert.deepEqual(others, []);
    const [event] = await stand.events();
    assert.ok(event?.detail.includes(warning), event?.detail);
  });

  it('is still watched: other modes than it gave are drift, and so is a mended one that is lost again', async (t) => {
    const stand = await onFat(t);
    stand.fileSystem = () => ({ mode: 0o777 });
    assert.equal((await stand.run()).result, 'updated');
    assert.match(rightsWarnings(await stand.get())[0] ?? '', /\(0777, not 0600\)/);
    stand.fileSystem = () => ({});
    assert.equal((await stand.run()).result, 'unchanged');
    await stand.renew();
    await stand.run();
    assert.deepEqual((await stand.get()).rights, []);
    fs.chmodSync(join(stand.folder, KEY), 0o755);
    assert.equal((await stand.run()).result, 'updated');
  });

  it('gets the files before back like any other', async (t) => {
    const stand = await onFat(t);
    const before = await stand.get();
    await stand.renew();
    stand.answers = [failing()];
    assert.equal((await stand.run()).result, 'failed');
    const { serial, rights } = await stand.get();
    assert.deepEqual([serial, rights], [before.serial, before.rights]);
    stand.later(3_600_000);
    assert.equal((await stand.run()).result, 'updated');
    assert.deepEqual(await stand.story(), ['unchanged', '', null]);
  });

  it('is forgotten when the files are taken away', async (t) => {
    const stand = await onFat(t);
    await stand.change({ wish: 'disabled' });
    assert.equal((await stand.run()).result, 'disabled');
    assert.deepEqual((await stand.get()).rights, []);
  });

  it('what a hook does to a file is not what the file system did', async (t) => {
    const stand = await Stand.make(t);
    const { ports } = stand;
    const hook: typeof ports.hook = async (argv, options) => {
      const done = await ports.hook(argv, options);
      fs.chmodSync(join(stand.folder, KEY), 0o644);
      return done;
    };
    Object.defineProperty(stand, 'ports', { value: { ...ports, hook } });
    await stand.run();
    assert.deepEqual((await stand.get()).rights, []);
    assert.equal((await stand.run()).result, 'updated');
  });
});

describe('a file system that keeps no owners', { skip: !posix || !isRoot }, () => {
  it('is deployed to once, and warned of', async (t) => {
    const stand = await Stand.make(t, { owner: '4711', group: '4712' });
    stand.fileSystem = () => ({ uid: 65534, gid: 65534 });
    assert.equal((await stand.run()).result, 'enabled');
    assert.deepEqual(await stand.story(), ['unchanged', '', null]);
    const [warning = '', ...others] = rightsWarnings(await stand.get());
    assert.match(
      warning,
      /^this file system does not keep owners: \S+ belongs to user 65534 and group 65534, and not to user 4711 and group 4712, and \d more like it$/,
    );
    assert.deepEqual(others, []);
    // Somebody else's than the file system made it.
    stand.fileSystem = () => ({ uid: 1, gid: 65534 });
    assert.equal((await stand.run()).result, 'updated');
  });
});

describe('what is said of rights', () => {
  const got = { mode: 0o640, uid: 7, gid: 8 };
  const asked = { mode: 0o600, owner: null };
  const file: FileRights = { path: 'a.key.pem', secret: true, asked, got };
  for (const [what, rights, says] of [
    ['nothing, where all is as it should be', [], []],
    [
      'a key that a group can read',
      [file],
      [/readable by group 8: a\.key\.pem \(0640, not 0600\)\. Mount it so that nobody else can read there/],
    ],
    [
      'a key and its password',
      [file, { ...file, path: 'a.password.txt', got: { ...got, mode: 0o644 } }],
      [/readable by every user of this machine: a\.key\.pem \(0640, not 0600\), a\.password\.txt \(0644, not 0600\)\./],
    ],
    [
      'what was no secret anyway',
      [{ ...file, path: 'ca.pem', secret: false, asked: { mode: 0o644, owner: null }, got: { ...got, mode: 0o755 } }],
      [/^this file system does not keep modes: ca\.pem \(0755, not 0644\)$/],
    ],
    [
      'a key that is closed further than asked for',
      [{ ...file, asked: { mode: 0o640, owner: null }, got: { ...got, mode: 0o700 } }],
      [/^this file system does not keep modes: a\.key\.pem \(0700, not 0640\)$/],
    ],
    [
      'an open key of somebody else',
      [{ ...file, asked: { mode: 0o600, owner: { uid: 1, gid: 8 } } }],
      [
        /readable by group 8/,
        /^this .* keep owners: a\.key\.pem belongs to user 7 and group 8, and not to user 1 and group 8$/,
      ],
    ],
  ] as const) {
    it(what, () => {
      const warnings = rightsWarnings({ rights });
      assert.equal(warnings.length, says.length, warnings.join('\n'));
      for (const [i, pattern] of says.entries()) assert.match(warnings[i] ?? '', pattern);
    });
  }
});

// --- a real one ----------------------------------------------------------------------------------------------------

describe('a mounted file system', { skip: noFuse }, () => {
  it('that ignores modes and owners, as CIFS does, is deployed to once', async (t) => {
    const folder = join(mounted(t, LIKE_CIFS).at, 'tls');
    const stand = await Stand.make(t, { folder, owner: '4711', group: '4712' });
    assert.deepEqual(await stand.story(), ['enabled', 'in-progress -> enabled', null]);
    assert.equal(fs.statSync(join(folder, KEY)).mode & 0o777, 0o755);
    const warnings = rightsWarnings(await stand.get());
    assert.match(warnings[0] ?? '', OPEN);
    assert.match(warnings[1] ?? '', /belongs to user 0 and group 0, and not to user 4711 and group 4712/);
    assert.deepEqual(await stand.story(), ['unchanged', '', null]);
    await stand.renew();
    assert.equal((await stand.run()).result, 'updated');
    await stand.renew();
    stand.answers = [failing()];
    assert.equal((await stand.run()).result, 'failed');
    stand.later(3_600_000);
    assert.equal((await stand.run()).result, 'updated');
    assert.deepEqual(await stand.story(), ['unchanged', '', null]);
    await stand.change({ wish: 'disabled' });
    assert.equal((await stand.run()).result, 'disabled');
  });

  it('that refuses owners, as FAT does, is not written to, and the reason is said', async (t) => {
    const folder = join(mounted(t, ['--chown-deny']).at, 'tls');
    const stand = await Stand.make(t, { folder, owner: '4711', group: '4712' });
    const [result, , problem] = await stand.story();
    assert.equal(result, 'failed');
    assert.match(
      problem ?? '',
      /permission denied; its file system may keep no owners: then leave --owner and --group out$/,
    );
    await stand.change({ owner: null, group: null });
    stand.later(3_600_000);
    assert.equal((await stand.run()).result, 'enabled');
    assert.deepEqual((await stand.get()).rights, []);
  });

  it("that takes root for nobody is not written to: what it holds could be anybody else's", async (t) => {
    const { at, behind } = mounted(t, ['--force-user=65534', '--force-group=65534', '--chown-deny']);
    const stand = await Stand.make(t, { folder: join(at, 'tls') });
    const [result, , problem] = await stand.story();
    assert.equal(result, 'failed');
    assert.match(problem ?? '', /is not a folder of this user's alone/);
    assert.equal((await stand.run()).result, 'later');
    assert.deepEqual([stand.hooks, fs.readdirSync(behind)], [[], []]);
  });
});
