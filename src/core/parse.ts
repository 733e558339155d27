/** Reads a certificate into a plain record whose subject, issuer, key and extensions are the bytes as they stand. */
import { createHash } from 'node:crypto';
import { LocalCaError } from '../errors.ts';
import {
  children,
  type Element,
  equalBytes,
  expectTag,
  malformed,
  readBitString,
  readOid,
  readWhole,
  TAG,
} from './der.ts';
import {
  type BasicConstraints,
  EXTENSION,
  type Extension,
  readAuthorityKeyIdentifier,
  readBasicConstraints,
  readExtendedKeyUsage,
  readGeneralNames,
  readKeyUsage,
  readSubjectKeyIdentifier,
  readsAuthoritySerial,
} from './extensions.ts';
import type { KeyUsage } from './profiles.ts';
import { type DistinguishedName, decodeSubject } from './subject.ts';
import { toHex } from './text.ts';
import { type Readable, readOrExplain, refuseHuge } from './unreadable.ts';

export interface Certificate {
  readonly der: Uint8Array;
  /** TBSCertificate: what the signature is over. */
  readonly tbs: Uint8Array;
  /** 1, 2 or 3. */
  readonly version: number;
  /** Lower-case hex, without the sign byte of DER. */
  readonly serial: string;
  /** Name, DER. */
  readonly issuer: Uint8Array;
  /** Name, DER. */
  readonly subject: Uint8Array;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array;
  readonly extensions: readonly Extension[];
  readonly signatureOid: string;
  readonly signature: Uint8Array;
}

const READABLE: Readable = {
  code: 'LOCAL_CA_CERTIFICATE_INVALID',
  what: 'the certificate',
  standard: 'RFC 5280',
  hint: 'Check that the file is a whole X.509 certificate.',
};

/** Throws LOCAL_CA_CERTIFICATE_INVALID, with the reason as its cause. */
export const parseCertificate = (der: Uint8Array): Certificate =>
  readOrExplain(READABLE, () => readCertificate(refuseHuge(der)));

/** Throws LOCAL_CA_CERTIFICATE_INVALID. */
export const certificateSubject = ({ subject }: Certificate): DistinguishedName =>
  readOrExplain(READABLE, () => decodeSubject(subject));

function readCertificate(der: Uint8Array): Certificate {
  const [tbs, algorithm, signature] = children(readWhole(der, TAG.sequence));
  const fields = children(expectTag(tbs, TAG.sequence));
  const version = fields[0]?.tag === 0xa0 ? fields.shift() : undefined;
  const [serial, innerAlgorithm, issuer, validity, subject, publicKey, ...optional] = fields;
  // RFC 5280 4.1.1.2: the algorithm that is signed and the one that is used are the same.
  const isSame = equalBytes(expectTag(innerAlgorithm, TAG.sequence).bytes, expectTag(algorithm, TAG.sequence).bytes);
  if (!isSame)
    throw new LocalCaError('LOCAL_CA_DER_INVALID', 'it names two signature algorithms', 'The file is damaged.');
  const [notBefore, notAfter] = children(expectTag(validity, TAG.sequence));
  const extensions = optional.find((field) => field.tag === 0xa3);
  return {
    der,
    tbs: (tbs as Element).bytes,
    version: version === undefined ? 1 : ((children(version)[0]?.contents[0] ?? 0) as number) + 1,
    serial: readSerial(expectTag(serial, TAG.integer).contents),
    issuer: expectTag(issuer, TAG.sequence).bytes,
    subject: expectTag(subject, TAG.sequence).bytes,
    notBefore: readTime(notBefore),
    notAfter: readTime(notAfter),
    publicKey: expectTag(publicKey, TAG.sequence).bytes,
    extensions: extensions === undefined ? [] : readExtensions(children(extensions)[0]),
    signatureOid: readOid(children(expectTag(algorithm, TAG.sequence))[0]),
    signature: readBitString(signature),
  };
}

export function readSerial(contents: Uint8Array): string {
  if (contents.length === 0) throw malformed(0, 'an integer without a digit');
  const padded = contents.length > 1 && contents[0] === 0;
  return toHex(padded ? contents.subarray(1) : contents);
}

export const readExtensions = (list: Element | undefined): Extension[] =>
  children(expectTag(list, TAG.sequence)).map((extension) => {
    const parts = children(extension);
    // BER allows any byte but 0 for TRUE, and a critical extension must not be taken for one that is not.
    const critical = parts[1]?.tag === TAG.boolean && parts[1].contents[0] !== 0;
    return { oid: readOid(parts[0]), critical, value: expectTag(parts.at(-1), TAG.octetString).contents };
  });

/** UTCTime or GeneralizedTime, in the forms that DER and RFC 5280 4.1.2.5 allow. */
export function readTime(element: Element | undefined): Date {
  const text = new TextDecoder().decode(element?.contents);
  const match = /^(\d{2}|\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/.exec(text);
  const [, year = '', month = '', day = '', hour = '', minute = '', second = ''] = match ?? [];
  const century = year.length === 4 ? '' : Number(year) >= 50 ? '19' : '20';
  const time = new Date(`${century}${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  const isTime = element?.tag === TAG.utcTime || element?.tag === TAG.generalizedTime;
  if (!isTime || Number.isNaN(time.getTime())) {
    throw new LocalCaError(
      'LOCAL_CA_DER_INVALID',
      'a date is not in the form that X.509 allows',
      'The file is damaged.',
    );
  }
  return time;
}

// --- what is asked of a certificate ------------------------------------------------------------------------------

export function extensionValue(certificate: Pick<Certificate, 'extensions'>, oid: string): Uint8Array | undefined {
  return certificate.extensions.find((extension) => extension.oid === oid)?.value;
}

const reader =
  <T>(oid: string, read: (value: Uint8Array) => T) =>
  (certificate: Pick<Certificate, 'extensions'>): T | undefined => {
    const value = extensionValue(certificate, oid);
    return value === undefined ? undefined : read(value);
  };

type Extended = Pick<Certificate, 'extensions'>;
export const basicConstraintsOf: (certificate: Extended) => BasicConstraints | undefined = reader(
  EXTENSION.basicConstraints,
  readBasicConstraints,
);
export const keyUsageOf: (certificate: Extended) => KeyUsage[] | undefined = reader(EXTENSION.keyUsage, readKeyUsage);
export const subjectAltNamesOf = reader(EXTENSION.subjectAltName, readGeneralNames);
export const extendedKeyUsageOf = reader(EXTENSION.extendedKeyUsage, readExtendedKeyUsage);
export const subjectKeyIdOf = reader(EXTENSION.subjectKeyIdentifier, readSubjectKeyIdentifier);
export const authorityKeyIdOf = reader(EXTENSION.authorityKeyIdentifier, readAuthorityKeyIdentifier);
export const namesIssuerSerial = reader(EXTENSION.authorityKeyIdentifier, readsAuthoritySerial);

export const isSelfIssued = (certificate: Certificate): boolean => equalBytes(certificate.issuer, certificate.subject);

/** Lower-case hex of the SHA-256 of the whole certificate. */
export const fingerprintSha256 = (der: Uint8Array): string => createHash('sha256').update(der).digest('hex');
