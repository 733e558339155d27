/** What the inventory has to say about a certificate that a server serves. */
import { isoTime } from '../../core/time.ts';
import type { CertificateRecord } from '../../store/store.ts';
import { revokedText } from '../records.ts';
import type { Knowledge } from './knowledge.ts';
import { type Remark, remark } from './remarks.ts';

export const recordRemarks = (knowledge: Knowledge, now: Date): Remark[] => [
  ...revoked(knowledge),
  ...outdated(knowledge, now),
  ...stranger(knowledge),
];

/** The command that makes the next one; undefined where there is none, or where it is made already. */
export function renewal({ record, newest }: Knowledge): string | undefined {
  if (record === null || record.state !== 'valid' || newest?.fingerprintSha256 !== record.fingerprintSha256)
    return undefined;
  return record.issuerId === null ? `local-ca csr create --renew ${record.label}` : `local-ca renew ${record.label}`;
}

function revoked({ record, revokedAbove }: Knowledge): Remark[] {
  const own = record === null ? undefined : revokedText(record);
  const above = revokedAbove.map(
    (one) => `${one.name} above it (serial ${one.id}) was revoked on ${revokedText(one) ?? ''}`,
  );
  return [...(own === undefined ? [] : [`it was revoked on ${own}`]), ...above].map((message) =>
    remark('revoked', message),
  );
}

/** A renewal whose life is yet to begin is rightly not served. */
function outdated({ record, newest, isDeployed }: Knowledge, now: Date): Remark[] {
  if (record === null || newest === null || newest.fingerprintSha256 === record.fingerprintSha256) return [];
  if (newest.state !== 'valid' || newest.notBefore > now) return [];
  const { label } = record;
  const message = `${label} was renewed, and the server still serves the old one: ${span(record)}; the newest is ${span(newest)}`;
  const hint = isDeployed
    ? `Have the server read its files again. If the new ones have not come to it yet: local-ca deploy run ${label}`
    : `Have the server read its files again. If the new ones are not there yet, put them there: local-ca show ${label} says where they are.`;
  return [remark('outdated', message, hint)];
}

const span = ({ serial, notAfter }: CertificateRecord) => `serial ${serial} until ${isoTime(notAfter)}`;

function stranger({ record, issuer, another }: Knowledge): Remark[] {
  if (record === null && issuer !== null)
    return [remark('not-on-record', `${issuer.name} signed it, and the inventory does not have it`)];
  if (another === null) return [];
  return [remark('another-on-record', `the inventory has ${another.label} for this name: ${span(another)}`)];
}
