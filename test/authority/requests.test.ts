/** Keys that wait for another CA, and what comes back: nothing is lost before the files are in place. */
import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { type AcceptHooks, type AcceptOptions, acceptAnswer } from '../../src/authority/accept.ts';
import { CertificateAuthority } from '../../src/authority/authority.ts';
import { createRequest, type RequestOptions } from '../../src/authority/requests.ts';
import { parseCsr, proofOfPossession } from '../../src/core/csr.ts';
import { equalBytes } from '../../src/core/der.ts';
import { describeCsr } from '../../src/core/describe.ts';
import { importKey } from '../../src/core/keys.ts';
import { parseCertificate } from '../../src/core/parse.ts';
import { decodeSubject } from '../../src/core/subject.ts';
import { encodePem } from '../../src/formats/pem.ts';
import { memoryHome } from '../../src/store/memory-home.ts';
import type { TargetRecord } from '../../src/store/store.ts';
import { day, makeCa, makeServer, pinned } from '../support/pki.ts';
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
    await home.store.write([{ kind: 'target', record: { ...TARGET, label: 'c.test' } }]);
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

  test('is good for every request with the same key', async () => {
    const first = await create({ names: ['db.test'] });
    const key = new TextEncoder().encode(encodePem('PRIVATE KEY', first.key.toPkcs8()));
    await create({ names: ['db.test', 'web.test'], label: 'db.test', key });
    await accept(await answer(first.record.request));
    assert.deepEqual(await state(), { keys: [], requests: 0 });
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

const TARGET: TargetRecord = {
  id: 'aa',
  label: '',
  folder: '/srv',
  template: 'nginx',
  formats: null,
  owner: null,
  group: null,
  hook: [],
  hookTimeout: 60,
  window: null,
  timeZone: null,
  probe: null,
  withCrl: false,
  wish: 'enabled',
  state: 'not-enabled',
  serial: null,
  contents: null,
  problem: null,
  failures: 0,
  retryAt: null,
  since: day(0),
};

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
    await rejectsCode(() => create({ renew: 'db.test' }), 'LOCAL_CA_NOT_RENEWABLE', new RegExp(record.serial));
    const { key } = await create({ renew: 'db.test', newKey: true });
    assert.equal(equalBytes(key.publicKey, parseCertificate(record.certificate).publicKey), false);
  });
});
