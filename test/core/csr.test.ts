import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseCsr, proofOfPossession } from '../../src/core/csr.ts';
import { sequence, utf8String } from '../../src/core/der.ts';
import { EXTENSION, readGeneralNames, subjectAltName } from '../../src/core/extensions.ts';
import { parseNames } from '../../src/core/names.ts';
import { decodeSubject, formatSubject } from '../../src/core/subject.ts';
import { makeCa, makeServer, pinned } from '../support/pki.ts';
import { encodeExtension, makeCsr } from '../support/signed.ts';

const wanted = () => sequence(encodeExtension(subjectAltName(parseNames(['a.test', '10.0.0.1']), false)));

describe('reading a certificate request', () => {
  for (const type of ['1.2.840.113549.1.9.14', '1.3.6.1.4.1.311.2.1.14']) {
    test(`with extensions in ${type}`, async () => {
      const csr = parseCsr(await makeCsr({ subject: 'CN=a.test,O=Acme', attributes: [[type, wanted()]] }));
      assert.equal(formatSubject(decodeSubject(csr.subject)), 'CN=a.test,O=Acme');
      assert.deepEqual(
        csr.extensions.map(({ oid }) => oid),
        [EXTENSION.subjectAltName],
      );
      const names = readGeneralNames(csr.extensions[0]?.value as Uint8Array);
      assert.deepEqual(
        names.map(({ kind }) => kind),
        ['dns', 'ip'],
      );
    });
  }

  test('with other attributes, and with none', async () => {
    const password = utf8String('secret');
    const csr = parseCsr(await makeCsr({ attributes: [['1.2.840.113549.1.9.7', password]] }));
    assert.deepEqual(csr.attributes, [{ oid: '1.2.840.113549.1.9.7', values: [password] }]);
    assert.deepEqual(csr.extensions, []);
    assert.deepEqual(parseCsr(await makeCsr()).attributes, []);
  });

  for (const keyType of ['p256', 'rsa-2048', 'ed25519', 'brainpoolP384r1']) {
    test(`proves that its maker has the ${keyType} key`, async () => {
      const csr = parseCsr(await makeCsr({ keyType }));
      assert.equal(await proofOfPossession(csr, pinned), true);
      const other = parseCsr(await makeCsr({ keyType }));
      assert.equal(await proofOfPossession({ ...csr, publicKey: other.publicKey }, pinned), false);
      assert.equal(await proofOfPossession({ ...csr, tbs: other.tbs }, pinned), false);
    });
  }

  test('what is none is refused', async () => {
    const { certificate } = await makeServer(await makeCa('CN=CA'), ['a.test']);
    for (const bytes of [new Uint8Array(), sequence(), certificate.der, (await makeCsr()).subarray(0, 100)]) {
      assert.throws(() => parseCsr(bytes), {
        code: 'LOCAL_CA_CSR_INVALID',
        message: /^the certificate request cannot be read: /,
      });
    }
  });
});
