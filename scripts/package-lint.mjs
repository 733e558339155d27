// Would other people's tools resolve this package? publint reads package.json against the packed files, attw resolves
// every export as TypeScript does. ES modules only, so CommonJS consumers on old resolvers are left out on purpose.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const repository = fileURLToPath(new URL('..', import.meta.url));
const require = createRequire(import.meta.url);
const folder = mkdtempSync(join(tmpdir(), 'local-ca-lint-'));
const run = (program, args, stdout = 'inherit') =>
  execFileSync(program, args, { cwd: repository, encoding: 'utf8', stdio: ['ignore', stdout, 'inherit'] });

/** A tool that came by npm, started without a shell. */
function tool(name, args) {
  const manifest = join(repository, 'node_modules', name, 'package.json');
  const { bin } = require(manifest);
  run(process.execPath, [join(manifest, '..', typeof bin === 'string' ? bin : Object.values(bin)[0]), ...args]);
}

try {
  if (!existsSync(join(repository, 'dist', 'index.js'))) run(process.execPath, ['scripts/build.mjs']);
  // --ignore-scripts: `prepare` would build once more.
  const packed = run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], 'pipe');
  const tarball = join(folder, JSON.parse(packed)[0].filename);
  tool('publint', ['run', tarball, '--strict']);
  tool('@arethetypeswrong/cli', [tarball, '--profile', 'esm-only']);
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
