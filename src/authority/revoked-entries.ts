/** What is on the revocation list of a CA key, or should be. */
import { attempt } from '../core/attempt.ts';
import { parseCrl, type RevokedEntry } from '../core/crl.ts';
import { parseCertificate } from '../core/parse.ts';
import type { AuthorityRecord, CertificateRecord, RevocationListRecord } from '../store/store.ts';

/** What is on record about revocations. */
export interface Known {
  readonly authorities: readonly AuthorityRecord[];
  /** The revoked ones at least. */
  readonly certificates: readonly CertificateRecord[];
}

/**
 * Everything that was signed with the key and is revoked, without what ended before `ended`: what has expired stays on one
 * list that was made after its end (RFC 5280 3.3).
 */
export function entriesOf(keyId: string, { authorities, certificates }: Known, ended?: Date): RevokedEntry[] {
  const own = new Set(authorities.filter((authority) => authority.keyId === keyId).map(({ id }) => id));
  const below = authorities.filter(({ id, parentId }) => parentId !== null && own.has(parentId) && !own.has(id));
  const all = [
    ...below.map(({ id, revocation, certificate }) => ({
      serial: id,
      revocation,
      notAfter: parseCertificate(certificate).notAfter,
    })),
    ...certificates.filter(({ issuerId }) => issuerId !== null && own.has(issuerId)),
  ];
  return all.flatMap(({ serial, revocation, notAfter }) => {
    if (revocation === null || (ended !== undefined && notAfter < ended)) return [];
    const { at, reason, invalidSince } = revocation;
    return [{ serial, at, reason, ...(invalidSince === null ? {} : { invalidSince }) }];
  });
}

/** Whether something was revoked since, released, or revoked for another reason. What has expired alone makes no difference. */
export function listIsBehind(keyId: string, list: RevocationListRecord | undefined, known: Known, now: Date): boolean {
  const listed = keysOf(list === undefined ? [] : (attempt(() => parseCrl(list.list))?.entries ?? []));
  const revoked = keysOf(entriesOf(keyId, known));
  const counting = keysOf(entriesOf(keyId, known, now));
  return [...counting].some((key) => !listed.has(key)) || [...listed].some((key) => !revoked.has(key));
}

const keysOf = (entries: readonly RevokedEntry[]): Set<string> =>
  new Set(
    // A list has no reason where none was given.
    entries.map(({ serial, at, reason = 'unspecified', invalidSince }) =>
      [serial, at.getTime(), reason, invalidSince?.getTime()].join(' '),
    ),
  );
