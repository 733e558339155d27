import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { checkPrivateDirectory, readAtMost, readSecret, writeWhole } from '../src/disk.ts';
import { modeOf, newFolder, script } from './store/script.ts';
import { must, run } from './support/peers.ts';

const bytes = new TextEncoder().encode('text\n');
const root = process.getuid?.() === 0;

describe('writeWhole', () => {
  it('writes a file and leaves nothing else', () => {
    const folder = newFolder();
    writeWhole(join(folder, 'a'), bytes, 0o644);
    assert.deepEqual(fs.readdirSync(folder), ['a']);
    assert.equal(fs.readFileSync(join(folder, 'a'), 'utf8'), 'text\n');
  });

  it('replaces only when told to, then with the new mode', () => {
    const path = join(newFolder(), 'a');
    writeWhole(path, bytes, 0o644);
    assert.throws(() => writeWhole(path, new Uint8Array(), 0o600), {
      code: 'LOCAL_CA_OUTPUT_EXISTS',
      message: `${path} exists already`,
      hint: 'Choose another place, or remove it first.',
    });
    assert.equal(fs.readFileSync(path, 'utf8'), 'text\n');
    writeWhole(path, Uint8Array.of(65), 0o600, { replace: true });
    assert.equal(fs.readFileSync(path, 'utf8'), 'A');
    assert.equal(modeOf(path), '600');
  });

  it('takes the place of a link, and does not write through it', () => {
    const folder = newFolder();
    fs.writeFileSync(join(folder, 'target'), 'old');
    fs.symlinkSync('target', join(folder, 'link'));
    assert.throws(() => writeWhole(join(folder, 'link'), bytes, 0o600), { code: 'LOCAL_CA_OUTPUT_EXISTS' });
    writeWhole(join(folder, 'link'), bytes, 0o600, { replace: true });
    assert.equal(fs.readFileSync(join(folder, 'target'), 'utf8'), 'old');
    assert.ok(fs.lstatSync(join(folder, 'link')).isFile());
  });

  for (const umask of ['000', '022', '077', '277']) {
    it(`gives exact modes under umask ${umask}`, async () => {
      const folder = newFolder();
      const body = `
        process.umask(0o${umask});
        for (const mode of [0o600, 0o640, 0o644, 0o400]) {
          for (const replace of [false, true]) writeWhole(args[0] + '/' + mode.toString(8) + replace, Buffer.of(1), mode, { replace });
        }`;
      await must(process.execPath, script({ writeWhole: 'disk.ts' }, body, folder));
      const names = fs.readdirSync(folder);
      assert.equal(names.length, 8);
      for (const name of names) assert.equal(modeOf(join(folder, name)), name.slice(0, 3));
    });
  }

  it('is at no moment wider than its mode, nor under its name before it is whole', (t) => {
    const folder = newFolder();
    const seen = new Set<string>();
    const note = () => {
      for (const name of fs.readdirSync(folder)) {
        const { size } = fs.statSync(join(folder, name));
        seen.add(`${name.replace(/^\.local-ca-file-.*$/, 'beside')} ${modeOf(join(folder, name))} ${size}`);
      }
    };
    for (const call of ['fchmodSync', 'writeFileSync', 'fsyncSync', 'linkSync', 'unlinkSync'] as const) {
      const original = fs[call] as (...args: unknown[]) => unknown;
      t.mock.method(fs, call, (...args: unknown[]) => {
        note();
        return original(...args);
      });
    }
    syncBuiltinESMExports();
    const umask = process.umask(0);
    try {
      writeWhole(join(folder, 'secret'), bytes, 0o600);
    } finally {
      process.umask(umask);
      t.mock.restoreAll();
      syncBuiltinESMExports();
    }
    assert.deepEqual([...seen], ['beside 600 0', 'beside 600 5', 'secret 600 5']);
  });

  it('lets one of many that race win', async () => {
    const path = join(newFolder(), 'a');
    const body = `try { writeWhole(args[0], Buffer.from(args[1].repeat(100000)), 0o600); console.log('won'); } catch (error) { console.log(error.code); }`;
    const racer = (letter: string) => must(process.execPath, script({ writeWhole: 'disk.ts' }, body, path, letter));
    const ends = (await Promise.all(['a', 'b', 'c', 'd'].map(racer))).map((out) => out.trim());
    assert.equal(ends.filter((end) => end === 'won').length, 1);
    assert.equal(ends.filter((end) => end === 'LOCAL_CA_OUTPUT_EXISTS').length, 3);
    assert.match(fs.readFileSync(path, 'utf8'), /^(a{100000}|b{100000}|c{100000}|d{100000})$/);
  });

  const failures: [string, (folder: string) => string, RegExp, string, boolean?][] = [
    [
      'a missing folder',
      (folder) => join(folder, 'no', 'a'),
      /there is no such file or folder$/,
      'Make the folder first, or check the path.',
    ],
    ['a name that is a folder', (folder) => folder, /it is a folder$/, 'Choose another name.'],
    [
      'a file as a folder',
      (folder) => {
        fs.writeFileSync(join(folder, 'file'), '');
        return join(folder, 'file', 'a');
      },
      /a part of the path is a file where a folder belongs$/,
      'Check the path.',
    ],
    [
      'a name that is too long',
      (folder) => join(folder, 'n'.repeat(256)),
      /the name is too long$/,
      'Choose a shorter name.',
    ],
    ['a name with NUL', (folder) => join(folder, 'a\0b'), /no path has such a character$/, 'Check the path.'],
  ];
  for (const [name, make, message, hint] of failures) {
    it(`says what is wrong: ${name}`, () => {
      const folder = newFolder();
      const path = make(folder);
      const before = fs.readdirSync(folder);
      assert.throws(
        () => writeWhole(path, bytes, 0o600, { replace: true }),
        (error: Error & { hint: string }) => {
          assert.deepEqual([error.name, (error as { code?: string }).code], ['LocalCaError', 'LOCAL_CA_OUTPUT_FAILED']);
          assert.ok(error.message.startsWith(`cannot write ${path}: `), error.message);
          assert.match(error.message, message);
          assert.equal(error.hint, hint);
          assert.ok((error.cause as Error).message);
          return true;
        },
      );
      assert.deepEqual(fs.readdirSync(folder), before);
    });
  }

  it('says that a disk is full, and leaves no part of the file', (t) => {
    const folder = newFolder();
    if (!root || process.platform !== 'linux') return t.skip('needs root to mount a small disk');
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder], { stdio: 'ignore' });
    } catch {
      return t.skip('cannot mount');
    }
    try {
      const path = join(folder, 'a');
      assert.throws(() => writeWhole(path, new Uint8Array(1 << 20), 0o600), {
        code: 'LOCAL_CA_OUTPUT_FAILED',
        message: `cannot write ${path}: no space is left on the disk`,
      });
      assert.deepEqual(fs.readdirSync(folder), []);
      execFileSync('mount', ['-o', 'remount,ro', folder]);
      assert.throws(() => writeWhole(path, bytes, 0o600), {
        message: `cannot write ${path}: the file system is read-only`,
      });
    } finally {
      execFileSync('umount', [folder]);
    }
  });

  it('says that permission is denied', async (t) => {
    const folder = newFolder();
    fs.chmodSync(folder, 0o555);
    if (root) return t.skip('root may write everywhere');
    assert.throws(() => writeWhole(join(folder, 'a'), bytes, 0o600), { message: /permission denied$/ });
  });
});

