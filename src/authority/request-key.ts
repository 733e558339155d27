/** Whether the key of a request may have a certificate at all. */

import type { KeyAlgorithm } from '../core/algorithms.ts';
import { KEY_TYPES } from '../core/algorithms.ts';
import { attempt } from '../core/attempt.ts';
import type { CertificateRequest } from '../core/csr.ts';
import { children, type Element, equalBytes, expectTag, readBitString, readWhole, TAG } from '../core/der.ts';
import { describePublicKey } from '../core/describe.ts';
import { isPlainPoint, keyMark } from '../core/key-mark.ts';
import { algorithmOfSpki } from '../core/keys.ts';
import { parseCertificate } from '../core/parse.ts';
import type { Warning } from '../core/validity.ts';
import { LocalCaError } from '../errors.ts';
import type { CertificateRecord } from '../store/store.ts';
import { refuseStolen, sharesKey } from './stolen-key.ts';
import type { Workplace } from './workplace.ts';

const LEAST_RSA_BITS = 2048;

const refused = (message: string, hint: string) => new LocalCaError('LOCAL_CA_KEY_REFUSED', message, hint);

/** Throws LOCAL_CA_KEY_REFUSED for a key that clients refuse, or that local-ca knows nothing of. */
export function fitAlgorithm({ publicKey }: CertificateRequest): KeyAlgorithm {
  const algorithm = attempt(() => algorithmOfSpki(publicKey));
  if (algorithm === undefined) {
    throw refused(
      `the request's key is of a type that local-ca does not know (${describePublicKey(publicKey).keyType})`,
      `Ask for a key of one of these types: ${KEY_TYPES.join(', ')}.`,
    );
  }
  if (algorithm.family === 'ec') assertPlainPoint(publicKey);
  if (algorithm.family !== 'rsa') return algorithm;
  if (algorithm.bits < LEAST_RSA_BITS) {
    throw refused(
      `the request's RSA key has ${algorithm.bits} bits, which clients refuse`,
      `Ask for a new request, with a key of at least ${LEAST_RSA_BITS} bits.`,
    );
  }
  if (!isFitExponent(publicKey)) {
    throw refused("the request's RSA key has an exponent that protects nothing", 'Ask for a new key: usual is 65537.');
  }
  return algorithm;
}

/** The same key, written in a second way: not every client reads it. */
function assertPlainPoint(publicKey: Uint8Array): void {
  const isPlain = attempt(() => isPlainPoint(publicKey));
  if (isPlain === undefined) throw refused("the request's key cannot be read", 'Ask for a new request.');
  if (isPlain) return;
  throw refused(
    "the request's key is a compressed point, which not every client can read",
    'Ask for a new request with the point in full: openssl ec -conv_form uncompressed rewrites the key.',
  );
}

/** With 1 anybody could sign for it, and an even one belongs to no key (RFC 8017 3.1). */
function isFitExponent(spki: Uint8Array): boolean {
  const [, key] = children(readWhole(spki, TAG.sequence));
  const [, exponent] = children(readWhole(readBitString(key), TAG.sequence));
  const { contents } = expectTag(exponent as Element, TAG.integer);
  const last = contents.at(-1) ?? 0;
  return last % 2 === 1 && (contents.length > 1 || last > 1);
}

/** Throws LOCAL_CA_KEY_REFUSED for a CA's own key, and for one that is known to be in other hands. */
export async function certificatesOfKey(
  work: Workplace,
  { publicKey }: CertificateRequest,
): Promise<CertificateRecord[]> {
  const mark = keyMark(publicKey);
  const own = work.authorities.find(({ certificate }) =>
    equalBytes(keyMark(parseCertificate(certificate).publicKey), mark),
  );
  if (own !== undefined) {
    throw refused(
      `the request is for the key of the CA ${JSON.stringify(own.name)} itself`,
      'Ask for a key of its own.',
    );
  }
  const { store } = work.home;
  await refuseStolen(store, publicKey, "the request's key", 'Ask for a new request, with a new key.');
  return (await store.certificates()).filter(sharesKey(publicKey));
}

/** Whoever has the key of one server can pretend to be the other. */
export function sharingWarnings(records: readonly CertificateRecord[], label: string): Warning[] {
  const others = records.filter((record) => record.state === 'valid' && record.label !== label);
  if (others.length === 0) return [];
  const labels = [...new Set(others.map((record) => record.label))].join(', ');
  return [{ code: 'shared-key', message: `${labels} has the same key: who can use one of them can pose as the other` }];
}
