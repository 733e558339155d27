import { LocalCaError } from '../errors.ts';

/** Runs a reader, and gives one clear error for whatever a damaged file makes the layers below it throw. */
export function reading<T>(format: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof LocalCaError && cause.code !== 'LOCAL_CA_DER_INVALID') throw cause;
    throw damaged(
      format,
      cause instanceof LocalCaError ? cause.message : 'its structure is not that of the format',
      cause,
    );
  }
}

export const damaged = (format: string, why: string, cause?: unknown) =>
  new LocalCaError(
    'LOCAL_CA_KEYSTORE_INVALID',
    `the ${format} file cannot be read: ${why}`,
    'Copy the file again in binary mode, or export it again from where it came.',
    { cause },
  );
