/** When a certificate is due for renewal: so long before its end, or when so much of its life is over. */
import { LocalCaError } from '../errors.ts';
import { quote } from './text.ts';
import type { Validity } from './validity.ts';

/** A time before the end; or the share of the life that may pass, from 0 to 1. */
export type Within = { readonly kind: 'time'; readonly ms: number } | { readonly kind: 'life'; readonly share: number };

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const UNITS: Readonly<Record<string, number>> = { h: HOUR, d: DAY, w: 7 * DAY };

/** Reads `30d`, `12h`, `2w` or `75%`. Throws LOCAL_CA_OPTION_INVALID. */
export function parseWithin(text: string): Within {
  const [, digits = '', unit = ''] = /^(\d{1,5})([hdw%])$/i.exec(text.trim()) ?? [];
  const amount = Number(digits);
  const ms = UNITS[unit.toLowerCase()];
  if (ms !== undefined) return { kind: 'time', ms: amount * ms };
  // With 0% everything would be due for ever, what was renewed a moment ago too.
  if (unit === '%' && amount > 0 && amount <= 100) return { kind: 'life', share: amount / 100 };
  throw new LocalCaError(
    'LOCAL_CA_OPTION_INVALID',
    `${quote(text)} is not a time before the end, nor a share of a life`,
    'Write it like 30d, 12h or 2w, or like 75% for when three quarters of its life are over.',
  );
}

/** By default 30 days before the end, or a third of its life if that is less. */
export function dueAt({ notBefore, notAfter }: Validity, within?: Within): Date {
  const life = notAfter.getTime() - notBefore.getTime();
  if (within?.kind === 'life') return new Date(notBefore.getTime() + within.share * life);
  return new Date(notAfter.getTime() - (within?.ms ?? Math.min(30 * DAY, life / 3)));
}

/** Expired ones are due too. */
export const isDue = (validity: Validity, within: Within | undefined, now: Date): boolean =>
  now.getTime() >= dueAt(validity, within).getTime();
