/**
 * The first wizard: from nothing to a CA, a server certificate and its zip. The answers become the same flags that the
 * command line takes, so the wizard can print the command that repeats it.
 */
import { hostname } from 'node:os';
import { normalizeAuthority, normalizeLeaf } from '../../core/options.ts';
import { LocalCaError } from '../../errors.ts';
import { hasAuthority } from '../../store/fill-home.ts';
import type { Context, Flags } from '../command.ts';
import { initWithout } from '../commands/init.ts';
import { type Made, nextLines, repeatLines } from './ending.ts';
import { labelOf } from './files-steps.ts';
import { endOf, type InitAnswers, type InitFacts, initSteps, orderOf, saidBy, summaryRows } from './init-plan.ts';
import { offersOf, thisMachine } from './machine.ts';
import type { Order } from './order.ts';
import { runWizard } from './run.ts';
import { serverTemplates } from './templates.ts';

export async function initWizard(context: Context, given: Flags): Promise<undefined> {
  const { io, home } = context;
  const facts = await factsFor(context, given);
  const said = saidBy(given);
  let order: Order | undefined;
  const wizard = {
    intro: 'A few questions, then you have a CA of your own and a first server certificate.',
    steps: initSteps(said),
    facts,
    start: said,
    summary: summaryRows,
    deed: 'Make them',
    act: async (settled: InitAnswers) => {
      order = orderOf(settled, facts);
      await initWithout(context, order.names, order.flags);
    },
    canRetry: async () => !(await hasAuthority(home)),
  };
  let made: Made | undefined;
  try {
    const settled = await runWizard(wizard, io);
    const label = labelOf(settled, facts);
    made = { label, folder: settled.out ?? label, ...endOf(settled, facts) };
  } finally {
    if (order !== undefined) tellEnd(context, order, made);
  }
}

/** The command also after a failure: nobody should have to answer twice. */
function tellEnd({ io }: Context, order: Order, made: Made | undefined): void {
  const { flags } = order;
  const next = made === undefined ? [] : nextLines(made, flags, io);
  const secret = flags.encryptKey === true && flags.passphraseFile === undefined;
  for (const line of [...next, ...repeatLines([order], io, secret)]) io.say(line);
}

interface LeafFlags {
  readonly serverKeyType?: string;
  readonly serverDays?: number;
  readonly force?: boolean;
}

/** What no answer could mend is refused before the first question. */
async function factsFor(context: Context, given: Flags): Promise<InitFacts> {
  const { home, ambient } = context;
  if (await hasAuthority(home)) {
    throw new LocalCaError(
      'LOCAL_CA_HOME_EXISTS',
      `there is already a CA at ${home}`,
      'Use it: local-ca issue NAME. Or name another folder with --home.',
    );
  }
  const now = ambient.now();
  normalizeAuthority(given, 'local-ca', now);
  const { serverKeyType: keyType, serverDays: days, force } = given as LeafFlags;
  normalizeLeaf({ names: ['any.test'], keyType, days, force }, now);
  return {
    templates: await serverTemplates(context, given),
    offers: offersOf(thisMachine()),
    hostname: hostname(),
    force: given.force === true,
    given,
    home,
    now,
  };
}
