/**
 * The key types, as one table: nothing else in local-ca lists algorithms. The hash follows the key (RFC 5758, RFC 8017),
 * and the provider is Node's own WebCrypto unless it lacks the curve.
 */
import { LocalCaError } from '../errors.ts';
import type { CryptoProvider } from './ambient.ts';
import { equalBytes, nullValue, oid, sequence } from './der.ts';

type Family = 'rsa' | 'ec' | 'ed';
type Hash = 'SHA-256' | 'SHA-384' | 'SHA-512';

export interface KeyAlgorithm {
  readonly keyType: string;
  readonly title: string;
  readonly family: Family;
  /** Modulus length for RSA, field size for curves. */
  readonly bits: number;
  readonly provider: CryptoProvider;
  /** What WebCrypto calls it. */
  readonly name: 'RSASSA-PKCS1-v1_5' | 'ECDSA' | 'Ed25519';
  readonly namedCurve?: string;
  readonly hash?: Hash;
  /** DER AlgorithmIdentifier of the public key (RFC 3279, RFC 5480, RFC 8410). */
  readonly keyIdentifier: Uint8Array;
  /** DER AlgorithmIdentifier of its signatures. */
  readonly signatureIdentifier: Uint8Array;
  /** Other spellings that people type. */
  readonly aliases: readonly string[];
}

const RSA_ENCRYPTION = '1.2.840.113549.1.1.1';
const EC_PUBLIC_KEY = '1.2.840.10045.2.1';
const ED25519 = '1.3.101.112';
const RSA_SIGNATURE: Record<Hash, string> = {
  'SHA-256': '1.2.840.113549.1.1.11',
  'SHA-384': '1.2.840.113549.1.1.12',
  'SHA-512': '1.2.840.113549.1.1.13',
};
const ECDSA_SIGNATURE: Record<Hash, string> = {
  'SHA-256': '1.2.840.10045.4.3.2',
  'SHA-384': '1.2.840.10045.4.3.3',
  'SHA-512': '1.2.840.10045.4.3.4',
};

function rsa(bits: number, aliases: readonly string[] = []): KeyAlgorithm {
  return {
    keyType: `rsa-${bits}`,
    title: `RSA ${bits}`,
    family: 'rsa',
    bits,
    provider: 'node',
    name: 'RSASSA-PKCS1-v1_5',
    hash: 'SHA-256',
    keyIdentifier: sequence(oid(RSA_ENCRYPTION), nullValue()),
    signatureIdentifier: sequence(oid(RSA_SIGNATURE['SHA-256']), nullValue()),
    aliases: [`rsa${bits}`, ...aliases],
  };
}

interface Curve {
  readonly keyType: string;
  readonly title: string;
  readonly bits: number;
  readonly provider: CryptoProvider;
  readonly namedCurve: string;
  readonly hash: Hash;
  readonly curveOid: string;
  readonly aliases?: readonly string[];
}

function ec({ curveOid, aliases = [], ...curve }: Curve): KeyAlgorithm {
  return {
    ...curve,
    family: 'ec',
    name: 'ECDSA',
    keyIdentifier: sequence(oid(EC_PUBLIC_KEY), oid(curveOid)),
    signatureIdentifier: sequence(oid(ECDSA_SIGNATURE[curve.hash])),
    aliases,
  };
}

const brainpool = (bits: number, hash: Hash, curveOid: string) =>
  ec({
    keyType: `brainpoolP${bits}r1`,
    title: `ECDSA brainpoolP${bits}r1`,
    bits,
    provider: 'peculiar',
    namedCurve: `brainpoolP${bits}r1`,
    hash,
    curveOid,
  });

