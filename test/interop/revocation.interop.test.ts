/** Certificates that a CA revoked, held against its lists by the programs that people use. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { must, needs, run } from '../support/peers.ts';
import { temporaryFolder } from '../support/temp.ts';
import { askNode, CHECKERS, closeCheckers } from './revocation-checkers.ts';
import { Scene } from './revocation-scene.ts';

after(closeCheckers);

const DAY = 86_400_000;

for (const intermediate of [false, true]) {
  describe(intermediate ? 'a CA with an intermediate' : 'a CA alone', () => {
    const folder = temporaryFolder();
    let scene: Scene;
    before(async () => {
      scene = await Scene.make({ folder }, -200, intermediate);
      await scene.roots('roots.pem');
      for (const label of ['good', 'bad', 'held']) await scene.issue(label);
      scene.day = -100;
      await scene.lists('late.pem', { days: 30 });
      scene.day = 0;
      await scene.ca.revoke('bad', { reason: 'keyCompromise', invalidSince: new Date(Date.now() - 9 * DAY) });
      await scene.ca.revoke('held', { reason: 'certificateHold' });
      await scene.lists('now.pem');
      await scene.lists('without-root.pem', { count: 1 });
      await scene.ca.release('held');
      await scene.lists('released.pem');
    });

    for (const { name, programs, check, revoked, late, missing } of CHECKERS) {
      test(name, async (t) => {
        if (!needs(t, ...programs)) return;
        const ask = (label: string, lists: string) => check(scene.question(label, lists));
        assert.equal(await ask('good', 'now.pem'), '');
        assert.match(await ask('bad', 'now.pem'), revoked);
        assert.match(await ask('held', 'now.pem'), revoked);
        assert.equal(await ask('held', 'released.pem'), '');
        assert.match(await ask('bad', 'released.pem'), revoked);
        assert.match(await ask('good', 'late.pem'), late ?? /^$/);
        if (intermediate) assert.match(await ask('good', 'without-root.pem'), missing ?? /^$/);
      });
    }
  });
}

test('Node reads one list of a text, and several from an array', async (t) => {
  const scene = await Scene.make({ folder: temporaryFolder(t) }, 0, true);
  await scene.roots('roots.pem');
  await scene.issue('good');
  await scene.lists('lists.pem');
  const question = scene.question('good', 'lists.pem');
  assert.deepEqual([await askNode(question), await askNode(question, false)], ['', 'unable to get certificate CRL']);
});

test('NSS, to which crlutil gives each list', async (t) => {
  if (!needs(t, 'certutil', 'crlutil')) return;
  const scene = await Scene.make({ folder: temporaryFolder(t) }, 0, true);
  const database = ['-d', `sql:${scene.at('.')}`];
  await must('certutil', ['-N', ...database, '--empty-password']);
  const add = (name: string, trust: string, der: Uint8Array) =>
    must('certutil', ['-A', ...database, '-n', name, '-t', trust], { input: der });
  for (const { role, certificate } of scene.ca.chain) await add(role, role === 'root' ? 'C,,' : ',,', certificate);
  for (const label of ['good', 'bad']) {
    await scene.issue(label);
    await add(label, ',,', (await scene.ca.get(label)).certificate);
  }
  await scene.ca.revoke('bad');
  const verify = (name: string) => run('certutil', ['-V', ...database, '-n', name, '-u', 'V']);
  for (const { list, authority } of await scene.ca.makeRevocationLists()) {
    writeFileSync(scene.at(authority.role), list?.list ?? '');
    await must('crlutil', ['-I', ...database, '-i', scene.at(authority.role), '-t', '1']);
    // The first is the issuing CA's: it does without one of the root.
    assert.equal((await verify('good')).status, 0);
  }
  assert.match((await verify('bad')).stdout, /has been revoked/);
});

describe('after the CA was renewed with its key', () => {
  const folder = temporaryFolder();
  let scene: Scene;
  before(async () => {
    scene = await Scene.make({ folder }, -100, true);
    await scene.roots('old-root.pem');
    for (const label of ['good', 'bad']) await scene.issue(label);
    scene.day = -1;
    await scene.ca.renewAuthorities();
    await scene.roots('new-root.pem');
    for (const label of ['new-good', 'new-bad']) await scene.issue(label);
    scene.day = 0;
    for (const label of ['bad', 'new-bad']) await scene.ca.revoke(label);
    await scene.lists('lists.pem');
  });

  for (const { name, programs, check, revoked } of CHECKERS) {
    test(`${name} takes the same lists for the old root and for the new one`, async (t) => {
      if (!needs(t, ...programs)) return;
      for (const roots of ['old-root.pem', 'new-root.pem']) {
        for (const label of ['good', 'new-good'])
          assert.equal(await check(scene.question(label, 'lists.pem', roots)), '', `${label} ${roots}`);
        for (const label of ['bad', 'new-bad'])
          assert.match(await check(scene.question(label, 'lists.pem', roots)), revokedOrUnspecified(revoked));
      }
    });
  }
});

/** Without a reason Go's answer has 0. */
const revokedOrUnspecified = (revoked: RegExp) => new RegExp(`${revoked.source}|was revoked, reason 0`);

// The new CA has another name: Java takes the lists of two CAs of one name for each other.
for (const intermediate of [false, true]) {
  describe(`after the keys of a CA ${intermediate ? 'with an intermediate' : 'alone'} were replaced`, () => {
    const folder = temporaryFolder();
    let scene: Scene;
    before(async () => {
      scene = await Scene.make({ folder }, -100, intermediate);
      await scene.roots('old-root.pem');
      for (const label of ['good', 'bad']) await scene.issue(label);
      scene.day = -1;
      await scene.ca.renewAuthorities({ newKey: true });
      await scene.roots('both-roots.pem');
      for (const label of ['new-good', 'new-bad']) await scene.issue(label);
      scene.day = 0;
      for (const label of ['bad', 'new-bad']) await scene.ca.revoke(label);
      await scene.lists('lists.pem');
    });

    for (const { name, programs, check, revoked } of CHECKERS) {
      test(`${name} finds the lists of the old and the new CA in one file`, async (t) => {
        if (!needs(t, ...programs)) return;
        // To the old root, the new certificates lead through the cross certificate.
        for (const roots of ['old-root.pem', 'both-roots.pem']) {
          const of = (label: string) => check(scene.question(label, 'lists.pem', roots));
          for (const label of ['good', 'new-good']) assert.equal(await of(label), '', `${label} ${roots}`);
          for (const label of ['bad', 'new-bad']) assert.match(await of(label), revokedOrUnspecified(revoked));
        }
      });
    }
  });
}
