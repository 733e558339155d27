/**
 * Private keys: made, read and written. A key travels as PKCS#8 inside `PrivateKey`, which shows nothing of itself to
 * a log, an error, JSON or `util.inspect`.
 */
import { createPrivateKey, createPublicKey, type KeyObject, type webcrypto } from 'node:crypto';
import { LocalCaError } from '../errors.ts';
import { algorithmOfKey, findKeyAlgorithm, KEY_TYPES, type KeyAlgorithm } from './algorithms.ts';
import type { Ambient, CryptoKey } from './ambient.ts';
import { attempt } from './attempt.ts';
import { children, context, expectTag, readBitString, readWhole, sequence, TAG } from './der.ts';
import { isWholePair } from './key-pair.ts';
import { roundsOf } from './pbes2.ts';
import { type Spend, workLimit } from './work.ts';

/** A private key that does not show in a log, in JSON or under `util.inspect`. */
export class PrivateKey {
  readonly algorithm: KeyAlgorithm;
  /** SubjectPublicKeyInfo, DER (RFC 5280 4.1.2.7). */
  readonly publicKey: Uint8Array;
  readonly #pkcs8: Uint8Array;

  constructor(algorithm: KeyAlgorithm, publicKey: Uint8Array, pkcs8: Uint8Array) {
    this.algorithm = algorithm;
    this.publicKey = publicKey;
    this.#pkcs8 = pkcs8;
  }

  get keyType(): string {
    return this.algorithm.keyType;
  }

  /** PrivateKeyInfo, DER, not encrypted (RFC 5208). */
  toPkcs8(): Uint8Array {
    return this.#pkcs8;
  }

