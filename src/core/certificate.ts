/** Request + profile + signer -> certificate, with the defaults of the design's table. */
import { createHash } from 'node:crypto';
import type { Ambient } from './ambient.ts';
import { children, readBitString, readWhole } from './der.ts';
import { authorityInformation, crlDistributionPoints } from './distribution.ts';
import * as extension from './extensions.ts';
import type { SubjectName } from './names.ts';
import type { Certificate } from './parse.ts';
import { subjectKeyIdOf } from './parse.ts';
import { authorityProfile, type Profile } from './profiles.ts';
import type { Signer } from './signer.ts';
import { signTbs } from './write-signed.ts';
import type { CertificateFields } from './x509.ts';

/** 16 random bytes, the top bit clear and the next one set, so that DER neither pads nor shortens it. */
export function newSerial(ambient: Ambient): Uint8Array {
  const serial = Uint8Array.from(ambient.random(16));
  serial[0] = ((serial[0] as number) & 0x7f) | 0x40;
  return serial;
}

/** SHA-1 of the public key's bits (RFC 5280 4.2.1.2, method 1). An identifier, not a signature: nothing rests on SHA-1 here. */
export function keyIdentifier(publicKey: Uint8Array): Uint8Array {
  const bits = readBitString(children(readWhole(publicKey))[1]);
  return new Uint8Array(createHash('sha1').update(bits).digest());
}

/** The issuer's key identifier is copied from its certificate: an imported CA may have used another hash. */
export const issuerKeyIdentifier = (issuer: Certificate): Uint8Array =>
  subjectKeyIdOf(issuer) ?? keyIdentifier(issuer.publicKey);

export interface LeafFields {
  readonly serial: Uint8Array;
  /** Name, DER; empty when no name fits a subject. */
  readonly subject: Uint8Array;
  readonly names: readonly SubjectName[];
  readonly profile: Profile;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly publicKey: Uint8Array;
  readonly rsa: boolean;
  /** Where the issuer's revocation list is fetched. */
  readonly crlUrls?: readonly string[];
  /** Where its OCSP responder answers. */
  readonly ocspUrls?: readonly string[];
}

export async function makeLeaf(fields: LeafFields, issuer: Certificate, signer: Signer): Promise<Uint8Array> {
  const { profile, names, subject, crlUrls = [], ocspUrls = [] } = fields;
  return sign(
    {
      ...fields,
      issuer: issuer.subject,
      extensions: [
        ...usageExtensions(profile, fields.rsa),
        extension.subjectKeyIdentifier(keyIdentifier(fields.publicKey)),
        extension.authorityKeyIdentifier(issuerKeyIdentifier(issuer)),
        alternativeNames(names, subject),
        ...(crlUrls.length === 0 ? [] : [crlDistributionPoints(crlUrls)]),
        ...(ocspUrls.length === 0 ? [] : [authorityInformation(ocspUrls)]),
      ],
    },
    signer,
  );
}

/** What a profile stands for: not a CA, and for these uses. */
export const usageExtensions = (profile: Profile, rsa: boolean): extension.Extension[] => [
  extension.basicConstraints(false),
  extension.keyUsage(rsa ? [...profile.keyUsage, ...profile.keyUsageRsa] : profile.keyUsage),
  extension.extendedKeyUsage(profile.extendedKeyUsage),
];

/** Critical when they are all that there is (RFC 5280 4.2.1.6). */
export const alternativeNames = (names: readonly SubjectName[], subject: Uint8Array): extension.Extension =>
  extension.subjectAltName(names, children(readWhole(subject)).length === 0);

export interface AuthorityFields {
  readonly role: 'root' | 'intermediate';
  readonly serial: Uint8Array;
  readonly subject: Uint8Array;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly publicKey: Uint8Array;
  /** How many CAs may stand below this one; any number unless given. */
  readonly pathLength?: number;
  readonly constraints?: extension.NameConstraints;
  /** That of a key which has one already, when another tool made it with another hash. */
  readonly keyIdentifier?: Uint8Array;
  /** Instead of the issuer's own. */
  readonly authorityKeyIdentifier?: Uint8Array;
  /** From an earlier certificate, byte for byte, in the place of what would be written. */
  readonly copiedExtensions?: readonly extension.Extension[];
}

/**
 * A CA certificate: self-signed when it has no issuer. An issuer of the same subject with another key makes a cross
 * certificate: it is self-issued, and so takes nothing of the path length above it (RFC 5280 4.2.1.9).
 */
export async function makeAuthority(
  fields: AuthorityFields,
  issuer: Certificate | undefined,
  signer: Signer,
): Promise<Uint8Array> {
  return sign(
    { ...fields, issuer: issuer?.subject ?? fields.subject, extensions: authorityExtensions(fields, issuer) },
    signer,
  );
}

function authorityExtensions(fields: AuthorityFields, issuer: Certificate | undefined): extension.Extension[] {
  const { constraints, copiedExtensions = [] } = fields;
  const own = fields.keyIdentifier ?? keyIdentifier(fields.publicKey);
  const above = fields.authorityKeyIdentifier ?? (issuer === undefined ? own : issuerKeyIdentifier(issuer));
  const written = [
    extension.basicConstraints(true, fields.pathLength),
    extension.keyUsage(authorityProfile(fields.role).keyUsage),
    extension.subjectKeyIdentifier(own),
    extension.authorityKeyIdentifier(above),
    ...(constraints === undefined ? [] : [extension.nameConstraints(constraints)]),
  ];
  return [...written.filter(({ oid }) => !copiedExtensions.some((copied) => copied.oid === oid)), ...copiedExtensions];
}

async function sign(fields: CertificateFields, signer: Signer): Promise<Uint8Array> {
  const { encodeTbsCertificate } = await import('./x509.ts');
  return signTbs(await encodeTbsCertificate(fields, signer.algorithm), signer);
}
