/** What people are told about a certificate. */
import { algorithmOfSpki } from './keys.ts';
import { type Certificate, fingerprintSha256 } from './parse.ts';
import { commonName, decodeSubject, formatSubject } from './subject.ts';

export interface CertificateFacts {
  readonly commonName: string;
  readonly serial: string;
  /** Lower-case hex, no separators. */
  readonly fingerprintSha256: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly keyType: string;
}

export function factsOf(certificate: Certificate): CertificateFacts {
  const subject = decodeSubject(certificate.subject);
  return {
    commonName: commonName(subject) ?? formatSubject(subject),
    serial: certificate.serial,
    fingerprintSha256: fingerprintSha256(certificate.der),
    notBefore: certificate.notBefore,
    notAfter: certificate.notAfter,
    keyType: algorithmOfSpki(certificate.publicKey)?.keyType ?? 'unknown',
  };
}
