/** The user's own templates: a broken one is found when a renewal needs it, unless somebody looks before. */
import { listTemplates } from '../../bundle/catalog.ts';
import { templatesIn } from '../deliver.ts';
import { type Finding, type Patient, warning } from './finding.ts';

export async function checkTemplates({ home }: Pick<Patient, 'home'>): Promise<Finding[]> {
  const found: Finding[] = [];
  await listTemplates([templatesIn(home.path)], ({ message, hint }) => found.push(warning(message, hint)));
  return found;
}
