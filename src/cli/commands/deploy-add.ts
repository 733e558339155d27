import { contentOf } from '../../bundle/contents.ts';
import type { Template } from '../../bundle/template.ts';
import type { PrivateKey } from '../../core/keys.ts';
import { quote, toHex } from '../../core/text.ts';
import { assertCounts, type GoalSources, goalOf } from '../../deploy/goal.ts';
import { formatHook } from '../../deploy/hook.ts';
import { eventOf } from '../../deploy/ports.ts';
import { servedNow } from '../../deploy/served.ts';
import { describeState, windowOf } from '../../deploy/states.ts';
import { LocalCaError } from '../../errors.ts';
import { parseTarget } from '../../probe/target.ts';
import type { CertificateRecord, PlacementRecord, TargetRecord } from '../../store/store.ts';
import type { Command, Context, Flags } from '../command.ts';
import { findTemplate, OUTPUT_FLAGS } from '../deliver.ts';
import { suggest, warnOf, warnOfName } from '../deploy-advice.ts';
import { hookOf, hookSeconds, hostName, type Settings, settingsFrom } from '../deploy-settings.ts';
import { placementOf } from '../deployed.ts';
import { sourcesOf, targetJson, withTargetLock } from '../deployment.ts';
import { type KeySource, keepKey, keyToKeep } from '../keep-key.ts';
import { isSamePlace } from '../places.ts';
import { PASSPHRASE_FLAGS, type Session, withAuthority } from '../session.ts';
import { secretFrom } from '../values.ts';

const FORMAT_FLAGS = OUTPUT_FLAGS.filter(({ flags }) => /--(template|format|set|legacy)\b/.test(flags));

export const deployAdd: Command = {
  name: 'deploy add',
  args: '<label>',
  summary: "Keep a server's folder up to date with a certificate: renewed before it ends, and put there",
  flags: [
    { flags: '--to <dir>', about: 'the folder that the server reads' },
    ...FORMAT_FLAGS,
    { flags: '--owner <user>', about: 'whose the files are to be (needs root)' },
    { flags: '--group <group>', about: "their group (default: the owner's)" },
    { flags: '--hook <command>', about: 'what makes the server read them again; no shell', parse: hookOf },
    { flags: '--hook-timeout <seconds>', about: 'how long that may take (default: 60)', parse: hookSeconds },
    { flags: '--window <times>', about: 'only then: 17:00-18:00, or "Sat,Sun 02:00-04:00"' },
    { flags: '--tz <zone>', about: "of the window, like Europe/Berlin (default: this machine's)" },
    { flags: '--probe <url>', about: 'must serve the new certificate afterwards, or the files before come back' },
    { flags: '--probe-name <name>', about: "the name to ask for there (default: the URL's host)", parse: hostName },
    { flags: '--with-crl', about: 'put the revocation lists there too, as crl.pem' },
    { flags: '--key <file>', about: 'the private key, where local-ca does not find it' },
    { flags: '--password <password>', about: 'opens that key, or the key store that holds it' },
    { flags: '--password-file <file>', about: 'the same, from the first line of a file' },
    ...PASSPHRASE_FLAGS,
  ],
  examples: [
    [
      "local-ca deploy add web.example.test --to /etc/nginx/tls --template nginx --hook 'nginx -s reload'",
      'nginx reads what stands in /etc/nginx/tls',
    ],
    [
      "local-ca deploy add db1.example.test --to /var/lib/postgresql/tls --template generic --owner postgres --hook 'runuser -u postgres -- pg_ctl reload -D /var/lib/postgresql/15/main' --probe postgres://db1.example.test --window 17:00-18:00 --tz Europe/Berlin",
      'in the maintenance window; rolled back unless PostgreSQL serves it',
    ],
  ],
  run: async (context, [label = ''], flags) => {
    const settings = settingsFrom(context, flags);
    await withAuthority(context, flags, (session) => add(context, session, label, settings, flags));
    return undefined;
  },
};

// --- for which certificate -----------------------------------------------------------------------------------

async function add(
  context: Context,
  session: Session,
  wanted: string,
  settings: Settings,
  flags: Flags,
): Promise<void> {
  const record = await session.ca.get(wanted);
  const { label } = record;
  const placement = await placementOf(session, label);
  const template = await findTemplate(
    context,
    (flags.template as string | undefined) ?? placement?.template ?? record.template ?? undefined,
  );
  const chosen = { ...settings, settings: settingsFor(settings, template, placement), label, template: template.name };
  const before = await targetAt(session, chosen.folder, label);
  refuseChosenPassword(chosen, template, placement);
  const source = { file: flags.key as string | undefined, placement, password: secretFrom(flags, 'password') };
  const key = await check(context, session, record, chosen, source);
  suggest(context, chosen, template);
  if (key !== undefined) await keepKey(session, record, key);
  const id = before?.id ?? toHex(context.ambient.random(4));
  const target = await withTargetLock(session, id, () =>
    session.home.exclusively(async () => {
      // What ran meanwhile may have changed it, or have made one.
      const now = await targetAt(session, chosen.folder, label);
      if (now !== undefined && now.id !== id) throw madeMeanwhile(now);
      const made = targetFrom(context, id, chosen, now);
      const event = eventOf(made, 'deploy-add', [label], context.ambient.now(), record.serial);
      await session.home.store.write([{ kind: 'target', record: made }, event]);
      return made;
    }),
  );
  const sees = await probed(target, record);
  tell(context, target, { isKept: key !== undefined, sees }, before);
}

