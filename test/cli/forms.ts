/** The forms in a pseudo-terminal: somebody who answers them, and what each of them must do. */
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { TestContext } from 'node:test';
import { offersOf, thisMachine } from '../../src/cli/wizard/machine.ts';
import { must } from '../support/peers.ts';
import { temporaryFolder } from '../support/temp.ts';
import { commandIn, Terminal, type TerminalOptions } from './terminal.ts';

export interface Place {
  readonly cwd: string;
  readonly home: string;
}

/** A folder to work in, and a home that is not there yet. */
export function newPlace(t: TestContext): Place {
  const folder = temporaryFolder(t);
  const cwd = join(folder, 'work');
  mkdirSync(cwd);
  return { cwd, home: join(folder, 'home') };
}

export const open = (t: TestContext, args: string, place: Place, options: Partial<TerminalOptions> = {}) =>
  Terminal.open(t, args, { ...place, ...options });

/** One way to answer a question: keys in tmux's names; what is typed is written `=text`. */
export type Answer = readonly [question: string, ...keys: string[]];

/** The questions that several forms ask, as the screen shows them. */
export const COMMON = {
  template: '? Which server is it for?',
  settings: '? Settings of the server: take the defaults?',
  different: '? What is different:',
  offered: "? This machine's names and addresses:",
  names: '? Names and addresses:',
  serverKey: "? The server's key:",
  days: '? Valid for:',
  otherDays: '? Days:',
  out: '? Folder for the files:',
  zip: '? A zip of them too?',
  now: '? Is that right?',
} as const;

/** They show what they have found for the whole of the line before they take anything. */
const SEARCHES = [COMMON.template, '? Others:', COMMON.names, '? Which certificates?'] as readonly string[];

export async function give(terminal: Terminal, [question, ...keys]: Answer): Promise<void> {
  await terminal.shows(question);
  for (const key of keys) {
    if (!key.startsWith('=')) await terminal.press(key);
    else await terminal.type(key.slice(1));
    if (key.startsWith('=') && SEARCHES.includes(question)) {
      await terminal.shows(new RegExp(`❯ .*${key.slice(1).split(' ').at(-1)}`, 'i'));
    }
  }
}

export async function giveAll(terminal: Terminal, answers: readonly Answer[]): Promise<void> {
  for (const answer of answers) await give(terminal, answer);
}

/** None of the names of the machine that runs the test: they are different on each. */
export const NOT_THIS_MACHINE: Answer = [
  COMMON.offered,
  ...offersOf(thisMachine())
    .filter(({ usual }) => usual)
    .flatMap(() => ['Space', 'Down']),
  'Enter',
];

// biome-ignore lint/suspicious/noControlCharactersInRegex: colours start with ESC
export const COLOUR = /\x1b\[[0-9;]*3[1-7]m/;

/** The terminal had to break no line: each was broken between words before. */
export async function assertFits(terminal: Terminal, columns: number): Promise<void> {
  for (const line of (await terminal.screen()).split('\n')) assert.ok([...line].length <= columns, line);
}

/** The printed commands with their continued lines, as one would copy them. */
export function printedCommand(screen: string): string {
  const [, after = ''] = screen.split('The same without questions\n');
  const lines = after.split('\n');
  const end = lines.findIndex((line, i) => !line.startsWith('    ') && !lines[i - 1]?.endsWith('\\'));
  return lines.slice(0, end === -1 ? lines.length : end).join('\n');
}

// --- what every form must do -----------------------------------------------------------------------------------------

/** Wide and narrow, in colour and without. */
export const SCREENS = [
  [80, {}],
  [80, { NO_COLOR: '1' }],
  [40, {}],
  [40, { NO_COLOR: '1' }],
] as const;

/** Answers all, up to the summary: every screen fits, and has colours unless they were declined. */
export async function assertRun(
  terminal: Terminal,
  answers: readonly Answer[],
  columns: number,
  env: object,
): Promise<string> {
  for (const answer of answers) {
    await terminal.shows(answer[0]);
    await assertFits(terminal, columns);
    await give(terminal, answer);
  }
  const summary = await terminal.shows(COMMON.now);
  await assertFits(terminal, columns);
  assert.equal(COLOUR.test(await terminal.screen('-e')), !('NO_COLOR' in env));
  return summary;
}

/** Ctrl-C at the question after these answers: exit 130, and a sane terminal. */
export async function assertCancels(
  t: TestContext,
  args: string,
  place: Place,
  answers: readonly Answer[],
  question: string,
): Promise<void> {
  const terminal = await open(t, args, place);
  await giveAll(terminal, answers);
  await terminal.shows(question);
  await terminal.press('C-c');
  assert.equal(await terminal.status(), 130, question);
  assert.match(await terminal.screen(), /local-ca: cancelled\n/, question);
  await terminal.assertSane();
}

/** Runs a printed command as one would who copies it. */
export async function runPrinted(t: TestContext, line: string, { cwd, home }: Place, env = {}): Promise<void> {
  assert.match(line, /^ *local-ca .*--yes$/s);
  const path = [join(commandIn(temporaryFolder(t)), '..'), process.env.PATH].join(delimiter);
  await must('sh', ['-c', line], { cwd, env: { PATH: path, LOCAL_CA_HOME: home, ...env } });
}
