/** Key stores with keys that local-ca does not use: the certificates beside them are shown all the same. */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { describe, test } from 'node:test';
import { certificatesOf, readContents } from '../../src/cli/read-file.ts';
import type { KeyEntry } from '../../src/formats/entries.ts';
import { writeJks } from '../../src/formats/jks.ts';
import { encodePem } from '../../src/formats/pem.ts';
import { writePkcs12 } from '../../src/formats/pkcs12.ts';
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
