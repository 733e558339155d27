/** A run as the command that repeats it, quoted for a POSIX shell. */
import type { Settings } from '../../bundle/settings.ts';
import { shellWord } from '../../bundle/shell.ts';
import type { Flags } from '../command.ts';
import { flagName } from '../values.ts';
import { widthOf } from './layout.ts';

export const commandLine = (command: string, args: readonly string[], flags: Flags): string =>
  partsOf(command, args, flags).join(' ');

/** The same in lines that fit, each but the last with the backslash that continues it. */
export function commandLines(command: string, args: readonly string[], flags: Flags, width: number): string[] {
  const lines: string[] = [];
  for (const part of partsOf(command, args, flags)) {
    const last = lines.at(-1);
    // Room for the backslash before which it may have to break.
    if (last !== undefined && widthOf(`${last} ${part} \\`) <= width) lines[lines.length - 1] = `${last} ${part}`;
    else lines.push(lines.length === 0 ? part : `  ${part}`);
  }
  return lines.map((line, i) => (i === lines.length - 1 ? line : `${line} \\`));
}

/** Each is a word, or a flag with its value. */
function partsOf(command: string, args: readonly string[], flags: Flags): string[] {
  const written = Object.entries(flags).flatMap(([name, value]) => writeFlag(name, value));
  return [`local-ca ${command}`, ...args.map(shellWord), ...written];
}

/** Written out, they would stay in the terminal's history and in logs. */
const SECRETS: Readonly<Record<string, string>> = {
  password: '--password PASSWORD',
  keyPassword: '--key-password PASSWORD',
  challengePassword: '--challenge-password-file FILE',
};

/** `--set` for each. */
const writeSettings = (settings: readonly Settings[]): string[] =>
  settings.flatMap((one) => Object.entries(one).map((pair) => `--set ${shellWord(pair.join('='))}`));

function writeFlag(name: string, value: unknown): string[] {
  const flag = flagName(name);
  if (value === undefined || value === false) return [];
  if (value === true) return [flag];
  const secret = SECRETS[name];
  if (secret !== undefined) return [secret];
  if (name === 'set') return writeSettings(value as readonly Settings[]);
  return [`${flag} ${shellWord(Array.isArray(value) ? value.join(',') : String(value))}`];
}
