/** Reads PKCS#12 files of any age and maker: who wrote what is in test/interop/formats.interop.test.ts. */
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { equalBytes, readWhole, TAG } from '../core/der.ts';
import { type Certificate, isSelfIssued, parseCertificate } from '../core/parse.ts';
import { wrongPassword } from '../core/pbes2.ts';
import { toHex } from '../core/text.ts';
import { type Spend, workLimit } from '../core/work.ts';
import { LocalCaError } from '../errors.ts';
import { reading } from './damaged.ts';
import type { KeyEntry, StoreEntry, TrustedEntry } from './entries.ts';
import { isTrusted, keyIdOf, nameOf } from './pkcs12-attributes.ts';
import { computeMac, decryptPart, makeSecret, type Secret } from './pkcs12-pbe.ts';
import { decodeBags, decodePfx, decodeSafes } from './pki.ts';
import type { Bag, Pfx, Safe } from './pki-records.ts';

export interface ReadPkcs12Options {
  /**
   * Without one the empty password is tried, which OpenSSL writes for `-passout pass:`; else only what is not encrypted
   * can be read, and nothing is checked: trust stores are sometimes so.
   */
  readonly password?: string;
  /** Shared with what else there is to open in the same file. */
  readonly spend?: Spend;
}

/**
 * The keys, each with its chain, then the certificates that belong to no key. Throws LOCAL_CA_PASSWORD_WRONG,
 * LOCAL_CA_PASSWORD_REQUIRED, LOCAL_CA_KEYSTORE_INVALID.
 */
export function readPkcs12(bytes: Uint8Array, { password, spend = workLimit() }: ReadPkcs12Options): StoreEntry[] {
  return reading('PKCS#12', () => {
    const pfx = decodePfx(bytes);
    const secret = password === undefined ? emptySecret(pfx, spend) : provenSecret(pfx, password, spend);
    return assemble(
      decodeSafes(pfx.content).flatMap((safe) => openSafe(safe, secret)),
      secret,
    );
  });
}

/** An empty password is two zero bytes to some programs and nothing at all to others; the MAC tells. */
function provenSecret({ content, mac }: Pfx, password: string, spend: Spend): Secret {
  const secret = makeSecret(password, spend);
  if (mac === undefined) return secret;
  const candidates = password === '' ? [secret, { ...secret, bmp: new Uint8Array() }] : [secret];
  const proven = candidates.find((candidate) => equalBytes(computeMac(content, candidate, mac), mac.digest));
  if (proven === undefined) throw wrongPassword();
  return proven;
}

/** The empty password, where the MAC proves it. */
function emptySecret(pfx: Pfx, spend: Spend): Secret | undefined {
  if (pfx.mac === undefined) return undefined;
  try {
    return provenSecret(pfx, '', spend);
  } catch {
    return undefined;
  }
}

function openSafe(safe: Safe, secret: Secret | undefined): Bag[] {
  if ('plain' in safe) return decodeBags(safe.plain);
  if (secret === undefined) throw passwordRequired();
  const contents = decryptPart(safe.encrypted, secret);
  try {
    return decodeBags(contents);
  } catch (cause) {
    // Now and then a wrong password leaves padding that looks right, and rubbish.
    throw wrongPassword(cause);
  }
}

function openKey({ value }: Bag, secret: Secret | undefined): Uint8Array | undefined {
  if ('certificate' in value) return undefined;
  if ('plainKey' in value) return value.plainKey;
  if (secret === undefined) throw passwordRequired();
  const key = decryptPart(value.shroudedKey, secret);
  try {
    return readWhole(key, TAG.sequence).bytes;
  } catch (cause) {
    throw wrongPassword(cause);
  }
}

const passwordRequired = () =>
  new LocalCaError('LOCAL_CA_PASSWORD_REQUIRED', 'the PKCS#12 file is encrypted', 'Give its password.');

// --- from bags to entries ------------------------------------------------------------------------------------------

