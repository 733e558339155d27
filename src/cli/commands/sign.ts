import { join } from 'node:path';
import type { Issued } from '../../authority/jobs.ts';
import type { Review, Signed, SignOptions } from '../../authority/sign.ts';
import { proofOfPossession } from '../../core/csr.ts';
import { describeCsr } from '../../core/describe.ts';
import { LEAF_PROFILES } from '../../core/profiles.ts';
import { isoDay } from '../../core/time.ts';
import { LocalCaError } from '../../errors.ts';
import type { Command, Context, Flags } from '../command.ts';
import { csrLines, linesText, readCsrFile } from '../csr-file.ts';
import { type Delivery, findTemplate, outputFlags, shippingOf, stageDelivery, wishesOf } from '../deliver.ts';
import { Handover } from '../handover.ts';
import { deliveredPaths, issuedJson } from '../records.ts';
import { refuseMismatch } from '../request-files.ts';
import { PASSPHRASE_FLAGS, type Session, withAuthority } from '../session.ts';
import { days, everyItem } from '../values.ts';
import { allWarnings, DISTRIBUTION_FLAGS, tellCertificate } from './issue.ts';

export const sign: Command = {
  name: 'sign',
  args: '<csr>',
  summary: 'Sign the request (CSR) of a key that somebody else has',
  flags: [
    {
      flags: '-p, --profile <profile>',
      about: `what it is for, whatever the request says: ${LEAF_PROFILES.join(', ')} (default: server)`,
      values: LEAF_PROFILES,
    },
    { flags: '-d, --days <n>', about: 'days until it expires (default: 365)', parse: days },
    { flags: '--names <names>', about: "instead of the request's: db1.example.test,10.0.0.5", parse: everyItem },
    { flags: '--subject <dn>', about: 'instead of the request\'s, like "CN=db,O=Acme,C=DE"' },
    { flags: '-l, --label <label>', about: 'names the certificate and its files (default: the first name)' },
    ...DISTRIBUTION_FLAGS,
    ...outputFlags('take the place of a certificate with another key'),
    ...PASSPHRASE_FLAGS,
  ],
  examples: [
    ['local-ca sign server.csr', 'shows what it would sign, and asks; the files are in ./NAME'],
    ['local-ca sign server.csr --yes --days 90 --json', 'for scripts'],
    ['keytool -certreq -alias db -keystore db.p12 | local-ca sign - --yes', 'from standard input'],
  ],
  run: async (context, [file = ''], flags) => {
    await withAuthority(context, flags, (session) => signFile(context, session, file, flags));
    return undefined;
  },
};

async function signFile(context: Context, { ca }: Session, file: string, flags: Flags): Promise<void> {
  const csr = await readCsrFile(file);
  const template = await findTemplate(context, flags.template as string | undefined);
  const options = { ...optionsOf(flags), template: template.name };
  const review = await ca.review(csr.der, options);
  for (const line of await reviewText(context, csr, review)) context.io.say(line);
  await agree(context, review);
  const handover = new Handover();
  const stage = async ([one]: readonly Issued[]) => {
    const { material, record } = one as Issued;
    const out = (flags.out as string | undefined) ?? record.label;
    const parcel = { material, template, out, wishes: wishesOf(flags) };
    const delivery = handover.put(await stageDelivery([parcel], context, shippingOf(flags)));
    if (flags.force !== true) refuseMismatch([join(out, `${record.label}.key.pem`), ...delivery.leftovers.flat()], csr);
    return delivery.placements;
  };
  try {
    const signed = await ca.sign(csr.der, options, { beforeRecording: stage });
    const { delivery } = handover;
    await delivery.commit();
    tell(context, signed, delivery);
  } catch (error) {
    await handover.discard();
    throw error;
  }
}

const optionsOf = (flags: Flags): SignOptions => ({
  names: flags.names as string[] | undefined,
  profile: flags.profile as string | undefined,
  label: flags.label as string | undefined,
  subject: flags.subject as string | undefined,
  days: flags.days as number | undefined,
  crlUrls: flags.crlUrl as string[] | undefined,
  ocspUrls: flags.ocspUrl as string[] | undefined,
  force: flags.force === true,
});

// --- showing it --------------------------------------------------------------------------------------------------

type Csr = Awaited<ReturnType<typeof readCsrFile>>;

async function reviewText({ io, ambient }: Context, csr: Csr, review: Review): Promise<string[]> {
  const lines = csrLines(describeCsr(csr), await proofOfPossession(csr, ambient));
  const request = linesText(lines.filter(([title]) => !OF_EXTENSIONS.includes(title)));
  const result = linesText([
    ['subject', review.subject],
    ['names', review.names.join(', ')],
    ['profile', review.profile],
    ['until', isoDay(review.notAfter)],
  ]);
  const extensions = review.extensions.map(
    ({ name, oid, asked, given, why }) =>
      `  ${GIVEN[given].padEnd(GIVEN_WIDTH)}${name ?? oid}${asked === '' ? '' : `: ${asked}`}${why === '' ? '' : ` (${why})`}`,
  );
  return [
    io.style('bold', 'the request'),
    indent(request),
    ...(extensions.length === 0 ? [] : [io.style('bold', 'what it asks for'), ...extensions]),
    io.style('bold', 'the certificate'),
    indent(result),
  ];
}

/** Said again with what becomes of it. */
const OF_EXTENSIONS: readonly string[] = ['asks to be', 'key usage', 'good for', 'Windows CA', 'other'];

const GIVEN = { yes: 'given', partly: 'given partly', no: 'not given' } as const;
const GIVEN_WIDTH = Math.max(...Object.values(GIVEN).map(({ length }) => length)) + 2;

const indent = (text: string) => text.replace(/^/gm, '  ');

/** Only where somebody can see what was shown. The warnings come before the question, and not only after the deed. */
async function agree({ io }: Context, { warnings }: Review): Promise<void> {
  if (!io.interactive) return;
  for (const { message } of warnings) io.warn(message);
  const { ask } = await import('../wizard/prompt.ts');
  const { go } = await ask<{ go: boolean }>([{ type: 'confirm', name: 'go', message: 'Sign it?', default: true }]);
  if (!go) throw new LocalCaError('LOCAL_CA_CANCELLED', 'cancelled', 'Nothing was signed.');
}

function tell(context: Context, signed: Signed, delivery: Delivery): void {
  const { review } = signed;
  // What was shown before the question is not said again.
  const said = context.io.interactive ? review.warnings : [];
  const rest = {
    ...signed,
    warnings: signed.warnings.filter(({ message }) => !said.some((one) => one.message === message)),
  };
  tellCertificate(context, rest, delivery, 'signed');
  const json = issuedJson(signed.record, delivery, allWarnings(signed, delivery));
  context.io.result({ ...json, requested: review.extensions }, deliveredPaths(delivery));
}
