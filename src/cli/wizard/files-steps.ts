/** The questions about the files of one certificate: where they go, and whether in a zip too. */
import { dirname, join } from 'node:path';
import { CONTENTS } from '../../bundle/contents.ts';
import { fillPath } from '../../bundle/paths.ts';
import { normalizeLeaf } from '../../core/options.ts';
import type { Step } from './flow.ts';
import { namesOf, type ServerAnswers, type ServerFacts, templateOf } from './server-steps.ts';

export interface FilesAnswers extends ServerAnswers {
  /** Absent is a folder of the label's name. */
  readonly out?: string | undefined;
  /** A path where the command line gave one. */
  readonly zip?: boolean | string;
}

export interface FilesFacts extends ServerFacts {
  /** What the command line says; else the first name. */
  readonly label?: string | undefined;
}

/** What names the certificate and its files. */
export const labelOf = (answers: ServerAnswers, { label, now }: FilesFacts): string =>
  label ?? normalizeLeaf({ names: namesOf(answers) }, now).label;

/** The template's own; files that the command line asks for take the place of all of the template's. */
const templateZip = (answers: FilesAnswers, facts: FilesFacts) =>
  facts.given.format === undefined ? templateOf(answers, facts)?.zip : undefined;

/** Beside the folder, not in it: it is what gets carried to another machine. */
function zipOf(answers: FilesAnswers, facts: FilesFacts): string {
  const label = labelOf(answers, facts);
  const name = templateZip(answers, facts)?.name ?? '{{label}}.zip';
  return join(dirname(answers.out ?? label), fillPath(name, label));
}

/** As the flag `--zip` takes it. */
export const zipFlag = (answers: FilesAnswers, facts: FilesFacts): string | undefined =>
  answers.zip === true ? zipOf(answers, facts) : answers.zip || undefined;

const isFolderName = (text: string): true | string => text.trim() !== '' || 'Name a folder, like ./db1.';

function out<A extends FilesAnswers, F extends FilesFacts>(): Step<A, F, string> {
  return {
    name: 'out',
    title: 'Where the files go',
    question: (answers, facts) => ({
      type: 'input',
      message: 'Folder for the files:',
      default: answers.out ?? labelOf(answers, facts),
      validate: isFolderName,
    }),
    // Where it is the default, it follows the names when these are changed.
    apply: (answers, value, facts) => ({ ...answers, out: value === labelOf(answers, facts) ? undefined : value }),
  };
}

/** Nobody is to send a private key around who did not mean to: only a zip for everybody is made unless refused. */
function zip<A extends FilesAnswers, F extends FilesFacts>(): Step<A, F, boolean> {
  return {
    name: 'zip',
    title: 'The zip',
    question: (answers, facts) => ({
      type: 'confirm',
      message: 'A zip of them too?',
      about: `${zipOf(answers, facts)}: ${whatIsIn(answers, facts)}.`,
      default: answers.zip === undefined ? !holdsKey(answers, facts) : answers.zip !== false,
    }),
  };
}

function whatIsIn(answers: FilesAnswers, facts: FilesFacts): string {
  const isWhole = templateZip(answers, facts)?.files === undefined;
  const what = isWhole ? 'all the files, to carry them to the server' : 'what its clients need';
  const secret = 'It holds the private key: give it to nobody else';
  return holdsKey(answers, facts) ? `${what}. ${secret}` : `${what}, and no secret`;
}

/** Whether a private key is in the zip. */
function holdsKey(answers: FilesAnswers, facts: FilesFacts): boolean {
  const template = templateOf(answers, facts);
  if (template === undefined || facts.given.format !== undefined) return true;
  const { zip: { files: chosen } = {}, files, clientFiles = [] } = template;
  const packed = chosen === undefined ? files : [...files, ...clientFiles].filter(({ path }) => chosen.includes(path));
  return packed.some(({ content }) => CONTENTS[content].needsKey);
}

/** As a summary has it. */
export function zipText(answers: FilesAnswers, facts: FilesFacts): string {
  const path = zipFlag(answers, facts);
  if (path === undefined) return '';
  return `and ${path}${holdsKey(answers, facts) ? ', which holds the private key' : ''}`;
}

export const filesSteps = <A extends FilesAnswers, F extends FilesFacts>(): Step<A, F>[] => [out(), zip()];
