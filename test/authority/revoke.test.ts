import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { systemAmbient } from '../../src/ambient.ts';
import { CertificateAuthority, type OpenOptions } from '../../src/authority/authority.ts';
import { type AuthorityList, listIsDue } from '../../src/authority/lists.ts';
import type { RevokeOptions } from '../../src/authority/revoke.ts';
import { parseCrl, type RevocationList } from '../../src/core/crl.ts';
import { basicConstraints, keyUsage } from '../../src/core/extensions.ts';
import type { AuthorityOptions } from '../../src/core/options.ts';
import { parseCertificate } from '../../src/core/parse.ts';
import type { RevocationReason } from '../../src/core/reasons.ts';
import { verifyChain } from '../../src/core/verify.ts';
import { encodePem } from '../../src/formats/pem.ts';
import { memoryHome } from '../../src/store/memory-home.ts';
import { makeOdd } from '../support/pki.ts';
import { rejectsCode } from '../support/throws.ts';

const DAY = 86_400_000;

/** A CA in memory, and a clock to turn. */
async function make(options: AuthorityOptions = {}) {
  const clock = { now: new Date('2026-06-01T12:00:00.500Z') };
  const ambient = { ...systemAmbient, now: () => clock.now };
  const home = memoryHome();
  const ca = await CertificateAuthority.create(home, { name: 'Test CA', ...options }, ambient);
  const pass = (days: number) => {
    clock.now = new Date(clock.now.getTime() + days * DAY);
  };
  const issue = async (name: string) => (await ca.issue({ names: [name], keepKey: true })).record;
  const open = (more: OpenOptions = {}) => CertificateAuthority.open(home, { ambient, ...more });
  return { ca, home, ambient, clock, pass, issue, open };
}

const parsed = ({ list }: AuthorityList): RevocationList => parseCrl(list?.list ?? new Uint8Array());
const serialsOn = (list: AuthorityList | undefined) =>
  list === undefined ? undefined : parsed(list).entries.map(({ serial }) => serial);
const namesOf = (lists: readonly AuthorityList[]) => lists.map(({ authority }) => authority.name);

