import { join, resolve } from 'node:path';
import { CertificateAuthority } from '../../authority/authority.ts';
import type { Issued } from '../../authority/jobs.ts';
import { KEY_TYPES } from '../../core/algorithms.ts';
import type { AuthorityOptions } from '../../core/options.ts';
import { fingerprintSha256, parseCertificate } from '../../core/parse.ts';
import { isoDay } from '../../core/time.ts';
import type { Warning } from '../../core/validity.ts';
import { LocalCaError } from '../../errors.ts';
import { type Fillable, fillHome } from '../../store/fill-home.ts';
import { CA_FOLDER } from '../../store/layout.ts';
import type { AuthorityRecord } from '../../store/store.ts';
import type { Command, Context, Flags } from '../command.ts';
import { OUTPUT_FLAGS } from '../deliver.ts';
import { authorityJson, deliveredPaths, issuedJson, timeLeft } from '../records.ts';
import { chosenPassphrase, PASSPHRASE_FLAGS } from '../session.ts';
import { takeOver, weaknessesOf } from '../take-over.ts';
import { days, everyItem, flagName } from '../values.ts';
import {
  allWarnings,
  distributionFlags,
  issueStaged,
  type Order,
  orderOf,
  type StagedIssue,
  splitNames,
  tellCertificate,
} from './issue.ts';

export const init: Command = {
  name: 'init',
  args: '[names...]',
  summary: 'Make a CA, and with names the first server certificate and its files',
  flags: [
    { flags: '--name <cn>', about: "the CA's common name" },
    { flags: '--organization <o>', about: "the CA's organization" },
    { flags: '--country <cc>', about: "the CA's country, two letters" },
    { flags: '-k, --key-type <type>', about: `of the CA: ${KEY_TYPES.join(', ')} (default: p256)`, values: KEY_TYPES },
    { flags: '-d, --days <n>', about: 'days until the CA expires (default: 3650)', parse: days },
    { flags: '--intermediate', about: 'sign with an intermediate, so that the root key can go offline' },
    {
      flags: '--permit <names>',
      about: 'the only domains and networks that it may sign: .internal,10.0.0.0/8',
      parse: everyItem,
    },
    {
      flags: '--server-key-type <type>',
      about: "of the first server's certificate (default: the template's, else p256)",
      values: KEY_TYPES,
    },
    { flags: '--server-days <n>', about: 'days until that expires (default: 365)', parse: days },
    ...distributionFlags('; for all that the CA signs'),
    { flags: '--encrypt-key', about: "protect the CA's key with a passphrase" },
    { flags: '--from-cert <file>', about: 'take over a CA that exists: its certificate' },
    { flags: '--from-key <file>', about: 'and its private key' },
    ...PASSPHRASE_FLAGS,
    ...OUTPUT_FLAGS,
  ],
  examples: [
    ['local-ca init', 'asks, up to the first server certificate and its zip'],
    ['local-ca init --yes', 'a CA with the defaults, and no questions'],
    [
      'local-ca init --yes db1.example.test 10.0.0.5 --template tencentdb-sqlserver --zip db1.zip',
      'a CA, a server certificate and its zip',
    ],
    ['local-ca init --yes --permit .internal,10.0.0.0/8', 'a CA that can sign nothing outside these'],
    [
      'local-ca init --yes --from-cert rootCA.pem --from-key rootCA-key.pem',
      'goes on with a CA made by mkcert, easy-rsa, step or openssl',
    ],
  ],
  run: async (context, names, flags) => {
    if (context.io.interactive && names.length === 0 && !isTakeOver(flags)) {
      const { initWizard } = await import('../wizard/init.ts');
      return initWizard(context, flags);
    }
    return initWithout(context, names, flags);
  },
};

/** A CA that exists leaves nothing to ask. */
const isTakeOver = (flags: Flags) => flags.fromCert !== undefined || flags.fromKey !== undefined;

/** Makes what was asked for without a question: the wizard ends here too. */
export async function initWithout(context: Context, names: readonly string[], flags: Flags): Promise<undefined> {
  // The CA's flags and the server's share these names; here they are the CA's.
  const { serverKeyType: keyType, serverDays: days } = flags;
  const serverFlags = { ...flags, keyType, days };
  if (names.length === 0) refuseServerFlags(flags);
  const order = names.length === 0 ? undefined : await orderOf(context, { names: splitNames(names) }, serverFlags);
  const made = await makeHome(context, flags, order);
  const isTaken = flags.fromCert !== undefined;
  const warnings = isTaken ? await weaknessWarnings(context, made.chain) : [];
  for (const { message } of warnings) context.io.warn(message);
  tellInit(context, made, isTaken ? 'took over' : 'made', warnings);
}

