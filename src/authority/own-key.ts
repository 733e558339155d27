import { equalBytes } from '../core/der.ts';
import type { PrivateKey } from '../core/keys.ts';
import { parseCertificate } from '../core/parse.ts';
import { LocalCaError } from '../errors.ts';

/** Throws LOCAL_CA_KEY_MISMATCH unless the key is the certificate's. */
export function assertOwnKey(key: PrivateKey, certificate: Uint8Array, owner: string, hint: string): void {
  if (equalBytes(key.publicKey, parseCertificate(certificate).publicKey)) return;
  throw new LocalCaError('LOCAL_CA_KEY_MISMATCH', `the private key does not belong to ${owner}`, hint);
}