describe('a certificate is revoked', () => {
  test('with its reason, on record and in the audit log', async () => {
    const { ca, home, issue } = await make();
    const { serial } = await issue('a.test');
    const invalidSince = new Date('2026-05-01T00:00:00.900Z');
    const done = await ca.revoke('a.test', { reason: 'keyCompromise', invalidSince });
    const revocation = {
      at: new Date('2026-06-01T12:00:00Z'),
      reason: 'keyCompromise',
      invalidSince: new Date('2026-05-01T00:00:00Z'),
    };
    assert.deepEqual(
      [done.serial, done.name, done.kind, done.revocation],
      [serial, 'a.test', 'certificate', revocation],
    );
    const record = await ca.get('a.test');
    assert.deepEqual([record.state, record.revocation], ['revoked', revocation]);
    const [event] = await home.store.audit(1);
    assert.deepEqual([event?.action, event?.serial, event?.detail], ['revoke', serial, 'a.test (keyCompromise)']);
  });

  test('unspecified unless a reason is given, and of the newest with a label', async () => {
    const { ca, issue } = await make();
    const first = await issue('a.test');
    const { record: second } = await ca.renew('a.test');
    assert.equal((await ca.revoke('a.test')).serial, second.serial);
    assert.equal((await ca.get(second.serial)).revocation?.reason, 'unspecified');
    assert.equal((await ca.get(first.serial)).state, 'superseded');
  });

  test('that was superseded, by its serial', async () => {
    const { ca, issue } = await make();
    const first = await issue('a.test');
    const { record: second } = await ca.renew('a.test');
    const colons = first.serial.toUpperCase().replace(/..(?=.)/g, '$&:');
    assert.equal((await ca.revoke(colons, { reason: 'superseded' })).serial, first.serial);
    assert.deepEqual([(await ca.get(first.serial)).state, (await ca.get(second.serial)).state], ['revoked', 'valid']);
    assert.deepEqual(serialsOn((await ca.makeRevocationLists())[0]), [first.serial]);
  });

  test('but not twice, not for an unknown reason, and not since tomorrow', async () => {
    const { ca, issue } = await make();
    const { serial } = await issue('a.test');
    await rejectsCode(() => ca.revoke('b.test'), 'LOCAL_CA_NOT_FOUND', /no certificate is called "b\.test"/);
    const revoke = (options: object) => ca.revoke('a.test', options as RevokeOptions);
    await rejectsCode(() => revoke({ reason: 'stolen' }), 'LOCAL_CA_REASON_UNKNOWN', /"stolen"/);
    await rejectsCode(() => revoke({ reason: 'removeFromCRL' }), 'LOCAL_CA_REASON_UNKNOWN', /"removeFromCRL"/);
    await rejectsCode(() => revoke({ reasons: 'x' }), 'LOCAL_CA_OPTION_INVALID', /there is no option "reasons"/);
    const since = (date: string) => () => revoke({ invalidSince: new Date(date) });
    await rejectsCode(since('2026-06-02'), 'LOCAL_CA_VALIDITY_INVALID', /invalid since 2026-06-02T00:00:00Z/);
    await rejectsCode(since('1949-06-02'), 'LOCAL_CA_VALIDITY_INVALID', /invalid since 1949-06-02T00:00:00Z/);
    await rejectsCode(since('soon'), 'LOCAL_CA_VALIDITY_INVALID', /not a date/);
    assert.equal((await ca.get('a.test')).state, 'valid');
    await ca.revoke('a.test');
    const again = /^"a\.test" \([0-9a-f]{32}\) was revoked on 2026-06-01 already \(unspecified\)$/;
    await rejectsCode(() => ca.revoke(serial, { reason: 'superseded' }), 'LOCAL_CA_REVOKED', again);
  });

  test('for another reason when its key turns out to be stolen, since the day on which it was revoked', async () => {
    const { ca, issue, pass } = await make();
    const { serial } = await issue('a.test');
    const invalidSince = new Date('2026-05-01T00:00:00Z');
    const { revocation } = await ca.revoke('a.test', { reason: 'superseded', invalidSince });
    const [before] = await ca.makeRevocationLists();
    pass(10);
    const { revocation: worse } = await ca.revoke('a.test', { reason: 'keyCompromise' });
    assert.deepEqual(worse, { ...revocation, reason: 'keyCompromise' });
    assert.deepEqual((await ca.get('a.test')).revocation, worse);
    const [after] = await ca.makeRevocationLists();
    const entry = { serial, at: new Date('2026-06-01T12:00:00Z'), invalidSince };
    assert.deepEqual(
      [before, after].map((list) => parsed(list as AuthorityList).entries),
      [[{ ...entry, reason: 'superseded' }], [{ ...entry, reason: 'keyCompromise' }]],
    );
    for (const reason of ['keyCompromise', 'cACompromise', 'superseded', 'certificateHold'] as const) {
      const again = /^"a\.test" \([0-9a-f]{32}\) was revoked on 2026-06-01 already \(keyCompromise\)$/;
      await rejectsCode(() => ca.revoke(serial, { reason }), 'LOCAL_CA_REVOKED', again);
    }
  });

  test('and so may an authority be', async () => {
    const { ca } = await make({ intermediate: true });
    const { id } = ca.chain[0] as { id: string };
    await ca.renewAuthorities({ role: 'intermediate', newKey: true });
    await ca.revoke(id, { reason: 'superseded' });
    const { revocation } = await ca.revoke(id, { reason: 'cACompromise' });
    assert.equal(revocation?.reason, 'cACompromise');
    assert.equal(ca.authorities.find((one) => one.id === id)?.revocation?.reason, 'cACompromise');
    const again = /was revoked on 2026-06-01 already \(cACompromise\)$/;
    await rejectsCode(() => ca.revoke(id, { reason: 'superseded' }), 'LOCAL_CA_REVOKED', again);
  });

  test('by one of two who do it at once', async () => {
    const { ca, issue, open } = await make();
    await issue('a.test');
    const other = await open();
    const reasons: RevocationReason[] = ['keyCompromise', 'superseded'];
    const results = await Promise.allSettled([ca, other].map((one, i) => one.revoke('a.test', { reason: reasons[i] })));
    assert.deepEqual(
      results.map(({ status }) => status),
      ['fulfilled', 'rejected'],
    );
    assert.equal((await ca.get('a.test')).revocation?.reason, 'keyCompromise');
  });
});

