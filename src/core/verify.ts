/** Verifies a certificate against roots, as a client would (RFC 5280 6), and says all that is wrong with it. */
import type { Ambient } from './ambient.ts';
import { buildChains, type Chain, isOneOf } from './chain.ts';
import { checkChain, type Expectations } from './checks.ts';
import type { RevocationList } from './crl.ts';
import { type Finding, finding, hasErrors, issuerText, subjectText } from './findings.ts';
import { type Certificate, isSelfIssued } from './parse.ts';
import { checkRevocation } from './revocation.ts';
import { isWeakSignature, type SignatureVerdict, signatureTitle, verifySignature } from './signature.ts';

export interface VerifyOptions extends Expectations {
  readonly leaf: Certificate;
  readonly intermediates: readonly Certificate[];
  readonly roots: readonly Certificate[];
  /** When given, even empty, each issuer's list is asked for. */
  readonly crls?: readonly RevocationList[] | undefined;
  readonly ambient: Ambient;
}

export interface Verification {
  /** No error among the findings. */
  readonly ok: boolean;
  readonly chain: Chain;
  readonly findings: readonly Finding[];
}

/** Tries each chain that can be built, and gives the first that has no error, else the one that is closest to it. */
export async function verifyChain(options: VerifyOptions): Promise<Verification> {
  const check = signatureChecker(options.ambient);
  let best: Verification | undefined;
  for (const chain of buildChains(options.leaf, options.intermediates, options.roots)) {
    const findings = await judge(chain, options, check);
    const candidate = { ok: !hasErrors(findings), chain, findings };
    if (candidate.ok) return candidate;
    if (best === undefined || badness(candidate) < badness(best)) best = candidate;
  }
  return best as Verification;
}

type SignatureChecker = (certificate: Certificate, issuer: Certificate) => Promise<SignatureVerdict>;

async function judge(chain: Chain, options: VerifyOptions, check: SignatureChecker): Promise<Finding[]> {
  const { roots, crls, at, ambient } = options;
  return [
    ...trust(chain, roots),
    ...(await signatures(chain, check)),
    ...checkChain(chain, options),
    ...(crls === undefined ? [] : await checkRevocation(chain, crls, at, ambient)),
  ];
}

/** Chains that reach a root come before all others, then those with fewer errors. */
function badness({ findings }: Verification): number {
  const errors = findings.filter(({ severity }) => severity === 'error');
  return errors.length + (errors.some(({ code }) => code === 'untrusted') ? 1000 : 0);
}

function trust(chain: Chain, roots: readonly Certificate[]): Finding[] {
  const top = chain.at(-1) as Certificate;
  if (isOneOf(top, roots)) return [];
  if (!isSelfIssued(top)) {
    return [finding('untrusted', top, `its issuer is not among the certificates that were given: ${issuerText(top)}`)];
  }
  const who = chain.length === 1 ? 'it is its own issuer and' : 'the chain ends in it, and it';
  return [finding('untrusted', top, `${who} is not one of the roots that were given`)];
}

/** A given root is trusted for being given: its own signature proves nothing (RFC 5280 6.1.1 d). */
async function signatures(chain: Chain, check: SignatureChecker): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const [index, certificate] of chain.entries()) {
    const issuer = chain[index + 1];
    if (issuer === undefined) break;
    const verdict = await check(certificate, issuer);
    findings.push(...signatureFindings(certificate, issuer, verdict));
  }
  return findings;
}

function signatureFindings(certificate: Certificate, issuer: Certificate, verdict: SignatureVerdict): Finding[] {
  const title = signatureTitle(certificate);
  const bad = `its signature (${title}) was not made by the key of ${subjectText(issuer)}`;
  return [
    ...(verdict === 'bad' ? [finding('signature', certificate, bad)] : []),
    ...(verdict === 'unsupported'
      ? [finding('signature-unsupported', certificate, `its signature (${title}) cannot be checked by local-ca`)]
      : []),
    ...(isWeakSignature(certificate)
      ? [finding('weak-signature', certificate, `it is signed with ${title}, which clients refuse`)]
      : []),
  ];
}

/** Chains share their lower links: each is checked once. */
function signatureChecker(ambient: Ambient): SignatureChecker {
  const verdicts = new Map<Certificate, Map<Certificate, Promise<SignatureVerdict>>>();
  return (certificate, issuer) => {
    const ofCertificate = verdicts.get(certificate) ?? new Map<Certificate, Promise<SignatureVerdict>>();
    verdicts.set(certificate, ofCertificate);
    const verdict =
      ofCertificate.get(issuer) ?? verifySignature(certificate, issuer.publicKey, ambient, { acceptSha1: true });
    ofCertificate.set(issuer, verdict);
    return verdict;
  };
}
