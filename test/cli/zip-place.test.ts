/** A zip in or on the output folder: what works, and what is refused while nothing is lost by it. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { systemAmbient } from '../../src/ambient.ts';
import { CertificateAuthority } from '../../src/authority/authority.ts';
import { findTemplate, stageDelivery } from '../../src/cli/deliver.ts';
import { Io } from '../../src/cli/io.ts';
import { openHome } from '../../src/store/home.ts';
import { localCaJson } from '../support/cli.ts';
import { temporaryFolder } from '../support/temp.ts';
import { assertNothingDone, assertRefused, posix, type Refusal } from './support.ts';

const folder = temporaryFolder();
const home = join(folder, 'home');

before(() => localCaJson(['init', '--yes'], { home }));

const hidden = (cwd: string) =>
  readdirSync(cwd, { recursive: true, encoding: 'utf8' }).filter((name) => /\.local-ca-/.test(name));

const INSIDE: readonly (readonly [what: string, args: readonly string[], zip: string])[] = [
  ['in the new folder', ['issue', 'b.test', '--out', 'new'], join('new', 'b.zip')],
  ['deep in the new folder', ['issue', 'c.test', '--out', join('a', 'new')], join('a', 'new', 'x', 'y', 'c.zip')],
  ['in a new folder of its own', ['issue', 'd.test', '--out', 'd'], join('zips', 'd.zip')],
  ['with the trust files', ['export', '--ca', '--out', 'tr'], join('tr', 'ca.zip')],
];

for (const [what, args, zip] of INSIDE) {
  test(`a zip ${what}`, async (t) => {
    const cwd = temporaryFolder(t);
    await localCaJson([...args, '--zip', zip], { home, cwd });
    assert.ok(existsSync(join(cwd, zip)));
    assert.ok(existsSync(join(cwd, args.at(-1) as string, 'ca.pem')));
    assert.deepEqual(hidden(cwd), []);
    // And again, onto what is there now.
    await localCaJson([...args, '--zip', zip], { home, cwd });
    assert.deepEqual(hidden(cwd), []);
  });
}

test('a zip in the new folder of a new CA', async (t) => {
  const cwd = temporaryFolder(t);
  const zip = join('out', 'a.zip');
  await localCaJson(['init', '--yes', 'a.test', '--out', 'out', '--zip', zip], { home: join(cwd, 'home'), cwd });
  assert.ok(existsSync(join(cwd, zip)));
  assert.deepEqual(hidden(cwd), []);
});

const LIST = join(folder, 'list.csv');
writeFileSync(LIST, 'names\na.test\nb.test\n');

const onto = (says: string): Refusal => ({ code: 'LOCAL_CA_OPTION_INVALID', says });
const ofHome = (says: string): Refusal => ({ code: 'LOCAL_CA_PATH_INVALID', says });

const REFUSED: readonly (readonly [what: string, args: readonly string[], refusal: Refusal])[] = [
  ['the folder', ['issue', 'z.test', '--zip', 'z.test'], onto('--zip "z.test" is the folder z.test')],
  ['a folder above', ['issue', 'z.test', '--out', join('o', 'x'), '--zip', 'o'], onto('is a folder above o')],
  ['the folder of a row', ['issue', '--from', LIST, '--out', 'o', '--zip', join('o', 'b.test')], onto('is the folder')],
  [
    'a file of the bundle',
    ['issue', 'z.test', '--out', 'd', '--zip', join('d', 'ca.pem')],
    onto(`is where ${join('d', 'ca.pem')} goes`),
  ],
  [
    'a place below a file of the bundle',
    ['issue', 'z.test', '--out', 'd', '--zip', join('d', 'ca.pem', 'x.zip')],
    onto(`is where ${join('d', 'ca.pem')} goes`),
  ],
  [
    'the list of files',
    ['issue', 'z.test', '--out', 'd', '--zip', join('d', '.local-ca.json')],
    onto('.local-ca.json'),
  ],
  ["the CA's inventory", ['issue', 'z.test', '--zip', join(home, 'inventory.db')], ofHome("the CA's inventory")],
  ["the inventory's log", ['issue', 'z.test', '--zip', join(home, 'inventory.db-wal')], ofHome("the CA's inventory")],
  ['the folder of CA keys', ['issue', 'z.test', '--zip', join(home, 'ca', 'x.zip')], ofHome('among private keys')],
  ['the folder of kept keys', ['issue', 'z.test', '--zip', join(home, 'keys', 'x.zip')], ofHome('among private keys')],
];

for (const [what, args, refusal] of REFUSED) {
  test(`a zip onto ${what}`, async (t) => {
    const cwd = temporaryFolder(t);
    await assertNothingDone(args, { home, cwd }, refusal);
    await assertNothingDone([...args, '--force'], { home, cwd }, refusal);
  });
}

for (const out of ['inventory.db', 'inventory.db-shm', join('ca', 'x'), 'keys', '.']) {
  test(`an output folder that is ${out} of the home`, async (t) => {
    const cwd = temporaryFolder(t);
    const args = ['issue', 'z.test', '--force', '--out', join(home, out)];
    await assertNothingDone(args, { home, cwd }, ofHome("the CA's"));
  });
}

test('through a link it is the same place', { skip: !posix && 'links need rights on Windows' }, async (t) => {
  const cwd = temporaryFolder(t);
  symlinkSync(home, join(cwd, 'link'));
  const args = ['issue', 'z.test', '--force', '--zip'];
  await assertNothingDone([...args, 'link/inventory.db'], { home, cwd }, ofHome("the CA's inventory"));
  mkdirSync(join(cwd, 'd'));
  symlinkSync('d', join(cwd, 'e'));
  await assertNothingDone([...args, 'e/ca.pem', '--out', 'd'], { home, cwd }, onto('is where d/ca.pem goes'));
});

test('the place of the CA that is being made', async (t) => {
  const cwd = temporaryFolder(t);
  for (const flags of [
    ['--out', 'home'],
    ['--zip', 'home'],
  ]) {
    const options = { home: join(cwd, 'home'), cwd };
    await assertRefused(['init', '--yes', 'a.test', ...flags], options, ofHome("the CA's home itself"));
    assert.deepEqual(readdirSync(cwd), []);
  }
});

test('what cannot be made above a zip is refused before anything is on record', async (t) => {
  const cwd = temporaryFolder(t);
  writeFileSync(join(cwd, 'file'), '');
  const failed = (says: string): Refusal => ({ code: 'LOCAL_CA_OUTPUT_FAILED', says });
  const long = join('new', 'n'.repeat(300), 'a.zip');
  await assertNothingDone(['issue', 'z.test', '--zip', long], { home, cwd }, failed('the name is too long'));
  const below = join('file', 'x', 'a.zip');
  await assertNothingDone(['issue', 'z.test', '--zip', below], { home, cwd }, failed('a file where a folder belongs'));
});

test('when one of several cannot take its place, the error names the others and none stays hidden', async (t) => {
  const cwd = temporaryFolder(t);
  const opened = await openHome(home);
  const material = await (await CertificateAuthority.open(opened)).exportAuthority();
  await opened.close();
  const io = new Io({ json: false, quiet: true, verbose: false, yes: true, color: false }, process);
  const context = { io, ambient: systemAmbient, home, env: {} };
  const template = await findTemplate(context);
  const [first = '', second = '', third = ''] = ['1', '2', '3'].map((name) => join(cwd, name));
  const parcels = [first, second, third].map((out) => ({ material, template, out, wishes: {} }));
  const delivery = await stageDelivery(parcels, context, { zip: join(cwd, 'all.zip') });
  writeFileSync(second, 'mine');
  await assert.rejects(delivery.commit(), {
    code: 'LOCAL_CA_OUTPUT_EXISTS',
    message: `${second} appeared meanwhile; already in place: ${first}`,
    hint: 'Choose another --out, or move it away.',
  });
  assert.deepEqual(readdirSync(cwd), ['1', '2']);
});
