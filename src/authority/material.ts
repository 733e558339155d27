/** What the store remembers -> what a bundle is made from. */

import type { CertificateFacts, Material } from '../bundle/material.ts';
import type { PrivateKey } from '../core/keys.ts';
import { algorithmOfSpki } from '../core/keys.ts';
import { type Certificate, fingerprintSha256, parseCertificate } from '../core/parse.ts';
import { commonName, decodeSubject, formatSubject } from '../core/subject.ts';
import type { AuthorityRecord, CertificateRecord } from '../store/store.ts';

/** The signing authority first, its root (or whatever is highest) last. */
export function authorityChain(authorities: readonly AuthorityRecord[], id: string): AuthorityRecord[] {
  const found = authorities.find((authority) => authority.id === id);
  if (found === undefined) return [];
  return found.parentId === null ? [found] : [found, ...authorityChain(authorities, found.parentId)];
}

export function materialOf(chain: readonly AuthorityRecord[], record?: CertificateRecord, key?: PrivateKey): Material {
  const top = chain.at(-1) as AuthorityRecord;
  return {
    label: record?.label ?? 'ca',
    ...(record === undefined ? {} : { leaf: leafMaterial(record, key) }),
    intermediates: chain.slice(0, -1).map((authority) => authority.certificate),
    roots: [top.certificate],
    authority: factsOf(parseCertificate(top.certificate)),
  };
}

function leafMaterial(record: CertificateRecord, key: PrivateKey | undefined): NonNullable<Material['leaf']> {
  return {
    ...factsOf(parseCertificate(record.certificate)),
    certificate: record.certificate,
    ...(key === undefined ? {} : { key }),
    profile: record.profile,
    names: record.names,
  };
}

function factsOf(certificate: Certificate): CertificateFacts {
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
