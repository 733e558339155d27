/**
 * The first wizard: from nothing to a CA, a server certificate and its zip. The answers become the same flags that the
 * command line takes, so the wizard can print the command that repeats it.
 */
import { dirname, join, resolve } from 'node:path';
import { listTemplates } from '../../bundle/catalog.ts';
import { fillPath } from '../../bundle/paths.ts';
import { README, type Template } from '../../bundle/template.ts';
import { normalizeAuthority, normalizeLeaf } from '../../core/options.ts';
import { LocalCaError } from '../../errors.ts';
import { look } from '../../store/layout.ts';
import type { Context, Flags } from '../command.ts';
import { initWithout } from '../commands/init.ts';
import { findTemplate, templateFolders } from '../deliver.ts';
import { commandLine } from './command-line.ts';
import { ask } from './prompt.ts';
import { type Answers, questions, splitNames } from './questions.ts';

/** Everything that is settled before anything is made. */
interface Plan {
  readonly names: readonly string[];
  /** What stood on the command line, and the answers. */
  readonly flags: Flags;
  readonly template: Template;
}

export async function initWizard(context: Context, given: Flags): Promise<number | undefined> {
  const { io } = context;
  await refuseEarly(context, given);
  io.say('A few questions, then you have a CA of your own and a first server certificate.');
  io.say(io.style('dim', 'Enter takes what is shown. Nothing is made before the end; Ctrl-C leaves.\n'));
  const plan = await askPlan(context, given);
  for (const line of summary(context, plan)) io.say(line);
  const { go } = await ask<{ go: boolean }>([{ type: 'confirm', name: 'go', message: 'Make them?', default: true }]);
  if (!go) throw new LocalCaError('LOCAL_CA_CANCELLED', 'cancelled', 'Nothing was made.');
  try {
    await initWithout(context, plan.names, plan.flags);
  } finally {
    // Also after a failure: nobody should have to answer twice.
    const { color: _color, ...flags } = plan.flags;
    io.say(`\nThe same without questions:\n  ${commandLine('init', plan.names, { ...flags, yes: true })}`);
  }
  io.say(`\nWhat each file is and where it goes: ${join(plan.flags.out as string, README)}`);
  return undefined;
}

/** What no answer could mend is refused before the first question. */
async function refuseEarly({ home, ambient, ...context }: Context, flags: Flags): Promise<void> {
  if (look(home) === 'home') {
    throw new LocalCaError(
      'LOCAL_CA_HOME_EXISTS',
      `there is already a CA at ${home}`,
      'Use it: local-ca issue NAME. Or name another folder with --home.',
    );
  }
  normalizeAuthority(flags, 'local-ca', ambient.now());
  await findTemplate({ home, ambient, ...context }, flags.template as string | undefined);
}

async function askPlan(context: Context, given: Flags): Promise<Plan> {
  const now = context.ambient.now();
  const templates = await listTemplates(templateFolders(context));
  const { names: text, ...answers } = await ask<Answers>(questions(templates, given, now));
  const names = splitNames(text);
  const flags = { ...given, ...answers };
  const template = await findTemplate(context, flags.template as string | undefined);
  const zip = given.zip ?? zipBeside(flags.out as string, template, normalizeLeaf({ names }, now).label);
  return { names, flags: { ...flags, zip }, template };
}

/** Not inside the folder: it is what gets carried to another machine. */
const zipBeside = (out: string, { zip }: Template, label: string) =>
  join(dirname(out), fillPath(zip?.name ?? '{{label}}.zip', label));

function summary({ home, ambient, io }: Context, { names, flags, template }: Plan): string[] {
  const { name, keyType = 'p256', out, zip } = flags;
  const until = normalizeAuthority(flags, '', ambient.now()).notAfter.toISOString().slice(0, 10);
  const rows: readonly (readonly [title: string, text: string | undefined])[] = [
    ['CA', `${name}, ${keyType}, until ${until}`],
    ['', `in ${resolve(home)}`],
    ['Server', names.join(', ')],
    ['', `${template.title}, ${template.keyType ?? 'p256'}`],
    ['', template.keyTypeWhy],
    ['Files', `in ${out}`],
    ['', `and ${zip}`],
  ];
  const lines = rows.flatMap(([title, text = '']) =>
    wrap(text, io.columns - MARGIN).map((line, i) => [i === 0 ? title : '', line] as const),
  );
  return ['', ...lines.map(([title, line]) => `  ${io.style('bold', title.padEnd(MARGIN - 2))}${line}`), ''];
}

/** Two spaces, the longest title, two spaces. */
const MARGIN = 10;

/** Lines of at most `width` characters, broken between words; none for no text. */
function wrap(text: string, width: number): string[] {
  return text.match(new RegExp(`\\S.{0,${Math.max(width, 20) - 2}}\\S(?=\\s|$)|\\S+`, 'g')) ?? [];
}
