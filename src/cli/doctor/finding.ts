/** What a check of the home is given, and what it finds. */
import type { CertificateAuthority } from '../../authority/authority.ts';
import type { Ambient } from '../../core/ambient.ts';
import type { Home } from '../../store/home.ts';
import type { Exclusively } from '../../store/lock.ts';
import type { AuthorityRecord } from '../../store/store.ts';

/** A note says what may be as it should: it is no reason for an exit code. */
type Severity = 'error' | 'warning' | 'note';

export interface Finding {
  readonly severity: Severity;
  /** Names the thing. */
  readonly message: string;
  /** What to do about it. */
  readonly hint: string;
  /** Does it, as far as a program may, and says what it did. */
  readonly repair?: () => Promise<string> | string;
}

export interface Patient {
  readonly home: Home;
  readonly ca: CertificateAuthority;
  readonly authorities: readonly AuthorityRecord[];
  readonly ambient: Ambient;
  /** Keeps others from their work, and undoes nothing that they left, as the home's own way does. */
  readonly locked: Exclusively;
  /** Of the CA's keys, where it was given. */
  readonly passphrase: string | undefined;
}

export interface Check {
  readonly name: string;
  /** What it makes sure of. */
  readonly about: string;
  readonly run: (patient: Patient) => Promise<readonly Finding[]> | readonly Finding[];
}

export const error = (message: string, hint: string, repair?: Finding['repair']): Finding =>
  finding('error', message, hint, repair);

export const warning = (message: string, hint: string, repair?: Finding['repair']): Finding =>
  finding('warning', message, hint, repair);

export const note = (message: string, hint: string): Finding => finding('note', message, hint, undefined);

const finding = (severity: Severity, message: string, hint: string, repair: Finding['repair']): Finding => ({
  severity,
  message,
  hint,
  ...(repair === undefined ? {} : { repair }),
});

export const REPAIRABLE = 'local-ca doctor --repair does it.';
