/** The questions about the subject of a request: which attributes the CA wants, in which order, and their values. */
import { normalizeLeaf } from '../../core/options.ts';
import { checkAttribute, commonName } from '../../core/subject.ts';
import type { Choice, Step } from './flow.ts';
import { namesOf, type ServerAnswers, type ServerFacts } from './server-steps.ts';
import { check } from './words.ts';

export interface SubjectAnswers extends ServerAnswers {
  /** A row of `FORMS`; 'own': what `ownOrder` says. */
  readonly subjectForm?: string;
  readonly ownOrder?: readonly string[];
  /** By attribute; what was left empty is left out. */
  readonly attributes?: Readonly<Record<string, string>>;
}

/** What people are asked for, beside the common name. */
const ATTRIBUTES: Readonly<Record<string, { readonly message: string; readonly about?: string }>> = {
  C: { message: 'Country (C):', about: 'Two letters, like US.' },
  ST: { message: 'State or province (ST):', about: 'Written out, like California.' },
  L: { message: 'City (L):' },
  O: { message: 'Organization (O):', about: 'As it is registered, where the CA checks it.' },
  OU: { message: 'Unit (OU):', about: 'Public CAs do not take it any more.' },
  emailAddress: { message: 'E-mail address (emailAddress):' },
  STREET: { message: 'Street (STREET):' },
  postalCode: { message: 'Postal code (postalCode):' },
  serialNumber: { message: 'Number in a register (serialNumber):' },
};

interface Form {
  readonly value: string;
  readonly name: string;
  readonly about: string;
  /** As they are encoded. */
  readonly order: readonly string[];
}

const FORMS: readonly Form[] = [
  {
    value: 'name',
    name: 'The name of the server alone: CN (default)',
    about: 'Most CAs look at the names only, and write the rest of the subject themselves.',
    order: ['CN'],
  },
  {
    value: 'usual',
    name: 'C, ST, L, O, OU, CN',
    about: 'The usual order, as openssl req asks: for companies, and CAs that want them told.',
    order: ['C', 'ST', 'L', 'O', 'OU', 'CN'],
  },
  {
    value: 'synergex',
    name: 'CN, ST, C, emailAddress, O',
    about: 'The order that Synergex gives for SQL OpenNet.',
    order: ['CN', 'ST', 'C', 'emailAddress', 'O'],
  },
];

const OWN: Choice = { value: 'own', name: 'Another order', about: 'As the CA wants it.' };

const orderOf = ({ subjectForm = 'name', ownOrder = ['CN'] }: SubjectAnswers): readonly string[] =>
  FORMS.find(({ value }) => value === subjectForm)?.order ?? ownOrder;

/** Type and value, in the order of the CA. */
function partsOf(answers: SubjectAnswers, { now }: ServerFacts): (readonly [type: string, value: string])[] {
  const name = commonName(normalizeLeaf({ names: namesOf(answers) }, now).subject);
  const valueFor = (type: string) => (type === 'CN' ? name : answers.attributes?.[type]) ?? '';
  return orderOf(answers)
    .map((type) => [type, valueFor(type)] as const)
    .filter(([, value]) => value !== '');
}

/** For a person to read. */
export const subjectText = (answers: SubjectAnswers, facts: ServerFacts): string =>
  partsOf(answers, facts)
    .map(([type, value]) => `${type}=${value}`)
    .join(', ');

/** As `--subject` takes it; undefined for the name of the server alone. */
export function subjectFlag(answers: SubjectAnswers, facts: ServerFacts): string | undefined {
  const parts = partsOf(answers, facts);
  const isNameAlone = parts.every(([type]) => type === 'CN');
  return isNameAlone ? undefined : parts.map(([type, value]) => `/${type}=${escaped(value)}`).join('');
}

/** What parts attributes, and parts of them, in OpenSSL's form. */
const escaped = (value: string) => value.replace(/[\\/+]/g, '\\$&');

function form<A extends SubjectAnswers, F extends ServerFacts>(): Step<A, F, string> {
  return {
    name: 'subjectForm',
    title: 'The subject',
    question: ({ subjectForm = 'name' }) => ({
      type: 'select',
      message: 'What does the CA want in the subject?',
      about: 'Its attributes, in the order in which it wants them.',
      default: subjectForm,
      choices: [...FORMS, OWN],
    }),
  };
}

const splitOrder = (text: string) => text.split(/[\s,;/]+/).filter(Boolean);

/** In their usual spelling, whatever was typed. */
const spelled = (type: string) =>
  ['CN', ...Object.keys(ATTRIBUTES)].find((known) => known.toLowerCase() === type.toLowerCase());

function checkOrder(text: string): true | string {
  const types = splitOrder(text);
  const unknown = types.find((type) => spelled(type) === undefined);
  if (types.length === 0) return 'Name at least one, like CN, O, C.';
  if (new Set(types.map(spelled)).size < types.length) return 'Each can stand once.';
  if (unknown === undefined) return true;
  return `${unknown} is none of CN, ${Object.keys(ATTRIBUTES).join(', ')}. Others: leave, and use --subject.`;
}

function ownOrder<A extends SubjectAnswers, F extends ServerFacts>(): Step<A, F, string> {
  return {
    name: 'ownOrder',
    title: 'The order of the subject',
    when: ({ subjectForm }) => subjectForm === 'own',
    question: ({ ownOrder: order = ['CN', 'O', 'C'] }) => ({
      type: 'input',
      message: 'Its attributes, the first first:',
      default: order.join(', '),
      validate: checkOrder,
    }),
    apply: (answers, value) => ({ ...answers, ownOrder: splitOrder(value).flatMap((type) => spelled(type) ?? []) }),
  };
}

const asked = (answers: SubjectAnswers) => orderOf(answers).filter((type) => type !== 'CN');

/** They are asked for in the order of the CA, so that a step is a place in it. */
function attribute<A extends SubjectAnswers, F extends ServerFacts>(index: number): Step<A, F, string> {
  const typeIn = (answers: A) => asked(answers)[index] as string;
  return {
    name: `attribute ${index}`,
    title: `Attribute ${index + 1} of the subject`,
    when: (answers) => asked(answers).length > index,
    question: (answers) => {
      const type = typeIn(answers);
      const { message, about = '' } = ATTRIBUTES[type] ?? { message: type };
      return {
        type: 'input',
        message,
        about: `${about} Empty: it is left out.`.trim(),
        default: answers.attributes?.[type] ?? '',
        validate: (text) => text.trim() === '' || check(() => checkAttribute({ type, value: text.trim() })),
        shown: (text) => (text.trim() === '' ? 'left out' : text),
      };
    },
    apply: (answers, value) => ({
      ...answers,
      attributes: { ...answers.attributes, [typeIn(answers)]: value.trim() },
    }),
  };
}

export const subjectSteps = <A extends SubjectAnswers, F extends ServerFacts>(): Step<A, F>[] => [
  form(),
  ownOrder(),
  ...Object.keys(ATTRIBUTES).map((_, index) => attribute<A, F>(index)),
];
