/** What a revocation leaves to do, which whoever revokes may not have thought of. */
import { crlUrlsOf } from '../authority/renew.ts';
import type { Revocable } from '../authority/revoke.ts';
import { sharesKey } from '../authority/stolen-key.ts';
import { lineOf } from '../core/lineage.ts';
import { parseCertificate } from '../core/parse.ts';
import { visible } from '../core/text.ts';
import { isoTime } from '../core/time.ts';
import type { Warning } from '../core/validity.ts';
import type { CertificateRecord } from '../store/store.ts';
import type { Session } from './session.ts';

type Authority = Session['ca'];

/** `hasNewLists`: whoever makes lists at once does so again for what is found here. */
export async function consequencesOf(
  ca: Authority,
  done: Revocable,
  now: Date,
  hasNewLists = false,
): Promise<Warning[]> {
  if (done.revocation === null) return [];
  if (done.kind === 'root') return [ROOT, ...(await abandoned(ca, done, now))];
  const { notAfter } = parseCertificate(done.certificate);
  if (notAfter <= now) {
    return [{ code: 'expired', message: `it expired on ${day(notAfter)}, so that lists need not name it` }];
  }
  return done.kind === 'intermediate' ? abandoned(ca, done, now) : twins(ca, done, now, hasNewLists);
}

const ROOT: Warning = {
  code: 'still-trusted',
  message:
    'no list names a root: whoever trusts it has to stop, and takes the trust files that are without it (local-ca export --ca)',
};

const day = (date: Date) => isoTime(date).slice(0, 10);

/** What it signed falls with it, unless another certificate of the same key stands. */
async function abandoned(ca: Authority, { serial }: Revocable, now: Date): Promise<Warning[]> {
  const keyId = ca.authorities.find(({ id }) => id === serial)?.keyId;
  const sameKey = ca.authorities.filter((one) => one.keyId === keyId);
  if (sameKey.some(({ revocation }) => revocation === null)) return [];
  const isUnder = (id: string | null) => lineOf(ca.authorities, id).some((one) => one.keyId === keyId);
  const all = await ca.list({ state: 'valid' });
  const fallen = all.filter(({ issuerId, notAfter }) => isUnder(issuerId) && notAfter > now);
  return fallen.map(({ label }) => ({
    code: 'falls-with-it',
    message: `${label} was signed by it and falls with it: local-ca renew ${label}`,
  }));
}

/** Renewals keep the key, and requests may share it: whoever has stolen it can use those certificates as well. */
async function twins(ca: Authority, done: Revocable, now: Date, hasNewLists: boolean): Promise<Warning[]> {
  if (done.revocation?.reason !== 'keyCompromise') return [];
  const hasItsKey = sharesKey(parseCertificate(done.certificate).publicKey);
  const isTwin = (record: CertificateRecord) =>
    record.serial !== done.serial && record.state !== 'revoked' && record.notAfter > now && hasItsKey(record);
  return (await ca.list()).filter(isTwin).map(({ serial, label, issuerId, notAfter }) => {
    const whose = label === done.name ? 'another certificate' : `the certificate of ${label}`;
    const command = `local-ca revoke ${serial} --reason keyCompromise${hasNewLists ? ' --crl' : ''}`;
    const next = issuerId === null ? 'the CA that signed it has to revoke it' : command;
    return { code: 'shared-key', message: `${whose} has the same key, and counts until ${day(notAfter)}: ${next}` };
  });
}

/** Where clients look, which only its owner can fill. Of what has expired, no list has to tell them. */
export function nextSteps({ kind, certificate }: Revocable, hasNewLists: boolean, now: Date): string[] {
  const parsed = parseCertificate(certificate);
  if (kind === 'root' || (parsed.notAfter <= now && !hasNewLists)) return [];
  const urls = crlUrlsOf(parsed);
  return [
    ...(hasNewLists ? [] : ['the lists that clients have do not say so yet: local-ca crl makes new ones']),
    ...urls.map((url) => `clients fetch the list from ${visible(url)}: put the new one there`),
  ];
}
