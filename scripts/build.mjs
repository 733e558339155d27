// Makes dist/: the library by tsc, file for file (ES modules and types), and the command line by esbuild, as two
// CommonJS files: local-ca.cjs, which starts main.cjs with the code cache, and main.cjs, which is all the rest. One file
// halves the start-up time, since @peculiar/x509 alone is hundreds of modules otherwise.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const repository = fileURLToPath(new URL('..', import.meta.url));
/** It takes the place of dist/ when it is whole: a build that fails leaves what works. */
const stage = join(repository, `dist.new-${process.pid}`);
const output = (name) => join(stage, 'cli', name);

/** What every command needs. The other dependencies are loaded by the few commands that use them, from node_modules. */
const BUNDLED = ['commander', '@peculiar/x509', 'reflect-metadata', 'ipaddr.js', 'valibot', 'mustache'];

const packageOf = (path) => path.split('/', path.startsWith('@') ? 2 : 1).join('/');

/**
 * Only imports from src/ can stay outside: what a bundled package imports must come with it, because the asn1js of
 * @peculiar/x509 is another major version than ours.
 */
const heavyStaysOutside = {
  name: 'heavy-stays-outside',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^[^./]/ }, ({ path, importer, kind, namespace }) => {
      if (namespace === 'es-module') return { path, external: true };
      if (importer === '' || importer.includes('node_modules') || path.startsWith('node:')) return undefined;
      if (BUNDLED.includes(packageOf(path))) return undefined;
      return kind !== 'require-call' && isEsModule(path) ? { path, namespace: 'es-module' } : { path, external: true };
    });
    // An import, import() too, becomes require(), which gives an ES module's namespace. In a package of "type": "module" esbuild
    // takes that for a CommonJS module, whose default export it would be; this detour reads `default` from it.
    onLoad({ filter: /./, namespace: 'es-module' }, ({ path }) => {
      const from = JSON.stringify(path);
      return { contents: `export * from ${from}; export { default } from ${from};`, resolveDir: repository };
    });
  },
};

function isEsModule(path) {
  const manifest = join(repository, 'node_modules', packageOf(path), 'package.json');
  return existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).type === 'module';
}

function compileLibrary() {
  const tsc = join(createRequire(import.meta.url).resolve('typescript/package.json'), '..', 'bin', 'tsc');
  execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--outDir', stage], {
    cwd: repository,
    stdio: 'inherit',
  });
}

async function bundle(entry, file, { shebang = '', define = {} } = {}) {
  await build({
    absWorkingDir: repository,
    entryPoints: [`src/cli/${entry}`],
    outfile: output(file),
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    // The ES module of a package before its CommonJS one: esbuild leaves out what nobody uses, and puts the rest into
    // one scope. That is a fifth off the file, and 20 ms off `local-ca issue` without a code cache.
    mainFields: ['module', 'main'],
    // Names stay, so that a stack trace can be read.
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'eof',
    banner: { js: `${shebang}const importMetaUrl=require('node:url').pathToFileURL(__filename).href;` },
    define: { 'import.meta.url': 'importMetaUrl', ...define },
    // Code that V8 takes from a cache has lost how to import: `import()` becomes require(), which ES modules allow too.
    supported: { 'dynamic-import': false },
    plugins: [heavyStaysOutside],
    logLevel: 'warning',
  });
}

async function bundleProgram() {
  await bundle('main.ts', 'main.cjs');
  const id = createHash('sha256')
    .update(readFileSync(output('main.cjs')))
    .digest('hex')
    .slice(0, 16);
  await bundle('start.ts', 'local-ca.cjs', {
    shebang: '#!/usr/bin/env node\n',
    define: { BUILD_ID: JSON.stringify(id) },
  });
  chmodSync(output('local-ca.cjs'), 0o755);
}

try {
  compileLibrary();
  await bundleProgram();
  rmSync(join(repository, 'dist'), { recursive: true, force: true });
  renameSync(stage, join(repository, 'dist'));
} catch (error) {
  rmSync(stage, { recursive: true, force: true });
  process.stderr.write(`build failed: ${error.message}\n`);
  process.exitCode = 1;
}
