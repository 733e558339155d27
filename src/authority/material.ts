/** What the store remembers -> what a bundle is made from. */

import type { Material } from '../bundle/material.ts';
import { factsOf } from '../core/facts.ts';
import type { PrivateKey } from '../core/keys.ts';
import { lineOf } from '../core/lineage.ts';
import { isSelfIssued, namesIssuerSerial, parseCertificate } from '../core/parse.ts';
import type { AuthorityRecord, CertificateRecord } from '../store/store.ts';

export interface AuthorityCertificates {
  /** From the signing one upwards, without the root; then those that lead from a new root to the one before. */
  readonly intermediates: readonly Uint8Array[];
  /** The root of the chain, and while it is being replaced also the one that clients know. */
  readonly roots: readonly Uint8Array[];
}

/** What servers send and what clients trust. The chain is what `lineOf` gives. */
export function authorityCertificates(
  authorities: readonly AuthorityRecord[],
  chain: readonly AuthorityRecord[],
  now: Date,
): AuthorityCertificates {
  const top = chain.at(-1) as AuthorityRecord;
  const others = rootsInForce(authorities, now).filter(({ id }) => id !== top.id);
  const own = top.revocation === null || others.length === 0 ? [top] : [];
  return {
    intermediates: [...chain.slice(0, -1), ...crossesOf(authorities, top, now)].map(({ certificate }) => certificate),
    roots: [...own, ...others].map(({ certificate }) => certificate),
  };
}

/** The root that signs now, and while it takes the place of others, those. */
export function rootsInForce(authorities: readonly AuthorityRecord[], now: Date): AuthorityRecord[] {
  const root = lineOf(authorities, authorities.find(({ active }) => active)?.id ?? null).at(-1);
  if (root === undefined) return [];
  const earlier = crossesOf(authorities, root, now).flatMap(({ parentId }) => lineOf(authorities, parentId).slice(-1));
  return [root, ...earlier].flatMap((one) => [one, ...namesakesOf(authorities, one, now)]);
}

/**
 * What easy-rsa signs also names its CA by that certificate's serial. OpenSSL then refuses a renewed CA, which has another
 * one, unless the one before stands beside it.
 */
const namesakesOf = (authorities: readonly AuthorityRecord[], root: AuthorityRecord, now: Date): AuthorityRecord[] =>
  authorities.filter(({ id, keyId, role, revocation, certificate }) => {
    if (id === root.id || keyId !== root.keyId || role !== 'root' || revocation !== null) return false;
    const { notAfter, extensions } = parseCertificate(certificate);
    return notAfter > now && namesIssuerSerial({ extensions }) === true;
  });

/** Those above a certificate that another CA signed; the highest is its root, or as near to it as that CA told. */
export function foreignCertificates({ chain, certificate }: CertificateRecord): AuthorityCertificates {
  const top = chain.at(-1) ?? certificate;
  // What is no root has to be sent, too: clients know the root above it, and not this one.
  const isRoot = isSelfIssued(parseCertificate(top));
  return { intermediates: isRoot ? chain.slice(0, -1) : chain, roots: [top] };
}

/**
 * The newest cross certificate that leads to each older root which clients may still hold to, the latest first: of a root
 * that was replaced while it took the place of another, the way goes on to that.
 */
function crossesOf(authorities: readonly AuthorityRecord[], root: AuthorityRecord, now: Date): AuthorityRecord[] {
  const crosses = authorities.filter(({ keyId, role }) => role === 'intermediate' && keyId === root.keyId);
  const isInForce = (cross: AuthorityRecord) => {
    const [above] = lineOf(authorities, cross.parentId);
    const ends = [cross, ...(above === undefined ? [] : [above])];
    return ends.every((one) => one.revocation === null && parseCertificate(one.certificate).notAfter > now);
  };
  const newest = crosses.filter(
    (cross, i) => isInForce(cross) && !crosses.slice(i + 1).some(({ parentId }) => parentId === cross.parentId),
  );
  const further = newest.flatMap(({ parentId }) => lineOf(authorities, parentId).slice(0, 1));
  return [...newest, ...further.flatMap((above) => crossesOf(authorities, above, now))];
}

export function materialOf(
  { intermediates, roots }: AuthorityCertificates,
  record?: CertificateRecord,
  key?: PrivateKey,
  crls: readonly Uint8Array[] = [],
): Material {
  return {
    label: record?.label ?? 'ca',
    ...(record === undefined ? {} : { leaf: leafMaterial(record, key) }),
    intermediates,
    roots,
    crls,
    authority: factsOf(parseCertificate(roots[0] as Uint8Array)),
  };
}

function leafMaterial(record: CertificateRecord, key: PrivateKey | undefined): NonNullable<Material['leaf']> {
  return {
    ...factsOf(parseCertificate(record.certificate)),
    certificate: record.certificate,
    ...(key === undefined ? {} : { key }),
    profile: record.profile,
    foreign: record.issuerId === null,
    names: record.names,
  };
}
