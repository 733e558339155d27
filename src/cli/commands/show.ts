import { isoTime } from '../../core/time.ts';
import { encodePem } from '../../formats/pem.ts';
import type { Command } from '../command.ts';
import { statedJson, stateOf, timeLeft } from '../records.ts';
import { withAuthority } from '../session.ts';

export const show: Command = {
  name: 'show',
  args: '<label>',
  summary: 'Show one certificate, by its label or serial',
  flags: [{ flags: '--pem', about: 'print the certificate itself' }],
  examples: [
    ['local-ca show db1.example.test', 'what is on record'],
    ['local-ca show 4fd1 --pem', 'the certificate, by the start of its serial'],
  ],
  run: async (context, [wanted = ''], flags) => {
    const record = await withAuthority(context, flags, ({ ca }) => ca.get(wanted));
    const now = context.ambient.now();
    const pem = encodePem('CERTIFICATE', record.certificate);
    const lines: readonly (readonly [string, string])[] = [
      ['label', record.label],
      ['state', stateOf(record, now)],
      ['names', record.names.join(', ')],
      ['subject', record.subject],
      ['profile', record.profile],
      ['template', record.template ?? '-'],
      ['key', `${record.keyType}${record.keyId !== null ? ', a copy is kept' : ''}`],
      ['from', isoTime(record.notBefore)],
      ['until', `${isoTime(record.notAfter)} (${timeLeft(record.notAfter, now)})`],
      ['serial', record.serial],
      ['sha256', record.fingerprintSha256],
    ];
    const text = lines.map(([name, value]) => `${name.padEnd(9)} ${value}`).join('\n');
    const { subject, issuedAt } = record;
    context.io.result(
      {
        ...statedJson(record, now),
        subject,
        issuedAt: isoTime(issuedAt),
        keyKept: record.keyId !== null,
        certificate: pem,
      },
      flags.pem === true ? pem : text,
    );
    return undefined;
  },
};
