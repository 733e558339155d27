import assert from 'node:assert/strict';
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { describe, test } from 'node:test';
import { encryptPkcs8 } from '../../src/core/pbes2.ts';
import { type DetectedFormat, detectFormat } from '../../src/formats/detect.ts';
import { writeJks } from '../../src/formats/jks.ts';
import { writePkcs7 } from '../../src/formats/pkcs7.ts';
import { writePkcs12 } from '../../src/formats/pkcs12.ts';
import { asIndefinite, leaf, leafKey, leafKeyPem, leafPem, mixed, root, seeded } from './fixtures.ts';

const password = 'secret1';
const random = seeded('a');
const key = createPrivateKey(leafKeyPem);
const pkcs12 = writePkcs12(mixed, { password, profile: 'modern', random, iterations: 1 });
const latin = (text: string) => new TextEncoder().encode(text);

/** The rest of what there is, test/interop/formats.interop.test.ts has OpenSSL write. */
const known: Record<string, readonly [bytes: Uint8Array, format: DetectedFormat]> = {
  PEM: [latin(`some text\n${leafPem}`), 'pem'],
  'a certificate': [leaf, 'certificate'],
  'a root': [root, 'certificate'],
  'PKCS#7': [writePkcs7([leaf]), 'pkcs7'],
  'PKCS#7, BER': [asIndefinite(writePkcs7([leaf]), 4), 'pkcs7'],
  'PKCS#12': [pkcs12, 'pkcs12'],
  'PKCS#12, BER': [asIndefinite(pkcs12, 3), 'pkcs12'],
  JKS: [writeJks(mixed, { password, random, now: new Date(0) }), 'jks'],
  JCEKS: [Uint8Array.of(0xce, 0xce, 0xce, 0xce, 0, 0, 0, 2), 'jks'],
  'PKCS#8': [leafKey, 'private-key'],
  SEC1: [key.export({ type: 'sec1', format: 'der' }), 'private-key'],
  'encrypted PKCS#8': [encryptPkcs8(leafKey, 'x', { random, iterations: 1 }), 'encrypted-private-key'],
  'a zip': [latin('PK\x03\x04'), 'zip'],
  'an empty zip': [latin('PK\x05\x06'), 'zip'],
  'a public key': [createPublicKey(key).export({ type: 'spki', format: 'der' }), 'public-key'],
};

const unknown: Record<string, Uint8Array> = {
  nothing: new Uint8Array(),
  'one byte': Uint8Array.of(0x30),
  'an empty sequence': Uint8Array.of(0x30, 0),
  'a cut certificate': leaf.subarray(0, 200),
  text: latin('0 hello'),
  zeros: new Uint8Array(1000),
};

describe('the format of a file', () => {
  for (const [what, [bytes, format]] of Object.entries(known)) {
    test(`${what} is ${format}`, () => assert.equal(detectFormat(bytes), format));
  }
  for (const [what, bytes] of Object.entries(unknown)) {
    test(`${what} is nothing`, () => assert.equal(detectFormat(bytes), undefined));
  }
});
