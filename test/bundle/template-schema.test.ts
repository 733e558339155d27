/** The published JSON schema is the one that local-ca reads templates with, and every template names it. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { listTemplates, PACKAGE_TEMPLATES } from '../../src/bundle/catalog.ts';
import { templateJsonSchema } from '../support/template-json-schema.ts';

describe('templates/template.schema.json', () => {
  it('is made from the schema in src (npm run schema)', () => {
    const published = JSON.parse(readFileSync(join(PACKAGE_TEMPLATES, 'template.schema.json'), 'utf8'));
    assert.deepEqual(published, JSON.parse(JSON.stringify(templateJsonSchema())));
  });

  it('is named by every template', async () => {
    const templates = await listTemplates([PACKAGE_TEMPLATES]);
    const strangers = templates.filter(({ $schema }) => $schema !== '../template.schema.json').map(({ name }) => name);
    assert.deepEqual(strangers, []);
  });
});
