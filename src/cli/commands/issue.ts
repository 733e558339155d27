import { join } from 'node:path';
import type { IssueOptions } from '../../authority/authority.ts';
import type { Issued } from '../../authority/jobs.ts';
import { handsOutKey, type Template } from '../../bundle/template.ts';
import { KEY_TYPES } from '../../core/algorithms.ts';
import { LEAF_PROFILES } from '../../core/profiles.ts';
import { quote } from '../../core/text.ts';
import { isoDay } from '../../core/time.ts';
import type { Warning } from '../../core/validity.ts';
import { LocalCaError } from '../../errors.ts';
import type { Command, Context, Flag, Flags } from '../command.ts';
import {
  type Delivery,
  findTemplate,
  OUTPUT_FLAGS,
  type Parcel,
  shippingOf,
  stageDelivery,
  wishesOf,
} from '../deliver.ts';
import { inRow, type ListRow, readListFile } from '../list-file.ts';
import { progressBar } from '../progress.ts';
import { deliveredPaths, issuedJson, templateWarnings, timeLeft } from '../records.ts';
import { PASSPHRASE_FLAGS, type Session, withAuthority } from '../session.ts';
import { date, days, urls } from '../values.ts';

/** Of `init` they are what the CA writes into all that it signs. */
export const distributionFlags = (whose: string): readonly Flag[] => [
  {
    flags: '--crl-url <urls>',
    about: `where clients fetch the revocation list, http:// or ldap://${whose}`,
    parse: urls,
  },
  { flags: '--ocsp-url <urls>', about: `where they ask an OCSP responder${whose}`, parse: urls },
];

export const DISTRIBUTION_FLAGS = distributionFlags(" (default: the CA's)");

/** What a certificate is; `init` takes some of them too. */
const CERTIFICATE_FLAGS: readonly Flag[] = [
  { flags: '-p, --profile <profile>', about: `what it is for: ${LEAF_PROFILES.join(', ')}`, values: LEAF_PROFILES },
  { flags: '-l, --label <label>', about: 'names the certificate and its files (default: the first name)' },
  {
    flags: '-k, --key-type <type>',
    about: `${KEY_TYPES.join(', ')} (default: the template's, else p256)`,
    values: KEY_TYPES,
  },
  { flags: '-d, --days <n>', about: 'days until it expires (default: 365)', parse: days },
  { flags: '--not-before <date>', about: 'valid from this date', parse: date },
  { flags: '--not-after <date>', about: 'valid until this date', parse: date },
  { flags: '--subject <dn>', about: 'the whole subject, like "CN=db,O=Acme,C=DE"' },
  { flags: '--keep-key', about: 'keep a copy of the private key in the home, for export' },
];

export const issue: Command = {
  name: 'issue',
  args: '[names...]',
  summary: 'Make a key and a certificate, and the files that a server wants',
  flags: [
    ...CERTIFICATE_FLAGS,
    ...DISTRIBUTION_FLAGS,
    { flags: '--from <file>', about: 'many at once, from a .csv, .yaml, .json or .jsonl list' },
    ...OUTPUT_FLAGS,
    ...PASSPHRASE_FLAGS,
  ],
  examples: [
    ['local-ca issue db1.example.test 10.0.0.5', 'a server certificate with both names, in ./db1.example.test'],
    ['local-ca issue web.example.test --template nginx --zip web.zip', 'the files for nginx, and a zip of them'],
    ['local-ca issue alice --profile client --format p12 --password-file pw.txt', 'a client key store'],
    ['local-ca issue --from servers.csv --out certs', 'a folder below ./certs for each row'],
  ],
  run: async (context, names, flags) => {
    if (flags.from !== undefined) return issueList(context, names, flags);
    if (names.length > 0 || !context.io.interactive) return issueNames(context, names, flags);
    const { issueWizard } = await import('../wizard/issue.ts');
    return issueWizard(context, flags);
  },
};

