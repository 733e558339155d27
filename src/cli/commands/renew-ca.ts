/** `renew --ca`: the CA's own certificates, and the files that hold them. */
import { assertCanRenew, spareLevels } from '../../authority/renew-authority.ts';
import { fingerprintSha256, namesIssuerSerial, parseCertificate } from '../../core/parse.ts';
import { quote } from '../../core/text.ts';
import { isoDay, isoTime } from '../../core/time.ts';
import type { Warning } from '../../core/validity.ts';
import { LocalCaError } from '../../errors.ts';
import type { AuthorityRecord, TargetRecord } from '../../store/store.ts';
import type { Context, Flags } from '../command.ts';
import { isOfAuthority } from '../deliver.ts';
import { table } from '../io.ts';
import { type Rebuilt, rebuildAll, warnOfUnmade } from '../rebuild.ts';
import { deliveredPaths, timeLeft } from '../records.ts';
import { type Session, withAuthority } from '../session.ts';
import { flagName, secretFrom } from '../values.ts';

type Role = AuthorityRecord['role'];

/** Everything, however long it is valid. */
const RENEW_ALL = 'local-ca renew --all --within 99999d';

export async function renewAuthorities(context: Context, labels: readonly string[], flags: Flags): Promise<undefined> {
  const role = roleOf(flags);
  refuseOthers(labels, flags);
  await withAuthority(context, flags, async (session) => {
    if (flags.dryRun === true) return tellPlan(context, session, role);
    const warnings = warnBefore(context, session, role, flags);
    await confirm(context, session, role, flags);
    await renewNow(context, session, role, flags, warnings);
  });
}

/** For whoever has asked already. */
export async function renewAuthoritiesNow(context: Context, flags: Flags): Promise<undefined> {
  const role = roleOf(flags);
  refuseOthers([], flags);
  await withAuthority(context, flags, async (session) => {
    const warnings = warnBefore(context, session, role, flags);
    await renewNow(context, session, role, flags, warnings);
  });
}

function roleOf({ ca }: Flags): Role | undefined {
  if (ca === true) return undefined;
  if (ca === 'root' || ca === 'intermediate') return ca;
  throw new LocalCaError(
    'LOCAL_CA_OPTION_INVALID',
    `--ca cannot be ${quote(String(ca))}`,
    'It is root, intermediate, or nothing for all of the CA.',
  );
}

/** They are about certificates that the CA signed. */
function refuseOthers(labels: readonly string[], flags: Flags): void {
  const other = ['all', 'within', 'key', 'keepKey', 'out', 'zip'].find((flag) => flags[flag] !== undefined);
  if (labels.length === 0 && other === undefined) return;
  const what = labels.length > 0 ? 'labels were' : `${flagName(other as string)} was`;
  throw new LocalCaError(
    'LOCAL_CA_OPTION_INVALID',
    `${what} given together with --ca`,
    "--ca renews the CA's own certificates, and nothing else.",
  );
}

const wantedOf = (chain: readonly AuthorityRecord[], role: Role | undefined) =>
  chain.filter((authority) => role === undefined || authority.role === role);

async function tellPlan({ io, ambient }: Context, { ca, home }: Session, role: Role | undefined): Promise<undefined> {
  assertCanRenew({ chain: ca.chain, options: { role }, keys: await home.caKeys.list() });
  const rows = wantedOf(ca.chain, role).map(({ id, name, role: own, certificate }) => {
    const { notAfter } = parseCertificate(certificate);
    return { serial: id, role: own, name, notAfter: isoTime(notAfter), left: timeLeft(notAfter, ambient.now()) };
  });
  io.result(
    rows.map(({ left: _left, ...row }) => row),
    table(
      ['ROLE', 'NAME', 'EXPIRES', 'LEFT', 'SERIAL'],
      rows.map((row) => [row.role, row.name, row.notAfter.slice(0, 10), row.left, row.serial]),
    ),
  );
}

/** New keys change what every client has to trust. */
async function confirm({ io }: Context, { ca }: Session, role: Role | undefined, flags: Flags): Promise<void> {
  if (!replacesRoot(role, flags) || !io.interactive) return;
  const { ask } = await import('../wizard/prompt.ts');
  const message = `Replace the root ${ca.root.name}? Clients need the new trust files before ${untilText(ca.root)}.`;
  const { go } = await ask<{ go: boolean }>([{ type: 'confirm', name: 'go', message, default: false }]);
  if (!go) throw new LocalCaError('LOCAL_CA_CANCELLED', 'cancelled', 'Nothing was changed.');
}

