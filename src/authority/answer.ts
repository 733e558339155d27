/** Another CA's answer to a request of ours: which certificate in it is the one that was asked for. */
import { attempt } from '../core/attempt.ts';
import { equalBytes } from '../core/der.ts';
import { subjectText } from '../core/findings.ts';
import { generalNameText } from '../core/name-text.ts';
import {
  basicConstraintsOf,
  type Certificate,
  isSelfIssued,
  parseCertificate,
  subjectAltNamesOf,
} from '../core/parse.ts';
import { sameSubject } from '../core/subject.ts';
import { LocalCaError } from '../errors.ts';
import { missingFrom } from './answer-changes.ts';

/** A key that waits for its certificate. */
export interface Waiting {
  readonly label: string;
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array;
  /** What it asks for; a key alone asks for nothing. `subject` is a Name, DER. */
  readonly asked?: { readonly names: readonly string[]; readonly subject: Uint8Array };
}

export interface Match<T extends Waiting> {
  readonly request: T;
  readonly leaf: Certificate;
  /** All else that was given. */
  readonly others: readonly Certificate[];
}

/**
 * Finds the certificate whose key waits; the newest, when a CA sends the expired one along. An answer to several
 * requests gives the first of them, and of those with one key the one that asked for what it is. Throws LOCAL_CA_ANSWER_NO_LEAF and LOCAL_CA_KEY_MISMATCH.
 */
export function matchAnswer<T extends Waiting>(certificates: readonly Uint8Array[], wanted: readonly T[]): Match<T> {
  const given = certificates.map(parseCertificate);
  for (const first of wanted) {
    const [leaf] = given
      .filter(({ publicKey }) => equalBytes(publicKey, first.publicKey))
      .toSorted((a, b) => b.notBefore.getTime() - a.notBefore.getTime());
    if (leaf === undefined) continue;
    const request = closest(leaf, withSameKey(wanted, first.publicKey)) ?? first;
    return { request, leaf, others: given.filter((one) => !equalBytes(one.der, leaf.der)) };
  }
  throw noMatch(given, wanted);
}

/** All that wait with the same key. */
export const withSameKey = <T extends { readonly publicKey: Uint8Array }>(
  waiting: readonly T[],
  publicKey: Uint8Array,
) => waiting.filter((one) => equalBytes(one.publicKey, publicKey));

/** A CA may change names and subject: it is whose names are fewest apart, and then whose subject it is. */
function closest<T extends Waiting>(leaf: Certificate, wanted: readonly T[]): T | undefined {
  const names = (attempt(() => subjectAltNamesOf(leaf)) ?? []).map(generalNameText);
  const distance = ({ asked }: T) => {
    if (asked === undefined) return 0;
    const apart = missingFrom(names, asked.names).length + missingFrom(asked.names, names).length;
    return 2 * apart + (sameSubject(asked.subject, leaf.subject) ? 0 : 1);
  };
  const [best] = wanted.toSorted((a, b) => distance(a) - distance(b));
  return best;
}

function noMatch(given: readonly Certificate[], wanted: readonly Waiting[]): LocalCaError {
  if (given.length === 0) {
    return new LocalCaError(
      'LOCAL_CA_ANSWER_NO_LEAF',
      'the answer holds no certificate',
      'local-ca inspect FILE tells what it is.',
    );
  }
  const leaves = given.filter((certificate) => !isAuthority(certificate));
  if (leaves.length === 0) {
    const message = `the answer holds only CA certificates: ${subjects(given)}`;
    return new LocalCaError(
      'LOCAL_CA_ANSWER_NO_LEAF',
      message,
      "Ask the CA for the server's own certificate, which it made from the request.",
    );
  }
  const waiting = wanted.map(({ label }) => label).join(', ');
  return new LocalCaError(
    'LOCAL_CA_KEY_MISMATCH',
    `${subjects(leaves)} was not made from a request that waits here; ${waiting === '' ? 'none waits' : `these wait: ${waiting}`}`,
    "A certificate fits one key alone: ask the CA for the one that it made from this request's file, or send it the request again.",
  );
}

/** A root of version 1 has nowhere to say that it is one. */
function isAuthority(certificate: Certificate): boolean {
  if (certificate.version === 1) return isSelfIssued(certificate);
  return attempt(() => basicConstraintsOf(certificate))?.authority === true;
}

const subjects = (list: readonly Certificate[]): string => [...new Set(list.map(subjectText))].join('; ');
