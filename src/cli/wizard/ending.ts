/** A wizard's last words: what to do next, when it ends, how to be reminded, and the command that repeats the run. */

import { join } from 'node:path';
import { README } from '../../bundle/template.ts';
import { attempt } from '../../core/attempt.ts';
import { isoDay } from '../../core/time.ts';
import { readAtMost } from '../../disk.ts';
import type { Flags } from '../command.ts';
import type { Io } from '../io.ts';
import { commandLines } from './command-line.ts';
import { wrap } from './layout.ts';
import { firstTask, taskLines } from './next-steps.ts';
import type { Order } from './order.ts';

/** What came of a run. */
export interface Made {
  readonly label: string;
  readonly folder: string;
  readonly notAfter: Date;
  /** From then on it should be renewed. */
  readonly due: Date;
}

const MOST_README = 1 << 20;

/** After one certificate. `home` is in the commands where it was given. */
export const nextLines = (made: Made, flags: Flags, io: Io): string[] => [
  ...taskSection(made, io),
  ...validSection(made, flags, io),
];

/** When it ends, and what to do then. */
export const validSection = (made: Made, flags: Flags, io: Io): string[] => [
  '',
  io.style('bold', `Valid until ${isoDay(made.notAfter)}`),
  ...said(`From ${isoDay(made.due)} on it is due. Then, with the same key, names and files:`, io),
  ...command('renew', [made.label], homeOf(flags), io),
  ...reminderLines(flags, io),
];

/** What its server needs now, in the words of its own README. */
function taskSection({ folder }: Pick<Made, 'folder'>, io: Io): string[] {
  const path = join(folder, README);
  const readme = attempt(() => new TextDecoder().decode(readAtMost(path, MOST_README))) ?? '';
  const task = taskLines(firstTask(readme), io.columns);
  return [
    '',
    io.style('bold', task.length === 0 ? 'Next' : `Next, in ${folder}`),
    ...task,
    ...said(`The whole of it, for the server and for its clients: ${path}`, io),
  ];
}

export const reminderLines = (flags: Flags, io: Io): string[] => [
  ...said('What is due, any day (a timer can run it: it exits with 3 when something is):', io),
  ...command('status', [], homeOf(flags), io),
  ...said('The dates for your calendar:', io),
  ...command('status', [], { ics: 'local-ca.ics', ...homeOf(flags) }, io),
];

const homeOf = ({ home }: Flags): Flags => ({ home });

/** A paragraph below a title. */
export const said = (text: string, io: Io) => wrap(text, io.columns - 3).map((line) => `  ${line}`);

/** A command to be pasted. */
export const command = (name: string, args: readonly string[], flags: Flags, io: Io) =>
  commandLines(name, args, flags, io.columns - 5).map((line) => `    ${line}`);

/** The commands that do the same again; what else they need is said where `secret` is so. */
export function repeatLines(orders: readonly Order[], io: Io, secret = false): string[] {
  return [
    '',
    io.style('bold', 'The same without questions'),
    ...orders.flatMap(({ command: name, names, flags: { color: _color, ...flags } }) =>
      command(name, names, { ...flags, yes: true }, io),
    ),
    ...(secret ? said('with the passphrase in LOCAL_CA_PASSPHRASE, or with --passphrase-file FILE', io) : []),
  ];
}
