/** The wizard of `issue` as data: for which server, its names, its key, and where the files go. */

import { dueAt } from '../../core/duration.ts';
import { type LeafRequest, normalizeLeaf } from '../../core/options.ts';
import { isoDay } from '../../core/time.ts';
import type { Flags } from '../command.ts';
import { type FilesAnswers, type FilesFacts, filesSteps, labelOf, zipFlag, zipText } from './files-steps.ts';
import type { Step } from './flow.ts';
import { adviceOn } from './name-advice.ts';
import { type Order, orderFor } from './order.ts';
import { DEFAULT_DAYS, daysOf, keyTypeOf, namesOf, serverSteps, templateOf } from './server-steps.ts';
import { setFlag, settingsRow } from './settings-steps.ts';
import type { SummaryRow } from './summary.ts';

export interface IssueFacts extends FilesFacts {
  readonly given: Flags;
  /** The CA's name, and its end: nothing that it signs outlives it. */
  readonly ca: { readonly name: string; readonly notAfter: Date };
  /** Until when a certificate of this label is valid, where there is one. */
  endOf(label: string): Date | undefined;
}

/** Where an answer goes; the flag has its name. */
const FLAGS = ['template', 'keyType', 'days', 'out', 'zip'] as const satisfies (keyof FilesAnswers)[];

/** What the command line has answered already; of an end that it names, the days follow. */
export const saidBy = (given: Flags): FilesAnswers =>
  Object.fromEntries(FLAGS.filter((name) => given[name] !== undefined).map((name) => [name, given[name]]));

export const issueSteps = (said: FilesAnswers, given: Flags): readonly Step<FilesAnswers, IssueFacts>[] =>
  [...serverSteps<FilesAnswers, IssueFacts>(), ...filesSteps<FilesAnswers, IssueFacts>()].filter(
    ({ name }) => !(name in said) && !(name === 'days' && given.notAfter !== undefined),
  );

export function orderOf(answers: FilesAnswers, facts: IssueFacts): Order {
  const { template, keyType, out } = answers;
  const days = daysOf(answers);
  return orderFor('issue', namesOf(answers), {
    ...facts.given,
    template,
    keyType,
    out,
    ...(days === DEFAULT_DAYS ? {} : { days }),
    set: setFlag(answers, facts),
    zip: zipFlag(answers, facts),
  });
}

/** What the command will ask of the CA. */
function requestOf(answers: FilesAnswers, facts: IssueFacts): LeafRequest {
  const { names, flags } = orderOf(answers, facts);
  const { days, notBefore, notAfter } = flags as { days?: number; notBefore?: Date; notAfter?: Date };
  return normalizeLeaf({ names, days, notBefore, notAfter, force: facts.force }, facts.now);
}

/** When the certificate will end: not after its CA. */
export function endOf(answers: FilesAnswers, facts: IssueFacts): { readonly notAfter: Date; readonly due: Date } {
  const leaf = requestOf(answers, facts);
  const notAfter = leaf.notAfter < facts.ca.notAfter ? leaf.notAfter : facts.ca.notAfter;
  return { notAfter, due: dueAt({ notBefore: leaf.notBefore, notAfter }) };
}

export function summaryRows(answers: FilesAnswers, facts: IssueFacts): SummaryRow[] {
  const { names, flags } = orderOf(answers, facts);
  const template = templateOf(answers, facts);
  const keyType = keyTypeOf(answers, facts);
  const label = labelOf(answers, facts);
  const earlier = facts.endOf(label);
  return [
    ['Server', names.join(', ')],
    ['', `${template?.title ?? flags.template}, ${keyType}`],
    ['', settingsRow(answers, facts)],
    ['', keyType === template?.keyType ? (template.keyTypeWhy ?? '') : ''],
    ['', `until ${isoDay(endOf(answers, facts).notAfter)}`],
    ...remarksOn(answers, facts).map((text): SummaryRow => ['!', text]),
    ...(earlier === undefined ? [] : [['!', replaces(label, earlier)] as const]),
    ['CA', facts.ca.name],
    ['Files', `in ${flags.out ?? label}`],
    ['', zipText(answers, facts)],
  ];
}

const replaces = (label: string, end: Date) =>
  `it takes the place of ${label}, which is valid until ${isoDay(end)}, with a new key; local-ca renew ${label} keeps the key`;

function remarksOn(answers: FilesAnswers, facts: IssueFacts): string[] {
  const advice = adviceOn(namesOf(answers));
  const warnings = requestOf(answers, facts).warnings.filter(
    ({ code }) => !advice.some((other) => other.code === code),
  );
  return [...warnings.map(({ message }) => message), ...advice.map(({ text }) => text)];
}
