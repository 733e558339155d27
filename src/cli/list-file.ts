/**
 * Lists of certificates for `issue --from`: CSV, YAML, JSON or JSON Lines -> one record for each row, strictly checked.
 * A bad row is named, and nothing of the list is issued.
 */
import { extname } from 'node:path';
import * as v from 'valibot';
import { quote } from '../core/text.ts';
import { readAtMost } from '../disk.ts';
import { LocalCaError } from '../errors.ts';
import { date, urls } from './values.ts';

export interface ListRow {
  /** 1 for the first certificate; a CSV's header does not count. */
  readonly row: number;
  readonly options: {
    names: string[];
    label?: string | undefined;
    profile?: string | undefined;
    template?: string | undefined;
    keyType?: string | undefined;
    days?: number | undefined;
    notBefore?: Date | undefined;
    notAfter?: Date | undefined;
    subject?: string | undefined;
    crlUrls?: string[] | undefined;
    ocspUrls?: string[] | undefined;
  };
}

const MOST_BYTES = 256 * 1024 * 1024;

const text = v.pipe(v.string(), v.minLength(1, 'is empty'));
const addresses = v.union([v.array(text), v.pipe(text, v.transform(urls))]);
const when = v.pipe(v.string(), v.transform(date));

const RowSchema = v.strictObject({
  names: v.union([v.pipe(v.array(text), v.minLength(1, 'has no name')), v.pipe(text, v.transform(splitNames))]),
  label: v.optional(text),
  profile: v.optional(text),
  template: v.optional(text),
  'key-type': v.optional(text),
  days: v.optional(v.union([v.number(), v.pipe(v.string(), v.regex(/^\d+$/, 'is not a number'), v.transform(Number))])),
  'not-before': v.optional(when),
  'not-after': v.optional(when),
  subject: v.optional(text),
  'crl-url': v.optional(addresses),
  'ocsp-url': v.optional(addresses),
});

/** In a CSV's one cell, names stand apart by spaces or semicolons. */
function splitNames(cell: string): string[] {
  return cell.split(/[\s;]+/).filter((name) => name !== '');
}

type Reader = (text: string) => unknown[] | Promise<unknown[]>;

const READERS: Readonly<Record<string, Reader>> = {
  '.csv': readCsv,
  '.yaml': readYaml,
  '.yml': readYaml,
  '.json': (content) => asList(JSON.parse(content)),
  '.jsonl': readJsonLines,
};

export async function readListFile(path: string): Promise<ListRow[]> {
  const reader = READERS[extname(path).toLowerCase()];
  if (reader === undefined) {
    throw new LocalCaError(
      'LOCAL_CA_LIST_INVALID',
      `${quote(path)} is not a list that --from can read`,
      `Its name must end in one of: ${Object.keys(READERS).join(', ')}.`,
    );
  }
  const content = new TextDecoder().decode(await readAtMost(path, MOST_BYTES)).replace(/^\ufeff/, '');
  const rows = await readRows(path, content, reader);
  if (rows.length === 0) throw bad(path, 'it has no rows', 'Give it at least one row with names.');
  return rows.map((value, i) => checkRow(path, value, i + 1));
}

async function readRows(path: string, content: string, reader: Reader): Promise<unknown[]> {
  try {
    return await reader(content);
  } catch (cause) {
    if (cause instanceof LocalCaError) throw bad(path, cause.message, cause.hint, cause);
    throw bad(path, `it cannot be read: ${firstLine(cause)}`, 'Mend the file; nothing was issued.', cause);
  }
}

/** A YAML error goes on with an excerpt of the file; the place is named in its first line already. */
const firstLine = (error: unknown) => (error as Error).message.split('\n')[0]?.replace(/:$/, '');

function checkRow(path: string, value: unknown, row: number): ListRow {
  try {
    const parsed = v.safeParse(RowSchema, value);
    if (!parsed.success) throw problemOf(parsed.issues.find(isUnknownKey) ?? parsed.issues[0]);
    return { row, options: optionsOf(parsed.output) };
  } catch (error) {
    throw inRow(path, row, error);
  }
}

function optionsOf(row: v.InferOutput<typeof RowSchema>): ListRow['options'] {
  const { 'key-type': keyType, 'not-before': notBefore, 'not-after': notAfter, ...more } = row;
  const { 'crl-url': crlUrls, 'ocsp-url': ocspUrls, ...rest } = more;
  return { ...rest, keyType, notBefore, notAfter, crlUrls, ocspUrls };
}

