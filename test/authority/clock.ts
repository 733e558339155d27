/** A CA in memory whose clock is moved, for what a year brings. */
import { systemAmbient } from '../../src/ambient.ts';
import { CertificateAuthority } from '../../src/authority/authority.ts';
import type { Ambient } from '../../src/core/ambient.ts';
import type { AuthorityOptions } from '../../src/core/options.ts';
import { memoryHome } from '../../src/store/memory-home.ts';

export const DAY = 86_400_000;
export const START = Date.parse('2026-11-22T00:05:00Z');

class Clock {
  /** Since the start. */
  day = 0;
  readonly home = memoryHome();
  readonly ambient: Ambient = { ...systemAmbient, now: () => new Date(START + this.day * DAY) };
}

export async function make(options: AuthorityOptions = {}) {
  const clock = new Clock();
  const ca = await CertificateAuthority.create(clock.home, { name: 'Test CA', ...options }, clock.ambient);
  return { clock, ca };
}

/** Rounded: a start is a few minutes back. */
export const daysOf = ({ notBefore, notAfter }: { readonly notBefore: Date; readonly notAfter: Date }) =>
  Math.round((notAfter.getTime() - notBefore.getTime()) / DAY);
