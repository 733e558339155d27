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

/** The same of what takes a while. */
export async function checkLater(use: () => Promise<unknown>): Promise<true | string> {
  try {
    await use();
    return true;
  } catch (error) {
    return check(() => {
      throw error;
    });
  }
}

/** Names as people type them one after the other; a URI may hold a comma. */
export const splitNames = (text: string): string[] =>
  text
    .split(/\s+/)
    .flatMap((word) => (word.includes('://') ? [word] : word.split(/[,;]+/)))
    .filter((name) => name !== '');

/** `1 certificate`, `2 certificates`. */
export const count = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? '' : 's'}`;
