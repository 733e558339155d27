/** The wizard of `csr create` as data: a request to another CA, for a new certificate or for one that ends. */

import { LEAF_PROFILES } from '../../core/profiles.ts';
import { isoDay } from '../../core/time.ts';
import type { CertificateRecord } from '../../store/store.ts';
import type { Flags } from '../command.ts';
import { timeLeft } from '../records.ts';
import { type FilesAnswers, type FilesFacts, filesSteps, labelOf } from './files-steps.ts';
import type { Choice, Step, Verdict } from './flow.ts';
import { adviceOn } from './name-advice.ts';
import { type Order, orderFor } from './order.ts';
import { keyPasswordQuestion } from './renew-missing.ts';
import { keyTypeOf, namesOf, serverSteps, templateOf } from './server-steps.ts';
import { type SubjectAnswers, subjectFlag, subjectSteps, subjectText } from './subject-steps.ts';
import type { SummaryRow } from './summary.ts';

export interface CsrAnswers extends FilesAnswers, SubjectAnswers {
  readonly profile?: string;
  readonly newKey?: boolean;
  /** Where the key of the certificate that ends is, where local-ca does not find it. */
  readonly key?: string;
  /** Opens it. */
  readonly keyPassword?: string;
  readonly challengePassword?: string | undefined;
}

/** The certificate that ends, with `--renew`. */
export interface Ending {
  readonly record: CertificateRecord;
  readonly folder: string | undefined;
  /** Its key is neither in the home nor among its files. */
  readonly keyless: boolean;
  /** Reads a file: whether it is its key, as far as that can be told without its pass phrase. */
  checkKey(path: string, password?: string): Verdict;
  /** Reads a file: whether it is a key whose pass phrase is not known. */
  isEncrypted(path: string): boolean;
}

export interface CsrFacts extends FilesFacts {
  readonly given: Flags;
  readonly ending?: Ending | undefined;
}

/** Where an answer goes; the flag has its name. */
const FLAGS = ['template', 'profile', 'keyType', 'out', 'newKey', 'key'] as const satisfies (keyof CsrAnswers)[];

/** What the command line has answered already. */
export const saidBy = (given: Flags): CsrAnswers =>
  Object.fromEntries(FLAGS.filter((name) => given[name] !== undefined).map((name) => [name, given[name]]));

export function orderOf(answers: CsrAnswers, facts: CsrFacts): Order {
  const { given, ending } = facts;
  const { template, keyType, out, profile, newKey, challengePassword } = answers;
  const common = { ...given, out, challengePassword: challengePassword || undefined };
  if (ending !== undefined) {
    return orderFor('csr create', [], {
      ...common,
      newKey: newKey || undefined,
      ...(newKey ? {} : ownKey(answers, ending)),
    });
  }
  return orderFor('csr create', namesOf(answers), {
    ...common,
    template,
    keyType,
    profile: profile === usualProfile(answers, facts) ? undefined : profile,
    subject: (given.subject as string | undefined) ?? subjectFlag(answers, facts),
  });
}

const ownKey = ({ key, keyPassword }: CsrAnswers, ending: Ending): Flags => ({
  key,
  ...(key !== undefined && ending.isEncrypted(key) ? { keyPassword } : {}),
});

const usualProfile = (answers: CsrAnswers, facts: CsrFacts) => templateOf(answers, facts)?.profile ?? 'server';

export const folderOf = ({ out }: CsrAnswers, facts: CsrFacts, label: string): string =>
  out ?? facts.ending?.folder ?? label;

export const csrLabel = (answers: CsrAnswers, facts: CsrFacts): string =>
  facts.ending === undefined ? labelOf(answers, facts) : (facts.label ?? facts.ending.record.label);

// --- the questions -------------------------------------------------------------------------------------------------

const PROFILES: Readonly<Record<string, string>> = {
  server: 'A server',
  client: 'A client, which proves with it who it is',
  peer: 'A member of a cluster: server and client',
  'code-signing': 'Programs that are signed',
  email: 'A mailbox (S/MIME)',
};

const profile: Step<CsrAnswers, CsrFacts, string> = {
  name: 'profile',
  title: 'What it is for',
  question: (answers, facts) => ({
    type: 'select',
    message: 'What will the certificate prove?',
    about: 'It goes into the request; the CA may see it otherwise.',
    default: answers.profile ?? usualProfile(answers, facts),
    choices: LEAF_PROFILES.map((value): Choice => ({ value, name: PROFILES[value] ?? value })),
  }),
};

