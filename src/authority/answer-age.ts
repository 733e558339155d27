/** An answer that comes too late, or for the second time: it would take the place of something better. */
import { quote } from '../core/text.ts';
import { isoTime } from '../core/time.ts';
import { LocalCaError } from '../errors.ts';
import type { CertificateRecord, RequestRecord, Store } from '../store/store.ts';

const old = (message: string, hint: string) => new LocalCaError('LOCAL_CA_ANSWER_OLD', message, hint);

/**
 * Whether a certificate that is on record may be what a request waits for: the CA of this very home signed it since then, and
 * nobody has taken it yet.
 */
export async function isAnswerTo(request: RequestRecord, record: CertificateRecord, store: Store): Promise<boolean> {
  if (record.issuerId === null || record.issuedAt < request.createdAt) return false;
  return !(await store.audit(ALL, record.serial)).some(({ action }) => action === 'accept');
}

/** What happened to one certificate is never so much. */
const ALL = 1000;

export const acceptedAlready = ({ serial, label }: CertificateRecord, request: RequestRecord) =>
  old(
    `the certificate ${serial} of ${quote(label)} is on record already: the request for ${quote(request.label)} still waits`,
    `Give what the CA sent for that request. The files of this one can be made again: local-ca export ${label}`,
  );

/** Throws LOCAL_CA_ANSWER_OLD for what has expired, or is older than the certificate that its label stands for. */
export async function assertTimely(record: CertificateRecord, store: Store, now: Date) {
  const { serial, label, notAfter, notBefore, fingerprintSha256 } = record;
  const who = `the certificate ${serial} of ${quote(label)}`;
  if (notAfter <= now) {
    throw old(
      `${who} expired on ${isoTime(notAfter)}`,
      'Ask the CA for a new one, or take it all the same with --force.',
    );
  }
  const newest = await store.byLabel(label);
  if (newest === undefined || newest.fingerprintSha256 === fingerprintSha256 || newest.notBefore <= notBefore) return;
  throw old(
    `${who} is older than ${newest.serial}, which that label stands for now`,
    'Give what the CA sent last, or take this one in its place with --force.',
  );
}
