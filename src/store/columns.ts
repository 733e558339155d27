/**
 * The kinds of columns that the inventory has: how a value is written, and how it is read back. What no local-ca wrote is
 * refused: a disk may fail in the middle of a value, where SQLite itself sees nothing.
 */
import { REVOCATION_REASONS } from '../core/reasons.ts';
import { FORMATS } from '../formats/formats.ts';
import type { FileRights, Revocation, StageRecord } from './store.ts';

/** What SQLite binds and returns here. Never a boolean: binding one makes libsql abort the process. */
export type Value = string | number | Uint8Array | null;

/** One column: its name, and both directions. `read` throws for what cannot be one of its values. */
export interface Column {
  readonly name: string;
  readonly write: (value: never) => Value;
  readonly read: (value: Value) => unknown;
}

const column =
  <T>(write: (value: T) => Value, read: (value: Value) => T) =>
  (name: string): Column => ({ name, write: write as (value: never) => Value, read });

const orNull =
  <T>(make: (name: string) => Column) =>
  (name: string): Column => {
    const { write, read } = make(name);
    return {
      name,
      write: (value: T | null) => (value === null ? null : write(value as never)),
      read: (value) => (value === null ? null : read(value)),
    };
  };

/** `fromRow` puts into words what else it is. */
function must<T>(is: (value: unknown) => value is T, value: unknown): T {
  if (is(value)) return value;
  throw new TypeError('of another kind');
}

type Kind<T> = (value: unknown) => value is T;
const isString = (value: unknown): value is string => typeof value === 'string';
const isNumber = (value: unknown): value is number => Number.isSafeInteger(value);
const isBytes = (value: unknown): value is Uint8Array => value instanceof Uint8Array;
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const oneOf =
  <T extends string>(...list: readonly T[]): Kind<T> =>
  (value): value is T =>
    (list as readonly unknown[]).includes(value);
const listOf =
  <T>(is: Kind<T>): Kind<T[]> =>
  (value): value is T[] =>
    Array.isArray(value) && value.every(is);
const recordOf =
  <T>(is: Kind<T>): Kind<Record<string, T>> =>
  (value): value is Record<string, T> =>
    isRecord(value) && Object.values(value).every(is);

const plain = <T extends Value>(is: Kind<T>) =>
  column<T>(
    (value) => value,
    (value) => must(is, value),
  );
export const text = plain(isString);
export const textOrNull = orNull<string>(text);
export const number = plain(isNumber);
export const role = plain(oneOf('root', 'intermediate'));
export const state = plain(oneOf('valid', 'superseded', 'revoked'));
export const wish = plain(oneOf('enabled', 'disabled'));
export const p12Profile = orNull<string>(plain(oneOf('modern', 'compat')));
export const deployment = plain(
  oneOf('not-enabled', 'waiting', 'in-progress', 'enabled', 'updating', 'disabling', 'disabled'),
);
export const flag = column<boolean>(Number, (value) => must(isNumber, value) === 1);
export const time = column<Date>(
  (value) => value.toISOString(),
  (value) => dateOf(must(isString, value)),
);
export const timeOrNull = orNull<Date>(time);
const json = <T>(is: Kind<T>) => column<T>(JSON.stringify, (value) => must(is, JSON.parse(must(isString, value))));
export const strings = json(listOf(isString));
export const formats = orNull<readonly string[]>(json(listOf(oneOf(...Object.keys(FORMATS)))));
export const settings = json(recordOf(isString));
/** libsql returns Buffers; a plain view on the same bytes is what the interface promises. */
export const bytes = column<Uint8Array>(
  (value) => value,
  (value) => {
    const { buffer, byteOffset, byteLength } = must(isBytes, value);
    return new Uint8Array(buffer, byteOffset, byteLength);
  },
);
export const ders = column<readonly Uint8Array[]>(
  (list) => JSON.stringify(list.map((der) => Buffer.from(der).toString('base64'))),
  (value) => {
    const list = must(listOf(isString), JSON.parse(must(isString, value)));
    return list.map((der) => new Uint8Array(Buffer.from(der, 'base64')));
  },
);
export const revocation: (name: string) => Column = orNull<Revocation>(
  column<Revocation>(JSON.stringify, (value) => {
    const { at, reason, invalidSince } = must(isRecord, JSON.parse(must(isString, value)));
    return {
      at: dateOf(must(isString, at)),
      reason: must(oneOf(...REVOCATION_REASONS.map(({ name }) => name)), reason),
      invalidSince: invalidSince === null ? null : dateOf(must(isString, invalidSince)),
    };
  }),
);

function dateOf(iso: string): Date {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) throw new TypeError('no date');
  return date;
}

export const stages = json(
  listOf((value): value is StageRecord => {
    if (!isRecord(value)) return false;
    const { stage, path, force } = value;
    return isString(stage) && isString(path) && typeof force === 'boolean';
  }),
);

const isOwner = (value: unknown) => isRecord(value) && isNumber(value.uid) && isNumber(value.gid);

export const rights = json(
  listOf((value): value is FileRights => {
    if (!isRecord(value) || !isRecord(value.asked) || !isRecord(value.got)) return false;
    const { path, secret, asked, got } = value;
    const isAsked = isNumber(asked.mode) && (asked.owner === null || isOwner(asked.owner));
    return isString(path) && typeof secret === 'boolean' && isAsked && isNumber(got.mode) && isOwner(got);
  }),
);
