/** The command line's entry: the only place that exits the process. */
import { readFileSync } from 'node:fs';
import { systemAmbient } from '../ambient.ts';
import { visible } from '../core/text.ts';
import { writeError } from '../disk.ts';
import { LocalCaError } from '../errors.ts';
import { defaultHome } from '../store/default-home.ts';
import { undoUnfinished } from '../unfinished.ts';
import type { Context, Flags } from './command.ts';
import { COMMANDS } from './commands/index.ts';
import { columnsOf, Io, printable } from './io.ts';
import { buildProgram } from './program.ts';
import { prose } from './prose.ts';

const version: string = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version;

function makeContext(flags: Flags): Context {
  // What paints by itself, as inquirer does, looks here.
  if (flags.color === false) process.env.NO_COLOR = '1';
  const io = new Io(
    {
      json: flags.json === true,
      quiet: flags.quiet === true,
      verbose: flags.verbose === true,
      yes: flags.yes === true,
      color: flags.color !== false && !process.env.NO_COLOR,
    },
    process,
  );
  const home = typeof flags.home === 'string' ? flags.home : defaultHome(process.env, process.platform);
  return { io, ambient: systemAmbient, home, env: process.env };
}

/** One line that names the value, one that says what to do; the same as JSON on stdout when that was asked for. */
function report(thrown: unknown, argv: readonly string[]): number {
  const error = thrown instanceof LocalCaError ? thrown : unexpected(thrown);
  if (argv.includes('--json')) process.stdout.write(printable(`${JSON.stringify({ error })}\n`));
  const lines = printable(`local-ca: ${visible(error.message)}\n${error.hint}\n`);
  process.stderr.write(prose(lines, columnsOf(process.stderr)));
  if (argv.includes('--verbose')) process.stderr.write(printable(`${error.code}\n${(thrown as Error).stack}\n`));
  return error.exitCode;
}

const unexpected = (cause: unknown) =>
  new LocalCaError(
    'LOCAL_CA_INTERNAL',
    `unexpected: ${(cause instanceof Error ? cause.message : String(cause)).split('\n')[0]}`,
    'This is a defect in local-ca; please report it with the output of --verbose.',
    { cause },
  );

/** As people type it: `local-ca help issue`, `local-ca version`. */
function asFlags([first, ...rest]: readonly string[]): readonly string[] {
  if (first === 'help') return [...rest, '--help'];
  return first === 'version' ? ['--version'] : [...(first === undefined ? [] : [first]), ...rest];
}

async function main(argv: readonly string[]): Promise<number> {
  const program = buildProgram(COMMANDS, version, makeContext, (text) => process.stdout.write(text));
  try {
    return await program.parse(asFlags(argv));
  } catch (error) {
    return report(error, argv);
  }
}

/** What asks a program to end, and how a shell shows that it did: 128 and the signal's number. */
const SIGNALS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

/** In the middle of the work there are stages with private keys in them. */
function cancel(exitCode: number): never {
  // The next signal does what it does to any program.
  for (const signal of Object.keys(SIGNALS)) process.removeAllListeners(signal);
  undoUnfinished();
  // A question and a progress bar leave the cursor in their line, and hidden (DECTCEM).
  if (process.stderr.isTTY) process.stderr.write('\x1b[?25h\n');
  const hint = 'What was unfinished has been removed.';
  report(new LocalCaError('LOCAL_CA_CANCELLED', 'cancelled', hint), process.argv);
  process.exit(exitCode);
}

for (const [signal, exitCode] of Object.entries(SIGNALS)) process.on(signal, () => cancel(exitCode));

// A reader that closes early (`| head`) is no error of ours; a full disk is one.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') process.exit(report(writeError('the standard output', error), []));
});
process.stderr.on('error', () => {});

void main(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
