/** The wizard of `init` as data: its questions, and its answers as the flags that the command line takes. */

import { resolve } from 'node:path';
import { dueAt } from '../../core/duration.ts';
import { normalizeAuthority, normalizeLeaf } from '../../core/options.ts';
import { isoDay } from '../../core/time.ts';
import type { Flags } from '../command.ts';
import { type CaAnswers, type CaFacts, caSteps, settingsText } from './ca-steps.ts';
import { type FilesAnswers, type FilesFacts, filesSteps, zipFlag, zipText } from './files-steps.ts';
import type { Step } from './flow.ts';
import { adviceOn } from './name-advice.ts';
import { type Order, orderFor } from './order.ts';
import { DEFAULT_DAYS, daysOf, keyTypeOf, namesOf, serverSteps, templateOf } from './server-steps.ts';
import { setFlag, settingsRow } from './settings-steps.ts';
import type { SummaryRow } from './summary.ts';

export interface InitAnswers extends FilesAnswers, CaAnswers {}

export interface InitFacts extends FilesFacts, CaFacts {
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

/** The answers as what `local-ca init` takes. */
export function orderOf(answers: InitAnswers, facts: InitFacts): Order {
  const names = namesOf(answers);
  const direct = Object.entries(FLAG_OF).map(([answer, flag]) => [flag, answers[answer as keyof typeof FLAG_OF]]);
  const days = daysOf(answers);
  const all = {
    ...facts.given,
    ...Object.fromEntries(direct),
    ...(days === DEFAULT_DAYS ? {} : { serverDays: days }),
    set: setFlag(answers, facts),
    zip: zipFlag(answers, facts),
  };
  return orderFor('init', names, all);
}

// --- the questions ------------------------------------------------------------------------------------------------

/** What the command line has answered is not asked. */
export const initSteps = (said: Partial<InitAnswers>): readonly Step<InitAnswers, InitFacts>[] =>
  [
    ...serverSteps<InitAnswers, InitFacts>(),
    ...caSteps<InitAnswers, InitFacts>(said),
    ...filesSteps<InitAnswers, InitFacts>(),
  ].filter(({ name }) => !(name in said)) as readonly Step<InitAnswers, InitFacts>[];

// --- what will be done --------------------------------------------------------------------------------------------

/** When the certificate will end: not after its CA. */
export function endOf(answers: InitAnswers, facts: InitFacts): { readonly notAfter: Date; readonly due: Date } {
  const { names, flags } = orderOf(answers, facts);
  const authority = normalizeAuthority(flags, String(flags.name), facts.now);
  const leaf = normalizeLeaf({ names, days: daysOf(answers), force: facts.force }, facts.now);
  const notAfter = leaf.notAfter < authority.notAfter ? leaf.notAfter : authority.notAfter;
  return { notAfter, due: dueAt({ notBefore: leaf.notBefore, notAfter }) };
}

export function summaryRows(answers: InitAnswers, facts: InitFacts): SummaryRow[] {
  const { names, flags } = orderOf(answers, facts);
  const template = templateOf(answers, facts);
  const keyType = keyTypeOf(answers, facts);
  const authority = normalizeAuthority(flags, String(flags.name), facts.now);
  const leaf = normalizeLeaf({ names, days: daysOf(answers), force: facts.force }, facts.now);
  const advice = adviceOn(names);
  const warnings = leaf.warnings.filter(({ code }) => !advice.some((other) => other.code === code));
  const remarks = [...warnings.map(({ message }) => message), ...advice.map(({ text }) => text)];
  return [
    ['Server', names.join(', ')],
    ['', `${template?.title ?? flags.template}, ${keyType}`],
    ['', settingsRow(answers, facts)],
    ['', keyType === template?.keyType ? (template.keyTypeWhy ?? '') : ''],
    ['', `until ${isoDay(endOf(answers, facts).notAfter)}`],
    ...remarks.map((text): SummaryRow => ['!', text]),
    ['CA', `${flags.name}, until ${isoDay(authority.notAfter)}`],
    ['', settingsText(answers)],
    ['', `in ${resolve(facts.home)}`],
    ['Files', `in ${flags.out ?? leaf.label}`],
    ['', zipText(answers, facts)],
  ];
}
