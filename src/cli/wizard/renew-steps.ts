/** The questions of the wizard of `renew`. */
import { normalizeAuthority, normalizeLeaf } from '../../core/options.ts';
import { timeLeft } from '../records.ts';
import { days as parseDays } from '../values.ts';
import type { Choice, Found, Step } from './flow.ts';
import { missingSteps } from './renew-missing.ts';
import {
  type Kind,
  kindOf,
  kindsOf,
  type RenewAnswers,
  type Renewable,
  type RenewFacts,
  usualKind,
} from './renew-plan.ts';
import { LIVES } from './server-steps.ts';
import { check, count } from './words.ts';

type RenewStep<V> = Step<RenewAnswers, RenewFacts, V>;

/** With more, one searches. */
const MOST_LISTED = 10;

const is = (wanted: Kind) => (answers: RenewAnswers, facts: RenewFacts) => kindOf(answers, facts) === wanted;
const isForeign = is('foreign');
const isCa = is('ca');

// --- what ----------------------------------------------------------------------------------------------------------

const KIND_CHOICES: Readonly<Record<Kind, (facts: RenewFacts) => Omit<Choice, 'value'>>> = {
  certificates: ({ certificates }) => {
    const due = certificates.filter((one) => one.due).length;
    return { name: `Certificates of this CA (${certificates.length}${due === 0 ? '' : `, ${due} due`})` };
  },
  foreign: ({ foreign }) => ({
    name: `A certificate of another CA (${foreign.length})`,
    about: 'Only that CA can renew it: this makes a new request, for the same names.',
  }),
  ca: ({ authorities }) => {
    const root = authorities.at(-1);
    return {
      name: `The CA itself${authorities.some(({ due }) => due) ? ' (due)' : ''}`,
      about:
        `${root?.name}. With the same key, all that it signed stays valid, and clients that have its old ` +
        'certificate go on until that ends: give them the new one before.',
    };
  },
};

const kind: RenewStep<Kind> = {
  name: 'kind',
  title: 'What to renew',
  when: (_, facts) => kindsOf(facts).length > 1,
  question: ({ kind: chosen }, facts) => ({
    type: 'select',
    message: 'Renew what?',
    default: chosen ?? usualKind(facts),
    choices: kindsOf(facts).map((value) => ({ value, ...KIND_CHOICES[value](facts) })),
  }),
};

const nameOf = ({ record, folder }: Renewable, { now }: RenewFacts) =>
  `${record.label}, ${timeLeft(record.notAfter, now)}, ${folder === undefined ? 'its files are not on record' : `in ${folder}`}`;

const labelsOf = (certificates: readonly Renewable[]) => certificates.map(({ record }) => record.label);

/** What is due together, then one by one; what is typed is looked for in labels and names. */
export function findCertificates(term: string, facts: RenewFacts): Found {
  const words = term.toLowerCase().split(/\s+/).filter(Boolean);
  const found = facts.certificates.filter(({ record: { label, names } }) =>
    words.every((word) => [label, ...names].join(' ').toLowerCase().includes(word)),
  );
  if (found.length === 0) return `No certificate has "${term}" in its label or its names.`;
  const due = found.filter((one) => one.due);
  const together = (some: readonly Renewable[], name: string): Choice[] =>
    some.length < 2 ? [] : [{ value: labelsOf(some), name, about: labelsOf(some).join(', ') }];
  return [
    ...together(due, `All ${due.length} that are due`),
    ...found.map((one) => ({ value: labelsOf([one]), name: nameOf(one, facts), about: one.record.names.join(', ') })),
    ...(words.length === 0 || due.length === found.length ? [] : together(found, `All ${found.length} of these`)),
  ];
}

const shownLabels = (value: unknown) => [value].flat().join(', ');

const labels: RenewStep<readonly string[]> = {
  name: 'labels',
  title: 'Which certificates',
  when: is('certificates'),
  question: ({ labels: chosen }, facts) => {
    const message = 'Which certificates?';
    if (facts.certificates.length > MOST_LISTED) {
      const about = 'Type to search in labels and names.';
      return { type: 'search', message, about, source: (term) => findCertificates(term, facts), shown: shownLabels };
    }
    return {
      type: 'checkbox',
      message,
      choices: facts.certificates.map((one) => ({
        value: one.record.label,
        name: nameOf(one, facts),
        about: one.record.names.join(', '),
        checked: chosen === undefined ? one.due || facts.certificates.length === 1 : chosen.includes(one.record.label),
      })),
      validate: (values) => rightNumber(values, facts),
      shown: shownLabels,
    };
  },
};

/** What the command line said of one file or one folder is for one certificate. */
function rightNumber(values: readonly unknown[], { given }: RenewFacts): true | string {
  if (values.length === 0) return 'Take at least one, with the space bar.';
  const own = ['key', 'out', 'zip'].find((flag) => given[flag] !== undefined);
  return values.length === 1 || own === undefined || `--${own} was given: take one.`;
}