describe('hold', () => {
  test('is taken back, and the certificate is on no list any more', async () => {
    const { ca, home, issue } = await make();
    const { serial } = await issue('a.test');
    await ca.revoke('a.test', { reason: 'certificateHold' });
    const [held] = await ca.makeRevocationLists();
    assert.deepEqual(parsed(held as AuthorityList).entries, [
      { serial, at: new Date('2026-06-01T12:00:00Z'), reason: 'certificateHold' },
    ]);
    const { revocation } = await ca.release('a.test');
    assert.equal(revocation, null);
    assert.equal((await ca.get(serial)).state, 'valid');
    assert.deepEqual(serialsOn((await ca.makeRevocationLists())[0]), []);
    assert.deepEqual(
      (await home.store.audit(3, serial)).map(({ action, detail }) => `${action} ${detail}`),
      ['release a.test', 'revoke a.test (certificateHold)', 'issue a.test (server, p256)'],
    );
  });

  test('leaves a certificate superseded whose label has gone over to another', async () => {
    const { ca, issue } = await make();
    const first = await issue('a.test');
    await ca.revoke('a.test', { reason: 'certificateHold' });
    await issue('a.test');
    await ca.release(first.serial);
    assert.equal((await ca.get(first.serial)).state, 'superseded');
  });

  test('becomes another reason, since the day on which it was put on hold', async () => {
    const { ca, issue, pass } = await make();
    await issue('a.test');
    await rejectsCode(() => ca.release('a.test'), 'LOCAL_CA_NOT_ON_HOLD', /it is not revoked/);
    await ca.revoke('a.test', { reason: 'certificateHold' });
    await rejectsCode(() => ca.revoke('a.test', { reason: 'certificateHold' }), 'LOCAL_CA_REVOKED', /certificateHold/);
    pass(1);
    const { revocation } = await ca.revoke('a.test', { reason: 'keyCompromise' });
    assert.deepEqual(revocation?.at, new Date('2026-06-01T12:00:00Z'));
    await rejectsCode(() => ca.release('a.test'), 'LOCAL_CA_NOT_ON_HOLD', /revoked for good \(keyCompromise\)/);
    await rejectsCode(() => ca.revoke('a.test', { reason: 'certificateHold' }), 'LOCAL_CA_REVOKED', /keyCompromise/);
  });
});

describe('an authority', () => {
  test('cannot be revoked while it signs', async () => {
    const { ca } = await make({ intermediate: true });
    for (const { id } of ca.chain)
      await rejectsCode(() => ca.revoke(id), 'LOCAL_CA_NOT_REVOCABLE', /signs certificates now/);
  });

  test('that was replaced is on the list of the one above it', async () => {
    const { ca, issue } = await make({ intermediate: true });
    const [old] = ca.chain;
    await issue('old.test');
    await ca.renewAuthorities({ role: 'intermediate', newKey: true });
    const done = await ca.revoke(old?.id ?? '', { reason: 'cACompromise' });
    assert.deepEqual([done.kind, done.name], ['intermediate', 'Test CA intermediate']);
    const lists = await ca.makeRevocationLists();
    assert.deepEqual(namesOf(lists), ['Test CA intermediate 2', 'Test CA', 'Test CA intermediate']);
    assert.deepEqual(lists.map(serialsOn), [[], [old?.id], []]);
    const { revocation } = ca.authorities.find(({ id }) => id === old?.id) ?? {};
    assert.equal(revocation?.reason, 'cACompromise');
  });

  test('that was renewed with its key can be revoked, and the new one stands', async () => {
    const { ca, ambient, issue } = await make({ intermediate: true });
    const [old] = ca.chain;
    const leaf = await issue('a.test');
    await ca.renewAuthorities({ role: 'intermediate' });
    await ca.revoke(old?.id ?? '', { reason: 'superseded' });
    const crls = (await ca.makeRevocationLists()).map(parsed);
    const verify = async (intermediate: Uint8Array) =>
      verifyChain({
        leaf: parseCertificate(leaf.certificate),
        intermediates: [parseCertificate(intermediate)],
        roots: [parseCertificate(ca.root.certificate)],
        at: ambient.now(),
        crls,
        ambient,
      });
    assert.equal((await verify(ca.chain[0]?.certificate as Uint8Array)).ok, true);
    assert.equal((await verify(old?.certificate as Uint8Array)).ok, false);
  });
});