const KEY_ALGORITHMS = [
  rsa(2048, ['rsa']),
  rsa(3072),
  rsa(4096),
  ec({
    keyType: 'p256',
    title: 'ECDSA P-256',
    bits: 256,
    provider: 'node',
    namedCurve: 'P-256',
    hash: 'SHA-256',
    curveOid: '1.2.840.10045.3.1.7',
    aliases: ['ecdsa', 'ec', 'p-256', 'prime256v1', 'secp256r1'],
  }),
  ec({
    keyType: 'p384',
    title: 'ECDSA P-384',
    bits: 384,
    provider: 'node',
    namedCurve: 'P-384',
    hash: 'SHA-384',
    curveOid: '1.3.132.0.34',
    aliases: ['p-384', 'secp384r1'],
  }),
  ec({
    keyType: 'p521',
    title: 'ECDSA P-521',
    bits: 521,
    provider: 'node',
    namedCurve: 'P-521',
    hash: 'SHA-512',
    curveOid: '1.3.132.0.35',
    aliases: ['p-521', 'secp521r1'],
  }),
  {
    keyType: 'ed25519',
    title: 'Ed25519',
    family: 'ed',
    bits: 255,
    provider: 'node',
    name: 'Ed25519',
    keyIdentifier: sequence(oid(ED25519)),
    signatureIdentifier: sequence(oid(ED25519)),
    aliases: ['eddsa'],
  },
  brainpool(256, 'SHA-256', '1.3.36.3.3.2.8.1.1.7'),
  brainpool(384, 'SHA-384', '1.3.36.3.3.2.8.1.1.11'),
  brainpool(512, 'SHA-512', '1.3.36.3.3.2.8.1.1.13'),
  ec({
    keyType: 'secp256k1',
    title: 'ECDSA secp256k1',
    bits: 256,
    provider: 'peculiar',
    namedCurve: 'K-256',
    hash: 'SHA-256',
    curveOid: '1.3.132.0.10',
    aliases: ['k-256', 'k256'],
  }),
] as const satisfies readonly KeyAlgorithm[];

/** What `keyType` may be; `findKeyAlgorithm` also knows short forms. */
export const KEY_TYPES: readonly string[] = KEY_ALGORITHMS.map((algorithm) => algorithm.keyType);

/** The algorithm that a person named, case and short forms forgiven. Throws LOCAL_CA_KEY_TYPE_UNKNOWN. */
export function findKeyAlgorithm(text: string): KeyAlgorithm {
  const wanted = text.toLowerCase();
  const found = KEY_ALGORITHMS.find(
    (algorithm: KeyAlgorithm) => algorithm.keyType.toLowerCase() === wanted || algorithm.aliases.includes(wanted),
  );
  if (found !== undefined) return found;
  throw new LocalCaError(
    'LOCAL_CA_KEY_TYPE_UNKNOWN',
    `unknown key type ${JSON.stringify(text)}`,
    `Use one of: ${KEY_TYPES.join(', ')}.`,
  );
}

/**
 * The algorithm of a public key's DER AlgorithmIdentifier. RSA keys of a size that is not in the table (an imported
 * CA may have any) get a row of their own. Undefined for an algorithm that local-ca does not know.
 */
export function algorithmOfKey(identifier: Uint8Array, rsaBits: () => number): KeyAlgorithm | undefined {
  const matches = KEY_ALGORITHMS.filter((algorithm: KeyAlgorithm) => equalBytes(algorithm.keyIdentifier, identifier));
  if (matches[0]?.family !== 'rsa') return matches[0];
  const bits = rsaBits();
  return matches.find((algorithm) => algorithm.bits === bits) ?? rsa(bits);
}

/** How a signature names its algorithm, and how to check it; RSA and ECDSA with any hash of the SHA-2 family. */
export interface SignatureScheme {
  readonly title: string;
  readonly family: Family;
  readonly hash?: Hash | 'SHA-1';
}

const hashes = ['SHA-256', 'SHA-384', 'SHA-512'] as const;

const SIGNATURE_SCHEMES: ReadonlyMap<string, SignatureScheme> = new Map<string, SignatureScheme>([
  ...hashes.map((hash): [string, SignatureScheme] => [
    RSA_SIGNATURE[hash],
    { title: `RSA with ${hash}`, family: 'rsa', hash },
  ]),
  ...hashes.map((hash): [string, SignatureScheme] => [
    ECDSA_SIGNATURE[hash],
    { title: `ECDSA with ${hash}`, family: 'ec', hash },
  ]),
  ['1.2.840.113549.1.1.5', { title: 'RSA with SHA-1', family: 'rsa', hash: 'SHA-1' }],
  ['1.2.840.10045.4.1', { title: 'ECDSA with SHA-1', family: 'ec', hash: 'SHA-1' }],
  [ED25519, { title: 'Ed25519', family: 'ed' }],
]);

export const findSignatureScheme = (signatureOid: string): SignatureScheme | undefined =>
  SIGNATURE_SCHEMES.get(signatureOid);
