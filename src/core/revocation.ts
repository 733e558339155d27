/** Holds the certificates of a chain against revocation lists (RFC 5280 6.3). */
import type { Ambient } from './ambient.ts';
import { attempt } from './attempt.ts';
import type { Chain } from './chain.ts';
import { CRL_EXTENSION, type RevocationList, revocationOf } from './crl.ts';
import { equalBytes } from './der.ts';
import { readDistributionPoints, readIssuingDistributionPoint } from './distribution.ts';
import { EXTENSION, type GeneralName } from './extensions.ts';
import { type Finding, finding } from './findings.ts';
import { basicConstraintsOf, type Certificate, extensionValue, keyUsageOf, subjectKeyIdOf } from './parse.ts';
import { verifySignature } from './signature.ts';
import { sameSubject } from './subject.ts';
import { isoTime } from './time.ts';

export async function checkRevocation(
  chain: Chain,
  crls: readonly RevocationList[],
  at: Date,
  ambient: Ambient,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const [index, certificate] of chain.entries()) {
    const issuer = chain[index + 1];
    // The root has nobody above it: it is revoked by taking it out of the roots.
    if (issuer === undefined) break;
    const found = await checkOne(certificate, issuer, crls, at, ambient);
    if (found === 'no-list') findings.push(finding(index === 0 ? 'crl-missing' : 'crl-missing-for-ca', certificate));
    else findings.push(...found);
  }
  return findings;
}

async function checkOne(
  certificate: Certificate,
  issuer: Certificate,
  crls: readonly RevocationList[],
  at: Date,
  ambient: Ambient,
): Promise<Finding[] | 'no-list'> {
  const lists = crls.filter((crl) => attempt(() => isAbout(crl, certificate, issuer)) === true);
  if (lists.length === 0) return 'no-list';
  const problems: Finding[] = [];
  // The newest usable list counts: a certificate that was on hold may be off it again.
  for (const crl of lists.toSorted((a, b) => b.thisUpdate.getTime() - a.thisUpdate.getTime())) {
    const why = await unusable(crl, issuer, at, ambient);
    if (why === undefined) return judge(crl, certificate, at);
    problems.push(finding('crl-unusable', certificate, `the revocation list of its issuer cannot be used: ${why}`));
  }
  return problems.slice(0, 1);
}

function judge(crl: RevocationList, certificate: Certificate, at: Date): Finding[] {
  const entry = revocationOf(crl, certificate.serial);
  const { nextUpdate } = crl;
  const isLate = nextUpdate !== undefined && at > nextUpdate;
  return [
    ...(entry === undefined
      ? []
      : [
          finding(
            'revoked',
            certificate,
            `it was revoked on ${isoTime(entry.at)} (${entry.reason ?? 'no reason given'})`,
          ),
        ]),
    ...(isLate
      ? [
          finding(
            'crl-expired',
            certificate,
            `the revocation list of its issuer was due for renewal on ${isoTime(nextUpdate)}`,
          ),
        ]
      : []),
  ];
}

/** Whether the list is of this issuer, and its scope has this certificate in it. */
function isAbout(crl: RevocationList, certificate: Certificate, issuer: Certificate): boolean {
  const own = subjectKeyIdOf(issuer);
  const otherKey = own !== undefined && crl.authorityKeyId !== undefined && !equalBytes(own, crl.authorityKeyId);
  if (otherKey || !sameSubject(crl.issuer, certificate.issuer)) return false;
  const value = extensionValue(crl, CRL_EXTENSION.issuingDistributionPoint);
  if (value === undefined) return true;
  const scope = readIssuingDistributionPoint(value);
  const isAuthority = basicConstraintsOf(certificate)?.authority === true;
  if (scope.only !== undefined && (scope.only === 'authorities') !== isAuthority) return false;
  return scope.names.length === 0 || shareName(scope.names, distributionPointsOf(certificate));
}

function distributionPointsOf(certificate: Certificate): GeneralName[] {
  const value = extensionValue(certificate, EXTENSION.crlDistributionPoints);
  return value === undefined ? [] : readDistributionPoints(value);
}

const shareName = (a: readonly GeneralName[], b: readonly GeneralName[]) =>
  a.some((name) => b.some((other) => name.tag === other.tag && equalBytes(name.bytes, other.bytes)));

async function unusable(
  crl: RevocationList,
  issuer: Certificate,
  at: Date,
  ambient: Ambient,
): Promise<string | undefined> {
  if (at < crl.thisUpdate) return `it is from ${isoTime(crl.thisUpdate)}`;
  if (crl.unknownCritical.length > 0) return `its critical extension ${crl.unknownCritical[0]} is not known`;
  const scope = extensionValue(crl, CRL_EXTENSION.issuingDistributionPoint);
  if (scope !== undefined && readIssuingDistributionPoint(scope).unsupported)
    return 'it covers some reasons or other issuers';
  const usages = keyUsageOf(issuer);
  if (usages !== undefined && !usages.includes('cRLSign')) return 'the keyUsage of its issuer has no cRLSign';
  const verdict = await verifySignature(crl, issuer.publicKey, ambient);
  return verdict === 'good' ? undefined : `its signature is ${verdict}`;
}
