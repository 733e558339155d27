/** Keys that wait for another CA, and what comes back: nothing is lost before the files are in place. */
import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { type AcceptHooks, type AcceptOptions, acceptAnswer } from '../../src/authority/accept.ts';
import { CertificateAuthority } from '../../src/authority/authority.ts';
import { dropRequest } from '../../src/authority/drop-request.ts';
import { createRequest, type RequestOptions } from '../../src/authority/requests.ts';
import { parseCsr, proofOfPossession } from '../../src/core/csr.ts';
import { equalBytes } from '../../src/core/der.ts';
import { describeCsr } from '../../src/core/describe.ts';
import { importKey, type PrivateKey } from '../../src/core/keys.ts';
import { parseCertificate } from '../../src/core/parse.ts';
import { decodeSubject } from '../../src/core/subject.ts';
import { encodePem } from '../../src/formats/pem.ts';
import { memoryHome } from '../../src/store/memory-home.ts';
import { day, makeCa, makeServer, pinned } from '../support/pki.ts';
import { anyTarget } from '../support/target.ts';
import { rejectsCode } from '../support/throws.ts';

let home: ReturnType<typeof memoryHome>;
let other: CertificateAuthority;
beforeEach(async () => {
  home = memoryHome();
  other = await CertificateAuthority.create(memoryHome(), { name: 'Other CA', intermediate: true }, pinned);
});

const create = (options: RequestOptions = { names: ['db.test', '10.0.0.5'] }) =>
  createRequest(home, options, {}, pinned);
const accept = (certificates: readonly Uint8Array[], options: AcceptOptions = {}, hooks: AcceptHooks = {}) =>
  acceptAnswer(home, certificates, options, hooks, pinned);

/** What the other CA sends back: leaf, intermediate and root, in no good order. */
async function answer(request: Uint8Array, options = {}): Promise<Uint8Array[]> {
  const { record, material } = await other.sign(request, options);
  return [...material.roots, record.certificate, ...material.intermediates];
}

const state = async () => ({ keys: await home.leafKeys.list(), requests: (await home.store.requests()).length });
const codes = (list: readonly { readonly code: string }[]) => list.map(({ code }) => code);

describe('a request', () => {
  test('is made with its key, which waits under its id', async () => {
    const { record, key, warnings } = await create({
      names: ['db.test', '10.0.0.5'],
      template: 'nginx',
      folder: '/srv/db',
    });
    const { request, id, createdAt, ...rest } = record;
    assert.deepEqual(rest, {
      label: 'db.test',
      names: ['db.test', '10.0.0.5'],
      profile: 'server',
      template: 'nginx',
      keyType: 'p256',
      keepKey: false,
      folder: '/srv/db',
    });
    assert.deepEqual(warnings, []);
    assert.equal(createdAt.getTime(), pinned.now().getTime());
    assert.deepEqual(await home.leafKeys.list(), [id]);
    assert.deepEqual(await home.store.requests(), [record]);
    assert.ok(equalBytes(importKey(await home.leafKeys.load(id)).publicKey, key.publicKey));
    assert.equal(await proofOfPossession(parseCsr(request), pinned), true);
    assert.deepEqual(
      (await home.store.audit(1)).map(({ action, detail }) => [action, detail]),
      [['request', 'db.test (server, p256)']],
    );
  });

  test('says all that its profile stands for, and every kind of name', async () => {
    const names = ['*.db.test', 'fd00::5', 'dba@acme.test', 'spiffe://acme.test/db', 'bücher.test'];
    const { record } = await create({ names, profile: 'peer', keyType: 'rsa-2048', challengePassword: 'open sesame' });
    const asked = describeCsr(parseCsr(record.request));
    assert.deepEqual(asked.names, [
      '*.db.test',
      'fd00::5',
      'dba@acme.test',
      'spiffe://acme.test/db',
      'xn--bcher-kva.test',
    ]);
    assert.deepEqual(asked.extendedKeyUsage, ['serverAuth', 'clientAuth']);
    assert.deepEqual(asked.keyUsage, ['digitalSignature', 'keyEncipherment']);
    assert.deepEqual(asked.attributes, { challengePassword: '(not shown)' });
  });

  test('has its subject in the order in which it is written', async () => {
    const subject = '/CN=db.test/ST=California/C=US/emailAddress=dba@acme.test/O=Acme';
    const { record } = await create({ names: ['db.test'], subject });
    const types = decodeSubject(parseCsr(record.request).subject).map((rdn) => rdn[0]?.type);
    assert.deepEqual(types, ['CN', 'ST', 'C', 'emailAddress', 'O']);
  });

  test('is called off when its files cannot be made', async () => {
    const beforeRecording = () => Promise.reject(new Error('no disk'));
    await assert.rejects(() => createRequest(home, { names: ['db.test'] }, { beforeRecording }, pinned), /no disk/);
    assert.deepEqual(await state(), { keys: [], requests: 0 });
  });

  test('leaves no key behind when it cannot be recorded', async () => {
    const store = { ...home.store, requests: async () => [], write: () => Promise.reject(new Error('no disk')) };
    const broken = { ...home, store: Object.assign(Object.create(home.store), store) };
    await assert.rejects(() => createRequest(broken, { names: ['db.test'] }, {}, pinned), /no disk/);
    assert.deepEqual(await home.leafKeys.list(), []);
  });

  test('beside an earlier one is told of', async () => {
    await create();
    const { warnings } = await create();
    assert.deepEqual(codes(warnings), ['waiting']);
  });

  test('without names, and with options that nobody knows, is refused', async () => {
    await rejectsCode(() => create({}), 'LOCAL_CA_NAME_INVALID', /no name/);
    await rejectsCode(
      () => create({ names: ['a'], nmaes: [] } as RequestOptions),
      'LOCAL_CA_OPTION_INVALID',
      /"nmaes"/,
    );
    assert.deepEqual(await state(), { keys: [], requests: 0 });
  });
});

