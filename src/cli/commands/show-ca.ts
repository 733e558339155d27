/** `show` of one of the CA's own certificates, by its serial. */

import { nameText } from '../../core/name-text.ts';
import { fingerprintSha256, parseCertificate } from '../../core/parse.ts';
import { isoTime } from '../../core/time.ts';
import { encodePem } from '../../formats/pem.ts';
import type { AuditEvent, AuthorityRecord } from '../../store/store.ts';
import type { Context, Flags } from '../command.ts';
import { eventJson, eventText, revocationJson, revokedText, type ShownState, timeLeft } from '../records.ts';
import type { Session } from '../session.ts';

const MOST_EVENTS = 1000;

export async function showAuthority(
  { io, ambient }: Context,
  { ca, home }: Session,
  authority: AuthorityRecord,
  flags: Flags,
): Promise<undefined> {
  const now = ambient.now();
  const events = flags.history === true ? (await home.store.audit(MOST_EVENTS, authority.id)).toReversed() : undefined;
  const isCurrent = ca.chain.some(({ id }) => id === authority.id);
  const state = stateOf(authority, isCurrent, now);
  const pem = encodePem('CERTIFICATE', authority.certificate);
  io.result(
    { ...jsonOf(authority, state), ...(events && { history: events.map(eventJson) }), certificate: pem },
    flags.pem === true ? pem : textOf(authority, state, events ?? [], now),
  );
  return undefined;
}

function stateOf({ certificate, revocation }: AuthorityRecord, isCurrent: boolean, now: Date): ShownState {
  if (revocation !== null) return 'revoked';
  if (parseCertificate(certificate).notAfter <= now) return 'expired';
  return isCurrent ? 'valid' : 'superseded';
}

function textOf(authority: AuthorityRecord, state: ShownState, events: readonly AuditEvent[], now: Date): string {
  const { subject, issuer, notBefore, notAfter } = parseCertificate(authority.certificate);
  const lines: readonly (readonly [string, string | undefined])[] = [
    ['name', authority.name],
    ['state', state],
    ['revoked', revokedText(authority)],
    ['role', authority.role],
    ['subject', nameText(subject)],
    ['issuer', nameText(issuer)],
    ['from', isoTime(notBefore)],
    ['until', `${isoTime(notAfter)} (${timeLeft(notAfter, now)})`],
    ['serial', authority.id],
    ['sha256', fingerprintSha256(authority.certificate)],
  ];
  return [
    ...lines.flatMap(([name, value]) => (value === undefined ? [] : `${name.padEnd(9)} ${value}`)),
    ...events.map(eventText),
  ].join('\n');
}

function jsonOf(authority: AuthorityRecord, state: ShownState) {
  const { subject, issuer, notBefore, notAfter } = parseCertificate(authority.certificate);
  return {
    name: authority.name,
    serial: authority.id,
    role: authority.role,
    state,
    subject: nameText(subject),
    issuer: nameText(issuer),
    notBefore: isoTime(notBefore),
    notAfter: isoTime(notAfter),
    fingerprintSha256: fingerprintSha256(authority.certificate),
    revocation: revocationJson(authority),
  };
}
