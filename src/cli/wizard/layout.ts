/** Text that fits a terminal: wrapped between words, cut where it must be one line, and never steering the terminal. */

/** East Asian wide characters and most emoji take two columns (UAX #11); marks take none. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;
const NONE = /^[\p{M}\p{Cf}]$/u;

/** How many columns a text takes. */
export const widthOf = (text: string): number =>
  [...text].reduce((sum, char) => sum + (NONE.test(char) ? 0 : WIDE.test(char) ? 2 : 1), 0);

/** On one line, and with nothing in it that a terminal would obey: the title of a template is anybody's text. */
const plain = (text: string): string => text.replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]+/gu, ' ');

/** One line of at most `width` columns; what is too long ends with an ellipsis. */
export function fit(text: string, width: number): string {
  const line = plain(text);
  if (widthOf(line) <= width) return line;
  return `${head(line, width - 1).trimEnd()}…`;
}

/** As many of the first characters as fit. */
function head(text: string, width: number): string {
  let taken = '';
  let columns = 0;
  for (const char of text) {
    columns += widthOf(char);
    if (columns > width) break;
    taken += char;
  }
  return taken;
}

/** Lines of at most `width` columns, broken between words; a longer word is broken too. None for no text. */
export function wrap(text: string, width: number): string[] {
  const room = Math.max(width, MIN_WIDTH);
  const lines: string[] = [];
  for (const word of plain(text)
    .split(/\s+/)
    .filter(Boolean)
    .flatMap((one) => pieces(one, room))) {
    const last = lines.at(-1);
    if (last !== undefined && widthOf(last) + 1 + widthOf(word) <= room) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** Narrower, a terminal shows nothing worth reading anyway. */
const MIN_WIDTH = 12;

function pieces(word: string, width: number): string[] {
  if (widthOf(word) <= width) return [word];
  const first = head(word, width);
  return [first, ...pieces(word.slice(first.length), width)];
}

/** A text after something that stands before its first line; the others are set below it. */
export function hang(before: string, text: string, width: number): string[] {
  const margin = widthOf(before);
  return wrap(text, width - margin).map((line, i) => (i === 0 ? before : ' '.repeat(margin)) + line);
}
