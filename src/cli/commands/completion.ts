import { quote } from '../../core/text.ts';
import { LocalCaError } from '../../errors.ts';
import type { Command, Flag } from '../command.ts';
import { GLOBAL_FLAGS } from '../program.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;

/** Made from the table of commands, so it cannot fall behind. */
export const completion = (commands: () => readonly Command[]): Command => ({
  name: 'completion',
  args: '<shell>',
  argValues: SHELLS,
  summary: 'Print a completion script for bash, zsh or fish',
  flags: [],
  examples: [
    ['source <(local-ca completion bash)', 'in ~/.bashrc'],
    ['local-ca completion fish > ~/.config/fish/completions/local-ca.fish', 'for fish'],
  ],
  run: async (context, [shell = '']) => {
    if (!(SHELLS as readonly string[]).includes(shell)) {
      throw new LocalCaError(
        'LOCAL_CA_OPTION_INVALID',
        `no completion for ${quote(shell)}`,
        `Use one of: ${SHELLS.join(', ')}.`,
      );
    }
    context.io.data(SCRIPTS[shell as (typeof SHELLS)[number]](commands()));
    return undefined;
  },
});

interface LongFlag {
  readonly name: string;
  readonly about: string;
  readonly values: readonly string[];
  readonly takesValue: boolean;
}

const longFlag = ({ flags, about, values = [] }: Flag): LongFlag => ({
  name: /--[a-z0-9-]+/.exec(flags)?.[0] as string,
  about,
  values,
  takesValue: flags.includes('<'),
});

const flagsOf = (command: Command) =>
  [...command.flags, ...GLOBAL_FLAGS, { flags: '--help', about: 'show help' }].map(longFlag);

/** `template list` and `template show` are the words after `template`; other commands may know their arguments. */
const wordsAfter = (commands: readonly Command[], first: string): string[] =>
  commands.flatMap(({ name, argValues = [] }) => {
    if (name === first) return argValues;
    return name.startsWith(`${first} `) ? (name.split(' ')[1] as string) : [];
  });

const firstWords = (commands: readonly Command[]) => [
  ...new Set(commands.map((command) => command.name.split(' ')[0] as string)),
];

const SCRIPTS: Record<(typeof SHELLS)[number], (commands: readonly Command[]) => string> = {
  bash: (commands) => bashScript(commands),
  zsh: (commands) => `#compdef local-ca\nautoload -U +X bashcompinit && bashcompinit\n${bashScript(commands)}`,
  fish: (commands) => fishScript(commands),
};

function bashScript(commands: readonly Command[]): string {
  const cases = firstWords(commands).map((word) => {
    const own = commands.filter((command) => command.name.split(' ')[0] === word);
    const words = [...wordsAfter(commands, word), ...new Set(own.flatMap(flagsOf).map((flag) => flag.name))];
    return `    ${word}) words="${words.join(' ')}" ;;`;
  });
  const valued = new Map(
    commands
      .flatMap(flagsOf)
      .filter((flag) => flag.values.length > 0)
      .map((flag) => [flag.name, flag.values]),
  );
  const values = [...valued].map(
    ([name, list]) => `    ${name}) COMPREPLY=($(compgen -W "${list.join(' ')}" -- "$current")); return ;;`,
  );
  return `_local_ca() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" words=""
  case "$previous" in
${values.join('\n')}
  esac
  case "\${COMP_CWORD}:\${COMP_WORDS[1]}" in
    1:*) COMPREPLY=($(compgen -W "${firstWords(commands).join(' ')} --help --version" -- "$current")); return ;;
  esac
  case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current") $(compgen -f -- "$current"))
}
complete -o filenames -F _local_ca local-ca
`;
}

function fishScript(commands: readonly Command[]): string {
  const quoted = (text: string) => `'${text.replaceAll("'", "\\'")}'`;
  const lines = firstWords(commands).flatMap((word) => {
    const own = commands.filter((command) => command.name.split(' ')[0] === word);
    const summary = own[0]?.name === word ? own[0].summary : wordsAfter(commands, word).join(', ');
    const seen = `-n '__fish_seen_subcommand_from ${word}'`;
    const flags = new Map(own.flatMap(flagsOf).map((flag) => [flag.name, flag]));
    return [
      `complete -c local-ca -n __fish_use_subcommand -f -a ${word} -d ${quoted(summary)}`,
      ...wordsAfter(commands, word).map((second) => `complete -c local-ca ${seen} -f -a ${second}`),
      ...[...flags.values()].map(({ name, about, values, takesValue }) => {
        const argument = values.length > 0 ? ` -x -a ${quoted(values.join(' '))}` : takesValue ? ' -r' : '';
        return `complete -c local-ca ${seen} -l ${name.slice(2)}${argument} -d ${quoted(about)}`;
      }),
    ];
  });
  return `${lines.join('\n')}\n`;
}
