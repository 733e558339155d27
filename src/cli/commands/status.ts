import { createHash } from 'node:crypto';
import { type CalendarEvent, calendar } from '../../core/calendar.ts';
import { parseWithin, type Within } from '../../core/duration.ts';
import { isoDay, isoTime } from '../../core/time.ts';
import { writeWhole } from '../../disk.ts';
import { LocalCaError } from '../../errors.ts';
import type { Command, Context, Flags } from '../command.ts';
import { fitted } from '../fit-table.ts';
import { type Io, table } from '../io.ts';
import { type Life, livesOf, needsAttention } from '../life.ts';
import { refuseHomePlaces } from '../places.ts';
import { timeLeft } from '../records.ts';
import { readRecords, type Session } from '../session.ts';
import { path } from '../values.ts';

export const status: Command = {
  name: 'status',
  summary: 'Show everything that has an end, soonest first, and what is due',
  flags: [
    {
      flags: '--within <time>',
      about: 'due is what ends within 30d, or when 75% of its life is over (default: 30d, or a third of its life)',
      parse: parseWithin,
    },
    {
      flags: '--ics <file>',
      about: 'also write reminders for a calendar program; - is stdout, in the place of the table',
      parse: path('--ics'),
    },
  ],
  examples: [
    ['local-ca status', 'certificates, the CA, revocation lists, and requests that wait'],
    ['local-ca status --within 60d --json', 'for monitoring: exit code 3 when something is due'],
    ['local-ca status --ics local-ca.ics', 'an entry in your calendar for each of them'],
  ],
  exits: [[3, 'something is due or expired, or a deployment failed']],
  run: async (context, _args, flags) => {
    refuseTwice(context, flags);
    return readRecords(context, flags, async (session) => {
      const now = context.ambient.now();
      const lives = await livesOf(session, flags.within as Within | undefined, now);
      if (flags.ics !== undefined) writeCalendar(context, session, lives, flags);
      if (flags.ics !== STDOUT) show(context, lives);
      tell(context, lives);
      return lives.some(needsAttention) ? 3 : undefined;
    });
  },
};

/** For `--ics`. */
const STDOUT = '-';

function refuseTwice({ io }: Context, { ics }: Flags): void {
  if (!io.options.json || ics !== STDOUT) return;
  throw new LocalCaError(
    'LOCAL_CA_OPTION_INVALID',
    '--json and --ics - both write to stdout',
    'Leave one of them out, or name a file: --ics local-ca.ics.',
  );
}

const show = ({ io, ambient }: Context, lives: readonly Life[]): void =>
  io.result(lives.map(lifeJson), picturesOf(io, lives, ambient.now()));

function tell({ io }: Context, lives: readonly Life[]): void {
  for (const life of lives.filter((one) => needsAttention(one) || isReplaced(one)))
    io.say(`${life.name}: ${life.advice}`);
  if (lives.some(needsAttention)) return;
  const [next] = lives
    .flatMap(({ name, dueAt }) => (dueAt === null ? [] : [{ name, dueAt }]))
    .sort((a, b) => a.dueAt.getTime() - b.dueAt.getTime());
  io.say(next === undefined ? 'nothing is due' : `nothing is due; next is ${next.name}, on ${isoDay(next.dueAt)}`);
}

/** It has to be ended by somebody who knows what clients and servers have. */
const isReplaced = ({ kind }: Life) => kind === 'old root' || kind === 'old intermediate';

const HEADER = ['', 'NAME', 'WHAT', 'STATE', 'ENDS', 'LEFT'];

/** A row for each, its picture in the colour of its state; no wider than the terminal, if it is one. */
function picturesOf(io: Io, lives: readonly Life[], now: Date): string {
  const rows = lives.map((life) => row(life, now));
  const fitting = fitted(HEADER, rows, io.dataColumns, ['NAME']);
  const [header = '', ...lines] = table(HEADER, fitting).split('\n');
  const painted = lines.map((line, i) => {
    const { state } = lives[i] as Life;
    return io.paint(COLOURS[state], line.slice(0, WIDTH)) + line.slice(WIDTH);
  });
  return [header, ...painted].join('\n');
}

