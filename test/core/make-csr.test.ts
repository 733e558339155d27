import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseCsr, proofOfPossession, requestedBy } from '../../src/core/csr.ts';
import { printableString, utf8String } from '../../src/core/der.ts';
import { EXTENSION } from '../../src/core/extensions.ts';
import { generateKey } from '../../src/core/keys.ts';
import { makeRequest } from '../../src/core/make-csr.ts';
import { parseNames } from '../../src/core/names.ts';
import { findLeafProfile } from '../../src/core/profiles.ts';
import { keySigner } from '../../src/core/signer.ts';
import { encodeSubject, parseSubject } from '../../src/core/subject.ts';
import { pinned } from '../support/pki.ts';
import { rejectsCode } from '../support/throws.ts';

interface Wish {
  readonly subject?: string;
  readonly names?: readonly string[];
  readonly profile?: string;
  readonly keyType?: string;
  readonly challengePassword?: string;
}

async function request({ subject = 'CN=a.test', names = ['a.test'], ...wish }: Wish = {}) {
  const key = await generateKey(wish.keyType ?? 'p256', pinned);
  const fields = {
    subject: encodeSubject(subject === '' ? [] : parseSubject(subject)),
    names: parseNames(names),
    profile: findLeafProfile(wish.profile ?? 'server'),
    ...(wish.challengePassword === undefined ? {} : { challengePassword: wish.challengePassword }),
  };
  return { key, csr: parseCsr(await makeRequest(fields, await keySigner(key, pinned))) };
}

describe('writing a certificate request', () => {
  const NAMES = [
    'a.test',
    '*.a.test',
    'bücher.test',
    '10.0.0.5',
    'fd00::1',
    'me@a.test',
    'https://a.test/x',
    'spiffe://a.test/db',
  ];

  for (const keyType of ['p256', 'rsa-2048', 'ed25519', 'p521', 'brainpoolP384r1']) {
    test(`with a ${keyType} key and names of every kind`, async () => {
      const { key, csr } = await request({ keyType, names: NAMES, profile: 'peer' });
      assert.equal(await proofOfPossession(csr, pinned), true);
      assert.deepEqual(csr.publicKey, key.publicKey);
      const { names, ...rest } = requestedBy(csr);
      assert.deepEqual(names, parseNames(NAMES));
      assert.deepEqual(rest, {
        unfitNames: [],
        authority: false,
        keyUsage: keyType === 'rsa-2048' ? ['digitalSignature', 'keyEncipherment'] : ['digitalSignature'],
        extendedKeyUsage: ['serverAuth', 'clientAuth'],
        challengePassword: false,
      });
    });
  }

  test('the subject stays in the order that was asked for', async () => {
    const subject = encodeSubject(parseSubject('/CN=a.test/ST=Sachsen/C=DE/emailAddress=me@a.test/O=Bücher'));
    const { csr } = await request({ subject: '/CN=a.test/ST=Sachsen/C=DE/emailAddress=me@a.test/O=Bücher' });
    assert.deepEqual(csr.subject, subject);
  });

  test('names are critical when the subject is empty, and absent when there are none', async () => {
    const san = async (wish: Wish) =>
      (await request(wish)).csr.extensions.find(({ oid }) => oid === EXTENSION.subjectAltName)?.critical;
    assert.deepEqual([await san({ subject: '' }), await san({}), await san({ names: [] })], [true, false, undefined]);
  });

  test('a challenge password is a PrintableString where that will do', async () => {
    for (const [password, value] of [
      ['Plain words (1)', printableString('Plain words (1)')],
      ['p@ss_wörd', utf8String('p@ss_wörd')],
    ] as const) {
      const { csr } = await request({ challengePassword: password });
      // DER wants the elements of a SET in the order of their bytes, and the shorter attribute comes first.
      assert.deepEqual(csr.attributes[0], { oid: '1.2.840.113549.1.9.7', values: [value] });
      assert.equal(csr.attributes[1]?.oid, '1.2.840.113549.1.9.14');
      assert.equal(requestedBy(csr).challengePassword, true);
    }
  });

  for (const length of [0, 256]) {
    test(`a challenge password of ${length} characters is refused`, () =>
      rejectsCode(
        () => request({ challengePassword: 'ü'.repeat(length) }),
        'LOCAL_CA_OPTION_INVALID',
        new RegExp(`^the challenge password has ${length} characters$`),
      ));
  }
});