export async function issueNames(context: Context, names: readonly string[], flags: Flags): Promise<undefined> {
  if (names.length === 0) {
    throw new LocalCaError(
      'LOCAL_CA_ANSWER_MISSING',
      'no name was given',
      'Name the server: local-ca issue db1.example.test',
    );
  }
  await withAuthority(context, flags, async ({ ca }) => {
    const order = await orderOf(context, { names: splitNames(names) }, flags);
    const { issued, delivery } = await issueAndDeliver(context, ca, [order], flags);
    tellIssued(context, issued[0] as Issued, delivery);
  });
}

/** `a.test,10.0.0.5` is two names; a URI may hold a comma. */
export const splitNames = (args: readonly string[]): string[] =>
  args.flatMap((arg) => (arg.includes('://') || arg === '' ? arg : arg.split(',').filter((name) => name !== '')));

export interface Order {
  readonly options: IssueOptions;
  readonly parcel: (issued: Issued) => Parcel;
}

/** What is asked for on the command line, completed by the template's own wishes. */
export async function orderOf(
  context: Context,
  options: Pick<IssueOptions, 'names'> & Partial<IssueOptions>,
  flags: Flags,
  folder = (label: string) => (flags.out as string | undefined) ?? label,
): Promise<Order> {
  const template = await findTemplate(context, options.template ?? (flags.template as string | undefined));
  const wishes = wishesOf(flags);
  const profile = (flags.profile as string | undefined) ?? template.profile;
  if (wishes.formats === undefined && flags.keepKey !== true) refuseKeyless(template, options.profile ?? profile);
  const asked: IssueOptions = {
    profile,
    label: flags.label as string | undefined,
    days: flags.days as number | undefined,
    notBefore: flags.notBefore as Date | undefined,
    notAfter: flags.notAfter as Date | undefined,
    subject: flags.subject as string | undefined,
    crlUrls: flags.crlUrl as string[] | undefined,
    ocspUrls: flags.ocspUrl as string[] | undefined,
    force: flags.force === true,
    keepKey: flags.keepKey === true,
    ...defined(options),
    names: options.names,
    keyType: options.keyType ?? (flags.keyType as string | undefined) ?? template.keyType,
    template: template.name,
  };
  return {
    options: asked,
    parcel: ({ material, record }) => ({ material, template, out: folder(record.label), wishes }),
  };
}

/** What is for those who only verify: the key would be made, and lost. */
function refuseKeyless(template: Template, profile: string): void {
  if (handsOutKey(template, profile)) return;
  throw new LocalCaError(
    'LOCAL_CA_OPTION_INVALID',
    `template ${quote(template.name)} has no file for a private key: it is for whoever connects to a server`,
    `Issue with the template of the server; then local-ca export LABEL --template ${template.name} makes these files.`,
  );
}

const defined = <T extends object>(record: T): Partial<T> =>
  Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as Partial<T>;

export interface StagedIssue {
  readonly issued: readonly Issued[];
  readonly delivery: Delivery;
}

/** Signed, then staged, then recorded, then moved into place: a certificate that exists anywhere is on record. */
async function issueAndDeliver(
  context: Context,
  ca: Session['ca'],
  orders: readonly Order[],
  flags: Flags,
): Promise<StagedIssue> {
  const staged = await issueStaged(context, ca, orders, flags);
  await staged.delivery.commit();
  return staged;
}

/** All of that but the last step. */
export async function issueStaged(
  context: Context,
  ca: Session['ca'],
  orders: readonly Order[],
  flags: Flags,
): Promise<StagedIssue> {
  const bar = progressBar(context.io, orders.length);
  // Said of the value, since the compiler does not see that the callback gives it another.
  let delivery = undefined as Delivery | undefined;
  try {
    const issued = await ca.issueMany(
      orders.map((order) => order.options),
      {
        onProgress: bar.update,
        beforeRecording: async (signed) => {
          const parcels = signed.map((one, i) => (orders[i] as Order).parcel(one));
          delivery = await stageDelivery(parcels, context, shippingOf(flags));
          return delivery.placements;
        },
      },
    );
    return { issued, delivery: delivery as Delivery };
  } catch (error) {
    await delivery?.discard();
    throw error;
  } finally {
    bar.stop();
  }
}

function tellIssued(context: Context, issued: Issued, delivery: Delivery): void {
  tellCertificate(context, issued, delivery);
  context.io.result(issuedJson(issued.record, delivery, allWarnings(issued, delivery)), deliveredPaths(delivery));
}

