/**
 * Another date for a program and all that it starts, by libfaketime.
 *
 * - The library is loaded by environment variables and not by the `faketime` program, which forks: its process id is not
 *   the program's, and a signal to it does not reach the program.
 * - An offset and not a date, so that clocks run on, and programs that start one after another agree.
 * - A process makes a semaphore that only its user may open, named after its process id, unless its parent has one. A
 *   program that becomes another user and does not fork (setpriv) must therefore not be the first to have the library:
 *   give it to what comes behind it, `[...asAccount(user), ...prefix, program]`.
 * - A shell ends without taking its semaphore away from /dev/shm: start programs without one.
 * - What is linked statically (Go) keeps the true date.
 */
import { existsSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface FakeClock {
  /** To be put before a program and its arguments. */
  readonly prefix: readonly string[];
  /** Does the same as an environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly now: () => Date;
}

export interface MovingClock {
  readonly env: Readonly<Record<string, string>>;
  readonly now: () => Date;
  readonly move: (to: Date) => void;
}

const DAY = 86_400_000;

/** The clock at a date (ISO 8601), or some days from now. Needs `faketime`. */
export function atDate(when: string | number): FakeClock {
  const offset = typeof when === 'number' ? when * DAY : Date.parse(when) - Date.now();
  const seconds = Math.round(offset / 1000);
  const env = {
    LD_PRELOAD: libraryFile(),
    FAKETIME: `${seconds < 0 ? '' : '+'}${seconds}`,
    // Timeouts wait by the monotonic clock: shifted, a wait that the kernel counts can last for ever.
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    // File times stay true for every program, as they do in Node in any case.
    NO_FAKE_STAT: '1',
  };
  const prefix = ['env', ...Object.entries(env).map(([name, value]) => `${name}=${value}`)];
  return { prefix, env, now: () => new Date(Date.now() + seconds * 1000) };
}

/** A clock that can be moved while programs run: they ask the file, whoever they run as. */
export function movingClock(folder: string): MovingClock {
  const file = join(folder, 'clock');
  const { FAKETIME: _, ...env } = atDate(0).env;
  let seconds = 0;
  const move = (to: Date) => {
    seconds = Math.round((to.getTime() - Date.now()) / 1000);
    // In its place by renaming: nobody reads half of it.
    writeFileSync(`${file}.new`, `${seconds < 0 ? '' : '+'}${seconds}\n`, { mode: 0o644 });
    renameSync(`${file}.new`, file);
  };
  move(new Date());
  return {
    env: { ...env, FAKETIME_TIMESTAMP_FILE: file, FAKETIME_NO_CACHE: '1' },
    now: () => new Date(Date.now() + seconds * 1000),
    move,
  };
}

/** Debian keeps it in the folder of the machine's architecture, outside the linker's path. */
function libraryFile(): string {
  const found = readdirSync('/usr/lib')
    .map((folder) => join('/usr/lib', folder, 'faketime', 'libfaketime.so.1'))
    .find((file) => existsSync(file));
  if (found === undefined) throw new Error('libfaketime.so.1 is missing; npm run peers installs it');
  return found;
}
