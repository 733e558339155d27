/** Renewal and replacement of the CA's own certificates, by the passed clock. What clients say: interop/renewal, rotation. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CertificateAuthority } from '../../src/authority/authority.ts';
import { EXTENSION } from '../../src/core/extensions.ts';
import { importKey } from '../../src/core/keys.ts';
import {
  authorityKeyIdOf,
  basicConstraintsOf,
  type Certificate,
  extensionValue,
  parseCertificate,
  subjectKeyIdOf,
} from '../../src/core/parse.ts';
import { decodeSubject, formatSubject } from '../../src/core/subject.ts';
import { encodePem } from '../../src/formats/pem.ts';
import { memoryHome } from '../../src/store/memory-home.ts';
import type { AuthorityRecord } from '../../src/store/store.ts';
import { type CaOptions, makeCa, permitting } from '../support/pki.ts';
import { rejectsCode } from '../support/throws.ts';
import { DAY, daysOf, make, START } from './clock.ts';

const parse = ({ certificate }: AuthorityRecord): Certificate => parseCertificate(certificate);
const pathLength = (authority: AuthorityRecord) => basicConstraintsOf(parse(authority))?.pathLength;
const subjectOf = (authority: AuthorityRecord) => formatSubject(decodeSubject(parse(authority).subject));
const rolesOf = (made: readonly AuthorityRecord[]) => made.map(({ role }) => role);

/** What another tool made, of any path length unless said. */
async function imported(subject: string, options: CaOptions = {}): Promise<CertificateAuthority> {
  const { certificate, key } = await makeCa(subject, { notAfter: new Date(START + 400 * DAY), ...options });
  const pem = (label: string, der: Uint8Array) => new TextEncoder().encode(encodePem(label, der));
  const { clock } = await make();
  const files = { certificate: pem('CERTIFICATE', certificate.der), key: pem('PRIVATE KEY', key.toPkcs8()) };
  return CertificateAuthority.import(memoryHome(), files, clock.ambient);
}

describe('with the same key', () => {
  test('all but serial and dates stays', async () => {
    const { clock, ca } = await make({ intermediate: true, permit: ['a.test', '10.0.0.0/8'], organization: 'Acme' });
    const before = ca.chain.map(parse);
    clock.day = 100;
    const made = await ca.renewAuthorities();
    assert.deepEqual(rolesOf(made), ['root', 'intermediate']);
    for (const [i, now] of ca.chain.map(parse).entries()) {
      const old = before[i] as Certificate;
      assert.notEqual(now.serial, old.serial);
      assert.deepEqual(now.subject, old.subject);
      assert.deepEqual(now.publicKey, old.publicKey);
      const byOid = (certificate: Certificate) => new Map(certificate.extensions.map((one) => [one.oid, one]));
      assert.deepEqual(byOid(now), byOid(old));
    }
  });

  test('the addresses of its lists and its key stay on record, and it signs', async () => {
    const { ca } = await make({ crlUrls: ['http://crl.test/ca.crl'], ocspUrls: ['http://ocsp.test'] });
    const before = ca.root;
    await ca.renewAuthorities();
    const kept = ({ crlUrls, ocspUrls, keyId, active }: AuthorityRecord) => ({ crlUrls, ocspUrls, keyId, active });
    assert.deepEqual(kept(ca.root), kept(before));
    assert.equal((await ca.issue({ names: ['a.test'] })).record.issuerId, ca.root.id);
  });

  test('one of the chain alone', async () => {
    const { ca } = await make({ intermediate: true });
    const [intermediate, root] = ca.chain.map(({ id }) => id);
    assert.deepEqual(rolesOf(await ca.renewAuthorities({ role: 'root' })), ['root']);
    assert.equal(ca.chain[0]?.id, intermediate);
    assert.notEqual(ca.root.id, root);
    assert.deepEqual(rolesOf(await ca.renewAuthorities({ role: 'intermediate' })), ['intermediate']);
    assert.equal(ca.chain[0]?.parentId, ca.root.id);
  });

  test('what was signed before leads to the renewed ones', async () => {
    const { ca } = await make({ intermediate: true });
    await ca.issue({ names: ['a.test'] });
    await ca.renewAuthorities();
    const { intermediates, roots } = await ca.export('a.test');
    assert.deepEqual(
      [...intermediates, ...roots],
      ca.chain.map(({ certificate }) => certificate),
    );
  });

  test('a role that there is not', async () => {
    const { ca } = await make();
    const renewing = () => ca.renewAuthorities({ role: 'intermediate' });
    await rejectsCode(renewing, 'LOCAL_CA_NOT_FOUND', /this CA has no intermediate/);
  });
});

