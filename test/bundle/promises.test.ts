/** Holds every template to what its README and snippets promise: the tables in `promises/`, one file for each group. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { describe, it } from 'node:test';
import { buildBundle } from '../../src/bundle/bundle.ts';
import { listTemplates, PACKAGE_TEMPLATES } from '../../src/bundle/catalog.ts';
import type { Material } from '../../src/bundle/material.ts';
import type { Template } from '../../src/bundle/template.ts';
import { caMaterial, countingRandom, leafMaterial, material, NOW } from '../support/fixtures.ts';
import type { Promised, Promises } from './promises/index.ts';
import { textOf } from './support.ts';

const FOLDER = new URL('promises/', import.meta.url);
const GROUPS = readdirSync(FOLDER).filter((name) => name !== 'index.ts');

const MATERIALS: Readonly<Record<NonNullable<Promised['kind']>, Material>> = {
  server: material,
  address: { ...material, leaf: { ...leafMaterial, names: ['192.0.2.7'] } },
  client: { ...material, leaf: { ...leafMaterial, names: ['alice'], commonName: 'alice', profile: 'client' } },
  ca: caMaterial,
};

const has = (text: string, wanted: string | RegExp) =>
  typeof wanted === 'string' ? text.includes(wanted) : wanted.test(text);

async function keep(template: Template, { kind = 'server', settings = {}, holds, lacks = {} }: Promised) {
  const options = { now: NOW, random: countingRandom(), settings };
  const { files } = await buildBundle(MATERIALS[kind], template, options);
  for (const [path, texts] of Object.entries(holds)) {
    const text = textOf(files, path);
    for (const wanted of texts) assert.ok(has(text, wanted), `${path} does not hold ${wanted}:\n${text}`);
  }
  for (const [path, texts] of Object.entries(lacks)) {
    const text = textOf(files, path);
    for (const unwanted of texts) assert.ok(!has(text, unwanted), `${path} holds ${unwanted}:\n${text}`);
  }
}

const templates = await listTemplates([PACKAGE_TEMPLATES]);
const promised = new Set<string>();

for (const group of GROUPS) {
  const { PROMISES } = (await import(new URL(group, FOLDER).href)) as { readonly PROMISES: Promises };
  for (const [name, list] of Object.entries(PROMISES)) {
    promised.add(name);
    describe(`template ${name} keeps its promises`, () => {
      const template = templates.find((one) => one.name === name);
      for (const [i, one] of list.entries()) {
        it(`${one.kind ?? 'server'} ${i + 1}: ${Object.keys(one.holds).join(', ')}`, async () => {
          assert.ok(template, `there is no template ${name}`);
          await keep(template, one);
        });
      }
    });
  }
}

it('every template has promises', () => {
  assert.deepEqual(
    templates.map(({ name }) => name).filter((name) => !promised.has(name)),
    [],
  );
});
