/**
 * Certificates, requests, revocation lists and keys as plain records for people and for JSON, with the keys that the
 * command line's other records have. A damaged part is shown as hex, and nothing here throws for what a file holds.
 */
import { createHash } from 'node:crypto';
import { attempt } from './attempt.ts';
import type { RevocationList } from './crl.ts';
import { type CertificateRequest, requestedBy } from './csr.ts';
import { describeAttributes, microsoftTemplate } from './csr-attributes.ts';
import { children, readOid, readWhole } from './der.ts';
import { type DescribedExtensions, describeExtensions } from './describe-extensions.ts';
import { algorithmOfSpki, type PrivateKey } from './keys.ts';
import { nameText } from './name-text.ts';
import { type Certificate, fingerprintSha256, isSelfIssued } from './parse.ts';
import { signatureTitle } from './signature.ts';
import { toHex } from './text.ts';
import { isoTime } from './time.ts';

export type ValidityState = 'valid' | 'expired' | 'not-yet-valid';

export interface CertificateDescription extends DescribedExtensions {
  readonly version: number;
  readonly serial: string;
  /** RFC 4514. */
  readonly subject: string;
  readonly issuer: string;
  readonly selfIssued: boolean;
  /** A key type of local-ca, else the OID of the algorithm. */
  readonly keyType: string;
  readonly publicKeySha256: string;
  readonly signature: string;
  readonly notBefore: string;
  readonly notAfter: string;
  readonly state: ValidityState;
  /** Whole days until the end; negative when it has passed. */
  readonly daysLeft: number;
  readonly fingerprintSha256: string;
  readonly fingerprintSha1: string;
}

export function describeCertificate(certificate: Certificate, at: Date): CertificateDescription {
  const { notBefore, notAfter } = certificate;
  return {
    version: certificate.version,
    serial: certificate.serial,
    subject: nameText(certificate.subject),
    issuer: nameText(certificate.issuer),
    selfIssued: isSelfIssued(certificate),
    ...describePublicKey(certificate.publicKey),
    signature: signatureTitle(certificate),
    notBefore: isoTime(notBefore),
    notAfter: isoTime(notAfter),
    state: stateAt(at, notBefore, notAfter),
    daysLeft: Math.floor((notAfter.getTime() - at.getTime()) / 86_400_000),
    ...describeExtensions(certificate.extensions),
    fingerprintSha256: fingerprintSha256(certificate.der),
    fingerprintSha1: createHash('sha1').update(certificate.der).digest('hex'),
  };
}

export interface CsrDescription extends DescribedExtensions {
  readonly subject: string;
  readonly keyType: string;
  readonly publicKeySha256: string;
  readonly signature: string;
  /** Beside the requested extensions, by name or OID; a challenge password is not shown. */
  readonly attributes: Readonly<Record<string, string>>;
  /** The template of a Windows CA that it names. */
  readonly microsoftTemplate: string | null;
  /** Those of its names that local-ca would not sign. Null when the names cannot be read. */
  readonly unfitNames: readonly string[] | null;
}

export const describeCsr = (csr: CertificateRequest): CsrDescription => ({
  subject: nameText(csr.subject),
  ...describePublicKey(csr.publicKey),
  signature: signatureTitle(csr),
  ...describeExtensions(csr.extensions),
  attributes: describeAttributes(csr.attributes),
  microsoftTemplate: microsoftTemplate(csr.extensions) ?? null,
  unfitNames: attempt(() => requestedBy(csr).unfitNames) ?? null,
});

interface RevokedDescription {
  readonly serial: string;
  readonly revokedAt: string;
  readonly reason: string | null;
  readonly invalidSince: string | null;
}

export interface CrlDescription {
  readonly version: number;
  readonly issuer: string;
  readonly number: string | null;
  readonly thisUpdate: string;
  readonly nextUpdate: string | null;
  readonly state: ValidityState;
  readonly authorityKeyId: string | null;
  readonly signature: string;
  readonly unknownCritical: readonly string[];
  readonly revoked: readonly RevokedDescription[];
  readonly fingerprintSha256: string;
}

export const describeCrl = (crl: RevocationList, at: Date): CrlDescription => ({
  version: crl.version,
  issuer: nameText(crl.issuer),
  number: crl.number ?? null,
  thisUpdate: isoTime(crl.thisUpdate),
  nextUpdate: crl.nextUpdate === undefined ? null : isoTime(crl.nextUpdate),
  state: stateAt(at, crl.thisUpdate, crl.nextUpdate),
  authorityKeyId: crl.authorityKeyId === undefined ? null : toHex(crl.authorityKeyId),
  signature: signatureTitle(crl),
  unknownCritical: crl.unknownCritical,
  revoked: crl.entries.map(({ serial, at: time, reason, invalidSince }) => ({
    serial,
    revokedAt: isoTime(time),
    reason: reason ?? null,
    invalidSince: invalidSince === undefined ? null : isoTime(invalidSince),
  })),
  fingerprintSha256: fingerprintSha256(crl.der),
});

export interface KeyDescription {
  readonly keyType: string;
  /** Of the SubjectPublicKeyInfo: equal to that of the certificate that the key belongs to. */
  readonly publicKeySha256: string;
}

export const describeKey = ({ publicKey }: PrivateKey): KeyDescription => describePublicKey(publicKey);

export const describePublicKey = (spki: Uint8Array): KeyDescription => ({
  keyType: attempt(() => algorithmOfSpki(spki)?.keyType ?? keyOid(spki)) ?? 'unreadable',
  publicKeySha256: createHash('sha256').update(spki).digest('hex'),
});

/** The algorithm's OID, with the curve's where it names one. */
function keyOid(spki: Uint8Array): string {
  const [identifier] = children(readWhole(spki));
  const [algorithm, parameter] = identifier === undefined ? [] : children(identifier);
  const curve = attempt(() => readOid(parameter));
  return curve === undefined ? readOid(algorithm) : `${readOid(algorithm)} ${curve}`;
}

function stateAt(at: Date, from: Date, until: Date | undefined): ValidityState {
  if (at < from) return 'not-yet-valid';
  return until !== undefined && at > until ? 'expired' : 'valid';
}
