// Measures local-ca beside its rivals, all in one run, and prints two tables: docs/benchmarks.md says what they mean.
// Rivals from npm go into .peers/bench; everything else into a temporary folder that is removed. Build first.
//
//   npm run bench                   both, with many runs
//   npm run bench -- --only startup|throughput
//   npm run bench -- --quick        once each, with the rivals that are there: only shows that it works
import { mkdtempSync, rmSync } from 'node:fs';
import { arch, cpus, platform, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { installRivals } from './rivals.mjs';
import { measureStartup, printStartup } from './startup.mjs';
import { measureThroughput, printThroughput } from './throughput.mjs';

const { values } = parseArgs({ options: { quick: { type: 'boolean', default: false }, only: { type: 'string' } } });
const scale = values.quick ? { runs: 1, rounds: 1, milliseconds: 20 } : { runs: 41, rounds: 5, milliseconds: 2000 };

const [{ model } = { model: 'unknown' }] = cpus();
process.stdout.write(`Node ${process.version}, ${platform()} ${arch()}, ${cpus().length} x ${model}\n\n`);

const folder = mkdtempSync(join(tmpdir(), 'local-ca-bench-'));
try {
  if (values.only !== 'throughput') printStartup(measureStartup(folder, scale.runs), scale.runs);
  if (values.only === undefined) process.stdout.write('\n');
  if (values.only !== 'startup') {
    if (!values.quick) installRivals();
    printThroughput(measureThroughput(folder, scale));
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
