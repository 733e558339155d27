/** The questions about one certificate: for which server, with which names, with which key, for how long. */
import type { Settings } from '../../bundle/settings.ts';
import type { Template } from '../../bundle/template.ts';
import { parseName, type SubjectName } from '../../core/names.ts';
import { normalizeLeaf } from '../../core/options.ts';
import type { Flags } from '../command.ts';
import { days as parseDays } from '../values.ts';
import type { Choice, Found, Step } from './flow.ts';
import type { Offer } from './machine.ts';
import { adviceOn, nameAdvice } from './name-advice.ts';
import { settingsSteps } from './settings-steps.ts';
import { check, splitNames } from './words.ts';

/** Absent is the default: of the template for the key, else of the command. */
export interface ServerAnswers {
  readonly template?: string;
  /** Of the template's settings; true: `set` is empty. */
  readonly setDefaults?: boolean;
  readonly set?: Settings | undefined;
  /** Of this machine's names, and those that were typed. */
  readonly offered?: readonly string[];
  readonly others?: readonly string[];
  readonly keyType?: string | undefined;
  /** 'other': what `otherDays` says. */
  readonly days?: number | 'other' | undefined;
  readonly otherDays?: number;
}

export interface ServerFacts {
  readonly templates: readonly Template[];
  readonly offers: readonly Offer[];
  /** Throws what would be thrown at the end; absent: any name that a certificate can hold will do. */
  check?(names: readonly string[]): unknown;
  /** A life of more than 825 days is allowed. */
  readonly force: boolean;
  /** What the command line says. */
  readonly given: Flags;
  readonly now: Date;
}

// --- what the answers mean -----------------------------------------------------------------------------------------

export const DEFAULT_DAYS = 365;

export const templateOf = ({ template = 'generic' }: ServerAnswers, { templates }: ServerFacts): Template | undefined =>
  templates.find(({ name }) => name === template);

export const keyTypeOf = (answers: ServerAnswers, facts: ServerFacts): string =>
  answers.keyType ?? templateOf(answers, facts)?.keyType ?? 'p256';

export const daysOf = ({ days = DEFAULT_DAYS, otherDays }: ServerAnswers): number =>
  days === 'other' ? (otherDays ?? DEFAULT_DAYS) : days;

/** The first names the certificate and its files: host names before addresses, what was typed before what was offered. */
export function namesOf({ others = [], offered = [] }: ServerAnswers): string[] {
  const all = [...others, ...offered].map((text) => ({ text, rank: rankOf(parseName(text)) }));
  return [...new Set(all.sort((a, b) => a.rank - b.rank).map(({ text }) => text))];
}

function rankOf({ kind, text }: SubjectName): number {
  if (text === 'localhost' || text === '::1' || text.startsWith('127.')) return 2;
  return kind === 'ip' ? 1 : 0;
}

// --- for which server ----------------------------------------------------------------------------------------------

/** Every word is in the name, the title or the summary; those that have it in the name or title come first. */
export function matchingTemplates(templates: readonly Template[], term: string): Template[] {
  const words = term.toLowerCase().split(/\s+/).filter(Boolean);
  const has = (text: string) => words.every((word) => text.toLowerCase().includes(word));
  const near = templates.filter(({ name, title }) => has(`${name} ${title}`));
  const far = templates.filter(({ name, title, summary }) => has(`${name} ${title} ${summary}`));
  return [...new Set([...near, ...far])];
}

function findTemplates(templates: readonly Template[], term: string): Found {
  const found = matchingTemplates(templates, term);
  if (found.length === 0) return `No template has "${term}" in its name or summary. The generic one fits any server.`;
  return found.map(({ name, title, summary }) => ({ value: name, name: title, about: summary }));
}

function template<A extends ServerAnswers, F extends ServerFacts>(): Step<A, F, string> {
  return {
    name: 'template',
    title: 'Which server',
    question: ({ template = 'generic' }, { templates }) => ({
      type: 'search',
      message: 'Which server is it for?',
      about: 'Type to search in the names and summaries.',
      default: template,
      source: (term) => findTemplates(templates, term),
      shown: (name) => templates.find((one) => one.name === name)?.title ?? String(name),
    }),
    // Another server has other wishes for its key, and other settings.
    apply: (answers, value) => ({
      ...answers,
      template: value,
      ...(value === answers.template ? {} : { keyType: undefined, setDefaults: true, set: undefined }),
    }),
  };
}

// --- its names -----------------------------------------------------------------------------------------------------

function offered<A extends ServerAnswers, F extends ServerFacts>(): Step<A, F, readonly string[]> {
  return {
    name: 'offered',
    title: 'Names of this machine',
    when: (_, { offers }) => offers.length > 0,
    question: ({ offered }, { offers }) => ({
      type: 'checkbox',
      message: "This machine's names and addresses:",
      about: 'Put in what clients will type to connect. For a server elsewhere, take none of these.',
      choices: offers.map(({ name, about, usual }) => ({
        value: name,
        name,
        about,
        checked: offered === undefined ? usual : offered.includes(name),
      })),
    }),
  };
}

