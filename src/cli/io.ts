/**
 * How the command line speaks. stdout is data: JSON with `--json`, else paths, PEM or a table. stderr is talk:
 * progress, warnings, hints. Nothing else in local-ca writes to either.
 */
import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

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

  constructor(options: IoOptions, process: Pick<NodeJS.Process, 'stdout' | 'stderr' | 'stdin'>) {
    this.options = options;
    this.#process = process;
  }

  /** Data, for a pipe or a person; ends with a newline. */
  data(text: string): void {
    const shown = printable(text);
    this.#process.stdout.write(shown.endsWith('\n') || shown === '' ? shown : `${shown}\n`);
  }

  /** The record with `--json`, the text without. */
  result(record: unknown, text: string): void {
    this.data(this.options.json ? JSON.stringify(record, null, 2) : text);
  }

  /** Talk, unless --quiet. */
  say(text: string): void {
    if (!this.options.quiet) this.#process.stderr.write(`${printable(text)}\n`);
  }

  /** A warning is never kept quiet. */
  warn(text: string): void {
    this.#process.stderr.write(`${this.style('yellow', 'warning:')} ${printable(text)}\n`);
  }

  error(text: string): void {
    this.#process.stderr.write(`${printable(text)}\n`);
  }

  style(style: Style, text: string): string {
    return this.options.color && this.#process.stderr.isTTY ? styleText(style, text) : text;
  }

  /** As `style`, for data. */
  paint(style: Style, text: string): string {
    return this.options.color && this.#process.stdout.isTTY ? styleText(style, text) : text;
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
    return this.#process.stderr.columns ?? 80;
  }

  /** How wide data may be: a pipe takes anything. */
  get dataColumns(): number {
    return this.#process.stdout.columns ?? Number.POSITIVE_INFINITY;
  }
}

/**
 * A certificate may hold what a terminal would obey. Colours (which are ours), line ends and tabs stay; other control
 * characters are written out.
 */
const printable = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
  text.replace(/\x1b\[[0-9;]*m|[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, (found) =>
    found.length > 1 ? found : `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

/** Rows as a table: two spaces between columns, no trailing spaces. Empty for no rows. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return '';
  const all = [header, ...rows];
  const widths = header.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  return all
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
