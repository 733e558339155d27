/** Why a certificate is revoked, as a table (CRLReason, RFC 5280 5.3.1). */
import { LocalCaError } from '../errors.ts';
import { quote } from './text.ts';

interface ReasonRow {
  readonly name: string;
  /** As a revocation list writes it; there is no 7. */
  readonly code: number;
  readonly title: string;
}

const ROWS = [
  { name: 'unspecified', code: 0, title: 'No reason is given' },
  { name: 'keyCompromise', code: 1, title: 'The private key was stolen, lost or seen by others' },
  { name: 'cACompromise', code: 2, title: 'The private key of a CA was stolen, lost or seen by others' },
  { name: 'affiliationChanged', code: 3, title: 'Its holder has another name, or belongs elsewhere now' },
  { name: 'superseded', code: 4, title: 'Another certificate took its place' },
  { name: 'cessationOfOperation', code: 5, title: 'What it was for is no longer run' },
  { name: 'certificateHold', code: 6, title: 'On hold: it may be released again' },
  { name: 'removeFromCRL', code: 8, title: 'Released from hold' },
  { name: 'privilegeWithdrawn', code: 9, title: 'Its holder may no longer do what it permits' },
  { name: 'aACompromise', code: 10, title: 'An attribute authority was compromised' },
] as const satisfies readonly ReasonRow[];

export type RevocationReason = (typeof ROWS)[number]['name'];

/** Those that a person may give. A list that is not a delta never says removeFromCRL: what is released is left out. */
export const REVOCATION_REASONS = ROWS.filter((row) => row.name !== 'removeFromCRL');

/**
 * The reason that a person named: `keyCompromise`, `key-compromise` in any case, and `hold` for short. Throws
 * LOCAL_CA_REASON_UNKNOWN.
 */
export function findReason(text: string): RevocationReason {
  const wanted = text
    .replaceAll('-', '')
    .toLowerCase()
    .replace(/^hold$/, 'certificatehold');
  const found = REVOCATION_REASONS.find((row) => row.name.toLowerCase() === wanted);
  if (found !== undefined) return found.name;
  throw new LocalCaError(
    'LOCAL_CA_REASON_UNKNOWN',
    `unknown reason ${quote(text)} for a revocation`,
    `Use one of: ${REVOCATION_REASONS.map((row) => row.name).join(', ')}.`,
  );
}

/** In rising order: the last alone says that this very key was stolen. */
const COMPROMISES: readonly RevocationReason[] = ['cACompromise', 'keyCompromise'];

/** Whether what is revoked may still get another reason: a theft is often found out later than all else. */
export const mayBecome = (before: RevocationReason, reason: RevocationReason): boolean =>
  before === 'certificateHold'
    ? reason !== 'certificateHold'
    : COMPROMISES.indexOf(reason) > COMPROMISES.indexOf(before);

/** Undefined for a code that RFC 5280 does not have. */
export const reasonOfCode = (code: number): RevocationReason | undefined => ROWS.find((row) => row.code === code)?.name;

export const codeOfReason = (reason: RevocationReason): number =>
  (ROWS.find((row) => row.name === reason) as ReasonRow).code;
