/** The zips and snippets of a bundle, opened by the programs that people open them with. */
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { stageDirectory } from '../../src/bundle/directory.ts';
import { zipBundle } from '../../src/bundle/zip.ts';
import { build, modeOf, outputFile, paths } from '../bundle/support.ts';
import { material } from '../support/fixtures.ts';
import { must, needs } from '../support/peers.ts';
import { temporaryFolder } from '../support/temp.ts';

/** A bundle's zip, with a name that is not ASCII. */
async function zipped(t: TestContext) {
  const folder = await temporaryFolder(t);
  const { files } = await build(material, 'tencentdb-sqlserver');
  const all = [...files, outputFile('\u00e9t\u00e9/\u4f60.txt', 'text')];
  const zip = join(folder, 'out.zip');
  fs.writeFileSync(zip, await zipBundle(all));
  return { folder, zip, all };
}

describe('a zip', () => {
  it('is unpacked by unzip, with its modes', async (t) => {
    if (!needs(t, 'unzip')) return;
    const { folder, zip, all } = await zipped(t);
    await must('unzip', ['-q', zip, '-d', join(folder, 'unzipped')], { env: { LC_ALL: 'C.UTF-8' } });
    for (const file of all) {
      const path = join(folder, 'unzipped', file.path);
      assert.deepEqual(new Uint8Array(fs.readFileSync(path)), new Uint8Array(file.bytes));
      assert.equal(modeOf(path), file.mode);
    }
    assert.match(await must('unzip', ['-Z', zip]), /^-rw------- .* 80-Jan-01 00:00 db1\.example\.test\.key\.pem$/m);
  });

  it("is sound to Python's zipfile", async (t) => {
    if (!needs(t, 'python3')) return;
    const { zip, all } = await zipped(t);
    const program = [
      'import json, sys, zipfile',
      'z = zipfile.ZipFile(sys.argv[1])',
      'assert z.testzip() is None',
      'print(json.dumps({i.filename: i.external_attr >> 16 for i in z.infolist()}))',
    ].join('\n');
    const found = JSON.parse(await must('python3', ['-c', program, zip]));
    assert.deepEqual(found, Object.fromEntries(all.map((file) => [file.path, 0o100000 | file.mode])));
  });

  it("is unpacked by Java's jar", async (t) => {
    if (!needs(t, 'jar')) return;
    const { folder, zip, all } = await zipped(t);
    const env = { LC_ALL: 'C.UTF-8' };
    const listed = (await must('jar', ['tf', zip], { env })).trim().split('\n');
    assert.deepEqual(listed, paths(all).sort());
    await must('jar', ['xf', zip], { cwd: folder, env });
    for (const file of all)
      assert.deepEqual(new Uint8Array(fs.readFileSync(join(folder, file.path))), new Uint8Array(file.bytes));
  });
});

describe("nginx's server block", () => {
  it('is what nginx takes', async (t) => {
    if (!needs(t, 'nginx')) return;
    const folder = await temporaryFolder(t);
    const { files } = await build(material, 'nginx');
    const tls = join(folder, 'tls');
    await (await stageDirectory(tls, files)).commit();
    const block = fs.readFileSync(join(tls, 'nginx.conf'), 'utf8').replaceAll('/etc/nginx/tls', tls);
    const main = `pid ${folder}/pid; error_log ${folder}/log; events {} http { access_log off; ${block} }`;
    fs.writeFileSync(join(folder, 'main.conf'), main);
    await must('nginx', ['-t', '-q', '-c', join(folder, 'main.conf')]);
  });
});
