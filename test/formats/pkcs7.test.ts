import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { concatBytes, octetString, oid, sequence } from '../../src/core/der.ts';
import { encodePem } from '../../src/formats/pem.ts';
import { readPkcs7, writePkcs7 } from '../../src/formats/pkcs7.ts';
import { asIndefinite, intermediate, leaf, root } from './fixtures.ts';

const chain = [leaf, intermediate, root];

describe('PKCS#7', () => {
  test('keeps the certificates, byte for byte and in order', () => {
    assert.deepEqual(readPkcs7(writePkcs7(chain)), { certificates: chain, crls: [] });
    assert.deepEqual(readPkcs7(writePkcs7([...chain].reverse())).certificates, [...chain].reverse());
  });

  test('is the same bytes every time', () => {
    assert.deepEqual(writePkcs7(chain), writePkcs7(chain));
  });

  test('reads PEM, whatever its label', () => {
    for (const label of ['PKCS7', 'CMS', 'CERTIFICATE']) {
      const text = new TextEncoder().encode(encodePem(label, writePkcs7(chain)));
      assert.deepEqual(readPkcs7(text).certificates, chain);
    }
  });

  test('reads indefinite lengths', () => {
    assert.deepEqual(readPkcs7(asIndefinite(writePkcs7(chain), 4)).certificates, chain);
  });

  test('reads a file with hundreds of certificates', () => {
    const many = Array.from({ length: 600 }, (_, i) => chain[i % 3] as Uint8Array);
    assert.equal(readPkcs7(writePkcs7(many)).certificates.length, 600);
  });

  test('refuses to write nothing', () => {
    assert.throws(() => writePkcs7([]), {
      code: 'LOCAL_CA_KEYSTORE_ENTRY',
      message: 'a PKCS#7 file needs at least one certificate',
    });
  });

  const refused: Record<string, readonly [bytes: Uint8Array, message: RegExp]> = {
    'a certificate': [leaf, /structure is not that of the format/],
    nothing: [new Uint8Array(), /neither DER nor PEM/],
    'half a file': [writePkcs7(chain).subarray(0, 700), /structure is not that of the format/],
    'other PKCS#7': [
      sequence(oid('1.2.840.113549.1.7.1'), concatBytes(Uint8Array.of(0xa0, 2), octetString())),
      /PKCS#7 of type 1\.2\.840\.113549\.1\.7\.1, which is not supported/,
    ],
  };
  for (const [what, [bytes, message]] of Object.entries(refused)) {
    test(`refuses ${what}`, () => {
      assert.throws(() => readPkcs7(bytes), { code: 'LOCAL_CA_KEYSTORE_INVALID', message });
    });
  }
});
