import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { parseCrl, revocationOf } from '../../src/core/crl.ts';
import { boolean, context, ia5String, integer, sequence, TAG, tlv } from '../../src/core/der.ts';
import { authorityKeyIdentifier, basicConstraints, type Extension, keyUsage } from '../../src/core/extensions.ts';
import { subjectKeyIdOf } from '../../src/core/parse.ts';
import { verifyChain } from '../../src/core/verify.ts';
import { day, type Holder, makeCa, makeOdd, makeServer, NOW, pinned } from '../support/pki.ts';
import { type CrlFields, makeCrl, reason } from '../support/signed.ts';

let root: Holder;
let middle: Holder;
let leaf: Holder;
before(async () => {
  root = await makeCa('CN=Root');
  middle = await makeCa('CN=Middle', { issuer: root });
  leaf = await makeServer(middle, ['a.test']);
});

const CRL_NUMBER: Extension = { oid: '2.5.29.20', critical: false, value: integer(258) };
const fresh = { thisUpdate: day(-1), nextUpdate: day(7) };

describe('reading a revocation list', () => {
  test('all that it says', async () => {
    const keyId = subjectKeyIdOf(root.certificate) as Uint8Array;
    const crl = parseCrl(
      await makeCrl(root, {
        ...fresh,
        revoked: [
          { serial: '8fff', at: day(-3), extensions: [reason(1)] },
          { serial: '05', at: day(-2) },
        ],
        extensions: [CRL_NUMBER, authorityKeyIdentifier(keyId)],
      }),
    );
    assert.deepEqual(crl.entries, [
      { serial: '8fff', at: day(-3), reason: 'keyCompromise' },
      { serial: '05', at: day(-2) },
    ]);
    assert.deepEqual([crl.version, crl.number, crl.thisUpdate, crl.nextUpdate], [2, '0102', day(-1), day(7)]);
    assert.deepEqual([crl.authorityKeyId, crl.unknownCritical], [keyId, []]);
    assert.deepEqual(revocationOf(crl, '05'), { serial: '05', at: day(-2) });
    assert.equal(revocationOf(crl, '06'), undefined);
  });

  test('since when a certificate is not to be trusted; a date in another form is passed over', async () => {
    const since = (tag: number, text: string): Extension => ({
      oid: '2.5.29.24',
      critical: false,
      value: tlv(tag, new TextEncoder().encode(text)),
    });
    const crl = parseCrl(
      await makeCrl(root, {
        ...fresh,
        revoked: [
          { serial: '05', at: day(-2), extensions: [since(TAG.generalizedTime, '20260501000000Z')] },
          { serial: '06', at: day(-2), extensions: [since(TAG.generalizedTime, '20260501')] },
        ],
      }),
    );
    assert.deepEqual(crl.entries, [
      { serial: '05', at: day(-2), invalidSince: day(-31) },
      { serial: '06', at: day(-2) },
    ]);
  });

  test('version 1, without entries and without a next update', async () => {
    const crl = parseCrl(await makeCrl(root, { version: 1, thisUpdate: day(-1) }));
    assert.deepEqual([crl.version, crl.entries, crl.nextUpdate, crl.number], [1, [], undefined, undefined]);
  });

  test('critical extensions that are not processed, of the list and of an entry', async () => {
    const strange = (oid: string): Extension => ({ oid, critical: true, value: boolean(true) });
    const crl = parseCrl(
      await makeCrl(root, {
        ...fresh,
        revoked: [{ serial: '05', at: day(-2), extensions: [strange('2.5.29.29')] }],
        extensions: [strange('2.5.29.27'), { ...strange('1.2.3'), critical: false }],
      }),
    );
    assert.deepEqual(crl.unknownCritical, ['2.5.29.27', '2.5.29.29']);
  });

  test('a hundred thousand entries in little time', async () => {
    const revoked = Array.from({ length: 100_000 }, (_, i) => ({
      serial: (i + 0x10000000).toString(16),
      at: day(-2),
      extensions: i % 2 === 0 ? [reason(4)] : [],
    }));
    const der = await makeCrl(root, { ...fresh, revoked });
    const start = process.hrtime.bigint();
    const crl = parseCrl(der);
    const found = revocationOf(crl, (99_998 + 0x10000000).toString(16));
    const milliseconds = Number(process.hrtime.bigint() - start) / 1e6;
    assert.deepEqual([crl.entries.length, found?.reason], [100_000, 'superseded']);
    assert.ok(milliseconds < 5000, `${milliseconds} ms`);
  });

  test('what is none is refused', () => {
    for (const bytes of [new Uint8Array(), sequence(), leaf.certificate.der]) {
      assert.throws(() => parseCrl(bytes), {
        code: 'LOCAL_CA_CRL_INVALID',
        message: /^the revocation list cannot be read: /,
      });
    }
  });
});

