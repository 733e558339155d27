/** The extensions of a certificate or a request as plain records. Null means absent, or damaged: `extensions` tells which. */
import { attempt } from './attempt.ts';
import { ACCESS_METHOD, readAuthorityInformation, readDistributionPoints } from './distribution.ts';
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
import { extensionName, isProcessed, isReadable } from './known-extensions.ts';
import { generalNameText, subtreeText } from './name-text.ts';
import { toHex } from './text.ts';

export interface DescribedExtensions {
  readonly names: readonly string[];
  readonly authority: boolean;
  readonly pathLength: number | null;
  readonly keyUsage: readonly string[] | null;
  readonly extendedKeyUsage: readonly string[] | null;
  readonly subjectKeyId: string | null;
  readonly authorityKeyId: string | null;
  readonly nameConstraints: { readonly permitted: readonly string[]; readonly excluded: readonly string[] } | null;
  readonly crlDistributionPoints: readonly string[];
  readonly ocsp: readonly string[];
  readonly caIssuers: readonly string[];
  /** Every extension, in order. */
  readonly extensions: readonly DescribedExtension[];
}

interface DescribedExtension {
  readonly oid: string;
  /** Null for an extension that local-ca does not know. */
  readonly name: string | null;
  readonly critical: boolean;
  readonly state: 'decoded' | 'unknown' | 'undecodable';
  /** Hex, of what is not decoded elsewhere in the record. */
  readonly value?: string;
}

export function describeExtensions(extensions: readonly Extension[]): DescribedExtensions {
  const read = <T>(oid: string, reader: (value: Uint8Array) => T): T | undefined => {
    const extension = extensions.find((item) => item.oid === oid);
    return extension === undefined ? undefined : attempt(() => reader(extension.value));
  };
  const basic = read(EXTENSION.basicConstraints, readBasicConstraints);
  const access = read(EXTENSION.authorityInformation, readAuthorityInformation) ?? [];
  const constraints = read(EXTENSION.nameConstraints, readNameConstraints);
  const places = (method: string) =>
    access.filter((item) => item.method === method).map(({ location }) => generalNameText(location));
  return {
    names: (read(EXTENSION.subjectAltName, readGeneralNames) ?? []).map(generalNameText),
    authority: basic?.authority ?? false,
    pathLength: basic?.pathLength ?? null,
    keyUsage: read(EXTENSION.keyUsage, readKeyUsage) ?? null,
    extendedKeyUsage: read(EXTENSION.extendedKeyUsage, readExtendedKeyUsage) ?? null,
    subjectKeyId: hex(read(EXTENSION.subjectKeyIdentifier, readSubjectKeyIdentifier)),
    authorityKeyId: hex(read(EXTENSION.authorityKeyIdentifier, readAuthorityKeyIdentifier)),
    nameConstraints:
      constraints === undefined
        ? null
        : { permitted: constraints.permitted.map(subtreeText), excluded: constraints.excluded.map(subtreeText) },
    crlDistributionPoints: (read(EXTENSION.crlDistributionPoints, readDistributionPoints) ?? []).map(generalNameText),
    ocsp: places(ACCESS_METHOD.ocsp),
    caIssuers: places(ACCESS_METHOD.caIssuers),
    extensions: extensions.map(describeExtension),
  };
}

const hex = (bytes: Uint8Array | undefined): string | null => (bytes === undefined ? null : toHex(bytes));

function describeExtension(extension: Extension): DescribedExtension {
  const { oid, critical, value } = extension;
  const state = isProcessed(oid) ? (isReadable(extension) ? 'decoded' : 'undecodable') : 'unknown';
  return {
    oid,
    name: extensionName(oid) ?? null,
    critical,
    state,
    ...(state === 'decoded' ? {} : { value: toHex(value) }),
  };
}
