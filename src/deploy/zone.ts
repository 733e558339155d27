/** Time zones with what every runtime has, `Intl`: which there are, what a clock shows there, and when it shows that. */
import { nearNames } from '../core/near.ts';
import { quote } from '../core/text.ts';
import { LocalCaError } from '../errors.ts';

/** A zone's name as it is kept: `local`, or none, is the machine's own. Throws LOCAL_CA_TIME_ZONE_UNKNOWN. */
export function resolveTimeZone(name = 'local'): string {
  const given = name.trim();
  if (given.toLowerCase() === 'local') return machineZone();
  const known = formatterOf(given).resolvedOptions().timeZone;
  // Node 20 would call Asia/Kolkata by its former name: keep what people know it by.
  return known.toLowerCase() === given.toLowerCase() ? known : given;
}

/** With a TZ that names no zone, Node has none to tell. */
function machineZone(): string {
  const own: string | undefined = new Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (own !== undefined) return own;
  throw unknownZone("the machine's own time zone is unknown", 'Give one by its name, like Europe/Berlin or UTC.');
}

const unknownZone = (message: string, hint: string, cause?: unknown) =>
  new LocalCaError('LOCAL_CA_TIME_ZONE_UNKNOWN', message, hint, { cause });

function formatterOf(timeZone: string): Intl.DateTimeFormat {
  try {
    // Newer runtimes take +02:00 too: with it, a window would be off by an hour for half of the year.
    if (!/^[a-z]/i.test(timeZone)) throw new RangeError('not the name of a time zone');
    return new Intl.DateTimeFormat('en-US', { ...NUMERIC, timeZone });
  } catch (cause) {
    throw unknownZone(`there is no time zone ${quote(timeZone)}`, hintFor(timeZone), cause);
  }
}

const NUMERIC = {
  calendar: 'iso8601',
  numberingSystem: 'latn',
  hourCycle: 'h23',
  year: 'numeric',
  month: 'numeric',
  day: 'numeric',
  hour: 'numeric',
  minute: 'numeric',
  second: 'numeric',
} as const;

const MOST_SUGGESTIONS = 4;

/** People remember the city, and type a space for the underscore. */
function hintFor(wanted: string): string {
  const place = wanted.replaceAll(' ', '_');
  const zones = Intl.supportedValuesOf('timeZone');
  const cityOf = (zone: string) => zone.slice(zone.lastIndexOf('/') + 1);
  const near = zones.filter((zone) => nearNames(place, [zone]).length > 0 || isCity(cityOf(place), cityOf(zone)));
  if (near.length === 0) return 'Use a name like Europe/Berlin, or UTC, or local.';
  return `Did you mean ${near.slice(0, MOST_SUGGESTIONS).join(' or ')}?`;
}

/** Three letters differ from many a city by two. */
const isCity = (wanted: string, city: string) => wanted.length > 4 && nearNames(wanted, [city]).length > 0;

const DAY = 86_400_000;

/**
 * A clock on the wall of a zone. What it shows ("wall") is written as the milliseconds at which a clock in UTC would
 * show the same.
 */
export interface Clock {
  wallAt(instant: number): number;
  /**
   * When it shows that. What it shows twice, as summer time ends, is the first time; what it skips comes as much later
   * as it skips: Temporal's "compatible".
   */
  instantOf(wall: number): number;
  /** The first instant after a skip, for a wall time that was skipped. */
  afterSkip(wall: number): number;
}

/** Throws LOCAL_CA_TIME_ZONE_UNKNOWN, since an inventory may come from a system that knew more zones. */
export function clockOf(timeZone: string): Clock {
  const formatter = formatterOf(timeZone);
  const wallAt = (instant: number) => {
    const parts: Partial<Record<Intl.DateTimeFormatPartTypes, number>> = {};
    for (const { type, value } of formatter.formatToParts(instant)) parts[type] = Number(value);
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
    return Date.UTC(year, month - 1, day, hour, minute, second);
  };
  /** With the offsets that hold a day before and after: no zone changes twice in so short a time. */
  const candidates = (wall: number) =>
    [wall - DAY, wall + DAY].map((near) => wall - (wallAt(near) - near)) as [number, number];
  const instantOf = (wall: number) => {
    const [before, after] = candidates(wall);
    const shown = [before, after].filter((instant) => wallAt(instant) === wall);
    return shown.length === 0 ? before : Math.min(...shown);
  };
  const afterSkip = (wall: number) => {
    // The skip is between them, at a whole second.
    const [late, early] = candidates(wall).map((instant) => instant / 1000) as [number, number];
    return bisect(early, late, (second) => wallAt(second * 1000) > wall) * 1000;
  };
  return { wallAt, instantOf, afterSkip };
}

/** The first whole number after `low`, up to `high`, from which on `holds`. */
function bisect(low: number, high: number, holds: (value: number) => boolean): number {
  if (high - low <= 1) return high;
  const middle = Math.floor((low + high) / 2);
  return holds(middle) ? bisect(low, middle, holds) : bisect(middle, high, holds);
}