describe('verifying with revocation lists', () => {
  type List = readonly [Holder, CrlFields];
  const findings = async (...lists: readonly List[]) => {
    const crls = await Promise.all(lists.map(async ([issuer, fields]) => parseCrl(await makeCrl(issuer, fields))));
    const result = await verifyChain({
      leaf: leaf.certificate,
      intermediates: [middle.certificate],
      roots: [root.certificate],
      at: NOW,
      ambient: pinned,
      crls,
    });
    return result.findings.map(({ code, message }) => [code, message]);
  };
  const codes = async (...lists: readonly List[]) => (await findings(...lists)).map(([code]) => code);
  const revokeLeaf = () => ({ revoked: [{ serial: leaf.certificate.serial, at: day(-2), extensions: [reason(1)] }] });
  const good = () => [root, fresh] as const;

  test('nothing is found when neither is revoked', async () => {
    assert.deepEqual(await findings(good(), [middle, fresh]), []);
  });

  test('a revoked leaf, a revoked intermediate', async () => {
    assert.deepEqual(await findings(good(), [middle, { ...fresh, ...revokeLeaf() }]), [
      ['revoked', 'it was revoked on 2026-05-30T00:00:00Z (keyCompromise)'],
    ]);
    const revoked = [{ serial: middle.certificate.serial, at: day(-2) }];
    assert.deepEqual(await findings([root, { ...fresh, revoked }], [middle, fresh]), [
      ['revoked', 'it was revoked on 2026-05-30T00:00:00Z (no reason given)'],
    ]);
  });

  test('missing lists: an error for the leaf, a warning for a CA', async () => {
    assert.deepEqual(await codes([middle, fresh]), ['crl-missing-for-ca']);
    assert.deepEqual(await codes(good()), ['crl-missing']);
    assert.deepEqual(await codes(), ['crl-missing', 'crl-missing-for-ca']);
  });

  test('an expired list still revokes', async () => {
    const old = { thisUpdate: day(-9), nextUpdate: day(-2) };
    assert.deepEqual(await findings(good(), [middle, old]), [
      ['crl-expired', 'the revocation list of its issuer was due for renewal on 2026-05-30T00:00:00Z'],
    ]);
    assert.deepEqual(await codes(good(), [middle, { ...old, ...revokeLeaf() }]), ['revoked', 'crl-expired']);
  });

  test('the newest list counts, wherever it stands', async () => {
    const older = { thisUpdate: day(-3), nextUpdate: day(7), ...revokeLeaf() };
    assert.deepEqual(await codes(good(), [middle, older], [middle, fresh]), []);
    assert.deepEqual(await codes(good(), [middle, fresh], [middle, older]), []);
  });

  test('a list that cannot be used', async () => {
    const impostor = { certificate: middle.certificate, key: root.key };
    assert.deepEqual(await findings(good(), [impostor, fresh]), [
      ['crl-unusable', 'the revocation list of its issuer cannot be used: its signature is bad'],
    ]);
    assert.deepEqual(await findings(good(), [middle, { thisUpdate: day(1) }]), [
      ['crl-unusable', 'the revocation list of its issuer cannot be used: it is from 2026-06-02T00:00:00Z'],
    ]);
    const delta = [{ oid: '2.5.29.27', critical: true, value: integer(1) }];
    assert.deepEqual(await findings(good(), [middle, { ...fresh, extensions: delta }]), [
      [
        'crl-unusable',
        'the revocation list of its issuer cannot be used: its critical extension 2.5.29.27 is not known',
      ],
    ]);
    assert.deepEqual(await codes(good(), [impostor, fresh], [middle, fresh]), [], 'another one can');
  });

  test('a list of another key with the same name is not about this certificate', async () => {
    const twin = { ...fresh, extensions: [authorityKeyIdentifier(new Uint8Array(20))] };
    assert.deepEqual(await codes(good(), [middle, twin]), ['crl-missing']);
  });

  test('a list with a scope covers what is in it', async () => {
    const scope = (...parts: Uint8Array[]) => ({
      ...fresh,
      extensions: [{ oid: '2.5.29.28', critical: true, value: sequence(...parts) }],
    });
    const flag = (number: number) => context(number, false, Uint8Array.of(0xff));
    const url = ia5String('http://crl.test/1').subarray(2);
    const place = context(0, true, context(0, true, context(6, false, url)));
    assert.deepEqual(await codes(good(), [middle, scope(flag(1))]), []);
    assert.deepEqual(await codes(good(), [middle, scope(flag(2))]), ['crl-missing']);
    assert.deepEqual(await codes(good(), [middle, scope(place)]), ['crl-missing']);
    assert.deepEqual(await findings(good(), [middle, scope(flag(4))]), [
      ['crl-unusable', 'the revocation list of its issuer cannot be used: it covers some reasons or other issuers'],
    ]);
  });

  test('an issuer that may not sign lists', async () => {
    const ca = await makeOdd('CN=NoCrl', {
      extensions: [basicConstraints(true), keyUsage(['keyCertSign'])],
    });
    const child = await makeServer(ca, ['a.test']);
    const result = await verifyChain({
      leaf: child.certificate,
      intermediates: [],
      roots: [ca.certificate],
      at: NOW,
      ambient: pinned,
      crls: [parseCrl(await makeCrl(ca, fresh))],
    });
    const unusable = result.findings.find(({ code }) => code === 'crl-unusable');
    assert.match(unusable?.message ?? '', /the keyUsage of its issuer has no cRLSign$/);
  });
});
