import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { StoreEntry } from '../../src/formats/entries.ts';
import { readJks, type WriteJksOptions, writeJks } from '../../src/formats/jks.ts';
import { intermediate, keyEntry, leaf, leafKey, mixed, root, seeded, trustedEntry } from './fixtures.ts';

const password = 'secret1';
const now = new Date('2026-11-22T00:00:00Z');
const write = (entries: readonly StoreEntry[], options: Partial<WriteJksOptions> = {}) =>
  writeJks(entries, { password, now, random: seeded('a'), ...options });

describe('JKS', () => {
  const contents: Record<string, readonly StoreEntry[]> = {
    'a key with its chain': [keyEntry],
    'a trusted certificate': [trustedEntry],
    'both in one file': mixed,
    'several of each': [keyEntry, { ...keyEntry, alias: 'two' }, trustedEntry, { ...trustedEntry, alias: 'three' }],
    'an alias beyond ASCII': [{ ...keyEntry, alias: 'schlüssel 鍵 \u{1f600}' }],
    'an alias with a NUL': [{ ...trustedEntry, alias: 'a\0b' }],
    'an empty alias': [{ ...trustedEntry, alias: '' }],
  };
  for (const [what, entries] of Object.entries(contents)) {
    test(`keeps ${what}`, () => {
      assert.deepEqual(readJks(write(entries), { password }), entries);
    });
  }

  test('has the layout that Java reads', () => {
    const file = Buffer.from(write([{ ...trustedEntry, alias: 'Ä\0\u{1f600}' }]));
    const alias = 'c3a4c080eda0bdedb880';
    const milliseconds = now.getTime().toString(16).padStart(16, '0');
    const head = `feedfeed000000020000000100000002000a${alias}${milliseconds}0005${Buffer.from('X.509').toString('hex')}`;
    assert.equal(file.subarray(0, head.length / 2).toString('hex'), head);
    assert.equal(file.length, head.length / 2 + 4 + root.length + 20);
  });

  test('is the same bytes for the same time and randomness, and other bytes for another', () => {
    assert.deepEqual(write(mixed), write(mixed));
    assert.notDeepEqual(write(mixed), write(mixed, { random: seeded('b') }));
    assert.notDeepEqual(write(mixed), write(mixed, { now: new Date(0) }));
  });

  test('puts aliases in lower case, as Java does', () => {
    assert.deepEqual(readJks(write([{ ...trustedEntry, alias: 'MyÄlias' }]), { password }), [
      { ...trustedEntry, alias: 'myälias' },
    ]);
  });

  test('keeps a key under a password of its own', () => {
    const file = write(mixed, { keyPassword: 'other' });
    assert.deepEqual(readJks(file, { password, keyPassword: 'other' }), mixed);
    assert.throws(() => readJks(file, { password }), {
      code: 'LOCAL_CA_PASSWORD_WRONG',
      message: 'the password does not open the key "server" in the JKS file',
    });
  });

  test('opens a trust store without a password, and no key', () => {
    assert.deepEqual(readJks(write([trustedEntry]), {}), [trustedEntry]);
    assert.throws(() => readJks(write(mixed), {}), {
      code: 'LOCAL_CA_PASSWORD_REQUIRED',
      message: 'the key "server" in the JKS file is encrypted',
    });
  });

  for (const special of ['pässwörd', '鍵パスワード', '\u{1f600}', 'x']) {
    test(`opens with the password ${JSON.stringify(special)} alone`, () => {
      const file = write(mixed, { password: special });
      assert.deepEqual(readJks(file, { password: special }), mixed);
      assert.throws(() => readJks(file, { password: `${special}x` }), {
        code: 'LOCAL_CA_PASSWORD_WRONG',
        message: 'the password does not open the file',
      });
    });
  }

  test('refuses an empty password, for the store and for the key', () => {
    for (const options of [{ password: '' }, { keyPassword: '' }]) {
      assert.throws(() => write(mixed, options), { code: 'LOCAL_CA_PASSWORD_REQUIRED' });
    }
  });

  const unfit: Record<string, readonly [entries: readonly StoreEntry[], message: RegExp]> = {
    nothing: [[], /^a key store needs at least one entry$/],
    'an alias twice': [[keyEntry, { ...trustedEntry, alias: 'SERVER' }], /^the alias "SERVER" occurs twice$/],
    'a key without a certificate': [[{ ...keyEntry, chain: [] }], /^the key "server" has no certificate$/],
    'an alias of 64 KB': [
      [{ ...keyEntry, alias: 'é'.repeat(32_768) }],
      /^the alias "é.*" is longer than a Java key store can hold$/,
    ],
  };
  for (const [what, [entries, message]] of Object.entries(unfit)) {
    test(`refuses to write ${what}`, () => {
      assert.throws(() => write(entries), { code: 'LOCAL_CA_KEYSTORE_ENTRY', message });
    });
  }

  const changed = (change: (bytes: Buffer) => void) => {
    const bytes = Buffer.from(write(mixed));
    change(bytes);
    return bytes;
  };
  const refused: Record<string, readonly [bytes: Uint8Array, message: RegExp]> = {
    nothing: [new Uint8Array(), /it ends after 0 bytes/],
    'half a file': [write(mixed).subarray(0, 300), /it ends after 300 bytes, in the middle of an entry/],
    'a certificate': [leaf, /it does not begin as a Java key store/],
    JCEKS: [changed((bytes) => bytes.writeUInt32BE(0xcececece)), /^the file is a JCEKS key store, not JKS$/],
    'version 1': [changed((bytes) => bytes.writeUInt32BE(1, 4)), /it is of version 1, and only version 2 is known/],
    'four billion entries': [changed((bytes) => bytes.writeUInt32BE(0xffffffff, 8)), /unknown kind|in the middle/],
    'an unknown entry': [changed((bytes) => bytes.writeUInt32BE(3, 12)), /it has an entry of the unknown kind 3/],
    'a huge alias': [changed((bytes) => bytes.writeUInt16BE(0xffff, 16)), /in the middle of an entry/],
    'bytes after the end': [
      Buffer.concat([write(mixed), intermediate]),
      /its entries do not end where its digest begins/,
    ],
  };
  for (const [what, [bytes, message]] of Object.entries(refused)) {
    test(`refuses ${what}`, () => {
      assert.throws(() => readJks(bytes, { keyPassword: password }), { code: 'LOCAL_CA_KEYSTORE_INVALID', message });
    });
  }

  test('leaves no trace of the key in the file', () => {
    const file = Buffer.from(write(mixed));
    // The private value of a P-256 key in PKCS#8.
    assert.equal(file.includes(Buffer.from(leafKey.subarray(36, 68))), false);
  });
});
