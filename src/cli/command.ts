/** A command as data: what the parser, `--help`, the completion scripts and the documentation are made from. */
import type { Ambient } from '../core/ambient.ts';
import type { Io } from './io.ts';

export interface Flag {
  /** As commander writes them: `-o, --out <dir>`. */
  readonly flags: string;
  readonly about: string;
  /** Turns the text into a value, or throws a LocalCaError. May be called once for each use of the flag. */
  readonly parse?: (text: string) => unknown;
  /** The values that completion offers. */
  readonly values?: readonly string[];
}

export interface Context {
  readonly io: Io;
  readonly ambient: Ambient;
  /** The home folder: --home, LOCAL_CA_HOME, or the platform's data folder. */
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export type Flags = Readonly<Record<string, unknown>>;

export interface Command {
  /** `issue`, or `template list` for a command below another. */
  readonly name: string;
  /** `[names...]` and the like. */
  readonly args?: string;
  /** What completion offers for its argument. */
  readonly argValues?: readonly string[];
  readonly summary: string;
  readonly flags: readonly Flag[];
  readonly examples: readonly (readonly [command: string, what: string])[];
  /** Exit codes beyond 0, 1 and 2. */
  readonly exits?: readonly (readonly [code: number, what: string])[];
  /** Returns the exit code; undefined is 0. */
  readonly run: (context: Context, args: readonly string[], flags: Flags) => Promise<number | undefined>;
}
