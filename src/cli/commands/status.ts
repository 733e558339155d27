import { type CalendarEvent, calendar } from '../../core/calendar.ts';
import { parseWithin, type Within } from '../../core/duration.ts';
import { isoTime } from '../../core/time.ts';
import { writeWhole } from '../../disk.ts';
import { LocalCaError } from '../../errors.ts';
import type { Command, Context, Flags } from '../command.ts';
import { table } from '../io.ts';
import { type Life, livesOf, needsAttention } from '../life.ts';
import { refuseHomePlaces } from '../places.ts';
import { timeLeft } from '../records.ts';
import { type Session, withAuthority } from '../session.ts';
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
    { flags: '--ics <file>', about: 'also write reminders for a calendar program', parse: path('--ics') },
  ],
  examples: [
    ['local-ca status', 'certificates, the CA, revocation lists, and requests that wait'],
    ['local-ca status --within 60d --json', 'for monitoring: exit code 3 when something is due'],
    ['local-ca status --ics local-ca.ics', 'an entry in your calendar for each of them'],
  ],
  exits: [[3, 'something is due or expired, or a deployment failed']],
  run: async (context, _args, flags) =>
    withAuthority(context, flags, async (session) => {
      const now = context.ambient.now();
      const lives = await livesOf(session, flags.within as Within | undefined, now);
      if (flags.ics !== undefined) writeCalendar(context, session, lives, flags);
      tell(context, lives);
      return lives.some(needsAttention) ? 3 : undefined;
    }),
};

function tell(context: Context, lives: readonly Life[]): void {
  const { io, ambient } = context;
  const now = ambient.now();
  io.result(
    lives.map((life) => lifeJson(life)),
    table(
      ['', 'NAME', 'WHAT', 'STATE', 'ENDS', 'LEFT'],
      lives.map((life) => row(life, now)),
    ),
  );
  for (const life of lives.filter(needsAttention)) io.say(`${life.name}: ${life.advice}`);
  if (lives.some(needsAttention)) return;
  const next = lives.find(({ dueAt }) => dueAt !== null);
  io.say(next === undefined ? 'nothing is due' : `nothing is due; next is ${next.name}, on ${day(next.dueAt as Date)}`);
}

const day = (date: Date) => date.toISOString().slice(0, 10);

function row(life: Life, now: Date): string[] {
  const { notAfter } = life;
  return [
    picture(life, now),
    life.name,
    life.kind,
    life.state,
    notAfter === null ? '-' : day(notAfter),
    notAfter === null ? '-' : timeLeft(notAfter, now),
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
  refuseHomePlaces(file, context.home, '--ics');
  // The first certificate of the CA stays what it is, whatever is renewed or replaced.
  const own = ca.authorities[0]?.id ?? '';
  const events = lives.flatMap((life) => eventOf(life, own));
  if (events.length === 0) {
    throw new LocalCaError('LOCAL_CA_NOT_FOUND', 'there is nothing to be reminded of', 'Issue a certificate first.');
  }
  const text = calendar(events, context.ambient.now());
  writeWhole(file, new TextEncoder().encode(text), 0o644, { replace: true });
  context.io.say(`${events.length === 1 ? '1 reminder' : `${events.length} reminders`} in ${file}`);
}

/** One for the day on which it is due, and it rings a week before, too. */
function eventOf({ kind, name, dueAt, notAfter, advice }: Life, own: string): CalendarEvent[] {
  if (dueAt === null || notAfter === null) return [];
  const what = kind === 'certificate' ? 'certificate' : kind === 'crl' ? 'revocation list' : `${kind} CA`;
  return [
    {
      // Not the serial: what is imported again after a renewal takes the place of the reminder before.
      uid: `${kind}.${Buffer.from(name).toString('hex')}.${own}@local-ca`,
      start: dueAt,
      wholeDay: true,
      summary: `Renew the ${what} ${name}`,
      description: `It ends on ${isoTime(notAfter)}.\n${advice}`,
      alarmDays: [7, 0],
    },
  ];
}