const foreign: RenewStep<string> = {
  name: 'foreign',
  title: 'Which certificate',
  when: isForeign,
  question: ({ foreign: chosen }, facts) => ({
    type: 'select',
    message: 'Signed by another CA: for which one a new request?',
    default: chosen,
    choices: facts.foreign.map(({ label, notAfter, names }) => ({
      value: label,
      name: `${label}, ${timeLeft(notAfter, facts.now)}`,
      about: names.join(', '),
    })),
  }),
};

const role: RenewStep<'all' | 'root' | 'intermediate'> = {
  name: 'role',
  title: 'Which of the CA',
  when: (answers, facts) => isCa(answers, facts) && facts.authorities.length > 1,
  question: ({ role: chosen = 'all' }, { authorities, now }) => ({
    type: 'select',
    message: 'Which of its certificates?',
    default: chosen,
    choices: [
      { value: 'all', name: 'All of them' },
      ...authorities.map(({ role: value, name, notAfter }) => ({ value, name: `${name}, ${timeLeft(notAfter, now)}` })),
    ],
  }),
};

// --- how -----------------------------------------------------------------------------------------------------------

const LEAF_KEYS: readonly Choice[] = [
  {
    value: false,
    name: 'The same key (default)',
    about: 'Nothing else changes: what has the key elsewhere, or knows it by its fingerprint, stays right.',
  },
  { value: true, name: 'A new key', about: 'Where somebody may have seen the old one, or a rule wants it each time.' },
];

const CA_KEYS: readonly Choice[] = [
  {
    value: false,
    name: 'The same key (default)',
    about: 'All that it signed stays valid, with the old CA certificate and with the new one.',
  },
  {
    value: true,
    name: 'A new key',
    about:
      'Where the old one may be known to others, or is of a kind that is too weak by now. Every client has to get the new ' +
      'trust files; the old CA vouches for the new one meanwhile.',
  },
];

const newKey: RenewStep<boolean> = {
  name: 'newKey',
  title: 'The key',
  when: (answers, facts) => !isForeign(answers, facts) && facts.given.newKey === undefined,
  question: (answers, facts) => ({
    type: 'select',
    message: 'With which key?',
    default: answers.newKey ?? false,
    choices: isCa(answers, facts) ? CA_KEYS : LEAF_KEYS,
    shown: (value) => (value === true ? 'a new one' : 'the same'),
  }),
};

const isLongerAsked = (answers: RenewAnswers, facts: RenewFacts) =>
  !isForeign(answers, facts) && facts.given.days === undefined;

const SAME: Choice = { value: 'same', name: 'As many days as before (default)' };
const OTHER: Choice = { value: 'other', name: 'Another number' };
const LEAF_LIVES = LIVES.map((choice) => ({ ...choice, name: choice.name.replace(' (default)', '') }));

const days: RenewStep<'same' | 'other' | number> = {
  name: 'days',
  title: 'How long it is valid',
  when: isLongerAsked,
  question: (answers, facts) => ({
    type: 'select',
    message: 'Valid for:',
    default: answers.days ?? 'same',
    choices: isCa(answers, facts) ? [SAME, OTHER] : [SAME, ...LEAF_LIVES],
  }),
};

const otherDays: RenewStep<string> = {
  name: 'otherDays',
  title: 'Days that it is valid',
  when: (answers, facts) => isLongerAsked(answers, facts) && answers.days === 'other',
  question: (answers, facts) => ({
    type: 'input',
    message: 'Days:',
    default: String(answers.otherDays ?? (isCa(answers, facts) ? 3650 : 365)),
    validate: (text) => check(() => checkDays(text, answers, facts)),
  }),
  apply: (answers, value) => ({ ...answers, otherDays: Number(value) }),
};

function checkDays(text: string, answers: RenewAnswers, facts: RenewFacts): void {
  const force = facts.given.force === true;
  if (isCa(answers, facts)) normalizeAuthority({ days: parseDays(text) }, 'ca', facts.now);
  else normalizeLeaf({ names: ['a.test'], days: parseDays(text), force }, facts.now);
}

/** What the command line has answered is not asked. */
export const renewSteps = ({
  certificates,
}: Pick<RenewFacts, 'certificates'>): readonly Step<RenewAnswers, RenewFacts>[] =>
  [kind, labels, foreign, role, newKey, days, otherDays, ...missingSteps(certificates)] as readonly Step<
    RenewAnswers,
    RenewFacts
  >[];

export const introOf = ({ certificates }: RenewFacts): string => {
  const due = certificates.filter((one) => one.due).length;
  return due === 0
    ? 'Nothing has to be renewed yet; what is renewed now has its whole life before it again.'
    : `${count(due, 'certificate')} ${due === 1 ? 'is' : 'are'} due. A new one takes the place of the old, in the same files.`;
};
