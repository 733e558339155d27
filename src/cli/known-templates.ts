/** The templates that can be named: a broken one of the user's must not hide the others. */
import { listTemplates } from '../bundle/catalog.ts';
import type { Template } from '../bundle/template.ts';
import type { Context } from './command.ts';
import { templateFolders } from './deliver.ts';

/** Of each that is broken there is a warning instead. */
export const knownTemplates = (context: Pick<Context, 'home' | 'io'>): Promise<Template[]> =>
  listTemplates(templateFolders(context), ({ message }) => context.io.warn(`${message}. That template is left out.`));
