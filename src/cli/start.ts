/**
 * What the shell starts: runs main.cjs, compiled by an earlier run where there was one. Most of what a command did
 * before its work was to compile; see docs/benchmarks.md. `module.enableCompileCache` would do this from Node 22 on, with
 * a folder in /tmp unless told otherwise; this does it on 20 too.
 */
import { readFileSync } from 'node:fs';
import Module, { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Script } from 'node:vm';
import { cacheFolder, keepCode, readCode } from './code-cache.ts';

/** From the contents of main.cjs, by the build. */
declare const BUILD_ID: string;

const program = fileURLToPath(new URL('./main.cjs', import.meta.url));
const argv = process.argv.slice(2);

// libsql's loader asks it which C library this is: a whole diagnostic report, and 5 ms. Without one it looks at ldd.
Object.defineProperty(process, 'report', { value: undefined });

run(compile());

function compile(): Script {
  const folder = cacheFolder(process.env, process.platform);
  // Only what ran is in it, so each command has its own.
  const command = /^[a-z]+$/.test(argv[0] ?? '') ? argv[0] : 'other';
  const name = `${BUILD_ID}-${process.version}-${process.arch}-${command}.bin`;
  // Node's own switch for such caches.
  const enabled = !process.env.NODE_DISABLE_COMPILE_CACHE;
  const cachedData = enabled ? readCode(folder, name) : undefined;
  // Without `importModuleDynamically`, which cached code would not know of: the build makes require() of import().
  const script = new Script(Module.wrap(readFileSync(program, 'utf8')), { filename: program, cachedData });
  if (enabled && (cachedData === undefined || script.cachedDataRejected === true)) keepAtExit(script, folder, name);
  return script;
}

/** When it has run, what it needed is compiled; a run that failed, or only printed help, needed little. */
function keepAtExit(script: Script, folder: string, name: string): void {
  if (argv.some((argument) => /^(-h|--help|-V|--version)$/.test(argument))) return;
  process.once('exit', (code) => {
    if (code === 0) keepCode(folder, name, script.createCachedData());
  });
}

/** As Node runs a CommonJS module. */
function run(script: Script): void {
  const module = { exports: {} };
  script.runInThisContext()(module.exports, createRequire(program), module, program, dirname(program));
}
