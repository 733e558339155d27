/** What is to be done with a target now, if anything: decided from its record, the clock, and what should stand there. */
import type { TargetRecord } from '../store/store.ts';
import { isAbsent, isUnderWay, type Work, windowOf } from './states.ts';

export type Step =
  | { readonly kind: 'nothing' }
  /** It failed, and is not tried again before this. */
  | { readonly kind: 'later'; readonly at: Date }
  /** For its window. */
  | { readonly kind: 'wait'; readonly until: Date }
  | { readonly kind: 'work'; readonly work: Work };

/** `upToDate`: what should stand in its folder does. A target that is to be disabled is not asked that. */
export function workFor(target: TargetRecord, upToDate: boolean): Work | undefined {
  if (target.wish === 'disabled') return target.state === 'disabled' ? undefined : 'disable';
  if (target.serial === null) return 'enable';
  // The server may not have been told of what stands there.
  return upToDate && !isUnderWay(target) ? undefined : 'update';
}

/** `atOnce`: without regard to the window, nor to earlier failures. */
export function planStep(target: TargetRecord, work: Work | undefined, now: Date, atOnce: boolean): Step {
  if (work === undefined) return { kind: 'nothing' };
  if (atOnce || (work === 'disable' && isAbsent(target))) return { kind: 'work', work };
  if (isAhead(target.retryAt, now)) return { kind: 'later', at: target.retryAt };
  // What was begun in the window and cut short is finished whenever that may be: files and server may differ.
  if (isUnderWay(target)) return { kind: 'work', work };
  const window = windowOf(target, now);
  if (window === undefined || window.open) return { kind: 'work', work };
  return { kind: 'wait', until: window.opensAt };
}

const FIRST_RETRY = 10 * 60_000;
const LAST_RETRY = 24 * 3_600_000;

/** What lies further ahead than any retry was written by a clock that was wrong. */
const isAhead = (retryAt: Date | null, now: Date): retryAt is Date =>
  retryAt !== null && retryAt > now && retryAt.getTime() - now.getTime() <= LAST_RETRY;

/** Ten minutes after the first failure, twice as long after each further one, and at most a day. */
export const retryAfter = (failures: number, now: Date): Date =>
  new Date(now.getTime() + Math.min(FIRST_RETRY * 2 ** (failures - 1), LAST_RETRY));
