/**
 * What opening a stranger's file may cost: enough for any honest one, and seconds, not hours, for one that was made to hang
 * us. A derived key is hashed as often as the file says, before anybody knows whether the password is right.
 */
import { type ErrorCode, LocalCaError } from '../errors.ts';

/** Is told the rounds before they are run, and may refuse them. */
export type Spend = (rounds: number, code?: ErrorCode) => void;

/** Rounds of hashing in all: some fifteen seconds. GnuTLS alone asks for four million to open one key. */
const MOST_ROUNDS = 20_000_000;

/** For all that one file has in it. */
export function workLimit(): Spend {
  let left = MOST_ROUNDS;
  return (rounds, code = 'LOCAL_CA_KEYSTORE_INVALID') => {
    left -= rounds;
    if (rounds >= 1 && left >= 0) return;
    throw new LocalCaError(
      code,
      `opening the file would take more than ${MOST_ROUNDS} rounds of key derivation, or none`,
      'The file is damaged or made to waste time; export it again with a usual number of iterations.',
    );
  };
}
