/** Which password seals the stores of a bundle. */
import { LocalCaError } from '../errors.ts';

export interface Passwords {
  readonly key: string;
  readonly trust: string;
  /** local-ca made up the password of the key stores, so it has to be handed over. */
  readonly generated: boolean;
  /** The person chose it. */
  readonly given: boolean;
}

/** Java's own, and public: a trust store is sealed against accidents only. */
const TRUST_PASSWORD = 'changeit';

interface Request {
  readonly given: string | undefined;
  /** What local-ca made up for the files that these replace. */
  readonly earlier: string | undefined;
  /** Which stores there are. */
  readonly kinds: ReadonlySet<'key' | 'trust'>;
  /** The template's, for trust stores. */
  readonly fixed: string | undefined;
  readonly random: (length: number) => Uint8Array;
}

export function choosePasswords({ given, earlier, kinds, fixed = TRUST_PASSWORD, random }: Request): Passwords {
  if (given !== undefined) {
    checkGiven(given, kinds);
    return { key: given, trust: given, generated: false, given: true };
  }
  const generated = kinds.has('key');
  return { key: generated ? (earlier ?? makePassword(random)) : '', trust: fixed, generated, given: false };
}

function checkGiven(given: string, kinds: ReadonlySet<'key' | 'trust'>): void {
  if (kinds.size === 0) {
    throw new LocalCaError(
      'LOCAL_CA_OPTION_INVALID',
      'a password was given, but none of these files has one: PEM keys stay unencrypted',
      'Leave the password out, or ask for --format p12 or jks.',
    );
  }
  if (given === '') {
    throw new LocalCaError(
      'LOCAL_CA_PASSWORD_REQUIRED',
      'the password of a key store is empty',
      'Give one, or leave it out and local-ca makes one up.',
    );
  }
}

/** Crockford's base 32: no two of its characters look alike. Twenty of them are 100 bits. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

const makePassword = (random: Request['random']): string =>
  Array.from(random(20), (byte) => ALPHABET[byte & 31]).join('');
