/** Maintenance windows: the hours of the day, and the days of the week, at which a server may be touched. */
import { quote } from '../core/text.ts';
import { LocalCaError } from '../errors.ts';
import { type Clock, clockOf, resolveTimeZone } from './zone.ts';

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const;
type DayName = (typeof DAYS)[number];

/** A plain record, fit to be kept as JSON. */
export interface Window {
  /** The days on which it opens; it may close on the next. */
  readonly days: readonly DayName[];
  /** Minutes of the day. An end that is not after the start is on the next day; 1440 is midnight at the day's end. */
  readonly start: number;
  readonly end: number;
  /** An IANA name. */
  readonly timeZone: string;
}

const DAY = 86_400_000;
const MINUTE = 60_000;
const MIDNIGHT = 24 * 60;

const invalid = (message: string) =>
  new LocalCaError(
    'LOCAL_CA_WINDOW_INVALID',
    message,
    'Write it like 17:00-18:00, 23:00-02:00 or "Sat,Sun 02:00-04:00"; all day is 00:00-24:00.',
  );

// --- reading and writing ---------------------------------------------------------------------------------------

/**
 * Reads `17:00-18:00` or `Mon-Fri,Sun 23:00-02:00`. The zone is the machine's own unless given. Throws
 * LOCAL_CA_WINDOW_INVALID and LOCAL_CA_TIME_ZONE_UNKNOWN.
 */
export function parseWindow(text: string, timeZone?: string): Window {
  const match = /^(?:(?<days>[a-z][a-z,–\s-]*)\s)?(?<start>[^-–\s]+)\s*[-–]\s*(?<end>[^-–\s]+)$/i.exec(text.trim());
  const { days, start: from = '', end: to = '' } = match?.groups ?? {};
  if (match === null) throw invalid(`${quote(text)} is not a window with a start and an end`);
  const [start, end] = [minutesOf(from, text), minutesOf(to, text)];
  if (start === MIDNIGHT) throw invalid(`the window ${quote(text)} starts at the end of a day`);
  if (start === end) throw invalid(`the window ${quote(text)} ends when it starts`);
  return { days: days === undefined ? DAYS : daysOf(days, text), start, end, timeZone: resolveTimeZone(timeZone) };
}

function minutesOf(time: string, text: string): number {
  const match = /^(\d{1,2}):(\d{2})$/.exec(time);
  const minutes = Number(match?.[1]) * 60 + Number(match?.[2]);
  if (match !== null && Number(match[2]) < 60 && minutes <= MIDNIGHT) return minutes;
  throw invalid(`${quote(time)} in the window ${quote(text)} is not a time of the day`);
}

/** In the week's order, each once. */
function daysOf(list: string, text: string): DayName[] {
  const wanted = list.split(',').flatMap((item) => {
    const [first = 0, last = first] = item.split(/[-–]/).map((name) => dayOf(name.trim(), text));
    const length = ((last - first + 7) % 7) + 1;
    return Array.from({ length }, (_, i) => (first + i) % 7);
  });
  return DAYS.filter((_, day) => wanted.includes(day));
}

/** `Sat`, or the whole word. */
function dayOf(name: string, text: string): number {
  const found = WEEKDAYS.findIndex((whole) => [whole, whole.slice(0, 3)].includes(name.toLowerCase()));
  if (found !== -1) return found;
  throw invalid(`${quote(name)} in the window ${quote(text)} is not a day of the week`);
}

const WEEKDAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];

/** `Sat,Sun 02:00-04:00 (Europe/Berlin)`, for people. */
export function formatWindow({ days, start, end, timeZone }: Window): string {
  const which = days.length === DAYS.length ? '' : `${mondayFirst(days).join(',')} `;
  return `${which}${timeText(start)}-${timeText(end)} (${timeZone})`;
}

/** How long it is open, on a day on which no clock is changed. */
export const lengthOf = ({ start, end }: Window): number => (end > start ? end - start : end + MIDNIGHT - start);

const mondayFirst = (days: readonly DayName[]) => [...DAYS.slice(1), DAYS[0]].filter((day) => days.includes(day));

const timeText = (minutes: number) =>
  [Math.floor(minutes / 60), minutes % 60].map((part) => String(part).padStart(2, '0')).join(':');

// --- open or closed --------------------------------------------------------------------------------------------

/** Open, and until when; or closed, and when it opens next. */
export type WindowState =
  | { readonly open: true; readonly until: Date }
  | { readonly open: false; readonly opensAt: Date };

/** How far ahead of now it looks for the end of windows that follow each other without a gap. */
const MOST_DAYS_OPEN = 8;

/** Whether a window is open. The instant at which it ends is outside. */
export function windowAt(window: Window, now: Date): WindowState {
  const clock = clockOf(window.timeZone);
  const today = Math.floor(clock.wallAt(now.getTime()) / DAY);
  let until: number | undefined;
  // Yesterday's may still be open; and yesterday was the day before the last where a zone left a day out.
  for (let day = today - 2; ; day++) {
    const period = periodOf(window, day, clock);
    if (period === undefined || period.end <= now.getTime()) continue;
    if (until === undefined && period.start > now.getTime()) return { open: false, opensAt: new Date(period.start) };
    if (until !== undefined && (period.start > until || day > today + MOST_DAYS_OPEN)) break;
    until = period.end;
  }
  return { open: true, until: new Date(until) };
}

interface Period {
  readonly start: number;
  readonly end: number;
}

/** The window that opens on this day, counted from 1970; undefined on other days of the week. */
function periodOf({ days, start, end }: Window, day: number, clock: Clock): Period | undefined {
  // 1 January 1970 was a Thursday.
  const name = DAYS[(((day + 4) % 7) + 7) % 7] as DayName;
  if (!days.includes(name)) return undefined;
  const opens = day * DAY + start * MINUTE;
  const closes = (end > start ? day : day + 1) * DAY + end * MINUTE;
  const period = { start: clock.instantOf(opens), end: clock.instantOf(closes) };
  // Samoa had no 30 December 2011, and a window of Fridays is not for the Saturday.
  if (clock.wallAt(period.start) - opens >= DAY) return undefined;
  // Put off by an hour, a start may pass the end, which came after the skip: what is left of the window is before that.
  return period.start < period.end ? period : { start: clock.afterSkip(opens), end: period.end };
}
