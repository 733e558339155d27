/**
 * The engine of every wizard. A wizard is a list of steps; a step is data and pure functions. The engine asks them in
 * order, goes back, and asks one again. It knows no terminal: what asks a question is passed in.
 */

/** One of several answers. */
export interface Choice {
  readonly value: unknown;
  readonly name: string;
  /** Why one would take it; shown while it is pointed at. */
  readonly about?: string;
  readonly checked?: boolean;
}

/** What a search shows for what has been typed so far: choices, or why there is none. */
export type Found = readonly Choice[] | string;

/** On an answer: `true`, or what is wrong. */
export type Verdict = true | string;

interface Common<V> {
  readonly message: string;
  /** What one should know to answer; stands above the question. */
  readonly about?: string;
  /** What Esc does, where that is not to go back one question. */
  readonly escape?: string;
  /** The answer as it stays on the screen. */
  shown?(value: V): string;
  /** What one should know about the answer. */
  remarks?(value: V): readonly string[];
}

/** A question as data. The methods are pure too. */
export type WizardQuestion =
  | (Common<string> & {
      readonly type: 'input';
      readonly default?: string;
      validate?(text: string): Verdict | Promise<Verdict>;
    })
  | (Common<string> & {
      /** Not shown while it is typed, nor later. */
      readonly type: 'password';
      validate?(text: string): Verdict | Promise<Verdict>;
    })
  | (Common<boolean> & { readonly type: 'confirm'; readonly default: boolean })
  | (Common<unknown> & { readonly type: 'select'; readonly default?: unknown; readonly choices: readonly Choice[] })
  | (Common<readonly unknown[]> & {
      readonly type: 'checkbox';
      readonly choices: readonly Choice[];
      validate?(values: readonly unknown[]): Verdict;
    })
  | (Common<unknown> & {
      readonly type: 'search';
      readonly default?: unknown;
      /** Stands in the line already, to be edited. */
      readonly typed?: string;
      /** Asked at every key. */
      source(term: string): Found;
    });

/** The answer as it stays on the screen. */
export function textOf(question: WizardQuestion, value: unknown): string {
  const { shown }: Common<unknown> = question;
  if (shown !== undefined) return shown(value);
  if (question.type === 'confirm') return value === true ? 'yes' : 'no';
  if (question.type === 'password') return value === '' ? '' : '******';
  if (question.type !== 'select' && question.type !== 'checkbox') return String(value);
  const values = Array.isArray(value) ? value : [value];
  return question.choices
    .filter((choice) => values.includes(choice.value))
    .map(({ name }) => name)
    .join(', ');
}

export function remarksOn({ remarks }: Common<unknown>, value: unknown): readonly string[] {
  return remarks?.(value) ?? [];
}

export interface Step<Answers, Facts, Value = unknown> {
  /** The key of its answer, unless `apply` says otherwise. */
  readonly name: string;
  /** Where one picks what to change. */
  readonly title: string;
  /** It is asked always, or when this holds. */
  when?(answers: Answers, facts: Facts): boolean;
  question(answers: Answers, facts: Facts): WizardQuestion;
  apply?(answers: Answers, value: Value, facts: Facts): Answers;
}

/** How far a walk has come. */
export interface Walk<Answers> {
  readonly answers: Answers;
  /** The names of the steps that were answered. */
  readonly asked: readonly string[];
  /** The walk before its last step. */
  readonly before?: Walk<Answers>;
}

/** Instead of an answer. */
export const BACK = Symbol('back');

/** Asks one question; resolves with its answer, or with BACK where that is possible. */
export type Asker = (question: WizardQuestion, canGoBack: boolean) => Promise<unknown>;

export const startOf = <Answers>(answers: Answers): Walk<Answers> => ({ answers, asked: [] });

const applies = <A, F>(step: Step<A, F>, answers: A, facts: F) => step.when?.(answers, facts) ?? true;

/** The steps that these answers call for. */
export const stepsFor = <A, F>(steps: readonly Step<A, F>[], { answers }: Walk<A>, facts: F): Step<A, F>[] =>
  steps.filter((step) => applies(step, answers, facts));

/** The first that was not asked yet; undefined at the end. */
const nextStep = <A, F>(steps: readonly Step<A, F>[], walk: Walk<A>, facts: F): Step<A, F> | undefined =>
  stepsFor(steps, walk, facts).find(({ name }) => !walk.asked.includes(name));

export const isAtTheEnd = <A, F>(steps: readonly Step<A, F>[], walk: Walk<A>, facts: F): boolean =>
  nextStep(steps, walk, facts) === undefined;

/** A step that no longer applies counts as never asked: it is asked when it applies again. */
function answered<A, F>(steps: readonly Step<A, F>[], walk: Walk<A>, step: Step<A, F>, value: unknown, facts: F) {
  const answers = step.apply?.(walk.answers, value, facts) ?? { ...walk.answers, [step.name]: value };
  const still = new Set(stepsFor(steps, { ...walk, answers }, facts).map(({ name }) => name));
  const asked = [...walk.asked, step.name].filter((name) => still.has(name));
  return { answers, asked, before: walk } satisfies Walk<A>;
}

/** One step back. The answers stay, as defaults; at the first step nothing happens. */
export const back = <A>(walk: Walk<A>): Walk<A> =>
  walk.before === undefined ? walk : { ...walk.before, answers: walk.answers };

/** The walk with one step to answer again; going back from there leaves it as it was. */
export const reopened = <A>(walk: Walk<A>, name: string): Walk<A> => ({
  answers: walk.answers,
  asked: walk.asked.filter((other) => other !== name),
  before: walk,
});

/** Asks until nothing is left to ask. */
export async function walkThrough<A, F>(steps: readonly Step<A, F>[], start: Walk<A>, facts: F, ask: Asker) {
  let walk = start;
  for (let step = nextStep(steps, walk, facts); step !== undefined; step = nextStep(steps, walk, facts)) {
    const value = await ask(step.question(walk.answers, facts), walk.before !== undefined);
    walk = value === BACK ? back(walk) : answered(steps, walk, step, value, facts);
  }
  return walk;
}