describe('how long the next one lives', () => {
  test('as long as the one before', async () => {
    const { clock, ca } = await make({ days: 7000 });
    clock.day = 400;
    await ca.renewAuthorities();
    assert.equal(parse(ca.root).notAfter.getTime(), START + 7400 * DAY);
  });

  test('as long as was said', async () => {
    const { ca } = await make();
    await ca.renewAuthorities({ days: 1000 });
    assert.equal(daysOf(parse(ca.root)), 1000);
  });

  test('an intermediate ends with its root at the latest, and gets its time back with it', async () => {
    const { clock, ca } = await make({ intermediate: true, days: 1900 });
    const ends = () => ca.chain.map((one) => (parse(one).notAfter.getTime() - START) / DAY);
    assert.deepEqual(ends(), [1825, 1900]);
    clock.day = 1000;
    await ca.renewAuthorities({ role: 'intermediate' });
    assert.deepEqual(ends(), [1900, 1900]);
    await ca.renewAuthorities();
    assert.deepEqual(ends(), [2825, 2900]);
  });

  test('an intermediate that was made for as long as its root is, as those of step are, stays so', async () => {
    const { clock, ca } = await make({ intermediate: true });
    await ca.renewAuthorities({ role: 'intermediate', days: 9000 });
    assert.deepEqual(ca.chain.map(parse).map(daysOf), [3650, 3650]);
    clock.day = 100;
    await ca.renewAuthorities();
    assert.deepEqual(ca.chain.map(parse).map(daysOf), [3650, 3650]);
  });

  test('days that are said for the root are not for an intermediate that it only signs again', async () => {
    const { ca } = await make({ intermediate: true });
    await ca.renewAuthorities({ role: 'root', newKey: true, days: 9000 });
    assert.deepEqual(ca.chain.map(parse).map(daysOf), [1825, 9000]);
  });
});

describe('what has expired', () => {
  test('a root is renewed, and everything under it counts again', async () => {
    const { clock, ca } = await make({ days: 30 });
    await ca.issue({ names: ['a.test'] });
    clock.day = 40;
    await ca.renewAuthorities();
    assert.equal(parse(ca.root).notAfter.getTime(), START + 70 * DAY);
    await ca.issue({ names: ['b.test'] });
  });

  test('an intermediate is not signed by a root that has expired', async () => {
    const { clock, ca } = await make({ intermediate: true, days: 30 });
    clock.day = 40;
    const renewing = () => ca.renewAuthorities({ role: 'intermediate' });
    await rejectsCode(renewing, 'LOCAL_CA_CA_EXPIRED', /the CA CN=Test CA expired on/);
    await ca.renewAuthorities();
    await ca.issue({ names: ['b.test'] });
  });

  test('a root that has expired vouches for no other', async () => {
    const { clock, ca } = await make({ days: 30 });
    clock.day = 40;
    assert.deepEqual(rolesOf(await ca.renewAuthorities({ newKey: true })), ['root']);
    assert.deepEqual((await ca.exportAuthority()).roots, [ca.root.certificate]);
  });
});

