/** Keeps a copy of a certificate's private key in the home, for whatever makes its files when nobody is there. */

import { equalBytes } from '../core/der.ts';
import { importKey, type PrivateKey } from '../core/keys.ts';
import { parseCertificate } from '../core/parse.ts';
import { quote } from '../core/text.ts';
import { readSecret } from '../disk.ts';
import { LocalCaError } from '../errors.ts';
import { privateKeyPem } from '../formats/pem.ts';
import type { CertificateRecord, PlacementRecord } from '../store/store.ts';
import { findKey, madeUpPassword } from './find-key.ts';
import type { Session } from './session.ts';

export interface KeySource {
  /** A file, where local-ca does not find it. */
  readonly file: string | undefined;
  /** Where the certificate's files are. */
  readonly placement: PlacementRecord | undefined;
  /** Of the key stores there, where somebody chose one. */
  readonly password: string | undefined;
}

/** Undefined when the home has a copy already. Throws LOCAL_CA_KEY_NOT_KEPT and LOCAL_CA_KEY_MISMATCH. */
export async function keyToKeep(record: CertificateRecord, source: KeySource): Promise<PrivateKey | undefined> {
  return record.keyId === null ? keyOf(record, source) : undefined;
}

export async function keepKey({ home }: Session, record: CertificateRecord, key: PrivateKey): Promise<void> {
  const { serial, fingerprintSha256: fingerprint, issuerId } = record;
  // Two of other CAs may have the same serial; an id has no room for a whole fingerprint.
  const keyId = issuerId === null ? fingerprint.slice(0, 40) : serial;
  await home.exclusively(async () => {
    // What no record names is left from a process that died.
    await home.leafKeys.remove(keyId);
    await home.leafKeys.save(keyId, privateKeyPem(key));
    await home.store.write([{ kind: 'kept-key', serial, fingerprint, keyId }]);
  });
}

async function keyOf({ certificate, label }: CertificateRecord, source: KeySource): Promise<PrivateKey> {
  const { publicKey } = parseCertificate(certificate);
  const { file, placement, password } = source;
  if (file !== undefined) {
    const key = importKey(readSecret(file), password);
    if (equalBytes(key.publicKey, publicKey)) return key;
    throw new LocalCaError(
      'LOCAL_CA_KEY_MISMATCH',
      `the private key in ${file} does not belong to the certificate ${quote(label)}`,
      'Give the key file that was made with it.',
    );
  }
  const found =
    placement && (await findKey(placement.folder, publicKey, password ?? madeUpPassword(placement.folder, label)));
  if (found !== undefined) return found;
  throw notFound(label, placement);
}

function notFound(label: string, placement: PlacementRecord | undefined): LocalCaError {
  const where = placement === undefined ? 'it is not known where its files went' : `it is not in ${placement.folder}`;
  const hint = placement?.passwordGiven
    ? 'Give the password of its key store with --password-file FILE, or the key with --key FILE.'
    : 'Give it with --key FILE.';
  return new LocalCaError(
    'LOCAL_CA_KEY_NOT_KEPT',
    `a deployment needs the private key of ${quote(label)}: the home has no copy, and ${where}`,
    hint,
  );
}
