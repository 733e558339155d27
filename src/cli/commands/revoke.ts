import type { Revocable } from '../../authority/revoke.ts';
import { parseCertificate } from '../../core/parse.ts';
import { findReason, mayBecome, REVOCATION_REASONS, type RevocationReason } from '../../core/reasons.ts';
import { decodeSubject, formatSubject } from '../../core/subject.ts';
import { isoTime } from '../../core/time.ts';
import { LocalCaError } from '../../errors.ts';
import type { Command, Context, Flags } from '../command.ts';
import { consequencesOf, nextSteps } from '../consequences.ts';
import { rebuildAll, warnOfUnmade } from '../rebuild.ts';
import { type ShownState, stateOf, timeLeft } from '../records.ts';
import { assertListsCanBeMade, listJson, listWarnings, publishLists, refreshLists } from '../revocation-lists.ts';
import { PASSPHRASE_FLAGS, type Session, withAuthority } from '../session.ts';
import { date } from '../values.ts';

const REASON_NAMES = REVOCATION_REASONS.map(({ name }) => name);

export const revoke: Command = {
  name: 'revoke',
  args: '<label>',
  summary: 'Say of a certificate that it no longer counts, by its label or serial',
  flags: [
    {
      flags: '-r, --reason <reason>',
      about: `why: ${REASON_NAMES.join(', ')} (default: unspecified)`,
      parse: findReason,
      values: REASON_NAMES,
    },
    { flags: '--invalid-since <date>', about: 'since when its key may have been in other hands', parse: date },
    { flags: '--release', about: 'take it off hold: it counts again' },
    { flags: '--crl', about: 'make new revocation lists at once' },
    ...PASSPHRASE_FLAGS,
  ],
  examples: [
    ['local-ca revoke db1.example.test --reason keyCompromise --crl', 'its key was stolen'],
    ['local-ca revoke 4fd1a2 --reason superseded', 'one that was replaced, by its serial'],
    ['local-ca revoke alice --reason certificateHold', 'for the time being; --release takes it back'],
  ],
  run: async (context, [wanted = ''], flags) => {
    refuseContradictions(flags);
    await withAuthority(context, flags, async (session) => {
      const what = await session.ca.revocable(wanted);
      if (flags.crl === true) await assertListsCanBeMade(session).catch(nothingDone);
      const done =
        flags.release === true ? await session.ca.release(what.serial) : await revokeIt(context, session, what, flags);
      if (done !== what) announce(context, done);
      await tell(context, session, done, flags);
    });
    return undefined;
  },
};

function refuseContradictions({ release, reason, invalidSince }: Flags): void {
  if (release !== true || (reason === undefined && invalidSince === undefined)) return;
  throw new LocalCaError(
    'LOCAL_CA_OPTION_INVALID',
    `--release was given together with ${reason === undefined ? '--invalid-since' : '--reason'}`,
    'A certificate that is released counts as if it had never been on hold.',
  );
}

function nothingDone(error: unknown): never {
  if (!(error instanceof LocalCaError)) throw error;
  const hint = `${error.hint} Nothing was done: without --crl, no key is needed.`;
  throw new LocalCaError(error.code, error.message, hint, { cause: error });
}

async function revokeIt(context: Context, { ca }: Session, what: Revocable, flags: Flags): Promise<Revocable> {
  const given = flags.reason as RevocationReason | undefined;
  if (flags.crl === true && stands(what, given)) {
    context.io.warn(`${what.name} (${what.serial}) was revoked already (${what.revocation?.reason}), which stays`);
    return what;
  }
  const reason = context.io.interactive ? await askToRevoke(context, what, given) : given;
  return ca.revoke(what.serial, { reason, invalidSince: flags.invalidSince as Date | undefined });
}

/** Of what is revoked already, the lists can still be made: an earlier run may not have come that far. */
const stands = ({ revocation }: Revocable, reason: RevocationReason = 'unspecified'): boolean =>
  revocation !== null && !mayBecome(revocation.reason, reason);

// --- before ------------------------------------------------------------------------------------------------------