const replacesRoot = (role: Role | undefined, { newKey }: Flags) => newKey === true && role !== 'intermediate';

/** What will not go as smoothly as it should, as far as it can be known before. */
function warnBefore({ io }: Context, { ca }: Session, role: Role | undefined, flags: Flags): Warning[] {
  const warnings = replacesRoot(role, flags) ? roomWarnings(ca) : serialWarnings(wantedOf(ca.chain, role));
  for (const { message } of warnings) io.warn(message);
  return warnings;
}

function serialWarnings(wanted: readonly AuthorityRecord[]): Warning[] {
  if (!wanted.some(({ certificate }) => namesIssuerSerial(parseCertificate(certificate)))) return [];
  const message =
    'the tool that made this CA also names it by its serial in what it signed, and OpenSSL refuses that with a renewed CA. ' +
    'Trust files keep the old root beside the new one until it ends: issue those certificates anew here before';
  return [{ code: 'issuer-serial', message }];
}

/** They count each cross certificate, though one of the same name is self-issued (RFC 5280 4.2.1.9). */
function roomWarnings({ root, roots, chain }: Session['ca']): Warning[] {
  const keys = [...new Set(roots.map(({ keyId }) => keyId))];
  const behind = ({ keyId }: AuthorityRecord) => keys.indexOf(keyId) + 1;
  const tight = roots.filter(
    (one) => spareLevels(parseCertificate(one.certificate), chain.length - 1) < behind(one) && isNewest(one, roots),
  );
  return tight.map((one) =>
    one.keyId === root.keyId
      ? {
          code: 'no-room',
          message:
            `the root ${root.name} has no room for a cross certificate below it: GnuTLS, Go and Python clients that know the old ` +
            'root alone will refuse what the new one signs. Give them the new trust files before servers get new certificates',
        }
      : {
          code: 'left-behind',
          message:
            `the root ${one.id} is still being replaced: clients that know it alone are then ${behind(one)} roots behind, which ` +
            `GnuTLS, Go and Python refuse. When none are left, end it first: local-ca revoke ${one.id}`,
        },
  );
}

const isNewest = ({ id, keyId }: AuthorityRecord, roots: readonly AuthorityRecord[]) =>
  roots.find((one) => one.keyId === keyId)?.id === id;

const untilText = ({ certificate }: AuthorityRecord) => isoDay(parseCertificate(certificate).notAfter);

async function renewNow(
  context: Context,
  session: Session,
  role: Role | undefined,
  flags: Flags,
  warnings: readonly Warning[],
): Promise<void> {
  const { ca, home } = session;
  const { chain, root: before } = ca;
  const days = flags.days as number | undefined;
  const made = await ca.renewAuthorities({ role, days, newKey: flags.newKey === true });
  await home.publishCertificates();
  const rebuilt = await rebuildAll(context, session, secretFrom(flags, 'password'));
  const targets = (await home.store.targets()).filter(({ state }) => state === 'enabled');
  tell(context, session, made, rebuilt, targets);
  tellClients(context, session, before, rebuilt, targets);
  tellServers(context, chain, ca.chain, targets);
  const behind = ca.root.keyId === before.keyId ? [] : targets;
  context.io.result(
    {
      renewed: made.map((one) => authorityRow(one, replacedBy(one, chain, ca.chain))),
      ...json(session, rebuilt, behind),
      warnings,
    },
    rebuilt.flatMap(pathsOf).join('\n'),
  );
}

const pathsOf = ({ delivery }: Rebuilt) => (delivery === undefined ? [] : [deliveredPaths(delivery)]);

function tell(
  context: Context,
  { home }: Session,
  made: readonly AuthorityRecord[],
  rebuilt: readonly Rebuilt[],
  targets: readonly TargetRecord[],
): void {
  const { io, ambient } = context;
  for (const one of made) {
    const { notAfter } = parseCertificate(one.certificate);
    io.say(`${io.style('green', 'renewed')} ${one.name} (${kindOf(one, made)}, serial ${one.id})`);
    io.say(`  valid until ${isoDay(notAfter)} (${timeLeft(notAfter, ambient.now())})`);
  }
  io.say(`  the CA's certificate for clients: ${home.certificatePath('root')}`);
  warnOfUnmade(context, rebuilt);
  if (targets.length > 0) io.say('next: local-ca deploy run, which brings the new chain to the servers');
}

