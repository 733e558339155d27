import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { children, expectTag, readWhole, TAG } from '../../src/core/der.ts';
import { importKey } from '../../src/core/keys.ts';
import { decryptPbes2, type Encrypted, encryptPbes2, encryptPkcs8 } from '../../src/core/pbes2.ts';
import { leafKey, seeded } from '../formats/fixtures.ts';

const password = 'pässwörd 鍵';
const encrypt = (seed: string) => encryptPkcs8(leafKey, password, { random: seeded(seed), iterations: 10 });
const nothing = () => {};

describe('PBES2', () => {
  test('closes a key that Node and we open', () => {
    const encrypted = encrypt('a');
    assert.deepEqual(importKey(encrypted, password).toPkcs8(), leafKey);
    const [algorithm, data] = children(readWhole(encrypted));
    const parts = { algorithm: algorithm?.bytes, ciphertext: expectTag(data, TAG.octetString).contents } as Encrypted;
    assert.deepEqual(decryptPbes2(parts, password, nothing), leafKey);
  });

  test('is the same bytes for the same randomness, and other bytes for another', () => {
    assert.deepEqual(encrypt('a'), encrypt('a'));
    assert.notDeepEqual(encrypt('a'), encrypt('b'));
  });

  test('refuses a wrong password, and an empty one', () => {
    const encrypted = encryptPbes2(leafKey, 'right', { random: seeded('a'), iterations: 10 });
    assert.throws(() => decryptPbes2(encrypted, 'wrong', nothing), {
      code: 'LOCAL_CA_PASSWORD_WRONG',
      message: 'the password does not open the file',
    });
    assert.throws(() => encryptPkcs8(leafKey, '', { random: seeded('a') }), {
      code: 'LOCAL_CA_PASSWORD_REQUIRED',
      message: 'the pass phrase is empty',
    });
  });

  test('tells the iterations before it runs them', () => {
    const encrypted = encryptPbes2(leafKey, 'x', { random: seeded('a'), iterations: 77 });
    const told: number[] = [];
    decryptPbes2(encrypted, 'x', (iterations) => told.push(iterations));
    assert.deepEqual(told, [77]);
  });

  test('names an algorithm that it does not know', () => {
    const encrypted = encryptPbes2(leafKey, 'x', { random: seeded('a'), iterations: 10 });
    const algorithm = Buffer.from(encrypted.algorithm);
    // aes256-CBC becomes aes256-GCM.
    algorithm[algorithm.lastIndexOf(Buffer.from('60864801650304012a', 'hex')) + 8] = 0x2e;
    assert.throws(() => decryptPbes2({ ...encrypted, algorithm }, 'x', nothing), {
      code: 'LOCAL_CA_KEYSTORE_INVALID',
      message: 'the file uses a cipher that is not supported (2.16.840.1.101.3.4.1.46)',
    });
  });
});
