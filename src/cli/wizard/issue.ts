/** `local-ca issue` without names: another certificate of the CA that is there. */
import { normalizeLeaf } from '../../core/options.ts';
import type { AuthorityRecord, CertificateRecord } from '../../store/store.ts';
import type { Context, Flags } from '../command.ts';
import { issueNames } from '../commands/issue.ts';
import { withAuthority } from '../session.ts';
import { type Made, nextLines, repeatLines } from './ending.ts';
import { type FilesAnswers, labelOf } from './files-steps.ts';
import { endOfChain, isLocked, newestEvent } from './home-facts.ts';
import { endOf, type IssueFacts, issueSteps, orderOf, saidBy, summaryRows } from './issue-plan.ts';
import { offersOf, thisMachine } from './machine.ts';
import type { Order } from './order.ts';
import { runWizard } from './run.ts';
import { serverTemplates } from './templates.ts';

export async function issueWizard(context: Context, given: Flags): Promise<undefined> {
  const { io } = context;
  const { facts, locked } = await factsFor(context, given);
  const said = saidBy(given);
  let order: Order | undefined;
  const before = await newestEvent(context);
  const wizard = {
    intro: `A few questions, then ${facts.ca.name} signs another certificate.`,
    steps: issueSteps(said, given),
    facts,
    start: said,
    summary: summaryRows,
    deed: 'Make it',
    act: async (settled: FilesAnswers) => {
      order = orderOf(settled, facts);
      await issueNames(context, order.names, order.flags);
    },
    canRetry: async () => (await newestEvent(context)) === before,
  };
  let made: Made | undefined;
  try {
    const settled = await runWizard(wizard, io);
    const label = labelOf(settled, facts);
    made = { label, folder: settled.out ?? label, ...endOf(settled, facts) };
  } finally {
    if (order !== undefined) {
      const next = made === undefined ? [] : nextLines(made, order.flags, io);
      for (const line of [...next, ...repeatLines([order], io, locked && given.passphraseFile === undefined)])
        io.say(line);
    }
  }
}

interface Known {
  readonly facts: IssueFacts;
  /** The CA's key is encrypted. */
  readonly locked: boolean;
}

/** What no answer could mend is refused before the first question. */
async function factsFor(context: Context, given: Flags): Promise<Known> {
  const templates = await serverTemplates(context, given);
  return withAuthority(context, given, async ({ ca, home }) => {
    const certificates = new Map((await ca.list({ state: 'valid' })).map((record) => [record.label, record]));
    const { keyType, days, notBefore, notAfter, profile, label, subject } = given as Partial<CertificateFlags>;
    const force = given.force === true;
    const now = context.ambient.now();
    const check = (names: readonly string[]) =>
      ca.check({ names, keyType, days, notBefore, notAfter, profile, label, subject, force });
    normalizeLeaf({ names: ['any.test'], keyType, days, notBefore, notAfter, profile, label, subject, force }, now);
    const facts: IssueFacts = {
      templates,
      offers: offersOf(thisMachine()),
      check,
      force,
      given,
      label,
      ca: { name: ca.root.name, notAfter: endOfChain(ca.chain) },
      endOf: (wanted) => certificates.get(wanted)?.notAfter,
      now,
    };
    return { facts, locked: await isLocked(home, ca.chain[0] as AuthorityRecord) };
  });
}

type CertificateFlags = Pick<CertificateRecord, 'keyType' | 'profile' | 'label' | 'subject'> & {
  readonly days: number;
  readonly notBefore: Date;
  readonly notAfter: Date;
};
