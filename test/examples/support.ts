/** Runs the examples as their README says. */
import { join } from 'node:path';
import { repository } from '../../scripts/programs.mjs';
import { program } from '../support/cli.ts';

export const example = (...path: string[]): string => join(repository, 'examples', ...path);

/** A TypeScript example, as on Node 20. */
export const typeScript = ['--import', import.meta.resolve('ts-blank-space/register')];

/** For `LOCAL_CA` in shell examples: the built program. */
export const command = `${process.execPath} ${program}`;
