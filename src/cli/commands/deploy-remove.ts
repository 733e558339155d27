import type { Revocable } from '../../authority/revoke.ts';
import { sharesKey } from '../../authority/stolen-key.ts';
import { parseCertificate } from '../../core/parse.ts';
import { findReason, mayBecome, type RevocationReason } from '../../core/reasons.ts';
import { isoTime } from '../../core/time.ts';
import { eventOf, isAbout } from '../../deploy/ports.ts';
import { type Outcome, runLocked } from '../../deploy/run.ts';
import { describeState, isUnderWay } from '../../deploy/states.ts';
import { LocalCaError } from '../../errors.ts';
import type { CertificateRecord, TargetRecord } from '../../store/store.ts';
import type { Command, Context, Flags } from '../command.ts';
import { consequencesOf } from '../consequences.ts';
import { outcomeJson } from '../deploy-round.ts';
import { chooseTarget, portsOf, removeTargetFolder, targetJson, withTargetLock } from '../deployment.ts';
import { PASSPHRASE_FLAGS, type Session, withAuthority } from '../session.ts';

export const deployRemove: Command = {
  name: 'deploy remove',
  args: '<target>',
  summary: "Take local-ca's files away from a server again; and once that is done, forget the deployment",
  flags: [
    { flags: '--now', about: 'at once, not in the window' },
    { flags: '--revoke', about: 'first revoke the certificate, whether the window is open or not' },
    { flags: '--reason <reason>', about: 'why it is revoked: see local-ca revoke --help', parse: findReason },
    ...PASSPHRASE_FLAGS,
  ],
  examples: [
    ['local-ca deploy remove web.example.test', 'takes its files away, and runs the hook'],
    ['local-ca deploy remove /etc/nginx/tls --now --revoke', 'at once, and nobody shall use the certificate any more'],
  ],
  run: async (context, [wanted = ''], flags) => {
    if (flags.reason !== undefined && flags.revoke !== true) throw noRevocation();
    return withAuthority(context, flags, (session) => remove(context, session, wanted, flags));
  },
};

const noRevocation = () =>
  new LocalCaError('LOCAL_CA_OPTION_INVALID', '--reason was given without --revoke', 'Add --revoke, or leave it out.');

async function remove(context: Context, session: Session, wanted: string, flags: Flags): Promise<number | undefined> {
  const all = await session.home.store.targets();
  const { id, label } = chooseTarget(all, wanted);
  if (flags.revoke === true) refuseShared(all, id, label);
  return withTargetLock(session, id, async () => {
    // Somebody may have been at work on it until now.
    const target = chooseTarget(await session.home.store.targets(), id);
    // A key that is in other hands waits for no window.
    if (flags.revoke === true) await revokeAll(context, session, target, flags);
    if (target.state === 'disabled') return forget(context, session, target);
    return tell(context, await disableNow(context, session, target, flags), flags);
  });
}

/** Revoked, it would still be served elsewhere. */
function refuseShared(all: readonly TargetRecord[], id: string, label: string): void {
  const other = all.find((target) => target.label === label && target.id !== id && target.state !== 'disabled');
  if (other === undefined) return;
  throw new LocalCaError(
    'LOCAL_CA_OPTION_INVALID',
    `the certificate of ${label} is deployed to ${other.folder} too`,
    `Remove that first, or revoke it by itself: local-ca revoke ${label}`,
  );
}

async function forget({ io, ambient }: Context, session: Session, target: TargetRecord): Promise<undefined> {
  const event = eventOf(target, 'deploy-remove', ['forgotten'], ambient.now());
  await session.home.store.write([{ kind: 'target-gone', id: target.id }, event]);
  removeTargetFolder(session, target.id);
  io.say(`${io.style('green', 'forgotten')} ${target.label} in ${target.folder}: it was disabled already`);
  io.result({ ...targetJson(target, ambient.now()), result: 'gone', changed: true }, target.id);
}

