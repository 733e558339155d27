/** Finds the ways from a certificate up to a root (RFC 4158), by names and key identifiers; signatures are checked later. */

import { attempt } from './attempt.ts';
import { equalBytes } from './der.ts';
import { nameKey } from './name-text.ts';
import { authorityKeyIdOf, type Certificate, isSelfIssued, subjectKeyIdOf } from './parse.ts';
import { toHex } from './text.ts';

/** Leaf first; the last is a root when the chain is complete. */
export type Chain = readonly Certificate[];

/** Deeper than any chain in use, and a bound on what cross-signed CAs can multiply to. */
export const DEPTH_LIMIT = 12;
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
): Generator<Chain> => waysUp(leaf, issuerIndex([...roots, ...candidates]), roots, CHAIN_LIMIT);

type IssuersOf = (certificate: Certificate) => readonly Certificate[];

function* waysUp(
  leaf: Certificate,
  issuersOf: IssuersOf,
  roots: readonly Certificate[],
  limit: number,
): Generator<Chain> {
  let left = limit;
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

/** Of one name. Any list of CAs that have nothing but their name in common is longer than it is likely. */
const ISSUER_LIMIT = 20;

/**
 * Issuers by name, likely ones first. Names are folded once, and key identifiers looked up: comparing each with each would
 * take hours on a long list.
 */
function issuerIndex(list: readonly Certificate[]): IssuersOf {
  const bySubject = new Map<string, Namesakes>();
  for (const certificate of withoutRepeats(list)) {
    const key = nameKey(certificate.subject);
    const namesakes: Namesakes = bySubject.get(key) ?? { all: [], byKeyId: new Map() };
    bySubject.set(key, namesakes);
    namesakes.all.push(certificate);
    const id = hexOf(certificate, subjectKeyIdOf);
    namesakes.byKeyId.set(id, [...(namesakes.byKeyId.get(id) ?? []), certificate].slice(0, ISSUER_LIMIT));
  }
  return (certificate) => {
    const namesakes = bySubject.get(nameKey(certificate.issuer));
    return namesakes === undefined ? [] : likelyFirst(namesakes, hexOf(certificate, authorityKeyIdOf));
  };
}

/** Certificates of one subject: all, and by their key identifier; '' is none. In each, what came first (the given roots) stays first. */
interface Namesakes {
  readonly all: Certificate[];
  readonly byKeyId: Map<string, Certificate[]>;
}

/** In the order of `keyIdMatch`. */
function likelyFirst({ all, byKeyId }: Namesakes, asked: string): Certificate[] {
  if (asked === '') return all.slice(0, ISSUER_LIMIT);
  const found = new Set([...(byKeyId.get(asked) ?? []), ...(byKeyId.get('') ?? [])]);
  for (let i = 0; i < all.length && found.size < ISSUER_LIMIT; i++) found.add(all[i] as Certificate);
  return [...found].slice(0, ISSUER_LIMIT);
}

const hexOf = (certificate: Certificate, idOf: (certificate: Certificate) => Uint8Array | undefined): string =>
  toHex(attempt(() => idOf(certificate)) ?? new Uint8Array());

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

/** A longer one is no server's. */
const LONGEST_ORDERED = 5000;

/** Shared by the leaves of a file. */
const WAYS_IN_ALL = 1000;

/**
 * The certificates of a shuffled file, without repeats: each leaf with its issuers above it, then what is left. A very long
 * list stays as it is.
 */
export function orderCertificates(list: readonly Certificate[]): Certificate[] {
  const all = withoutRepeats(list);
  if (all.length > LONGEST_ORDERED) return all;
  const issuersOf = issuerIndex(all);
  const issuers = new Set(
    all.flatMap((certificate) => issuersOf(certificate).filter((one) => issued(one, certificate))),
  );
  const leaves = all.filter((certificate) => !issuers.has(certificate));
  // A lone root has issued nothing either, and comes after the real leaves.
  const start = leaves.toSorted((a, b) => Number(isSelfIssued(a)) - Number(isSelfIssued(b)));
  const limit = Math.max(1, Math.min(CHAIN_LIMIT, Math.floor(WAYS_IN_ALL / start.length)));
  return withoutRepeats([...start.flatMap((leaf) => longest([...waysUp(leaf, issuersOf, [], limit)])), ...all]);
}

const issued = (issuer: Certificate, certificate: Certificate) =>
  issuer !== certificate && keyIdMatch(issuer, certificate) >= 0;