/** What is typed is checked at every key, in the words that the command line would use. */
export function findNames(typed: string, offered: readonly string[], facts: Pick<ServerFacts, 'now' | 'check'>): Found {
  const names = splitNames(typed);
  if (names.length === 0) return noNames(offered, facts);
  const wrong = names.map((name) => check(() => parseName(name))).find((complaint) => complaint !== true);
  const all = () => namesOf({ others: names, offered });
  const complaint = wrong ?? check(() => facts.check?.(all()) ?? normalizeLeaf({ names: all() }, facts.now));
  if (complaint !== true) return complaint;
  const about = names.flatMap((name) => nameAdvice(name, [...names, ...offered]).map(({ text }) => text)).join('\n');
  return [{ value: names, name: names.map((name) => parseName(name).text).join(', '), about }];
}

function noNames(offered: readonly string[], facts: Pick<ServerFacts, 'check'>): Found {
  if (offered.length === 0) return 'Type at least one, like db1.example.test or 10.0.0.5.';
  const complaint = check(() => facts.check?.(namesOf({ offered })));
  return complaint === true ? [{ value: [], name: 'No others' }] : complaint;
}

function others<A extends ServerAnswers, F extends ServerFacts>(): Step<A, F, readonly string[]> {
  return {
    name: 'others',
    title: 'Other names and addresses',
    question: ({ others = [], offered = [] }, facts) => ({
      type: 'search',
      message: offered.length === 0 ? 'Names and addresses:' : 'Others:',
      about: 'Host names, *.wildcards, IP addresses, with spaces between.',
      typed: others.join(' '),
      source: (typed) => findNames(typed, offered, facts),
      shown: (names) => [names].flat().join(', '),
      remarks: (names) => adviceOn(namesOf({ offered, others: [names].flat().map(String) })).map(({ text }) => text),
    }),
  };
}

// --- its key, and its life -----------------------------------------------------------------------------------------

/** The choices worth a thought; --key-type takes the others too. */
const KEYS: readonly { readonly value: string; readonly name: string; readonly about: string }[] = [
  { value: 'p256', name: 'ECDSA P-256', about: 'Small and fast, and every client of the last fifteen years takes it.' },
  { value: 'p384', name: 'ECDSA P-384', about: 'For rules that ask for more than 128 bits of security.' },
  {
    value: 'rsa-2048',
    name: 'RSA 2048',
    about: 'For programs that know RSA only; slower, and the smallest RSA key that is still taken.',
  },
  { value: 'rsa-3072', name: 'RSA 3072', about: 'RSA with 128 bits of security; slower.' },
  { value: 'rsa-4096', name: 'RSA 4096', about: 'RSA, larger and slower still.' },
  { value: 'ed25519', name: 'Ed25519', about: 'Modern and small; browsers and Windows refuse it.' },
];

/** With the default marked, and first said why it is the default. */
export const keyChoices = (usual: string, why = ''): Choice[] =>
  KEYS.map(({ value, name, about }) =>
    value === usual
      ? { value, name: `${name} (default)`, about: [why, about].filter(Boolean).join('\n') }
      : { value, name, about },
  );

function keyType<A extends ServerAnswers, F extends ServerFacts>(): Step<A, F, string> {
  return {
    name: 'keyType',
    title: "The server's key",
    question: (answers, facts) => {
      const { keyType: usual = 'p256', keyTypeWhy } = templateOf(answers, facts) ?? {};
      return {
        type: 'select',
        message: "The server's key:",
        default: answers.keyType ?? usual,
        choices: keyChoices(usual, keyTypeWhy),
      };
    },
    apply: (answers, value, facts) => {
      const usual = templateOf(answers, facts)?.keyType ?? 'p256';
      return { ...answers, keyType: value === usual ? undefined : value };
    },
  };
}

export const LIVES: readonly Choice[] = [
  { value: 365, name: '365 days (default)', about: 'A year: renewed once in it, and every client takes it.' },
  { value: 90, name: '90 days', about: 'Renewed four times a year; a stolen key is of use for less long.' },
  {
    value: 398,
    name: '398 days',
    about: 'The most that browsers take of public CAs; some programs hold private ones to it too.',
  },
  {
    value: 825,
    name: '825 days',
    about:
      "The most that Apple's systems take. Some clients refuse more than 398, and a stolen key stays useful longer.",
  },
  { value: 'other', name: 'Another number' },
];

function days<A extends ServerAnswers, F extends ServerFacts>(): Step<A, F, number | 'other'> {
  return {
    name: 'days',
    title: 'How long it is valid',
    question: ({ days = DEFAULT_DAYS }) => ({ type: 'select', message: 'Valid for:', default: days, choices: LIVES }),
  };
}

function otherDays<A extends ServerAnswers, F extends ServerFacts>(): Step<A, F, string> {
  return {
    name: 'otherDays',
    title: 'Days that it is valid',
    when: ({ days }) => days === 'other',
    question: ({ otherDays = DEFAULT_DAYS }, { now, force }) => ({
      type: 'input',
      message: 'Days:',
      default: String(otherDays),
      validate: (text) => check(() => normalizeLeaf({ names: ['a.test'], days: parseDays(text), force }, now)),
    }),
    apply: (answers, value) => ({ ...answers, otherDays: Number(value) }),
  };
}

export const serverSteps = <A extends ServerAnswers, F extends ServerFacts>(): Step<A, F>[] => [
  template(),
  ...settingsSteps<A, F>(),
  offered(),
  others(),
  keyType(),
  days(),
  otherDays(),
];
