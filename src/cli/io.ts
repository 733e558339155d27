/**
 * How the command line speaks. stdout is data: JSON with `--json`, else paths, PEM or a table. stderr is talk:
 * progress, warnings, hints. Nothing else in local-ca writes to either.
 */
import { styleText } from 'node:util';
import { jsonEscape } from '../core/text.ts';
import { prose } from './prose.ts';

/** One, so that what is painted begins with one sequence and ends with one. */
type Style = Extract<Parameters<typeof styleText>[0], string>;

export interface IoOptions {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly color: boolean;
  readonly yes: boolean;
}

export class Io {
  readonly options: IoOptions;
  /** Asked for a stream when that is used: Node makes each one at its first mention, and stdin takes 2 ms. */
  readonly #process: Pick<NodeJS.Process, 'stdout' | 'stderr' | 'stdin'>;
  /** What was painted here. Any other sequence for the terminal is somebody else's. */
  readonly #painted = new Set<string>();

  constructor(options: IoOptions, process: Pick<NodeJS.Process, 'stdout' | 'stderr' | 'stdin'>) {
    this.options = options;
    this.#process = process;
  }

  /** Data, for a pipe or a person; ends with a newline. Some formats end their lines otherwise. */
  data(text: string, lineEnd: '\n' | '\r\n' = '\n'): void {
    const shown = this.#shown(text.replaceAll(lineEnd, '\n'));
    const whole = shown.endsWith('\n') || shown === '' ? shown : `${shown}\n`;
    this.#process.stdout.write(whole.replaceAll('\n', lineEnd));
  }

  /** The record with `--json`, the text without. */
  result(record: unknown, text: string): void {
    this.data(this.options.json ? JSON.stringify(record, null, 2) : text);
  }

  /** Talk, unless --quiet. */
  say(text: string): void {
    if (!this.options.quiet) this.#talk(this.#shown(text));
  }

  /** A warning is never kept quiet. */
  warn(text: string): void {
    this.#talk(`${this.style('yellow', 'warning:')} ${this.#shown(text)}`);
  }

  error(text: string): void {
    this.#talk(this.#shown(text));
  }

  #talk(shown: string): void {
    this.#process.stderr.write(`${prose(shown, columnsOf(this.#process.stderr))}\n`);
  }

  style(style: Style, text: string): string {
    return this.#paint(style, text, this.#process.stderr.isTTY);
  }

  /** As `style`, for data. */
  paint(style: Style, text: string): string {
    return this.#paint(style, text, this.#process.stdout.isTTY);
  }

  #paint(style: Style, text: string, isTerminal: boolean): string {
    if (!this.options.color || !isTerminal) return text;
    const painted = styleText(style, printable(text));
    this.#painted.add(painted);
    return painted;
  }

  #shown(text: string): string {
    if (this.#painted.size === 0) return printable(text);
    return text
      .split(PAINTED)
      .map((part) => (this.#painted.has(part) ? part : printable(part)))
      .join('');
  }

  /** Whether a person can be asked. */
  get interactive(): boolean {
    return this.#process.stdin.isTTY === true && this.#process.stderr.isTTY === true && !this.options.yes;
  }

  /** Whether a progress bar would be seen. */
  get progress(): boolean {
    return this.#process.stderr.isTTY === true && !this.options.quiet;
  }

  get columns(): number {
    return columnsOf({ isTTY: true, columns: this.#process.stderr.columns });
  }

  /** How wide data may be: a pipe takes anything. */
  get dataColumns(): number {
    return columnsOf(this.#process.stdout);
  }
}

/** A pipe takes anything; a terminal may not know how wide it is, or call itself 0 wide. */
export const columnsOf = ({ isTTY, columns }: { readonly isTTY?: boolean; readonly columns?: number }): number =>
  isTTY ? columns || 80 : Number.POSITIVE_INFINITY;

// biome-ignore lint/suspicious/noControlCharactersInRegex: colours start with ESC
const PAINTED = /(\x1b\[\d+m[^\x1b]*\x1b\[\d+m)/;

/** A file may hold what a terminal would obey. Line ends and tabs stay; other control characters are written out. */
export const printable = (text: string): string => text.replace(/(?![\n\t])\p{Cc}/gu, jsonEscape);

/** Rows as a table: two spaces between columns, no trailing spaces. Empty for no rows. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return '';
  const all = [header, ...rows];
  // Not as the arguments of one call, which can have some 100,000.
  const widths = header.map((_, column) => all.reduce((most, row) => Math.max(most, row[column]?.length ?? 0), 0));
  return all
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
