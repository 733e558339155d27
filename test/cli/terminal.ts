/** The real program in a pseudo-terminal: tmux draws the screen, and a test reads it and types. */
import assert from 'node:assert/strict';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { program } from '../support/cli.ts';
import { must, run } from '../support/peers.ts';
import { temporaryFolder } from '../support/temp.ts';

export interface TerminalOptions {
  readonly cwd: string;
  readonly home: string;
  readonly columns?: number;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** Longer than a busy machine takes to start the program. */
const PATIENCE = 30_000;

const unwrapped = (screen: string) => screen.replace(/\s+/g, ' ');

export class Terminal {
  readonly #socket: string;
  readonly #statusFile: string;
  readonly #modesFile: string;

  private constructor(folder: string) {
    this.#socket = join(folder, 'tmux');
    this.#statusFile = join(folder, 'status');
    this.#modesFile = join(folder, 'modes');
  }

  /** Runs `local-ca ARGS`, a line for a shell, on a screen of its own. */
  static async open(t: TestContext, args: string, options: TerminalOptions): Promise<Terminal> {
    const { cwd, home, columns = 80, env = {} } = options;
    // Hooks run in the order of their registration, and without its socket the server cannot be told to end.
    let socket = '';
    t.after(() => run('tmux', ['-S', socket, 'kill-server']));
    const folder = temporaryFolder(t);
    const terminal = new Terminal(folder);
    socket = terminal.#socket;
    const script = join(folder, 'script');
    const lines = [
      `"${commandIn(folder)}" ${args}`,
      'status=$?',
      // What the program has left the terminal as.
      `stty -a >"${terminal.#modesFile}"`,
      `echo $status >"${terminal.#statusFile}"`,
      'exec sleep 600',
    ];
    writeFileSync(script, `${lines.join('\n')}\n`);
    const size = ['-x', String(columns), '-y', '60'];
    const environment = {
      NO_COLOR: undefined,
      FORCE_COLOR: undefined,
      CI: undefined,
      TMUX: undefined,
      LC_ALL: 'C.UTF-8',
      TERM: 'xterm',
      ...env,
    };
    await must('tmux', ['-S', terminal.#socket, '-f', '/dev/null', 'new-session', '-d', ...size, `sh '${script}'`], {
      cwd,
      env: { ...environment, LOCAL_CA_HOME: home },
    });
    return terminal;
  }

  #tmux(...args: readonly string[]): Promise<string> {
    return must('tmux', ['-S', this.#socket, ...args]);
  }

  /** The screen; wrapped lines whole, and with its colours when asked for. */
  screen(flags: '-J' | '-e' | '-p' = '-J'): Promise<string> {
    return this.#tmux('capture-pane', '-p', flags);
  }

  /** Waits until the screen shows this: a text, however it is wrapped, or a pattern of the lines as they are. */
  async shows(wanted: string | RegExp): Promise<string> {
    const end = Date.now() + PATIENCE;
    for (;;) {
      const screen = await this.screen();
      if (typeof wanted === 'string' ? unwrapped(screen).includes(wanted) : wanted.test(screen)) return screen;
      if (Date.now() > end) assert.fail(`${wanted} did not appear:\n${screen}`);
      await pause(50);
    }
  }

  async type(text: string): Promise<void> {
    await this.#tmux('send-keys', '-l', '--', text);
  }

  /** tmux's names of keys: Enter, Down, C-c, C-u. */
  async press(...keys: readonly string[]): Promise<void> {
    await this.#tmux('send-keys', ...keys);
  }

  /** Waits for a question, and answers it: with its default, if nothing is typed. */
  async answer(question: string, text = ''): Promise<void> {
    await this.shows(question);
    if (text !== '') await this.type(text);
    await this.press('Enter');
  }

  /** After the program's end: the cursor is seen, and what is typed is shown and read by lines again. */
  async assertSane(): Promise<void> {
    assert.equal((await this.#tmux('display-message', '-p', '#{cursor_flag}')).trim(), '1', 'the cursor is hidden');
    const modes = readFileSync(this.#modesFile, 'utf8').split(/[\s;]+/);
    for (const mode of ['echo', 'icanon', 'isig', 'opost']) assert.ok(modes.includes(mode), `-${mode}`);
  }

  /** Waits for the program's end: its exit code. */
  async status(): Promise<number> {
    const end = Date.now() + PATIENCE;
    while (!existsSync(this.#statusFile) || readFileSync(this.#statusFile, 'utf8') === '') {
      if (Date.now() > end) assert.fail(`still running:\n${await this.screen()}`);
      await pause(50);
    }
    return Number(readFileSync(this.#statusFile, 'utf8'));
  }
}

/** `local-ca` as an installed program is called, in a folder for PATH. */
export function commandIn(folder: string): string {
  const path = join(folder, 'local-ca');
  writeFileSync(path, `#!/bin/sh\nexec "${process.execPath}" "${program}" "$@"\n`);
  chmodSync(path, 0o755);
  return path;
}
