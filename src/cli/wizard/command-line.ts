/** A run as the command that repeats it, quoted for a POSIX shell. */
import { shellWord } from '../../bundle/shell.ts';
import type { Flags } from '../command.ts';
import { flagName } from '../values.ts';

export function commandLine(command: string, args: readonly string[], flags: Flags): string {
  const written = Object.entries(flags).flatMap(([name, value]) => writeFlag(name, value));
  return ['local-ca', command, ...args.map(shellWord), ...written].join(' ');
}

function writeFlag(name: string, value: unknown): string[] {
  const flag = flagName(name);
  if (value === undefined || value === false) return [];
  if (value === true) return [flag];
  // It would stay in the terminal's history and in logs.
  if (name === 'password') return [flag, 'PASSWORD'];
  return [flag, shellWord(Array.isArray(value) ? value.join(',') : String(value))];
}
