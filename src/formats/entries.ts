/** What a key store holds, whichever format it is written in (PKCS#12, JKS). */

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

export type StoreEntry = KeyEntry | TrustedEntry;
