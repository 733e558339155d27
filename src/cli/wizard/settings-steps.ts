/** The questions about the server itself: where the files will be, its port ... What they are, the template says. */
import { checkSettings, joinSettings, parseSetting, type Settings } from '../../bundle/settings.ts';
import { shownDefault } from '../shown-setting.ts';
import type { Step } from './flow.ts';
import { type ServerAnswers, type ServerFacts, templateOf } from './server-steps.ts';
import { check } from './words.ts';

/** As `--set` takes it; undefined where nothing is set. */
export const setFlag = ({ set = {} }: ServerAnswers, { given }: ServerFacts): readonly Settings[] | undefined => {
  const all = [...((given.set as readonly Settings[] | undefined) ?? []), ...partsOf(set)];
  return all.length === 0 ? undefined : all;
};

const partsOf = (set: Settings): Settings[] => Object.entries(set).map(([name, value]) => ({ [name]: value }));

/** `port=5433 mutual=yes`: what a summary says, and what one types. */
const setText = (given: readonly Settings[] = []): string =>
  given.flatMap((one) => Object.entries(one).map(([name, value]) => `${name}=${value}`)).join(' ');

/** As a summary has it. */
export const settingsRow = (answers: ServerAnswers, facts: ServerFacts): string => {
  const text = setText(setFlag(answers, facts));
  return text === '' ? '' : `with ${text}`;
};

const readSettings = (text: string): Settings => joinSettings(text.split(/\s+/).filter(Boolean).map(parseSetting));

const knownTo = (answers: ServerAnswers, facts: ServerFacts) => templateOf(answers, facts)?.settings ?? {};

/** What the command line has set is not asked. */
const isAsked = (answers: ServerAnswers, facts: ServerFacts) =>
  facts.given.set === undefined && Object.keys(knownTo(answers, facts)).length > 0;

/** A line for each, but `--legacy` where the command line has it. */
const aboutSettings = (answers: ServerAnswers, facts: ServerFacts): string =>
  Object.entries(knownTo(answers, facts))
    .filter(([name]) => name !== 'legacy' || facts.given.legacy !== true)
    .map(([name, setting]) => `${withDefault(name, shownDefault(setting))} (${setting.about})`)
    .join('\n');

/** As one could type it: what the certificate will say is left out. */
const withDefault = (name: string, text: string) => (text.startsWith('(') ? name : `${name}=${text}`);

function defaults<A extends ServerAnswers, F extends ServerFacts>(): Step<A, F, boolean> {
  return {
    name: 'setDefaults',
    title: 'Settings of the server',
    when: isAsked,
    question: (answers, facts) => ({
      type: 'confirm',
      message: 'Settings of the server: take the defaults?',
      about: aboutSettings(answers, facts),
      default: answers.setDefaults ?? true,
    }),
    apply: (answers, value) => ({ ...answers, setDefaults: value, set: value ? undefined : answers.set }),
  };
}

function values<A extends ServerAnswers, F extends ServerFacts>(): Step<A, F, string> {
  return {
    name: 'set',
    title: 'What is set of the server',
    when: (answers, facts) => answers.setDefaults === false && isAsked(answers, facts),
    question: (answers, facts) => ({
      type: 'input',
      message: 'What is different:',
      about: `${aboutSettings(answers, facts)}\nWith spaces between, like ${example(Object.keys(knownTo(answers, facts)))}.`,
      default: setText(partsOf(answers.set ?? {})),
      validate: (text) =>
        check(() => checkSettings(nameOf(answers, facts), knownTo(answers, facts), readSettings(text))),
      shown: (text) => (text.trim() === '' ? 'nothing' : text),
    }),
    apply: (answers, text) => ({ ...answers, set: text.trim() === '' ? undefined : readSettings(text) }),
  };
}

const nameOf = (answers: ServerAnswers, facts: ServerFacts) => templateOf(answers, facts)?.name ?? '';

const example = (names: readonly string[]): string => {
  const known = ['port=5433', 'mutual=yes'].filter((text) => names.includes(text.split('=')[0] ?? ''));
  return known.length === 0 ? 'NAME=VALUE' : known.join(' ');
};

export const settingsSteps = <A extends ServerAnswers, F extends ServerFacts>(): Step<A, F>[] => [defaults(), values()];
