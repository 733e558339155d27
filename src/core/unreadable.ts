/** One shape for "this file cannot be read", whatever was being read: its own code, and the reason as the cause. */
import { type ErrorCode, LocalCaError } from '../errors.ts';

export interface Readable {
  readonly code: ErrorCode;
  /** As a message names it: `the certificate`. */
  readonly what: string;
  readonly standard: string;
  readonly hint: string;
}

/** Of a certificate or a request: clients refuse those of more than a hundredth of it. */
const MOST_BYTES = 1024 * 1024;

export function refuseHuge(der: Uint8Array): Uint8Array {
  if (der.length <= MOST_BYTES) return der;
  const message = `it has ${der.length} bytes, and more than ${MOST_BYTES} are not read`;
  throw new LocalCaError('LOCAL_CA_DER_INVALID', message, 'Check that it is the right file.');
}

export function readOrExplain<T>({ code, what, standard, hint }: Readable, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    const why = cause instanceof LocalCaError ? cause.message : `its structure is not that of ${standard}`;
    throw new LocalCaError(code, `${what} cannot be read: ${why}`, hint, { cause });
  }
}