/** A misspelt `names` is both unknown and missing; the first says more. */
const isUnknownKey = (issue: v.BaseIssue<unknown>) => issue.type === 'strict_object' && issue.expected === 'never';

function problemOf(issue: v.BaseIssue<unknown>): LocalCaError {
  const key = v.getDotPath(issue) ?? 'the row';
  const known = Object.keys(RowSchema.entries).join(', ');
  if (isUnknownKey(issue)) {
    return new LocalCaError('LOCAL_CA_LIST_INVALID', `unknown column or key ${quote(key)}`, `Known ones: ${known}.`);
  }
  if (issue.received === 'undefined') {
    return new LocalCaError(
      'LOCAL_CA_LIST_INVALID',
      `${key} is missing`,
      `Every row needs names; also known: ${known}.`,
    );
  }
  const message = issue.message.startsWith('Invalid') ? `cannot be ${issue.received}` : issue.message;
  return new LocalCaError('LOCAL_CA_LIST_INVALID', `${key} ${message}`, `Known columns and keys: ${known}.`);
}

/** The same error, saying in which row of which file it is. */
export function inRow(path: string, row: number, error: unknown): unknown {
  if (!(error instanceof LocalCaError)) return error;
  return new LocalCaError(
    'LOCAL_CA_LIST_INVALID',
    `${path}, row ${row}: ${error.message}`,
    `${error.hint} Nothing was issued; mend the row and run it again.`,
    { cause: error },
  );
}

const bad = (path: string, why: string, hint: string, cause?: unknown) =>
  new LocalCaError('LOCAL_CA_LIST_INVALID', `${path}: ${why}`, hint, { cause });

async function readCsv(content: string): Promise<unknown[]> {
  const { parse } = await import('csv-parse/sync');
  const rows: Record<string, string>[] = parse(content, {
    columns: refuseRepeated,
    delimiter: delimiterOf(content),
    skip_empty_lines: true,
    trim: true,
    bom: true,
  });
  // An empty cell is an answer left out, not an empty answer.
  return rows.map((row) => Object.fromEntries(Object.entries(row).filter(([, cell]) => cell !== '')));
}

/** Spreadsheets of half of Europe write semicolons. */
function delimiterOf(content: string): string {
  const [header = ''] = content.split('\n', 1);
  return header.includes(';') && !header.includes(',') ? ';' : ',';
}

function refuseRepeated(header: string[]): string[] {
  const seen = new Set<string>();
  const twice = header.find((name) => seen.size === seen.add(name).size);
  if (twice === undefined) return header;
  throw new LocalCaError('LOCAL_CA_LIST_INVALID', `two columns are called ${quote(twice)}`, 'Keep one of them.');
}

function readJsonLines(content: string): unknown[] {
  return content.split('\n').flatMap((line, i) => (line.trim() === '' ? [] : [readJsonLine(line, i + 1)]));
}

function readJsonLine(line: string, number: number): unknown {
  try {
    return JSON.parse(line);
  } catch (cause) {
    throw new LocalCaError(
      'LOCAL_CA_LIST_INVALID',
      `line ${number} is not JSON`,
      'Write one record to a line; nothing was issued.',
      { cause },
    );
  }
}

async function readYaml(content: string): Promise<unknown[]> {
  const { isScalar, parse } = await import('yaml');
  // The library compares every key of a record with all others, which takes hours where there are many.
  let left = COMPARISONS * content.length;
  const uniqueKeys = (a: unknown, b: unknown) => {
    if (left-- === 0) throw new Error('a record has very many keys');
    return a === b || (isScalar(a) && isScalar(b) && a.value === b.value);
  };
  return asList(parse(content, { uniqueKeys }));
}

/** For each character. Records of twelve keys take less than one. */
const COMPARISONS = 10;

function asList(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  const inside =
    value !== null && typeof value === 'object' ? (value as Record<string, unknown>).certificates : undefined;
  if (Array.isArray(inside) && Object.keys(value as object).length === 1) return inside;
  throw new LocalCaError(
    'LOCAL_CA_LIST_INVALID',
    'it is not a list',
    'Write a list of records, or a record whose only key "certificates" has the list.',
  );
}
