// Certificates a second in one process: key, certificate and PEM, from a CA in memory.
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram, repository } from '../scripts/programs.mjs';
import { CONTENDERS, FLOOR } from './contenders.mjs';
import { versionOf } from './rivals.mjs';
import { digits, median, table } from './table.mjs';

const child = join(repository, 'bench', 'throughput-child.mjs');

const ask = (program, args) => JSON.parse(execFileSync(program, args, { encoding: 'utf8' })).rate;

/** Compiled in the temporary folder; undefined without a Go compiler, or with one that cannot. */
function buildGo(folder) {
  const go = findProgram('go');
  if (go === undefined) return undefined;
  const source = join(folder, 'go');
  const program = join(source, 'bench');
  mkdirSync(source);
  for (const file of ['main.go', 'go.mod']) copyFileSync(join(repository, 'bench', 'go', file), join(source, file));
  execFileSync(go, ['build', '-o', program, '.'], { cwd: source, stdio: ['ignore', 'inherit', 'inherit'] });
  return program;
}

const isPresent = ({ needs, go }, goProgram) =>
  go === true ? goProgram !== undefined : needs === undefined || versionOf(needs) !== undefined;

export function measureThroughput(folder, { rounds, milliseconds }) {
  const goProgram = buildGo(folder);
  const all = CONTENDERS.map((contender, index) => ({ ...contender, index, rates: [] }));
  const present = all.filter((contender) => isPresent(contender, goProgram));
  for (let round = 0; round < rounds; round++) {
    for (const { index, go, rates } of present) {
      const [program, ...args] = go ? [goProgram] : [process.execPath, child, String(index)];
      rates.push(ask(program, [...args, String(milliseconds)]));
    }
  }
  return { present, skipped: all.filter((one) => !present.includes(one)) };
}

export function printThroughput({ present, skipped }) {
  const floorOf = (keys) => median(present.find((one) => one.keys === keys && one.name === FLOOR).rates);
  const rows = present.map(({ name, keys, needs, rates }) => [
    [name, needs && versionOf(needs)].filter(Boolean).join(' '),
    keys,
    digits(median(rates)),
    `${digits(Math.min(...rates))}-${digits(Math.max(...rates))}`,
    digits(floorOf(keys) / median(rates)),
  ]);
  process.stdout.write('Key, certificate and PEM, one process, CA in memory\n\n');
  process.stdout.write(table(['', 'keys', 'a second', 'range', 'times the floor'], rows));
  for (const { name, keys } of skipped) process.stdout.write(`skipped, not installed: ${name} (${keys})\n`);
}
