/** The table of commands -> a commander program. Commander parses and suggests; errors and help are in our words. */
import { Command as CommanderCommand, CommanderError, Option } from 'commander';
import { LocalCaError } from '../errors.ts';
import type { Command, Context, Flag, Flags } from './command.ts';
import { path } from './values.ts';

export const GLOBAL_FLAGS: readonly Flag[] = [
  { flags: '--home <dir>', about: 'the folder of the CA (LOCAL_CA_HOME)' },
  { flags: '--json', about: 'machine-readable output' },
  { flags: '-y, --yes', about: 'never ask; a missing answer is an error' },
  { flags: '-q, --quiet', about: 'no talk on stderr' },
  { flags: '--verbose', about: 'stacks and details on stderr' },
  { flags: '--no-color', about: 'no colours (NO_COLOR)' },
];

const EXITS: readonly (readonly [number, string])[] = [
  [0, 'done'],
  [1, 'failed'],
  [2, 'wrong use, or an answer is missing'],
];

export interface Program {
  parse(argv: readonly string[]): Promise<number>;
}

export type MakeContext = (flags: Flags) => Context;

export function buildProgram(
  commands: readonly Command[],
  version: string,
  makeContext: MakeContext,
  write: (text: string) => void,
): Program {
  let exitCode = 0;
  const program = configure(new CommanderCommand('local-ca'), write)
    .description('A local certificate authority: certificates, key stores and bundles for your servers.')
    .version(version, '-V, --version', 'show the version')
    .addHelpText('after', topHelp);
  addFlags(program, GLOBAL_FLAGS);
  for (const command of commands) {
    const leaf = configure(findOrAdd(program, command.name.split(' '), commands, write), write);
    leaf
      .summary(command.summary)
      .description(`${command.summary}.`)
      .addHelpText('after', () => helpAfter(command));
    for (const argument of (command.args ?? '').split(' ').filter(Boolean)) leaf.argument(argument);
    addFlags(leaf, command.flags);
    addFlags(leaf, GLOBAL_FLAGS, 'Global options:');
    leaf.action(async () => {
      const flags = mergeFlags(leaf);
      exitCode = (await command.run(makeContext(flags), leaf.args, flags)) ?? 0;
    });
  }
  const parse = async (argv: readonly string[]): Promise<number> => {
    try {
      await program.parseAsync(argv as string[], { from: 'user' });
    } catch (error) {
      if (!(error instanceof CommanderError)) throw error;
      if (error.exitCode === 0) return 0;
      const bare = error.code === 'commander.help' && program.args.length === 0;
      const chosen = bare ? await chosenInstead(program, commands, makeContext) : undefined;
      if (chosen === undefined) throw usageError(error);
      return chosen.length === 0 ? 0 : parse([...chosen, ...argv]);
    }
    return exitCode;
  };
  return { parse };
}

/** No command at all is a question where somebody can answer; undefined elsewhere. */
async function chosenInstead(
  program: CommanderCommand,
  commands: readonly Command[],
  makeContext: MakeContext,
): Promise<readonly string[] | undefined> {
  const flags = mergeFlags(program);
  const context = makeContext(flags);
  if (!context.io.interactive) return undefined;
  const { chooseCommand } = await import('./wizard/run-menu.ts');
  return chooseCommand(context, flags, commands);
}

function configure(command: CommanderCommand, write: (text: string) => void): CommanderCommand {
  return command
    .exitOverride()
    .showSuggestionAfterError(true)
    .helpOption('-h, --help', 'show this help')
    .helpCommand(false)
    .configureOutput({ writeOut: write, writeErr: () => {} });
}

function findOrAdd(
  parent: CommanderCommand,
  path: readonly string[],
  commands: readonly Command[],
  write: (text: string) => void,
): CommanderCommand {
  const [name, ...rest] = path as [string, ...string[]];
  const found = parent.commands.find((command) => command.name() === name);
  const command = found ?? configure(parent.command(name), write);
  if (rest.length === 0) return command;
  if (found === undefined) addFlags(command, GLOBAL_FLAGS);
  const below = commands.filter((other) => other.name.startsWith(`${name} `)).map((other) => other.name.split(' ')[1]);
  command.description(`${below.join(', ')}: see local-ca ${name} COMMAND --help.`);
  return findOrAdd(command, rest, commands, write);
}

function addFlags(command: CommanderCommand, flags: readonly Flag[], group?: string): void {
  for (const flag of flags) {
    const option = new Option(flag.flags, flag.about);
    const parse = flag.parse ?? (/<(dir|file)>/.test(flag.flags) ? path(flag.flags) : undefined);
    if (parse !== undefined) option.argParser(collecting(parse));
    if (group !== undefined) option.helpGroup(group);
    command.addOption(option);
  }
}

/** `--permit a --permit b` is `--permit a,b`; of other flags the last one counts. */
function collecting(parse: NonNullable<Flag['parse']>) {
  return (text: string, before: unknown): unknown => {
    const value = parse(text);
    return Array.isArray(value) && Array.isArray(before) ? [...before, ...value] : value;
  };
}

/** A flag may stand before or after the command, or between `template` and `list`; --no-color holds wherever it does. */
function mergeFlags(command: CommanderCommand): Flags {
  const own: Flags = command.opts();
  if (command.parent === null) return own;
  const before = mergeFlags(command.parent);
  return { ...before, ...own, color: before.color !== false && own.color !== false };
}

function helpAfter(command: Command): string {
  const examples = command.examples.map(([line, what]) => `  ${line}\n      ${what}`);
  const exits = [...EXITS, ...(command.exits ?? [])].map(([code, what]) => `  ${code}  ${what}`);
  return `\nExamples:\n${examples.join('\n')}\n\nExit codes:\n${exits.join('\n')}`;
}

const topHelp = `
Examples:
  local-ca init
      ask a few questions, then make a CA, a server certificate and its files
  local-ca init --yes db1.example.test 10.0.0.5 --template nginx
      the same without questions
  local-ca issue web.example.test
      a certificate and key in ./web.example.test

Exit codes:
  0 done, or healthy   1 failed   2 wrong use   3 attention is needed   130 cancelled

local-ca COMMAND --help shows the flags and examples of a command.`;

function usageError(error: CommanderError): LocalCaError {
  if (error.code === 'commander.help') {
    return new LocalCaError(
      'LOCAL_CA_USAGE',
      'no command was given',
      'local-ca --help lists them; start with local-ca init.',
    );
  }
  const [message = '', suggestion] = error.message.replace(/^error: /, '').split('\n');
  const hint =
    suggestion === undefined
      ? 'local-ca --help lists commands; local-ca COMMAND --help its flags.'
      : suggestion.replace(/^\(|\)$/g, '');
  return new LocalCaError('LOCAL_CA_USAGE', message, hint);
}
