/** The states of a deployment: which there are, what they are called, and how a target gets from one to another. */
import { attempt } from '../core/attempt.ts';
import type { DeploymentState, TargetRecord } from '../store/store.ts';
import { parseWindow, windowAt } from './window.ts';

/** As the console of a cloud's database has them. */
const STATE_WORDS: Readonly<Record<DeploymentState, string>> = {
  'not-enabled': 'Not enabled',
  waiting: 'Waiting for the window',
  'in-progress': 'In progress',
  enabled: 'Enabled',
  updating: 'Updating',
  disabling: 'Disabling',
  disabled: 'Disabled',
};

/** What there is to do with a target. */
export type Work = 'enable' | 'update' | 'disable';

/** The state of a target while it is worked on. */
export const DURING: Readonly<Record<Work, DeploymentState>> = {
  enable: 'in-progress',
  update: 'updating',
  disable: 'disabling',
};

const UNDER_WAY: readonly DeploymentState[] = Object.values(DURING);

/** What is found so while nobody holds its lock was cut short. */
export const isUnderWay = ({ state }: TargetRecord): boolean => UNDER_WAY.includes(state);

/** Nothing of it is in its folder. */
export const isAbsent = (target: TargetRecord): boolean => target.serial === null && !isUnderWay(target);

/** The state between two pieces of work. */
export const settledState = ({ serial }: TargetRecord): DeploymentState =>
  serial === null ? 'not-enabled' : 'enabled';

/** The same target in another state, or in the same one since as long as before. */
export const moved = (
  target: TargetRecord,
  state: DeploymentState,
  now: Date,
  changes: Partial<TargetRecord> = {},
): TargetRecord => ({ ...target, ...changes, state, since: state === target.state ? target.since : now });

/** When the window of a target is open, or opens next; undefined when it has none. */
export function windowOf({ window, timeZone }: TargetRecord, now: Date) {
  return window === null ? undefined : windowAt(parseWindow(window, timeZone ?? undefined), now);
}

/** For people, in short. */
export const stateWords = ({ state }: TargetRecord): string => STATE_WORDS[state];

/** With what it waits for: `Waiting for the window (17:00-18:00 Europe/Berlin, opens 2026-11-22 17:00)`. */
export function describeState(target: TargetRecord, now: Date): string {
  const words = stateWords(target);
  // This machine may not know the time zone.
  const window = target.state === 'waiting' ? attempt(() => windowOf(target, now)) : undefined;
  if (window === undefined) return words;
  const when = window.open ? 'open now' : `opens ${wallTime(window.opensAt, target.timeZone ?? 'UTC')}`;
  return `${words} (${target.window} ${target.timeZone}, ${when})`;
}

/** `2026-11-22 17:00`, as a clock on the wall of that zone shows it. */
const wallTime = (at: Date, timeZone: string): string =>
  // Sweden writes dates as ISO 8601 does.
  new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'short' }).format(at);
