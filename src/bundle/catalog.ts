/** Where templates are found: local-ca's own, the user's, or any folder by its path. */
import * as fs from 'node:fs';
import { join, resolve } from 'node:path';
import { nearNames } from '../core/near.ts';
import { quote } from '../core/text.ts';
import { LocalCaError } from '../errors.ts';
import { checkTexts } from './render.ts';
import { readTemplate, type Template } from './template.ts';

export { PACKAGE_TEMPLATES } from './package-templates.ts';

/**
 * Finds a template by name in these folders, the first that has it; a name with a `/` or `\` is a folder's path.
 * Throws LOCAL_CA_TEMPLATE_UNKNOWN or what `readTemplate` throws.
 */
export async function loadTemplate(nameOrPath: string, folders: readonly string[]): Promise<Template> {
  if (/[/\\]/.test(nameOrPath)) return readByPath(nameOrPath);
  const found = findAll(folders).find((place) => place.name === nameOrPath);
  if (found !== undefined) return readTemplate(found.path);
  throw new LocalCaError(
    'LOCAL_CA_TEMPLATE_UNKNOWN',
    `there is no template ${quote(nameOrPath)}`,
    hintFor(
      nameOrPath,
      findAll(folders).map((place) => place.name),
    ),
  );
}

async function readByPath(path: string): Promise<Template> {
  if (fs.existsSync(path)) return readTemplate(path, resolve(path));
  throw new LocalCaError(
    'LOCAL_CA_TEMPLATE_UNKNOWN',
    `there is no template folder ${quote(path)}`,
    'Check the path, or give the name of a template: local-ca template list.',
  );
}

/**
 * All of them by name, in order; a name in an earlier folder hides the same name in a later one. One that is broken
 * throws; with `onBroken`, that gets its error, and the others are listed.
 */
export async function listTemplates(
  folders: readonly string[],
  onBroken?: (error: LocalCaError) => void,
): Promise<Template[]> {
  const read = findAll(folders).map(async ({ path }) => {
    try {
      const template = await readTemplate(path);
      checkTexts(template);
      return [template];
    } catch (error) {
      if (onBroken === undefined || !(error instanceof LocalCaError)) throw error;
      onBroken(error);
      return [];
    }
  });
  return (await Promise.all(read)).flat();
}

interface Place {
  readonly name: string;
  readonly path: string;
}

function findAll(folders: readonly string[]): Place[] {
  const found = folders.flatMap(placesIn);
  const first = found.filter((place, i) => found.findIndex((other) => other.name === place.name) === i);
  return first.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function placesIn(folder: string): Place[] {
  const folders = entriesOf(folder).filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'));
  return folders.map(({ name }) => ({ name, path: join(folder, name) }));
}

/** A user who has no templates has no folder for them either. */
function entriesOf(folder: string): fs.Dirent[] {
  try {
    return fs.readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

function hintFor(wanted: string, names: readonly string[]): string {
  const near = nearNames(wanted, names);
  if (near.length > 0) return `Did you mean ${near.join(' or ')}?`;
  return `Use one of: ${names.join(', ')}; or the path of a folder, like ./my-template.`;
}
