/** Damaged files: whatever is cut or changed, a reader gives entries or one of our errors, and soon. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  children,
  context,
  type Element,
  integer,
  octetString,
  oid,
  readWhole,
  sequence,
  setOf,
  TAG,
  utf8String,
} from '../../src/core/der.ts';
import { encryptPbes2 } from '../../src/core/pbes2.ts';
import { LocalCaError } from '../../src/errors.ts';
import { detectFormat } from '../../src/formats/detect.ts';
import { readJks, writeJks } from '../../src/formats/jks.ts';
import { decodePem, encodePem, pemCertificates } from '../../src/formats/pem.ts';
import { readPkcs7, writePkcs7 } from '../../src/formats/pkcs7.ts';
import { readPkcs12, writePkcs12 } from '../../src/formats/pkcs12.ts';
import { friendlyName, localKeyId, TRUSTED } from '../../src/formats/pkcs12-attributes.ts';
import { encryptTripleDes, makeSecret } from '../../src/formats/pkcs12-pbe.ts';
import { encodeBags, encodeSafes } from '../../src/formats/pki.ts';
import { dice, hostileDer } from '../support/hostile.ts';
import { throwsCode } from '../support/throws.ts';
import {
  asIndefinite,
  intermediate,
  keyEntry,
  leaf,
  leafKey,
  leafPem,
  mixed,
  rc2With128Bits,
  seeded,
  trustedEntry,
} from './fixtures.ts';

const ROUNDS = 500;
const password = 'secret1';
const iterations = 2;
const random = seeded('files');
const now = new Date(0);

const text = (bytes: Uint8Array) => new TextDecoder('latin1').decode(bytes);
const files: Record<string, readonly [file: Uint8Array, read: (bytes: Uint8Array) => unknown]> = {
  PEM: [new TextEncoder().encode(leafPem), (bytes) => decodePem(text(bytes))],
  'PKCS#7': [writePkcs7([leaf, intermediate]), readPkcs7],
  'PKCS#7, BER': [asIndefinite(writePkcs7([leaf, intermediate]), 4), readPkcs7],
  'PKCS#7, PEM': [new TextEncoder().encode(encodePem('PKCS7', writePkcs7([leaf]))), readPkcs7],
  'PKCS#12, modern': [
    writePkcs12(mixed, { password, profile: 'modern', random, iterations }),
    (bytes) => readPkcs12(bytes, { password }),
  ],
  'PKCS#12, compat': [
    writePkcs12([keyEntry, trustedEntry], { password, profile: 'compat', random, iterations }),
    (bytes) => readPkcs12(bytes, { password }),
  ],
  'PKCS#12, old': [rc2With128Bits, (bytes) => readPkcs12(bytes, { password })],
  'PKCS#12, without a MAC': [withoutMac(), (bytes) => readPkcs12(bytes, { password })],
  JKS: [writeJks(mixed, { password, now, random }), (bytes) => readJks(bytes, { password })],
  'JKS, unchecked': [writeJks(mixed, { password, now, random }), (bytes) => readJks(bytes, { keyPassword: password })],
};

function fileOf(safes: Uint8Array): Uint8Array {
  return sequence(integer(3), sequence(oid('1.2.840.113549.1.7.1'), context(0, true, octetString(safes))));
}

/** Nothing to check before everything is taken apart: a certificate in the clear, one encrypted, and a key. */
function withoutMac(): Uint8Array {
  const secret = makeSecret(password);
  const options = { random, iterations };
  const attributes = [friendlyName('a'), localKeyId(Uint8Array.of(1))];
  const content = encodeSafes([
    { plain: encodeBags([{ value: { certificate: leaf }, attributes }]) },
    {
      encrypted: encryptTripleDes(
        encodeBags([{ value: { certificate: intermediate }, attributes: [TRUSTED] }]),
        secret,
        options,
      ),
    },
    { plain: encodeBags([{ value: { shroudedKey: encryptPbes2(leafKey, password, options) }, attributes }]) },
  ]);
  return fileOf(content);
}

/** One of: cut short, some bytes changed, a run of bytes taken out, all random. */
function damage(file: Uint8Array, random: (length: number) => Uint8Array): Uint8Array {
  const number = (below: number) => Buffer.from(random(4)).readUInt32BE() % below;
  const at = number(file.length);
  const kind = number(8);
  if (kind === 0) return file.subarray(0, at);
  if (kind === 1) return Buffer.concat([file.subarray(0, at), file.subarray(at + 1 + number(30))]);
  if (kind === 2) return random(number(300));
  const changed = Uint8Array.from(file);
  // Most of the structure is in the first bytes.
  for (let i = 0; i <= number(3); i++)
    changed[kind < 5 ? number(Math.min(120, file.length)) : number(file.length)] = number(256);
  return changed;
}