describe('with a new key', () => {
  test('the old root signs the new one, with room for what both signed', async () => {
    const { clock, ca } = await make({ permit: ['a.test'] });
    const old = parse(ca.root);
    clock.day = 3000;
    const [root, cross] = (await ca.renewAuthorities({ newKey: true })) as [AuthorityRecord, AuthorityRecord];
    assert.equal(ca.root.id, root.id);
    const [now, vouching] = [root, cross].map(parse) as [Certificate, Certificate];
    assert.equal(subjectOf(root), 'CN=Test CA G2');
    assert.deepEqual(vouching.subject, now.subject);
    assert.notDeepEqual(now.publicKey, old.publicKey);
    assert.deepEqual(vouching.publicKey, now.publicKey);
    assert.deepEqual(vouching.issuer, old.subject);
    assert.deepEqual(subjectKeyIdOf(vouching), subjectKeyIdOf(now));
    assert.deepEqual(authorityKeyIdOf(vouching), subjectKeyIdOf(old));
    assert.deepEqual(vouching.notAfter, old.notAfter);
    assert.deepEqual([root, cross].map(pathLength), [2, 2]);
    const limits = [now, vouching, old].map((one) => extensionValue(one, EXTENSION.nameConstraints));
    assert.deepEqual(limits, [limits[0], limits[0], limits[0]]);
  });

  test('servers send both, and clients trust both, until the old root is revoked', async () => {
    const { ca } = await make();
    const old = ca.root;
    await ca.issue({ names: ['old.test'] });
    const [root, cross] = await ca.renewAuthorities({ newKey: true });
    await ca.issue({ names: ['new.test'] });
    const { intermediates, roots } = await ca.export('new.test');
    assert.deepEqual(intermediates, [cross?.certificate]);
    assert.deepEqual(roots, [root?.certificate, old.certificate]);
    assert.deepEqual((await ca.export('old.test')).intermediates, []);
    assert.deepEqual(
      ca.roots.map(({ id }) => id),
      [root?.id, old.id],
    );
    await ca.revoke(old.id);
    assert.deepEqual((await ca.export('new.test')).intermediates, []);
    for (const material of [await ca.export('new.test'), await ca.exportAuthority()]) {
      assert.deepEqual(material.roots, [root?.certificate]);
    }
  });

  test('until the old root expires, too', async () => {
    const { clock, ca } = await make({ days: 100 });
    await ca.renewAuthorities({ newKey: true, days: 1000 });
    clock.day = 101;
    const { roots, intermediates } = await ca.exportAuthority();
    assert.deepEqual([roots.length, intermediates.length], [1, 0]);
  });

  test('the root that signs now cannot be revoked', async () => {
    const { ca } = await make();
    await ca.renewAuthorities({ newKey: true });
    await rejectsCode(() => ca.revoke(ca.root.id), 'LOCAL_CA_NOT_REVOCABLE', /signs certificates now/);
  });

  test('an intermediate that stays is signed again, and keeps its key and its identifier', async () => {
    const { ca } = await make({ intermediate: true });
    const [before] = ca.chain as [AuthorityRecord, AuthorityRecord];
    const made = await ca.renewAuthorities({ role: 'root', newKey: true });
    assert.deepEqual(rolesOf(made), ['root', 'intermediate', 'intermediate']);
    const [now] = ca.chain as [AuthorityRecord, AuthorityRecord];
    assert.equal(now.keyId, before.keyId);
    assert.deepEqual(parse(now).subject, parse(before).subject);
    assert.deepEqual(subjectKeyIdOf(parse(now)), subjectKeyIdOf(parse(before)));
    assert.deepEqual(authorityKeyIdOf(parse(now)), subjectKeyIdOf(parse(ca.root)));
    assert.deepEqual(made.map(pathLength), [3, 3, 0]);
  });

  test('an intermediate gets the next name', async () => {
    const { ca } = await make({ intermediate: true });
    const names = [ca.chain[0]?.name];
    for (let i = 0; i < 2; i++) {
      await ca.renewAuthorities({ role: 'intermediate', newKey: true });
      names.push(ca.chain[0]?.name);
    }
    assert.deepEqual(names, ['Test CA intermediate', 'Test CA intermediate 2', 'Test CA intermediate 3']);
  });

  test('what an intermediate signed before keeps its own chain', async () => {
    const { ca } = await make({ intermediate: true });
    const [before] = ca.chain as [AuthorityRecord, AuthorityRecord];
    await ca.issue({ names: ['a.test'] });
    await ca.renewAuthorities({ role: 'intermediate', newKey: true });
    assert.deepEqual((await ca.export('a.test')).intermediates, [before.certificate]);
  });

  test('a root that was tight keeps its name, and has room afterwards', async () => {
    for (const tight of [0, 1]) {
      const ca = await imported('CN=Tight', { pathLength: tight });
      await ca.renewAuthorities();
      assert.equal(pathLength(ca.root), tight);
      assert.deepEqual((await ca.renewAuthorities({ newKey: true })).map(pathLength), [2, 2]);
      assert.equal(subjectOf(ca.root), 'CN=Tight');
    }
  });

  test('a root gets the next name, which fits', async () => {
    const long = 'x'.repeat(64);
    for (const [before, after] of [
      ['CN=Acme Root,O=Acme\\, Inc.,C=DE', 'CN=Acme Root G2,O=Acme\\, Inc.,C=DE'],
      ['CN=Acme G9', 'CN=Acme G10'],
      ['CN=Acme 7', 'CN=Acme 7 G2'],
      [`CN=${long}`, `CN=${long.slice(0, 61)} G2`],
      ['O=Acme', 'O=Acme'],
    ] as const) {
      const ca = await imported(before);
      await ca.renewAuthorities({ newKey: true });
      assert.equal(subjectOf(ca.root), after);
    }
  });

  test('a root keeps its name where its constraints permit no other', async () => {
    const subject = 'CN=Root,emailAddress=ca@acme.test';
    for (const [permitted, after] of [
      ['@acme.test', 'CN=Root G2,emailAddress=ca@acme.test'],
      ['@other.test', subject],
    ] as const) {
      const ca = await imported(subject, { constraints: permitting(permitted) });
      await ca.renewAuthorities({ newKey: true });
      assert.equal(subjectOf(ca.root), after);
    }
  });

  test('a root that is replaced again and again has names for as long as the first has room', async () => {
    const { ca } = await make();
    const [first, names] = [ca.root, [] as string[]];
    for (let i = 0; i < 3; i++) {
      await ca.renewAuthorities({ newKey: true });
      names.push(subjectOf(ca.root));
    }
    assert.deepEqual(names, ['CN=Test CA G2', 'CN=Test CA G3', 'CN=Test CA G3']);
    for (const { id } of ca.roots.slice(1)) await ca.revoke(id);
    assert.notEqual(ca.root.id, first.id);
    await ca.renewAuthorities({ newKey: true });
    assert.equal(subjectOf(ca.root), 'CN=Test CA G4');
  });

  test('a second time, while the first lasts, the way goes on to the first root', async () => {
    const { ca } = await make();
    const first = ca.root;
    const [second, toFirst] = await ca.renewAuthorities({ newKey: true });
    const [third, toSecond] = await ca.renewAuthorities({ newKey: true });
    const { roots, intermediates } = await ca.exportAuthority();
    assert.deepEqual(
      roots,
      [third, second, first].map((one) => one?.certificate),
    );
    assert.deepEqual(
      intermediates,
      [toSecond, toFirst].map((one) => one?.certificate),
    );
    await ca.revoke(first.id);
    assert.deepEqual(
      (await ca.exportAuthority()).roots,
      [third, second].map((one) => one?.certificate),
    );
  });

  test('a second time, after the first, there are two again', async () => {
    const { ca } = await make();
    const first = ca.root;
    await ca.renewAuthorities({ newKey: true });
    await ca.revoke(first.id);
    const second = ca.root;
    await ca.renewAuthorities({ newKey: true });
    assert.deepEqual((await ca.exportAuthority()).roots, [ca.root.certificate, second.certificate]);
  });

  test('renewed in between, the cross certificate goes on serving', async () => {
    const { clock, ca } = await make();
    const first = ca.root;
    const [, cross] = await ca.renewAuthorities({ newKey: true });
    clock.day = 50;
    await ca.renewAuthorities();
    const { roots, intermediates } = await ca.exportAuthority();
    assert.deepEqual(roots, [ca.root.certificate, first.certificate]);
    assert.deepEqual(intermediates, [cross?.certificate]);
  });
});

