/** Checks signatures on certificates, requests and revocation lists: SEQUENCE { data, algorithm, BIT STRING }. */
import { createPublicKey, verify, type webcrypto } from 'node:crypto';
import { findSignatureScheme, type KeyAlgorithm, type SignatureScheme } from './algorithms.ts';
import type { Ambient } from './ambient.ts';
import { attempt } from './attempt.ts';
import { children, type Element, expectTag, readBitString, readOid, readSmallInteger, readWhole, TAG } from './der.ts';
import { algorithmOfSpki, webCryptoAlgorithm } from './keys.ts';

/** What certificates, requests and revocation lists have in common. */
export interface Signed {
  readonly der: Uint8Array;
  /** What the signature is over. */
  readonly tbs: Uint8Array;
  readonly signatureOid: string;
  readonly signature: Uint8Array;
}

/** Takes the outer SEQUENCE apart; `fields` are the elements of its first part. */
export function readSigned(der: Uint8Array): { signed: Signed; fields: Element[] } {
  const [tbs, algorithm, signature] = children(readWhole(der, TAG.sequence));
  const fields = children(expectTag(tbs, TAG.sequence));
  const signatureOid = readOid(children(expectTag(algorithm, TAG.sequence))[0]);
  return {
    fields,
    signed: { der, tbs: (tbs as Element).bytes, signatureOid, signature: readBitString(signature) },
  };
}

/**
 * - `good`, `bad`: the signature was checked;
 * - `weak`: it was not, for it uses SHA-1 or MD5;
 * - `unsupported`: it was not, for local-ca does not know the algorithm of the signature or of the key.
 */
export type SignatureVerdict = 'good' | 'bad' | 'weak' | 'unsupported';

export interface SignatureOptions {
  /** Check SHA-1 signatures too; the caller then reports them. */
  readonly acceptSha1?: boolean;
  /** MD5 as well: SQL OpenNet's recipe still signs requests with it. */
  readonly acceptMd5?: boolean;
}

export async function verifySignature(
  signed: Signed,
  issuerSpki: Uint8Array,
  ambient: Ambient,
  { acceptSha1 = false, acceptMd5 = false }: SignatureOptions = {},
): Promise<SignatureVerdict> {
  if (acceptMd5 && signed.signatureOid === MD5_WITH_RSA) return checkMd5(signed, issuerSpki);
  const key = attempt(() => algorithmOfSpki(issuerSpki));
  const scheme = schemeOf(signed);
  if (isWeakSignature(signed) && !(acceptSha1 && scheme?.hash === 'SHA-1')) return 'weak';
  if (key === undefined || scheme === undefined) return 'unsupported';
  if (key.family !== scheme.family) return 'bad';
  const subtle = await ambient.subtle(key.provider);
  try {
    return (await check(subtle, signed, issuerSpki, key, scheme)) ? 'good' : 'bad';
  } catch {
    // A point off the curve, a signature of the wrong length: WebCrypto throws where OpenSSL says no.
    return 'bad';
  }
}

async function check(
  subtle: webcrypto.SubtleCrypto,
  { tbs, signature }: Signed,
  spki: Uint8Array,
  key: KeyAlgorithm,
  scheme: Scheme,
): Promise<boolean> {
  // The hash is the signature's own: a CA may sign with another one than the table gives its key.
  const parameters =
    scheme.saltLength === undefined
      ? webCryptoAlgorithm(key, scheme.hash)
      : { name: 'RSA-PSS', hash: scheme.hash as string, saltLength: scheme.saltLength };
  const handle = await subtle.importKey('spki', spki, parameters, false, ['verify']);
  const raw = key.family === 'ec' ? ecdsaToRaw(signature, Math.ceil(key.bits / 8)) : signature;
  return subtle.verify(parameters, handle, raw, tbs);
}

/** WebCrypto has no MD5. */
function checkMd5({ tbs, signature }: Signed, spki: Uint8Array): SignatureVerdict {
  try {
    const key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
    return verify('md5', tbs, key, signature) ? 'good' : 'bad';
  } catch {
    return 'bad';
  }
}

/** Ecdsa-Sig-Value (RFC 3279 2.2.3) to WebCrypto's r ‖ s (IEEE P1363), each as long as the field. */
function ecdsaToRaw(signature: Uint8Array, size: number): Uint8Array {
  const raw = new Uint8Array(2 * size);
  for (const [i, element] of children(readWhole(signature, TAG.sequence)).entries()) {
    const { contents } = expectTag(element, TAG.integer);
    const digits = contents[0] === 0 ? contents.subarray(1) : contents;
    raw.set(digits, (i + 1) * size - digits.length);
  }
  return raw;
}

// --- schemes ---------------------------------------------------------------------------------------------------

interface Scheme extends SignatureScheme {
  /** RSA-PSS only. */
  readonly saltLength?: number;
}

const RSA_PSS = '1.2.840.113549.1.1.10';
const MD5_WITH_RSA = '1.2.840.113549.1.1.4';

/** Known by name only, so that a listing or a refusal can tell what they are. */
const OTHER_TITLES: ReadonlyMap<string, string> = new Map([
  ['1.2.840.113549.1.1.2', 'RSA with MD2'],
  [MD5_WITH_RSA, 'RSA with MD5'],
  ['1.2.840.113549.1.1.14', 'RSA with SHA-224'],
  [RSA_PSS, 'RSA-PSS'],
  ['1.2.840.10040.4.3', 'DSA with SHA-1'],
  ['2.16.840.1.101.3.4.3.2', 'DSA with SHA-256'],
  ['1.2.840.10045.4.3.1', 'ECDSA with SHA-224'],
  ['1.3.101.113', 'Ed448'],
]);

/** How the signature was made, as people read it. */
export const signatureTitle = (signed: Signed): string =>
  schemeOf(signed)?.title ?? OTHER_TITLES.get(signed.signatureOid) ?? signed.signatureOid;

export const isWeakSignature = (signed: Signed): boolean => /SHA-1$|MD[25]$/.test(signatureTitle(signed));

const schemeOf = (signed: Signed): Scheme | undefined =>
  signed.signatureOid === RSA_PSS ? pssScheme(signed.der) : findSignatureScheme(signed.signatureOid);

const PSS_HASHES: ReadonlyMap<string, NonNullable<SignatureScheme['hash']>> = new Map([
  ['2.16.840.1.101.3.4.2.1', 'SHA-256'],
  ['2.16.840.1.101.3.4.2.2', 'SHA-384'],
  ['2.16.840.1.101.3.4.2.3', 'SHA-512'],
] as const);

/** RSASSA-PSS-params (RFC 4055 3.1). A left-out hash means SHA-1, which nobody signs with: not supported. */
const pssScheme = (der: Uint8Array): Scheme | undefined =>
  attempt(() => {
    const identifier = expectTag(children(readWhole(der, TAG.sequence))[1], TAG.sequence);
    const parameters = children(expectTag(children(identifier)[1], TAG.sequence));
    const field = (number: number) => parameters.find(({ tag }) => tag === (0xa0 | number));
    const inside = (element: Element | undefined) => (element === undefined ? [] : children(element));
    const hash = PSS_HASHES.get(readOid(inside(inside(field(0))[0])[0]));
    const maskHash = PSS_HASHES.get(readOid(inside(inside(inside(field(1))[0])[1])[0]));
    if (hash === undefined || hash !== maskHash) return undefined;
    const [salt] = inside(field(2));
    const saltLength = salt === undefined ? 20 : readSmallInteger(salt);
    return { title: `RSA-PSS with ${hash}`, family: 'rsa', hash, saltLength };
  });
