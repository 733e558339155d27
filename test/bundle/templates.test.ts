/** Every template that the package brings, with every kind of material. A new folder is tested by being there. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { buildBundle } from '../../src/bundle/bundle.ts';
import { listTemplates, PACKAGE_TEMPLATES } from '../../src/bundle/catalog.ts';
import type { Material } from '../../src/bundle/material.ts';
import type { Template } from '../../src/bundle/template.ts';
import { FORMATS as ALL_FORMATS, type FormatName } from '../../src/formats/formats.ts';
import { caMaterial, countingRandom, keylessMaterial, leafMaterial, material, NOW } from '../support/fixtures.ts';
import { build, paths, textOf } from './support.ts';

const MATERIALS: Record<string, Material> = {
  'a certificate': material,
  'a certificate of the root': { ...material, intermediates: [] },
  'an address': { ...material, leaf: { ...leafMaterial, names: ['::1'] } },
  'a client': { ...material, leaf: { ...leafMaterial, names: ['a@b.test'], profile: 'client' } },
  'a key not kept': keylessMaterial,
  'a CA alone': caMaterial,
};

const FORMATS: readonly (readonly FormatName[] | undefined)[] = [undefined, ['pem'], ['der', 'p7b'], ['p12', 'jks']];

/** Anything in the README that looks like one of a bundle's files. */
const FILE_NAME = /(?<![\w/.=-])[\w.-]+\.(?:pem|der|p7b|p12|jks|txt|conf)(?![\w/])/g;

/** An IPv6 address without its brackets in a URL. Microsoft's JDBC driver takes none in its URL, in any form. */
const BARE_IN_URL = /(?<!jdbc:sqlserver:)\/\/(?:[^\s/@]*@)?[\da-f]*:[\da-f:]*:/i;

/** Files of others that a README may speak of. */
const FOREIGN = [
  'freetds.conf',
  'postgresql.conf',
  'pg_hba.conf',
  'pg_ident.conf',
  'redis.conf',
  'slapd.conf',
  'ldap.conf',
  'rabbitmq.conf',
  'mongod.conf',
  'crl.pem',
];

/** Without the key, the README says how to make these where it is. */
const combinedOf = ({ files }: Template) =>
  files.flatMap(({ content, path }) =>
    content === 'combined-pem' ? path.replace('{{label}}', keylessMaterial.label) : [],
  );

for (const template of await listTemplates([PACKAGE_TEMPLATES])) {
  describe(`template ${template.name}`, () => {
    for (const [name, source] of Object.entries(MATERIALS)) {
      for (const formats of FORMATS) {
        // That is an error, and bundle.test.ts has it.
        if (source === keylessMaterial && formats?.includes('p12')) continue;
        it(`renders for ${name}${formats === undefined ? '' : ` as ${formats}`}`, async () => {
          const options = { now: NOW, random: countingRandom(), ...(formats === undefined ? {} : { formats }) };
          const { files } = await buildBundle(source, template, options);
          for (const path of [...paths(files).filter((path) => /\.(md|conf)$/.test(path))]) {
            const text = textOf(files, path);
            assert.doesNotMatch(text, /\{\{|\}\}/, 'a placeholder is left');
            assert.doesNotMatch(text, /undefined|\[object|(?<!`)``(?!`)|&(amp|quot|#39|#x2F);/);
            assert.doesNotMatch(text, /[ \t]+$|\n{3}/m, 'stray white space');
            assert.match(text, /[^\n]\n$/);
            assert.doesNotMatch(text, BARE_IN_URL);
          }
          const readme = textOf(files, 'README.md');
          const named = new Set(readme.match(FILE_NAME));
          const known = [...paths(files), ...FOREIGN, ...(source === keylessMaterial ? combinedOf(template) : [])];
          const strangers = [...named].filter((file) => !known.includes(file));
          assert.deepEqual(strangers, [], 'the README names a file that is not in the bundle');
          const unnamed = paths(files).filter((path) => path !== 'README.md' && !readme.includes(`\`${path}\``));
          assert.deepEqual(unnamed, [], 'the README leaves out a file');
        });
      }
    }

    const hosts = Object.entries(template.settings).flatMap(([name, { kind }]) => (kind === 'host' ? [name] : []));
    for (const name of hosts) {
      it(`takes an IPv6 address as its ${name}`, async () => {
        for (const source of Object.values(MATERIALS)) {
          const options = { now: NOW, random: countingRandom(), settings: { [name]: '2001:db8::5' } };
          const { files } = await buildBundle(source, template, options);
          const texts = paths(files).filter((path) => !/\.(?:p7b|p12|pfx|jks|der|cer|crt)$/.test(path));
          for (const path of texts) assert.doesNotMatch(textOf(files, path), BARE_IN_URL, path);
        }
      });
    }
  });
}

const names = Object.keys(ALL_FORMATS) as FormatName[];
const SUBSETS = names.flatMap((one, i) => [[one], ...names.slice(i + 1).map((other) => [one, other])]);

/** The commands below a heading, up to the next. */
function commandsBelow(readme: string, heading: string): string[] {
  const section = readme.split(/^## /m).find((text) => text.startsWith(`${heading}\n`)) ?? '';
  return [...section.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].flatMap(([, block = '']) => block.trim().split('\n'));
}

describe('the generic README checks whatever formats were asked for', () => {
  for (const [name, source] of Object.entries(MATERIALS)) {
    for (const formats of SUBSETS) {
      if (source === keylessMaterial && formats.some((format) => format === 'p12' || format === 'jks')) continue;
      it(`${name} as ${formats}`, async () => {
        const { files } = await build(source, 'generic', { formats });
        const commands = commandsBelow(textOf(files, 'README.md'), 'Check');
        assert.ok(commands.length > 0, 'no check');
        // Without a file of the CA, a probe needs none.
        for (const command of commands.filter((one) => !one.startsWith('local-ca probe '))) {
          assert.ok(
            command.split(' ').some((word) => paths(files).includes(word)),
            `${command}: names no file`,
          );
        }
        assert.ok(source.leaf === undefined || formats.join() === 'der' || verifies(commands), 'nothing is verified');
      });
    }
  }

  it('never verifies a lone certificate that an intermediate signed', async () => {
    for (const formats of SUBSETS) {
      const { files } = await build(material, 'generic', { formats });
      assert.doesNotMatch(textOf(files, 'README.md'), /local-ca verify \S+\.crt\./);
    }
  });
});

const verifies = (commands: readonly string[]) => commands.some((command) => command.startsWith('local-ca verify '));
