/** What a user gets: packs the tarball, looks at its files, installs it in an empty folder and uses it there. */
import assert from 'node:assert/strict';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { repository } from '../../scripts/programs.mjs';
import { must, run } from '../support/peers.ts';
import { temporaryFolder } from '../support/temp.ts';

const manifest = JSON.parse(await readFile(join(repository, 'package.json'), 'utf8'));

/** npm adds package.json, README and LICENSE by itself; the rest is what `files` names. */
const EXPECTED = [
  /^package\.json$/,
  /^(README|LICENSE|CHANGELOG)(\.md)?$/,
  /^dist\/[\w/-]+\.(js|d\.ts)$/,
  /^dist\/cli\/(local-ca|main)\.cjs$/,
  /^templates\/[\w/.-]+$/,
  /^docs\/[\w-]+\.md$/,
];

/** One bundled program and what starts it, and no loose parts of it. */
const FORBIDDEN = [/^dist\/cli\/(?!(local-ca|main)\.cjs$)/, /\.(pem|key|p12|jks|db|map)$/, /\.test\./];

const REQUIRED = [
  'package.json',
  'README.md',
  'LICENSE',
  'dist/cli/local-ca.cjs',
  'dist/cli/main.cjs',
  'dist/index.js',
  'dist/index.d.ts',
  'dist/testing/index.js',
  'dist/testing/index.d.ts',
  'templates/generic/template.json',
  'docs/templates.md',
  'CHANGELOG.md',
];

const npm = (args: readonly string[], cwd: string) =>
  must('npm', [...args, '--no-audit', '--no-fund', '--loglevel=error'], { cwd, timeout: 300_000 });

const SMOKE = `
import { LocalCaError } from 'local-ca';
import { createTestAuthority } from 'local-ca/testing';
const authority = await createTestAuthority();
const server = await authority.issue('localhost', '127.0.0.1');
console.log(typeof LocalCaError, server.cert.startsWith('-----BEGIN CERTIFICATE-----'));
`;

const TYPES = `
import { LocalCaError, type ErrorCode } from 'local-ca';
import { createTestAuthority } from 'local-ca/testing';
const code: ErrorCode = new LocalCaError('LOCAL_CA_USAGE', 'message', 'hint').code;
const server = await (await createTestAuthority()).issue('localhost');
export const text: string = server.cert + server.key + server.ca + code;
// @ts-expect-error: not a code of the table
new LocalCaError('NO_SUCH_CODE', 'message', 'hint');
`;

const TSCONFIG = {
  compilerOptions: { module: 'nodenext', target: 'es2023', strict: true, noEmit: true, types: ['node'] },
  files: ['types.ts'],
};

describe('the package', () => {
  const folder = temporaryFolder();
  const consumer = join(folder, 'consumer');
  let files: string[] = [];

  before(async () => {
    const packed = await npm(['pack', '--ignore-scripts', '--json', '--pack-destination', folder], repository);
    const [tarball] = JSON.parse(packed);
    files = tarball.files.map((file: { path: string }) => file.path);
    await mkdir(consumer);
    await writeFile(join(consumer, 'package.json'), '{ "private": true, "type": "module" }\n');
    await npm(['install', '--prefer-offline', join(folder, tarball.filename)], consumer);
  });

  test('has the files that it should, and no other', () => {
    const strange = files.filter(
      (file) => !EXPECTED.some((rule) => rule.test(file)) || FORBIDDEN.some((rule) => rule.test(file)),
    );
    assert.deepEqual(strange, []);
    assert.deepEqual(
      REQUIRED.filter((file) => !files.includes(file)),
      [],
    );
  });

  test('has the program that npx starts', async () => {
    const version = await must('npx', ['--no-install', 'local-ca', '--version'], { cwd: consumer });
    assert.equal(version.trim(), manifest.version);
    const templates = await must('npx', ['--no-install', 'local-ca', 'template', 'list'], { cwd: consumer });
    assert.match(templates, /generic/);
  });

  test('makes a certificate where it is installed', async () => {
    const home = join(folder, 'home');
    const args = ['local-ca', 'init', '--yes', 'localhost', '--home', home, '--out', join(folder, 'out')];
    await must('npx', ['--no-install', ...args], { cwd: consumer });
    assert.match(await readFile(join(folder, 'out', 'ca.pem'), 'utf8'), /^-----BEGIN CERTIFICATE-----\n/);
  });

  test('can be imported, and its testing room too', async () => {
    await writeFile(join(consumer, 'smoke.mjs'), SMOKE);
    assert.equal(await must(process.execPath, ['smoke.mjs'], { cwd: consumer }), 'function true\n');
  });

  test('can be required by CommonJS', async () => {
    const script = "console.log(typeof require('local-ca').LocalCaError)";
    const { stdout } = await run(process.execPath, ['--input-type=commonjs', '-e', script], { cwd: consumer });
    assert.equal(stdout, 'function\n');
  });

  test('has types that TypeScript accepts, without skipLibCheck', async () => {
    await mkdir(join(consumer, 'node_modules', '@types'), { recursive: true });
    const ours = (name: string) => join(repository, 'node_modules', name);
    await symlink(ours('@types/node'), join(consumer, 'node_modules', '@types', 'node'));
    await symlink(ours('undici-types'), join(consumer, 'node_modules', 'undici-types'));
    await writeFile(join(consumer, 'types.ts'), TYPES);
    await writeFile(join(consumer, 'tsconfig.json'), JSON.stringify(TSCONFIG));
    await must(process.execPath, [join(ours('typescript'), 'bin', 'tsc'), '-p', consumer], { timeout: 120_000 });
  });
});
