/** What every store must do, run against each of them. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { AuthorityRecord, CertificateRecord, Store } from '../../src/store/store.ts';

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
      await add({ serial: '01', state: 'revoked', revocation: { at: at(2), reason: 'keyCompromise', invalidSince: null } });
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
    });
  });
}
