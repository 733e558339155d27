/** `local-ca csr accept` without a file: which requests wait, and where the answer is. */
import { isoDay } from '../../core/time.ts';
import type { RequestRecord } from '../../store/store.ts';
import type { Context, Flags } from '../command.ts';
import { acceptWithout } from '../commands/csr-accept.ts';
import { keyPassword } from '../key-flags.ts';
import { certificatesOf, readInput } from '../read-file.ts';
import { withRecords } from '../session.ts';
import { repeatLines } from './ending.ts';
import type { Step, Verdict } from './flow.ts';
import { newestEvent } from './home-facts.ts';
import { type Order, orderFor } from './order.ts';
import { shortPath } from './renew-facts.ts';
import { runWizard } from './run.ts';
import type { SummaryRow } from './summary.ts';
import { checkLater, count } from './words.ts';

export interface AcceptAnswers {
  readonly file?: string;
}

export interface AcceptFacts {
  /** Oldest first. */
  readonly waiting: readonly RequestRecord[];
  readonly given: Flags;
  /** Whether there are certificates in it. */
  check(file: string): Promise<Verdict>;
}

export async function acceptWizard(context: Context, given: Flags): Promise<undefined> {
  const waiting = await withRecords(context, given, ({ home }) => home.store.requests());
  // Without a request nothing is expected, unless a key is given that the answer is for.
  if (waiting.length === 0 && given.key === undefined) return acceptWithout(context, [], given);
  const facts: AcceptFacts = {
    waiting,
    given,
    check: (file) => checkLater(async () => certificatesOf(await readInput(file), file, keyPassword(given))),
  };
  const before = await newestEvent(context);
  let order: Order | undefined;
  const wizard = {
    intro: introOf(facts),
    steps: acceptSteps,
    facts,
    start: {} as AcceptAnswers,
    summary: summaryRows,
    deed: 'Take it in',
    act: async (answers: AcceptAnswers) => {
      order = orderOf(answers, facts);
      await acceptWithout(context, order.names, order.flags);
    },
    canRetry: async () => (await newestEvent(context)) === before,
  };
  try {
    await runWizard(wizard, context.io);
  } finally {
    if (order !== undefined) for (const line of repeatLines([order], context.io)) context.io.say(line);
  }
}

export const introOf = ({ waiting }: AcceptFacts): string =>
  waiting.length === 0
    ? 'What another CA has made from a request becomes the files of a server.'
    : `${count(waiting.length, 'request')} ${waiting.length === 1 ? 'waits' : 'wait'}: ${waiting.map(since).join('; ')}.`;

const since = ({ label, createdAt }: RequestRecord) => `${label}, since ${isoDay(createdAt)}`;

const file: Step<AcceptAnswers, AcceptFacts, string> = {
  name: 'file',
  title: 'The file from the CA',
  question: ({ file: chosen }, facts) => ({
    type: 'input',
    message: 'The file that the CA sent:',
    about: 'PEM, DER, PKCS#7 (.p7b) or a zip, with the chain or without it.',
    ...(chosen === undefined ? {} : { default: chosen }),
    validate: (text) => (text.trim() === '' ? 'Name a file, like Downloads/db1.zip.' : facts.check(text.trim())),
  }),
  apply: (answers, value) => ({ ...answers, file: value.trim() }),
};

export const acceptSteps = [file] as readonly Step<AcceptAnswers, AcceptFacts>[];

export const orderOf = ({ file: path = '' }: AcceptAnswers, { given }: AcceptFacts): Order =>
  orderFor('csr accept', [path], given);

const summaryRows = ({ file: path }: AcceptAnswers, { waiting, given }: AcceptFacts): SummaryRow[] => [
  ['Answer', `${path}`],
  ['For', waiting.length === 0 ? `the key ${given.key}` : 'the request whose key it is for; another is refused'],
  ...(waiting.length === 1 && waiting[0]?.folder ? [['Files', `in ${shortPath(waiting[0].folder)}`] as const] : []),
];
