import { type Certificate, parseCertificate } from '../../core/parse.ts';
import { decodeSubject, formatSubject } from '../../core/subject.ts';
import { isoTime } from '../../core/time.ts';
import { encodePem } from '../../formats/pem.ts';
import type { AuditEvent, CertificateRecord, PlacementRecord } from '../../store/store.ts';
import type { Command } from '../command.ts';
import { statedJson, stateOf, timeLeft } from '../records.ts';
import { readRecords, type Session } from '../session.ts';

export const show: Command = {
  name: 'show',
  args: '<label>',
  summary: 'Show one certificate, by its label or serial',
  flags: [
    { flags: '--pem', about: 'print the certificate itself' },
    { flags: '--history', about: 'also what was done to it, and to those of its label before it' },
  ],
  examples: [
    ['local-ca show db1.example.test', 'what is on record'],
    ['local-ca show db1.example.test --history', 'and when it was issued, renewed, revoked'],
    ['local-ca show 4fd1 --pem', 'the certificate, by the start of its serial'],
  ],
  run: async (context, [wanted = ''], flags) => {
    const shown = await readRecords(context, flags, (session) => lookUp(session, wanted, flags.history === true));
    const now = context.ambient.now();
    const pem = encodePem('CERTIFICATE', shown.record.certificate);
    context.io.result({ ...shownJson(shown, now), certificate: pem }, flags.pem === true ? pem : textOf(shown, now));
    return undefined;
  },
};

interface Shown {
  readonly record: CertificateRecord;
  readonly certificate: Certificate;
  /** Where its files went. */
  readonly placement: PlacementRecord | undefined;
  /** Oldest first; undefined when nobody asked. */
  readonly history: readonly AuditEvent[] | undefined;
}

async function lookUp(session: Session, wanted: string, withHistory: boolean): Promise<Shown> {
  const { ca, home } = session;
  const record = await ca.get(wanted);
  const placements = await home.store.placements();
  return {
    record,
    certificate: parseCertificate(record.certificate),
    placement: placements.find(({ label, serial }) => label === record.label && serial === record.serial),
    history: withHistory ? await historyOf(session, record) : undefined,
  };
}

const MOST_EVENTS = 1000;

/** Of all that had its label, up to this one. */
async function historyOf({ ca, home }: Session, { label, serial }: CertificateRecord): Promise<AuditEvent[]> {
  const all = await ca.list({ label });
  const upTo = all.slice(0, all.findIndex((one) => one.serial === serial) + 1);
  const events = await Promise.all(upTo.map((one) => home.store.audit(MOST_EVENTS, one.serial)));
  return events.flatMap((some) => some.toReversed()).sort((a, b) => a.at.getTime() - b.at.getTime());
}

const issuerOf = ({ certificate }: Shown) => formatSubject(decodeSubject(certificate.issuer));

function textOf(shown: Shown, now: Date): string {
  const { record, placement, history = [] } = shown;
  const lines: readonly (readonly [string, string | undefined])[] = [
    ['label', record.label],
    ['state', stateOf(record, now)],
    ['revoked', revokedText(record)],
    ['names', record.names.join(', ')],
    ['subject', record.subject],
    ['issuer', record.issuerId === null ? `${issuerOf(shown)} (another CA)` : undefined],
    ['profile', record.profile],
    ['template', record.template ?? '-'],
    ['key', `${record.keyType}${record.keyId !== null ? ', a copy is kept' : ''}`],
    ['from', isoTime(record.notBefore)],
    ['until', `${isoTime(record.notAfter)} (${timeLeft(record.notAfter, now)})`],
    ['serial', record.serial],
    ['sha256', record.fingerprintSha256],
    ['files', placement?.folder],
    ['zip', placement?.zip ?? undefined],
  ];
  return [
    ...lines.flatMap(([name, value]) => (value === undefined ? [] : `${name.padEnd(9)} ${value}`)),
    ...history.map(({ at, action, serial }) => `${isoTime(at)}  ${action.padEnd(8)}  ${serial}`),
  ].join('\n');
}

function revokedText({ revocation }: CertificateRecord): string | undefined {
  if (revocation === null) return undefined;
  const { at, reason, invalidSince } = revocation;
  return `${isoTime(at)} (${reason})${invalidSince === null ? '' : `, invalid since ${isoTime(invalidSince)}`}`;
}

function shownJson(shown: Shown, now: Date) {
  const { record, placement, history } = shown;
  const { revocation } = record;
  return {
    ...statedJson(record, now),
    subject: record.subject,
    issuer: issuerOf(shown),
    foreign: record.issuerId === null,
    issuedAt: isoTime(record.issuedAt),
    keyKept: record.keyId !== null,
    folder: placement?.folder ?? null,
    zip: placement?.zip ?? null,
    revocation: revocation && {
      at: isoTime(revocation.at),
      reason: revocation.reason,
      invalidSince: revocation.invalidSince && isoTime(revocation.invalidSince),
    },
    ...(history === undefined ? {} : { history: history.map(eventJson) }),
  };
}

const eventJson = ({ at, action, serial, detail }: AuditEvent) => ({ at: isoTime(at), action, serial, detail });
