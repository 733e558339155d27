/** The questions about a new CA: its name, and for those who want to know, the rest. */
import { normalizeAuthority } from '../../core/options.ts';
import type { Flags } from '../command.ts';
import { list, days as parseDays } from '../values.ts';
import type { Step } from './flow.ts';
import { keyChoices } from './server-steps.ts';
import { check } from './words.ts';

/** Absent is the default. */
export interface CaAnswers {
  readonly name?: string | undefined;
  /** false: the answers below count. */
  readonly defaults?: boolean;
  readonly caKeyType?: string | undefined;
  readonly caDays?: number | undefined;
  readonly intermediate?: boolean | undefined;
  readonly permit?: readonly string[] | undefined;
  readonly encryptKey?: boolean | undefined;
}

export interface CaFacts {
  readonly hostname: string;
  /** What the command line says of a CA, answered or not: a name has to be possible beside it. */
  readonly given: Flags;
  readonly now: Date;
}

const DEFAULT_CA_DAYS = 3650;

const SETTINGS = ['caKeyType', 'caDays', 'intermediate', 'permit', 'encryptKey'] as const satisfies (keyof CaAnswers)[];

/** The settings in one sentence. */
export function settingsText(answers: CaAnswers): string {
  const { caKeyType = 'p256', caDays = DEFAULT_CA_DAYS, intermediate, permit, encryptKey } = answers;
  return [
    `key ${caKeyType}`,
    `valid for ${caDays} days`,
    intermediate ? 'signs with an intermediate' : 'no intermediate',
    permit === undefined ? 'may sign any name' : `may sign ${permit.join(', ')} only`,
    encryptKey ? 'key file encrypted' : 'key file not encrypted',
  ].join('; ');
}

function name<A extends CaAnswers, F extends CaFacts>(): Step<A, F, string> {
  return {
    name: 'name',
    title: 'Name of the CA',
    question: ({ name }, { hostname, given, now }) => ({
      type: 'input',
      message: 'Name of the CA:',
      about: 'A CA of your own signs the certificate. People see its name where they trust it.',
      default: name ?? `${hostname.slice(0, 40)} local CA`,
      validate: (text) => check(() => normalizeAuthority({ ...given, name: text }, text, now)),
    }),
  };
}

function defaults<A extends CaAnswers, F extends CaFacts>(said: CaAnswers): Step<A, F, boolean> {
  return {
    name: 'defaults',
    title: 'Settings of the CA',
    when: () => SETTINGS.some((setting) => said[setting] === undefined),
    question: ({ defaults = true }) => ({
      type: 'confirm',
      message: 'Settings of the CA: take the defaults?',
      about: `${settingsText(said)}.`,
      default: defaults,
    }),
    apply: (answers, value) => {
      const unset = value ? Object.fromEntries(SETTINGS.map((setting) => [setting, said[setting]])) : {};
      return { ...answers, ...unset, defaults: value };
    },
  };
}

const asked = ({ defaults }: CaAnswers) => defaults === false;

function caKeyType<A extends CaAnswers, F extends CaFacts>(): Step<A, F, string> {
  return {
    name: 'caKeyType',
    title: "The CA's key",
    when: asked,
    question: ({ caKeyType = 'p256' }) => ({
      type: 'select',
      message: "The CA's key:",
      default: caKeyType,
      choices: keyChoices('p256'),
    }),
    apply: (answers, value) => ({ ...answers, caKeyType: value === 'p256' ? undefined : value }),
  };
}

function caDays<A extends CaAnswers, F extends CaFacts>(): Step<A, F, string> {
  return {
    name: 'caDays',
    title: 'How long the CA is valid',
    when: asked,
    question: ({ caDays = DEFAULT_CA_DAYS }, { now }) => ({
      type: 'input',
      message: 'Days that the CA is valid:',
      about: 'When it ends, every client has to trust another: ten years are usual.',
      default: String(caDays),
      validate: (text) => check(() => normalizeAuthority({ days: parseDays(text) }, 'ca', now)),
    }),
    apply: (answers, value) => ({
      ...answers,
      caDays: Number(value) === DEFAULT_CA_DAYS ? undefined : Number(value),
    }),
  };
}

function intermediate<A extends CaAnswers, F extends CaFacts>(): Step<A, F, boolean> {
  return {
    name: 'intermediate',
    title: 'An intermediate',
    when: asked,
    question: ({ intermediate = false }) => ({
      type: 'confirm',
      message: 'Sign with an intermediate?',
      about: "Then the root's key can be taken off this machine; servers send one more certificate.",
      default: intermediate,
    }),
    apply: (answers, value) => ({ ...answers, intermediate: value || undefined }),
  };
}

function permit<A extends CaAnswers, F extends CaFacts>(): Step<A, F, string> {
  return {
    name: 'permit',
    title: 'Names that the CA may sign',
    when: asked,
    question: ({ permit = [] }, { now }) => ({
      type: 'input',
      message: 'The only names it may sign:',
      about:
        'Domains and networks, like .internal,10.0.0.0/8: who steals its key can then imitate nothing else. Leave it empty for no limit.',
      default: permit.join(','),
      shown: (text) => (text.trim() === '' ? 'any' : text),
      validate: (text) => check(() => normalizeAuthority({ permit: permitOf(text) }, 'ca', now)),
    }),
    apply: (answers, value) => ({ ...answers, permit: permitOf(value) }),
  };
}

/** Spaces part them too; none are no limit. */
function permitOf(text: string): string[] | undefined {
  const names = list(text.trim().replaceAll(/[\s;]+/g, ','));
  return names.length === 0 ? undefined : names;
}

function encryptKey<A extends CaAnswers, F extends CaFacts>(): Step<A, F, boolean> {
  return {
    name: 'encryptKey',
    title: "Encryption of the CA's key",
    when: asked,
    question: ({ encryptKey = false }) => ({
      type: 'confirm',
      message: "Encrypt the CA's key with a passphrase?",
      about: 'It is asked for at every signature, so that unattended renewal has to be given it too.',
      default: encryptKey,
    }),
    apply: (answers, value) => ({ ...answers, encryptKey: value || undefined }),
  };
}

export const caSteps = <A extends CaAnswers, F extends CaFacts>(said: CaAnswers): Step<A, F>[] => [
  name(),
  defaults(said),
  caKeyType(),
  caDays(),
  intermediate(),
  permit(),
  encryptKey(),
];
