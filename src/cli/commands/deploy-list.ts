import { isoTime } from '../../core/time.ts';
import { isAbout } from '../../deploy/ports.ts';
import { rightsWarnings } from '../../deploy/rights.ts';
import { describeState, stateWords } from '../../deploy/states.ts';
import type { AuditEvent, Store, TargetRecord } from '../../store/store.ts';
import type { Command, Context } from '../command.ts';
import { chooseTargets, hookText, nextOf, targetJson } from '../deployment.ts';
import { fitted } from '../fit-table.ts';
import { table } from '../io.ts';
import { withAuthority } from '../session.ts';

export const deployList: Command = {
  name: 'deploy list',
  summary: 'Show what is deployed where, and how',
  flags: [],
  examples: [['local-ca deploy list', 'labels, folders, templates, windows and hooks']],
  run: async (context, _args, flags) =>
    withAuthority(context, flags, async ({ home }) => {
      const targets = await home.store.targets();
      if (targets.length === 0) context.io.say('nothing is deployed yet: local-ca deploy add --help');
      const rows = targets.map((target) => [
        target.id,
        target.label,
        target.folder,
        target.template,
        target.window === null ? '-' : `${target.window} ${target.timeZone}`,
        stateWords(target),
        hookText(target),
      ]);
      const json = targets.map((target) => targetJson(target, context.ambient.now()));
      context.io.result(json, table(LIST, fitted(LIST, rows, context.io.dataColumns, LIST_ORDER)));
      return undefined;
    }),
};

const LIST = ['ID', 'LABEL', 'FOLDER', 'TEMPLATE', 'WINDOW', 'STATE', 'HOOK'];
/** What gives way on a narrow terminal. */
const LIST_ORDER = ['HOOK', 'FOLDER', 'WINDOW', 'TEMPLATE', 'LABEL', 'STATE'];

export const deployState: Command = {
  name: 'deploy state',
  args: '[targets...]',
  summary: 'Show how far each deployment is, and what is wrong with it',
  flags: [{ flags: '--log', about: 'what was done and when, with the output of hooks' }],
  examples: [
    ['local-ca deploy state', 'all of them'],
    ['local-ca deploy state db1.example.test --log', 'one of them, with its history'],
  ],
  exits: [[3, 'something is wrong with one of them']],
  run: async (context, wanted, flags) =>
    withAuthority(context, flags, async ({ home }) => {
      const targets = chooseTargets(await home.store.targets(), wanted);
      await tell(context, home.store, targets, flags.log === true);
      return targets.some(({ problem }) => problem !== null) ? 3 : undefined;
    }),
};

/** More than any target has in years. */
const MOST_EVENTS = 100_000;

interface Shown {
  readonly target: TargetRecord;
  readonly next: string;
  /** Oldest first; empty unless asked for. */
  readonly events: readonly AuditEvent[];
}

async function tell({ io, ambient }: Context, store: Store, targets: readonly TargetRecord[], log: boolean) {
  const now = ambient.now();
  const events = log ? (await store.audit(MOST_EVENTS)).reverse() : [];
  const shown: Shown[] = [];
  for (const target of targets) {
    const next = nextOf(target, await store.byLabel(target.label), now);
    shown.push({ target, next, events: events.filter((event) => isAbout(target, event)) });
  }
  if (shown.length === 0) io.say('nothing is deployed yet: local-ca deploy add --help');
  const json = shown.map((one) => ({
    ...targetJson(one.target, now),
    next: one.next,
    ...(log ? { log: one.events.map((event) => ({ ...event, at: isoTime(event.at) })) } : {}),
  }));
  io.result(json, [stateTable(shown, now, io.dataColumns), ...remarksOn(shown), ...shown.flatMap(logLines)].join('\n'));
}

const STATE = ['LABEL', 'FOLDER', 'STATE', 'SINCE', 'SERIAL', 'NEXT'];
/** The start of a serial is enough to name it. */
const STATE_ORDER = ['SERIAL', 'SINCE', 'FOLDER', 'STATE', 'NEXT', 'LABEL'];

function stateTable(shown: readonly Shown[], now: Date, columns: number): string {
  const rows = shown.map(({ target, next }) => [
    target.label,
    target.folder,
    describeState(target, now),
    isoTime(target.since),
    target.serial ?? '-',
    next,
  ]);
  return table(STATE, fitted(STATE, rows, columns, STATE_ORDER));
}

const remarksOn = (shown: readonly Shown[]): string[] =>
  shown.flatMap(({ target }) => {
    const where = `${target.label} in ${target.folder}`;
    const problems = target.problem === null ? [] : [`problem: ${where}: ${target.problem}`];
    return [...problems, ...rightsWarnings(target).map((text) => `warning: ${where}: ${text}`)];
  });

const logLines = ({ target, events }: Shown): string[] =>
  events.length === 0 ? [] : ['', `${target.label} in ${target.folder} (${target.id})`, ...events.map(eventText)];

const eventText = ({ at, action, detail }: AuditEvent): string => {
  const [first = '', ...rest] = detail.slice(detail.indexOf('): ') + 3).split('\n');
  return [`${isoTime(at)}  ${action}  ${first}`, ...rest.map((line) => `    ${line}`)].join('\n');
};
