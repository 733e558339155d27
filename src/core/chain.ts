/** Finds the ways from a certificate up to a root (RFC 4158), by names and key identifiers; signatures are checked later. */

import { attempt } from './attempt.ts';
import { equalBytes } from './der.ts';
import { nameKey } from './name-text.ts';
import { authorityKeyIdOf, type Certificate, isSelfIssued, subjectKeyIdOf } from './parse.ts';
import { toHex } from './text.ts';

/** Leaf first; the last is a root when the chain is complete. */
export type Chain = readonly Certificate[];

/** Deeper than any chain in use, and a bound on what cross-signed CAs can multiply to. */
const DEPTH_LIMIT = 12;
const CHAIN_LIMIT = 100;

export const isOneOf = (certificate: Certificate, list: readonly Certificate[]): boolean =>
  list.some((other) => equalBytes(certificate.der, other.der));

/**
 * The best chain by structure: one that ends in a given root if there is any, else the longest. Its signatures are
 * not checked; `verifyChain` does that, and tries the other chains too.
 */
export function buildChain(
  leaf: Certificate,
  candidates: readonly Certificate[],
  roots: readonly Certificate[],
): Chain {
  const chains = [...buildChains(leaf, candidates, roots)];
  const trusted = chains.find((chain) => isOneOf(chain.at(-1) as Certificate, roots));
  return trusted ?? longest(chains);
}

const longest = (chains: readonly Chain[]) => chains.toSorted((a, b) => b.length - a.length)[0] as Chain;

/**
 * Every way up, likely ones first: several CAs with one name (re-issued, cross-signed), in any order, repeated, or in
 * a loop. A way ends at a given root, or where no issuer is known.
 */
export const buildChains = (
  leaf: Certificate,
  candidates: readonly Certificate[],
  roots: readonly Certificate[],
): Generator<Chain> => waysUp(leaf, issuerIndex([...roots, ...candidates]), roots);

type IssuersOf = (certificate: Certificate) => readonly Certificate[];

function* waysUp(leaf: Certificate, issuersOf: IssuersOf, roots: readonly Certificate[]): Generator<Chain> {
  let left = CHAIN_LIMIT;
  function* climb(chain: Chain): Generator<Chain> {
    const top = chain.at(-1) as Certificate;
    const issuers = isOneOf(top, roots) || chain.length === DEPTH_LIMIT ? [] : issuersOf(top);
    const fresh = issuers.filter((issuer) => !chain.some((member) => sameHolder(member, issuer)));
    if (fresh.length === 0 && left-- > 0) yield chain;
    for (const issuer of fresh) if (left > 0) yield* climb([...chain, issuer]);
  }
  yield* climb([leaf]);
}

/** One CA under two certificates would only lead round in a circle (RFC 4158 2.4.2). */
const sameHolder = (a: Certificate, b: Certificate) =>
  equalBytes(a.publicKey, b.publicKey) && equalBytes(a.subject, b.subject);

/** Issuers by name, likely ones first. Names are folded once: comparing each with each would take minutes on a long list. */
function issuerIndex(list: readonly Certificate[]): IssuersOf {
  const bySubject = new Map<string, Certificate[]>();
  for (const certificate of withoutRepeats(list)) {
    const key = nameKey(certificate.subject);
    bySubject.set(key, [...(bySubject.get(key) ?? []), certificate]);
  }
  // A stable sort: among equals, what came first (the given roots) stays first.
  return (certificate) =>
    (bySubject.get(nameKey(certificate.issuer)) ?? []).toSorted(
      (a, b) => keyIdMatch(b, certificate) - keyIdMatch(a, certificate),
    );
}

/**
 * 1 when the key identifiers say that this is the issuer, -1 when they say that it is not, 0 when they say nothing.
 * Only a hint (RFC 5280 4.2.1.1): what counts in the end is the signature.
 */
export function keyIdMatch(issuer: Certificate, certificate: Certificate): -1 | 0 | 1 {
  const [own, asked] = attempt(() => [subjectKeyIdOf(issuer), authorityKeyIdOf(certificate)]) ?? [];
  if (own === undefined || asked === undefined) return 0;
  return equalBytes(own, asked) ? 1 : -1;
}

const withoutRepeats = (list: readonly Certificate[]): Certificate[] => [
  ...new Map(list.map((certificate) => [toHex(certificate.der), certificate])).values(),
];

/** The certificates of a shuffled file, without repeats: each leaf with its issuers above it, then what is left. */
export function orderCertificates(list: readonly Certificate[]): Certificate[] {
  const all = withoutRepeats(list);
  const issuersOf = issuerIndex(all);
  const issuers = new Set(
    all.flatMap((certificate) => issuersOf(certificate).filter((one) => issued(one, certificate))),
  );
  const leaves = all.filter((certificate) => !issuers.has(certificate));
  // A lone root has issued nothing either, and comes after the real leaves.
  const start = leaves.toSorted((a, b) => Number(isSelfIssued(a)) - Number(isSelfIssued(b)));
  return withoutRepeats([...start.flatMap((leaf) => longest([...waysUp(leaf, issuersOf, [])])), ...all]);
}

const issued = (issuer: Certificate, certificate: Certificate) =>
  issuer !== certificate && keyIdMatch(issuer, certificate) >= 0;
