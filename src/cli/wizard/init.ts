/**
 * The first wizard: from nothing to a CA, a server certificate and its zip. Each question is data; the answers become
 * the same arguments that the command line takes, so the wizard can print the command that repeats it.
 */
import { hostname } from 'node:os';
import { listTemplates } from '../../bundle/catalog.ts';
import type { Template } from '../../bundle/template.ts';
import { KEY_ALGORITHMS } from '../../core/algorithms.ts';
import { parseName } from '../../core/names.ts';
import { normalizeAuthority, normalizeLeaf } from '../../core/options.ts';
import { LocalCaError } from '../../errors.ts';
import { look } from '../../store/layout.ts';
import type { Context, Flags } from '../command.ts';
import { initWithout } from '../commands/init.ts';
import { templateFolders } from '../deliver.ts';
import { commandLine } from './command-line.ts';
import { ask } from './prompt.ts';

interface Answers extends Record<string, unknown> {
  readonly name: string;
  readonly keyType: string;
  readonly template: string;
  readonly names: string;
  readonly out: string;
  readonly go: boolean;
}

export async function initWizard(context: Context, flags: Flags): Promise<number | undefined> {
  refuseSecondCa(context.home);
  const { io, ambient } = context;
  const templates = await listTemplates(templateFolders(context));
  io.say('This makes a certificate authority of your own, and a first certificate for one of your servers.\n');
  const answers = await ask<Answers>(questions(templates, ambient.now()));
  if (!answers.go) {
    io.say('nothing was made');
    return 130;
  }
  const names = splitNames(answers.names);
  const chosen = flagsFrom(answers, templates);
  await initWithout(context, names, { ...flags, ...chosen });
  io.say(
    `\nThe same without questions:\n  ${commandLine('init', names, { ...givenBefore(flags), ...chosen, yes: true })}`,
  );
  return undefined;
}

function refuseSecondCa(home: string): void {
  if (look(home) !== 'home') return;
  throw new LocalCaError(
    'LOCAL_CA_HOME_EXISTS',
    `there is already a CA at ${home}`,
    'Use it: local-ca issue NAME. Or name another folder with --home.',
  );
}

/** What stood on the command line already; the wizard repeats it. */
const givenBefore = ({ color: _color, ...flags }: Flags): Flags => flags;

function flagsFrom({ name, keyType, template, out }: Answers, templates: readonly Template[]): Flags {
  const zip = templates.find((one) => one.name === template)?.zip?.name;
  return { name, keyType, template, out, zip: zip === undefined || zip.includes('{{') ? `${out}.zip` : zip };
}

export const splitNames = (text: string): string[] => text.split(/[\s,;]+/).filter((name) => name !== '');

// --- the questions -----------------------------------------------------------------------------------------------

/** inquirer shows a text as what is wrong, and goes on for `true`. */
function check(use: () => unknown): true | string {
  try {
    use();
    return true;
  } catch (error) {
    if (error instanceof LocalCaError) return `${error.message}. ${error.hint}`;
    throw error;
  }
}

const questions = (templates: readonly Template[], now: Date) => [
  {
    type: 'input' as const,
    name: 'name',
    message: 'What shall the CA be called?',
    default: `${hostname().slice(0, 40)} local CA`,
    validate: (name: string) => check(() => normalizeAuthority({ name }, name, now)),
  },
  {
    type: 'select' as const,
    name: 'keyType',
    message: 'Which key for the CA? (p256 is fast and known everywhere; rsa-3072 for very old clients)',
    default: 'p256',
    choices: KEY_ALGORITHMS.map(({ keyType, title }) => ({ value: keyType, name: `${keyType}  (${title})` })),
  },
  {
    type: 'select' as const,
    name: 'template',
    message: 'Which server is the first certificate for?',
    default: 'generic',
    choices: templates.map(({ name, title }) => ({ value: name, name: `${name}  (${title})` })),
  },
  {
    type: 'input' as const,
    name: 'names',
    message: 'Its names and addresses, all that clients connect to (db1.example.test 10.0.0.5)',
    default: hostname().toLowerCase(),
    validate: (text: string) => check(() => normalizeLeaf({ names: splitNames(text) }, now)),
  },
  {
    type: 'input' as const,
    name: 'out',
    message: 'Into which folder?',
    default: ({ names = '' }: Partial<Answers>) => labelFor(names),
    validate: (text: string) => text.trim() !== '' || 'Name a folder, like ./db1.',
  },
  {
    type: 'confirm' as const,
    name: 'go',
    default: true,
    message: (answers: Partial<Answers>) => summary(answers as Answers, templates),
  },
];

const labelFor = (names: string) => (parseName(splitNames(names)[0] ?? '').text ?? '').replace(/^\*\./, '_wildcard.');

function summary({ name, keyType, template, names, out }: Answers, templates: readonly Template[]): string {
  const serverKey = templates.find((one) => one.name === template)?.keyType ?? 'p256';
  return `A CA "${name}" (${keyType}), and for ${template} a certificate (${serverKey}) with the names ${splitNames(names).join(', ')}, in ${out}. Go?`;
}