describe('revocation lists', () => {
  test('there is one for each CA, the issuing one first, and their numbers rise', async () => {
    const { ca, issue, open } = await make({ intermediate: true });
    const { serial } = await issue('a.test');
    assert.deepEqual(
      (await ca.revocationLists()).map(({ list }) => list),
      [undefined, undefined],
    );
    await ca.makeRevocationLists();
    await ca.revoke('a.test');
    const lists = await (await open()).makeRevocationLists({ days: 7 });
    assert.deepEqual(namesOf(lists), ['Test CA intermediate', 'Test CA']);
    assert.deepEqual(lists.map(serialsOn), [[serial], []]);
    for (const one of lists) {
      const { number, thisUpdate, nextUpdate } = parsed(one);
      assert.deepEqual([number, one.list?.number, one.isNew], ['02', 2, true]);
      // A CA that was made a moment ago began five minutes back as well.
      assert.deepEqual(thisUpdate, new Date('2026-06-01T11:55:00Z'));
      assert.deepEqual(nextUpdate, new Date('2026-06-08T12:00:00Z'));
    }
    assert.deepEqual(
      (await ca.revocationLists()).map(({ list, isNew }) => [list?.number, isNew]),
      [
        [2, false],
        [2, false],
      ],
    );
  });

  test('are numbered apart when several make them at once', async () => {
    const { ca, open } = await make();
    const all = [ca, await open(), await open(), await open()];
    const made = await Promise.all([...all, ...all].map((one) => one.makeRevocationLists()));
    const numbers = made.map(([one]) => one?.list?.number ?? 0);
    assert.deepEqual(
      numbers.sort((a, b) => a - b),
      [1, 2, 3, 4, 5, 6, 7, 8],
    );
  });

  test('are made of the CAs that are asked for', async () => {
    const { ca } = await make({ intermediate: true });
    const lists = await ca.makeRevocationLists({ authorities: [ca.root.id] });
    assert.deepEqual(namesOf(lists), ['Test CA']);
    const [intermediate, root] = await ca.revocationLists();
    assert.deepEqual([intermediate?.list, root?.list?.number], [undefined, 1]);
  });

  test('live for whole days from 1 on', async () => {
    const { ca } = await make();
    for (const days of [0, -1, 1.5, Number.NaN, 4e6]) {
      await rejectsCode(() => ca.makeRevocationLists({ days }), 'LOCAL_CA_VALIDITY_INVALID', /days/);
    }
    await rejectsCode(() => ca.makeRevocationLists({ day: 1 } as object), 'LOCAL_CA_OPTION_INVALID', /"day"/);
    assert.equal((await ca.revocationLists())[0]?.list, undefined);
  });

  test('keep what has expired for one list after its end, and drop it then', async () => {
    const { ca, pass, issue } = await make();
    const { serial } = await issue('a.test');
    await ca.makeRevocationLists();
    pass(360);
    await ca.revoke('a.test');
    pass(10);
    // RFC 5280 3.3: it is on one list at least that was made after its end.
    const after = [await ca.makeRevocationLists(), await ca.makeRevocationLists()];
    assert.deepEqual(
      after.map(([one]) => serialsOn(one)),
      [[serial], []],
    );
  });

  test('a clock that was ahead takes nothing off for good, and no list begins or ends before the one before', async () => {
    const { ca, pass, issue } = await make();
    const { serial } = await issue('a.test');
    await ca.revoke('a.test', { reason: 'keyCompromise' });
    const one = async () => (await ca.makeRevocationLists({ days: 30 }))[0] as AuthorityList;
    const first = await one();
    pass(1000);
    const ahead = [await one(), await one()];
    assert.deepEqual(ahead.map(serialsOn), [[serial], []]);
    pass(-1000);
    const back = [await one(), await one()];
    assert.deepEqual(back.map(serialsOn), [[serial], [serial]]);
    const all = [first, ...ahead, ...back].map(parsed);
    for (const [i, { thisUpdate, nextUpdate = new Date(0) }] of all.entries()) {
      assert.ok(thisUpdate >= (all[i - 1]?.thisUpdate ?? thisUpdate), `list ${i + 1} begins ${thisUpdate}`);
      assert.equal(Math.round((nextUpdate.getTime() - thisUpdate.getTime()) / DAY), 30);
    }
  });

  test('are due when less than a third of their life is left', async () => {
    const { ca, clock, pass } = await make();
    const [one] = await ca.makeRevocationLists({ days: 90 });
    assert.equal(listIsDue(undefined, clock.now), true);
    const due: boolean[] = [];
    for (const days of [0, 59, 2, 40]) {
      pass(days);
      due.push(listIsDue(one?.list, clock.now));
    }
    assert.deepEqual(due, [false, false, true, true]);
  });

  test('of a root whose key is offline stay as they are', async () => {
    const { ca, home } = await make({ intermediate: true });
    await ca.makeRevocationLists();
    await home.caKeys.remove(ca.root.keyId);
    const lists = await ca.makeRevocationLists();
    assert.deepEqual(
      lists.map(({ list, isNew, obstacle }) => [list?.number, isNew, obstacle]),
      [
        [2, true, undefined],
        [1, false, 'key-elsewhere'],
      ],
    );
  });

  test('are not made by a CA that clients would take none from', async () => {
    const issuer = await makeOdd('CN=Old', { extensions: [basicConstraints(true), keyUsage(['keyCertSign'])] });
    const home = memoryHome();
    const given = {
      certificate: new TextEncoder().encode(encodePem('CERTIFICATE', issuer.certificate.der)),
      key: new TextEncoder().encode(encodePem('PRIVATE KEY', issuer.key.toPkcs8())),
    };
    const ambient = { ...systemAmbient, now: () => new Date('2026-06-01T00:00:00Z') };
    const ca = await CertificateAuthority.import(home, given, ambient);
    const [before] = await ca.makeRevocationLists();
    assert.deepEqual([before?.isNew, before?.obstacle, before?.list], [false, 'no-crl-sign', undefined]);
    // Its renewal may.
    await ca.renewAuthorities();
    assert.equal((await ca.makeRevocationLists())[0]?.isNew, true);
  });

  test('ask for a passphrase once', async () => {
    const { open } = await make({ intermediate: true, passphrase: 'secret' });
    let asked = 0;
    const ca = await open({
      passphrase: async () => {
        asked++;
        return 'secret';
      },
    });
    assert.deepEqual(
      (await ca.makeRevocationLists()).map(({ isNew }) => isNew),
      [true, true],
    );
    assert.equal(asked, 1);
    const wrong = await open({ passphrase: 'other' });
    await rejectsCode(() => wrong.openListKeys(), 'LOCAL_CA_PASSWORD_WRONG', /./);
    await ca.openListKeys();
    assert.equal(asked, 1);
  });
});

