/** Flag values: text in, typed values out, each refusal naming the flag and the text. */
import { quote } from '../core/text.ts';
import { readAtMost } from '../disk.ts';
import { LocalCaError } from '../errors.ts';
import type { Flag, Flags } from './command.ts';

const invalid = (message: string, hint: string) => new LocalCaError('LOCAL_CA_OPTION_INVALID', message, hint);

/** The flag's long name, for messages. */
const nameOf = (flags: string) => /--[a-z0-9-]+/.exec(flags)?.[0] ?? flags;

/** `fromKey` -> `--from-key`, as the parser names what it parsed. */
export const flagName = (key: string) => `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

export const days = (text: string): number => {
  if (/^[0-9]+$/.test(text)) return Number(text);
  throw new LocalCaError(
    'LOCAL_CA_VALIDITY_INVALID',
    `${quote(text)} is not a number of days`,
    'Give a whole number from 1 on.',
  );
};

/** A date, or a date and time; UTC unless it says otherwise. */
export const date = (text: string): Date => {
  const shape = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})?)?$/.test(text);
  const zoned = /Z$|[+-]\d{2}:\d{2}$/.test(text) || text.length === 10 ? text : `${text}Z`;
  const parsed = new Date(shape ? zoned : Number.NaN);
  if (!Number.isNaN(parsed.getTime()) && isDay(text.slice(0, 10))) return parsed;
  throw new LocalCaError(
    'LOCAL_CA_VALIDITY_INVALID',
    `${quote(text)} is not a date`,
    'Write it like 2026-11-22 or 2026-11-22T10:00:00Z.',
  );
};

/** JavaScript takes 2026-02-30 for 2 March. */
const isDay = (day: string) => new Date(day).toISOString().startsWith(day);

/** `a,b` and a repeated flag both make a list. */
export const list = (text: string): string[] =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');

/** The same of addresses, which may have commas in them: ldap:///CN=CA,DC=test. */
export const urls = (text: string): string[] => text.split(/,(?=\s*[a-z]+:\/\/)/i).map((url) => url.trim());

/** Where an item left empty must not pass in silence: a script's unset variable would take a limit away. */
export const everyItem = (text: string): string[] => text.split(',').map((item) => item.trim());

export function oneOf<T extends string>(flag: string, values: readonly T[]): Pick<Flag, 'parse' | 'values'> {
  return {
    values,
    parse: (text) => {
      if ((values as readonly string[]).includes(text)) return text;
      throw invalid(`${nameOf(flag)} cannot be ${quote(text)}`, `Use one of: ${values.join(', ')}.`);
    },
  };
}

/** A script whose variable is empty must not end up in the current folder. */
export const path =
  (flag: string) =>
  (text: string): string => {
    if (text !== '') return text;
    throw invalid(`the path given to ${nameOf(flag)} is empty`, `Give ${nameOf(flag)} a path, or leave it out.`);
  };

/** A password or passphrase: given, or the first line of a file; undefined when neither. */
export function secretFrom(flags: Flags, name: string): string | undefined {
  const given = flags[name] as string | undefined;
  const file = flags[`${name}File`] as string | undefined;
  if (given !== undefined && file !== undefined)
    throw invalid(`both --${name} and --${name}-file were given`, 'Give one of them.');
  if (file !== undefined) return firstLine(file, name);
  if (given === '') throw empty(name, `--${name}`);
  return given;
}

const MOST_SECRET_BYTES = 64 * 1024;

function firstLine(file: string, name: string): string {
  const text = new TextDecoder().decode(readAtMost(file, MOST_SECRET_BYTES));
  const [line = ''] = text.split(/\r?\n/);
  if (line === '') throw empty(name, quote(file));
  return line;
}

const empty = (name: string, where: string) =>
  new LocalCaError(
    'LOCAL_CA_PASSWORD_REQUIRED',
    `the ${name} from ${where} is empty`,
    `Give a ${name} of at least one character.`,
  );