describe('readAtMost', () => {
  it('reads a file up to the limit, and refuses one above it', () => {
    const path = join(newFolder(), 'a');
    fs.writeFileSync(path, new Uint8Array(200_000).fill(7));
    assert.deepEqual(readAtMost(path, 200_000), new Uint8Array(200_000).fill(7));
    assert.throws(() => readAtMost(path, 199_999), {
      code: 'LOCAL_CA_INPUT_TOO_LARGE',
      message: `${path} is larger than 199999 bytes`,
    });
    fs.writeFileSync(path, '');
    assert.deepEqual(readAtMost(path, 0), new Uint8Array());
  });

  it('refuses a huge file without reading it, and an endless one', () => {
    const path = join(newFolder(), 'huge');
    fs.closeSync(fs.openSync(path, 'w'));
    fs.truncateSync(path, 1e12);
    const start = performance.now();
    assert.throws(() => readAtMost(path, 1 << 20), { code: 'LOCAL_CA_INPUT_TOO_LARGE' });
    assert.ok(performance.now() - start < 100);
    assert.throws(() => readAtMost('/dev/zero', 1 << 20), { code: 'LOCAL_CA_INPUT_TOO_LARGE' });
  });

  const count = script(
    { readAtMost: 'disk.ts' },
    `try { console.log(readAtMost('/dev/stdin', 300000).length); } catch (error) { console.log(error.code); }`,
  );
  const shell = (command: string) =>
    must('sh', ['-c', `${command} | "$@"`, 'sh', process.execPath, ...count]).then((out) => out.trim());

  it('counts what comes through a pipe or a socket', async () => {
    assert.equal(await shell('head -c 300000 /dev/zero'), '300000');
    assert.equal(await shell('head -c 300001 /dev/zero'), 'LOCAL_CA_INPUT_TOO_LARGE');
    assert.equal(await shell('(printf a; sleep 0.3; printf b)'), '2');
    const { stdout } = await run(process.execPath, count, { input: 'abc' });
    assert.equal(stdout.trim(), '3');
  });

  it('says what is wrong', () => {
    const folder = newFolder();
    const wrong: [string, string][] = [
      [join(folder, 'no'), 'there is no such file or folder'],
      [folder, 'it is a folder'],
    ];
    for (const [path, what] of wrong) {
      assert.throws(() => readAtMost(path, 9), {
        code: 'LOCAL_CA_INPUT_FAILED',
        message: `cannot read ${path}: ${what}`,
      });
    }
  });
});

