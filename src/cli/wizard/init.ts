/**
 * The first wizard: from nothing to a CA, a server certificate and its zip. The answers become the same flags that the
 * command line takes, so the wizard can print the command that repeats it.
 */
import { hostname } from 'node:os';
import { listTemplates } from '../../bundle/catalog.ts';
import { normalizeAuthority, normalizeLeaf } from '../../core/options.ts';
import { LocalCaError } from '../../errors.ts';
import { look } from '../../store/layout.ts';
import type { Context, Flags } from '../command.ts';
import { initWithout } from '../commands/init.ts';
import { findTemplate, templateFolders } from '../deliver.ts';
import { type Made, nextLines, repeatLines } from './ending.ts';
import {
  endOf,
  type InitAnswers,
  type InitFacts,
  initSteps,
  labelOf,
  type Order,
  orderOf,
  saidBy,
  summaryRows,
} from './init-plan.ts';
import { hang } from './layout.ts';
import { offersOf, thisMachine } from './machine.ts';
import { runWizard } from './run.ts';

export async function initWizard(context: Context, given: Flags): Promise<number | undefined> {
  const { io, home } = context;
  const facts = await factsFor(context, given);
  const said = saidBy(given);
  let answers: InitAnswers | undefined;
  const wizard = {
    intro: 'A few questions, then you have a CA of your own and a first server certificate.',
    steps: initSteps(said),
    facts,
    start: said,
    summary: (settled: InitAnswers, columns: number) => summaryLines(settled, facts, context, columns),
    deed: 'Make them',
    act: async (settled: InitAnswers) => {
      answers = settled;
      const { names, flags } = orderOf(settled, facts);
      await initWithout(context, names, flags);
    },
    canRetry: () => look(home) !== 'home',
  };
  let made: Made | undefined;
  try {
    const settled = await runWizard(wizard, io);
    const label = labelOf(settled, facts);
    made = { label, folder: settled.out ?? label, ...endOf(settled, facts) };
  } finally {
    if (answers !== undefined) tellEnd(context, orderOf(answers, facts), made);
  }
  return undefined;
}

/** The command also after a failure: nobody should have to answer twice. */
function tellEnd({ io }: Context, { names, flags }: Order, made: Made | undefined): void {
  const next = made === undefined ? [] : nextLines(made, flags, io);
  for (const line of [...next, ...repeatLines('init', names, flags, io)]) io.say(line);
}

interface LeafFlags {
  readonly serverKeyType?: string;
  readonly serverDays?: number;
  readonly force?: boolean;
}

/** What no answer could mend is refused before the first question. */
async function factsFor(context: Context, given: Flags): Promise<InitFacts> {
  const { home, ambient } = context;
  if (look(home) === 'home') {
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
  const templates = (await listTemplates(templateFolders(context))).filter(({ kind }) => kind !== 'trust');
  // It may be a folder that no list has.
  const wanted = given.template === undefined ? [] : [await findTemplate(context, String(given.template))];
  const renamed = wanted.map((template) => ({ ...template, name: String(given.template) }));
  return {
    templates: [...renamed, ...templates],
    offers: offersOf(thisMachine()),
    hostname: hostname(),
    force: given.force === true,
    given,
    home,
    now,
  };
}

/** Two spaces, the longest title, two spaces. */
const MARGIN = 10;

function summaryLines(answers: InitAnswers, facts: InitFacts, { io }: Context, columns: number): string[] {
  const rows = summaryRows(answers, facts).flatMap(([title, text]) => {
    const isRemark = title === '!';
    const before = isRemark ? `${' '.repeat(MARGIN)}! ` : `  ${title}`.padEnd(MARGIN);
    const lines = hang(before, text, columns - 1);
    if (isRemark) return lines.map((line) => io.style('yellow', line));
    return lines.map((line) => io.style('bold', line.slice(0, MARGIN)) + line.slice(MARGIN));
  });
  return [...rows, ''];
}
