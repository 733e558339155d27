/** A whole wizard: the questions, a look at what will be done, and the deed. Which one it is, is data. */
import { LocalCaError } from '../../errors.ts';
import type { Io } from '../io.ts';
import {
  BACK,
  back,
  isAtTheEnd,
  reopened,
  type Step,
  startOf,
  stepsFor,
  type Walk,
  type WizardQuestion,
  walkThrough,
} from './flow.ts';
import { wrap } from './layout.ts';
import { cancelled } from './prompt.ts';
import { Screen } from './screen.ts';
import { type SummaryRow, summaryLines } from './summary.ts';

export interface Wizard<Answers, Facts> {
  /** What it leads to, before the first question. */
  readonly intro: string;
  readonly steps: readonly Step<Answers, Facts>[];
  readonly facts: Facts;
  /** What the command line has answered. */
  readonly start: Answers;
  /** What the answers make worth knowing, where that takes a look at files; steps may be asked because of it. */
  learn?(answers: Answers, facts: Facts): Promise<Facts>;
  /** These answers lead to another wizard: nothing is summed up or done here. */
  leadsElsewhere?(answers: Answers): boolean;
  /** What will be done, as rows: a title, or none where the row goes on, or `!` for a remark; and a text. */
  summary(answers: Answers, facts: Facts): readonly SummaryRow[];
  /** The title of the choice that does it. */
  readonly deed: string;
  act(answers: Answers, facts: Facts): Promise<void>;
  /** After `act` threw: whether other answers could help. */
  canRetry(): boolean | Promise<boolean>;
}

const HOW = 'Enter takes what is shown. Esc goes back one question. Nothing is made before the end; Ctrl-C leaves.';

/** Resolves with the answers once it is done; throws what `act` threw, or LOCAL_CA_CANCELLED. */
export async function runWizard<A, F>(wizard: Wizard<A, F>, io: Io): Promise<A> {
  let { facts } = wizard;
  const screen = new Screen(io);
  for (const line of wrap(wizard.intro, io.columns - 1)) io.say(line);
  for (const line of wrap(HOW, io.columns - 1)) io.say(io.style('dim', line));
  io.say('');
  let walk = startOf(wizard.start);
  let failure: unknown;
  for (;;) {
    [walk, facts] = await walkToTheEnd(wizard, walk, facts, screen);
    if (wizard.leadsElsewhere?.(walk.answers) === true) return walk.answers;
    screen.tell(['', ...summaryLines(wizard.summary(walk.answers, facts), io), '', ...problemLines(failure, io)]);
    const choice = await screen.choose(whatNow(wizard.deed), true);
    if (choice === 'leave') throw failure ?? cancelled();
    if (choice === BACK) walk = back(walk);
    if (choice === 'change') walk = await changed(wizard.steps, walk, facts, screen);
    if (choice !== 'go') continue;
    try {
      await wizard.act(walk.answers, facts);
      return walk.answers;
    } catch (error) {
      if (!(error instanceof LocalCaError) || error.code === 'LOCAL_CA_CANCELLED') throw error;
      if (!(await wizard.canRetry())) throw error;
      failure = error;
    }
  }
}

/** Until nothing is left to ask, of what is learned on the way either. */
async function walkToTheEnd<A, F>(wizard: Wizard<A, F>, start: Walk<A>, known: F, screen: Screen) {
  let walk = start;
  let facts = known;
  do {
    walk = await walkThrough(wizard.steps, walk, facts, screen.ask);
    facts = (await wizard.learn?.(walk.answers, facts)) ?? facts;
  } while (!isAtTheEnd(wizard.steps, walk, facts));
  return [walk, facts] as const;
}

function problemLines(failure: unknown, io: Io): string[] {
  if (!(failure instanceof LocalCaError)) return [];
  const lines = [failure.message, failure.hint].flatMap((text) => wrap(text, io.columns - 5));
  return [...lines.map((line, i) => io.style('red', `  ${i === 0 ? '>' : ' '} ${line}`)), ''];
}

const whatNow = (deed: string): WizardQuestion => ({
  type: 'select',
  message: 'Is that right?',
  choices: [
    { value: 'go', name: deed },
    { value: 'change', name: 'Change something' },
    { value: 'leave', name: 'Leave, and make nothing' },
  ],
});

async function changed<A, F>(steps: readonly Step<A, F>[], walk: Walk<A>, facts: F, screen: Screen): Promise<Walk<A>> {
  const choices = stepsFor(steps, walk, facts).map(({ name, title }) => ({ value: name, name: title }));
  const name = await screen.choose({ type: 'select', message: 'Change what?', choices }, true);
  return name === BACK ? walk : reopened(walk, String(name));
}