const CHANGED = ['names-dropped', 'subject-changed', 'usage-missing', 'usage-added', 'short-life'];

describe('an answer', () => {
  test('is recorded with its chain; its request is done, and its key goes', async () => {
    const { record: request, key } = await create({
      names: ['db.test', '10.0.0.5'],
      template: 'nginx',
      folder: '/srv/db',
    });
    const accepted = await accept(await answer(request.request));
    const { record, material, warnings, changes, complete, folder } = accepted;
    assert.deepEqual([warnings, changes, complete, folder], [[], [], true, '/srv/db']);
    assert.deepEqual(
      [record.label, record.template, record.profile, record.names, record.issuerId, record.keyId],
      ['db.test', 'nginx', 'server', ['db.test', '10.0.0.5'], null, null],
    );
    const chain = other.chain.map(({ certificate }) => certificate);
    assert.deepEqual(record.chain, chain);
    assert.deepEqual([material.intermediates, material.roots], [chain.slice(0, 1), chain.slice(1)]);
    assert.ok(equalBytes(material.leaf?.key?.publicKey as Uint8Array, key.publicKey));
    assert.deepEqual(await home.store.certificates(), [record]);
    assert.deepEqual(await state(), { keys: [], requests: 0 });
    assert.equal((await home.store.audit(1))[0]?.action, 'accept');
  });

  test('that came without its chain is completed from earlier answers', async () => {
    const first = await create();
    await accept(await answer(first.record.request));
    const second = await create({ names: ['web.test'] });
    const { record } = await other.sign(second.record.request);
    const accepted = await accept([record.certificate]);
    assert.equal(accepted.complete, true);
    assert.deepEqual(
      accepted.record.chain,
      other.chain.map(({ certificate }) => certificate),
    );
  });

  test('whose root nobody knows has the highest intermediate sent as well as trusted', async () => {
    const { record: request } = await create();
    const [, leaf, intermediate] = await answer(request.request);
    const { material, complete, warnings } = await accept([leaf, intermediate] as Uint8Array[]);
    assert.equal(complete, false);
    assert.deepEqual(codes(warnings), ['missing-root']);
    assert.deepEqual([material.intermediates, material.roots], [[intermediate], [intermediate]]);
  });

  test('says what the CA changed', async () => {
    const { record: request } = await create();
    const { changes, warnings, record } = await accept(
      await answer(request.request, { names: ['db.test'], profile: 'client', subject: 'CN=db.test,O=Other', days: 30 }),
    );
    assert.deepEqual(codes(changes), CHANGED);
    assert.deepEqual(warnings, changes);
    assert.deepEqual(record.names, ['db.test']);
  });

  test('keeps the key where the request said so, where it is said now, and where a deployment will need it', async () => {
    const kept = await create({ names: ['a.test'], keepKey: true });
    const first = await accept(await answer(kept.record.request));
    assert.deepEqual([first.record.keyId, await home.leafKeys.list()], [kept.record.id, [kept.record.id]]);
    const later = await create({ names: ['b.test'] });
    const second = await accept(await answer(later.record.request), { keepKey: true });
    assert.equal(second.record.keyId, later.record.id);
    await home.store.write([{ kind: 'target', record: anyTarget({ label: 'c.test' }) }]);
    const deployed = await create({ names: ['c.test'] });
    const third = await accept(await answer(deployed.record.request));
    assert.equal(third.record.keyId, deployed.record.id);
    assert.deepEqual((await home.leafKeys.list()).length, 3);
  });

  test('costs nothing when its files cannot be put in place, and can be taken again', async () => {
    const { record: request } = await create();
    const certificates = await answer(request.request);
    const deliver = () => Promise.reject(new Error('no disk'));
    await assert.rejects(() => accept(certificates, {}, { deliver }), /no disk/);
    assert.deepEqual(await state(), { keys: [request.id], requests: 1 });
    assert.deepEqual(await home.store.certificates(), []);
    assert.equal((await accept(certificates)).record.label, 'db.test');
  });

  test('finds request and key still there while its files are put in place', async () => {
    const { record: request } = await create();
    const seen: unknown[] = [];
    const deliver = async () => {
      seen.push(await state());
      return [];
    };
    await accept(await answer(request.request), {}, { deliver });
    assert.deepEqual(seen, [{ keys: [request.id], requests: 1 }]);
  });

  test('taken twice at once is taken once', async () => {
    const { record: request } = await create();
    const certificates = await answer(request.request);
    const results = await Promise.allSettled([accept(certificates), accept(certificates)]);
    assert.deepEqual(
      results.map(({ status }) => status),
      ['fulfilled', 'rejected'],
    );
    assert.equal((await home.store.certificates()).length, 1);
  });

  test('for another key is refused, naming what waits; so is one that was accepted before', async () => {
    const { record: request } = await create();
    const stranger = await makeServer(await makeCa('CN=Stranger'), ['db.test']);
    await rejectsCode(
      () => accept([stranger.certificate.der]),
      'LOCAL_CA_KEY_MISMATCH',
      /^CN=db\.test was not made from .*these wait: db\.test$/,
    );
    const certificates = await answer(request.request);
    await accept(certificates);
    await rejectsCode(() => accept(certificates), 'LOCAL_CA_KEY_MISMATCH', /of "db\.test" is on record already/);
  });

  test('of CA certificates alone, or of nothing, is refused', async () => {
    const { record: request } = await create();
    const [root, , intermediate] = await answer(request.request);
    await rejectsCode(
      () => accept([root, intermediate] as Uint8Array[]),
      'LOCAL_CA_ANSWER_NO_LEAF',
      /only CA certificates: CN=Other CA; CN=Other CA intermediate/,
    );
    await rejectsCode(() => accept([]), 'LOCAL_CA_ANSWER_NO_LEAF', /no certificate/);
    assert.deepEqual(await state(), { keys: [request.id], requests: 1 });
  });

  test('is for the request with its names and subject; those with another name wait on', async () => {
    const { record: first, key: own } = await create({ names: ['s1.test'] });
    const key = pemOf(own);
    const { record: second } = await create({ names: ['s2.test'], key });
    const { record: third } = await create({ names: ['s2.test'], subject: 'CN=s2.test,O=Acme', label: 's3', key });
    const [forSecond, forThird] = [await answer(second.request), await answer(third.request)];
    const { record } = await accept(forThird);
    assert.deepEqual([record.label, record.names, record.subject], ['s3', ['s2.test'], 'CN=s2.test,O=Acme']);
    // It asked for the same names with the same key: nobody waits for a second answer.
    assert.deepEqual(await home.store.requests(), [first]);
    assert.deepEqual(await home.leafKeys.list(), [first.id]);
    await rejectsCode(
      () => accept(forThird),
      'LOCAL_CA_ANSWER_OLD',
      /of "s3" is on record already: the request for "s1\.test"/,
    );
    const byKey = await accept(forSecond, { key, label: 's2.test' }).then(({ record: one }) => one.label);
    assert.equal(byKey, 's2.test');
  });

  test('that CA and person changed is still for the request that is nearest', async () => {
    const { key: own } = await create({ names: ['s1.test', '10.0.0.1'] });
    const { record: second } = await create({ names: ['s2.test', '10.0.0.2'], key: pemOf(own) });
    const { record } = await accept(await answer(second.request, { names: ['s2.test', 'www.s2.test'] }));
    assert.equal(record.label, 's2.test');
    assert.equal((await home.store.requests()).length, 1);
  });

  test('to a key that is given needs no request', async () => {
    const stranger = await makeCa('CN=Stranger');
    const server = await makeServer(stranger, ['db.test', '10.0.0.5'], { profile: 'peer' });
    const key = new TextEncoder().encode(encodePem('PRIVATE KEY', server.key.toPkcs8()));
    const { record, complete } = await accept([server.certificate.der], { key, known: [stranger.certificate.der] });
    assert.deepEqual([record.label, record.profile, record.template, complete], ['db.test', 'peer', null, true]);
    const again = await accept([server.certificate.der], { key, keepKey: true });
    assert.equal(again.record.serial, record.serial);
    assert.equal((await home.store.certificates()).length, 1);
    const wrong = await create({ names: ['x.test'] });
    const other = new TextEncoder().encode(encodePem('PRIVATE KEY', wrong.key.toPkcs8()));
    await rejectsCode(
      () => accept([server.certificate.der], { key: other }),
      'LOCAL_CA_KEY_MISMATCH',
      /^the private key does not belong to any certificate of the answer \(CN=db\.test\)$/,
    );
  });

  test('of the CA of this very home is on record already, and gets its key', async () => {
    const ca = await CertificateAuthority.create(home, { name: 'Own CA' }, pinned);
    const { record: request } = await create({ names: ['db.test'], keepKey: true });
    const signed = await ca.sign(request.request);
    const { record } = await accept([signed.record.certificate]);
    assert.deepEqual([record.serial, record.issuerId, record.keyId], [signed.record.serial, ca.root.id, request.id]);
    assert.equal((await home.store.certificates()).length, 1);
    assert.equal((await ca.get('db.test')).keyId, request.id);
  });

  test('takes its place under its label', async () => {
    const ca = await CertificateAuthority.create(home, { name: 'Own CA' }, pinned);
    const own = await ca.issue({ names: ['db.test', 'web.test'] });
    const { record: request } = await create({ names: ['db.test'] });
    const { warnings } = await accept(await answer(request.request));
    assert.deepEqual(codes(warnings), ['replaces']);
    assert.equal((await ca.get(own.record.serial)).state, 'superseded');
  });
});

