import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { formatWindow, parseWindow, type Window, windowAt } from '../../src/deploy/window.ts';
import { must, needs } from '../support/peers.ts';
import { throwsCode } from '../support/throws.ts';

const EVERY_DAY = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const;

describe('a window is read', () => {
  const cases: readonly (readonly [text: string, zone: string, shown: string])[] = [
    ['17:00-18:00', 'Europe/Berlin', '17:00-18:00 (Europe/Berlin)'],
    [' 9:00 – 9:30 ', 'europe/berlin', '09:00-09:30 (Europe/Berlin)'],
    ['23:00-02:00', 'UTC', '23:00-02:00 (UTC)'],
    ['00:00-24:00', 'Asia/Kolkata', '00:00-24:00 (Asia/Kolkata)'],
    ['sat,SUN 02:00-04:00', 'America/Havana', 'Sat,Sun 02:00-04:00 (America/Havana)'],
    ['Fri-Mon, Wednesday 2:00-4:00', 'UTC', 'Mon,Wed,Fri,Sat,Sun 02:00-04:00 (UTC)'],
    ['Mon - Sun 2:00-4:00', 'UTC', '02:00-04:00 (UTC)'],
  ];
  for (const [text, zone, shown] of cases) {
    test(text, () => assert.equal(formatWindow(parseWindow(text, zone)), shown));
  }

  test('into a record that JSON keeps', () => {
    const window = parseWindow('23:00-02:30', 'UTC');
    assert.deepEqual(window, { days: EVERY_DAY, start: 1380, end: 150, timeZone: 'UTC' });
    assert.deepEqual(JSON.parse(JSON.stringify(window)), window);
  });

  test("in the machine's own zone unless told otherwise", () => {
    const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
    for (const zone of [undefined, 'local', 'Local']) {
      assert.equal(parseWindow('17:00-18:00', zone).timeZone, own);
    }
  });
});

describe('no window', () => {
  const cases: readonly (readonly [text: string, message: RegExp])[] = [
    ['25:00-26:00', /^"25:00" in the window "25:00-26:00" is not a time/],
    ['17:00-24:01', /"24:01"/],
    ['17:60-18:00', /"17:60"/],
    ['5pm-6pm', /"5pm"/],
    ['17-18', /"17" in the window/],
    ['17:00', /^"17:00" is not a window with a start and an end/],
    ['', /^"" is not a window/],
    ['17:00-18:00-19:00', /"18:00-19:00"|not a window/],
    ['17:00-17:00', /ends when it starts/],
    ['24:00-01:00', /starts at the end of a day/],
    ['Someday 17:00-18:00', /"Someday".* is not a day of the week/],
    ['Sat, 17:00-18:00', /"" in the window .* is not a day/],
  ];
  for (const [text, message] of cases) {
    test(JSON.stringify(text), () => throwsCode(() => parseWindow(text, 'UTC'), 'LOCAL_CA_WINDOW_INVALID', message));
  }
});

describe('no time zone', () => {
  const cases: readonly (readonly [zone: string, hint: RegExp])[] = [
    ['Berlin', /Did you mean Europe\/Berlin\?/],
    ['Europe/Brelin', /Did you mean Europe\/Berlin\?/],
    ['new york', /America\/New_York/],
    ['Europ/Pariss', /Europe\/Paris/],
    ['CEST', /Use a name like Europe\/Berlin/],
    ['Middle/Rivendell', /Use a name like/],
    ['', /Use a name like/],
    // A fixed offset would be an hour off for half of the year, and Node 20 does not know it.
    ['+02:00', /Use a name like/],
  ];
  for (const [zone, hint] of cases) {
    test(JSON.stringify(zone), () => {
      const parse = () => parseWindow('17:00-18:00', zone);
      throwsCode(parse, 'LOCAL_CA_TIME_ZONE_UNKNOWN', new RegExp(`^there is no time zone "${zone.replace('+', '.')}"`));
      assert.throws(parse, ({ hint: given }) => hint.test(given));
    });
  }

  test('of a window that another system kept', () => {
    const window = { ...parseWindow('17:00-18:00', 'UTC'), timeZone: 'Mars/Olympus' };
    throwsCode(() => windowAt(window, new Date(0)), 'LOCAL_CA_TIME_ZONE_UNKNOWN', /Mars/);
  });
});

/** `[2026-11-22T16:00Z, ...17:00Z)` as texts, from one instant to another, by asking what `windowAt` says next. */
function periodsOf(window: Window, from: Date, to: Date): string[] {
  const found: string[] = [];
  let now = from;
  while (now < to) {
    const state = windowAt(window, now);
    if (state.open) found.push(`${minute(now)}/${minute(state.until)}`);
    const next = state.open ? state.until : state.opensAt;
    assert.ok(next > now, `${formatWindow(window)} does not move on from ${now.toISOString()}`);
    now = next;
  }
  return found;
}