describe('secrets', () => {
  it('are read when only their owner may', () => {
    const path = join(newFolder(), 'key');
    fs.writeFileSync(path, 'secret', { mode: 0o600 });
    assert.equal(new TextDecoder().decode(readSecret(path)), 'secret');
    fs.chmodSync(path, 0o400);
    assert.equal(readSecret(path).length, 6);
  });

  for (const mode of [0o640, 0o604, 0o620, 0o601, 0o666]) {
    it(`are refused with mode ${mode.toString(8)}`, () => {
      const path = join(newFolder(), "a key's file");
      fs.writeFileSync(path, 'secret');
      fs.chmodSync(path, mode);
      assert.throws(() => readSecret(path), {
        code: 'LOCAL_CA_PERMISSIONS_LAX',
        message: `the permissions of ${path} are 0${mode.toString(8)}, and 0600 is required: other users can get at it`,
        hint: `Run: chmod 600 '${path.replace("'", "'\\''")}'`,
      });
    });
  }

  it('mend with the command of the hint', () => {
    const path = join(newFolder(), "a key's $(file)");
    fs.writeFileSync(path, 'secret');
    fs.chmodSync(path, 0o644);
    assert.throws(
      () => readSecret(path),
      ({ hint }: { hint: string }) => {
        execFileSync('sh', ['-c', hint.replace('Run: ', '')]);
        return true;
      },
    );
    assert.equal(readSecret(path).length, 6);
  });

  it('may come through a pipe', async () => {
    const body = `console.log(readSecret('/dev/stdin').length)`;
    const command = ['-c', 'printf secret | "$@"', 'sh', process.execPath, ...script({ readSecret: 'disk.ts' }, body)];
    assert.equal((await must('sh', command)).trim(), '6');
  });
});

describe('checkPrivateDirectory', () => {
  it('wants 0700 and a folder', () => {
    const folder = newFolder();
    fs.chmodSync(folder, 0o700);
    checkPrivateDirectory(folder);
    fs.chmodSync(folder, 0o2755);
    assert.throws(() => checkPrivateDirectory(folder), {
      code: 'LOCAL_CA_PERMISSIONS_LAX',
      message: `the permissions of ${folder} are 2755, and 0700 is required: other users can get at it`,
      hint: `Run: chmod 700 ${folder}`,
    });
    fs.writeFileSync(join(folder, 'file'), '', { mode: 0o600 });
    assert.throws(() => checkPrivateDirectory(join(folder, 'file')), { code: 'LOCAL_CA_INPUT_FAILED' });
    assert.throws(() => checkPrivateDirectory(join(folder, 'no')), { code: 'LOCAL_CA_INPUT_FAILED' });
  });
});
