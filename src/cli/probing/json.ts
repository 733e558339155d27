/** What `probe` found, for machines. */
import { isOneOf } from '../../core/chain.ts';
import { describeCertificate } from '../../core/describe.ts';
import { nameText } from '../../core/name-text.ts';
import { type Certificate, fingerprintSha256 } from '../../core/parse.ts';
import { isoTime } from '../../core/time.ts';
import type { Served } from '../../probe/look.ts';
import type { CertificateRecord } from '../../store/store.ts';
import { stateOf } from '../records.ts';
import { isFailed, type Result } from './examine.ts';
import type { Look } from './judge.ts';
import type { Knowledge } from './knowledge.ts';

/** How a server speaks TLS; `inspect` shows the same. */
export const servedJson = (served: Served) => ({
  protocol: served.protocol,
  cipher: served.cipher,
  alpn: served.alpn ?? null,
  way: served.way,
  asksForClientCertificate: served.asksForClientCertificate === true,
  requiresClientCertificate: served.requiresClientCertificate === true,
});

export function resultJson(result: Result, now: Date) {
  const { url, host } = result;
  if (isFailed(result)) return { url, host, ok: false, error: result.error };
  const { look, problems, notes } = result;
  const { chain, sent, served, knowledge } = look;
  return {
    url,
    host,
    ok: problems.length === 0,
    problems,
    notes,
    served: { ...servedJson(served), acceptedClientCertificate: served.acceptedClientCertificate ?? null },
    certificate: describeCertificate(sent[0] as Certificate, now),
    chain: chainOf(look).map((certificate) => linkJson(certificate, sent)),
    trust: chain.trust,
    inventory: knowledge && knowledgeJson(knowledge, now),
  };
}

/** From the server's own up to the root; then what it sent and is no part of that. */
export function chainOf({ chain: { verification }, sent }: Pick<Look, 'chain' | 'sent'>): Certificate[] {
  return [...verification.chain, ...sent.filter((one) => !isOneOf(one, verification.chain))];
}

const linkJson = (certificate: Certificate, sent: readonly Certificate[]) => ({
  subject: nameText(certificate.subject),
  serial: certificate.serial,
  notAfter: isoTime(certificate.notAfter),
  fingerprintSha256: fingerprintSha256(certificate.der),
  sent: isOneOf(certificate, sent),
});

const knowledgeJson = ({ record, newest, issuer }: Knowledge, now: Date) => ({
  ours: record !== null || issuer !== null,
  onRecord: record !== null,
  label: record?.label ?? null,
  serial: record?.serial ?? null,
  state: record && stateOf(record, now),
  isNewest: record && newest && record.fingerprintSha256 === newest.fingerprintSha256,
  newest: newest && newestJson(newest),
});

const newestJson = ({ serial, notBefore, notAfter, fingerprintSha256: fingerprint }: CertificateRecord) => ({
  serial,
  notBefore: isoTime(notBefore),
  notAfter: isoTime(notAfter),
  fingerprintSha256: fingerprint,
});

export const summaryOf = (results: readonly Result[]) => {
  const unreachable = results.filter(isFailed).length;
  const healthy = results.filter((one) => !isFailed(one) && one.problems.length === 0).length;
  return { total: results.length, healthy, attention: results.length - healthy - unreachable, unreachable };
};