const minute = (date: Date) => date.toISOString().slice(0, 16);

describe('a window opens', () => {
  const cases: readonly (readonly [what: string, text: string, zone: string, day: string, period: string])[] = [
    ['at the same hour in winter', '17:00-18:00', 'Europe/Berlin', '2026-11-22', '16:00/17:00'],
    ['and in summer', '17:00-18:00', 'Europe/Berlin', '2026-07-22', '15:00/16:00'],
    ['across midnight', '23:00-02:00', 'UTC', '2026-07-22', '23:00/02:00'],
    ['with half an hour of offset', '17:00-18:00', 'Asia/Kolkata', '2026-07-22', '11:30/12:30'],
    ['with three quarters of an hour of it', '17:00-18:00', 'Asia/Kathmandu', '2026-07-22', '11:15/12:15'],
    ['later, when the clock skips it all', '02:15-02:45', 'Europe/Berlin', '2026-03-29', '01:15/01:45'],
    ['after the skip, when the clock skips its start', '02:30-04:00', 'Europe/Berlin', '2026-03-29', '01:30/02:00'],
    ['at once after it, when little is left', '02:15-03:15', 'Europe/Berlin', '2026-03-29', '01:00/01:15'],
    ['once, when the clock shows it twice', '02:15-02:45', 'Europe/Berlin', '2026-10-25', '00:15/00:45'],
    ['for longer, when the clock goes back in it', '01:30-03:30', 'Europe/Berlin', '2026-10-24', '23:30/02:30'],
    ['with half an hour of summer time', '02:10-02:20', 'Australia/Lord_Howe', '2026-10-03', '15:40/15:50'],
    ['where the clock skips midnight', '00:00-00:30', 'America/Havana', '2026-03-08', '05:00/05:30'],
    ['across a skipped midnight', '23:30-00:30', 'Africa/Cairo', '2026-04-23', '21:30/22:30'],
    ['across a midnight that comes twice', '23:30-00:30', 'America/Havana', '2026-11-01', '03:30/04:30'],
  ];
  for (const [what, text, zone, day, period] of cases) {
    test(what, () => {
      const [start, end] = period.split('/') as [string, string];
      const periods = periodsOf(
        parseWindow(text, zone),
        new Date(Date.parse(`${day}T${start}Z`) - 3_600_000),
        new Date(Date.parse(`${day}T${start}Z`) + 7_200_000),
      );
      const next = end < start ? new Date(Date.parse(day) + 86_400_000).toISOString().slice(0, 10) : day;
      assert.deepEqual(periods, [`${day}T${start}/${next}T${end}`]);
    });
  }

  test('on its days, which are those on which it starts', () => {
    const window = parseWindow('Sat 23:00-02:00', 'UTC');
    // 21 November 2026 is a Saturday.
    assert.deepEqual(periodsOf(window, new Date('2026-11-17'), new Date('2026-11-29')), [
      '2026-11-21T23:00/2026-11-22T02:00',
      '2026-11-28T23:00/2026-11-29T02:00',
    ]);
  });

  test('not on a day that never was', () => {
    const [from, to] = [new Date('2011-12-28T12:00Z'), new Date('2012-01-01T12:00Z')];
    assert.deepEqual(periodsOf(parseWindow('17:00-18:00', 'Pacific/Apia'), from, to), [
      '2011-12-29T03:00/2011-12-29T04:00',
      '2011-12-30T03:00/2011-12-30T04:00',
      '2011-12-31T03:00/2011-12-31T04:00',
      '2012-01-01T03:00/2012-01-01T04:00',
    ]);
    assert.deepEqual(periodsOf(parseWindow('Fri 17:00-18:00', 'Pacific/Apia'), from, to), []);
  });

  test('without a gap from one day to the next', () => {
    const now = new Date('2026-11-21T12:00Z');
    const until = (text: string) => windowAt(parseWindow(text, 'UTC'), now);
    assert.deepEqual(until('Sat,Sun 00:00-24:00'), { open: true, until: new Date('2026-11-23') });
    assert.deepEqual(until('00:00-24:00'), { open: true, until: new Date('2026-11-30') });
  });

  test('at its first instant, and is closed at its last', () => {
    const window = parseWindow('17:00-18:00', 'UTC');
    const at = (time: string) => windowAt(window, new Date(`2026-11-22T${time}Z`));
    assert.deepEqual(at('16:59:59.999'), { open: false, opensAt: new Date('2026-11-22T17:00Z') });
    assert.deepEqual(at('17:00:00'), { open: true, until: new Date('2026-11-22T18:00Z') });
    assert.deepEqual(at('17:59:59.999'), { open: true, until: new Date('2026-11-22T18:00Z') });
    assert.deepEqual(at('18:00:00'), { open: false, opensAt: new Date('2026-11-23T17:00Z') });
  });
});

