/** Options come from JavaScript too, where nothing else tells of a misspelt key or a date that is a text. */
import { LocalCaError } from '../errors.ts';
import { quote } from './text.ts';

interface Kind {
  readonly is: (value: unknown) => boolean;
  readonly called: string;
  /** Never shown in a message. */
  readonly secret?: boolean;
}

/** Not instanceof: a test runner that gives each file a realm of its own has other classes there than Node.js. */
const isBranded = (brand: string) => (value: unknown) => Object.prototype.toString.call(value) === `[object ${brand}]`;
const isString = (value: unknown) => typeof value === 'string';

const KINDS = {
  string: { is: isString, called: 'a string' },
  strings: { is: (value) => Array.isArray(value) && value.every(isString), called: 'a list of strings' },
  number: { is: (value) => typeof value === 'number', called: 'a number' },
  boolean: { is: (value) => typeof value === 'boolean', called: 'true or false' },
  date: { is: isBranded('Date'), called: 'a Date' },
  object: { is: (value) => typeof value === 'object' && value !== null && !Array.isArray(value), called: 'an object' },
  secret: { is: isString, called: 'a string', secret: true },
  bytes: { is: isBranded('Uint8Array'), called: 'a Uint8Array', secret: true },
  ders: {
    is: (value) => Array.isArray(value) && value.every(isBranded('Uint8Array')),
    called: 'a list of Uint8Arrays',
    secret: true,
  },
} satisfies Readonly<Record<string, Kind>>;

/** What each key of an options interface holds; the compiler holds the table to the interface, key by key. */
export type OptionKinds<Options> = { readonly [Key in keyof Options]-?: keyof typeof KINDS };

/** Refuses keys that nobody would read, and values that are not what they should be. Undefined is as good as absent. */
export function checkOptions<Options extends object>(options: Options, kinds: OptionKinds<Options>): void {
  checkKind('the options', options, KINDS.object);
  for (const [key, value] of Object.entries(options)) {
    if (!Object.hasOwn(kinds, key)) {
      throw optionError(`there is no option ${quote(key)}`, `There are: ${Object.keys(kinds).join(', ')}.`);
    }
    if (value !== undefined) checkKind(key, value, KINDS[kinds[key as keyof Options]]);
  }
}

function checkKind(what: string, value: unknown, { is, called, secret = false }: Kind): void {
  if (is(value)) return;
  const verb = what === 'the options' ? 'are' : 'is';
  throw optionError(`${what} ${verb} ${secret ? 'something else' : shown(value)}, not ${called}`, `Give ${called}.`);
}

function shown(value: unknown): string {
  if (typeof value === 'string') return quote(value);
  if (Array.isArray(value)) return `[${value.map(shown).join(', ')}]`;
  if (typeof value === 'object' && value !== null) return 'an object';
  return typeof value === 'function' ? 'a function' : String(value);
}

const optionError = (message: string, hint: string) => new LocalCaError('LOCAL_CA_OPTION_INVALID', message, hint);
