/** What `pki.ts` takes and gives: the parts of PKCS#7 and PKCS#12 files as plain records. */
import type { Encrypted } from '../core/pbes2.ts';

export interface CertificateSet {
  readonly certificates: readonly Uint8Array[];
  readonly crls: readonly Uint8Array[];
}

export interface Mac {
  /** OID of the hash. */
  readonly algorithm: string;
  readonly salt: Uint8Array;
  readonly iterations: number;
  readonly digest: Uint8Array;
}

export interface Pfx {
  /** AuthenticatedSafe, DER: what the MAC is over. */
  readonly content: Uint8Array;
  readonly mac?: Mac;
}

/** One part of the file: SafeContents, in the clear or encrypted. */
export type Safe = { readonly plain: Uint8Array } | { readonly encrypted: Encrypted };

export type BagValue =
  | { readonly certificate: Uint8Array }
  | { readonly shroudedKey: Encrypted }
  | { readonly plainKey: Uint8Array };

export interface BagAttribute {
  readonly type: string;
  /** DER. */
  readonly values: readonly Uint8Array[];
}

export interface Bag {
  readonly value: BagValue;
  readonly attributes: readonly BagAttribute[];
}

/** What we write: certificates, and keys that are encrypted. */
export type WritableBag = Bag & { readonly value: Exclude<BagValue, { plainKey: Uint8Array }> };
