/** The templates that a certificate can be made for. */
import { handsOutKey, type Template } from '../../bundle/template.ts';
import type { Context, Flags } from '../command.ts';
import { findTemplate } from '../deliver.ts';
import { knownTemplates } from '../known-templates.ts';

/** By title, as they are shown; that of the command line first: it may be a folder that no list has. Throws where it is none. */
export async function serverTemplates(context: Context, { template }: Flags): Promise<Template[]> {
  const templates = (await knownTemplates(context))
    .filter((one) => handsOutKey(one, one.profile))
    .sort((a, b) => a.title.localeCompare(b.title, 'en'));
  const wanted = template === undefined ? [] : [await findTemplate(context, String(template))];
  return [...wanted.map((one) => ({ ...one, name: String(template) })), ...templates];
}
