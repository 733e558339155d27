/** `local-ca csr create` without names: to another CA, for a new certificate or for one that ends. */
import { join } from 'node:path';
import type { Context, Flags } from '../command.ts';
import { createWithout } from '../commands/csr-create.ts';
import { withRecords } from '../session.ts';
import {
  type CsrAnswers,
  type CsrFacts,
  csrLabel,
  csrSteps,
  type Ending,
  folderOf,
  orderOf,
  saidBy,
  summaryRows,
} from './csr-plan.ts';
import { command, repeatLines, said } from './ending.ts';
import { newestEvent } from './home-facts.ts';
import { offersOf, thisMachine } from './machine.ts';
import type { Order } from './order.ts';
import { hasKey, isEncrypted, keyVerdict, shortPath } from './renew-facts.ts';
import { runWizard } from './run.ts';
import { serverTemplates } from './templates.ts';

export async function csrWizard(context: Context, given: Flags): Promise<undefined> {
  const { io } = context;
  const facts = await factsFor(context, given);
  const { ending } = facts;
  const answered = saidBy(given);
  const before = await newestEvent(context);
  let order: Order | undefined;
  const wizard = {
    intro:
      ending === undefined
        ? 'A few questions, then you have a key, and the request that another CA makes a certificate from.'
        : `Another CA signed ${ending.record.label}: this makes a new request to it, for the same names.`,
    steps: csrSteps(answered, facts),
    facts,
    start: answered,
    summary: summaryRows,
    deed: 'Make the request',
    act: async (answers: CsrAnswers) => {
      order = orderOf(answers, facts);
      await createWithout(context, order.names, order.flags);
    },
    canRetry: async () => (await newestEvent(context)) === before,
  };
  try {
    const answers = await runWizard(wizard, io);
    const label = csrLabel(answers, facts);
    const file = join(folderOf(answers, facts, label), `${label}.csr.pem`);
    const next = [
      ...said(`Send ${file} to the CA, or paste it into its form. When it has answered:`, io),
      ...command('csr accept', ['FILE'], { home: given.home }, io),
    ];
    for (const line of ['', io.style('bold', 'Next'), ...next]) io.say(line);
  } finally {
    if (order !== undefined) for (const line of repeatLines([order], io)) io.say(line);
  }
}

async function factsFor(context: Context, given: Flags): Promise<CsrFacts> {
  return {
    templates: await serverTemplates(context, given),
    offers: offersOf(thisMachine()),
    force: given.force === true,
    given,
    label: given.label as string | undefined,
    ending: given.renew === undefined ? undefined : await endingOf(context, given),
    now: context.ambient.now(),
  };
}

const endingOf = (context: Context, given: Flags): Promise<Ending> =>
  withRecords(context, given, async ({ ca, home }) => {
    const record = await ca.get(given.renew as string);
    const placement = (await home.store.placements()).find(({ label }) => label === record.label);
    return {
      record,
      folder: placement && shortPath(placement.folder),
      keyless: given.key === undefined && !(await hasKey({ record, placement })),
      checkKey: (path, password) => keyVerdict(record, path, given, password),
      isEncrypted: (path) => isEncrypted(path, given),
    };
  });
