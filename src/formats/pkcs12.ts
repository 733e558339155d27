/** PKCS#12 files (`.p12`, `.pfx`; RFC 7292), written for Java, OpenSSL, NSS, GnuTLS, Windows and macOS to read. */
import { createHash } from 'node:crypto';
import { type Encrypted, type EncryptOptions, encryptPbes2 } from '../core/pbes2.ts';
import { toHex } from '../core/text.ts';
import { checkEntries, checkPassword, type KeyEntry, type StoreEntry } from './entries.ts';
import {
  friendlyName,
  localKeyId,
  TRUSTED,
  type WindowsKeyOptions,
  windowsAttributes,
  withExchangeUsage,
} from './pkcs12-attributes.ts';
import { computeMac, encryptTripleDes, makeSecret, type Secret } from './pkcs12-pbe.ts';
import { encodeBags, encodePfx, encodeSafes } from './pki.ts';
import type { Safe, WritableBag } from './pki-records.ts';

export { readPkcs12 } from './pkcs12-read.ts';

/** `modern` is what Java and OpenSSL write today; `compat` is for macOS, Windows up to 2016 and Java before 8u301. */
export type Pkcs12Profile = 'modern' | 'compat';

/** For `writePkcs12`. */
export interface WritePkcs12Options {
  readonly password: string;
  readonly profile: Pkcs12Profile;
  readonly random: (length: number) => Uint8Array;
  /** For each key derivation; by default as many as Java (modern) and OpenSSL (compat) write. */
  readonly iterations?: number;
  /** Marks the private keys for Windows' own key store. */
  readonly windows?: WindowsKeyOptions;
}

interface Protection {
  readonly encrypt: (plaintext: Uint8Array, secret: Secret, options: EncryptOptions) => Encrypted;
  readonly macHash: string;
  readonly iterations: number;
}

const PROTECTIONS: Readonly<Record<Pkcs12Profile, Protection>> = {
  modern: {
    encrypt: (plaintext, { text }, options) => encryptPbes2(plaintext, text, options),
    macHash: '2.16.840.1.101.3.4.2.1',
    iterations: 10_000,
  },
  compat: { encrypt: encryptTripleDes, macHash: '1.3.14.3.2.26', iterations: 2048 },
};

/**
 * A key store, a trust store, or both in one file. The same entries, options and randomness give the same bytes. Throws
 * LOCAL_CA_KEYSTORE_ENTRY, LOCAL_CA_PASSWORD_REQUIRED.
 */
export function writePkcs12(entries: readonly StoreEntry[], options: WritePkcs12Options): Uint8Array {
  checkEntries(entries);
  checkPassword(options.password);
  const { encrypt, macHash, iterations: usual } = PROTECTIONS[options.profile];
  const { random, iterations = usual, windows } = options;
  const secret = makeSecret(options.password);
  const seal = (plaintext: Uint8Array) => encrypt(plaintext, secret, { random, iterations });

  const keys = entries.filter((entry) => entry.kind === 'key').map((entry) => keyBag(entry, seal, windows));
  const certificates: Safe = { encrypted: seal(encodeBags(certificateBags(entries))) };
  const content = encodeSafes(keys.length === 0 ? [certificates] : [certificates, { plain: encodeBags(keys) }]);
  const mac = { algorithm: macHash, salt: random(16), iterations };
  return encodePfx(content, { ...mac, digest: computeMac(content, secret, mac) });
}

function keyBag(
  { alias, key, chain }: KeyEntry,
  seal: (plaintext: Uint8Array) => Encrypted,
  windows: WindowsKeyOptions | undefined,
): WritableBag {
  const attributes = [friendlyName(alias), localKeyId(idOf(chain))];
  if (windows === undefined) return { value: { shroudedKey: seal(key) }, attributes };
  return {
    value: { shroudedKey: seal(withExchangeUsage(key)) },
    attributes: [...attributes, ...windowsAttributes(windows)],
  };
}

/** SHA-1 of the leaf, as OpenSSL numbers them. It only ties a key to its certificate within the file. */
const idOf = (chain: readonly Uint8Array[]) =>
  new Uint8Array(
    createHash('sha1')
      .update(chain[0] as Uint8Array)
      .digest(),
  );

/** A certificate that several chains share is written once; only leaves carry an id, or readers tie the key to a CA. */
function certificateBags(entries: readonly StoreEntry[]): WritableBag[] {
  const ofChains = new Map<string, WritableBag>();
  const put = (certificate: Uint8Array, attributes: WritableBag['attributes']) => {
    const name = toHex(certificate);
    if (attributes.length > 0 || !ofChains.has(name)) ofChains.set(name, { value: { certificate }, attributes });
  };
  const trusted: WritableBag[] = [];
  for (const entry of entries) {
    if (entry.kind === 'trusted') {
      trusted.push({ value: { certificate: entry.certificate }, attributes: [friendlyName(entry.alias), TRUSTED] });
    } else {
      entry.chain.forEach((certificate, i) => {
        put(certificate, i === 0 ? [friendlyName(entry.alias), localKeyId(idOf(entry.chain))] : []);
      });
    }
  }
  return [...ofChains.values(), ...trusted];
}
