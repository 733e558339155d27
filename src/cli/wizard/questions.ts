/** What the first wizard asks: each question is data, and refuses what the command line would refuse, in its words. */
import { hostname } from 'node:os';
import type { Template } from '../../bundle/template.ts';
import { normalizeAuthority, normalizeLeaf } from '../../core/options.ts';
import { LocalCaError } from '../../errors.ts';
import type { Flags } from '../command.ts';
import type { WizardQuestion } from './prompt.ts';

/** Under the names of the flags that give the same answer; one that a flag has given already is not asked for. */
export interface Answers extends Record<string, unknown> {
  readonly name?: string;
  readonly keyType?: string;
  readonly template?: string;
  readonly names: string;
  readonly out?: string;
}

/** The choices worth a thought; --key-type takes the others too. */
const CA_KEYS: readonly { readonly value: string; readonly why: string }[] = [
  { value: 'p256', why: 'small and fast, and every client of the last fifteen years takes it' },
  { value: 'p384', why: 'for rules that ask for more than 128 bits of security' },
  { value: 'rsa-3072', why: 'for clients so old that they know RSA only; slower' },
  { value: 'rsa-4096', why: 'the same, larger and slower still' },
  { value: 'ed25519', why: 'modern and small; browsers and Windows refuse it' },
];

export const questions = (templates: readonly Template[], flags: Flags, now: Date): WizardQuestion[] => {
  const all: WizardQuestion[] = [
    {
      type: 'input',
      name: 'name',
      message: 'Name of the CA:',
      default: `${hostname().slice(0, 40)} local CA`,
      validate: (name: string) => check(() => normalizeAuthority({ name }, name, now)),
    },
    {
      type: 'select',
      name: 'keyType',
      message: "The CA's key:",
      default: 'p256',
      choices: CA_KEYS.map(({ value, why }) => ({ value, description: why })),
    },
    {
      type: 'select',
      name: 'template',
      message: 'A first certificate, for:',
      default: 'generic',
      choices: templates.map(({ name, title, summary }) => ({ value: name, name: title, description: summary })),
    },
    {
      type: 'input',
      name: 'names',
      message: 'Its names and addresses:',
      default: hostname().toLowerCase(),
      validate: (text: string) => check(() => normalizeLeaf({ names: splitNames(text) }, now)),
    },
    {
      type: 'input',
      name: 'out',
      message: 'Folder for its files:',
      default: ({ names = '' }: Partial<Answers>) => normalizeLeaf({ names: splitNames(names) }, now).label,
      validate: (text: string) => text.trim() !== '' || 'Name a folder, like ./db1.',
    },
  ];
  return all.filter(({ name }) => flags[name] === undefined);
};

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

export const splitNames = (text: string): string[] => text.split(/[\s,;]+/).filter((name) => name !== '');
