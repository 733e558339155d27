import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { abandonedIn, isAbandoned, removeAbandoned, temporaryName } from '../src/abandoned.ts';
import { script } from './store/script.ts';
import { must } from './support/peers.ts';
import { temporaryFolder } from './support/temp.ts';

const OWN = temporaryName('stage');
/** The same process number, and another start: a later process. */
const later = OWN.replace(/[.]\d+-$/, '.1-');
const otherBoot = OWN.replace(/[0-9a-f]{4}[.]/, 'ffff.');
const elsewhere = OWN.replace(/-[0-9a-f]{12}[.]/, '-000000000000.');

const linux = process.platform === 'linux';

describe('what a process left', () => {
  it('is its own while it runs, and abandoned when it is gone', async () => {
    assert.match(OWN, /^\.local-ca-stage-[0-9a-f]{12}\.\d+\.\d+-$/);
    assert.equal(isAbandoned(`/x/${OWN}abc`), false);
    const name = await must(
      process.execPath,
      script({ temporaryName: 'abandoned.ts' }, "console.log(temporaryName('home'))"),
    );
    assert.equal(isAbandoned(`/x/${name.trim()}abc`), true);
  });

  it('is abandoned when its number belongs to a later process, or the machine was started anew', {
    skip: !linux,
  }, () => {
    assert.equal(isAbandoned(`${later}abc`), true);
    assert.equal(isAbandoned(`${otherBoot}abc`), true);
  });

  it('is abandoned an hour later when it is of another machine', (t) => {
    const path = join(temporaryFolder(t), `${elsewhere}abc`);
    assert.equal(isAbandoned(path), false, 'it is gone');
    fs.mkdirSync(path);
    assert.equal(isAbandoned(path), false);
    const then = Date.now() / 1000 - 3700;
    fs.utimesSync(path, then, then);
    assert.equal(isAbandoned(path), true);
  });

  it('is removed with what is in it, and nothing else is', { skip: !linux }, (t) => {
    const folder = temporaryFolder(t);
    const file = later.replace('stage', 'file');
    for (const name of [`${later}a`, `${OWN}b`, '.local-ca-commit', 'x'])
      fs.mkdirSync(join(folder, name, 'in'), { recursive: true });
    for (const name of [`${file}c`, '.local-ca.json', '.local-ca-stage-abcdef'])
      fs.writeFileSync(join(folder, name), '');
    assert.deepEqual(abandonedIn(folder).sort(), [join(folder, `${file}c`), join(folder, `${later}a`)].sort());
    removeAbandoned(folder, 'file');
    assert.deepEqual(abandonedIn(folder), [join(folder, `${later}a`)]);
    removeAbandoned(folder);
    const left = ['.local-ca-commit', '.local-ca-stage-abcdef', '.local-ca.json', `${OWN}b`, 'x'];
    assert.deepEqual(fs.readdirSync(folder).sort(), left.sort());
    removeAbandoned(join(folder, 'no such folder'));
  });

  it("stays in a server's folder when it is root's, but not root's alone", {
    skip: !linux || process.getuid?.() !== 0,
  }, (t) => {
    const folder = temporaryFolder(t);
    fs.chownSync(folder, 65534, 65534);
    for (const [name, mode] of [
      ['a', 0o700],
      ['b', 0o755],
    ] as const) {
      fs.mkdirSync(join(folder, `${later}${name}`, 'in'), { recursive: true });
      fs.chmodSync(join(folder, `${later}${name}`), mode);
    }
    removeAbandoned(folder);
    assert.deepEqual(fs.readdirSync(folder), [`${later}b`]);
  });

  it('stays where anybody may write and somebody else made it', { skip: !linux || process.getuid?.() !== 0 }, (t) => {
    const folder = temporaryFolder(t);
    fs.mkdirSync(join(folder, `${later}a`));
    fs.chownSync(join(folder, `${later}a`), 65534, 65534);
    fs.chmodSync(folder, 0o1777);
    assert.deepEqual(abandonedIn(folder), []);
    removeAbandoned(folder);
    assert.equal(fs.readdirSync(folder).length, 1);
    fs.chmodSync(folder, 0o755);
    assert.equal(abandonedIn(folder).length, 1);
    removeAbandoned(folder);
    assert.deepEqual(fs.readdirSync(folder), []);
  });
});
