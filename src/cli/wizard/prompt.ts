/** inquirer, asked on stderr: stdout is for data. Ctrl-C anywhere is LOCAL_CA_CANCELLED. */
import type { Question } from 'inquirer';
import { LocalCaError } from '../../errors.ts';

/** A question as inquirer takes it; what each kind has beside these is inquirer's to check. */
export type InquirerQuestion = Question & Readonly<Record<string, unknown>>;

interface PromptOptions {
  /** Takes the question back. */
  readonly signal?: AbortSignal;
  /** The question goes when it is answered; by default its answer stays beside it. */
  readonly clearPromptOnDone?: boolean;
}

/** The answers come back under the names of their questions. */
export async function ask<Given extends Record<string, unknown>>(
  questions: readonly InquirerQuestion[],
  options: PromptOptions = {},
): Promise<Given> {
  const { default: inquirer } = await import('inquirer');
  const prompt = inquirer.createPromptModule({ output: process.stderr, ...options });
  try {
    return (await prompt(questions)) as Given;
  } catch (cause) {
    if (!(cause instanceof Error) || cause.name !== 'ExitPromptError') throw cause;
    throw cancelled(cause);
  }
}

export const cancelled = (cause?: unknown) =>
  new LocalCaError('LOCAL_CA_CANCELLED', 'cancelled', 'Nothing was made.', { cause });
