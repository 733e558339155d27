/** The client certificate that a server is shown. */
import { createSecureContext } from 'node:tls';
import { LocalCaError } from '../errors.ts';
import { reasonOf } from './reasons.ts';

export interface Identity {
  /** PEM: the client's certificate and what is above it. */
  readonly certificate: string;
  /** PEM, without a pass phrase. */
  readonly key: string;
}

/** Says what is wrong with it before anybody is called. Throws LOCAL_CA_KEY_MISMATCH and LOCAL_CA_OPTION_INVALID. */
export function checkIdentity({ certificate, key }: Identity): void {
  try {
    createSecureContext({ cert: certificate, key });
  } catch (cause) {
    throw isMismatch(cause) ? mismatch(cause) : unusable(cause);
  }
}

const isMismatch = (cause: unknown) =>
  cause instanceof Error && 'code' in cause && cause.code === 'ERR_OSSL_X509_KEY_VALUES_MISMATCH';

const mismatch = (cause: unknown) =>
  new LocalCaError(
    'LOCAL_CA_KEY_MISMATCH',
    'the client certificate and its key do not belong together',
    'Give the key that the first certificate of the file was made for.',
    { cause },
  );

const unusable = (cause: unknown) =>
  new LocalCaError(
    'LOCAL_CA_OPTION_INVALID',
    `the client certificate and its key cannot be shown to a server: ${reasonOf(cause)}`,
    'Give both as PEM: the certificate first in its file, and the key without a pass phrase.',
    { cause },
  );
