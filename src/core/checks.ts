/** What is asked of each certificate of a chain (RFC 5280 6.1), without its signature and its revocation. */
import { attempt } from './attempt.ts';
import type { Chain } from './chain.ts';
import { keyIdMatch } from './chain.ts';
import { constraintViolation } from './constraints.ts';
import { equalBytes, sequence } from './der.ts';
import { EXTENSION } from './extensions.ts';
import { type Finding, type FindingCode, finding, subjectText } from './findings.ts';
import { alternativeNames, hostMismatch } from './hostname.ts';
import { algorithmOfSpki } from './keys.ts';
import { extensionName, isProcessed, isReadable } from './known-extensions.ts';
import {
  authorityKeyIdOf,
  basicConstraintsOf,
  type Certificate,
  extendedKeyUsageOf,
  isSelfIssued,
  keyUsageOf,
  subjectKeyIdOf,
} from './parse.ts';
import { extendedUsageFindings, keyUsageFindings, type Purpose } from './purposes.ts';
import { isoTime } from './time.ts';

/** One certificate where it stands: 0 is the leaf. */
interface Position {
  readonly chain: Chain;
  readonly index: number;
  readonly certificate: Certificate;
}

export interface Expectations {
  readonly at: Date;
  readonly purpose?: Purpose | undefined;
  readonly host?: string | undefined;
}

type Check = (position: Position, expected: Expectations) => Finding[];

export function checkChain(chain: Chain, expected: Expectations): Finding[] {
  return chain.flatMap((certificate, index) => {
    const position = { chain, index, certificate };
    const checks = unreadable(certificate).length > 0 ? [validity, readability] : ALL_CHECKS;
    return checks.flatMap((check) => check(position, expected));
  });
}

const validity: Check = ({ certificate }, { at }) => {
  const { notBefore, notAfter } = certificate;
  if (at < notBefore) return [finding('not-yet-valid', certificate, `it is valid from ${isoTime(notBefore)}`)];
  if (at > notAfter) return [finding('expired', certificate, `it expired on ${isoTime(notAfter)}`)];
  return [];
};

const readability: Check = ({ certificate }) =>
  unreadable(certificate).map((oid) =>
    finding('unreadable-extension', certificate, `its extension ${namedOid(oid)} cannot be read, or stands twice`),
  );

/** Extensions that are damaged, or that stand twice (RFC 5280 4.2 forbids it): each client would read another one. */
function unreadable({ extensions }: Certificate): string[] {
  const oids = extensions.map(({ oid }) => oid);
  const bad = extensions.filter((item, i) => !isReadable(item) || oids.indexOf(item.oid) !== i);
  return [...new Set(bad.map(({ oid }) => oid))];
}

const namedOid = (oid: string) => extensionName(oid) ?? oid;

const criticalExtensions: Check = ({ certificate }) =>
  certificate.extensions
    .filter(({ oid, critical }) => critical && !isProcessed(oid))
    .map(({ oid }) =>
      finding(
        'unknown-critical-extension',
        certificate,
        `its critical extension ${namedOid(oid)} is not one that local-ca acts upon`,
      ),
    );

const keyStrength: Check = ({ certificate }) => {
  const algorithm = attempt(() => algorithmOfSpki(certificate.publicKey));
  if (algorithm?.family !== 'rsa' || algorithm.bits >= 2048) return [];
  return [finding('weak-key', certificate, `its RSA key has ${algorithm.bits} bits; clients want 2048`)];
};

// --- the issuers -----------------------------------------------------------------------------------------------

const issuerRole: Check = ({ certificate, index, chain }) => {
  if (index === 0) return [];
  const basic = basicConstraintsOf(certificate);
  // A version 1 root is still a root to most clients: it has nowhere to say so. It gets its own warning.
  const isOldRoot = certificate.version === 1 && isSelfIssued(certificate);
  if (basic?.authority !== true && !isOldRoot) return [finding('not-a-ca', certificate)];
  const usages = keyUsageOf(certificate);
  if (usages !== undefined && !usages.includes('keyCertSign')) return [finding('no-cert-sign', certificate)];
  // Self-issued certificates do not count (RFC 5280 6.1.4 l).
  const below = chain.slice(1, index).filter((ca) => !isSelfIssued(ca)).length;
  if (basic?.pathLength === undefined || below <= basic.pathLength) return [];
  return [finding('path-length', certificate, `its path length is ${basic.pathLength}, and CAs below it: ${below}`)];
};

