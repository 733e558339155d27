/** Looks at servers, several at a time, and judges each by what is known here. */
import type { Ambient } from '../../core/ambient.ts';
import { type Certificate, parseCertificate } from '../../core/parse.ts';
import { LocalCaError } from '../../errors.ts';
import { type Identity, lookAt } from '../../probe/look.ts';
import { type Look, type Rule, remarksOf } from './judge.ts';
import { type Inventory, knowledgeOf } from './knowledge.ts';
import type { Question } from './questions.ts';
import { isProblem, type Remark } from './remarks.ts';
import { type Anchors, verifyServed } from './trust.ts';

export interface Examined extends Question {
  readonly look: Look;
  readonly problems: readonly Remark[];
  readonly notes: readonly Remark[];
}

/** What could not be looked at. */
export interface Failed extends Question {
  readonly error: LocalCaError;
}

export type Result = Examined | Failed;

export const isFailed = (result: Result): result is Failed => 'error' in result;

export interface Means extends Rule {
  readonly anchors: Anchors;
  readonly inventory: Inventory | undefined;
  readonly identity: Identity | undefined;
  readonly timeoutMs: number;
  readonly ambient: Ambient;
}

const AT_ONCE = 8;

/** The results are in the order of the questions. */
export async function examineAll(
  questions: readonly Question[],
  means: Means,
  progress: (done: number) => void,
): Promise<Result[]> {
  const results: Result[] = [];
  let done = 0;
  // One iterator for all: each takes what nobody has taken.
  const rest = questions.entries();
  const work = async () => {
    for (const [i, question] of rest) {
      results[i] = await examine(question, means);
      progress(++done);
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, questions.length) }, work));
  return results;
}

async function examine(question: Question, means: Means): Promise<Result> {
  try {
    const look = await lookOnce(question, means);
    const remarks = remarksOf(look, means);
    const notes = remarks.filter((one) => !isProblem(one));
    return { ...question, look, problems: remarks.filter(isProblem), notes };
  } catch (error) {
    if (error instanceof LocalCaError) return { ...question, error };
    throw error;
  }
}

async function lookOnce({ target, host }: Question, means: Means): Promise<Look> {
  const { anchors, inventory, identity, timeoutMs, ambient } = means;
  const served = await lookAt(target, { timeoutMs, servername: host, identity });
  // Whoever serves nothing is not looked at: that throws.
  const sent = served.chain.map(parseCertificate) as [Certificate, ...Certificate[]];
  const chain = await verifyServed(sent, host, anchors, ambient);
  const knowledge = inventory === undefined ? null : await knowledgeOf(inventory, chain.verification, host);
  return { served, sent, chain, knowledge };
}
