/** The requests of other programs: local-ca reads each as it was meant, and agrees with OpenSSL on who has the key. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { parseCsr, proofOfPossession } from '../../src/core/csr.ts';
import { describeCsr } from '../../src/core/describe.ts';
import { detectFormat } from '../../src/formats/detect.ts';
import { BAD_CSRS } from '../support/csr-odd.ts';
import { CSR_ZOO, csrDer } from '../support/csr-zoo.ts';
import { needs, run } from '../support/peers.ts';
import { pinned } from '../support/pki.ts';
import { temporaryFolder } from '../support/temp.ts';
import { throwsCode } from '../support/throws.ts';

async function opensslAccepts(der: Uint8Array, folder: string): Promise<boolean> {
  writeFileSync(join(folder, 'req.der'), der);
  const { status, stderr } = await run('openssl', ['req', '-verify', '-noout', '-inform', 'DER', '-in', 'req.der'], {
    cwd: folder,
  });
  return status === 0 && /verify OK/.test(stderr);
}

describe('a request is read that was made by', () => {
  for (const { title, programs, make, subject, names, keyType } of CSR_ZOO) {
    test(title, async (t) => {
      if (!needs(t, 'openssl', ...programs)) return;
      const folder = temporaryFolder(t);
      const der = csrDer(await make(folder));
      assert.equal(detectFormat(der), 'csr');
      const csr = parseCsr(der);
      const asked = describeCsr(csr);
      assert.deepEqual([asked.subject, asked.names, asked.keyType], [subject, names, keyType]);
      assert.equal(await proofOfPossession(csr, pinned), true);
      assert.equal(await opensslAccepts(der, folder), true);
    });
  }
});

describe('a bad request:', () => {
  for (const { title, make, reads, proves, openssl } of BAD_CSRS) {
    test(title, async (t) => {
      const der = make();
      if (reads) assert.equal(await proofOfPossession(parseCsr(der), pinned), proves);
      else throwsCode(() => parseCsr(der), 'LOCAL_CA_CSR_INVALID', /^the certificate request cannot be read: /);
      if (needs(t, 'openssl')) assert.equal(await opensslAccepts(der, temporaryFolder(t)), openssl);
    });
  }
});
