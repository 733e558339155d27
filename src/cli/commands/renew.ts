import { assertKeyTrusted, assertRenewable } from '../../authority/renew.ts';
import { isDue, parseWithin, type Within } from '../../core/duration.ts';
import { isoDay, isoTime } from '../../core/time.ts';
import { LocalCaError } from '../../errors.ts';
import type { CertificateRecord } from '../../store/store.ts';
import type { Command, Context, Flags } from '../command.ts';
import { table } from '../io.ts';
import { KEY_FLAGS, keyGiven } from '../key-flags.ts';
import { deliveredPaths, issuedJson, recordJson, timeLeft } from '../records.ts';
import { type Renewable, type RenewalWishes, type Renewed, renewOne } from '../renewal.ts';
import { PASSPHRASE_FLAGS, type Session, withRecords } from '../session.ts';
import { days, secretFrom } from '../values.ts';
import { allWarnings, tellCertificate } from './issue.ts';
import { renewAuthorities } from './renew-ca.ts';

export const renew: Command = {
  name: 'renew',
  args: '[labels...]',
  summary: 'Make certificates anew before they end, with the same key and names, in the same places',
  flags: [
    { flags: '--all', about: 'every certificate that is due' },
    {
      flags: '--within <time>',
      about: 'due is what ends within 30d, or when 75% of its life is over (default: 30d, or a third of its life)',
      parse: parseWithin,
    },
    { flags: '--new-key', about: 'make a new key too' },
    { flags: '-d, --days <n>', about: 'days until it expires (default: as many as before)', parse: days },
    { flags: '--dry-run', about: 'show what would be done, and do nothing' },
    {
      flags: '--ca [role]',
      about: "the CA's own certificates instead: all of them, root or intermediate",
      values: ['root', 'intermediate'],
    },
    ...KEY_FLAGS,
    { flags: '--keep-key', about: 'keep a copy of the private key in the home from now on' },
    { flags: '-o, --out <dir>', about: 'another folder for the files (default: where they are)' },
    { flags: '--zip <file>', about: 'another zip' },
    { flags: '--password <password>', about: 'of its key stores, where somebody chose one' },
    { flags: '--password-file <file>', about: 'the same, from the first line of a file' },
    {
      flags: '--force',
      about: 'overwrite files that local-ca did not make, or that were changed; allow more than 825 days',
    },
    ...PASSPHRASE_FLAGS,
  ],
  examples: [
    ['local-ca renew db1.example.test', 'a new certificate for the same key, in the same folder'],
    ['local-ca renew --all --yes', 'whatever is due; for cron'],
    ['local-ca renew --all --within 60d --dry-run', 'what would be renewed'],
    ['local-ca renew --ca', 'the CA itself: what it signed stays valid, and clients get a longer root'],
    ['local-ca renew --ca --new-key', 'a new root, which the old one vouches for while clients learn of it'],
  ],
  run: async (context, labels, flags) => {
    if (flags.ca !== undefined) return renewAuthorities(context, labels, flags);
    if (labels.length === 0 && flags.all !== true) return askWhat(context, flags);
    refuseTogether(labels, flags);
    return withRecords(context, flags, (session) => renewSome(context, session, labels, flags));
  },
};

async function askWhat(context: Context, flags: Flags): Promise<number | undefined> {
  if (!context.io.interactive || flags.dryRun === true) throw noLabel();
  const { renewWizard } = await import('../wizard/renew.ts');
  return renewWizard(context, flags);
}

const noLabel = () =>
  new LocalCaError(
    'LOCAL_CA_ANSWER_MISSING',
    'no label was given',
    'Name what to renew: local-ca renew db1.example.test. Or renew what is due: local-ca renew --all',
  );

/** What is one certificate's cannot be said of several. */
function refuseTogether(labels: readonly string[], flags: Flags): void {
  const several = labels.length > 1 || flags.all === true;
  const own = ['key', 'out', 'zip'].find((flag) => flags[flag] !== undefined);
  if (labels.length > 0 && flags.all === true)
    throw wrong('labels were given together with --all', 'Give one of them.');
  if (several && own !== undefined)
    throw wrong(`--${own} was given for several certificates`, 'Renew them one by one.');
  if (flags.newKey === true && flags.key !== undefined)
    throw wrong('--key was given together with --new-key', 'Give one of them: the key stays, or there is a new one.');
}

const wrong = (message: string, hint: string) => new LocalCaError('LOCAL_CA_OPTION_INVALID', message, hint);

// --- which -------------------------------------------------------------------------------------------------------

interface Plan extends Renewable {
  readonly due: boolean;
}

async function renewSome(
  context: Context,
  session: Session,
  labels: readonly string[],
  flags: Flags,
): Promise<number | undefined> {
  const plans = await planOf(context, session, labels, flags);
  // Of what is due, another CA's certificates are for a person to see to.
  const foreign = flags.all === true ? plans.filter(({ record }) => record.issuerId === null) : [];
  for (const { record } of foreign) tellForeign(context, record);
  const own = plans.filter((plan) => !foreign.includes(plan));
  if (plans.length === 0) context.io.say('nothing is due');
  if (flags.dryRun === true) return tellPlan(context, session, own, flags);
  const tasks = tasksOf(own, flags, labels.length === 1);
  return (await renewAll(context, session, tasks, labels.length === 1)).code;
}

