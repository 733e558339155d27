/** Reminders for a calendar: iCalendar (RFC 5545), which every calendar program imports. */
import { isoTime } from './time.ts';

export interface CalendarEvent {
  /** Stable: the same reminder, exported again, replaces the one before (3.8.4.7). */
  readonly uid: string;
  /** An instant; or a whole day, the one that it is in UTC. */
  readonly start: Date;
  readonly wholeDay?: boolean;
  readonly summary: string;
  readonly description?: string;
  /** Days before the start on which to ring. */
  readonly alarmDays?: readonly number[];
}

/** A calendar of at least one event: an empty one is none (3.6). */
export function calendar(events: readonly CalendarEvent[], now: Date): string {
  const lines = [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'PRODID:-//local-ca//local-ca//EN',
    'CALSCALE:GREGORIAN',
    ...events.flatMap((event) => eventLines(event, now)),
    'END:VCALENDAR',
  ];
  return lines.map((line) => `${fold(line)}\r\n`).join('');
}

const eventLines = ({ uid, start, wholeDay, summary, description, alarmDays = [] }: CalendarEvent, now: Date) => [
  'BEGIN:VEVENT',
  `UID:${escapeText(uid)}`,
  `DTSTAMP:${utc(now)}`,
  wholeDay === true ? `DTSTART;VALUE=DATE:${utc(start).slice(0, 8)}` : `DTSTART:${utc(start)}`,
  `SUMMARY:${escapeText(summary)}`,
  ...(description === undefined ? [] : [`DESCRIPTION:${escapeText(description)}`]),
  // A reminder is no appointment: it makes nobody busy.
  'TRANSP:TRANSPARENT',
  ...alarmDays.flatMap((days) => alarmLines(days, summary)),
  'END:VEVENT',
];

const alarmLines = (days: number, summary: string) => [
  'BEGIN:VALARM',
  'ACTION:DISPLAY',
  `DESCRIPTION:${escapeText(summary)}`,
  `TRIGGER:-P${days}D`,
  'END:VALARM',
];

/** 20261122T170000Z (3.3.5). */
const utc = (date: Date) => isoTime(date).replace(/[-:]/g, '');

/** 3.3.11; it allows no control character but the tab. */
const escapeText = (text: string) =>
  text
    .replace(/\r\n?/g, '\n')
    .replace(/(?![\t\n])\p{Cc}/gu, '')
    .replace(/[\\;,]/g, '\\$&')
    .replaceAll('\n', '\\n');

const MOST_OCTETS = 75;

/** 3.1: no line of more than 75 octets; what goes on begins with a space. No character is cut in two. */
function fold(line: string): string {
  let folded = '';
  let octets = 0;
  for (const char of line) {
    const length = Buffer.byteLength(char);
    if (octets + length > MOST_OCTETS) {
      folded += '\r\n ';
      octets = 1;
    }
    folded += char;
    octets += length;
  }
  return folded;
}
