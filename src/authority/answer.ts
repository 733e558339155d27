/** Another CA's answer to a request of ours: which certificate in it is the one that was asked for. */
import { attempt } from '../core/attempt.ts';
import { equalBytes } from '../core/der.ts';
import { subjectText } from '../core/findings.ts';
import { basicConstraintsOf, type Certificate, isSelfIssued, parseCertificate } from '../core/parse.ts';
import { LocalCaError } from '../errors.ts';

/** A key that waits for its certificate. */
export interface Waiting {
  readonly label: string;
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array;
}

export interface Match<T extends Waiting> {
  readonly request: T;
  readonly leaf: Certificate;
  /** All else that was given. */
  readonly others: readonly Certificate[];
}

/**
 * Finds the certificate whose key waits; the newest, when a CA sends the expired one along. An answer to several
 * requests gives the first of them. Throws LOCAL_CA_ANSWER_NO_LEAF and LOCAL_CA_KEY_MISMATCH.
 */
export function matchAnswer<T extends Waiting>(certificates: readonly Uint8Array[], wanted: readonly T[]): Match<T> {
  const given = certificates.map(parseCertificate);
  for (const request of wanted) {
    const [leaf] = given
      .filter(({ publicKey }) => equalBytes(publicKey, request.publicKey))
      .toSorted((a, b) => b.notBefore.getTime() - a.notBefore.getTime());
    if (leaf !== undefined) return { request, leaf, others: given.filter((one) => !equalBytes(one.der, leaf.der)) };
  }
  throw noMatch(given, wanted);
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
