/** Finds the ways from a certificate up to a root (RFC 4158), by names and key identifiers; signatures are checked later. */

import { attempt } from './attempt.ts';
import { equalBytes } from './der.ts';
import { authorityKeyIdOf, type Certificate, isSelfIssued, subjectKeyIdOf } from './parse.ts';
import { sameSubject } from './subject.ts';
import { toHex } from './text.ts';

/** Leaf first; the last is a root when the chain is complete. */
export type Chain = readonly Certificate[];

/** Deeper than any chain in use, and a bound on what cross-signed CAs can multiply to. */
const DEPTH_LIMIT = 12;
const CHAIN_LIMIT = 100;

export const sameCertificate = (a: Certificate, b: Certificate): boolean => equalBytes(a.der, b.der);

export const isOneOf = (certificate: Certificate, list: readonly Certificate[]): boolean =>
  list.some((other) => sameCertificate(certificate, other));

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
  return trusted ?? (chains.sort((a, b) => b.length - a.length)[0] as Chain);
}

/**
 * Every way up, likely ones first: several CAs with one name (re-issued, cross-signed), in any order, repeated, or in
 * a loop. A way ends at a given root, or where no issuer is known.
 */
export function* buildChains(
  leaf: Certificate,
  candidates: readonly Certificate[],
  roots: readonly Certificate[],
): Generator<Chain> {
  const issuersOf = issuerIndex(roots, candidates);
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

/** Issuers by name, looked up once for each name: comparing names means decoding them. */
function issuerIndex(
  roots: readonly Certificate[],
  candidates: readonly Certificate[],
): (certificate: Certificate) => Certificate[] {
  const all = withoutRepeats([...roots, ...candidates]);
  const known = new Map<string, readonly Certificate[]>();
  return (certificate) => {
    const name = toHex(certificate.issuer);
    const found = known.get(name) ?? all.filter(({ subject }) => isSameName(subject, certificate.issuer));
    known.set(name, found);
    // A stable sort: among equals, given roots stay first.
    return found.toSorted((a, b) => keyIdMatch(b, certificate) - keyIdMatch(a, certificate));
  };
}

const isSameName = (a: Uint8Array, b: Uint8Array): boolean => attempt(() => sameSubject(a, b)) ?? false;

/**
 * 1 when the key identifiers say that this is the issuer, -1 when they say that it is not, 0 when they say nothing.
 * Only a hint (RFC 5280 4.2.1.1): what counts in the end is the signature.
 */
export function keyIdMatch(issuer: Certificate, certificate: Certificate): -1 | 0 | 1 {
  const [own, asked] = attempt(() => [subjectKeyIdOf(issuer), authorityKeyIdOf(certificate)]) ?? [];
  if (own === undefined || asked === undefined) return 0;
  return equalBytes(own, asked) ? 1 : -1;
}

export const withoutRepeats = (list: readonly Certificate[]): Certificate[] => [
  ...new Map(list.map((certificate) => [toHex(certificate.der), certificate])).values(),
];

/** The certificates of a shuffled file, without repeats: each leaf with its issuers above it, then what is left. */
export function orderCertificates(list: readonly Certificate[]): Certificate[] {
  const all = withoutRepeats(list);
  const issuedNothing = (certificate: Certificate) =>
    !all.some((other) => !sameCertificate(other, certificate) && isIssuedBy(other, certificate));
  const leaves = all.filter(issuedNothing);
  const start = leaves.toSorted((a, b) => Number(isSelfIssued(a)) - Number(isSelfIssued(b)));
  return withoutRepeats([...start.flatMap((leaf) => buildChain(leaf, all, [])), ...all]);
}

const isIssuedBy = (certificate: Certificate, issuer: Certificate) =>
  isSameName(issuer.subject, certificate.issuer) && keyIdMatch(issuer, certificate) >= 0;