const pemOf = (key: PrivateKey) => new TextEncoder().encode(encodePem('PRIVATE KEY', key.toPkcs8()));

describe('a renewal of what another CA signed', () => {
  const asked = {
    names: ['db.test', '10.0.0.5'],
    subject: '/CN=db.test/C=US/O=Acme',
    template: 'nginx',
    profile: 'peer',
  };

  test('asks for the same again, with the same key', async () => {
    const first = await create({ ...asked, keepKey: true });
    await accept(await answer(first.record.request, { profile: 'peer' }));
    const { record, key } = await create({ renew: 'db.test' });
    assert.ok(equalBytes(key.publicKey, first.key.publicKey));
    const [before, after] = [first.record, record].map(({ request }) => parseCsr(request));
    assert.deepEqual(after?.subject, before?.subject);
    assert.deepEqual(describeCsr(after as never).extensions, describeCsr(before as never).extensions);
    assert.deepEqual([record.label, record.template, record.profile], ['db.test', 'nginx', 'peer']);
    const { warnings } = await accept(await answer(record.request, { profile: 'peer' }));
    assert.deepEqual(warnings, []);
    assert.deepEqual(
      (await home.store.certificates()).map((one) => one.state),
      ['superseded', 'valid'],
    );
  });

  test('has another key when that is asked for, and is refused where the key is nowhere', async () => {
    const first = await create(asked);
    await accept(await answer(first.record.request));
    await rejectsCode(() => create({ renew: 'db.test' }), 'LOCAL_CA_KEY_NOT_KEPT', /"db\.test" is not in the home/);
    const { key } = await create({ renew: 'db.test', newKey: true });
    assert.equal(equalBytes(key.publicKey, first.key.publicKey), false);
    const given = new TextEncoder().encode(encodePem('PRIVATE KEY', first.key.toPkcs8()));
    const renewed = await create({ renew: 'db.test', key: given });
    assert.ok(equalBytes(renewed.key.publicKey, first.key.publicKey));
    await rejectsCode(() => create({ renew: 'no.test' }), 'LOCAL_CA_NOT_FOUND', /"no\.test"/);
  });

  test('of one that was stolen has to have another key', async () => {
    const ca = await CertificateAuthority.create(home, { name: 'Own CA' }, pinned);
    const { record } = await ca.issue({ names: ['db.test'], keepKey: true });
    await ca.revoke('db.test', { reason: 'keyCompromise' });
    await rejectsCode(() => create({ renew: 'db.test' }), 'LOCAL_CA_KEY_REFUSED', new RegExp(record.serial));
    const { key } = await create({ renew: 'db.test', newKey: true });
    assert.equal(equalBytes(key.publicKey, parseCertificate(record.certificate).publicKey), false);
  });
});

