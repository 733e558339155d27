/** Files of a process that was killed after it had recorded them. */
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { temporaryName } from '../../src/abandoned.ts';
import { type Staged, stageDirectory, stageFile } from '../../src/bundle/directory.ts';
import { finishStaged, isUnfinished, type StagedPlace } from '../../src/bundle/finish.ts';
import { temporaryFolder } from '../support/temp.ts';
import { outputFile, refusal, tree } from './support.ts';

const files = (age: string) => [
  outputFile('a.pem', `${age} certificate`),
  outputFile('x/a.key.pem', `${age} key`, true),
];
const whole = (age: string) => ({ 'a.pem': `${age} certificate`, 'x/a.key.pem': `${age} key` });
const visible = (folder: string) =>
  Object.fromEntries(Object.entries(tree(folder)).filter(([path]) => !path.startsWith('.local-ca')));

/** The stage as one of a process that is gone. */
function left({ stage }: Staged, path: string, force = false): StagedPlace {
  const gone = join(dirname(stage), basename(stage).replace(/[.]\d+-([^-]*)$/, '.1-$1'));
  fs.renameSync(stage, gone);
  return { stage: gone, path, force };
}

const folderFor = (t: TestContext) => join(temporaryFolder(t), 'out');

describe('finishing what was staged and recorded', () => {
  it('makes a new folder', async (t) => {
    const folder = folderFor(t);
    const place = left(await stageDirectory(folder, files('new')), folder);
    assert.equal(isUnfinished(place), true);
    await finishStaged(place);
    assert.deepEqual(visible(folder), whole('new'));
    assert.equal(isUnfinished(place), false);
    assert.deepEqual(fs.readdirSync(dirname(folder)), ['out']);
    await finishStaged(place);
  });

  it('replaces the files of a folder, together', async (t) => {
    const folder = folderFor(t);
    await (await stageDirectory(folder, files('old'))).commit();
    const place = left(await stageDirectory(folder, files('new')), folder);
    await finishStaged(place);
    assert.deepEqual(visible(folder), whole('new'));
    assert.deepEqual(fs.readdirSync(folder).sort(), ['.local-ca.json', 'a.pem', 'x']);
  });

  it('puts a zip in its place, and makes the folders above it', async (t) => {
    const path = join(folderFor(t), 'deep', 'a.zip');
    const place = left(await stageFile(path, Uint8Array.of(1, 2), 0o600), path);
    await finishStaged(place);
    assert.deepEqual([...fs.readFileSync(path)], [1, 2]);
    assert.deepEqual(fs.readdirSync(dirname(dirname(dirname(path)))), ['out']);
  });

  it('leaves the work of a living process alone', async (t) => {
    const folder = folderFor(t);
    const staged = await stageDirectory(folder, files('new'));
    assert.equal(isUnfinished({ stage: staged.stage, path: folder, force: false }), false);
    assert.ok(basename(staged.stage).startsWith(temporaryName('stage')));
    await staged.discard();
  });

  it('replaces nothing that somebody put there meanwhile, unless it was to', async (t) => {
    const folder = folderFor(t);
    fs.mkdirSync(folder);
    const place = left(await stageDirectory(folder, files('new')), folder);
    fs.writeFileSync(join(folder, 'a.pem'), 'mine');
    await assert.rejects(
      finishStaged(place),
      refusal('LOCAL_CA_OUTPUT_EXISTS', /a\.pem exists, and local-ca did not put it there$/),
    );
    assert.deepEqual(visible(folder), { 'a.pem': 'mine' });
    assert.equal(isUnfinished(place), true);
    await finishStaged({ ...place, force: true });
    assert.deepEqual(visible(folder), whole('new'));
  });

  it('makes no new folder where one has come to be', async (t) => {
    const folder = folderFor(t);
    const place = left(await stageDirectory(folder, files('new')), folder);
    fs.mkdirSync(join(folder, 'mine'), { recursive: true });
    await assert.rejects(finishStaged(place), refusal('LOCAL_CA_OUTPUT_EXISTS', /out appeared meanwhile$/));
    assert.equal(isUnfinished(place), true);
  });
});