interface StoredCertificate {
  readonly bag: Bag;
  readonly der: Uint8Array;
  /** Undefined for a certificate that cannot be read: it is handed on, but has no place in a chain. */
  readonly facts: Certificate | undefined;
}

function assemble(bags: readonly Bag[], secret: Secret | undefined): StoreEntry[] {
  let unnamed = 0;
  // Java numbers what has no name, too.
  const aliasOf = (bag: Bag) => nameOf(bag) ?? String(++unnamed);

  const certificates = bags.flatMap((bag) => ('certificate' in bag.value ? [stored(bag, bag.value.certificate)] : []));
  const forChains = indexed(certificates.filter(({ bag }) => !isTrusted(bag)));
  const used = new Set<StoredCertificate>();
  const keys = bags.flatMap((bag): KeyEntry[] => {
    const key = openKey(bag, secret);
    if (key === undefined) return [];
    const chain = chainFrom(leafFor(bag, key, forChains), forChains);
    for (const certificate of chain) used.add(certificate);
    return [{ kind: 'key', alias: aliasOf(bag), key, chain: chain.map(({ der }) => der) }];
  });
  const others = certificates.filter((certificate) => !used.has(certificate));
  return [
    ...keys,
    ...others.map(({ bag, der }): TrustedEntry => ({ kind: 'trusted', alias: aliasOf(bag), certificate: der })),
  ];
}

/** The first of each kind: a file may have thousands of keys and of certificates. */
interface Index {
  readonly byKeyId: ReadonlyMap<string, StoredCertificate>;
  readonly byPublicKey: ReadonlyMap<string, StoredCertificate>;
  readonly bySubject: ReadonlyMap<string, StoredCertificate>;
}

function indexed(certificates: readonly StoredCertificate[]): Index {
  const firstBy = (bytesOf: (one: StoredCertificate) => Uint8Array | undefined) => {
    const entries = certificates.map((one) => [hexOf(bytesOf(one)), one] as const);
    return new Map(entries.filter(([key]) => key !== undefined).reverse() as [string, StoredCertificate][]);
  };
  return {
    byKeyId: firstBy(({ bag }) => keyIdOf(bag)),
    byPublicKey: firstBy(({ facts }) => facts?.publicKey),
    bySubject: firstBy(({ facts }) => facts?.subject),
  };
}

const hexOf = (bytes: Uint8Array | undefined) => (bytes === undefined ? undefined : toHex(bytes));

const lookUp = (map: ReadonlyMap<string, StoredCertificate>, bytes: Uint8Array | undefined) =>
  bytes === undefined ? undefined : map.get(toHex(bytes));

function stored(bag: Bag, der: Uint8Array): StoredCertificate {
  try {
    return { bag, der, facts: parseCertificate(der) };
  } catch {
    return { bag, der, facts: undefined };
  }
}

/** By the id that ties them, else (some writers leave it out) by the public key. */
const leafFor = (bag: Bag, key: Uint8Array, { byKeyId, byPublicKey }: Index): StoredCertificate | undefined =>
  lookUp(byKeyId, keyIdOf(bag)) ?? lookUp(byPublicKey, publicKeyOf(key));

function publicKeyOf(pkcs8: Uint8Array): Uint8Array | undefined {
  try {
    const key = createPrivateKey({ key: Buffer.from(pkcs8), format: 'der', type: 'pkcs8' });
    return new Uint8Array(createPublicKey(key).export({ type: 'spki', format: 'der' }));
  } catch {
    return undefined;
  }
}

/** Longer than any in use. */
const LONGEST_CHAIN = 100;

/** From the leaf to its issuer, and on, as far as the file goes. */
function chainFrom(leaf: StoredCertificate | undefined, { bySubject }: Index): StoredCertificate[] {
  const chain: StoredCertificate[] = [];
  for (let next = leaf; next !== undefined && !chain.includes(next) && chain.length < LONGEST_CHAIN; ) {
    chain.push(next);
    const { facts } = next;
    next = facts === undefined || isSelfIssued(facts) ? undefined : lookUp(bySubject, facts.issuer);
  }
  return chain;
}
