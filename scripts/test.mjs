// The test runner behind `npm test`. Lists the files itself, because `node --test FOLDER` runs nothing of a folder of
// .ts files and exits 0; builds dist/ when it is behind src/; names the foreign programs that tests were skipped for.
//
//   node scripts/test.mjs [part of a path...]     CI=true: installs the foreign programs; a skip for one then fails
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, relative, sep } from 'node:path';
import { findProgram, repository } from './programs.mjs';

const ci = process.env.CI === 'true';
const filters = process.argv.slice(2);

/** Suites that run the built program or the packed package; every other folder of test/ is a unit suite. */
const BUILT_SUITES = ['cli', 'interop', 'package', 'examples'];
const BUILD_INPUTS = ['src', 'templates', 'package.json', 'tsconfig.json', 'tsconfig.build.json', 'scripts/build.mjs'];
// What waits for ever fails then, by name: some of the whole files take minutes on a busy machine.
const TIMEOUT = '--test-timeout=900000';
const NODE_TEST = [
  '--import',
  'ts-blank-space/register',
  '--test',
  TIMEOUT,
  '--test-concurrency=2',
  '--test-reporter=spec',
];

const say = (line) => process.stdout.write(`${line}\n`);
const filesIn = (folder) =>
  readdirSync(join(repository, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(repository, join(entry.parentPath, entry.name)));

const suiteOf = (file) => file.split(sep)[1];
const missingFolder = mkdtempSync(join(tmpdir(), 'local-ca-test-'));
const missingFile = join(missingFolder, 'missing-programs');
const environment = { ...process.env, LOCAL_CA_MISSING_PROGRAMS: missingFile, FORCE_COLOR: '0' };
const failures = [];

function step(title, program, args, options = {}) {
  say(`\n# ${title}`);
  const { status, signal, stdout } = spawnSync(program, args, {
    cwd: repository,
    env: environment,
    stdio: ['ignore', options.quiet ? 'pipe' : 'inherit', 'inherit'],
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (options.quiet) say(status === 0 ? closingLines(stdout) : stdout);
  if (status !== 0) failures.push(`${title}${signal ? ` (${signal})` : ''}`);
  return status === 0;
}

const closingLines = (output) => output.slice(output.lastIndexOf('\nℹ tests ') + 1).trimEnd();

function buildIfOutdated() {
  const program = join(repository, 'dist', 'cli', 'local-ca.cjs');
  const changed = (path) => statSync(join(repository, path)).mtimeMs;
  const inputs = BUILD_INPUTS.flatMap((path) =>
    statSync(join(repository, path)).isDirectory() ? filesIn(path) : [path],
  );
  const built = existsSync(program) ? statSync(program).mtimeMs : 0;
  if (inputs.some((path) => changed(path) > built)) step('build', process.execPath, ['scripts/build.mjs']);
}

/** Where nothing depends on Node.js' version, and most of the time goes: processes, disks, and thousands of damaged files. */
const SAME_ON_EACH_NODE = ['deploy', 'store'];
const DAMAGED = /[\\/](hostile|fuzz)\.test\.ts$/;

function runUnit(files) {
  const c8 = createRequire(import.meta.url).resolve('c8/bin/c8.js');
  // A part of the tests covers a part of the code: the floor counts for the whole only. src/cli is left out, since its
  // tests run the bundled program, whose coverage cannot be told back to the sources.
  const coverage = filters.length === 0 ? [c8] : [];
  step('unit tests', process.execPath, [
    ...coverage,
    ...(coverage.length ? [process.execPath] : []),
    ...NODE_TEST,
    ...files,
  ]);
  const others = files.filter((file) => !SAME_ON_EACH_NODE.includes(suiteOf(file)) && !DAMAGED.test(file));
  for (const major of others.length > 0 ? ['node22', 'node24'] : []) {
    const node = findProgram(major);
    if (node !== undefined) step(`unit tests on ${major}`, node, [...NODE_TEST, ...others], { quiet: true });
    else if (ci) failures.push(`unit tests on ${major}: not installed`);
  }
}

function reportMissing() {
  const names = existsSync(missingFile) ? readFileSync(missingFile, 'utf8').split('\n').filter(Boolean) : [];
  if (names.length === 0) return;
  say(`\nSkipped because a foreign program is missing: ${[...new Set(names)].sort().join(', ')}`);
  say('npm run peers installs them.');
  if (ci) failures.push('a test was skipped for a missing program');
}

if (ci) step('foreign programs', process.execPath, ['scripts/peers.mjs']);
const files = filesIn('test')
  .filter((file) => file.endsWith('.test.ts') && (filters.length === 0 || filters.some((part) => file.includes(part))))
  .sort();
const unit = files.filter((file) => !BUILT_SUITES.includes(suiteOf(file)));
const built = files.filter((file) => BUILT_SUITES.includes(suiteOf(file)));

if (files.length === 0) failures.push(`no test file matches ${JSON.stringify(filters)}`);
if (unit.length > 0) runUnit(unit);
if (built.length > 0) {
  buildIfOutdated();
  step(BUILT_SUITES.join(', '), process.execPath, [...NODE_TEST, ...built]);
}
reportMissing();
rmSync(missingFolder, { recursive: true, force: true });

for (const failure of failures) say(`FAILED: ${failure}`);
process.exitCode = failures.length === 0 ? 0 : 1;
