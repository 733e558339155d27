/** Request + profile + signer -> certificate, with the defaults of the design's table. */
import { createHash } from 'node:crypto';
import type { Ambient } from './ambient.ts';
import { bitString, children, readBitString, readWhole, sequence } from './der.ts';
import * as extension from './extensions.ts';
import type { SubjectName } from './names.ts';
import type { Certificate } from './parse.ts';
import { subjectKeyIdOf } from './parse.ts';
import { authorityProfile, type Profile } from './profiles.ts';
import type { Signer } from './signer.ts';
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
const issuerKeyIdentifier = (issuer: Certificate) => subjectKeyIdOf(issuer) ?? keyIdentifier(issuer.publicKey);

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
}

export async function makeLeaf(fields: LeafFields, issuer: Certificate, signer: Signer): Promise<Uint8Array> {
  const { profile, names, subject } = fields;
  const emptySubject = children(readWhole(subject)).length === 0;
  return sign(
    {
      ...fields,
      issuer: issuer.subject,
      extensions: [
        extension.basicConstraints(false),
        extension.keyUsage(fields.rsa ? [...profile.keyUsage, ...profile.keyUsageRsa] : profile.keyUsage),
        extension.extendedKeyUsage(profile.extendedKeyUsage),
        extension.subjectKeyIdentifier(keyIdentifier(fields.publicKey)),
        extension.authorityKeyIdentifier(issuerKeyIdentifier(issuer)),
        extension.subjectAltName(names, emptySubject),
      ],
    },
    signer,
  );
}

export interface AuthorityFields {
  readonly role: 'root' | 'intermediate';
  readonly serial: Uint8Array;
  readonly subject: Uint8Array;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly publicKey: Uint8Array;
  /** How many CAs may stand below this one. */
  readonly pathLength: number;
  readonly constraints?: extension.NameConstraints;
}

/** A CA certificate: self-signed when it has no issuer. */
export async function makeAuthority(
  fields: AuthorityFields,
  issuer: Certificate | undefined,
  signer: Signer,
): Promise<Uint8Array> {
  const ownKeyIdentifier = keyIdentifier(fields.publicKey);
  const constraints = fields.constraints === undefined ? [] : [extension.nameConstraints(fields.constraints)];
  return sign(
    {
      ...fields,
      issuer: issuer?.subject ?? fields.subject,
      extensions: [
        extension.basicConstraints(true, fields.pathLength),
        extension.keyUsage(authorityProfile(fields.role).keyUsage),
        extension.subjectKeyIdentifier(ownKeyIdentifier),
        extension.authorityKeyIdentifier(issuer === undefined ? ownKeyIdentifier : issuerKeyIdentifier(issuer)),
        ...constraints,
      ],
    },
    signer,
  );
}

/** Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signatureValue } (RFC 5280 4.1). */
async function sign(fields: CertificateFields, signer: Signer): Promise<Uint8Array> {
  const { encodeTbsCertificate } = await import('./x509.ts');
  const tbs = await encodeTbsCertificate(fields, signer.algorithm);
  return sequence(tbs, signer.algorithm.signatureIdentifier, bitString(await signer.sign(tbs)));
}
