import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { parseCrl, type RevokedEntry } from '../../src/core/crl.ts';
import { children, readWhole, TAG } from '../../src/core/der.ts';
import { type CrlFields, makeCrl } from '../../src/core/make-crl.ts';
import { subjectKeyIdOf } from '../../src/core/parse.ts';
import { keySigner } from '../../src/core/signer.ts';
import { verifyChain } from '../../src/core/verify.ts';
import { day, type Holder, makeCa, makeServer, NOW, pinned } from '../support/pki.ts';
import { rejectsCode } from '../support/throws.ts';

let root: Holder;
before(async () => {
  root = await makeCa('CN=Root,O=Bücher');
});

const make = async (fields: Partial<CrlFields> = {}, issuer = root) =>
  makeCrl(
    { thisUpdate: day(0), nextUpdate: day(7), number: 1, entries: [], ...fields },
    issuer.certificate,
    await keySigner(issuer.key, pinned),
  );
const tbsOf = (der: Uint8Array) => children(children(readWhole(der))[0] as ReturnType<typeof readWhole>);

describe('writing a revocation list', () => {
  test('is read back as it was meant', async () => {
    const entries: RevokedEntry[] = [
      { serial: '7f', at: day(-3) },
      { serial: '8fff', at: day(-2), reason: 'keyCompromise', invalidSince: day(-30) },
      { serial: '40'.repeat(16), at: new Date('2051-01-01T00:00:00Z'), reason: 'aACompromise' },
      { serial: '05', at: day(-1), invalidSince: day(-5) },
    ];
    const crl = parseCrl(await make({ entries, number: 258 }));
    assert.deepEqual(crl.entries, entries);
    assert.deepEqual([crl.version, crl.number, crl.thisUpdate, crl.nextUpdate], [2, '0102', day(0), day(7)]);
    assert.deepEqual(crl.issuer, root.certificate.subject);
    assert.deepEqual(crl.authorityKeyId, subjectKeyIdOf(root.certificate));
    assert.deepEqual(
      crl.extensions.map(({ oid, critical }) => [oid, critical]),
      [
        ['2.5.29.35', false],
        ['2.5.29.20', false],
      ],
    );
    assert.deepEqual(crl.unknownCritical, []);
  });

  test('leaves out an unspecified reason, and the entries when there are none', async () => {
    const crl = parseCrl(await make({ entries: [{ serial: '05', at: day(-1), reason: 'unspecified' }] }));
    assert.deepEqual(crl.entries, [{ serial: '05', at: day(-1) }]);
    assert.deepEqual(
      tbsOf(await make()).map(({ tag }) => tag),
      [TAG.integer, TAG.sequence, TAG.sequence, TAG.utcTime, TAG.utcTime, 0xa0],
    );
  });

  test('writes times as UTCTime through 2049 and as GeneralizedTime after, without fractions', async () => {
    const [thisUpdate, nextUpdate] = [new Date('2049-12-31T23:59:59.999Z'), new Date('2050-01-01T00:00:00Z')];
    const times = tbsOf(await make({ thisUpdate, nextUpdate })).slice(3, 5);
    assert.deepEqual(
      times.map(({ tag, contents }) => [tag, Buffer.from(contents).toString()]),
      [
        [TAG.utcTime, '491231235959Z'],
        [TAG.generalizedTime, '20500101000000Z'],
      ],
    );
  });

  test('takes numbers of every kind, up to 20 octets', async () => {
    const largest = (1n << 159n) - 1n;
    const numbers = [1, 128, 2n ** 64n, Uint8Array.of(0, 0, 255, 1), largest];
    const written = await Promise.all(numbers.map(async (number) => parseCrl(await make({ number })).number));
    assert.deepEqual(written, ['01', '80', '010000000000000000', 'ff01', `7f${'ff'.repeat(19)}`]);
    for (const number of [0, -1, largest + 1n, new Uint8Array()]) {
      await rejectsCode(
        () => make({ number }),
        'LOCAL_CA_OPTION_INVALID',
        /^a revocation list cannot have the number -?\d+$/,
      );
    }
  });

  for (const keyType of ['rsa-2048', 'p384', 'ed25519', 'brainpoolP256r1']) {
    test(`revokes under a ${keyType} CA`, async () => {
      const issuer = await makeCa('CN=CA', { keyType });
      const leaves = [await makeServer(issuer, ['a.test']), await makeServer(issuer, ['b.test'])] as const;
      const { serial } = leaves[0].certificate;
      const entries: RevokedEntry[] = [{ serial, at: day(-1), reason: 'keyCompromise' }];
      const crls = [parseCrl(await make({ entries }, issuer))];
      const findings = async ({ certificate: leaf }: Holder) => {
        const roots = [issuer.certificate];
        const verdict = await verifyChain({ leaf, intermediates: [], roots, at: NOW, ambient: pinned, crls });
        return verdict.findings.map(({ code }) => code);
      };
      assert.deepEqual([await findings(leaves[0]), await findings(leaves[1])], [['revoked'], []]);
    });
  }

  test('a hundred thousand entries in little time', async () => {
    const entries = Array.from(
      { length: 100_000 },
      (_, i): RevokedEntry => ({
        serial: (i + 0x10000000).toString(16),
        at: day(-2),
        ...(i % 2 === 0 ? { reason: 'superseded', invalidSince: day(-3) } : {}),
      }),
    );
    const start = process.hrtime.bigint();
    const crl = parseCrl(await make({ entries }));
    const milliseconds = Number(process.hrtime.bigint() - start) / 1e6;
    assert.deepEqual(crl.entries.slice(-2), entries.slice(-2));
    assert.equal(crl.entries.length, 100_000);
    assert.ok(milliseconds < 10_000, `${milliseconds} ms`);
  });
});
