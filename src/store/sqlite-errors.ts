/** What SQLite's result codes (sqlite.org/rescode.html) mean to a person with an inventory. */
import { type ErrorCode, LocalCaError } from '../errors.ts';

const SEE_BACKUP = 'Restore the home folder from a backup.';
const SEE_OWNER = 'Check who owns the file and the folder that it is in, and that the disk can be written.';

const RESULTS: Record<number, { code: ErrorCode; what: string; hint: string }> = {
  5: {
    code: 'LOCAL_CA_STORE_FAILED',
    what: 'another process has been writing for too long',
    hint: 'Try again when it has finished.',
  },
  8: { code: 'LOCAL_CA_STORE_FAILED', what: 'it may only be read', hint: SEE_OWNER },
  10: { code: 'LOCAL_CA_STORE_FAILED', what: 'the disk failed', hint: 'Check the disk, then try again.' },
  11: { code: 'LOCAL_CA_HOME_INVALID', what: 'the file is damaged', hint: SEE_BACKUP },
  13: { code: 'LOCAL_CA_STORE_FAILED', what: 'no space is left on the disk', hint: 'Free some space, then try again.' },
  14: { code: 'LOCAL_CA_STORE_FAILED', what: 'it cannot be opened', hint: SEE_OWNER },
  26: { code: 'LOCAL_CA_HOME_INVALID', what: 'the file is not an inventory', hint: SEE_BACKUP },
};

/** SQLite's extended result codes that the store looks for itself. */
export const CONSTRAINT = { foreignKey: 787, primaryKey: 1555, unique: 2067 } as const;

/** The extended result code of a failure in SQLite; undefined for any other error. */
export function resultCode(error: unknown): number | undefined {
  if (!(error instanceof Error)) return undefined;
  if ('rawCode' in error && typeof error.rawCode === 'number') return error.rawCode;
  // libsql leaves it out when the file cannot be opened, but for its message.
  const code = /^ConnectionFailed\(.*: (\d+)"\)$/s.exec(error.message)?.[1];
  return code === undefined ? undefined : Number(code);
}

/** A failure inside SQLite as LOCAL_CA_HOME_INVALID (a damaged file) or LOCAL_CA_STORE_FAILED. */
export function sqliteError(file: string, cause: unknown): LocalCaError {
  if (cause instanceof LocalCaError) return cause;
  // The low byte is the primary result code, the rest says more about it.
  const known = RESULTS[(resultCode(cause) ?? 0) & 0xff];
  return new LocalCaError(
    known?.code ?? 'LOCAL_CA_STORE_FAILED',
    `the inventory ${file} cannot be used: ${known?.what ?? (cause instanceof Error ? cause.message : String(cause))}`,
    known?.hint ?? 'Run the command again with --verbose to see the cause.',
    { cause },
  );
}
