/**
 * The command that makes a server read its new files, as one text. It is split into words here and never given to a shell:
 * whatever this accepts means the same to one, and what would need a shell is refused.
 */
import { shellWord } from '../bundle/shell.ts';
import { quote } from '../core/text.ts';
import { LocalCaError } from '../errors.ts';

const AS_IT_IS =
  'What should stand as it is goes into single quotes, like \'C:\\nginx\\nginx.exe\', or give a JSON array: ["program", "argument"].';

const invalid = (message: string, hint = AS_IT_IS) => new LocalCaError('LOCAL_CA_HOOK_INVALID', message, hint);

/**
 * The words of a command: divided by spaces; quotes and backslashes as in a shell; or a JSON array of strings. Throws
 * LOCAL_CA_HOOK_INVALID.
 */
export function parseHook(text: string): string[] {
  const words = text.trim().startsWith('[') ? parseArray(text) : splitWords(text.trim());
  if (words.some((word) => word.includes('\0'))) throw invalid('the hook has a NUL character', 'Leave it out.');
  if (words[0]) return words;
  throw invalid('the hook names no program', "Give a command like 'systemctl reload nginx'.");
}

function parseArray(text: string): string[] {
  const words = parseJson(text);
  if (Array.isArray(words) && words.every((word) => typeof word === 'string')) return words;
  throw invalid(
    `the hook ${quote(text)} begins with [ and is not a JSON array of strings`,
    'Write it like ["systemctl", "reload", "nginx"].',
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What words are made of, each as a shell reads it (POSIX.1 XCU 2.2). */
const PIECES: readonly (readonly [pattern: RegExp, read: (piece: string) => string])[] = [
  [/'[^']*'/y, (piece) => piece.slice(1, -1)],
  // Between double quotes a backslash escapes these four only; unescaped, $ and ` would still be expanded.
  [/"(?:[^"\\$`]|\\.)*"/y, (piece) => piece.slice(1, -1).replace(/\\([$`"\\])/g, '$1')],
  // Before anything else it does nothing, and was meant as a part of a Windows path.
  [/\\[ \t'"\\|&;<>()$`*?[\]{}~#=!]/y, (piece) => piece.slice(1)],
  [/[^\s'"\\|&;<>()$`*?[\]]+/y, (piece) => piece],
];

/** What means something at the start of a word: a home folder, a comment; and of the first: a variable of its own. */
const AT_START = /[~#]|[a-z_]\w*=/iy;

function splitWords(text: string): string[] {
  const words: string[] = [];
  let inWord = false;
  for (let at = 0; at < text.length; ) {
    const gap = matchAt(/[ \t]+/y, text, at);
    if (gap !== undefined) {
      inWord = false;
      at += gap.length;
      continue;
    }
    if (!inWord) checkStart(text, at, words.length === 0);
    const { length, value } = pieceAt(text, at);
    if (inWord) words.push(`${words.pop()}${value}`);
    else words.push(value);
    inWord = true;
    at += length;
  }
  return words;
}

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

function checkStart(text: string, at: number, isFirst: boolean): void {
  const found = matchAt(AT_START, text, at);
  // After the program, `key=value` is an argument like any other.
  if (found !== undefined && (isFirst || !found.endsWith('='))) throw needsShell(text, found);
}

function pieceAt(text: string, at: number): { readonly length: number; readonly value: string } {
  for (const [pattern, read] of PIECES) {
    const piece = matchAt(pattern, text, at);
    if (piece !== undefined) return { length: piece.length, value: read(piece) };
  }
  throw refusal(text, at);
}

function refusal(text: string, at: number): LocalCaError {
  const char = String.fromCodePoint(text.codePointAt(at) ?? 0);
  if (char === '\\') return invalid(`the hook ${quote(text)} has a backslash that escapes nothing`);
  if (char === "'") return invalid(`the hook ${quote(text)} has a ' without its other one`);
  if (/[^\S\r\n]/.test(char)) return invalid(`the hook ${quote(text)} has a space that is not a plain one`);
  if (char !== '"') return needsShell(text, char);
  const expands = matchAt(/"(?:[^"\\$`]|\\.)*[$`]/y, text, at)?.at(-1);
  if (expands !== undefined) return needsShell(text, expands);
  return invalid(`the hook ${quote(text)} has a " without its other one`);
}

const needsShell = (text: string, what: string) =>
  invalid(
    `${/\s/.test(what) ? 'a line break' : quote(what)} in the hook ${quote(text)} means something to a shell, and there is none`,
    `Put the command into a script, and give the script. ${AS_IT_IS}`,
  );

/** The command as one line that `parseHook` reads back. */
export function formatHook(argv: readonly string[]): string {
  // A line break, or half of a surrogate pair, can be in a command that came as JSON; a terminal should not see it.
  const asArray = argv.some((word) => /[\p{Cc}\p{Cs}]/u.test(word)) || /^[a-z_]\w*=/i.test(argv[0] ?? '');
  if (!asArray) return argv.map(shellWord).join(' ');
  return JSON.stringify(argv).replace(/\p{Cc}/gu, (char) => `\\u00${char.charCodeAt(0).toString(16)}`);
}
