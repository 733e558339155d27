/** What a key store holds, whichever format it is written in (PKCS#12, JKS). */
import { quote } from '../core/text.ts';
import { LocalCaError } from '../errors.ts';

/** A private key with its certificate chain, leaf first. */
export interface KeyEntry {
  readonly kind: 'key';
  readonly alias: string;
  /** PrivateKeyInfo, DER, not encrypted. Never put an entry into a log. */
  readonly key: Uint8Array;
  readonly chain: readonly Uint8Array[];
}

/** A certificate that is trusted, usually a root. */
export interface TrustedEntry {
  readonly kind: 'trusted';
  readonly alias: string;
  readonly certificate: Uint8Array;
}

/** One entry of a key store or trust store. */
export type StoreEntry = KeyEntry | TrustedEntry;

/** Java compares aliases in lower case, in JKS and in PKCS#12. */
export const aliasKey = (alias: string): string => alias.toLowerCase();

/** What no key store can hold is refused before it is written. Throws LOCAL_CA_KEYSTORE_ENTRY. */
export function checkEntries(entries: readonly StoreEntry[]): void {
  if (entries.length === 0) {
    throw unfit(
      'a key store needs at least one entry',
      'Give it a private key with its chain, or a trusted certificate.',
    );
  }
  const seen = new Set<string>();
  for (const { alias, ...entry } of entries) {
    if (seen.has(aliasKey(alias))) {
      throw unfit(
        `the alias ${quote(alias)} occurs twice`,
        'Give each entry an alias of its own; Java does not tell upper from lower case.',
      );
    }
    seen.add(aliasKey(alias));
    if (entry.kind === 'key' && entry.chain.length === 0) {
      throw unfit(`the key ${quote(alias)} has no certificate`, 'Give the key its chain, leaf first.');
    }
  }
}

/** No key store is written with an empty password: Apple's importers refuse it, and it protects nothing. */
export function checkPassword(password: string): void {
  if (password !== '') return;
  throw new LocalCaError(
    'LOCAL_CA_PASSWORD_REQUIRED',
    'the password of a key store cannot be empty',
    'Give a password; "changeit" is what Java people use for files without secrets.',
  );
}

export const unfit = (message: string, hint: string) => new LocalCaError('LOCAL_CA_KEYSTORE_ENTRY', message, hint);
