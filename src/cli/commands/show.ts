import { findAuthority } from '../../authority/find-authority.ts';
import { nameText } from '../../core/name-text.ts';
import { type Certificate, parseCertificate } from '../../core/parse.ts';
import { isoTime } from '../../core/time.ts';
import { encodePem } from '../../formats/pem.ts';
import type { AuditEvent, CertificateRecord, PlacementRecord } from '../../store/store.ts';
import type { Command, Context, Flags } from '../command.ts';
import { eventJson, eventText, revocationJson, revokedText, statedJson, stateOf, timeLeft } from '../records.ts';
import { readRecords, type Session } from '../session.ts';
import { showAuthority } from './show-ca.ts';

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
    ['local-ca show 4fd1 --pem', "the certificate, by the start of its serial; one of the CA's own, too"],
  ],
  run: async (context, [wanted = ''], flags) => {
    return readRecords(context, flags, async (session) => {
      const authority = await findAuthority(session.home.store, wanted);
      if (authority !== undefined) return showAuthority(context, session, authority, flags);
      return showCertificate(context, await lookUp(session, wanted, flags.history === true), flags);
    });
  },
};

function showCertificate({ io, ambient }: Context, shown: Shown, flags: Flags): undefined {
  const now = ambient.now();
  const pem = encodePem('CERTIFICATE', shown.record.certificate);
  io.result({ ...shownJson(shown, now), certificate: pem }, flags.pem === true ? pem : textOf(shown, now));
}

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

const issuerOf = ({ certificate }: Shown) => nameText(certificate.issuer);

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
    ...history.map(eventText),
  ].join('\n');
}

function shownJson(shown: Shown, now: Date) {
  const { record, placement, history } = shown;
  return {
    ...statedJson(record, now),
    subject: record.subject,
    issuer: issuerOf(shown),
    foreign: record.issuerId === null,
    issuedAt: isoTime(record.issuedAt),
    keyKept: record.keyId !== null,
    folder: placement?.folder ?? null,
    zip: placement?.zip ?? null,
    revocation: revocationJson(record),
    ...(history === undefined ? {} : { history: history.map(eventJson) }),
  };
}
