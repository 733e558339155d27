/** The templates that a certificate can be made for. */
import { listTemplates } from '../../bundle/catalog.ts';
import { handsOutKey, type Template } from '../../bundle/template.ts';
import type { Context, Flags } from '../command.ts';
import { findTemplate, templateFolders } from '../deliver.ts';

/** That of the command line first: it may be a folder that no list has. Throws where it is none. */
export async function serverTemplates(context: Context, { template }: Flags): Promise<Template[]> {
  const templates = (await listTemplates(templateFolders(context))).filter((one) => handsOutKey(one, one.profile));
  const wanted = template === undefined ? [] : [await findTemplate(context, String(template))];
  return [...wanted.map((one) => ({ ...one, name: String(template) })), ...templates];
}
