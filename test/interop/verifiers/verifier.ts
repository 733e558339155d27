/** What the foreign verifiers have in common: a case goes in, a verdict comes out. */
import type { Outcome } from '../../support/peers.ts';

/** One server certificate as files, with what a client is told. */
export interface Case {
  readonly keyType: string;
  readonly host: string;
  /** Leaf and intermediates, PEM. */
  readonly chain: string;
  /** Roots that the client trusts, PEM. */
  readonly ca: string;
  readonly key: string;
  /** Key store and trust store of each type, with one password for all. */
  readonly stores: Readonly<Record<StoreType, { readonly keys: string; readonly trust: string }>>;
  readonly password: string;
}

export type StoreType = 'jks' | 'p12';

/** What can be wrong with a certificate. */
export const CHECKS = ['host', 'expiry', 'purpose', 'constraints', 'trust', 'sha1'] as const;
export type Check = (typeof CHECKS)[number];

export interface Verdict {
  readonly accepted: boolean;
  readonly output: string;
}

export interface Verifier {
  readonly name: string;
  readonly programs: readonly string[];
  /** What it looks at, with the words in which it refuses; a refusal in other words is a defect of the test. */
  readonly checks: Readonly<Partial<Record<Check, RegExp>>>;
  /** Java: RFC 5280 6.1 lets a verifier take nothing but name and key from its trust anchor, and Java does. */
  readonly ignoresConstraintsOfRoot?: true;
  supports(keyType: string): boolean;
  verify(one: Case): Promise<Verdict>;
}

const RSA_AND_NIST = /^(rsa-|p(256|384|521)$)/;

export const everyKey = () => true;
export const rsaOrNist = (keyType: string) => RSA_AND_NIST.test(keyType);
export const rsaNistOrEd25519 = (keyType: string) => rsaOrNist(keyType) || keyType === 'ed25519';

export const isAddress = (host: string) => /^[\d.]+$|:/.test(host);

export const verdictOf = ({ status, stdout, stderr }: Outcome): Verdict => ({
  accepted: status === 0,
  output: `${stdout}${stderr}`.trim(),
});

/** An answer of programs/*: accepted, refused and why, or broken and why. */
export function readAnswer(answer: string): Verdict {
  const [verdict, output = ''] = answer.split('\t');
  if (verdict === 'accepted' || verdict === 'refused') return { accepted: verdict === 'accepted', output };
  throw new Error(`the verifier could not judge: ${answer}`);
}
