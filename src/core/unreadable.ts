/** One shape for "this file cannot be read", whatever was being read: its own code, and the reason as the cause. */
import { type ErrorCode, LocalCaError } from '../errors.ts';

export interface Readable {
  readonly code: ErrorCode;
  /** As a message names it: `the certificate`. */
  readonly what: string;
  readonly standard: string;
  readonly hint: string;
}

export function readOrExplain<T>({ code, what, standard, hint }: Readable, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    const why = cause instanceof LocalCaError ? cause.message : `its structure is not that of ${standard}`;
    throw new LocalCaError(code, `${what} cannot be read: ${why}`, hint, { cause });
  }
}