/** It cannot be undone, so that a person sees first what it is. Gives the reason. */
async function askToRevoke(
  { io, ambient }: Context,
  what: Revocable,
  given: RevocationReason | undefined,
): Promise<RevocationReason> {
  const { subject, notAfter } = parseCertificate(what.certificate);
  io.say(`${what.kind === 'certificate' ? what.name : `the ${what.kind} ${what.name}`}`);
  io.say(`  ${formatSubject(decodeSubject(subject)) || 'no subject'}, serial ${what.serial}`);
  io.say(`  valid until ${isoTime(notAfter).slice(0, 10)} (${timeLeft(notAfter, ambient.now())})`);
  const { ask } = await import('../wizard/prompt.ts');
  const choices = REVOCATION_REASONS.map(({ name, title }) => ({ value: name, name: `${title} (${name})` }));
  const answers = await ask<{ reason?: RevocationReason; sure: boolean }>([
    ...(given === undefined
      ? [{ type: 'select', name: 'reason', message: 'Why:', choices, default: 'unspecified' }]
      : []),
    {
      type: 'confirm',
      name: 'sure',
      message: ({ reason = given }: { reason?: RevocationReason }) =>
        reason === 'certificateHold' ? 'Put it on hold?' : 'Revoke it? This cannot be undone.',
      default: false,
    },
  ]);
  if (answers.sure) return answers.reason ?? given ?? 'unspecified';
  throw new LocalCaError('LOCAL_CA_CANCELLED', 'cancelled', 'Nothing was revoked.');
}

// --- afterwards --------------------------------------------------------------------------------------------------

function announce({ io }: Context, { serial, name, revocation }: Revocable): void {
  const [verb, why] = revocation === null ? ['released', ''] : ['revoked', ` (${revocation.reason})`];
  io.say(`${io.style('green', verb)} ${name}, serial ${serial}${why}`);
}

async function tell(context: Context, session: Session, done: Revocable, flags: Flags): Promise<void> {
  const { io, ambient } = context;
  const { serial, name, revocation } = done;
  const warnings = await consequencesOf(session.ca, done, ambient.now(), flags.crl === true);
  for (const { message } of warnings) io.warn(message);
  const lists = flags.crl === true ? await makeLists(context, session) : undefined;
  if (done.kind !== 'certificate' && lists === undefined) await publishLists(session);
  for (const step of nextSteps(done, lists !== undefined, ambient.now())) io.say(step);
  const rebuilt = done.kind === 'root' ? await rebuildFiles(context, session) : undefined;
  const record = {
    serial,
    label: name,
    state: await shownState(session, done, ambient.now()),
    revokedAt: revocation === null ? null : isoTime(revocation.at),
    reason: revocation?.reason ?? null,
    warnings,
  };
  io.result({ ...record, ...(lists === undefined ? {} : { lists }), ...(rebuilt && { rebuilt }) }, serial);
}

/** Trust files are without it from now on, and servers need not send its cross certificate. */
async function rebuildFiles(context: Context, session: Session): Promise<string[]> {
  const all = await rebuildAll(context, session);
  warnOfUnmade(context, all);
  const folders = all.flatMap(({ placement, delivery }) => (delivery === undefined ? [] : [placement.folder]));
  if (folders.length > 0) context.io.say(`made again without it: ${folders.join(', ')}`);
  return folders;
}

/** An authority that can be revoked has been replaced. */
async function shownState({ ca }: Session, { kind, serial, revocation }: Revocable, now: Date): Promise<ShownState> {
  if (kind === 'certificate') return stateOf(await ca.get(serial), now);
  return revocation === null ? 'superseded' : 'revoked';
}

async function makeLists({ io, ambient }: Context, session: Session) {
  const { listsPath } = session.home;
  const made = await refreshLists(session, {});
  const warnings = await listWarnings(session, made, ambient.now());
  for (const { message } of warnings.flat()) io.warn(message);
  io.say(`${io.style('green', 'made')} new lists: ${listsPath}`);
  return made.map((one, i) => listJson(one, listsPath, warnings[i] ?? []));
}