async function disableNow(context: Context, session: Session, before: TargetRecord, flags: Flags): Promise<Outcome> {
  const ports = portsOf(context, session);
  const event = eventOf(
    before,
    'deploy-remove',
    [flags.now === true ? 'at once' : 'as its window allows'],
    ports.now(),
  );
  // An earlier failure is no reason to wait with this.
  const target: TargetRecord = { ...before, wish: 'disabled', retryAt: isUnderWay(before) ? before.retryAt : null };
  await session.home.store.write([{ kind: 'target', record: target }, event]);
  return runLocked(ports, target, { atOnce: flags.now === true });
}

function tell({ io, ambient }: Context, outcome: Outcome, flags: Flags): number | undefined {
  const { target, result } = outcome;
  const now = ambient.now();
  const where = `${target.label} in ${target.folder}`;
  io.say(`${where}: ${describeState(target, now)}`);
  if (target.problem !== null) io.error(`${io.style('red', 'problem')} ${where}: ${target.problem}`);
  if (target.state === 'disabled') {
    io.say('the copy of its private key stays in the home');
    io.say(`next: local-ca deploy remove ${target.id} forgets the deployment, local-ca deploy add enables it again`);
  } else if (flags.revoke === true) {
    io.warn(`its server still has the files: local-ca deploy run ${target.id} --now takes them away at once`);
  }
  io.result(outcomeJson(outcome, now), target.id);
  return result === 'failed' ? 1 : undefined;
}

// --- revocation --------------------------------------------------------------------------------------------------

/** What was deployed, and all else of the label that was signed for the same key and still counts. */
async function revokeAll(
  { io, ambient }: Context,
  session: Session,
  target: TargetRecord,
  flags: Flags,
): Promise<void> {
  const { ca } = session;
  const deployed = await ca.get((await deployedSerial(session, target)) ?? target.label);
  if (deployed.issuerId === null) await ca.revocable(deployed.serial);
  const isTwin = sharesKey(parseCertificate(deployed.certificate).publicKey);
  const reason = flags.reason as RevocationReason | undefined;
  const all = (await ca.list({ label: target.label })).filter(
    (one) => one.issuerId !== null && one.notAfter > ambient.now(),
  );
  const counting = all.filter((one) => isTwin(one) && isRevocable(one, reason));
  if (counting.length === 0) io.say(`nothing to revoke: no certificate of ${target.label} counts any more`);
  let done: Revocable | undefined;
  for (const { serial } of counting) {
    done = await ca.revoke(serial, { reason });
    const { name, revocation } = done;
    const since = revocation === null ? '' : ` (${revocation.reason}, ${isoTime(revocation.at)})`;
    io.say(`${io.style('green', 'revoked')} ${name}, serial ${serial}${since}`);
  }
  if (done !== undefined) {
    // The key is the same for all of them, and so is what else has it.
    for (const { message } of await consequencesOf(ca, done, ambient.now())) io.warn(message);
    io.say('next: local-ca crl tells clients');
  }
  for (const { serial } of all.filter((one) => !isTwin(one) && isRevocable(one))) {
    io.say(`not revoked, since it has another key: local-ca revoke ${serial}`);
  }
}

/** What is on hold can still be revoked for good, and of anything it can be said that its key was stolen. */
const isRevocable = ({ revocation }: CertificateRecord, reason: RevocationReason = 'unspecified') =>
  revocation === null || mayBecome(revocation.reason, reason);

/** The record of a target that is disabled does not say what stood there last; the log does. */
async function deployedSerial({ home }: Session, target: TargetRecord): Promise<string | null> {
  if (target.serial !== null || target.state !== 'disabled') return target.serial;
  const events = (await home.store.audit(MOST_EVENTS)).filter((event) => isAbout(target, event));
  return events.find(({ action, serial }) => action !== 'deploy-add' && serial !== null)?.serial ?? null;
}

/** More than any target has in years. */
const MOST_EVENTS = 100_000;
