/** Talk as a terminal shows it: broken between words, what goes on is set in, and a command stays on one line. */
import { widthOf } from './wizard/layout.ts';

/** Lines of at most `columns`. A longer word, path or command stays whole: broken, it could not be copied. */
export const prose = (text: string, columns: number): string =>
  text
    .split('\n')
    .map((line) => (COMMAND_LINE.test(line) || columnsOf(line) <= columns ? line : hung(line, columns)))
    .join('\n');

/** Set in this far, a line is a command to be pasted. */
const COMMAND_LINE = /^ {4}/;

const HANG = 2;

function hung(line: string, columns: number): string {
  const indent = /^ */.exec(line)?.[0] ?? '';
  const margin = indent + ' '.repeat(HANG);
  const lines: string[] = [];
  for (const { space, text } of unitsOf(line.slice(indent.length))) {
    const last = lines.at(-1);
    const longer = `${last}${space}${text}`;
    if (last !== undefined && columnsOf(longer) <= columns) lines[lines.length - 1] = longer;
    else lines.push(`${last === undefined ? indent : margin}${text}`);
  }
  return lines.join('\n');
}

/** Colours take no columns. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: colours start with ESC
const columnsOf = (text: string): number => widthOf(text.replace(/\x1b\[\d+m/g, ''));

interface Unit {
  /** What stands before it, unless it begins a line. */
  readonly space: string;
  /** A word of prose, or a whole command. */
  readonly text: string;
}

/** In a command, what is quoted is one word. */
const WORD = /(\s*)(\S+)/y;
const COMMAND_WORD = /(\s*)((['"]).*?\3[^\s'"]*|\S+)/y;

const PROGRAMS: ReadonlySet<string> = new Set(['local-ca', 'openssl', 'keytool', 'chmod', 'chown']);

/** What goes on with a sentence after a command. */
const NO_ARGUMENT: ReadonlySet<string> = new Set(
  (
    'and or with in if when where which then here there would did does is has makes made removes puts brings tells shows ' +
    'lists names keeps takes forgets enables rewrites'
  ).split(' '),
);

function unitsOf(line: string): Unit[] {
  const units: Unit[] = [];
  let open = false;
  for (let at = 0; ; ) {
    const word: RegExp = open ? COMMAND_WORD : WORD;
    word.lastIndex = at;
    const [all, space = '', text = ''] = word.exec(line) ?? [];
    if (all === undefined) return units;
    at += all.length;
    const last = units.at(-1);
    const goesOn: boolean = open && !NO_ARGUMENT.has(text) && !text.startsWith('(');
    if (goesOn && last !== undefined) units[units.length - 1] = { ...last, text: `${last.text}${space}${text}` };
    else units.push({ space, text });
    open = (goesOn || PROGRAMS.has(text.replace(/^\(/, ''))) && !endsHere(text);
  }
}

/** Three dots stand for what is left out of a command. */
const endsHere = (word: string) => /[,;:)]$|(?<!\.)\.$/.test(word);
