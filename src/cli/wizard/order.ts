/** What a wizard ends in: a command, as one would have typed it. */
import type { Flags } from '../command.ts';

export interface Order {
  readonly command: string;
  readonly names: readonly string[];
  readonly flags: Flags;
}

/** What was not said is no flag. */
export const orderFor = (command: string, names: readonly string[], flags: Flags): Order => ({
  command,
  names,
  flags: Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined)),
});
