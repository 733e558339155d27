// Writes templates/template.schema.json, for editors that complete and check template.json as it is typed. It is made from
// the schema that local-ca itself reads with; a test compares the two.   npm run schema
import { writeFileSync } from 'node:fs';
import { templateJsonSchema } from '../test/support/template-json-schema.ts';

const path = new URL('../templates/template.schema.json', import.meta.url);
writeFileSync(path, `${JSON.stringify(templateJsonSchema(), null, 2)}\n`);
