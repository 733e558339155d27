/** The extensions that local-ca knows, as a table: their usual names, their readers, and which it acts upon. */

import { attempt } from './attempt.ts';
import { children, readWhole, TAG } from './der.ts';
import { readAuthorityInformation, readDistributionPoints } from './distribution.ts';
import {
  EXTENSION,
  type Extension,
  readAuthorityKeyIdentifier,
  readBasicConstraints,
  readExtendedKeyUsage,
  readGeneralNames,
  readKeyUsage,
  readNameConstraints,
  readSubjectKeyIdentifier,
} from './extensions.ts';

interface ExtensionRow {
  readonly name: string;
  /** Absent where only the name is known. */
  readonly read?: (value: Uint8Array) => unknown;
}

const readSequence = (value: Uint8Array) => children(readWhole(value, TAG.sequence));

const ROWS: Readonly<Record<string, ExtensionRow>> = {
  [EXTENSION.subjectKeyIdentifier]: { name: 'subjectKeyIdentifier', read: readSubjectKeyIdentifier },
  [EXTENSION.keyUsage]: { name: 'keyUsage', read: readKeyUsage },
  [EXTENSION.subjectAltName]: { name: 'subjectAltName', read: readGeneralNames },
  '2.5.29.18': { name: 'issuerAltName', read: readGeneralNames },
  [EXTENSION.basicConstraints]: { name: 'basicConstraints', read: readBasicConstraints },
  [EXTENSION.nameConstraints]: { name: 'nameConstraints', read: readNameConstraints },
  [EXTENSION.crlDistributionPoints]: { name: 'cRLDistributionPoints', read: readDistributionPoints },
  // Policies are read and not acted upon: nobody can ask local-ca for one.
  '2.5.29.32': { name: 'certificatePolicies', read: readSequence },
  [EXTENSION.authorityKeyIdentifier]: { name: 'authorityKeyIdentifier', read: readAuthorityKeyIdentifier },
  [EXTENSION.extendedKeyUsage]: { name: 'extendedKeyUsage', read: readExtendedKeyUsage },
  [EXTENSION.authorityInformation]: { name: 'authorityInfoAccess', read: readAuthorityInformation },
  '2.5.29.33': { name: 'policyMappings' },
  '2.5.29.36': { name: 'policyConstraints' },
  '2.5.29.46': { name: 'freshestCRL' },
  '2.5.29.54': { name: 'inhibitAnyPolicy' },
  '1.3.6.1.5.5.7.1.24': { name: 'tlsFeature' },
  '1.3.6.1.5.5.7.48.1.5': { name: 'ocspNoCheck' },
  '1.3.6.1.4.1.11129.2.4.2': { name: 'signedCertificateTimestamps' },
  [EXTENSION.microsoftTemplateName]: { name: 'microsoftCertificateTemplateName' },
  [EXTENSION.microsoftTemplate]: { name: 'microsoftCertificateTemplate' },
  '2.16.840.1.113730.1.1': { name: 'netscapeCertType' },
  '2.16.840.1.113730.1.13': { name: 'netscapeComment' },
};

export const extensionName = (oid: string): string | undefined => ROWS[oid]?.name;

/** A critical extension that local-ca does not act upon has to be refused (RFC 5280 4.2). */
export const isProcessed = (oid: string): boolean => ROWS[oid]?.read !== undefined;

export const isReadable = ({ oid, value }: Extension): boolean => {
  const read = ROWS[oid]?.read;
  // Wrapped, because a reader may well give undefined.
  return read === undefined || attempt(() => [read(value)]) !== undefined;
};
