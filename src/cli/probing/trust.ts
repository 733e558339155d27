/** Whom a server's chain is held against, and which of them it leads to. */
import { rootCertificates } from 'node:tls';
import type { Ambient } from '../../core/ambient.ts';
import { isOneOf } from '../../core/chain.ts';
import { type Certificate, isSelfIssued, parseCertificate } from '../../core/parse.ts';
import { type Verification, verifyChain } from '../../core/verify.ts';
import { pemCertificates } from '../../formats/pem.ts';

/** The order is that in which they are asked: a root that is yours and in a file is yours. */
export const TRUST_TITLES = {
  own: 'your CA',
  file: '--ca',
  public: 'a public CA',
  accepted: 'a CA whose answer you accepted',
} as const;

type TrustKind = keyof typeof TRUST_TITLES;

type Roots = Readonly<Record<TrustKind, readonly Certificate[]>>;

export interface Anchors {
  readonly roots: Roots;
  /** Between a root and servers: to tell what a server ought to have sent. */
  readonly between: readonly Certificate[];
}

/** What Node trusts on its own: the list that Mozilla keeps. */
export const publicRoots = (): Certificate[] => pemCertificates(rootCertificates.join('\n')).map(parseCertificate);

/** A file for clients may have intermediates beside its roots; where it has no root, what is in it is trusted as given. */
export function splitRoots(given: readonly Certificate[]): { roots: Certificate[]; between: Certificate[] } {
  const roots = given.filter(isSelfIssued);
  if (roots.length === 0) return { roots: [...given], between: [] };
  return { roots, between: given.filter((one) => !isSelfIssued(one)) };
}

export interface ServedChain {
  readonly verification: Verification;
  /** Null when it leads to none of them. */
  readonly trust: TrustKind | null;
  /** On the way to the root, and not sent by the server. */
  readonly missing: readonly Certificate[];
}

/** Without what the server did not send, as clients do it; with that only to say what is missing. */
export async function verifyServed(
  sent: readonly [Certificate, ...Certificate[]],
  host: string,
  { roots, between }: Anchors,
  ambient: Ambient,
): Promise<ServedChain> {
  const [leaf, ...others] = sent;
  const all = Object.values(roots).flat();
  const verify = async (intermediates: readonly Certificate[]): Promise<ServedChain> => {
    const at = ambient.now();
    const verification = await verifyChain({ leaf, intermediates, roots: all, at, purpose: 'server', host, ambient });
    const missing = verification.chain.filter((one) => !isOneOf(one, sent) && !isOneOf(one, all));
    return { verification, missing, trust: trustOf(verification, roots) };
  };
  const asSent = await verify(others);
  if (asSent.trust !== null || between.length === 0) return asSent;
  const completed = await verify([...others, ...between]);
  return completed.trust === null ? asSent : completed;
}

function trustOf({ chain }: Verification, roots: Roots): TrustKind | null {
  const top = chain.at(-1) as Certificate;
  const kinds = Object.keys(TRUST_TITLES) as TrustKind[];
  return kinds.find((kind) => isOneOf(top, roots[kind])) ?? null;
}