async function weaknessWarnings({ ambient }: Context, chain: readonly AuthorityRecord[]): Promise<Warning[]> {
  const found = await weaknessesOf(chain, ambient);
  return found.map(({ code, certificate, message }) => ({ code, message: `${certificate}: ${message}` }));
}

const SERVER_FLAGS = [
  'serverKeyType',
  'serverDays',
  'template',
  'out',
  'zip',
  'format',
  'set',
  'legacy',
  'password',
  'passwordFile',
  'alias',
  'p12Profile',
];

/** Without a server, they would be ignored in silence. */
function refuseServerFlags(flags: Flags): void {
  const given = SERVER_FLAGS.find((flag) => flags[flag] !== undefined);
  if (given === undefined) return;
  throw new LocalCaError(
    'LOCAL_CA_ANSWER_MISSING',
    `${flagName(given)} was given, but no name of a server`,
    `Name the server: local-ca init db1.example.test. Or leave ${flagName(given)} out, for a CA alone.`,
  );
}

interface Made {
  readonly chain: readonly AuthorityRecord[];
  readonly first?: StagedIssue;
}

/** The home appears whole, with the first certificate on record in it, or not at all. */
async function makeHome(context: Context, flags: Flags, order: Order | undefined): Promise<Made> {
  let made: Made = { chain: [] };
  try {
    await fillHome(context.home, async (home) => {
      const ca = await establish(context, flags, home);
      made = { chain: ca.chain };
      if (order !== undefined) made = { chain: ca.chain, first: await issueStaged(context, ca, [order], flags) };
    });
  } catch (error) {
    await made.first?.delivery.discard();
    throw error;
  }
  await made.first?.delivery.commit();
  return made;
}

async function establish(context: Context, flags: Flags, home: Fillable): Promise<CertificateAuthority> {
  if (isTakeOver(flags)) return takeOver(context, flags, home);
  const options: AuthorityOptions = {
    name: flags.name as string | undefined,
    organization: flags.organization as string | undefined,
    country: flags.country as string | undefined,
    keyType: flags.keyType as string | undefined,
    days: flags.days as number | undefined,
    intermediate: flags.intermediate === true,
    permit: flags.permit as string[] | undefined,
    crlUrls: flags.crlUrl as string[] | undefined,
    ocspUrls: flags.ocspUrl as string[] | undefined,
    passphrase: await chosenPassphrase(context, flags),
  };
  return CertificateAuthority.create(home, options, context.ambient);
}

function tellInit(context: Context, { chain, first }: Made, verb: string, warnings: readonly Warning[]): void {
  const { io, ambient } = context;
  const home = resolve(context.home);
  const root = chain.at(-1) as AuthorityRecord;
  const certificate = parseCertificate(root.certificate);
  // Of an imported CA the highest certificate may be an intermediate.
  const path = join(home, 'ca', `${root.role}.crt.pem`);
  io.say(`${io.style('green', verb)} the CA ${root.name} in ${home}`);
  io.say(`  valid until ${isoDay(certificate.notAfter)} (${timeLeft(certificate.notAfter, ambient.now())})`);
  io.say(`  clients need its certificate: ${path}`);
  if (chain.length > 1 && verb === 'made') {
    io.say(`  the root's key can go offline: ${join(home, CA_FOLDER, `${root.id}.key.pem`)}`);
  }
  const facts = { notAfter: certificate.notAfter, fingerprintSha256: fingerprintSha256(root.certificate) };
  const record = { home, name: root.name, root: authorityJson(root, facts, path), warnings };
  if (first === undefined) {
    io.say('next: local-ca issue NAME');
    io.result(record, path);
    return;
  }
  const { delivery } = first;
  const issued = first.issued[0] as Issued;
  tellCertificate(context, issued, delivery);
  const json = issuedJson(issued.record, delivery, allWarnings(issued, delivery));
  io.result({ ...record, issued: json }, deliveredPaths(delivery));
}
