/** `local-ca renew` without labels: what is due, or the CA itself, with everything that it takes. */

import { join } from 'node:path';
import { README } from '../../bundle/template.ts';
import { dueAt } from '../../core/duration.ts';
import { isoDay } from '../../core/time.ts';
import { LocalCaError } from '../../errors.ts';
import type { PlacementRecord } from '../../store/store.ts';
import type { Context, Flags } from '../command.ts';
import { renewOrders } from '../commands/renew.ts';
import { renewAuthoritiesNow } from '../commands/renew-ca.ts';
import type { Io } from '../io.ts';
import type { Renewed } from '../renewal.ts';
import { type Made, nextLines, reminderLines, repeatLines, said, validSection } from './ending.ts';
import { newestEvent } from './home-facts.ts';
import type { Order } from './order.ts';
import { keySearch, renewFacts, shortPath } from './renew-facts.ts';
import { chosenOf, kindOf, ordersOf, type RenewAnswers, type RenewFacts, summaryRows } from './renew-plan.ts';
import { introOf, renewSteps } from './renew-steps.ts';
import { runWizard } from './run.ts';

/** What came of it so far. */
interface Course {
  orders: readonly Order[];
  renewed: readonly Renewed[];
  code: number | undefined;
  targets: readonly string[];
}

export async function renewWizard(context: Context, given: Flags): Promise<number | undefined> {
  const { io } = context;
  const { facts, locked } = await renewFacts(context, given);
  if (kindOf({}, facts) === undefined) throw nothingToRenew();
  const before = await newestEvent(context);
  const course: Course = { orders: [], renewed: [], code: undefined, targets: [] };
  const wizard = {
    intro: introOf(facts),
    steps: renewSteps(facts),
    facts,
    start: {} as RenewAnswers,
    learn: keySearch(),
    leadsElsewhere: (answers: RenewAnswers) => kindOf(answers, facts) === 'foreign',
    summary: summaryRows,
    deed: 'Renew',
    act: (answers: RenewAnswers, known: RenewFacts) => act(context, answers, known, course),
    canRetry: async () => (await newestEvent(context)) === before,
  };
  try {
    const answers = await runWizard(wizard, io);
    if (kindOf(answers, facts) === 'foreign') return await requestInstead(context, answers, given);
    for (const line of endLines(course, given, context)) io.say(line);
  } finally {
    const secret = locked && given.passphraseFile === undefined;
    if (course.orders.length > 0) for (const line of repeatLines(course.orders, io, secret)) io.say(line);
  }
  return course.code;
}

const nothingToRenew = () =>
  new LocalCaError('LOCAL_CA_NOT_FOUND', 'there is nothing to renew', 'Issue a certificate first: local-ca issue');

async function act(context: Context, answers: RenewAnswers, facts: RenewFacts, course: Course): Promise<void> {
  course.orders = ordersOf(answers, facts);
  course.targets = chosenOf(answers, facts).flatMap(({ targets }) => targets);
  if (kindOf(answers, facts) === 'ca') {
    for (const { flags } of course.orders) await renewAuthoritiesNow(context, flags);
    return;
  }
  const { renewed, code } = await renewOrders(context, course.orders);
  course.renewed = renewed;
  course.code = code;
}

/** Another CA signed it: a new request, for the same names. */
async function requestInstead(context: Context, { foreign }: RenewAnswers, given: Flags): Promise<number | undefined> {
  const { csrWizard } = await import('./csr.ts');
  const { home, color } = given;
  return csrWizard(context, { home, color, renew: foreign });
}

function endLines({ renewed, targets }: Course, given: Flags, { io }: Context): string[] {
  const made = renewed.map(madeOf);
  const [first, ...others] = made;
  if (first === undefined) return ['', ...reminderLines(given, io)];
  const deploy = said(`local-ca deploy run, which brings the new files to ${targets.join(', ')}`, io);
  const next = ['', io.style('bold', 'Next'), ...(targets.length > 0 ? deploy : readmeLines(made, io))];
  if (others.length === 0)
    return targets.length > 0 ? [...next, ...validSection(first, given, io)] : nextLines(first, given, io);
  return [
    ...next,
    '',
    io.style('bold', `Valid until ${isoDay(soonest(made))}, or longer`),
    ...reminderLines(given, io),
  ];
}

const readmeLines = (made: readonly Made[], io: Io) => [
  ...said('Each server has to read its new files; the README beside them says how:', io),
  ...made.map(({ folder }) => `    ${join(folder, README)}`),
];

const soonest = (made: readonly Made[]) => new Date(Math.min(...made.map(({ notAfter }) => notAfter.getTime())));

function madeOf({ issued: { record }, delivery }: Renewed): Made {
  const placement = delivery.placements.find(({ kind }) => kind === 'placement') as { record: PlacementRecord };
  const folder = shortPath(placement.record.folder);
  return { label: record.label, folder, notAfter: record.notAfter, due: dueAt(record) };
}