/** What was set when the files were made holds here too; their folder is another. */
function settingsFor(
  { settings }: Settings,
  { name }: Template,
  placement: PlacementRecord | undefined,
): TargetRecord['settings'] {
  if (placement?.template !== name) return settings;
  const { dir: _, ...before } = placement.settings;
  return { ...before, ...settings };
}

const madeMeanwhile = ({ label, folder }: TargetRecord) =>
  new LocalCaError(
    'LOCAL_CA_TARGET_EXISTS',
    `another run has just added ${quote(label)} in ${folder}`,
    'To give it these settings, run the same command again.',
  );

/** What the server serves at the moment; it need not run yet. */
async function probed({ probe, probeName }: TargetRecord, record: CertificateRecord): Promise<string | null> {
  if (probe === null) return null;
  return servedNow(parseTarget(probe), record.fingerprintSha256, probeName ?? undefined);
}

/** What is there already: of the same label, it gets new settings. */
async function targetAt({ home }: Session, folder: string, label: string): Promise<TargetRecord | undefined> {
  const found = (await home.store.targets()).find((target) => isSamePlace(target.folder, folder));
  if (found === undefined || found.state === 'disabled' || (found.label === label && found.wish === 'enabled'))
    return found;
  if (found.label !== label) {
    throw new LocalCaError(
      'LOCAL_CA_TARGET_EXISTS',
      `${quote(found.label)} is deployed to ${folder}`,
      `Choose another folder, or disable that first: local-ca deploy remove ${found.id}`,
    );
  }
  throw new LocalCaError(
    'LOCAL_CA_TARGET_EXISTS',
    `${quote(label)} is being disabled in ${folder}`,
    `Let that be done first: local-ca deploy run ${found.id} --now`,
  );
}

/** A password that somebody chose is on no record. */
function refuseChosenPassword(
  { label, folder, formats }: Settings & { readonly label: string },
  template: Template,
  placement: PlacementRecord | undefined,
): void {
  if (placement?.passwordGiven !== true || !isSamePlace(placement.folder, folder)) return;
  const stores =
    formats === null
      ? template.files.some(({ content }) => contentOf(content).password === 'key')
      : formats.some((format) => ['p12', 'jks'].includes(format));
  if (!stores) return;
  throw new LocalCaError(
    'LOCAL_CA_PASSWORD_REQUIRED',
    `the key stores of ${quote(label)} in ${folder} have a password that somebody chose, and local-ca does not keep it`,
    'Deploy to another folder, where local-ca makes one up; or PEM files, with --format pem.',
  );
}

/** Everything that `deploy run` would stumble over, while somebody is there to mend it. Gives the key that is to be kept. */
async function check(
  context: Context,
  session: Session,
  record: CertificateRecord,
  chosen: Settings & Pick<TargetRecord, 'label' | 'template'>,
  source: KeySource,
): Promise<PrivateKey | undefined> {
  const { ca } = session;
  assertCounts(record, context.ambient.now());
  const key = await keyToKeep(record, source);
  const sources: GoalSources = {
    ...sourcesOf(context, session),
    ca: {
      get: (label) => ca.get(label),
      list: () => ca.list(),
      authorities: ca.authorities,
      export: (serial) => ca.export(serial, key),
      revocationLists: () => ca.revocationLists(),
    },
  };
  // The lists of this CA are made by the first run.
  warnOfName(context, record, chosen);
  warnOf(context, chosen, await goalOf({ ...chosen, withCrl: chosen.withCrl && record.issuerId === null }, sources));
  return key;
}

// --- what is recorded --------------------------------------------------------------------------------------------

function targetFrom(
  { ambient }: Context,
  id: string,
  settings: Settings & Pick<TargetRecord, 'label' | 'template'>,
  before: TargetRecord | undefined,
): TargetRecord {
  const now = ambient.now();
  if (before !== undefined && before.state !== 'disabled') return { ...before, ...settings, retryAt: null };
  const fresh: TargetRecord = {
    ...settings,
    id,
    wish: 'enabled',
    state: 'not-enabled',
    serial: null,
    contents: null,
    rights: [],
    problem: null,
    failures: 0,
    retryAt: null,
    since: now,
  };
  return windowOf(fresh, now) === undefined ? fresh : { ...fresh, state: 'waiting' };
}

interface Added {
  readonly isKept: boolean;
  /** What the probe sees. */
  readonly sees: string | null;
}

function tell(
  { io, ambient }: Context,
  target: TargetRecord,
  { isKept, sees }: Added,
  before: TargetRecord | undefined,
): void {
  const { label, folder, hook, id, probe, probeName } = target;
  const now = ambient.now();
  const isUpdate = before !== undefined && before.state !== 'disabled';
  io.say(`${io.style('green', isUpdate ? 'changed' : 'added')} ${label} in ${folder}: ${describeState(target, now)}`);
  if (hook.length > 0) io.say(`  hook: ${formatHook(hook)}`);
  if (probe !== null) io.say(`  probe: ${probe}${probeName === null ? '' : `, asked for ${probeName}`}`);
  if (sees !== null) io.say(`  now: ${sees}`);
  if (isKept) io.say('  a copy of its private key is kept in the home from now on: a deployment needs it');
  io.say('next: local-ca deploy run');
  io.result({ ...targetJson(target, now), sees }, id);
}
