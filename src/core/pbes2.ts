/**
 * PBES2 (RFC 8018 6.2): what encrypts a private key under a pass phrase, and everything in a modern PKCS#12 file. It
 * writes AES-256-CBC with PBKDF2-HMAC-SHA256, which OpenSSL, Java, GnuTLS, NSS and Windows all read.
 */
import { createCipheriv, createDecipheriv, pbkdf2Sync } from 'node:crypto';
import { LocalCaError } from '../errors.ts';
import {
  children,
  type Element,
  expectTag,
  integer,
  nullValue,
  octetString,
  oid,
  readOid,
  readSmallInteger,
  readWhole,
  sequence,
  TAG,
} from './der.ts';
import type { Spend } from './work.ts';

/** Ciphertext, and the DER AlgorithmIdentifier that says how to open it. */
export interface Encrypted {
  readonly algorithm: Uint8Array;
  readonly ciphertext: Uint8Array;
}

export interface EncryptOptions {
  readonly random: (length: number) => Uint8Array;
  readonly iterations: number;
}

export const PBES2 = '1.2.840.113549.1.5.13';
const PBKDF2 = '1.2.840.113549.1.5.12';
const HMAC_SHA256 = '1.2.840.113549.2.9';
const AES_256_CBC = '2.16.840.1.101.3.4.1.42';

/** OWASP's number for PBKDF2-HMAC-SHA256 (2023): a key file has nothing but its pass phrase to protect it. */
const KEY_ITERATIONS = 600_000;

const HMAC_HASHES: Readonly<Record<string, string>> = {
  '1.2.840.113549.2.7': 'sha1',
  '1.2.840.113549.2.8': 'sha224',
  [HMAC_SHA256]: 'sha256',
  '1.2.840.113549.2.10': 'sha384',
  '1.2.840.113549.2.11': 'sha512',
};

interface Cipher {
  readonly name: string;
  readonly keyLength: number;
}

const CIPHERS: Readonly<Record<string, Cipher>> = {
  '2.16.840.1.101.3.4.1.2': { name: 'aes-128-cbc', keyLength: 16 },
  '2.16.840.1.101.3.4.1.22': { name: 'aes-192-cbc', keyLength: 24 },
  [AES_256_CBC]: { name: 'aes-256-cbc', keyLength: 32 },
  '1.2.840.113549.3.7': { name: 'des-ede3-cbc', keyLength: 24 },
};

/** EncryptedPrivateKeyInfo, DER (RFC 5958): the `ENCRYPTED PRIVATE KEY` of a PEM file. */
export function encryptPkcs8(
  pkcs8: Uint8Array,
  password: string,
  { random, iterations = KEY_ITERATIONS }: { random: (length: number) => Uint8Array; iterations?: number },
): Uint8Array {
  if (password === '') {
    throw new LocalCaError('LOCAL_CA_PASSWORD_REQUIRED', 'the pass phrase is empty', 'Give a pass phrase for the key.');
  }
  const { algorithm, ciphertext } = encryptPbes2(pkcs8, password, { random, iterations });
  return sequence(algorithm, octetString(ciphertext));
}

export function encryptPbes2(plaintext: Uint8Array, password: string, options: EncryptOptions): Encrypted {
  const { random, iterations } = options;
  const salt = random(16);
  const iv = random(16);
  const cipher = createCipheriv('aes-256-cbc', pbkdf2Sync(password, salt, iterations, 32, 'sha256'), iv);
  const derivation = sequence(octetString(salt), integer(iterations), sequence(oid(HMAC_SHA256), nullValue()));
  return {
    algorithm: sequence(
      oid(PBES2),
      sequence(sequence(oid(PBKDF2), derivation), sequence(oid(AES_256_CBC), octetString(iv))),
    ),
    ciphertext: new Uint8Array(Buffer.concat([cipher.update(plaintext), cipher.final()])),
  };
}

/**
 * Opens what PBES2 closed. `spend` is told the iterations before they are run, and may refuse them. Throws
 * LOCAL_CA_PASSWORD_WRONG, LOCAL_CA_KEYSTORE_INVALID, LOCAL_CA_DER_INVALID.
 */