const challenge: Step<CsrAnswers, CsrFacts, string> = {
  name: 'challengePassword',
  title: 'The challenge password',
  question: () => ({
    type: 'password',
    message: 'Challenge password, if the CA gave you one:',
    about: 'It stands in the request for all to read. Most CAs want none: leave it empty.',
    shown: (text) => (text === '' ? 'none' : '******'),
  }),
};

const newKey: Step<CsrAnswers, CsrFacts, boolean> = {
  name: 'newKey',
  title: 'The key',
  question: ({ newKey: chosen = false }) => ({
    type: 'select',
    message: 'With which key?',
    default: chosen,
    choices: [
      { value: false, name: 'The same key (default)', about: 'Nothing but the certificate changes on the server.' },
      { value: true, name: 'A new key', about: 'Many CAs want one each time; it waits here for their answer.' },
    ],
    shown: (value) => (value === true ? 'a new one' : 'the same'),
  }),
};

const keyFile: Step<CsrAnswers, CsrFacts, string> = {
  name: 'key',
  title: 'The private key',
  when: ({ newKey: isNew }, { ending }) => ending?.keyless === true && isNew !== true,
  question: ({ key }, { ending }) => ({
    type: 'input',
    message: `The file with the private key of ${ending?.record.label}:`,
    about: 'It is neither in the home nor where its files were put. If it is lost, go back (Esc) and take a new key.',
    ...(key === undefined ? {} : { default: key }),
    validate: (text) => ending?.checkKey(text) ?? true,
  }),
};

const keyPassword: Step<CsrAnswers, CsrFacts, string> = {
  name: 'keyPassword',
  title: 'The pass phrase of the private key',
  when: ({ key, newKey: isNew }, { ending }) =>
    key !== undefined && isNew !== true && ending?.isEncrypted(key) === true,
  question: ({ key = '' }, { ending }) => keyPasswordQuestion(key, (text) => ending?.checkKey(key, text) ?? true),
};

/** What the certificate will bring: days, and the files that are made with it. */
const WITHOUT = ['days', 'otherDays', 'zip', 'setDefaults', 'set'];

/** What the command line has answered is not asked. */
export function csrSteps(said: CsrAnswers, { given, ending }: Pick<CsrFacts, 'given' | 'ending'>) {
  const fresh = [
    ...serverSteps<CsrAnswers, CsrFacts>(),
    profile,
    ...(given.subject === undefined ? subjectSteps<CsrAnswers, CsrFacts>() : []),
    challenge,
    ...filesSteps<CsrAnswers, CsrFacts>(),
  ];
  const steps = ending === undefined ? fresh : [newKey, keyFile, keyPassword, challenge];
  const isAsked = (name: string) =>
    !WITHOUT.includes(name) &&
    !(name in said) &&
    !(name === 'challengePassword' && given.challengePasswordFile !== undefined);
  return steps.filter(({ name }) => isAsked(name)) as readonly Step<CsrAnswers, CsrFacts>[];
}

// --- what will be done ---------------------------------------------------------------------------------------------

export function summaryRows(answers: CsrAnswers, facts: CsrFacts): SummaryRow[] {
  const label = csrLabel(answers, facts);
  const { flags } = orderOf(answers, facts);
  const rest: SummaryRow[] = [
    ...(answers.challengePassword ? [['', 'with a challenge password'] as const] : []),
    ['Files', `${label}.csr.pem in ${folderOf(answers, facts, label)}`],
  ];
  return facts.ending === undefined
    ? [...newRows(answers, facts, flags), ...rest]
    : [...endingRows(facts.ending, facts.now, answers), ...rest];
}

function newRows(answers: CsrAnswers, facts: CsrFacts, flags: Flags): SummaryRow[] {
  const names = namesOf(answers);
  return [
    ['Request', names.join(', ')],
    ['', `${templateOf(answers, facts)?.title ?? flags.template}, ${keyTypeOf(answers, facts)}`],
    ['', PROFILES[answers.profile ?? usualProfile(answers, facts)] ?? ''],
    // What the CA of this home would not like is no matter here.
    ...adviceOn(names)
      .filter(({ code }) => code !== 'public-domain')
      .map(({ text }): SummaryRow => ['!', text]),
    ['Subject', (facts.given.subject as string | undefined) ?? subjectText(answers, facts)],
  ];
}

const endingRows = ({ record }: Ending, now: Date, { newKey: isNew }: CsrAnswers): SummaryRow[] => [
  ['Request', record.names.join(', ')],
  ['', `for ${record.label}, until ${isoDay(record.notAfter)} (${timeLeft(record.notAfter, now)})`],
  ['Key', isNew === true ? 'a new one' : 'stays'],
];
