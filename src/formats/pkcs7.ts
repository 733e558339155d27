/** PKCS#7 certificate files (`.p7b`): SignedData that carries certificates and is signed by nobody. */
import { TAG } from '../core/der.ts';
import { LocalCaError } from '../errors.ts';
import { damaged, reading } from './damaged.ts';
import { decodePem } from './pem.ts';
import { decodeSignedData, encodeSignedData } from './pki.ts';
import type { CertificateSet } from './pki-records.ts';

/**
 * A `.p7b` file, DER. The certificates stay in the order given, as OpenSSL keeps them: DER would sort the set, but
 * `openssl pkcs7 -print_certs` and the like print it as it stands, and people make server chains of that.
 */
export function writePkcs7(certificates: readonly Uint8Array[]): Uint8Array {
  if (certificates.length > 0) return encodeSignedData(certificates);
  throw new LocalCaError(
    'LOCAL_CA_KEYSTORE_ENTRY',
    'a PKCS#7 file needs at least one certificate',
    'Give it a certificate, or a chain.',
  );
}

/** The certificates and CRLs of a `.p7b` file, DER, BER or PEM. Throws LOCAL_CA_KEYSTORE_INVALID, LOCAL_CA_PEM_INVALID. */
export function readPkcs7(bytes: Uint8Array): CertificateSet {
  return reading('PKCS#7', () => decodeSignedData(bytes[0] === TAG.sequence ? bytes : fromPem(bytes)));
}

/** The first block, whatever its label: PKCS7, CMS, and (some authorities) CERTIFICATE are all met. */
function fromPem(bytes: Uint8Array): Uint8Array {
  const [block] = decodePem(new TextDecoder().decode(bytes));
  if (block === undefined) throw damaged('PKCS#7', 'it is neither DER nor PEM');
  return block.der;
}
