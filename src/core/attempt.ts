/** For readers that go on when one part of a file is damaged. Defects of our own are not swallowed. */
import { LocalCaError } from '../errors.ts';

/** What `read` gives; undefined when it throws a LocalCaError. */
export function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof LocalCaError) return undefined;
    throw error;
  }
}
