/** The code cache speeds the program up when it is sound, and is not believed when it is not. */
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, test } from 'node:test';
import { cacheFolder, keepCode, readCode } from '../../src/cli/code-cache.ts';
import { program } from '../support/cli.ts';
import { run } from '../support/peers.ts';
import { temporaryFolder } from '../support/temp.ts';
import { isRoot, posix } from './support.ts';

const above = temporaryFolder();
const folder = join(above, 'local-ca');
const NAME = 'a-v20-x64-issue.bin';
const CODE = Buffer.from('what V8 made of the program');
const modeOf = (path: string) => fs.statSync(path).mode & 0o777;
const NOBODY = 65_534;

describe('the folder of the code cache', () => {
  const table: [NodeJS.Platform, Record<string, string>, string][] = [
    ['linux', { HOME: '/home/a' }, '/home/a/.cache/local-ca'],
    ['linux', { HOME: '/home/a', XDG_CACHE_HOME: '/c' }, '/c/local-ca'],
    ['linux', { HOME: '/home/a', XDG_CACHE_HOME: 'c' }, '/home/a/.cache/local-ca'],
    ['darwin', { HOME: '/Users/a' }, '/Users/a/Library/Caches/local-ca'],
    ['win32', { LOCALAPPDATA: 'C:\\a\\Local' }, 'C:\\a\\Local\\local-ca\\Cache'],
    ['win32', { USERPROFILE: 'C:\\a' }, 'C:\\a\\AppData\\Local\\local-ca\\Cache'],
  ];
  for (const [platform, env, expected] of table) {
    test(`${platform} ${JSON.stringify(env)}: ${expected}`, () => assert.equal(cacheFolder(env, platform), expected));
  }
});

describe('cached code', () => {
  beforeEach(() => {
    fs.rmSync(folder, { recursive: true, force: true });
    keepCode(folder, NAME, CODE);
  });

  const damage: { what: string; needs?: boolean; spoil: (path: string) => void }[] = [
    { what: 'has a wrong byte', spoil: (path) => fs.writeFileSync(path, fs.readFileSync(path).fill(1, 40, 41)) },
    { what: 'was cut short', spoil: (path) => fs.truncateSync(path, 40) },
    { what: 'is empty', spoil: (path) => fs.truncateSync(path, 0) },
    { what: 'is missing', spoil: (path) => fs.unlinkSync(path) },
    { what: 'is open to others', needs: posix, spoil: (path) => fs.chmodSync(path, 0o620) },
    { what: 'is in a folder that is open to others', needs: posix, spoil: () => fs.chmodSync(folder, 0o777) },
    { what: "is somebody else's", needs: isRoot, spoil: (path) => fs.chownSync(path, NOBODY, NOBODY) },
    { what: "is in somebody else's folder", needs: isRoot, spoil: () => fs.chownSync(folder, NOBODY, NOBODY) },
  ];

  test('comes back as it was kept, in a folder of its own', () => {
    assert.deepEqual(readCode(folder, NAME), CODE);
    assert.deepEqual(fs.readdirSync(folder), [NAME]);
    if (posix) assert.deepEqual([modeOf(folder), modeOf(join(folder, NAME))], [0o700, 0o600]);
  });

  for (const { what, needs = true, spoil } of damage) {
    test(`is not used when it ${what}`, { skip: needs ? false : 'needs POSIX modes, or root' }, () => {
      spoil(join(folder, NAME));
      assert.equal(readCode(folder, NAME), undefined);
    });
  }

  test('is kept for a while: the oldest goes', () => {
    for (let i = 0; i < 30; i++) keepCode(folder, `${i}.bin`, CODE);
    assert.equal(fs.readdirSync(folder).length, 24);
    assert.deepEqual(readCode(folder, '29.bin'), CODE);
  });

  test("is not written into somebody else's home, a file, or an open folder", (t) => {
    if (!isRoot) return t.skip('only root can make files of somebody else');
    const theirs = join(above, 'theirs');
    fs.mkdirSync(theirs);
    fs.chownSync(theirs, NOBODY, NOBODY);
    keepCode(join(theirs, '.cache', 'local-ca'), NAME, CODE);
    assert.deepEqual(fs.readdirSync(theirs), []);
    fs.writeFileSync(join(above, 'file'), '');
    keepCode(join(above, 'file', 'local-ca'), NAME, CODE);
    fs.chmodSync(folder, 0o777);
    keepCode(folder, 'other.bin', CODE);
    assert.deepEqual(fs.readdirSync(folder), [NAME]);
  });
});

describe('the program', () => {
  const cache = join(above, 'xdg', 'local-ca');
  const start = (args: readonly string[], env: Record<string, string> = {}) =>
    run(process.execPath, [program, ...args], { env: { XDG_CACHE_HOME: join(above, 'xdg'), HOME: above, ...env } });
  const kept = () => (fs.existsSync(cache) ? fs.readdirSync(cache) : []);
  const list = ['template', 'list', '--json'];

  test('keeps its code when a command has run, and nothing for help or a failure', { skip: !posix }, async () => {
    await start(['--help']);
    await start(['no-such-command']);
    await start(list, { NODE_DISABLE_COMPILE_CACHE: '1' });
    assert.deepEqual(kept(), []);
    assert.equal((await start(list)).status, 0);
    assert.match(kept().join(), new RegExp(`^[0-9a-f]{16}-${process.version}-${process.arch}-template\\.bin$`));
  });

  test('does the same with the cache, with a damaged one, and with none', { skip: !posix }, async () => {
    const file = join(cache, kept()[0] as string);
    const cached = await start(list);
    const written = fs.statSync(file).mtimeMs;
    fs.truncateSync(file, 1000);
    const damaged = await start(list);
    assert.ok(fs.statSync(file).mtimeMs > written, 'the damaged cache was not replaced');
    const none = await start(list, { NODE_DISABLE_COMPILE_CACHE: '1' });
    assert.equal(cached.status, 0);
    assert.deepEqual([damaged, none], [cached, cached]);
  });

  test('loads its libraries from cached code too', { skip: !posix }, async () => {
    const home = join(above, 'home');
    await start(['init', '--yes', '--home', home]);
    const answers = ['first', 'second'].map((out) => ['export', '--ca', '--home', home, '--out', join(above, out)]);
    for (const args of answers) {
      const { status, stderr } = await start([...args, '--format', 'p7b,p12', '--zip', `${args.at(-1)}.zip`]);
      assert.equal(status, 0, stderr);
    }
    assert.ok(kept().some((name) => name.endsWith('-export.bin')));
  });
});