const keyIdentifiers: Check = ({ certificate, index, chain }) => {
  const issuer = chain[index + 1];
  if (issuer === undefined || keyIdMatch(issuer, certificate) >= 0) return [];
  const message = `its authority key identifier is not the key identifier of ${subjectText(issuer)}`;
  return [finding('key-id-mismatch', certificate, message)];
};

const constraints: Check = ({ certificate, index, chain }) => {
  // RFC 5280 6.1.3 b, c: a CA's own key rollover is not held to its constraints.
  if (index > 0 && isSelfIssued(certificate)) return [];
  const names = alternativeNames(certificate);
  const violation = constraintViolation(chain.slice(index + 1), { names, subject: certificate.subject });
  if (violation === undefined) return [];
  const message = `${subjectText(violation.authority)} may not sign ${violation.name}: ${violation.why}`;
  return [finding('constraint', certificate, message)];
};

// --- what the leaf is for --------------------------------------------------------------------------------------

const purpose: Check = ({ certificate, index }, expected) => {
  if (expected.purpose === undefined) return [];
  const extended = extendedUsageFindings(certificate, expected.purpose);
  return index === 0 ? [...extended, ...keyUsageFindings(certificate, expected.purpose)] : extended;
};

const host: Check = ({ certificate, index }, expected) => {
  if (index > 0 || expected.host === undefined) return [];
  const mismatch = hostMismatch(certificate, expected.host);
  return mismatch === undefined ? [] : [finding('host', certificate, mismatch)];
};

// --- warnings: what the strictest clients (OpenSSL's x509_strict, Python 3.13) also refuse ------------------------

const isAuthority = (certificate: Certificate) => basicConstraintsOf(certificate)?.authority === true;
const EMPTY_NAME = sequence();
const isModern = (certificate: Certificate) => certificate.version === 3;

const hasCritical = ({ extensions }: Certificate, oid: string) =>
  extensions.some((extension) => extension.oid === oid && extension.critical);

const isForServers = (certificate: Certificate) => {
  const usages = extendedKeyUsageOf(certificate);
  return usages === undefined || usages.includes('serverAuth') || usages.includes('anyExtendedKeyUsage');
};

const STRICT_RULES: readonly { code: FindingCode; broken: (position: Position) => boolean }[] = [
  { code: 'version-1', broken: ({ certificate }) => !isModern(certificate) },
  {
    code: 'no-authority-key-id',
    broken: ({ certificate, index, chain }) =>
      isModern(certificate) && index + 1 < chain.length && authorityKeyIdOf(certificate) === undefined,
  },
  {
    code: 'no-subject-key-id',
    broken: ({ certificate }) => isAuthority(certificate) && subjectKeyIdOf(certificate) === undefined,
  },
  {
    code: 'no-key-usage',
    broken: ({ certificate }) => isAuthority(certificate) && keyUsageOf(certificate) === undefined,
  },
  {
    code: 'constraints-not-critical',
    broken: ({ certificate }) => isAuthority(certificate) && !hasCritical(certificate, EXTENSION.basicConstraints),
  },
  {
    code: 'cert-sign-on-leaf',
    broken: ({ certificate }) => !isAuthority(certificate) && keyUsageOf(certificate)?.includes('keyCertSign') === true,
  },
  {
    code: 'names-not-critical',
    broken: ({ certificate, index }) =>
      index === 0 && equalBytes(certificate.subject, EMPTY_NAME) && !hasCritical(certificate, EXTENSION.subjectAltName),
  },
  { code: 'self-signed', broken: ({ certificate, index }) => index === 0 && isLoneLeaf(certificate) },
];

const isLoneLeaf = (certificate: Certificate) => isSelfIssued(certificate) && !isAuthority(certificate);

const strictness: Check = (position) =>
  STRICT_RULES.filter(({ broken }) => broken(position)).map(({ code }) => finding(code, position.certificate));

const names: Check = ({ certificate, index }, expected) => {
  const serves = expected.purpose === undefined || expected.purpose === 'server' || expected.purpose === 'peer';
  if (index > 0 || !serves || isAuthority(certificate) || !isForServers(certificate)) return [];
  return alternativeNames(certificate).length === 0 ? [finding('no-names', certificate)] : [];
};

const ALL_CHECKS: readonly Check[] = [
  validity,
  criticalExtensions,
  keyStrength,
  issuerRole,
  keyIdentifiers,
  constraints,
  purpose,
  host,
  names,
  strictness,
];