describe('after the CA goes on', () => {
  test('with the same key, one list is of the old and the new certificate', async () => {
    const { ca, ambient, pass, issue } = await make();
    const [old, first] = [ca.root, await issue('a.test')];
    pass(100);
    await ca.renewAuthorities();
    const second = await issue('b.test');
    await ca.revoke('a.test');
    await ca.revoke('b.test');
    const lists = await ca.makeRevocationLists();
    assert.deepEqual(lists.map(serialsOn), [[first.serial, second.serial]]);
    const good = await issue('c.test');
    for (const root of [old, ca.root]) {
      for (const [leaf, ok] of [
        [first, false],
        [second, false],
        [good, true],
      ] as const) {
        const verification = await verifyChain({
          leaf: parseCertificate(leaf.certificate),
          intermediates: [],
          roots: [parseCertificate(root.certificate)],
          at: ambient.now(),
          crls: lists.map(parsed),
          ambient,
        });
        assert.equal(verification.ok, ok, `${leaf.label}: ${JSON.stringify(verification.findings)}`);
      }
    }
  });

  test('with new keys, the old ones have their lists too, until they end', async () => {
    const { ca, pass, issue } = await make({ intermediate: true });
    const first = await issue('a.test');
    await ca.makeRevocationLists();
    await ca.renewAuthorities({ newKey: true });
    await ca.revoke(first.serial);
    const lists = await ca.makeRevocationLists();
    assert.deepEqual(namesOf(lists), ['Test CA intermediate 2', 'Test CA G2', 'Test CA intermediate', 'Test CA']);
    assert.deepEqual(lists.map(serialsOn), [[], [], [first.serial], []]);
    assert.deepEqual(
      lists.map(({ list }) => list?.number),
      [1, 1, 2, 2],
    );
    const keys = lists.map((one) => Buffer.from(parsed(one).authorityKeyId ?? []).toString('hex'));
    assert.equal(new Set(keys).size, 4);
    pass(1830);
    await ca.renewAuthorities();
    assert.equal(namesOf(await ca.makeRevocationLists()).filter((name) => name === 'Test CA intermediate').length, 0);
  });

  test('a root that is revoked leaves the trust files, and what it had revoked stays on its list until it ends', async () => {
    const { ca, pass, issue } = await make();
    const old = ca.root;
    const stolen = await issue('stolen.test');
    await ca.revoke(stolen.serial, { reason: 'keyCompromise' });
    await ca.renewAuthorities({ newKey: true });
    assert.deepEqual((await ca.exportAuthority()).roots, [ca.root.certificate, old.certificate]);
    assert.equal((await ca.revoke(old.id, { reason: 'cACompromise' })).kind, 'root');
    const { roots, intermediates } = await ca.exportAuthority();
    assert.deepEqual([roots, intermediates], [[ca.root.certificate], []]);
    assert.deepEqual((await ca.makeRevocationLists()).map(serialsOn), [[], [stolen.serial]]);
    assert.equal((await ca.revocationLists()).length, 2);
    pass(3649);
    await ca.renewAuthorities();
    assert.equal((await ca.makeRevocationLists()).length, 2);
    pass(2);
    assert.equal((await ca.makeRevocationLists()).length, 1);
  });

  test('what is revoked under an intermediate that is revoked itself gets onto its list', async () => {
    const { ca, issue } = await make({ intermediate: true });
    const [old] = ca.chain;
    const { serial } = await issue('a.test');
    await ca.renewAuthorities({ role: 'intermediate', newKey: true });
    await ca.revoke(old?.id ?? '', { reason: 'cACompromise' });
    await ca.revoke(serial, { reason: 'keyCompromise' });
    const lists = await ca.makeRevocationLists();
    assert.deepEqual(serialsOn(lists.find(({ authority }) => authority.id === old?.id)), [serial]);
  });

  test('after two rotations each root has one', async () => {
    const { ca } = await make();
    await ca.renewAuthorities({ newKey: true });
    await ca.renewAuthorities({ newKey: true });
    const lists = await ca.makeRevocationLists();
    assert.deepEqual(
      lists.map(({ authority, isNew }) => [authority.role, isNew]),
      [
        ['root', true],
        ['root', true],
        ['root', true],
      ],
    );
    assert.equal(lists[0]?.authority.id, ca.root.id);
  });
});

test('the lists are among what files are made from', async () => {
  const { ca, issue } = await make({ intermediate: true });
  await issue('a.test');
  assert.deepEqual((await ca.export('a.test')).crls, []);
  const lists = (await ca.makeRevocationLists()).map(({ list }) => list?.list);
  assert.deepEqual((await ca.export('a.test')).crls, lists);
  assert.deepEqual((await ca.exportAuthority()).crls, lists);
  const { material } = await ca.issue({ names: ['b.test'] });
  assert.deepEqual(material.crls, lists);
});
