/** inquirer, asked on stderr: stdout is for data. Ctrl-C anywhere is LOCAL_CA_CANCELLED. */
import type { Question } from 'inquirer';
import { LocalCaError } from '../../errors.ts';

/** A question as inquirer takes it. */
export type WizardQuestion = Question & { readonly mask?: boolean };

/** The answers come back under the names of their questions. */
export async function ask<Given extends Record<string, unknown>>(questions: readonly WizardQuestion[]): Promise<Given> {
  const { default: inquirer } = await import('inquirer');
  const prompt = inquirer.createPromptModule({ output: process.stderr });
  try {
    return (await prompt(questions)) as Given;
  } catch (cause) {
    if (!(cause instanceof Error) || cause.name !== 'ExitPromptError') throw cause;
    throw new LocalCaError('LOCAL_CA_CANCELLED', 'cancelled', 'Nothing was made.', { cause });
  }
}