describe('an answer that comes too late', () => {
  /** As a CA would on that day: its certificates are valid from then on. */
  const signedOn = async (on: number, request: Uint8Array, options = {}) => {
    const ambient = { ...pinned, now: () => day(on) };
    const ca = await CertificateAuthority.open(otherHome, { ambient });
    const { record } = await ca.sign(request, options);
    return [record.certificate];
  };
  let otherHome: ReturnType<typeof memoryHome>;
  beforeEach(async () => {
    otherHome = memoryHome();
    await CertificateAuthority.create(otherHome, { name: 'Other CA' }, { ...pinned, now: () => day(-900) });
  });

  test('and is on record settles no request, whoever insists', async () => {
    const first = await create({ names: ['a.test'], keepKey: true });
    const before = await answer(first.record.request);
    await accept(before);
    const { record: renewal } = await create({ renew: 'a.test' });
    const message = /of "a\.test" is on record already: the request for "a\.test" still waits$/;
    for (const options of [{}, { force: true }]) {
      await rejectsCode(() => accept(before, options), 'LOCAL_CA_ANSWER_OLD', message);
    }
    assert.deepEqual(await home.store.requests(), [renewal]);
    assert.equal((await home.leafKeys.list()).includes(renewal.id), true);
    // Whoever gives its key has its files made again, and the request still waits.
    const { record, folder } = await accept(before, { key: pemOf(first.key) });
    assert.deepEqual([record.label, folder], ['a.test', null]);
    assert.deepEqual(await home.store.requests(), [renewal]);
    assert.deepEqual((await accept(await answer(renewal.request))).warnings, []);
  });

  test('of the CA of this home, which signed it before the request was made, settles none either', async () => {
    const ca = await CertificateAuthority.create(home, { name: 'Own CA' }, pinned);
    const { record: request } = await create({ names: ['a.test'], keepKey: true });
    const { record: signed } = await ca.sign(request.request);
    await accept([signed.certificate]);
    await create({ renew: 'a.test' });
    await rejectsCode(() => accept([signed.certificate]), 'LOCAL_CA_ANSWER_OLD', /is on record already/);
    assert.equal((await home.store.requests()).length, 1);
  });

  test('is older than what its label stands for: somebody has to insist', async () => {
    const first = await create({ names: ['a.test'], keepKey: true });
    const late = await signedOn(-20, first.record.request);
    await accept(await signedOn(-10, first.record.request));
    const { record: renewal } = await create({ renew: 'a.test' });
    const message = /of "a\.test" is older than [0-9a-f]+, which that label stands for now$/;
    await rejectsCode(() => accept(late), 'LOCAL_CA_ANSWER_OLD', message);
    assert.deepEqual(await home.store.requests(), [renewal]);
    await accept(late, { force: true });
    assert.deepEqual(await home.store.requests(), []);
  });

  test('and has expired: somebody has to insist', async () => {
    const { record: request } = await create({ names: ['a.test'] });
    const expired = await signedOn(-40, request.request, { days: 30 });
    await rejectsCode(() => accept(expired), 'LOCAL_CA_ANSWER_OLD', /of "a\.test" expired on 2026-/);
    assert.deepEqual(await state(), { keys: [request.id], requests: 1 });
    assert.ok(codes((await accept(expired, { force: true })).warnings).includes('expired'));
  });
});

