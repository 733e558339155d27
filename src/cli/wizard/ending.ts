/** A wizard's last words: what to do next, when it ends, how to be reminded, and the command that repeats the run. */
import { join } from 'node:path';
import { README } from '../../bundle/template.ts';
import { attempt } from '../../core/attempt.ts';
import { readAtMost } from '../../disk.ts';
import type { Flags } from '../command.ts';
import type { Io } from '../io.ts';
import { commandLines } from './command-line.ts';
import { wrap } from './layout.ts';
import { firstTask, taskLines } from './next-steps.ts';
import { day } from './words.ts';

/** What came of a run. */
export interface Made {
  readonly label: string;
  readonly folder: string;
  readonly notAfter: Date;
  /** From then on it should be renewed. */
  readonly due: Date;
}

const MOST_README = 1 << 20;

/** `home` is in the commands where it was given. */
export function nextLines({ label, folder, notAfter, due }: Made, { home }: Flags, io: Io): string[] {
  const bold = (text: string) => io.style('bold', text);
  const path = join(folder, README);
  const readme = attempt(() => new TextDecoder().decode(readAtMost(path, MOST_README))) ?? '';
  const task = taskLines(firstTask(readme), io.columns);
  return [
    '',
    bold(task.length === 0 ? 'Next' : `Next, in ${folder}`),
    ...task,
    ...said(`The whole of it, for the server and for its clients: ${path}`, io),
    '',
    bold(`Valid until ${day(notAfter)}`),
    ...said(`From ${day(due)} on it is due. Then, with the same key, names and files:`, io),
    ...command('renew', [label], { home }, io),
    ...said('What is due, any day (a timer can run it: it exits with 3 when something is):', io),
    ...command('status', [], { home }, io),
    ...said('The dates for your calendar:', io),
    ...command('status', [], { ics: 'local-ca.ics', home }, io),
  ];
}

const said = (text: string, io: Io) => wrap(text, io.columns - 3).map((line) => `  ${line}`);

const command = (name: string, args: readonly string[], flags: Flags, io: Io) =>
  commandLines(name, args, flags, io.columns - 5).map((line) => `    ${line}`);

/** The command that does the same again, with what else it needs. */
export function repeatLines(name: string, names: readonly string[], given: Flags, io: Io): string[] {
  const { color: _color, ...flags } = given;
  const secret = flags.encryptKey === true && flags.passphraseFile === undefined;
  return [
    '',
    io.style('bold', 'The same without questions'),
    ...command(name, names, { ...flags, yes: true }, io),
    ...(secret ? said('with the passphrase in LOCAL_CA_PASSPHRASE, or with --passphrase-file FILE', io) : []),
  ];
}
