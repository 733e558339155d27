/** What a verification can find, in one table. The codes are a contract, like those of errors. */
import { nameText } from './name-text.ts';
import type { Certificate } from './parse.ts';

export type Severity = 'error' | 'warning';

const error = (about: string) => ({ severity: 'error', about }) as const;
const warning = (about: string) => ({ severity: 'warning', about }) as const;

export const FINDINGS = {
  untrusted: error('No chain leads to one of the roots that were given.'),
  signature: error('The signature was not made by the key of the issuer.'),
  'signature-unsupported': error('The signature or the key is of an algorithm that local-ca does not know.'),
  'weak-signature': error('Signed with SHA-1 or MD5, which clients refuse.'),
  'weak-key': error('An RSA key shorter than 2048 bits, which clients refuse.'),
  'key-id-mismatch': error(
    "The authority key identifier is not the issuer's key identifier; OpenSSL refuses the chain.",
  ),
  expired: error('The certificate is past its end.'),
  'not-yet-valid': error('The certificate has not started.'),
  'not-a-ca': error('The issuer is not a CA: basicConstraints does not say CA:TRUE.'),
  'no-cert-sign': error("The issuer's keyUsage does not allow it to sign certificates."),
  'path-length': error('More CAs stand below this one than its path length allows.'),
  purpose: error('The extendedKeyUsage does not allow this purpose.'),
  'key-usage': error('The keyUsage does not allow this purpose.'),
  host: error('The certificate is not for this host.'),
  constraint: error('A name is outside the name constraints of a CA above it.'),
  'unknown-critical-extension': error('A critical extension that local-ca does not process.'),
  'unreadable-extension': error('An extension that cannot be read, or that stands twice.'),
  revoked: error('The issuer has revoked the certificate.'),
  'crl-expired': error('The revocation list is past its next update.'),
  'crl-unusable': error(
    'The revocation list has a wrong signature, is not yet valid, or is of a kind that is not processed.',
  ),
  'crl-missing': error('Revocation lists were given, but none of the issuer of the leaf.'),

  'crl-missing-for-ca': warning('Revocation lists were given, but none of the issuer of this CA.'),
  'self-signed': warning('The certificate is its own issuer: nothing but a new trust decision can replace it.'),
  'any-purpose': warning('Only anyExtendedKeyUsage allows the purpose; OpenSSL wants it by name.'),
  'version-1': warning('An X.509 version 1 certificate; Python 3.13 and others refuse it.'),
  'no-names': warning('No SubjectAltName; most clients match nothing else.'),
  'names-not-critical': warning('The subject is empty and the SubjectAltName is not critical (RFC 5280 4.2.1.6).'),
  'no-subject-key-id': warning('A CA without a subject key identifier (RFC 5280 4.2.1.2); Python 3.13 refuses it.'),
  'no-authority-key-id': warning('No authority key identifier (RFC 5280 4.2.1.1); Python 3.13 refuses it.'),
  'no-key-usage': warning('A CA without keyUsage (RFC 5280 4.2.1.3); Python 3.13 refuses it.'),
  'constraints-not-critical': warning(
    'basicConstraints of a CA is not critical (RFC 5280 4.2.1.9); Python 3.13 refuses it.',
  ),
  'cert-sign-on-leaf': warning('keyUsage allows signing certificates, and the certificate is not a CA.'),
} as const satisfies Record<string, { severity: Severity; about: string }>;

export type FindingCode = keyof typeof FINDINGS;

export interface Finding {
  readonly code: FindingCode;
  /** The subject of the certificate that it is about. */
  readonly certificate: string;
  readonly message: string;
  readonly severity: Severity;
}

/** A finding in the table's words, or in closer ones. */
export const finding = (code: FindingCode, certificate: Certificate, message?: string): Finding => ({
  code,
  certificate: subjectText(certificate),
  message: message ?? FINDINGS[code].about,
  severity: FINDINGS[code].severity,
});

export const hasErrors = (findings: readonly Finding[]): boolean =>
  findings.some(({ severity }) => severity === 'error');

/** An empty subject still has to be called something. */
export const subjectText = ({ subject, serial }: Pick<Certificate, 'subject' | 'serial'>): string =>
  nameText(subject) || `serial ${serial}`;

export const issuerText = ({ issuer, serial }: Pick<Certificate, 'issuer' | 'serial'>): string =>
  subjectText({ subject: issuer, serial });
