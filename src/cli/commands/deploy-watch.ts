import { quote } from '../../core/text.ts';
import { LocalCaError } from '../../errors.ts';
import type { Command, Context, Flags } from '../command.ts';
import { askFirst, changeLine, exitCodeOf, outcomeJson, runRound } from '../deploy-round.ts';
import { printSchedule, SCHEDULERS } from '../schedule.ts';
import { PASSPHRASE_FLAGS, withAuthority } from '../session.ts';
import { oneOf } from '../values.ts';
import { RUN_FLAGS } from './deploy-run.ts';

export const deployWatch: Command = {
  name: 'deploy watch',
  args: '[targets...]',
  summary: 'Do what is due now, and look again every ten minutes',
  flags: [
    { flags: '--every <time>', about: 'how often to look: 10m, 90s or 2h (default: 10m)', parse: interval },
    { flags: '--once', about: 'look once, and end' },
    ...RUN_FLAGS.filter(({ flags }) => flags !== '--now'),
    {
      flags: '--print <scheduler>',
      about: `instead, print what makes one do this: ${SCHEDULERS.join(', ')}`,
      ...oneOf('--print', SCHEDULERS),
    },
    { flags: '--out <dir>', about: 'with --print: write the files there' },
    ...PASSPHRASE_FLAGS,
  ],
  examples: [
    ['local-ca deploy watch', 'in the foreground, until Ctrl-C'],
    ['local-ca deploy watch --print systemd', 'a service and a timer, to be put in place'],
    ['local-ca deploy watch --print windows --out .', 'a task for schtasks'],
  ],
  run: async (context, wanted, flags) => {
    if (flags.print !== undefined) return printSchedule(context, wanted, flags);
    if (flags.out !== undefined) throw wrong('--out was given without --print', 'Add --print, or leave it out.');
    if (flags.once === true) return oneRound(context, wanted, flags);
    return watch(context, wanted, flags);
  },
};

const wrong = (message: string, hint: string) => new LocalCaError('LOCAL_CA_OPTION_INVALID', message, hint);

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000 };

function interval(text: string): number {
  const [, digits = '', unit = ''] = /^(\d{1,5})([smh])$/.exec(text.trim()) ?? [];
  const ms = Number(digits) * (UNITS[unit] ?? 0);
  if (ms > 0 && ms <= 24 * 3_600_000) return ms;
  throw wrong(`--every cannot be ${quote(text)}`, 'Give a time up to a day, like 10m, 90s or 2h.');
}

// --- rounds ------------------------------------------------------------------------------------------------------

const USUAL = 600_000;
/** Machines that were started together should not all ask the same server at the same time. */
const JITTER = 0.1;

/** Until a signal. Within a round it ends the program as always, and the next start takes up what was cut short. */
async function watch(context: Context, wanted: readonly string[], given: Flags): Promise<undefined> {
  // Later there may be nobody to answer.
  const ask = () => withAuthority(context, given, (session) => askFirst(context, session, given));
  const flags = context.io.interactive ? await ask() : given;
  const every = (flags.every as number | undefined) ?? USUAL;
  context.io.say(`looking every ${every / 1000} seconds; Ctrl-C ends it`);
  for (;;) {
    await survive(context, () => oneRound(context, wanted, flags));
    const [share = 0] = context.ambient.random(1);
    if (await sleepOrSignal(every * (1 + (JITTER * share) / 255))) break;
  }
  context.io.say('stopped');
}

/** A home on a disk that is away for a minute, a defect of ours: the next round may do better. */
async function survive({ io }: Context, work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const hint = error instanceof LocalCaError ? `\n${error.hint}` : '';
    io.error(`local-ca: ${error instanceof Error ? error.message : String(error)}${hint}`);
  }
}

/** Opened anew each time: nothing of the home is held in between. */
function oneRound(context: Context, wanted: readonly string[], flags: Flags): Promise<number | undefined> {
  return withAuthority(context, flags, async (session) => {
    const { io, ambient } = context;
    const round = await runRound(context, session, wanted, flags);
    for (const outcome of round.outcomes.filter(({ changed }) => changed)) {
      io.data(io.options.json ? JSON.stringify(outcomeJson(outcome, ambient.now())) : changeLine(outcome));
    }
    return exitCodeOf(round);
  });
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Whether a signal came. While it sleeps there is nothing to undo, and being told to end is no failure. */
function sleepOrSignal(ms: number): Promise<boolean> {
  return new Promise((done) => {
    const usual = SIGNALS.map((signal) => [signal, process.listeners(signal)] as const);
    const onSignal = () => end(true);
    const end = (signalled: boolean) => {
      clearTimeout(timer);
      for (const [signal, listeners] of usual) exchange(signal, [onSignal], listeners);
      done(signalled);
    };
    const timer = setTimeout(() => end(false), ms);
    for (const [signal, listeners] of usual) exchange(signal, listeners, [onSignal]);
  });
}

type Listener = NodeJS.SignalsListener;

/** The new ones first: when the last listener goes, Node forgets a signal that came and was not told yet. */
function exchange(signal: NodeJS.Signals, from: readonly Listener[], to: readonly Listener[]): void {
  for (const listener of to) process.on(signal, listener);
  for (const listener of from) process.off(signal, listener);
}
