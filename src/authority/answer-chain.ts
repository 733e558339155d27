/**
 * The chain above a certificate that another CA has made. CAs send it in any order, with too many certificates or too few,
 * and cross-signed CAs give more than one way up.
 */
import type { Ambient } from '../core/ambient.ts';
import { buildChains, type Chain, isOneOf, keyIdMatch } from '../core/chain.ts';
import { subjectText } from '../core/findings.ts';
import { nameText } from '../core/name-text.ts';
import { type Certificate, isSelfIssued } from '../core/parse.ts';
import { isWeakSignature, signatureTitle, verifySignature } from '../core/signature.ts';
import { isoTime } from '../core/time.ts';
import type { Warning } from '../core/validity.ts';
import { LocalCaError } from '../errors.ts';

export interface ChainParts {
  /** What came with the leaf, in any order. */
  readonly given: readonly Certificate[];
  /** What is known from elsewhere, and fills gaps. */
  readonly known?: readonly Certificate[];
}

export interface CompletedChain {
  /** Leaf first. */
  readonly chain: Chain;
  /** The last is a root. */
  readonly complete: boolean;
  readonly warnings: readonly Warning[];
}

/**
 * The leaf with its issuers above it, each signature checked: up to a root that was given if there is a way, else up to
 * a known one, else as far as it goes. Throws LOCAL_CA_ANSWER_SIGNATURE.
 */
export async function completeChain(
  leaf: Certificate,
  { given, known = [] }: ChainParts,
  ambient: Ambient,
): Promise<CompletedChain> {
  const now = ambient.now();
  const ways: Way[] = [];
  for (const chain of buildChains(leaf, [...given, ...known], [])) ways.push(await climb(chain, ambient));
  // There is always one: the leaf alone.
  const best = ways.toSorted((a, b) => rank(a, given, now) - rank(b, given, now))[0] as Way;
  assertSigned(best, ways);
  const warnings = [...gaps(best, given), ...defects(best, now), ...leftOut(best, given)];
  return { chain: best.chain, complete: best.complete, warnings };
}

// --- the ways up -------------------------------------------------------------------------------------------------

/** A chain as far as its signatures hold. */
interface Way {
  readonly chain: Chain;
  /** The last has signed itself. */
  readonly complete: boolean;
  /** Signed with an algorithm that cannot be checked here. */
  readonly unchecked: readonly Certificate[];
  /** Has the name and the key identifier of the issuer of the last one, and did not sign it. */
  readonly impostor?: Certificate;
}

async function climb(chain: Chain, ambient: Ambient): Promise<Way> {
  const unchecked: Certificate[] = [];
  const options = { acceptSha1: true, acceptMd5: true };
  for (const [index, certificate] of chain.entries()) {
    const above = chain[index + 1];
    if (above === undefined && !isSelfIssued(certificate)) return { chain, complete: false, unchecked };
    // A root has nobody above it, though an earlier root of the same name may seem to be.
    const isRoot =
      isSelfIssued(certificate) &&
      (await verifySignature(certificate, certificate.publicKey, ambient, options)) === 'good';
    if (isRoot) return { chain: chain.slice(0, index + 1), complete: true, unchecked };
    const issuer = above ?? certificate;
    const verdict = await verifySignature(certificate, issuer.publicKey, ambient, options);
    if (verdict === 'bad') {
      const claims = keyIdMatch(issuer, certificate) >= 0 ? { impostor: issuer } : {};
      return { chain: chain.slice(0, index + 1), complete: false, unchecked, ...claims };
    }
    if (verdict !== 'good') unchecked.push(certificate);
  }
  return { chain, complete: true, unchecked };
}

/** Lower is better. A way through an expired CA comes last: that is how cross-signed roots retire. */
function rank({ chain, complete }: Way, given: readonly Certificate[], now: Date): number {
  const expired = chain.slice(1).some(({ notAfter }) => notAfter < now) ? 1000 : 0;
  if (!complete) return expired + 500 - chain.length;
  return expired + chain.length + (isOneOf(chain.at(-1) as Certificate, given) ? 0 : 100);
}

/** A CA that changed its key and kept its name is no forgery: its key identifiers differ, or another way leads on. */
function assertSigned({ chain, complete }: Way, ways: readonly Way[]): void {
  const [leaf] = chain as [Certificate];
  const impostor = ways.find((way) => way.chain.length === 1)?.impostor;
  if (impostor === undefined || complete || chain.length > 1) return;
  throw new LocalCaError(
    'LOCAL_CA_ANSWER_SIGNATURE',
    `${subjectText(leaf)} was not signed by ${subjectText(impostor)}, which it names as its issuer`,
    'The file was damaged or changed on its way, or the CA sent the certificate of another of its keys: ask it again.',
  );
}

// --- what to say of them -----------------------------------------------------------------------------------------

function gaps({ chain, complete }: Way, given: readonly Certificate[]): Warning[] {
  const top = chain.at(-1) as Certificate;
  if (complete) return chain.length === 1 ? [SELF_SIGNED] : [];
  const issuer = nameText(top.issuer);
  const hasRoot = given.some(isSelfIssued);
  const between = `the certificate of ${issuer} that signed ${subjectText(top)} is not among them: ask the CA for it, since clients need every certificate up to the root`;
  const noRoot = `no root among them: clients have to trust one, so ask the CA for the root above ${subjectText(top)}`;
  return [
    ...(hasRoot || chain.length === 1 ? [{ code: 'missing-intermediate', message: between }] : []),
    ...(hasRoot ? [] : [{ code: 'missing-root', message: noRoot }]),
  ];
}

const SELF_SIGNED: Warning = {
  code: 'self-signed',
  message: 'it is its own issuer: no CA has signed it, and clients have to trust it by itself',
};

function defects({ chain, unchecked }: Way, now: Date): Warning[] {
  const authorities = chain.slice(1);
  return [
    ...unchecked.map((one) => ({
      code: 'signature-unsupported',
      message: `the signature of ${subjectText(one)} (${signatureTitle(one)}) cannot be checked by local-ca`,
    })),
    // A root's own signature proves nothing, and nobody looks at it.
    ...authorities
      .filter((one) => isWeakSignature(one) && !isSelfIssued(one))
      .map((one) => ({
        code: 'weak-signature',
        message: `the CA ${subjectText(one)} is signed with ${signatureTitle(one)}, which clients refuse`,
      })),
    ...authorities
      .filter(({ notAfter }) => notAfter < now)
      .map((one) => ({
        code: 'expired',
        message: `the CA ${subjectText(one)} expired on ${isoTime(one.notAfter)}: ask for its successor`,
      })),
  ];
}

/** Repeats are dropped in silence: a zip often has the same certificates in three forms. */
function leftOut({ chain }: Way, given: readonly Certificate[]): Warning[] {
  const names = given.filter((certificate) => !isOneOf(certificate, chain)).map(titleOf);
  if (names.length === 0) return [];
  const message = `left out, since the chain does not need it: ${[...new Set(names)].join('; ')}`;
  return [{ code: 'left-out', message }];
}

/** The two certificates of a cross-signed CA have one subject. */
const titleOf = (certificate: Certificate) =>
  isSelfIssued(certificate)
    ? subjectText(certificate)
    : `${subjectText(certificate)} (signed by ${nameText(certificate.issuer)})`;
