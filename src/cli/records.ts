/** Inventory records as the command line shows them; the JSON keys are a contract. */
import { resolve } from 'node:path';
import { isDue } from '../core/duration.ts';
import { isoTime } from '../core/time.ts';
import type { Warning } from '../core/validity.ts';
import type { AuditEvent, AuthorityRecord, CertificateRecord, Revocation } from '../store/store.ts';

export type ShownState = 'valid' | 'due' | 'expired' | 'revoked' | 'superseded';

const DAY = 86_400_000;

export function stateOf(record: CertificateRecord, now: Date): ShownState {
  if (record.state !== 'valid') return record.state;
  if (record.notAfter <= now) return 'expired';
  return isDue(record, undefined, now) ? 'due' : 'valid';
}

/** Rounded up: what was issued a moment ago for 365 days has 365 left. */
const daysLeft = (end: Date, now: Date) => Math.ceil((end.getTime() - now.getTime()) / DAY);

/** "365 days left", "ended 3 days ago". */
export function timeLeft(end: Date, now: Date): string {
  const left = daysLeft(end, now);
  const count = (n: number) => `${n} ${n === 1 ? 'day' : 'days'}`;
  return left > 0 ? `${count(left)} left` : `ended ${count(-left)} ago`;
}

export const recordJson = (record: CertificateRecord) => ({
  label: record.label,
  serial: record.serial,
  profile: record.profile,
  template: record.template,
  names: record.names,
  keyType: record.keyType,
  notBefore: isoTime(record.notBefore),
  notAfter: isoTime(record.notAfter),
  fingerprintSha256: record.fingerprintSha256,
});

export const statedJson = (record: CertificateRecord, now: Date) => ({
  ...recordJson(record),
  state: stateOf(record, now),
});

/** A certificate, or an authority. */
interface Revoked {
  readonly revocation: Revocation | null;
}

export function revokedText({ revocation }: Revoked): string | undefined {
  if (revocation === null) return undefined;
  const { at, reason, invalidSince } = revocation;
  return `${isoTime(at)} (${reason})${invalidSince === null ? '' : `, invalid since ${isoTime(invalidSince)}`}`;
}

export const revocationJson = ({ revocation }: Revoked) =>
  revocation && {
    at: isoTime(revocation.at),
    reason: revocation.reason,
    invalidSince: revocation.invalidSince && isoTime(revocation.invalidSince),
  };

export const eventText = ({ at, action, serial }: AuditEvent): string =>
  `${isoTime(at)}  ${action.padEnd(8)}  ${serial}`;

export const eventJson = ({ at, action, serial, detail }: AuditEvent) => ({ at: isoTime(at), action, serial, detail });

export interface DeliveredFile {
  readonly path: string;
  readonly mode: string;
  readonly secret: boolean;
}

export interface Delivered {
  readonly files: readonly DeliveredFile[];
  readonly zip: string | null;
}

/** Paths are absolute: a script may have another working folder. */
export const deliveredJson = ({ files, zip }: Delivered) => ({
  files: files.map((file) => ({ ...file, path: resolve(file.path) })),
  zip: zip === null ? null : resolve(zip),
});

/** The same for a person, one to a line, as they were asked for. */
export const deliveredPaths = ({ files, zip }: Delivered): string =>
  [...files.map((file) => file.path), ...(zip === null ? [] : [zip])].join('\n');

/** What a template has to say about its files, beside what the certificate's own warnings are. */
export const templateWarnings = (messages: readonly string[]): Warning[] =>
  messages.map((message) => ({ code: 'template', message }));

export const issuedJson = (record: CertificateRecord, delivered: Delivered, warnings: readonly Warning[]) => ({
  ...recordJson(record),
  ...deliveredJson(delivered),
  warnings,
});

export const authorityJson = (
  authority: AuthorityRecord,
  facts: { readonly notAfter: Date; readonly fingerprintSha256: string },
  path: string,
) => ({
  serial: authority.id,
  notAfter: isoTime(facts.notAfter),
  fingerprintSha256: facts.fingerprintSha256,
  certificate: path,
});