export function decryptPbes2({ algorithm, ciphertext }: Encrypted, password: string, spend: Spend): Uint8Array {
  const [derivation, scheme] = children(parametersOf(algorithm, PBES2));
  const [cipherId, iv] = children(expectTag(scheme, TAG.sequence));
  const cipher = known(CIPHERS, readOid(cipherId), 'a cipher');
  const { salt, iterations, hash } = readPbkdf2(expectTag(derivation, TAG.sequence));
  spend(iterations);
  const key = pbkdf2Sync(password, salt, iterations, cipher.keyLength, hash);
  return decryptCbc(cipher.name, key, expectTag(iv, TAG.octetString).contents, ciphertext);
}

const SCRYPT = '1.3.6.1.4.1.11591.4.11';

/**
 * How many rounds opening an EncryptedPrivateKeyInfo takes, whichever of the schemes it is (RFC 8018 6, RFC 7292 C); scrypt's
 * work counts as much (RFC 7914 7). Throws LOCAL_CA_DER_INVALID.
 */
export function roundsOf(encrypted: Uint8Array): number {
  const [algorithm] = children(readWhole(encrypted, TAG.sequence));
  const [id, parameters] = children(expectTag(algorithm, TAG.sequence));
  const values = children(expectTag(parameters, TAG.sequence));
  if (readOid(id) !== PBES2) return readSmallInteger(values[1]);
  const [function_, its] = children(expectTag(values[0], TAG.sequence));
  const [, ...numbers] = children(expectTag(its, TAG.sequence));
  const counts = readOid(function_) === SCRYPT ? numbers.slice(0, 3) : numbers.slice(0, 1);
  return counts.map(readSmallInteger).reduce((all, count) => all * count, 1);
}

function readPbkdf2(derivation: Element) {
  const [salt, iterations, ...optional] = children(parametersOf(derivation.bytes, PBKDF2));
  // keyLength is an INTEGER that repeats what the cipher says; without a prf it is HMAC-SHA1 (RFC 8018 A.2).
  const prf = optional.find((element) => element.tag === TAG.sequence);
  return {
    salt: expectTag(salt, TAG.octetString).contents,
    iterations: readSmallInteger(iterations),
    hash: prf === undefined ? 'sha1' : known(HMAC_HASHES, readOid(children(prf)[0]), 'a key derivation'),
  };
}

/** The parameters, a SEQUENCE, of an AlgorithmIdentifier that must be the given one. */
function parametersOf(algorithm: Uint8Array, expected: string): Element {
  const [id, parameters] = children(readWhole(algorithm, TAG.sequence));
  known({ [expected]: true }, readOid(id), 'an encryption');
  return expectTag(parameters, TAG.sequence);
}

/** CBC with PKCS#7 padding; wrong padding is how a wrong password shows. */
export function decryptCbc(cipher: string, key: Uint8Array, iv: Uint8Array, ciphertext: Uint8Array): Uint8Array {
  const decipher = createDecipheriv(cipher, key, iv);
  try {
    return new Uint8Array(Buffer.concat([decipher.update(ciphertext), decipher.final()]));
  } catch (cause) {
    throw wrongPassword(cause);
  }
}

export const wrongPassword = (cause?: unknown) =>
  new LocalCaError(
    'LOCAL_CA_PASSWORD_WRONG',
    'the password does not open the file',
    'Check the password, and upper and lower case; a damaged file gives the same error.',
    { cause },
  );

/** A row of a table of OIDs, or an error that names the one that is not in it. */
export function known<T>(table: Readonly<Record<string, T>>, id: string, what: string): T {
  const row = Object.hasOwn(table, id) ? table[id] : undefined;
  if (row !== undefined) return row;
  throw new LocalCaError(
    'LOCAL_CA_KEYSTORE_INVALID',
    `the file uses ${what} that is not supported (${id})`,
    'Write it again with modern algorithms: openssl pkcs12 -in OLD.p12 -nodes -out ALL.pem, then openssl pkcs12 -export -in ALL.pem -out NEW.p12.',
  );
}