  /** RSAPrivateKey (RFC 8017) for RSA, ECPrivateKey (RFC 5915) for curves; Ed25519 has only PKCS#8. */
  toTraditional(): { pemLabel: string; der: Uint8Array } {
    const { family } = this.algorithm;
    if (family === 'ed') return { pemLabel: 'PRIVATE KEY', der: this.#pkcs8 };
    const inner = expectTag(children(readWhole(this.#pkcs8))[2], TAG.octetString).contents;
    if (family === 'rsa') return { pemLabel: 'RSA PRIVATE KEY', der: inner };
    return { pemLabel: 'EC PRIVATE KEY', der: withCurve(inner, this.algorithm) };
  }

  toString(): string {
    return `[PrivateKey ${this.keyType}]`;
  }

  toJSON(): string {
    return this.toString();
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

/** PKCS#8 leaves the curve out of its ECPrivateKey, since the AlgorithmIdentifier has it; SEC1 needs it (RFC 5915). */
function withCurve(ecPrivateKey: Uint8Array, algorithm: KeyAlgorithm): Uint8Array {
  const [version, key, ...optional] = children(readWhole(ecPrivateKey, TAG.sequence));
  if (version === undefined || key === undefined) throw unreadable();
  const curve = children(readWhole(algorithm.keyIdentifier))[1];
  const publicPart = optional.filter((element) => element.tag === 0xa1).map((element) => element.bytes);
  return sequence(version.bytes, key.bytes, context(0, true, (curve as { bytes: Uint8Array }).bytes), ...publicPart);
}

/**
 * Reads a private key: PKCS#8 (plain or encrypted), PKCS#1 or SEC1, in PEM or DER. OpenSSL, inside Node, does the
 * decoding, so whatever it can open, we can. Throws LOCAL_CA_KEY_ENCRYPTED, LOCAL_CA_PASSWORD_WRONG, LOCAL_CA_KEY_INVALID.
 */
export const importKey = (bytes: Uint8Array, password?: string): PrivateKey =>
  importKeyWithin(bytes, password, workLimit());

/** The same for one of several in a file: what they may cost is for all of them. */
export function importKeyWithin(bytes: Uint8Array, password: string | undefined, spend: Spend): PrivateKey {
  const opened = openKey(bytes, password, spend);
  const { publicKey, pkcs8 } = bothHalves(opened);
  const algorithm = attempt(() => algorithmOfSpki(publicKey));
  if (algorithm === undefined) {
    throw new LocalCaError(
      'LOCAL_CA_KEY_INVALID',
      `a private key of type ${opened.asymmetricKeyType ?? 'unknown'} is not supported`,
      `Use a key of one of these types: ${KEY_TYPES.join(', ')}.`,
    );
  }
  if (!isWholePair(opened, pkcs8, algorithm)) throw torn();
  return new PrivateKey(algorithm, publicKey, pkcs8);
}

/** OpenSSL takes some keys in that it cannot write out again, such as one with a number that is too long for its curve. */
function bothHalves(key: KeyObject): { publicKey: Uint8Array; pkcs8: Uint8Array } {
  try {
    return {
      publicKey: new Uint8Array(createPublicKey(key).export({ type: 'spki', format: 'der' })),
      pkcs8: new Uint8Array(key.export({ type: 'pkcs8', format: 'der' })),
    };
  } catch (cause) {
    throw unreadable(cause);
  }
}

const torn = () =>
  new LocalCaError(
    'LOCAL_CA_KEY_INVALID',
    'the private key is damaged: its public half is not the one that belongs to it',
    'Take the key from a backup: what this one signs, nobody could verify.',
  );

function openKey(bytes: Uint8Array, password: string | undefined, spend: Spend): KeyObject {
  const encrypted = isEncrypted(bytes);
  if (encrypted && password === undefined) {
    throw new LocalCaError('LOCAL_CA_KEY_ENCRYPTED', 'the private key has a pass phrase', 'Give its pass phrase.');
  }
  const secret = encrypted && password !== undefined ? { passphrase: password } : {};
  if (encrypted) for (const der of encryptedKeysIn(bytes)) spend(roundsFor(der), 'LOCAL_CA_KEY_INVALID');
  for (const format of keyFormats(bytes)) {
    try {
      return createPrivateKey({ key: Buffer.from(bytes), ...format, ...secret });
    } catch {
      // Not this form: PKCS#1 and SEC1 are only told apart by trying.
    }
  }
  if (!encrypted) throw unreadable();
  throw new LocalCaError(
    'LOCAL_CA_PASSWORD_WRONG',
    'the pass phrase does not open the private key',
    'Check the pass phrase; a damaged key file gives the same error.',
  );
}

type KeyFormat = { format: 'pem' } | { format: 'der'; type: 'pkcs8' | 'pkcs1' | 'sec1' };

const isPem = (bytes: Uint8Array) => new TextDecoder('latin1').decode(bytes).includes('-----BEGIN ');

const keyFormats = (bytes: Uint8Array): readonly KeyFormat[] =>
  isPem(bytes)
    ? [{ format: 'pem' }]
    : (['pkcs8', 'pkcs1', 'sec1'] as const).map((type) => ({ format: 'der' as const, type }));

/** PEM says so in its label or header; DER's EncryptedPrivateKeyInfo starts with a SEQUENCE, not an INTEGER. */
function isEncrypted(bytes: Uint8Array): boolean {
  if (isPem(bytes))
    return /BEGIN ENCRYPTED PRIVATE KEY|Proc-Type: 4,ENCRYPTED/.test(new TextDecoder('latin1').decode(bytes));
  try {
    return children(readWhole(bytes, TAG.sequence))[0]?.tag === TAG.sequence;
  } catch {
    return false;
  }
}

/** Strictly: it has to be what OpenSSL will read. The older encryption, with headers, has no rounds. */
function encryptedKeysIn(bytes: Uint8Array): Uint8Array[] {
  if (!isPem(bytes)) return [bytes];
  const [, ...parts] = new TextDecoder('latin1').decode(bytes).split('-----BEGIN ENCRYPTED PRIVATE KEY-----');
  return parts.map((part) => {
    const base64 = /^([A-Za-z0-9+/\s]+={0,2})\s*-----END /.exec(part)?.[1];
    if (base64 === undefined) throw unreadable();
    return new Uint8Array(Buffer.from(base64, 'base64'));
  });
}

function roundsFor(encrypted: Uint8Array): number {
  const rounds = attempt(() => roundsOf(encrypted));
  if (rounds === undefined) throw unreadable();
  return rounds;
}

const unreadable = (cause?: unknown) =>
  new LocalCaError(
    'LOCAL_CA_KEY_INVALID',
    'the private key cannot be read',
    'It should be PKCS#8, PKCS#1 (RSA) or SEC1 (EC), in PEM or DER.',
    { cause },
  );

/** WebCrypto's algorithm record for generating, importing, signing and verifying with this row of the table. */
export function webCryptoAlgorithm(
  algorithm: Pick<KeyAlgorithm, 'name' | 'namedCurve' | 'family'>,
  hash?: string,
): { name: string; namedCurve?: string; hash?: string } {
  return {
    name: algorithm.name,
    ...(algorithm.namedCurve === undefined ? {} : { namedCurve: algorithm.namedCurve }),
    ...(hash === undefined || algorithm.family === 'ed' ? {} : { hash }),
  };
}

const RSA_EXPONENT = Uint8Array.of(1, 0, 1);

/** Makes a key. Throws LOCAL_CA_KEY_TYPE_UNKNOWN. */
export async function generateKey(keyType: string, ambient: Ambient): Promise<PrivateKey> {
  const algorithm = findKeyAlgorithm(keyType);
  const subtle = await ambient.subtle(algorithm.provider);
  const parameters = {
    ...webCryptoAlgorithm(algorithm, algorithm.hash),
    ...(algorithm.family === 'rsa' ? { modulusLength: algorithm.bits, publicExponent: RSA_EXPONENT } : {}),
  };
  const pair = (await subtle.generateKey(parameters, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
  const [spki, pkcs8] = await Promise.all([
    subtle.exportKey('spki', pair.publicKey),
    subtle.exportKey('pkcs8', pair.privateKey),
  ]);
  return new PrivateKey(algorithm, new Uint8Array(spki), new Uint8Array(pkcs8));
}

/** The algorithm of a SubjectPublicKeyInfo; undefined where local-ca does not know it. */
export function algorithmOfSpki(spki: Uint8Array): KeyAlgorithm | undefined {
  const [identifier, key] = children(readWhole(spki, TAG.sequence));
  if (identifier === undefined) return undefined;
  return algorithmOfKey(identifier.bytes, () => {
    const modulus = children(readWhole(readBitString(key), TAG.sequence))[0];
    return bitLength(expectTag(modulus, TAG.integer).contents);
  });
}

function bitLength(bigEndian: Uint8Array): number {
  const start = bigEndian.findIndex((byte) => byte !== 0);
  if (start === -1) return 0;
  return (bigEndian.length - start) * 8 - (Math.clz32(bigEndian[start] as number) - 24);
}

/** A WebCrypto key for signing, on whichever provider has the algorithm. */
export async function signingKey(key: PrivateKey, ambient: Ambient): Promise<CryptoKey> {
  const { algorithm } = key;
  const subtle = await ambient.subtle(algorithm.provider);
  return subtle.importKey('pkcs8', key.toPkcs8(), webCryptoAlgorithm(algorithm, algorithm.hash), false, ['sign']);
}