describe('keys', () => {
  const PASSPHRASE = 'correct horse';

  test('an encrypted key opens the way, and new ones are encrypted alike', async () => {
    const { clock } = await make({ intermediate: true, passphrase: PASSPHRASE });
    const closed = await CertificateAuthority.open(clock.home, { ambient: clock.ambient });
    await rejectsCode(() => closed.renewAuthorities(), 'LOCAL_CA_KEY_ENCRYPTED', /pass phrase/);
    const opened = await CertificateAuthority.open(clock.home, { passphrase: PASSPHRASE, ambient: clock.ambient });
    await opened.renewAuthorities();
    await opened.renewAuthorities({ newKey: true });
    for (const id of await clock.home.caKeys.list()) {
      const pem = await clock.home.caKeys.load(id);
      assert.throws(() => importKey(pem), { code: 'LOCAL_CA_KEY_ENCRYPTED' });
      importKey(pem, PASSPHRASE);
    }
  });

  test('also those that take the place of an expired root, which signs nothing', async () => {
    const { clock } = await make({ passphrase: PASSPHRASE, days: 10 });
    clock.day = 20;
    const opened = await CertificateAuthority.open(clock.home, { passphrase: PASSPHRASE, ambient: clock.ambient });
    await opened.renewAuthorities({ newKey: true });
    const pem = await clock.home.caKeys.load(opened.root.keyId);
    assert.throws(() => importKey(pem), { code: 'LOCAL_CA_KEY_ENCRYPTED' });
  });

  test('a wrong passphrase changes nothing', async () => {
    const { clock } = await make({ passphrase: PASSPHRASE });
    const opened = await CertificateAuthority.open(clock.home, { passphrase: 'wrong', ambient: clock.ambient });
    await rejectsCode(() => opened.renewAuthorities({ newKey: true }), 'LOCAL_CA_PASSWORD_WRONG', /./);
    assert.equal(opened.authorities.length, 1);
    assert.equal((await clock.home.caKeys.list()).length, 1);
  });

  test('a root whose key was taken to a safe renews neither itself nor what is below it', async () => {
    const { clock, ca } = await make({ intermediate: true });
    await clock.home.caKeys.remove(ca.root.keyId);
    const message = /cannot be renewed: the key of "Test CA" is not here/;
    for (const role of ['root', 'intermediate', undefined] as const) {
      await rejectsCode(() => ca.renewAuthorities({ role }), 'LOCAL_CA_KEY_NOT_KEPT', message);
    }
    await ca.issue({ names: ['a.test'] });
  });
});