describe('a stolen key', () => {
  test('is asked for by nobody again, under whatever label, and gets no answer', async () => {
    const ca = await CertificateAuthority.create(home, { name: 'Own CA' }, pinned);
    const { record: request, key } = await create({ names: ['k.test'], keepKey: true });
    await accept(await answer(request.request));
    const { record: waiting } = await create({ names: ['w.test'], key: pemOf(key) });
    await ca.sign(request.request, { label: 'p1' });
    const { serial } = await ca.revoke('p1', { reason: 'keyCompromise' });
    const message = new RegExp(`^the key is no secret any more: the certificate ${serial} of p1 was revoked for that$`);
    await rejectsCode(() => create({ renew: 'k.test' }), 'LOCAL_CA_KEY_REFUSED', message);
    await rejectsCode(() => create({ names: ['x.test'], key: pemOf(key) }), 'LOCAL_CA_KEY_REFUSED', message);
    const late = await answer(waiting.request);
    await rejectsCode(() => accept(late), 'LOCAL_CA_KEY_REFUSED', /^the key of the answer for "w\.test" is no secret/);
    assert.equal((await accept(late, { force: true })).record.label, 'w.test');
    assert.equal((await create({ renew: 'k.test', newKey: true })).record.label, 'k.test');
  });
});

