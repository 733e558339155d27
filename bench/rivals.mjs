// The npm packages to measure against: installed into .peers/bench, which git ignores, when somebody runs the benchmark.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { peersFolder } from '../scripts/programs.mjs';

const RIVALS = { selfsigned: '5.5.0', mkcert: '3.2.0', 'node-forge': '1.4.3' };

const folder = join(peersFolder, 'bench');
const manifest = (name) => join(folder, 'node_modules', name, 'package.json');

export const versionOf = (name) =>
  existsSync(manifest(name)) ? JSON.parse(readFileSync(manifest(name), 'utf8')).version : undefined;

/** Imports a rival from where it was installed. */
export const requireRival = (name) => createRequire(join(folder, 'package.json'))(name);

/** A rival that cannot be installed is a rival that is skipped. */
export function installRivals() {
  const wanted = Object.entries(RIVALS).filter(([name, version]) => versionOf(name) !== version);
  if (wanted.length === 0) return;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  const packages = wanted.map(([name, version]) => `${name}@${version}`);
  const quiet = ['--no-audit', '--no-fund', '--ignore-scripts', '--no-package-lock', '--loglevel=error'];
  try {
    execFileSync('npm', ['install', ...quiet, ...packages], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
  } catch (error) {
    process.stderr.write(`npm could not install ${packages.join(', ')}: ${error.message}\n`);
  }
}
