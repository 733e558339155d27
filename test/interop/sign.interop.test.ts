/** The requests of other programs, signed: OpenSSL and GnuTLS accept what comes out, for the key that was asked for. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, describe, test } from 'node:test';
import { systemAmbient } from '../../src/ambient.ts';
import { CertificateAuthority } from '../../src/authority/authority.ts';
import { describeCertificate } from '../../src/core/describe.ts';
import { parseCertificate } from '../../src/core/parse.ts';
import { memoryHome } from '../../src/store/memory-home.ts';
import { CSR_ZOO, csrDer } from '../support/csr-zoo.ts';
import { must, needs } from '../support/peers.ts';
import { temporaryFolder } from '../support/temp.ts';
import { gnutlsVerify, opensslVerify, writeChain } from './chain-files.ts';

let ca: CertificateAuthority;
before(async () => {
  ca = await CertificateAuthority.create(memoryHome(), { name: 'Test CA', intermediate: true });
});

const EXTENSIONS = [
  'basicConstraints',
  'keyUsage',
  'extendedKeyUsage',
  'subjectKeyIdentifier',
  'authorityKeyIdentifier',
  'subjectAltName',
];

/** GnuTLS has no verdict on keys that it does not know. */
const GNUTLS_LACKS = ['brainpoolP384r1'];

const publicKey = (what: string, path: string, form: string) =>
  must('openssl', [what, '-pubkey', '-noout', '-in', path, '-inform', form]);

for (const { title, programs, make, subject, names, keyType } of CSR_ZOO) {
  describe(`a request of ${title}`, () => {
    test('is signed', async (t) => {
      if (!needs(t, 'openssl', 'certtool', ...programs)) return;
      const folder = temporaryFolder(t);
      const path = await make(folder);
      // As it stands in its file: PEM of any label, DER, line ends of Windows.
      const { record, material } = await ca.sign(new Uint8Array(readFileSync(path)), { label: 'any', force: true });
      const [intermediates, roots] = [material.intermediates, material.roots].map((list) => list.map(parseCertificate));
      const leaf = parseCertificate(record.certificate);
      const paths = await writeChain(folder, { leaf, intermediates: intermediates ?? [], roots: roots ?? [] });

      const host = record.names[0] as string;
      const options = { purpose: 'sslserver', strict: true, at: systemAmbient.now() };
      const verdict = await opensslVerify(paths, host.startsWith('*') ? options : { ...options, host });
      assert.ok(verdict.accepted, verdict.output);
      if (!GNUTLS_LACKS.includes(keyType)) assert.ok((await gnutlsVerify(paths)).accepted);

      const form = csrDer(path).length === readFileSync(path).length ? 'DER' : 'PEM';
      assert.equal(await publicKey('x509', paths.leaf, 'PEM'), await publicKey('req', path, form));
      const got = describeCertificate(leaf, systemAmbient.now());
      assert.deepEqual([got.subject, got.keyType], [subject || `CN=${host}`, keyType]);
      assert.deepEqual(got.names, names.length === 0 ? [host] : names);
      assert.deepEqual([got.authority, got.extendedKeyUsage], [false, ['serverAuth']]);
      // Nothing is copied, whatever was asked for.
      assert.deepEqual(
        got.extensions.map((one) => one.name),
        EXTENSIONS,
      );
    });
  });
}