const COLOURS = { valid: 'green', due: 'yellow', expired: 'red', failed: 'red', waiting: 'dim' } as const;

function row(life: Life, now: Date): string[] {
  const { notAfter } = life;
  return [
    picture(life, now),
    life.name,
    life.kind,
    life.state,
    notAfter === null ? '-' : isoDay(notAfter),
    // The heading says the rest.
    notAfter === null ? '-' : timeLeft(notAfter, now).replace(/ left$/, ''),
  ];
}

const WIDTH = 10;

/** What is left of its life: full when it begins, empty when it has ended. */
function picture({ notBefore, notAfter }: Life, now: Date): string {
  if (notBefore === null || notAfter === null) return ' '.repeat(WIDTH);
  const share = (notAfter.getTime() - now.getTime()) / (notAfter.getTime() - notBefore.getTime());
  const full = Math.max(0, Math.min(WIDTH, Math.ceil(share * WIDTH)));
  return '█'.repeat(full) + '░'.repeat(WIDTH - full);
}

const lifeJson = (life: Life) => ({
  kind: life.kind,
  name: life.name,
  serial: life.serial,
  state: life.state,
  notBefore: life.notBefore && isoTime(life.notBefore),
  notAfter: life.notAfter && isoTime(life.notAfter),
  dueAt: life.dueAt && isoTime(life.dueAt),
  advice: life.advice,
});

// --- reminders ---------------------------------------------------------------------------------------------------

function writeCalendar(context: Context, { ca }: Session, lives: readonly Life[], flags: Flags): void {
  const file = flags.ics as string;
  if (file !== STDOUT) refuseHomePlaces(file, context.home, '--ics');
  // The first certificate of the CA stays what it is, whatever is renewed or replaced; a home may have none.
  const own = ca.authorities[0]?.id ?? 'home';
  const events = lives.flatMap((life) => eventOf(life, own));
  if (events.length === 0) {
    throw new LocalCaError('LOCAL_CA_NOT_FOUND', 'there is nothing to be reminded of', 'Issue a certificate first.');
  }
  const text = calendar(events, context.ambient.now());
  if (file === STDOUT) {
    context.io.data(text, '\r\n');
    return;
  }
  writeWhole(file, new TextEncoder().encode(text), 0o644, { replace: true });
  context.io.say(`${events.length === 1 ? '1 reminder' : `${events.length} reminders`} in ${file}`);
}

const SUMMARIES: Readonly<Record<Life['kind'], string>> = {
  certificate: 'Renew the certificate',
  root: 'Renew the root CA',
  intermediate: 'Renew the intermediate CA',
  'old root': 'Clients need the new root of',
  'old intermediate': 'Servers need certificates of the one after',
  crl: 'Make a new revocation list of',
  request: 'Waiting for the answer to the request',
  deployment: 'Deploy',
};

/** One for the day on which it is due, and it rings a week before, too. */
function eventOf({ kind, name, key, dueAt, notAfter, advice }: Life, own: string): CalendarEvent[] {
  if (dueAt === null || notAfter === null) return [];
  return [
    {
      // Not the serial: what is imported again after a renewal takes the place of the reminder before.
      uid: uidOf(key, own),
      start: dueAt,
      wholeDay: true,
      summary: `${SUMMARIES[kind]} ${name}`,
      description: `It ends on ${isoTime(notAfter)}.\n${advice}`,
      alarmDays: [7, 0],
    },
  ];
}

/** Calendar programs need not keep more (RFC 5545 3.8.4.7). */
const MOST_OCTETS = 255;

function uidOf(key: string, own: string): string {
  const uid = (name: string) => `${name}.${own}@local-ca`;
  const readable = uid(Buffer.from(key).toString('hex'));
  return readable.length <= MOST_OCTETS ? readable : uid(createHash('sha256').update(key).digest('hex'));
}
