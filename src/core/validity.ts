/** How long a certificate lives: days or dates in, two whole seconds out, and what clients think of the span. */
import { LocalCaError } from '../errors.ts';
import { isoDay, wholeSecond } from './time.ts';

/** What was done, though some clients will not like it. */
export interface Warning {
  /** Stable, kebab-case. */
  readonly code: string;
  readonly message: string;
}

export interface ValidityOptions {
  /** Whole days from now; 365 for a leaf, 3650 for a root, 1825 for an intermediate. */
  days?: number | undefined;
  /** Instead of days: from and to. A past period is allowed, since tests want expired certificates. */
  notBefore?: Date | undefined;
  notAfter?: Date | undefined;
}

const DAY = 86_400_000;
/** For clocks that run behind ours. */
const BACKDATE = 5 * 60_000;
const LAST_INSTANT = Date.UTC(9999, 11, 31, 23, 59, 59);
/** Apple refuses more than 825 days even from a private CA; 398 is the limit for public ones. */
const REFUSED_ABOVE = 825;
const WARNED_ABOVE = 398;

export interface Validity {
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** A validity that somebody asked for. */
export interface RequestedValidity extends Validity {
  /** Whether the start was given, and not just "now, a little backdated". */
  readonly startGiven: boolean;
}

const validityError = (message: string, hint: string) => new LocalCaError('LOCAL_CA_VALIDITY_INVALID', message, hint);

export function normalizeValidity(options: ValidityOptions, defaultDays: number, now: Date): RequestedValidity {
  const { days, notBefore, notAfter } = options;
  if (days !== undefined && notAfter !== undefined) {
    throw validityError('both days and notAfter were given', 'Give one of them.');
  }
  const start = wholeSecond(notBefore ?? new Date(now.getTime() - BACKDATE));
  const end = notAfter === undefined ? endAfter(start, notBefore ?? now, days ?? defaultDays) : wholeSecond(notAfter);
  if (Number.isNaN(start.getTime()) || Number.isNaN(end.getTime())) {
    const which = Number.isNaN(start.getTime()) ? 'notBefore' : 'notAfter';
    throw validityError(`${which} is not a date`, 'Write it like 2026-11-22 or 2026-11-22T10:00:00Z.');
  }
  if (end <= start) {
    throw validityError(
      `the validity ends (${end.toISOString()}) before it starts (${start.toISOString()})`,
      'Give an end after the start.',
    );
  }
  if (start.getTime() < Date.UTC(1950, 0, 1) || end.getTime() > LAST_INSTANT) {
    throw validityError('the validity is outside the years 1950 to 9999', 'X.509 has no dates beyond them.');
  }
  return { notBefore: start, notAfter: end, startGiven: notBefore !== undefined };
}

function endAfter(start: Date, from: Date, days: number): Date {
  if (!Number.isInteger(days) || days < 1) {
    throw validityError(`${days} is not a number of days`, 'Give a whole number from 1 on.');
  }
  const end = from.getTime() + days * DAY;
  if (end > LAST_INSTANT) throw validityError(`${days} days end after the year 9999`, 'X.509 has no later dates.');
  // Clients count from notBefore, and the last second counts too: 825 days may not become 825 days and five minutes.
  const limit = [WARNED_ABOVE, REFUSED_ABOVE].find((most) => days === most);
  return wholeSecond(new Date(limit === undefined ? end : Math.min(end, start.getTime() + limit * DAY - 1000)));
}

export function lifeWarnings({ notBefore, notAfter }: Validity, force: boolean): Warning[] {
  const days = Math.floor((notAfter.getTime() - notBefore.getTime()) / DAY);
  if (days > REFUSED_ABOVE && !force) {
    throw validityError(
      `a life of ${days} days is refused by Apple's clients, which stop at ${REFUSED_ABOVE}`,
      `Give at most ${REFUSED_ABOVE} days, or --force if no such client will connect.`,
    );
  }
  if (days <= WARNED_ABOVE) return [];
  const message = `a life of ${days} days is longer than ${WARNED_ABOVE}: some clients refuse it, and a stolen key stays useful longer`;
  return [{ code: 'long-life', message }];
}

/**
 * Cuts a leaf's life to its issuer's. A start that was asked for stays, even before the issuer's: tests want certificates
 * that expired before their CA was made.
 */
export function capValidity<T extends RequestedValidity & { readonly warnings: readonly Warning[] }>(
  request: T,
  issuer: Validity,
): T {
  const earliest = request.startGiven ? request.notBefore.getTime() : issuer.notBefore.getTime();
  const notBefore = new Date(Math.max(request.notBefore.getTime(), earliest));
  if (request.notAfter <= issuer.notAfter) return { ...request, notBefore };
  const { notAfter } = issuer;
  if (notAfter <= notBefore) {
    throw validityError(
      `the validity starts on ${notBefore.toISOString()}, when the CA has expired`,
      `The CA is valid until ${notAfter.toISOString()}.`,
    );
  }
  const message = `the life was cut to end with the CA, on ${isoDay(notAfter)}`;
  return { ...request, notBefore, notAfter, warnings: [...request.warnings, { code: 'capped', message }] };
}
