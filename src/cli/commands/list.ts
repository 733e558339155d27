import { isoDay } from '../../core/time.ts';
import type { CertificateRecord } from '../../store/store.ts';
import type { Command, Flags } from '../command.ts';
import { fitted } from '../fit-table.ts';
import { table } from '../io.ts';
import { type ShownState, statedJson, stateOf, timeLeft } from '../records.ts';
import { readRecords } from '../session.ts';

export const list: Command = {
  name: 'list',
  summary: 'Show the certificates that this CA issued',
  flags: [
    { flags: '--expired', about: 'only those that have expired' },
    { flags: '--revoked', about: 'only those that were revoked' },
  ],
  examples: [
    ['local-ca list', 'a table, oldest first'],
    ['local-ca list --json', 'the same for scripts'],
  ],
  run: async (context, _args, flags) => {
    const now = context.ambient.now();
    const records = await readRecords(context, flags, ({ ca }) => ca.list());
    const shown = records.filter((record) => isWanted(stateOf(record, now), flags));
    if (shown.length === 0) context.io.say(records.length === 0 ? 'nothing was issued yet' : 'none');
    const rows = shown.map((record) => row(record, now));
    context.io.result(
      shown.map((record) => statedJson(record, now)),
      table(HEADER, fitted(HEADER, rows, context.io.dataColumns, ['SERIAL', 'LABEL'])),
    );
    return undefined;
  },
};

const HEADER = ['LABEL', 'STATE', 'EXPIRES', 'LEFT', 'PROFILE', 'KEY', 'SERIAL'];

function isWanted(state: ShownState, flags: Flags): boolean {
  if (flags.expired !== true && flags.revoked !== true) return true;
  return (flags.expired === true && state === 'expired') || (flags.revoked === true && state === 'revoked');
}

const row = (record: CertificateRecord, now: Date) => [
  record.label,
  stateOf(record, now),
  isoDay(record.notAfter),
  timeLeft(record.notAfter, now),
  record.profile,
  record.keyType,
  record.serial,
];
