/**
 * The password-based encryption and MAC of PKCS#12: its own key derivation (RFC 7292 appendix B) with 3DES or RC2, and
 * PBES2 for modern files. The old schemes hash the password as a BMPString, PBES2 takes its UTF-8 (RFC 7292 B.1,
 * RFC 8018 3): OpenSSL, Java, NSS and GnuTLS do the same.
 */
import { createCipheriv, createHmac, hash as digestOf } from 'node:crypto';
import {
  bmpString,
  children,
  concatBytes,
  expectTag,
  integer,
  octetString,
  oid,
  readElement,
  readOid,
  readSmallInteger,
  readWhole,
  sequence,
  TAG,
} from '../core/der.ts';
import { decryptCbc, decryptPbes2, type Encrypted, type EncryptOptions, known, PBES2 } from '../core/pbes2.ts';
import type { Spend } from '../core/work.ts';
import type { Mac } from './pki-records.ts';
import { decryptRc2 } from './rc2.ts';

interface Scheme {
  readonly keyLength: number;
  readonly decrypt: (key: Uint8Array, iv: Uint8Array, ciphertext: Uint8Array) => Uint8Array;
}

const TRIPLE_DES = '1.2.840.113549.1.12.1.3';

const cbc = (cipher: string, keyLength: number): Scheme => ({
  keyLength,
  decrypt: (key, iv, ciphertext) => decryptCbc(cipher, key, iv, ciphertext),
});

const rc2 = (keyLength: number): Scheme => ({
  keyLength,
  decrypt: (key, iv, ciphertext) => decryptRc2(key, 8 * keyLength, iv, ciphertext),
});

/** RFC 7292 appendix C, all with SHA-1. */
const SCHEMES: Readonly<Record<string, Scheme>> = {
  [TRIPLE_DES]: cbc('des-ede3-cbc', 24),
  '1.2.840.113549.1.12.1.4': cbc('des-ede-cbc', 16),
  '1.2.840.113549.1.12.1.5': rc2(16),
  '1.2.840.113549.1.12.1.6': rc2(5),
};

interface MacHash {
  readonly name: string;
  readonly length: number;
  readonly block: number;
}

const SHA1: MacHash = { name: 'sha1', length: 20, block: 64 };
const MAC_HASHES: Readonly<Record<string, MacHash>> = {
  '1.3.14.3.2.26': SHA1,
  '2.16.840.1.101.3.4.2.4': { name: 'sha224', length: 28, block: 64 },
  '2.16.840.1.101.3.4.2.1': { name: 'sha256', length: 32, block: 64 },
  '2.16.840.1.101.3.4.2.2': { name: 'sha384', length: 48, block: 128 },
  '2.16.840.1.101.3.4.2.3': { name: 'sha512', length: 64, block: 128 },
};

/** A password in every form that deriving keys asks for, and the work that a file may still cost us. */
export interface Secret {
  readonly text: string;
  /** BMPString with its two zero bytes; no bytes at all is what some programs make of an empty password. */
  readonly bmp: Uint8Array;
  readonly spend: Spend;
}

export function makeSecret(text: string, spend: Spend = () => {}): Secret {
  return { text, bmp: concatBytes(readElement(bmpString(text)).contents, Uint8Array.of(0, 0)), spend };
}

/** What a derived key is for: RFC 7292 B.3. */
const PURPOSE = { key: 1, iv: 2, mac: 3 } as const;

interface Derivation {
  readonly salt: Uint8Array;
  readonly iterations: number;
  readonly hash: MacHash;
}

/** RFC 7292 B.2. */
function derive(secret: Secret, purpose: keyof typeof PURPOSE, length: number, derivation: Derivation): Uint8Array {
  const { salt, iterations, hash } = derivation;
  const blocks = Math.ceil(length / hash.length);
  secret.spend(iterations * blocks);
  const diversifier = new Uint8Array(hash.block).fill(PURPOSE[purpose]);
  const input = concatBytes(repeated(salt, hash.block), repeated(secret.bmp, hash.block));
  const out = new Uint8Array(blocks * hash.length);
  for (let block = 0; block < blocks; block++) {
    let digest = digestOf(hash.name, concatBytes(diversifier, input), 'buffer');
    for (let i = 1; i < iterations; i++) digest = digestOf(hash.name, digest, 'buffer');
    out.set(digest, block * hash.length);
    addToEachBlock(input, repeated(digest, hash.block).subarray(0, hash.block));
  }
  return out.subarray(0, length);
}

/** As many copies as reach a whole number of blocks. */
function repeated(bytes: Uint8Array, block: number): Uint8Array {
  const length = block * Math.ceil(bytes.length / block);
  return Uint8Array.from({ length }, (_, i) => bytes[i % bytes.length] as number);
}

/** Each block of `input` plus `addend` plus one, as big-endian numbers, in place. */
function addToEachBlock(input: Uint8Array, addend: Uint8Array): void {
  for (let start = 0; start < input.length; start += addend.length) {
    let carry = 1;
    for (let i = addend.length - 1; i >= 0; i--) {
      carry += (input[start + i] as number) + (addend[i] as number);
      input[start + i] = carry & 0xff;
      carry >>= 8;
    }
  }
}

/** PBE with SHA-1 and three-key 3DES: the one scheme that every system before 2018 or so can open. */
export function encryptTripleDes(plaintext: Uint8Array, secret: Secret, options: EncryptOptions): Encrypted {
  const { random, iterations } = options;
  const salt = random(8);
  const derivation = { salt, iterations, hash: SHA1 };
  const key = derive(secret, 'key', 24, derivation);
  const cipher = createCipheriv('des-ede3-cbc', key, derive(secret, 'iv', 8, derivation));
  return {
    algorithm: sequence(oid(TRIPLE_DES), sequence(octetString(salt), integer(iterations))),
    ciphertext: new Uint8Array(Buffer.concat([cipher.update(plaintext), cipher.final()])),
  };
}

/** Opens any encrypted part of a PKCS#12 file. Throws LOCAL_CA_PASSWORD_WRONG, LOCAL_CA_KEYSTORE_INVALID. */
export function decryptPart(encrypted: Encrypted, secret: Secret): Uint8Array {
  const [id, parameters] = children(readWhole(encrypted.algorithm, TAG.sequence));
  const algorithm = readOid(id);
  if (algorithm === PBES2) return decryptPbes2(encrypted, secret.text, secret.spend);
  const { keyLength, decrypt } = known(SCHEMES, algorithm, 'an encryption');
  const [salt, iterations] = children(expectTag(parameters, TAG.sequence));
  const derivation = {
    salt: expectTag(salt, TAG.octetString).contents,
    iterations: readSmallInteger(iterations),
    hash: SHA1,
  };
  const key = derive(secret, 'key', keyLength, derivation);
  return decrypt(key, derive(secret, 'iv', 8, derivation), encrypted.ciphertext);
}

export function computeMac(content: Uint8Array, secret: Secret, mac: Omit<Mac, 'digest'>): Uint8Array {
  const hash = known(MAC_HASHES, mac.algorithm, 'a MAC');
  const key = derive(secret, 'mac', hash.length, { ...mac, hash });
  return new Uint8Array(createHmac(hash.name, key).update(content).digest());
}
