/** Small change of the wizards: what several questions share. */
import { LocalCaError } from '../../errors.ts';

/** `true`, or what the command line would say. */
export function check(use: () => unknown): true | string {
  try {
    use();
    return true;
  } catch (error) {
    if (error instanceof LocalCaError) return `${error.message}. ${error.hint}`;
    throw error;
  }
}

/** Names as people type them one after the other; a URI may hold a comma. */
export const splitNames = (text: string): string[] =>
  text
    .split(/\s+/)
    .flatMap((word) => (word.includes('://') ? [word] : word.split(/[,;]+/)))
    .filter((name) => name !== '');

export const day = (date: Date): string => date.toISOString().slice(0, 10);
