import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { StoreEntry } from '../../src/formats/entries.ts';
import { type Pkcs12Profile, readPkcs12, type WritePkcs12Options, writePkcs12 } from '../../src/formats/pkcs12.ts';
import { withExchangeUsage } from '../../src/formats/pkcs12-attributes.ts';
import {
  intermediate,
  keyEntry,
  leaf,
  leafKey,
  mixed,
  rc2With40Bits,
  rc2With128Bits,
  root,
  seeded,
  trustedEntry,
} from './fixtures.ts';

const password = 'secret1';
const write = (entries: readonly StoreEntry[], options: Partial<WritePkcs12Options> = {}) =>
  writePkcs12(entries, { password, profile: 'modern', random: seeded('a'), iterations: 5, ...options });

const second: StoreEntry = { kind: 'key', alias: 'Zweiter', key: leafKey, chain: [leaf, intermediate] };
const contents: Record<string, readonly StoreEntry[]> = {
  'a key with its chain': [keyEntry],
  'a trusted certificate': [trustedEntry],
  'both in one file': mixed,
  'several of each': [keyEntry, second, trustedEntry, { ...trustedEntry, alias: 'andere', certificate: intermediate }],
  'an alias beyond ASCII': [{ ...keyEntry, alias: 'schlüssel 鍵 \u{1f600}' }],
};

for (const profile of ['modern', 'compat'] satisfies Pkcs12Profile[]) {
  describe(`PKCS#12, ${profile}`, () => {
    for (const [what, entries] of Object.entries(contents)) {
      test(`keeps ${what}`, () => {
        assert.deepEqual(readPkcs12(write(entries, { profile }), { password }), entries);
      });
    }

    test('is the same bytes for the same randomness, and other bytes for another', () => {
      assert.deepEqual(write(mixed, { profile }), write(mixed, { profile }));
      assert.notDeepEqual(write(mixed, { profile }), write(mixed, { profile, random: seeded('b') }));
    });

    for (const special of ['ä', 'pässwörd', '鍵', '\u{1f600}', ' ', 'a'.repeat(200)]) {
      test(`opens with the password ${JSON.stringify(special.slice(0, 10))} alone`, () => {
        const file = write(mixed, { profile, password: special });
        assert.deepEqual(readPkcs12(file, { password: special }), mixed);
        assert.throws(() => readPkcs12(file, { password: `${special}x` }), {
          code: 'LOCAL_CA_PASSWORD_WRONG',
          message: 'the password does not open the file',
        });
      });
    }

    test('marks keys for Windows', () => {
      const [entry] = readPkcs12(write([keyEntry], { profile, windows: {} }), { password });
      assert.deepEqual(entry, { ...keyEntry, key: withExchangeUsage(leafKey) });
    });
  });
}

describe('PKCS#12', () => {
  test('refuses an empty password', () => {
    assert.throws(() => write(mixed, { password: '' }), {
      code: 'LOCAL_CA_PASSWORD_REQUIRED',
      message: 'the password of a key store cannot be empty',
    });
  });

  const unfit: Record<string, readonly [entries: readonly StoreEntry[], message: string]> = {
    nothing: [[], 'a key store needs at least one entry'],
    'an alias twice': [[keyEntry, { ...trustedEntry, alias: 'SERVER' }], 'the alias "SERVER" occurs twice'],
    'a key without a certificate': [[{ ...keyEntry, chain: [] }], 'the key "server" has no certificate'],
  };
  for (const [what, [entries, message]] of Object.entries(unfit)) {
    test(`refuses to write ${what}`, () => {
      assert.throws(() => write(entries), { code: 'LOCAL_CA_KEYSTORE_ENTRY', message });
    });
  }

  test('asks for the password of an encrypted file', () => {
    assert.throws(() => readPkcs12(write([trustedEntry]), {}), {
      code: 'LOCAL_CA_PASSWORD_REQUIRED',
      message: 'the PKCS#12 file is encrypted',
    });
  });

  test('reads old files under RC2', () => {
    const entry = { kind: 'key', alias: 'old', key: leafKey };
    assert.deepEqual(readPkcs12(rc2With40Bits, { password }), [{ ...entry, chain: [leaf, intermediate, root] }]);
    assert.deepEqual(readPkcs12(rc2With128Bits, { password }), [{ ...entry, chain: [leaf] }]);
  });

  test('refuses a file that would take hours to open', () => {
    assert.throws(() => readPkcs12(withMacIterations(write(mixed), 0x7fffffff), { password }), {
      code: 'LOCAL_CA_KEYSTORE_INVALID',
      message: /more than 20000000 rounds of key derivation/,
    });
  });

  const refused: Record<string, Uint8Array> = {
    nothing: new Uint8Array(),
    'a certificate': leaf,
    'half a file': write(mixed).subarray(0, 500),
    text: new TextEncoder().encode('0 hello, this is not a key store'),
  };
  for (const [what, bytes] of Object.entries(refused)) {
    test(`refuses ${what}`, () => {
      assert.throws(() => readPkcs12(bytes, { password }), {
        code: 'LOCAL_CA_KEYSTORE_INVALID',
        message: /^the PKCS#12 file cannot be read: /,
      });
    });
  }
});

/** The MAC's iterations are the last bytes of a file: `02 01 05` becomes an INTEGER of four bytes. */
function withMacIterations(file: Uint8Array, iterations: number): Uint8Array {
  const bytes = Buffer.concat([file, Buffer.alloc(3)]);
  bytes.writeUInt8(4, file.length - 2);
  bytes.writeUInt32BE(iterations, file.length - 1);
  // The lengths of PFX (two bytes at 2) and of MacData (one byte, before its DigestInfo) grow by three.
  bytes.writeUInt16BE(bytes.readUInt16BE(2) + 3, 2);
  const macData = 4 + 3 + 4 + bytes.readUInt16BE(9);
  bytes.writeUInt8(bytes.readUInt8(macData + 1) + 3, macData + 1);
  return new Uint8Array(bytes);
}
