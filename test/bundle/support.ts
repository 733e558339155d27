/** What the bundle's tests share: refusals, scratch templates, and the content of folders. */
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { type BundleOptions, buildBundle } from '../../src/bundle/bundle.ts';
import { loadTemplate, PACKAGE_TEMPLATES } from '../../src/bundle/catalog.ts';
import type { OutputFile } from '../../src/bundle/file.ts';
import type { Material } from '../../src/bundle/material.ts';
import { type ErrorCode, LocalCaError } from '../../src/errors.ts';
import { countingRandom, NOW } from '../support/fixtures.ts';

/** For assert.throws and assert.rejects: this code, this message, and some hint. */
export const refusal = (code: ErrorCode, message: RegExp) => (error: unknown) => {
  assert.ok(error instanceof LocalCaError, String(error));
  assert.equal(error.code, code);
  assert.match(error.message, message);
  assert.ok(error.hint.length > 0);
  return true;
};

export const packaged = (name: string) => loadTemplate(name, [PACKAGE_TEMPLATES]);

/** Always the same clock and randomness. */
export async function build(material: Material, template: string, options: Partial<BundleOptions> = {}) {
  return buildBundle(material, await packaged(template), { now: NOW, random: countingRandom(), ...options });
}

export const paths = (files: readonly OutputFile[]) => files.map((file) => file.path);

export function textOf(files: readonly OutputFile[], path: string): string {
  const found = files.find((file) => file.path === path);
  assert.ok(found, `${path} is not among ${paths(files).join(', ')}`);
  return new TextDecoder().decode(found.bytes);
}

export const MINIMAL = {
  title: 'Mine',
  summary: 'A test.',
  kind: 'server',
  files: [{ path: '{{label}}.pem', content: 'leaf-pem', audience: 'server', about: 'The certificate' }],
};

/** Writes a template's folder; `record` goes on top of the minimal one. */
export function writeTemplate(folder: string, record: object = {}, files: Record<string, string> = {}): string {
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(join(folder, 'template.json'), JSON.stringify({ ...MINIMAL, ...record }));
  for (const [name, text] of Object.entries({ 'README.md': '# {{label}}', ...files })) {
    fs.writeFileSync(join(folder, name), text);
  }
  return folder;
}

/** Every file below a folder with its text, by path; folders that are empty show with a `/`. */
export function tree(folder: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (!entry.isDirectory()) found[entry.name] = fs.readFileSync(path, 'utf8');
    else {
      const inside = Object.entries(tree(path));
      if (inside.length === 0) found[`${entry.name}/`] = '';
      for (const [name, text] of inside) found[`${entry.name}/${name}`] = text;
    }
  }
  return found;
}

export const outputFile = (path: string, text: string, secret = false): OutputFile => ({
  path,
  mode: secret ? 0o600 : 0o644,
  secret,
  bytes: new TextEncoder().encode(text),
});

export const modeOf = (path: string) => fs.statSync(path).mode & 0o7777;
