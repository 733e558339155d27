import { isoTime } from '../../core/time.ts';
import type { Command, Context, Flags } from '../command.ts';
import {
  askFirst,
  changeLine,
  exitCodeOf,
  outcomeJson,
  type Preview,
  previewRound,
  type Round,
  runRound,
  wouldSign,
} from '../deploy-round.ts';
import { targetJson } from '../deployment.ts';
import { fitted } from '../fit-table.ts';
import { table } from '../io.ts';
import { PASSPHRASE_FLAGS, type Session, withAuthority } from '../session.ts';

export const RUN_FLAGS = [
  { flags: '--now', about: 'at once: without regard to windows, and to what failed before' },
  { flags: '--no-renew', about: 'deploy what there is, and renew nothing' },
  { flags: '--force', about: 'replace files that local-ca did not make, or that somebody edited' },
] as const;

export const deployRun: Command = {
  name: 'deploy run',
  args: '[targets...]',
  summary: 'Do what is due now: renew, put files in place, run hooks',
  flags: [...RUN_FLAGS, { flags: '--dry-run', about: 'show what would be done, and do nothing' }, ...PASSPHRASE_FLAGS],
  examples: [
    ['local-ca deploy run', 'everything that is due; for cron or a timer'],
    ['local-ca deploy run web.example.test --now', 'one of them, outside its window too'],
    ['local-ca deploy run --dry-run', 'what would be done'],
  ],
  run: async (context, wanted, given) => {
    const flags = given.dryRun === true ? given : await asked(context, wanted, given);
    return withAuthority(context, flags, async (session) => {
      if (flags.dryRun === true) return tellPreviews(context, await previewRound(context, session, wanted, flags));
      return runOnce(context, session, wanted, flags);
    });
  },
};

/** Before anything is begun that others would have to wait for. */
async function asked(context: Context, wanted: readonly string[], flags: Flags): Promise<Flags> {
  if (!context.io.interactive) return flags;
  return withAuthority(context, flags, async (session) =>
    (await wouldSign(context, session, wanted, flags)) ? askFirst(context, session, flags) : flags,
  );
}

async function runOnce(
  context: Context,
  session: Session,
  wanted: readonly string[],
  flags: Flags,
): Promise<number | undefined> {
  const round = await runRound(context, session, wanted, flags);
  if (round.outcomes.length === 0) context.io.say('nothing is deployed yet: local-ca deploy add --help');
  tellRound(context, round);
  return exitCodeOf(round);
}

function tellRound({ io, ambient }: Context, { outcomes, renewed }: Round): void {
  const json = {
    renewed: renewed.map(({ label, serial }) => ({ label, serial })),
    targets: outcomes.map((outcome) => outcomeJson(outcome, ambient.now())),
  };
  io.result(json, outcomes.map(changeLine).filter(Boolean).join('\n'));
}

const HEADER = ['LABEL', 'FOLDER', 'WOULD'];

function tellPreviews({ io, ambient }: Context, previews: readonly Preview[]): number | undefined {
  const rows = previews.map((one) => [one.target.label, one.target.folder, previewText(one)]);
  const json = previews.map(({ target, renews, step, problem }) => ({
    ...targetJson(target, ambient.now()),
    renews,
    would: step?.kind === 'work' ? step.work : (step?.kind ?? 'fail'),
    wouldAt: wouldAt(step),
    problem: problem ?? target.problem,
  }));
  io.result(json, table(HEADER, fitted(HEADER, rows, io.dataColumns, ['FOLDER'])));
  return previews.some(({ step }) => step === null) ? 1 : undefined;
}

function wouldAt(step: Preview['step']): string | null {
  if (step?.kind === 'wait') return isoTime(step.until);
  return step?.kind === 'later' ? isoTime(step.at) : null;
}

function previewText({ renews, step, problem }: Preview): string {
  const renewal = renews ? ['renew'] : [];
  if (step === null) return [...renewal, `fail: ${problem}`].join(', ');
  if (step.kind === 'work') return [...renewal, step.work].join(', ');
  if (step.kind === 'wait') return [...renewal, `wait until ${isoTime(step.until)}`].join(', ');
  if (step.kind === 'later') return [...renewal, `wait until ${isoTime(step.at)}`].join(', ');
  return renews ? 'renew, update' : 'do nothing';
}