/** A cross certificate stands on record as the intermediate that it is for those who know the old root alone. */
const kindOf = ({ role, keyId }: AuthorityRecord, made: readonly AuthorityRecord[]): string =>
  role === 'intermediate' && made.some((one) => one.role === 'root' && one.keyId === keyId)
    ? 'cross certificate'
    : role;

interface OldRootOnly {
  /** Empty for the files of the CA alone. */
  readonly label: string;
  readonly folder: string;
  readonly why: string;
}

/** Only what local-ca has written can be known; copies that were carried to clients cannot. */
function oldRootOnly({ ca }: Session, rebuilt: readonly Rebuilt[], targets: readonly TargetRecord[]): OldRootOnly[] {
  const root = fingerprintSha256(ca.root.certificate);
  return [
    ...rebuilt.flatMap(({ placement, why }) => {
      const { label, folder, roots } = placement;
      if (why === undefined || roots.includes(root)) return [];
      return [{ label: isOfAuthority(placement) ? '' : label, folder, why }];
    }),
    ...targets.map(({ label, folder }) => ({ label, folder, why: 'local-ca deploy run has not brought it there yet' })),
  ];
}

/** Clients may have any root of that key which counted until now, not the newest alone. */
function copiesEnd({ ca }: Session, before: AuthorityRecord, now: Date): Date {
  const ends = ca.authorities
    .filter(({ id, role, keyId }) => role === 'root' && keyId === before.keyId && id !== ca.root.id)
    .filter(({ revocation }) => revocation === null)
    .map(({ certificate }) => parseCertificate(certificate).notAfter)
    .filter((end) => end > now);
  const own = parseCertificate(before.certificate).notAfter;
  return ends.reduce((first, end) => (end < first ? end : first), own);
}

function tellClients(
  { io, ambient }: Context,
  session: Session,
  before: AuthorityRecord,
  rebuilt: readonly Rebuilt[],
  targets: readonly TargetRecord[],
): void {
  if (session.ca.root.id === before.id) return;
  const until = isoTime(copiesEnd(session, before, ambient.now())).slice(0, 10);
  if (session.ca.root.keyId === before.keyId) {
    io.say(`copies of the root that clients have count until ${until}: give them the new trust files by then`);
    return;
  }
  const rows = oldRootOnly(session, rebuilt, targets);
  if (rows.length > 0) io.say('These know the old root alone:');
  for (const { folder, why } of rows) io.say(`  ${folder}: ${why}`);
  io.say(`Every copy that clients have knows the old root alone, too. It vouches for the new one until ${until}:`);
  io.say(`  give clients the new trust files; then renew what servers have: ${RENEW_ALL}`);
  io.say(`  when all clients have them, end it: local-ca revoke ${before.id}`);
}

type Chain = readonly AuthorityRecord[];

/** Each stands where the one before it stood. A cross certificate takes nobody's place. */
const replacedBy = ({ id }: AuthorityRecord, before: Chain, after: Chain): AuthorityRecord | undefined =>
  before[after.findIndex((one) => one.id === id)];

/** Of an intermediate with a new key: what the one before signed goes on beside it, until somebody ends that. */
function tellServers({ io }: Context, before: Chain, after: Chain, targets: readonly TargetRecord[]): void {
  const replaced = before.filter(({ role, keyId }, i) => role === 'intermediate' && after[i]?.keyId !== keyId);
  const commands = [RENEW_ALL, ...(targets.length > 0 ? ['local-ca deploy run'] : [])];
  for (const { id, name } of replaced) {
    io.say(`servers send ${name} until they have new certificates: ${commands.join(', then ')}`);
    io.say(`  when all have them, end it: local-ca revoke ${id} --reason superseded`);
  }
}

function json(session: Session, rebuilt: readonly Rebuilt[], targets: readonly TargetRecord[]) {
  return {
    rebuilt: rebuilt.flatMap(({ placement, delivery }) => (delivery === undefined ? [] : [placement.folder])),
    oldRootOnly: oldRootOnly(session, rebuilt, targets),
  };
}

function authorityRow({ id, role, name, certificate }: AuthorityRecord, replaced: AuthorityRecord | undefined) {
  const { notAfter } = parseCertificate(certificate);
  return {
    serial: id,
    role,
    name,
    notAfter: isoTime(notAfter),
    fingerprintSha256: fingerprintSha256(certificate),
    replaces: replaced?.id ?? null,
  };
}