for (const [format, [file, read]] of Object.entries(files)) {
  test(`${format}: ${ROUNDS} damaged files`, { timeout: 120_000 }, () => {
    const random = seeded(format);
    const roll = dice(1);
    for (let round = 0; round < ROUNDS; round++) {
      const damaged = round % 2 === 0 && file[0] === TAG.sequence ? hostileDer(file, roll) : damage(file, random);
      const started = performance.now();
      try {
        detectFormat(damaged);
        read(damaged);
      } catch (error) {
        if (!(error instanceof LocalCaError)) throw error;
        assert.notEqual(error.hint, '');
      }
      assert.ok(performance.now() - started < 5000, `round ${round} was slow`);
    }
  });
}

test('a file nested a hundred thousand deep', () => {
  const nested = new Uint8Array(200_000).map((_, i) => (i % 2 === 0 ? 0x30 : 0x80));
  for (const read of [readPkcs7, (bytes: Uint8Array) => readPkcs12(bytes, { password })]) {
    assert.throws(() => read(nested), { code: 'LOCAL_CA_KEYSTORE_INVALID' });
  }
  assert.equal(detectFormat(nested), undefined);
});

test('a file of a million empty elements', { timeout: 20_000 }, () => {
  const empty = Buffer.concat([Buffer.from('3083200000', 'hex'), Buffer.alloc(2_097_152)]);
  for (let i = 5; i < empty.length; i += 2) empty[i] = 5;
  assert.throws(() => readPkcs7(empty), { code: 'LOCAL_CA_KEYSTORE_INVALID' });
});

test('a PKCS#12 file of a thousand keys and a thousand certificates above each other', { timeout: 20_000 }, () => {
  const shroudedKey = encryptPbes2(leafKey, password, { random, iterations: 1 });
  const keys = new Array(1000).fill({ value: { shroudedKey }, attributes: [localKeyId(Uint8Array.of(1))] });
  const certificates = Array.from({ length: 1000 }, (_, i) => ({
    value: { certificate: signedBy(`CN ${i}`, `CN ${i + 1}`) },
    attributes: i === 0 ? [localKeyId(Uint8Array.of(1))] : [],
  }));
  const entries = readPkcs12(fileOf(encodeSafes([{ plain: encodeBags([...keys, ...certificates]) }])), { password });
  assert.deepEqual(
    entries.slice(0, 1000).map((entry) => entry.kind === 'key' && entry.chain.length),
    new Array(1000).fill(100),
  );
});

/** The leaf, with other names in it. */
function signedBy(subject: string, issuer: string): Uint8Array {
  const [tbs, ...rest] = children(readWhole(leaf));
  const name = (text: string) => sequence(setOf(sequence(oid('2.5.4.3'), utf8String(text))));
  const fields = children(tbs as Element).map(({ bytes }) => bytes);
  return sequence(sequence(...fields.with(3, name(issuer)).with(5, name(subject))), ...rest.map(({ bytes }) => bytes));
}

test('a text of millions of lines, or of one, has the certificate that is in it', { timeout: 20_000 }, () => {
  for (const noise of ['\n', ' \r', 'a'.repeat(100), '-----BEGIN ', '-----BEGIN a-', '-']) {
    const text = noise.repeat(Math.floor(4_000_000 / noise.length));
    assert.deepEqual(pemCertificates(`${text}\n${leafPem}`), [leaf], JSON.stringify(noise.slice(0, 20)));
  }
  assert.deepEqual(pemCertificates(leafPem.replaceAll('\n', '\n'.repeat(10_000))), [leaf]);
});

test('PEM of more blocks, or more headers, than anybody writes', { timeout: 20_000 }, () => {
  const block = '-----BEGIN A-----\nMAA=\n-----END A-----\n';
  throwsCode(() => decodePem(block.repeat(100_001)), 'LOCAL_CA_PEM_INVALID', /^PEM block 100001 \("A"\) comes after/);
  const headers = block.replace('\n', `\n${'a:b\n'.repeat(21)}`);
  throwsCode(() => decodePem(headers), 'LOCAL_CA_PEM_INVALID', /^PEM block 1 \("A"\) has more than 20 headers$/);
});

test('a text that begins with a zero, as DER does', () => {
  assert.equal(detectFormat(new TextEncoder().encode(`0 s:CN = db.example.test\n${leafPem}`)), 'pem');
});
