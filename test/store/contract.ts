/** What every store must do, run against each of them. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type {
  AuthorityRecord,
  CertificateRecord,
  Change,
  PlacementRecord,
  RequestRecord,
  Revocation,
  RevocationListRecord,
  Store,
  TargetRecord,
} from '../../src/store/store.ts';

const T0 = Date.parse('2026-11-22T00:00:00.123Z');
const DAY = 86_400_000;
export const at = (days: number) => new Date(T0 + days * DAY);

export const authority = (over: Partial<AuthorityRecord> = {}): AuthorityRecord => ({
  id: 'ca01',
  role: 'root',
  name: 'Test Root',
  certificate: Uint8Array.of(0x30, 0x00),
  parentId: null,
  active: true,
  createdAt: at(0),
  keyId: over.id ?? 'ca01',
  crlUrls: [],
  ocspUrls: ['http://ocsp.example.test/a?b=c'],
  revocation: null,
  ...over,
});

export const certificate = (over: Partial<CertificateRecord> = {}): CertificateRecord => ({
  serial: '01ab',
  label: 'db1.example.test',
  profile: 'server',
  template: null,
  names: ['db1.example.test', '10.0.0.5', 'é"\u0000\''],
  subject: 'CN=db1.example.test,O=Ünï\\, Ltd',
  keyType: 'p256',
  notBefore: at(0),
  notAfter: at(365),
  fingerprintSha256: 'f'.repeat(64),
  certificate: Uint8Array.of(0, 1, 2, 255),
  issuerId: 'ca01',
  chain: [],
  state: 'valid',
  revocation: null,
  issuedAt: at(1),
  keyId: null,
  ...over,
});

const request = (over: Partial<RequestRecord> = {}): RequestRecord => ({
  id: '0e01',
  label: 'db2.example.test',
  names: ['db2.example.test', '10.0.0.6'],
  profile: 'server',
  template: 'postgresql',
  keyType: 'rsa-2048',
  request: Uint8Array.of(0x30, 0x01, 0xff),
  createdAt: at(3),
  keepKey: true,
  folder: '/srv/db2',
  ...over,
});

const placement = (over: Partial<PlacementRecord> = {}): PlacementRecord => ({
  label: 'db1.example.test',
  serial: '01ab',
  template: 'generic',
  folder: '/srv/db1',
  zip: null,
  formats: ['pem', 'p12'],
  settings: { dir: '/srv/tls', legacy: 'yes' },
  alias: 'db é',
  p12Profile: 'compat',
  passwordGiven: true,
  withKey: false,
  roots: ['f'.repeat(64)],
  writtenAt: at(2),
  stages: [{ stage: '/srv/.stage', path: '/srv/db1', force: true }],
  ...over,
});

const list = (number: number, over: Partial<RevocationListRecord> = {}): RevocationListRecord => ({
  keyId: 'ca01',
  number,
  thisUpdate: at(number),
  nextUpdate: at(number + 90),
  list: Uint8Array.of(0x30, number),
  ...over,
});

const target = (over: Partial<TargetRecord> = {}): TargetRecord => ({
  id: '0d01',
  label: 'db1.example.test',
  folder: '/etc/db1',
  template: 'nginx',
  formats: null,
  settings: { port: '5433' },
  owner: 'www-data',
  group: '33',
  hook: ['systemctl', 'reload', "n'ginx"],
  hookTimeout: 30,
  window: '23:00-01:00',
  timeZone: 'Europe/Berlin',
  probe: 'https://db1.example.test',
  probeName: 'db.example.test',
  withCrl: true,
  wish: 'enabled',
  state: 'waiting',
  serial: null,
  contents: null,
  rights: [
    {
      path: 'é.pem',
      secret: true,
      asked: { mode: 0o600, owner: { uid: 33, gid: 33 } },
      got: { mode: 0o755, uid: 0, gid: 0 },
    },
  ],
  problem: 'no\nway',
  failures: 3,
  retryAt: at(4),
  since: at(3),
  ...over,
});

const event = (serial: string | null, action = 'note') => ({ at: at(5), action, serial, detail: 'é' });

const revocation: Revocation = { at: at(2), reason: 'keyCompromise', invalidSince: at(1) };
const hold: Revocation = { at: at(2), reason: 'certificateHold', invalidSince: null };

export const created = { at: at(0), action: 'create', serial: 'ca01', detail: 'Test Root' };

const failed = (message: RegExp) => ({ name: 'LocalCaError', code: 'LOCAL_CA_STORE_FAILED', message });

export function storeContract(name: string, open: () => Promise<Store>): void {
  describe(`${name} keeps the store's contract`, () => {
    let store: Store;
    beforeEach(async () => {
      store = await open();
      await store.addAuthorities([authority()], created);
    });
    afterEach(() => store.close());

    const serials = async (filter = {}) => (await store.certificates(filter)).map((record) => record.serial);
    const add = (...records: Partial<CertificateRecord>[]) => store.addCertificates(records.map(certificate));

    it('gives back what was recorded, exactly', async () => {
      const record = certificate({ template: 'nginx', keyId: '0a', notAfter: new Date('9999-12-31T23:59:59Z') });
      await store.addCertificates([record]);
      assert.deepEqual(await store.bySerial('01ab'), record);
      assert.deepEqual(await store.byLabel(record.label), record);
      assert.deepEqual(await store.certificates(), [record]);
      assert.deepEqual(await store.authorities(), [authority()]);
      assert.deepEqual(await store.audit(9), [
        { at: at(1), action: 'issue', serial: '01ab', detail: 'db1.example.test (server, p256)' },
        created,
      ]);
    });

    it('keeps a certificate that is a view into a larger buffer', async () => {
      await add({ certificate: Uint8Array.of(9, 9, 1, 2, 9).subarray(2, 4) });
      assert.deepEqual((await store.bySerial('01ab'))?.certificate, Uint8Array.of(1, 2));
    });

    it('lists roots first, then in the order in which they were added', async () => {
      await store.addAuthorities(
        [
          authority({ id: 'ca03', role: 'intermediate', parentId: 'ca02' }),
          authority({ id: 'ca02', active: false }),
          authority({ id: 'ca04', role: 'intermediate', parentId: null, active: false }),
        ],
        { ...created, serial: null },
      );
      const list = await store.authorities();
      assert.deepEqual(
        list.map(({ id, active }) => [id, active]),
        [
          ['ca01', false],
          ['ca02', false],
          ['ca03', true],
          ['ca04', false],
        ],
      );
    });

    it('refuses authorities that cannot be, and records none of their batch', async () => {
      const other = authority({ id: 'ca02', active: false });
      const refused = (records: AuthorityRecord[], message: RegExp) =>
        assert.rejects(store.addAuthorities(records, created), failed(message));
      await refused([other, authority()], /^authority ca01 is in the inventory already$/);
      await refused([other, other], /^authority ca02 is in the inventory already$/);
      await refused([other, authority({ id: 'ca03', parentId: 'ca99' })], /^the inventory has no authority ca99$/);
      await refused(
        [authority({ id: 'ca02' }), authority({ id: 'ca03' })],
        /^more than one authority would be active: ca02, ca03$/,
      );
      assert.deepEqual(await store.authorities(), [authority()]);
      assert.equal((await store.audit(9)).length, 1);
    });

    it('supersedes earlier valid certificates with the same label, in one batch too', async () => {
      await add({ serial: '01' }, { serial: '02', label: 'other' });
      await add({ serial: '03' }, { serial: '04' });
      const states = (await store.certificates()).map(({ serial, state }) => `${serial} ${state}`);
      assert.deepEqual(states, ['01 superseded', '02 valid', '03 superseded', '04 valid']);
      assert.equal((await store.byLabel('db1.example.test'))?.serial, '04');
    });

    it('leaves a revoked certificate revoked when its label is issued again', async () => {
      await add({
        serial: '01',
        state: 'revoked',
        revocation: { at: at(2), reason: 'keyCompromise', invalidSince: null },
      });
      await add({ serial: '02' });
      assert.equal((await store.bySerial('01'))?.state, 'revoked');
    });

    it('records all of a batch or none: a serial that exists, or repeats', async () => {
      await add({ serial: '01' });
      await assert.rejects(
        add({ serial: '02' }, { serial: '01', label: 'x' }),
        failed(/^serial 01 is in the inventory already$/),
      );
      await assert.rejects(add({ serial: '03' }, { serial: '03' }), failed(/^serial 03 is in the inventory already$/));
      await assert.rejects(add({ serial: '04', issuerId: 'ca99' }), failed(/^the inventory has no authority ca99$/));
      assert.deepEqual(await serials(), ['01']);
      assert.equal((await store.bySerial('01'))?.state, 'valid');
      assert.equal((await store.audit(9)).length, 2);
      await add({ serial: '05' });
      assert.deepEqual(await serials(), ['01', '05']);
    });

    it('finds by serial prefix: exactly those, at most ten', async () => {
      const many = Array.from({ length: 12 }, (_, i) => ({ serial: `aa${i.toString(16)}`, label: `l${i}` }));
      await add(...many, { serial: 'ab00', label: 'ab' }, { serial: 'af', label: 'af' });
      const found = async (prefix: string) => (await store.bySerialPrefix(prefix)).map((record) => record.serial);
      assert.deepEqual(await found('ab'), ['ab00']);
      assert.deepEqual(await found('af'), ['af']);
      assert.equal((await found('aa')).length, 10);
      assert.equal((await found('')).length, 10);
      assert.deepEqual(await found('b'), []);
      assert.deepEqual(await found('%'), []);
    });

    it('filters by label, state and expiry, in order of issue', async () => {
      await add({ serial: '09', label: 'a', notAfter: at(10) });
      await add({ serial: '01', label: 'a', notAfter: at(20) }, { serial: '05', label: 'b', notAfter: at(30) });
      assert.deepEqual(await serials(), ['09', '01', '05']);
      assert.deepEqual(await serials({ label: 'a' }), ['09', '01']);
      assert.deepEqual(await serials({ state: 'valid' }), ['01', '05']);
      assert.deepEqual(await serials({ expiresBy: at(20) }), ['09', '01']);
      assert.deepEqual(await serials({ expiresBy: at(20), state: 'valid', label: 'a' }), ['01']);
    });

    it('finds nothing where there is nothing', async () => {
      assert.equal(await store.bySerial('01'), undefined);
      assert.equal(await store.byLabel("x' OR 1=1 --"), undefined);
      assert.deepEqual(await store.certificates({ label: '' }), []);
      await store.addCertificates([]);
      assert.deepEqual(await serials(), []);
    });

    const write = (...changes: Change[]) => store.write(changes);
    const stateOf = async (serial: string) => (await store.bySerial(serial))?.state;

    it('gives back every other record exactly, and their absence too', async () => {
      const plain = {
        request: request({ id: '0e02', template: null, keepKey: false, folder: null, createdAt: at(4) }),
        placement: placement({
          label: 'x',
          zip: '/x.zip',
          formats: null,
          settings: {},
          alias: null,
          p12Profile: null,
          stages: [],
        }),
        target: target({ id: '0d02', folder: '/b', owner: null, window: null, retryAt: null, problem: null, hook: [] }),
      };
      await write(
        { kind: 'request', record: request() },
        { kind: 'request', record: plain.request },
        { kind: 'placement', record: plain.placement },
        { kind: 'placement', record: placement() },
        { kind: 'target', record: target() },
        { kind: 'target', record: plain.target },
        { kind: 'revocation-list', record: list(1) },
        { kind: 'event', event: event(null) },
      );
      assert.deepEqual(await store.requests(), [request(), plain.request]);
      assert.deepEqual(await store.placements(), [placement(), plain.placement]);
      assert.deepEqual(await store.targets(), [target(), plain.target]);
      assert.deepEqual(await store.newestRevocationList('ca01'), list(1));
      assert.deepEqual(await store.audit(1), [event(null)]);
    });

    it('replaces a request and a target by id, and a placement by label; and forgets what is done or gone', async () => {
      await write({ kind: 'request', record: request() }, { kind: 'target', record: target() });
      await write({ kind: 'placement', record: placement() }, { kind: 'request', record: request({ id: '0e02' }) });
      const [other, moved] = [request({ label: 'other' }), target({ folder: '/etc/elsewhere', state: 'enabled' })];
      await write(
        { kind: 'request', record: other },
        { kind: 'target', record: moved },
        { kind: 'placement', record: placement({ serial: '02' }) },
      );
      assert.deepEqual((await store.requests()).map(({ id, label }) => `${id} ${label}`).sort(), [
        '0e01 other',
        '0e02 db2.example.test',
      ]);
      assert.deepEqual(await store.targets(), [moved]);
      assert.deepEqual(await store.placements(), [placement({ serial: '02' })]);
      await write({ kind: 'request-done', id: '0e01' }, { kind: 'target-gone', id: '0d01' });
      await write({ kind: 'request-done', id: 'none' }, { kind: 'target-gone', id: 'none' });
      assert.deepEqual([(await store.requests()).length, await store.targets()], [1, []]);
    });

    it('keeps targets in the order in which they were added, also when one of them changes', async () => {
      for (const id of ['0d03', '0d01', '0d02'])
        await write({ kind: 'target', record: target({ id, folder: `/${id}` }) });
      await write({ kind: 'target', record: target({ id: '0d03', folder: '/0d03', state: 'enabled' }) });
      assert.deepEqual(
        (await store.targets()).map(({ id }) => id),
        ['0d03', '0d01', '0d02'],
      );
    });

    it('lets one target alone have a folder', async () => {
      await write({ kind: 'target', record: target() });
      const second = write({ kind: 'target', record: target({ id: '0d02' }) });
      await assert.rejects(second, failed(/^target \/etc\/db1 is in the inventory already$/));
      assert.deepEqual(await store.targets(), [target()]);
    });

    it('gives the list with the highest number, and each number once for each key', async () => {
      assert.equal(await store.newestRevocationList('ca01'), undefined);
      for (const number of [2, 10, 9]) await write({ kind: 'revocation-list', record: list(number) });
      await write({ kind: 'revocation-list', record: list(2, { keyId: 'ca02' }) });
      assert.deepEqual(await store.newestRevocationList('ca01'), list(10));
      assert.equal((await store.newestRevocationList('ca02'))?.number, 2);
      const again = write({ kind: 'event', event: event(null) }, { kind: 'revocation-list', record: list(9) });
      await assert.rejects(again, failed(/^revocation list 9 is in the inventory already$/));
      const twice = write({ kind: 'revocation-list', record: list(11) }, { kind: 'revocation-list', record: list(11) });
      await assert.rejects(twice, failed(/^revocation list 11 is in the inventory already$/));
      assert.equal((await store.newestRevocationList('ca01'))?.number, 10);
      assert.deepEqual(await store.audit(9), [created]);
    });

    it('writes all of it or nothing', async () => {
      await add({ serial: '01' });
      const before = [await store.certificates(), await store.audit(9)];
      const good: Change[] = [
        { kind: 'certificate', record: certificate({ serial: '02' }) },
        { kind: 'revocation', serial: '01', revocation },
        { kind: 'kept-key', serial: '01', fingerprint: 'f'.repeat(64), keyId: '01' },
        { kind: 'request', record: request() },
        { kind: 'placement', record: placement() },
        { kind: 'revocation-list', record: list(1) },
        { kind: 'target', record: target() },
        { kind: 'event', event: event('01') },
      ];
      const bad: Record<string, Change> = {
        'serial 01 is in the inventory already': { kind: 'certificate', record: certificate({ serial: '01' }) },
        'the inventory has no authority ca99': {
          kind: 'certificate',
          record: certificate({ serial: '03', issuerId: 'ca99' }),
        },
        'the inventory has no certificate 99 of this CA': { kind: 'revocation', serial: '99', revocation },
      };
      for (const [message, change] of Object.entries(bad)) {
        await assert.rejects(write(...good, change), failed(new RegExp(`^${message}$`)));
        await assert.rejects(
          store.addCertificates([certificate({ serial: '04' })], 'issue', [...good, change]),
          failed(/./),
        );
        assert.deepEqual([await store.certificates(), await store.audit(9)], before);
        const others = [await store.requests(), await store.placements(), await store.targets()];
        assert.deepEqual([...others, await store.newestRevocationList('ca01')], [[], [], [], undefined]);
      }
      await write(...good);
      assert.equal((await store.certificates()).length, 2);
    });

    it('records what comes with certificates, after them', async () => {
      const also: Change[] = [
        { kind: 'event', event: event('01', 'deliver') },
        { kind: 'placement', record: placement() },
      ];
      await store.addCertificates([certificate({ serial: '01' })], 'renew', also);
      assert.deepEqual(
        (await store.audit(2)).map(({ action, serial }) => [action, serial]),
        [
          ['deliver', '01'],
          ['renew', '01'],
        ],
      );
      assert.deepEqual(await store.placements(), [placement()]);
    });

    it('gives a certificate no event when it is written as a change', async () => {
      await write({ kind: 'certificate', record: certificate({ serial: '01' }) });
      assert.deepEqual(await store.audit(9), [created]);
    });

    it('revokes, and remembers since when and why', async () => {
      await add({ serial: '01' });
      await write({ kind: 'revocation', serial: '01', revocation });
      assert.deepEqual(await store.bySerial('01'), certificate({ serial: '01', state: 'revoked', revocation }));
      assert.deepEqual(await serials({ state: 'revoked' }), ['01']);
      await write({ kind: 'revocation', serial: 'ca01', revocation: hold });
      assert.deepEqual(await store.authorities(), [authority({ revocation: hold })]);
      await write({ kind: 'revocation', serial: 'ca01', revocation: null });
      assert.deepEqual(await store.authorities(), [authority()]);
    });

    it('takes what is released from hold for valid only while it is the newest of its label', async () => {
      await add({ serial: '01' }, { serial: '02' }, { serial: '03', label: 'other' });
      for (const serial of ['01', '02', '03']) await write({ kind: 'revocation', serial, revocation: hold });
      for (const serial of ['01', '02', '03']) await write({ kind: 'revocation', serial, revocation: null });
      assert.deepEqual(await Promise.all(['01', '02', '03'].map(stateOf)), ['superseded', 'valid', 'valid']);
      await write({ kind: 'revocation', serial: '02', revocation: hold });
      await add({ serial: '04' });
      assert.equal(await stateOf('02'), 'revoked');
      await write({ kind: 'revocation', serial: '02', revocation: null });
      assert.deepEqual([await stateOf('02'), await stateOf('04')], ['superseded', 'valid']);
    });

    describe('with certificates of other CAs', () => {
      const foreign = (over: Partial<CertificateRecord>) =>
        certificate({ issuerId: null, chain: [Uint8Array.of(1), Uint8Array.of(2, 3)], ...over });
      const one = foreign({ serial: '01', label: 'one', fingerprintSha256: '1'.repeat(64) });
      const two = foreign({ serial: '01', label: 'two', fingerprintSha256: '2'.repeat(64) });

      it('keeps two with the same serial, and one with a serial of our own', async () => {
        await write({ kind: 'certificate', record: one }, { kind: 'certificate', record: two });
        assert.deepEqual(await store.certificates(), [one, two]);
        assert.deepEqual(await store.bySerial('01'), two);
        await add({ serial: '01' });
        assert.equal((await store.bySerial('01'))?.issuerId, 'ca01');
        assert.deepEqual((await store.bySerialPrefix('01')).map(({ label }) => label).sort(), [
          'db1.example.test',
          'one',
          'two',
        ]);
        assert.deepEqual(await store.byLabel('one'), one);
        await assert.rejects(add({ serial: '01' }), failed(/^serial 01 is in the inventory already$/));
      });

      it('supersedes one of them like any other', async () => {
        await write({ kind: 'certificate', record: one });
        await write({ kind: 'certificate', record: foreign({ serial: '02', label: 'one' }) });
        await add({ serial: '03', label: 'one' });
        assert.deepEqual(
          (await store.certificates()).map(({ state }) => state),
          ['superseded', 'superseded', 'valid'],
        );
      });

      it('revokes none of them, and of two with one serial only our own', async () => {
        await write({ kind: 'certificate', record: one });
        const revoking = () => write({ kind: 'revocation', serial: '01', revocation });
        await assert.rejects(revoking(), failed(/^the inventory has no certificate 01 of this CA$/));
        await add({ serial: '01' });
        await revoking();
        assert.deepEqual(
          (await store.certificates()).map(({ label, state }) => `${label} ${state}`),
          ['one valid', 'db1.example.test revoked'],
        );
      });

      it('keeps the key of that one which is meant', async () => {
        await write({ kind: 'certificate', record: one }, { kind: 'certificate', record: two });
        await add({ serial: '01' });
        const keep = (fingerprint: string, keyId: string | null) =>
          write({ kind: 'kept-key', serial: '01', fingerprint, keyId });
        const kept = async () => (await store.certificates()).map(({ keyId }) => keyId);
        await keep('2'.repeat(64), '0a');
        assert.deepEqual(await kept(), [null, '0a', null]);
        await keep('f'.repeat(64), '0b');
        await keep('2'.repeat(64), null);
        assert.deepEqual(await kept(), [null, null, '0b']);
      });

      it('completes the chain of that one which is meant, and never of our own', async () => {
        await write({ kind: 'certificate', record: one }, { kind: 'certificate', record: two });
        await add({ serial: '01' });
        const chain = [Uint8Array.of(1), Uint8Array.of(2, 3)];
        await write({ kind: 'chain', serial: '01', fingerprint: '2'.repeat(64), chain });
        await write({ kind: 'chain', serial: '01', fingerprint: 'f'.repeat(64), chain });
        const chains = (await store.certificates()).map((record) => record.chain);
        assert.deepEqual(chains, [one.chain, chain, []]);
      });
    });

    it('tells the events about one serial', async () => {
      await add({ serial: '01' }, { serial: '02' });
      await write({ kind: 'event', event: event('01', 'revoke') }, { kind: 'event', event: event(null) });
      assert.deepEqual(
        (await store.audit(9, '01')).map(({ action }) => action),
        ['revoke', 'issue'],
      );
      assert.deepEqual(
        (await store.audit(1, '01')).map(({ action }) => action),
        ['revoke'],
      );
      assert.deepEqual(await store.audit(9, '0'), []);
    });

    it('tells the newest events first', async () => {
      await add({ serial: '01' }, { serial: '02' }, { serial: '03' });
      assert.deepEqual(
        (await store.audit(2)).map((event) => event.serial),
        ['03', '02'],
      );
      assert.deepEqual(await store.audit(0), []);
    });

    it('may be closed twice, and refuses everything after', async () => {
      await store.close();
      await store.close();
      const closed = failed(/^the inventory is closed$/);
      await assert.rejects(store.bySerial('01'), closed);
      await assert.rejects(store.authorities(), closed);
      await assert.rejects(add({}), closed);
      await assert.rejects(store.audit(1), closed);
      await assert.rejects(store.write([]), closed);
      for (const read of [store.requests(), store.placements(), store.targets(), store.newestRevocationList('')])
        await assert.rejects(read, closed);
    });
  });
}