// --- against other implementations -------------------------------------------------------------------------------

const ZONES = [
  ...['UTC', 'Europe/Berlin', 'Europe/Dublin', 'America/New_York', 'America/St_Johns', 'America/Havana'],
  ...['America/Santiago', 'America/Nuuk', 'Asia/Beirut', 'Africa/Cairo', 'Africa/Casablanca', 'Asia/Kathmandu'],
  ...['Australia/Lord_Howe', 'Australia/Sydney', 'Pacific/Chatham', 'Antarctica/Troll'],
];
const SEASONS = [
  ['2025-03-01', '2025-04-28'],
  ['2025-09-01', '2025-11-10'],
] as const;

/** The same numbers in each run. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function someWindow(zone: string, next: (below: number) => number): Window {
  // Mostly near the hours at which clocks are changed.
  const start = next(3) === 0 ? next(1440) : (1440 + next(300) - 60) % 1440;
  const end = (start + 1 + next(next(2) === 0 ? 90 : 1439)) % 1440;
  return { days: next(3) === 0 ? ['Sat', 'Sun'] : EVERY_DAY, start, end, timeZone: zone };
}

test('minute for minute, a window is open when the wall clock shows its hours', () => {
  const next = numbers(7);
  for (const zone of ZONES) {
    const window = { ...someWindow(zone, next), days: EVERY_DAY };
    const wall = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, timeStyle: 'short' });
    // Well away from any change of the clocks.
    const from = Date.UTC(2025, 6, 8);
    for (let i = 0; i < 2 * 1440; i += 13) {
      const now = new Date(from + i * 60_000);
      const [hour = 0, minutes = 0] = wall.format(now).split(':').map(Number);
      const time = hour * 60 + minutes;
      const { start, end } = window;
      const inside = start < end ? time >= start && time < end : time >= start || time < end;
      assert.equal(windowAt(window, now).open, inside, `${formatWindow(window)} at ${now.toISOString()}`);
    }
  }
});

/** Python's zoneinfo takes the offset before a change for a skipped time (PEP 495), as Temporal's "compatible" does. */
const ORACLE = `
import json, sys
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo
NAMES = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']
def periods(case):
    zone, found = ZoneInfo(case['timeZone']), []
    instant = lambda wall: wall.replace(tzinfo=zone).astimezone(timezone.utc)
    wall_of = lambda moment: moment.astimezone(zone).replace(tzinfo=None)
    first, last = (datetime.fromisoformat(case[key]) for key in ('from', 'to'))
    day = first - timedelta(days=3)
    while day < last + timedelta(days=3):
        if NAMES[day.weekday()] in case['days']:
            opens = day + timedelta(minutes=case['start'])
            closes = day + timedelta(minutes=case['end'] + (0 if case['end'] > case['start'] else 1440))
            start, end = instant(opens), instant(closes)
            if start >= end:
                while wall_of(start - timedelta(minutes=1)) > opens: start -= timedelta(minutes=1)
            if found and found[-1][1] >= start: found[-1][1] = end
            else: found.append([start, end])
        day += timedelta(days=1)
    inside = [p for p in found if first <= p[0].replace(tzinfo=None) < last]
    return ['/'.join(moment.strftime('%Y-%m-%dT%H:%M') for moment in p) for p in inside]
print(json.dumps([periods(case) for case in json.load(sys.stdin)]))
`;

test("through the changes of summer time, windows open and close as Python's zoneinfo has it", async (t) => {
  if (!needs(t, 'python3')) return;
  const next = numbers(20);
  const cases = ZONES.flatMap((zone) =>
    SEASONS.flatMap(([from, to]) => [1, 2, 3].map(() => ({ window: someWindow(zone, next), from, to }))),
  );
  const input = JSON.stringify(cases.map(({ window, from, to }) => ({ ...window, from, to })));
  const expected: string[][] = JSON.parse(await must('python3', ['-c', ORACLE], { input }));
  for (const [i, { window, from, to }] of cases.entries()) {
    // One that is open at the very start began before it.
    const ours = periodsOf(window, new Date(from), new Date(to)).filter(
      (period) => !period.startsWith(`${from}T00:00`),
    );
    const theirs = (expected[i] ?? []).filter((period) => !period.startsWith(`${from}T00:00`));
    assert.deepEqual(ours, theirs, formatWindow(window));
  }
});
