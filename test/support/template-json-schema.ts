import { toJsonSchema } from '@valibot/to-json-schema';
import { TemplateSchema } from '../../src/bundle/template-schema.ts';

/** The published schema of template.json: what one may write, before modes become numbers. */
export const templateJsonSchema = () => ({
  ...toJsonSchema(TemplateSchema, { typeMode: 'input', ignoreActions: ['transform'] }),
  title: 'template.json of local-ca',
});