/** The certificate's own, and those of its files. */
export const allWarnings = (issued: Issued, { bundles, leftovers }: Delivery, index = 0): readonly Warning[] => [
  ...issued.warnings,
  ...templateWarnings(bundles[index]?.warnings ?? []),
  ...(leftovers[index] ?? []).map(leftoverWarning),
];

/** It is not deleted: it may be the only copy of a key. */
const leftoverWarning = (path: string): Warning => ({
  code: 'leftover',
  message: `${path} is left from an earlier certificate, and does not belong to the new key`,
});

export function tellCertificate({ io, ambient }: Context, issued: Issued, delivery: Delivery, verb = 'issued'): void {
  for (const { message } of allWarnings(issued, delivery)) io.warn(message);
  const { record } = issued;
  io.say(`${io.style('green', verb)} ${record.names.join(', ')}`);
  io.say(`  ${record.profile}, ${record.keyType}, serial ${record.serial}`);
  if (delivery.zip !== null && delivery.bundles.some(({ zip }) => zip.files.some((file) => file.secret))) {
    io.say(`  ${delivery.zip} holds the private key: it is for the server, not for its clients`);
  }
  io.say(`  valid until ${isoDay(record.notAfter)} (${timeLeft(record.notAfter, ambient.now())})`);
}

// --- many at once ------------------------------------------------------------------------------------------------

async function issueList(context: Context, names: readonly string[], flags: Flags): Promise<undefined> {
  if (names.length > 0 || flags.label !== undefined) {
    throw new LocalCaError(
      'LOCAL_CA_OPTION_INVALID',
      '--from was given together with names or a --label',
      'The list has the names; put others into it.',
    );
  }
  const path = flags.from as string;
  const rows = await readListFile(path);
  await withAuthority(context, flags, async ({ ca }) => {
    const orders = await checkRows(context, path, rows, flags, ca);
    const { issued, delivery } = await issueAndDeliver(context, ca, orders, flags);
    const warnings = issued.map((one, i) => allWarnings(one, delivery, i));
    for (const [i, { record }] of issued.entries())
      for (const { message } of warnings[i] ?? []) context.io.warn(`${record.label}: ${message}`);
    const count = issued.length === 1 ? '1 certificate' : `${issued.length} certificates`;
    context.io.say(`${context.io.style('green', 'issued')} ${count} from ${path}`);
    context.io.result(
      issued.map(({ record }, i) => issuedJson(record, deliveredTo(delivery, i), warnings[i] ?? [])),
      [...orders.map((order, i) => order.parcel(issued[i] as Issued).out), delivery.zip ?? []].flat().join('\n'),
    );
  });
}

/** The files of one bundle among those of the whole delivery, which stand in the bundles' order. */
function deliveredTo(delivery: Delivery, index: number): Pick<Delivery, 'files' | 'zip'> {
  const before = delivery.bundles.slice(0, index).reduce((sum, bundle) => sum + bundle.files.length, 0);
  const count = delivery.bundles[index]?.files.length ?? 0;
  return { files: delivery.files.slice(before, before + count), zip: delivery.zip };
}

/** Every row is checked, against the CA too, before the first key is made. */
async function checkRows(
  context: Context,
  path: string,
  rows: readonly ListRow[],
  flags: Flags,
  ca: Session['ca'],
): Promise<Order[]> {
  const folder = (label: string) => join((flags.out as string | undefined) ?? '.', label);
  const rowOfLabel = new Map<string, number>();
  const orders: Order[] = [];
  for (const { row, options } of rows) {
    try {
      const order = await orderOf(context, options, flags, folder);
      const { label } = ca.check(order.options);
      refuseTwice(label, rowOfLabel.get(label.toLowerCase()));
      rowOfLabel.set(label.toLowerCase(), row);
      orders.push(order);
    } catch (error) {
      throw inRow(path, row, error);
    }
  }
  return orders;
}

function refuseTwice(label: string, earlier: number | undefined): void {
  if (earlier === undefined) return;
  throw new LocalCaError(
    'LOCAL_CA_LABEL_INVALID',
    `row ${earlier} has the label ${label} too`,
    'Give each row a label of its own.',
  );
}
