/** Key stores with keys that local-ca does not use: the certificates beside them are shown all the same. */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { describe, test } from 'node:test';
import { zipBundle } from '../../src/bundle/zip.ts';
import { certificatesOf, readContents } from '../../src/cli/read-file.ts';
import { integer, octetString, oid, sequence } from '../../src/core/der.ts';
import type { KeyEntry } from '../../src/formats/entries.ts';
import { writeJks } from '../../src/formats/jks.ts';
import { encodePem } from '../../src/formats/pem.ts';
import { writePkcs12 } from '../../src/formats/pkcs12.ts';
import { outputFile } from '../bundle/support.ts';
import { keyEntry, leaf, seeded } from '../formats/fixtures.ts';

const password = 'secret1';
const { privateKey } = generateKeyPairSync('ed448');
const ed448 = new Uint8Array(privateKey.export({ type: 'pkcs8', format: 'der' }));
const entries: KeyEntry[] = [{ kind: 'key', alias: 'odd', key: ed448, chain: [leaf] }, keyEntry];
const random = seeded('a');

describe('a key of a type that is not supported', () => {
  const files: Record<string, Uint8Array> = {
    'PKCS#12': writePkcs12(entries, { password, profile: 'modern', random, iterations: 5 }),
    JKS: writeJks(entries, { password, now: new Date(0), random }),
    PEM: new TextEncoder().encode(encodePem('PRIVATE KEY', ed448) + encodePem('CERTIFICATE', leaf)),
  };
  for (const [format, bytes] of Object.entries(files)) {
    test(`does not hide the rest of a ${format} file`, async () => {
      const { found } = await readContents(bytes, 'file', password);
      const alias = format === 'PEM' ? {} : { alias: 'odd' };
      assert.deepEqual(found.slice(0, 2), [
        { kind: 'other', title: 'a private key of type ed448 is not supported', ...alias },
        { kind: 'certificate', der: leaf, ...alias },
      ]);
      assert.deepEqual((await certificatesOf(bytes, 'file', password))[0], leaf);
    });
  }
});

test('many keys in one file may take no more time to open than one', async () => {
  // OpenSSL does not know the hash, and gives up before the rounds that have been counted here.
  const derivation = sequence(octetString(new Uint8Array(8)), integer(9_000_000), sequence(oid('1.2.3.4')));
  const cipher = sequence(oid('2.16.840.1.101.3.4.1.42'), octetString(new Uint8Array(16)));
  const scheme = sequence(sequence(oid('1.2.840.113549.1.5.12'), derivation), cipher);
  const key = sequence(sequence(oid('1.2.840.113549.1.5.13'), scheme), octetString(new Uint8Array(64)));
  const pem = encodePem('ENCRYPTED PRIVATE KEY', key);
  const zip = await zipBundle(['a', 'b', 'c', 'd'].map((name) => outputFile(`${name}.pem`, pem)));
  const { found } = await readContents(zip, 'file', password);
  assert.deepEqual(
    found.map((one) => 'title' in one && one.title.replace(/ 20000000 .*/, ' ...')),
    [
      'the pass phrase does not open the private key',
      'the pass phrase does not open the private key',
      'opening the file would take more than ...',
      'opening the file would take more than ...',
    ],
  );
});

test('a key store of more entries than a call has arguments, in a zip', { timeout: 20_000 }, async () => {
  const trusted = { kind: 'trusted', alias: 'a', certificate: Uint8Array.of(0x30, 0) } as const;
  const one = writeJks([trusted], { password, now: new Date(0), random });
  const [head, entry] = [one.subarray(0, 8), one.subarray(12, -20)];
  const count = Buffer.alloc(4);
  count.writeUInt32BE(200_000);
  const jks = Buffer.concat([head, count, Buffer.alloc(entry.length * 200_000, entry), new Uint8Array(20)]);
  const zip = await zipBundle([{ ...outputFile('a.jks', ''), bytes: new Uint8Array(jks) }]);
  assert.equal((await readContents(zip, 'file', undefined)).found.length, 200_000);
});
