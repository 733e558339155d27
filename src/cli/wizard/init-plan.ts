/** The wizard of `init` as data: its questions, and its answers as the flags that the command line takes. */
import { dirname, join, resolve } from 'node:path';
import { fillPath } from '../../bundle/paths.ts';
import type { Template } from '../../bundle/template.ts';
import { dueAt } from '../../core/duration.ts';
import { normalizeAuthority, normalizeLeaf } from '../../core/options.ts';
import type { Flags } from '../command.ts';
import { type CaAnswers, type CaFacts, caSteps, settingsText } from './ca-steps.ts';
import type { Step } from './flow.ts';
import { adviceOn } from './name-advice.ts';
import {
  DEFAULT_DAYS,
  daysOf,
  namesOf,
  type ServerAnswers,
  type ServerFacts,
  serverSteps,
  templateOf,
} from './server-steps.ts';
import { day } from './words.ts';

export interface InitAnswers extends ServerAnswers, CaAnswers {
  /** Absent is a folder of the label's name. */
  readonly out?: string | undefined;
  /** A path where the command line gave one. */
  readonly zip?: boolean | string;
}

export interface InitFacts extends ServerFacts, CaFacts {
  readonly home: string;
}

/** Where an answer goes, when it is the flag's value as it is. */
const FLAG_OF = {
  name: 'name',
  template: 'template',
  keyType: 'serverKeyType',
  caKeyType: 'keyType',
  caDays: 'days',
  intermediate: 'intermediate',
  permit: 'permit',
  encryptKey: 'encryptKey',
  out: 'out',
} as const satisfies Partial<Record<keyof InitAnswers, string>>;

/** Where `flagsOf` does more. */
const ALSO_SAID = { days: 'serverDays', zip: 'zip' } as const;

/** What the command line has answered already. */
export const saidBy = (given: Flags): Partial<InitAnswers> =>
  Object.fromEntries(
    Object.entries({ ...FLAG_OF, ...ALSO_SAID })
      .filter(([, flag]) => given[flag] !== undefined)
      .map(([answer, flag]) => [answer, given[flag]]),
  );

export interface Order {
  readonly names: readonly string[];
  readonly flags: Flags;
}

/** The answers as what `local-ca init` takes. */
export function orderOf(answers: InitAnswers, facts: InitFacts): Order {
  const names = namesOf(answers);
  const direct = Object.entries(FLAG_OF).map(([answer, flag]) => [flag, answers[answer as keyof typeof FLAG_OF]]);
  const days = daysOf(answers);
  const all = {
    ...facts.given,
    ...Object.fromEntries(direct),
    ...(days === DEFAULT_DAYS ? {} : { serverDays: days }),
    zip: answers.zip === true ? zipOf(answers, facts) : answers.zip || undefined,
  };
  return { names, flags: Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) };
}

/** What names the certificate and its files. */
export const labelOf = (answers: InitAnswers, { now }: InitFacts): string =>
  normalizeLeaf({ names: namesOf(answers) }, now).label;

/** Not inside the folder: it is what gets carried to another machine. */
function zipOf(answers: InitAnswers, facts: InitFacts): string {
  const label = labelOf(answers, facts);
  const name = templateOf(answers, facts)?.zip?.name ?? '{{label}}.zip';
  return join(dirname(answers.out ?? label), fillPath(name, label));
}

// --- the questions ------------------------------------------------------------------------------------------------

const out: Step<InitAnswers, InitFacts, string> = {
  name: 'out',
  title: 'Where the files go',
  question: (answers, facts) => ({
    type: 'input',
    message: 'Folder for the files:',
    default: answers.out ?? labelOf(answers, facts),
    validate: (text) => text.trim() !== '' || 'Name a folder, like ./db1.',
  }),
  // Where it is the default, it follows the names when these are changed.
  apply: (answers, value, facts) => ({ ...answers, out: value === labelOf(answers, facts) ? undefined : value }),
};

const zip: Step<InitAnswers, InitFacts, boolean> = {
  name: 'zip',
  title: 'The zip',
  question: (answers, facts) => ({
    type: 'confirm',
    message: 'A zip of them too?',
    about: `${zipOf(answers, facts)}: ${whatIsIn(templateOf(answers, facts))}.`,
    default: answers.zip !== false,
  }),
};

const whatIsIn = (template: Template | undefined) =>
  template?.zip?.files === undefined
    ? 'all the files, to carry them to the server; with the private key'
    : 'what its clients need, and no secret';

/** What the command line has answered is not asked. */
export const initSteps = (said: Partial<InitAnswers>): readonly Step<InitAnswers, InitFacts>[] =>
  [...serverSteps<InitAnswers, InitFacts>(), ...caSteps<InitAnswers, InitFacts>(said), out, zip].filter(
    ({ name }) => !(name in said),
  ) as readonly Step<InitAnswers, InitFacts>[];

// --- what will be done --------------------------------------------------------------------------------------------

/** When the certificate will end: not after its CA. */
export function endOf(answers: InitAnswers, facts: InitFacts): { readonly notAfter: Date; readonly due: Date } {
  const { names, flags } = orderOf(answers, facts);
  const authority = normalizeAuthority(flags, String(flags.name), facts.now);
  const leaf = normalizeLeaf({ names, days: daysOf(answers), force: facts.force }, facts.now);
  const notAfter = leaf.notAfter < authority.notAfter ? leaf.notAfter : authority.notAfter;
  return { notAfter, due: dueAt({ notBefore: leaf.notBefore, notAfter }) };
}

/** Rows of the summary: a title, or none where the row goes on; a text. */
export function summaryRows(answers: InitAnswers, facts: InitFacts): [title: string, text: string][] {
  const { names, flags } = orderOf(answers, facts);
  const template = templateOf(answers, facts);
  const keyType = answers.keyType ?? template?.keyType ?? 'p256';
  const authority = normalizeAuthority(flags, String(flags.name), facts.now);
  const leaf = normalizeLeaf({ names, days: daysOf(answers), force: facts.force }, facts.now);
  const advice = adviceOn(names);
  const warnings = leaf.warnings.filter(({ code }) => !advice.some((other) => other.code === code));
  const remarks = [...warnings.map(({ message }) => message), ...advice.map(({ text }) => text)];
  return [
    ['Server', names.join(', ')],
    ['', `${template?.title ?? flags.template}, ${keyType}`],
    ['', keyType === template?.keyType ? (template.keyTypeWhy ?? '') : ''],
    ['', `until ${day(endOf(answers, facts).notAfter)}`],
    ...remarks.map((text): [string, string] => ['!', text]),
    ['CA', `${flags.name}, until ${day(authority.notAfter)}`],
    ['', settingsText(answers)],
    ['', `in ${resolve(facts.home)}`],
    ['Files', `in ${flags.out ?? leaf.label}`],
    ['', flags.zip === undefined ? '' : `and ${flags.zip}`],
  ];
}
