/** The questions about the files of one certificate: where they go, and whether in a zip too. */
import { dirname, join } from 'node:path';
import { fillPath } from '../../bundle/paths.ts';
import type { Template } from '../../bundle/template.ts';
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

/** Beside the folder, not in it: it is what gets carried to another machine. */
function zipOf(answers: FilesAnswers, facts: FilesFacts): string {
  const label = labelOf(answers, facts);
  const name = templateOf(answers, facts)?.zip?.name ?? '{{label}}.zip';
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

function zip<A extends FilesAnswers, F extends FilesFacts>(): Step<A, F, boolean> {
  return {
    name: 'zip',
    title: 'The zip',
    question: (answers, facts) => ({
      type: 'confirm',
      message: 'A zip of them too?',
      about: `${zipOf(answers, facts)}: ${whatIsIn(templateOf(answers, facts))}.`,
      default: answers.zip !== false,
    }),
  };
}

const whatIsIn = (template: Template | undefined) =>
  template?.zip?.files === undefined
    ? 'all the files, to carry them to the server; with the private key'
    : 'what its clients need, and no secret';

export const filesSteps = <A extends FilesAnswers, F extends FilesFacts>(): Step<A, F>[] => [out(), zip()];