async function planOf(
  { ambient }: Context,
  { ca, home }: Session,
  labels: readonly string[],
  flags: Flags,
): Promise<Plan[]> {
  const placements = new Map((await home.store.placements()).map((placement) => [placement.label, placement]));
  const within = flags.within as Within | undefined;
  const wanted =
    flags.all === true ? await ca.list({ state: 'valid' }) : await Promise.all(labels.map((label) => ca.get(label)));
  // A label and its serial are the same certificate.
  const once = [...new Map(wanted.map((record) => [record.fingerprintSha256, record])).values()];
  const plans = once.map((record) => ({
    record,
    placement: placements.get(record.label),
    due: isDue(record, within, ambient.now()),
  }));
  // A label that was named is renewed, due or not, unless it was said what is due.
  return flags.all === true || within !== undefined ? plans.filter(({ due }) => due) : plans;
}

const tellForeign = ({ io, ambient }: Context, { label, notAfter }: CertificateRecord) =>
  io.warn(
    `${label} (${timeLeft(notAfter, ambient.now())}) is from another CA, which has to sign a new request: ` +
      `local-ca csr create --renew ${label}`,
  );

async function tellPlan(
  { io, ambient }: Context,
  { ca, home }: Session,
  plans: readonly Plan[],
  { newKey }: Flags,
): Promise<undefined> {
  for (const { record } of plans) {
    assertRenewable(record, await ca.get(record.label));
    if (newKey !== true) await assertKeyTrusted(record, home.store);
  }
  const rows = plans.map(({ record, placement }) => [
    record.label,
    isoDay(record.notAfter),
    timeLeft(record.notAfter, ambient.now()),
    placement?.folder ?? '-',
    record.serial,
  ]);
  const json = plans.map(({ record, placement, due }) => ({
    ...recordJson(record),
    due,
    folder: placement?.folder ?? null,
    zip: placement?.zip ?? null,
  }));
  io.result(json, table(['LABEL', 'EXPIRES', 'LEFT', 'FILES IN', 'SERIAL'], rows));
}

// --- and their renewal -------------------------------------------------------------------------------------------

/** A certificate, and what is wished for it. */
interface Task extends Renewable {
  readonly wishes: RenewalWishes;
}

/** Of several, a password is for those that have one: the others would refuse it. */
function tasksOf(plans: readonly Plan[], flags: Flags, single: boolean): Task[] {
  const wishes = wishesFrom(flags);
  const hasPassword = ({ placement }: Plan) => single || placement?.passwordGiven === true;
  return plans.map((plan) => ({ ...plan, wishes: hasPassword(plan) ? wishes : { ...wishes, password: undefined } }));
}

interface Failed {
  readonly label: string;
  readonly error: LocalCaError;
}

/** What became of all of them. */
export interface RenewalOutcome {
  readonly renewed: readonly Renewed[];
  readonly code: number | undefined;
}

/** Of several groups, each with flags of its own, as one run. */
export async function renewOrders(
  context: Context,
  orders: readonly { readonly names: readonly string[]; readonly flags: Flags }[],
): Promise<RenewalOutcome> {
  return withRecords(context, orders[0]?.flags ?? {}, async (session) => {
    const tasks: Task[] = [];
    for (const { names, flags } of orders) {
      refuseTogether(names, flags);
      tasks.push(...tasksOf(await planOf(context, session, names, flags), flags, names.length === 1));
    }
    return renewAll(context, session, tasks, tasks.length === 1);
  });
}

/** One after the other: what fails for one leaves the others as they are, and is told at the end. */
async function renewAll(
  context: Context,
  session: Session,
  tasks: readonly Task[],
  single: boolean,
): Promise<RenewalOutcome> {
  const done: { readonly record: CertificateRecord; readonly renewed: Renewed }[] = [];
  const failed: Failed[] = [];
  for (const { record, wishes, ...rest } of tasks) {
    try {
      const renewed = await renewOne(context, session, { record, ...rest }, wishes);
      done.push({ record, renewed });
      tell(context, renewed, record);
    } catch (error) {
      if (single || !(error instanceof LocalCaError)) throw error;
      failed.push({ label: record.label, error });
      context.io.error(`local-ca: ${record.label}: ${error.message}\n${error.hint}`);
    }
  }
  const renewed = done.map((one) => renewedJson(one.renewed, one.record));
  context.io.result(
    { renewed, failed: failed.map(failedJson) },
    done.map(({ renewed }) => deliveredPaths(renewed.delivery)).join('\n'),
  );
  return { renewed: done.map((one) => one.renewed), code: failed.length === 0 ? undefined : 1 };
}

const failedJson = ({ label, error: { code, message, hint } }: Failed) => ({ label, error: { code, message, hint } });

const wishesFrom = (flags: Flags): RenewalWishes => ({
  days: flags.days as number | undefined,
  newKey: flags.newKey === true,
  key: keyGiven(flags),
  keepKey: flags.keepKey === true,
  out: flags.out as string | undefined,
  zip: flags.zip as string | undefined,
  password: secretFrom(flags, 'password'),
  force: flags.force === true,
});

function tell(context: Context, { issued, delivery, deployed }: Renewed, before: CertificateRecord): void {
  tellCertificate(context, issued, delivery, 'renewed');
  context.io.say(`  takes the place of ${before.serial} (until ${isoDay(before.notAfter)})`);
  if (deployed) context.io.say('  its files are deployed: local-ca deploy run puts the new ones there');
}

const renewedJson = ({ issued, delivery }: Renewed, before: CertificateRecord) => ({
  ...issuedJson(issued.record, delivery, allWarnings(issued, delivery)),
  renews: { serial: before.serial, notAfter: isoTime(before.notAfter) },
});
