import { findReason, type RevocationReason } from '../../core/reasons.ts';
import { isoTime } from '../../core/time.ts';
import { eventOf } from '../../deploy/ports.ts';
import { type Outcome, runLocked } from '../../deploy/run.ts';
import { describeState, isUnderWay } from '../../deploy/states.ts';
import { LocalCaError } from '../../errors.ts';
import type { TargetRecord } from '../../store/store.ts';
import type { Command, Context, Flags } from '../command.ts';
import { outcomeJson } from '../deploy-round.ts';
import { chooseTarget, portsOf, removeTargetFolder, targetJson, withTargetLock } from '../deployment.ts';
import { PASSPHRASE_FLAGS, type Session, withAuthority } from '../session.ts';

export const deployRemove: Command = {
  name: 'deploy remove',
  args: '<target>',
  summary: "Take local-ca's files away from a server again; and once that is done, forget the deployment",
  flags: [
    { flags: '--now', about: 'at once, not in the window' },
    { flags: '--revoke', about: 'also revoke the certificate' },
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
  const { id, label, serial } = chooseTarget(all, wanted);
  if (flags.revoke === true) refuseShared(all, id, label);
  return withTargetLock(session, id, async () => {
    // Somebody may have been at work on it until now.
    const target = chooseTarget(await session.home.store.targets(), id);
    if (target.state === 'disabled') return forget(context, session, target);
    const outcome = await disableNow(context, session, target, flags);
    const exit = tell(context, outcome);
    return flags.revoke === true ? revoke(context, session, outcome.target, serial ?? label, flags) || exit : exit;
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

function tell({ io, ambient }: Context, outcome: Outcome): number | undefined {
  const { target, result } = outcome;
  const now = ambient.now();
  const where = `${target.label} in ${target.folder}`;
  io.say(`${where}: ${describeState(target, now)}`);
  if (target.problem !== null) io.error(`${io.style('red', 'problem')} ${where}: ${target.problem}`);
  if (target.state === 'disabled') {
    io.say('the copy of its private key stays in the home');
    io.say(`next: local-ca deploy remove ${target.id} forgets the deployment, local-ca deploy add enables it again`);
  }
  io.result(outcomeJson(outcome, now), target.id);
  return result === 'failed' ? 1 : undefined;
}

/** Only what no server shows any more. */
async function revoke(
  { io }: Context,
  { ca }: Session,
  target: TargetRecord,
  which: string,
  flags: Flags,
): Promise<number | undefined> {
  if (target.state !== 'disabled') {
    io.warn(`not revoked: it is still served. When it is disabled: local-ca revoke ${target.label}`);
    return 1;
  }
  const { serial, name, revocation } = await ca.revoke(which, { reason: flags.reason as RevocationReason | undefined });
  const since = revocation === null ? '' : ` (${revocation.reason}, ${isoTime(revocation.at)})`;
  io.say(`${io.style('green', 'revoked')} ${name}, serial ${serial}${since}`);
  io.say('next: local-ca crl tells clients');
  return undefined;
}