describe('a request that is dropped', () => {
  const drop = (labelOrId: string) => dropRequest(home, labelOrId, pinned);

  test('is gone with its key', async () => {
    const { record } = await create();
    assert.deepEqual(await drop('db.test'), { record, keptFor: null });
    assert.deepEqual(await state(), { keys: [], requests: 0 });
    assert.deepEqual(
      (await home.store.audit(1)).map(({ action, detail }) => [action, detail]),
      [['request-dropped', 'db.test (server, p256)']],
    );
  });

  test('is one of those with its label, by its id', async () => {
    const [{ record: first }, { record: second }] = [await create(), await create()];
    const message = new RegExp(
      `^2 requests wait that are called "db\\.test": ${first.id.slice(0, 8)} of 2026-.*, ${second.id.slice(0, 8)}`,
    );
    await rejectsCode(() => drop('db.test'), 'LOCAL_CA_AMBIGUOUS', message);
    await drop(first.id.slice(0, 8));
    assert.deepEqual(await home.store.requests(), [second]);
    assert.deepEqual(await home.leafKeys.list(), [second.id]);
    for (const wrong of ['no.test', second.id.slice(0, 3), '']) {
      await rejectsCode(() => drop(wrong), 'LOCAL_CA_NOT_FOUND', /^no request waits that is called/);
    }
  });

  test('leaves the key to a certificate that has no other in the home', async () => {
    const ca = await CertificateAuthority.create(home, { name: 'Own CA' }, pinned);
    const { record: request } = await create();
    const { record: signed } = await ca.sign(request.request);
    assert.equal((await drop('db.test')).keptFor?.serial, signed.serial);
    assert.deepEqual(await home.leafKeys.list(), [request.id]);
    assert.equal((await ca.export('db.test')).leaf?.key?.keyType, 'p256');
    // One that has it needs no second copy.
    const { record: again } = await create({ renew: 'db.test' });
    assert.equal((await drop(again.id)).keptFor, null);
    assert.deepEqual(await home.leafKeys.list(), [request.id]);
  });
});
