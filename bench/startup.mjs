// How long a command takes that issues one P-256 leaf, for an existing CA, into files; against Node doing nothing.
import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { findProgram, repository } from '../scripts/programs.mjs';
import { digits, median, table } from './table.mjs';

const program = join(repository, 'dist', 'cli', 'local-ca.cjs');
const NAME = 'web.example.test';
const BASE = 'node -e 0';

/**
 * Each contender is a list of steps, run one after the other and timed together. They share one CA, made by local-ca, so
 * that all sign with a P-256 key.
 */
function contenders({ out, home, certificate, key }) {
  const file = (name) => join(out, name);
  const issue = [process.execPath, program, 'issue', NAME, '--quiet', '--home', home, '--out', file('ours')];
  const openssl = (...args) => [findProgram('openssl'), ...args];
  const curve = ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'];
  return [
    { name: BASE, steps: [[process.execPath, '-e', '0']] },
    { name: 'local-ca issue', steps: [issue] },
    { name: 'local-ca issue, no code cache', steps: [issue], env: { NODE_DISABLE_COMPILE_CACHE: '1' } },
    {
      name: 'mkcert',
      needs: 'mkcert',
      steps: [[findProgram('mkcert'), '-ecdsa', '-cert-file', file('crt'), '-key-file', file('key'), NAME]],
    },
    {
      name: 'openssl (key, CSR, signature)',
      needs: 'openssl',
      steps: [
        openssl('genpkey', ...curve, '-out', file('key')),
        openssl('req', '-new', '-key', file('key'), '-subj', `/CN=${NAME}`, '-out', file('csr')),
        openssl(
          'x509',
          '-req',
          '-in',
          file('csr'),
          '-CA',
          certificate,
          '-CAkey',
          key,
          '-days',
          '365',
          '-extfile',
        ).concat(join(home, 'extensions.cnf'), '-out', file('crt')),
      ],
    },
    {
      name: 'cfssl gencert',
      needs: 'cfssl',
      steps: [
        [findProgram('cfssl'), 'gencert', '-loglevel', '5', '-ca', certificate, '-ca-key', key].concat(
          join(home, 'csr.json'),
        ),
      ],
      stdout: file('json'),
    },
  ];
}

/** The CA, and for each rival what it wants to find where. */
function prepare(folder, env) {
  const home = join(folder, 'home');
  const made = spawnSync(process.execPath, [program, 'init', '--yes', '--name', 'Bench CA', '--home', home], { env });
  if (made.status !== 0) throw new Error(`local-ca init failed: ${made.stderr}`);
  const keyName = readdirSync(join(home, 'ca')).find((name) => name.endsWith('.key.pem'));
  const world = {
    home,
    out: join(folder, 'out'),
    certificate: join(home, 'ca', 'root.crt.pem'),
    key: join(home, 'ca', keyName),
  };
  writeFileSync(join(home, 'extensions.cnf'), `subjectAltName=DNS:${NAME}\nextendedKeyUsage=serverAuth\n`);
  const request = { CN: NAME, hosts: [NAME], key: { algo: 'ecdsa', size: 256 } };
  writeFileSync(join(home, 'csr.json'), JSON.stringify(request));
  mkdirSync(env.CAROOT, { recursive: true });
  writeFileSync(join(env.CAROOT, 'rootCA.pem'), readFileSync(world.certificate));
  writeFileSync(join(env.CAROOT, 'rootCA-key.pem'), readFileSync(world.key));
  return world;
}

function timeOnce({ name, steps, stdout, env: own = {} }, out, env) {
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out);
  const sink = stdout === undefined ? 'ignore' : openSync(stdout, 'w', 0o600);
  const start = performance.now();
  for (const [file, ...args] of steps) {
    const { status, stderr, error } = spawnSync(file, args, {
      env: { ...env, ...own },
      stdio: ['ignore', sink, 'pipe'],
    });
    if (status !== 0) throw new Error(`${name}: ${file} ${args.join(' ')}: ${error?.message ?? stderr}`);
  }
  const time = performance.now() - start;
  if (sink !== 'ignore') closeSync(sink);
  return time;
}

/** One run of each, then the next of each: whatever else the machine does, it does to all of them. */
export function measureStartup(folder, runs) {
  const env = { ...process.env, CAROOT: join(folder, 'mkcert'), XDG_CACHE_HOME: join(folder, 'cache') };
  const world = prepare(folder, env);
  const all = contenders(world);
  const present = all.filter(({ needs }) => needs === undefined || findProgram(needs) !== undefined);
  const times = new Map(present.map(({ name }) => [name, []]));
  for (const contender of present) timeOnce(contender, world.out, env);
  for (let run = 0; run < runs; run++) {
    for (const contender of present) times.get(contender.name).push(timeOnce(contender, world.out, env));
  }
  return { times, skipped: all.filter((one) => !present.includes(one)).map(({ name }) => name) };
}

export function printStartup({ times, skipped }, runs) {
  const base = times.get(BASE);
  const rows = [...times].map(([name, values]) => [
    name,
    digits(median(values)),
    digits(Math.min(...values)),
    digits(median(values) / median(base)),
    digits(Math.min(...values) / Math.min(...base)),
  ]);
  const header = ['', 'median ms', 'least ms', 'median ratio', 'least ratio'];
  process.stdout.write(`One P-256 certificate from an existing CA, into files; ${runs} runs each, interleaved\n\n`);
  process.stdout.write(table(header, rows));
  for (const name of skipped) process.stdout.write(`skipped, not installed: ${name}\n`);
}
