import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { sha256 } from '../../src/bundle/manifest.ts';
import { isSealedZip } from '../../src/bundle/seal.ts';
import { zipBundle } from '../../src/bundle/zip.ts';
import { outputFile } from './support.ts';

const FILES = [outputFile('b.pem', 'public'), outputFile('a/key.pem', 'secret', true), outputFile('é.txt', '')];

/** The central directory: name, mode and time of each entry (APPNOTE 4.3.12). */
function entries(zip: Uint8Array) {
  const view = Buffer.from(zip);
  const end = view.lastIndexOf(Buffer.from([0x50, 0x4b, 5, 6]));
  let at = view.readUInt32LE(end + 16);
  return Array.from({ length: view.readUInt16LE(end + 10) }, () => {
    const nameLength = view.readUInt16LE(at + 28);
    const entry = {
      name: view.toString('utf8', at + 46, at + 46 + nameLength),
      mode: (view.readUInt32LE(at + 38) >>> 16).toString(8),
      time: view.readUInt32LE(at + 12),
      utf8: (view.readUInt16LE(at + 8) & 0x800) !== 0,
    };
    at += 46 + nameLength + view.readUInt16LE(at + 30) + view.readUInt16LE(at + 32);
    return entry;
  });
}

describe('zipBundle', () => {
  it('sorts, keeps modes, and has no time of its own', async () => {
    const time = (1 << 21) | (1 << 16); // 1 January 1980, midnight
    assert.deepEqual(entries(await zipBundle(FILES)), [
      { name: 'a/key.pem', mode: '100600', time, utf8: false },
      { name: 'b.pem', mode: '100644', time, utf8: false },
      { name: 'é.txt', mode: '100644', time, utf8: true },
    ]);
  });

  it('gives the same bytes again, in any order', async () => {
    assert.deepEqual(await zipBundle(FILES), await zipBundle([...FILES].reverse()));
  });

  it('gives these bytes on every system and in every time zone', async () => {
    const expected = sha256(await zipBundle(FILES));
    const script = `
      import { zipBundle } from './src/bundle/zip.ts';
      import { sha256 } from './src/bundle/manifest.ts';
      import { outputFile } from './test/bundle/support.ts';
      const files = [outputFile('b.pem', 'public'), outputFile('a/key.pem', 'secret', true), outputFile('é.txt', '')];
      console.log(sha256(await zipBundle(files)));`;
    const root = new URL('../..', import.meta.url);
    const env = { ...process.env, TZ: 'Pacific/Kiritimati', LC_ALL: 'C' };
    const args = ['--import', 'ts-blank-space/register', '--input-type=module', '-e', script];
    assert.equal(execFileSync(process.execPath, args, { cwd: root, env, encoding: 'utf8' }).trim(), expected);
    assert.equal(expected, '396064d8b1bf077d766764a4b6c86dd35620a70eaa074cd12185362e00ecfe4e');
  });

  it('is sealed, and any change breaks the seal', async () => {
    const zip = await zipBundle(FILES);
    assert.equal(isSealedZip(zip), true);
    for (const at of [0, 40, zip.length - 100, zip.length - 1]) {
      const changed = Uint8Array.from(zip);
      changed[at] = (changed[at] as number) ^ 1;
      assert.equal(isSealedZip(changed), false, `byte ${at}`);
    }
    assert.equal(isSealedZip(new Uint8Array(0)), false);
  });
});
