/** Templates that somebody damaged, and folders: each is used or refused. */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { buildBundle } from '../../src/bundle/bundle.ts';
import { PACKAGE_TEMPLATES } from '../../src/bundle/catalog.ts';
import { stageDirectory } from '../../src/bundle/directory.ts';
import { fillStage } from '../../src/bundle/journal.ts';
import { checkTexts } from '../../src/bundle/render.ts';
import { readTemplate } from '../../src/bundle/template.ts';
import { caMaterial, countingRandom, material, NOW } from '../support/fixtures.ts';
import { dice, hostileText, pick, resultOrRefusal } from '../support/hostile.ts';
import { temporaryFolder } from '../support/temp.ts';
import { outputFile, refusal, tree } from './support.ts';

const ROUNDS = 250;
const WORDS = ['{{#leaf}}', '{{/leaf}}', '{{.}}', '{{>a}}', '{{=<% %>=}}', '{{set.port}}', '"path":', '../', '"mode":'];
const above = temporaryFolder();
const folder = join(above, 'mine');

test(`${ROUNDS} damaged templates`, { timeout: 60_000 }, async () => {
  const roll = dice(9);
  const options = { now: NOW, random: countingRandom(), password: 'secret1' };
  for (let round = 0; round < ROUNDS; round++) {
    rmSync(folder, { recursive: true, force: true });
    cpSync(join(PACKAGE_TEMPLATES, pick(roll, ['nginx', 'postgresql', 'stunnel'])), folder, { recursive: true });
    const path = join(folder, round % 2 === 0 ? 'template.json' : pick(roll, readdirSync(folder)));
    writeFileSync(path, hostileText(readFileSync(path, 'utf8'), roll, WORDS));
    for (const one of [material, caMaterial]) {
      await resultOrRefusal(async () => {
        const template = await readTemplate(folder);
        checkTexts(template);
        await buildBundle(one, template, options);
      });
    }
  }
});

/** A folder where a run was killed after its commit; `done` has its files in their places already, or gone with their folder. */
async function interrupted(name: string, done: readonly string[]): Promise<{ into: string; commit: string }> {
  const into = join(above, name);
  const commit = join(into, '.local-ca-commit');
  mkdirSync(commit, { recursive: true, mode: 0o700 });
  await fillStage(commit, [outputFile('a.pem', 'old'), outputFile('x/ca.pem', 'old')]);
  for (const one of done) rmSync(join(commit, one));
  return { into, commit };
}
const write = async (into: string) => (await stageDirectory(into, [outputFile('b.pem', 'new')])).commit();

test('a folder that was removed with what an interrupted run had put there', { timeout: 10_000 }, async () => {
  const { into } = await interrupted('removed', ['local-ca-commit-1']);
  await write(into);
  const { '.local-ca.json': _, ...files } = tree(into);
  assert.deepEqual(files, { 'a.pem': 'old', 'b.pem': 'new' });
});

test('files of an interrupted run without their journal', { timeout: 10_000 }, async () => {
  const { into, commit } = await interrupted('unnamed', ['local-ca-commit.json']);
  await assert.rejects(
    () => write(into),
    refusal('LOCAL_CA_OUTPUT_FAILED', /unnamed\/\.local-ca-commit has files that no journal names$/),
  );
  assert.deepEqual(readdirSync(commit).sort(), ['local-ca-commit-0', 'local-ca-commit-1']);
});
