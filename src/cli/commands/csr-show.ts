import { proofOfPossession } from '../../core/csr.ts';
import { describeCsr } from '../../core/describe.ts';
import { isoDay, isoTime } from '../../core/time.ts';
import type { RequestRecord } from '../../store/store.ts';
import type { Command, Context } from '../command.ts';
import { csrLines, linesText, readCsrFile } from '../csr-file.ts';
import { table } from '../io.ts';
import { readRecords } from '../session.ts';

export const csrShow: Command = {
  name: 'csr show',
  args: '[file]',
  summary: 'Show what a request asks for; without a file, the requests that wait',
  flags: [],
  examples: [
    ['local-ca csr show server.csr', "anybody's request, PEM or DER; - is standard input"],
    ['local-ca csr show', 'what waits here for another CA'],
  ],
  exits: [[3, 'the request was not signed with its own key']],
  run: async (context, [file], flags) => {
    if (file !== undefined) return showFile(context, file);
    const waiting = await readRecords(context, flags, ({ home }) => home.store.requests());
    if (waiting.length === 0) context.io.say('no request waits');
    const rows = waiting.map(row);
    context.io.result(waiting.map(waitingJson), table(['LABEL', 'SINCE', 'NAMES', 'PROFILE', 'KEY', 'FILES'], rows));
    return undefined;
  },
};

async function showFile({ io, ambient }: Context, source: string): Promise<number | undefined> {
  const csr = await readCsrFile(source);
  const isProven = await proofOfPossession(csr, ambient);
  const description = describeCsr(csr);
  io.result({ source, ...description, proofOfPossession: isProven }, linesText(csrLines(description, isProven)));
  if (isProven) return undefined;
  io.warn(
    'the request was not signed with its own key, or with an algorithm that cannot be checked: no CA should sign it',
  );
  return 3;
}

const row = ({ label, createdAt, names, profile, keyType, folder }: RequestRecord) => [
  label,
  isoDay(createdAt),
  names.join(', '),
  profile,
  keyType,
  folder ?? '-',
];

const waitingJson = ({ id, label, names, profile, template, keyType, createdAt, folder }: RequestRecord) => ({
  id,
  label,
  names,
  profile,
  template,
  keyType,
  createdAt: isoTime(createdAt),
  folder,
});
