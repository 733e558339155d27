/** Says of a certificate that it no longer counts. What clients learn of it is what the next list says: `lists.ts`. */
import { checkOptions, type OptionKinds } from '../core/option-kinds.ts';
import { findReason, mayBecome, type RevocationReason } from '../core/reasons.ts';
import { quote } from '../core/text.ts';
import { isoTime, wholeSecond } from '../core/time.ts';
import { LocalCaError } from '../errors.ts';
import type { AuthorityRecord, CertificateRecord, Revocation } from '../store/store.ts';
import { findAuthority } from './find-authority.ts';
import type { Workplace } from './workplace.ts';

/** For `CertificateAuthority.revoke`. */
export interface RevokeOptions {
  /** `unspecified` unless given (RFC 5280 5.3.1). */
  reason?: RevocationReason | undefined;
  /** Since when its key may have been in other hands, where that is known. */
  invalidSince?: Date | undefined;
}

const REVOKE_OPTIONS: OptionKinds<RevokeOptions> = { reason: 'string', invalidSince: 'date' };

/** What can be revoked: a certificate, or an authority that was replaced. */
export interface Revocable {
  readonly serial: string;
  /** What people call it: a certificate's label, an authority's name. */
  readonly name: string;
  readonly kind: 'certificate' | 'intermediate' | 'root';
  readonly certificate: Uint8Array;
  readonly revocation: Revocation | null;
}

/** Marks a certificate or an authority as revoked. */
export async function revoke(work: Workplace, labelOrSerial: string, options: RevokeOptions): Promise<Revocable> {
  checkOptions(options, REVOKE_OPTIONS);
  // Of two who revoke it at once, the second has to see what the first said.
  return work.home.exclusively(async () => {
    const what = await findRevocable(work, labelOrSerial);
    return setRevocation(work, what, 'revoke', newRevocation(what, options, work.ambient.now()));
  });
}

/** Takes it off hold. */
export function release(work: Workplace, labelOrSerial: string): Promise<Revocable> {
  return work.home.exclusively(async () => {
    const what = await findRevocable(work, labelOrSerial);
    assertOnHold(what);
    return setRevocation(work, what, 'release', null);
  });
}

async function setRevocation(
  work: Workplace,
  what: Revocable,
  action: string,
  revocation: Revocation | null,
): Promise<Revocable> {
  const { serial, name, kind } = what;
  const detail = revocation === null ? name : `${name} (${revocation.reason})`;
  await work.home.store.write([
    { kind: 'revocation', serial, revocation },
    { kind: 'event', event: { at: work.ambient.now(), action, serial, detail } },
  ]);
  if (kind !== 'certificate') await work.reload();
  return { ...what, revocation };
}

/** Throws for what cannot be revoked here: another CA's certificates, and the authorities that sign now. */
export async function findRevocable(work: Workplace, labelOrSerial: string): Promise<Revocable> {
  const authority = await findAuthority(work.home.store, labelOrSerial);
  if (authority === undefined) return revocableCertificate(await work.get(labelOrSerial));
  return revocableAuthority(work, authority);
}

function revocableAuthority({ chain }: Workplace, authority: AuthorityRecord): Revocable {
  const { id: serial, name, role: kind, certificate, revocation } = authority;
  if (!chain.some(({ id }) => id === serial)) return { serial, name, kind, certificate, revocation };
  throw new LocalCaError(
    'LOCAL_CA_NOT_REVOCABLE',
    `${quote(name)} (${serial}) signs certificates now, and cannot be revoked`,
    `Replace it first: local-ca renew --ca ${kind} --new-key`,
  );
}

function revocableCertificate(record: CertificateRecord): Revocable {
  const { serial, label: name, certificate, revocation, issuerId } = record;
  if (issuerId !== null) return { serial, name, kind: 'certificate', certificate, revocation };
  throw new LocalCaError(
    'LOCAL_CA_NOT_REVOCABLE',
    `the certificate ${serial} of ${quote(name)} was signed by another CA, which alone can revoke it`,
    'Ask that CA.',
  );
}

/** Throws LOCAL_CA_REVOKED for what is revoked already, unless it may get another reason; since when it is revoked stays. */
function newRevocation(what: Revocable, options: RevokeOptions, now: Date): Revocation {
  const reason = findReason(options.reason ?? 'unspecified');
  const { revocation: before } = what;
  if (before !== null && !mayBecome(before.reason, reason)) throw revokedAlready(what, before);
  const invalidSince = checkInvalidSince(options.invalidSince, now) ?? before?.invalidSince ?? null;
  return { at: before?.at ?? wholeSecond(now), reason, invalidSince };
}

const revokedAlready = ({ name, serial }: Revocable, { at, reason }: Revocation) =>
  new LocalCaError(
    'LOCAL_CA_REVOKED',
    `${quote(name)} (${serial}) was revoked on ${isoTime(at).slice(0, 10)} already (${reason})`,
    reason === 'certificateHold'
      ? 'Give another --reason to revoke it for good, or --release to take it off hold.'
      : `${whatElse(reason)} An older certificate of that label is revoked by its serial.`,
  );

const whatElse = (reason: RevocationReason) =>
  mayBecome(reason, 'keyCompromise')
    ? 'There is nothing to do, unless its key was stolen: then add --reason keyCompromise.'
    : 'There is nothing to do.';

/** A list could not say what is to come, and X.509 has no dates before 1950. */
function checkInvalidSince(date: Date | undefined, now: Date): Date | null {
  if (date === undefined) return null;
  const time = date.getTime();
  if (time >= Date.UTC(1950, 0, 1) && time <= now.getTime()) return wholeSecond(date);
  throw new LocalCaError(
    'LOCAL_CA_VALIDITY_INVALID',
    `it cannot be invalid since ${Number.isNaN(time) ? 'what is not a date' : isoTime(date)}`,
    'Give a date that is past.',
  );
}

/** Throws LOCAL_CA_NOT_ON_HOLD for anything but a certificate on hold: every other revocation is final. */
function assertOnHold({ name, serial, revocation }: Revocable): void {
  if (revocation?.reason === 'certificateHold') return;
  const why = revocation === null ? 'it is not revoked' : `it was revoked for good (${revocation.reason})`;
  throw new LocalCaError(
    'LOCAL_CA_NOT_ON_HOLD',
    `${quote(name)} (${serial}) cannot be released: ${why}`,
    'Only what was revoked with --reason certificateHold can be released.',
  );
}
