/** kill -9 at any moment: the next command finishes or undoes what was begun, and then everything is as it should be. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { systemAmbient } from '../../src/ambient.ts';
import { examine } from '../../src/cli/doctor/examine.ts';
import { openHome } from '../../src/store/home.ts';
import { localCa, localCaJson, program } from '../support/cli.ts';
import { temporaryFolder } from '../support/temp.ts';
import { countChanges, dieAt, type Place, ROUNDS, SCENARIOS, type Scenario } from './killed-scenarios.ts';
import { posix } from './support.ts';

const SEED = Number(process.env.LOCAL_CA_SEED ?? Math.floor(Math.random() * 2 ** 31));
const root = temporaryFolder();

/** Mulberry32: small, and the same everywhere. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

async function placeFor(name: string, { prepare }: Scenario): Promise<Place> {
  const cwd = join(root, name.replace(/\W+/g, '-'), 'work');
  mkdirSync(cwd, { recursive: true });
  const place: Place = { cwd, home: join(dirname(cwd), 'home') };
  await localCaJson(['init', '--yes', '--intermediate'], place);
  await prepare?.(place);
  return place;
}

/** Runs the program and kills it after so many milliseconds. Gives how long it took, when it came to its end before. */
async function killed(args: readonly string[], { cwd, home }: Place, delay: number): Promise<number | undefined> {
  const env = { ...process.env, LOCAL_CA_HOME: home, XDG_CACHE_HOME: join(root, 'cache'), NO_COLOR: '1' };
  const started = performance.now();
  const child = spawn(process.execPath, [program, ...args], { cwd, env, stdio: 'ignore' });
  const timer = setTimeout(() => child.kill('SIGKILL'), delay);
  const [code, signal] = await once(child, 'close');
  clearTimeout(timer);
  assert.ok(signal === 'SIGKILL' || code === 0, `${args.join(' ')}: exit ${code}`);
  return signal === null ? performance.now() - started : undefined;
}

// --- what has to hold afterwards -----------------------------------------------------------------------------------

async function assertSound(place: Place, args: readonly string[]): Promise<void> {
  const next = await localCa([...args, '--json'], place);
  assert.equal(next.status, 0, `${args.join(' ')}: ${next.stderr}`);
  // In this process, since it is asked so often.
  assert.deepEqual(await examine({ ambient: systemAmbient }, place.home, { repair: false, passphrase: undefined }), []);
  assert.deepEqual(scrapsIn(dirname(place.cwd)), []);
}

async function assertHealthy(place: Place): Promise<void> {
  const { healthy, findings } = await localCaJson<{ healthy: boolean; findings: unknown[] }>(['doctor'], place);
  assert.deepEqual([healthy, findings], [true, []]);
}

const SCRAP = /(^|[/\\])(\.local-ca-|inventory\.busy$)/;

const namesIn = (folder: string) => readdirSync(folder, { recursive: true, encoding: 'utf8' });
const scrapsIn = (folder: string) => namesIn(folder).filter((name) => SCRAP.test(name));

/** Every certificate in a file is on record, no serial is there twice, and every key is beside its certificate. */
async function assertRecorded(place: Place): Promise<void> {
  const { home, cwd } = place;
  await assertHealthy(place);
  const recorded = await recordedIn(home);
  const files = namesIn(cwd).filter((name) => name.endsWith('.pem'));
  for (const name of files.filter((one) => /\.crt\.pem$/.test(one))) {
    const pem = readFileSync(join(cwd, name));
    const { serialNumber, fingerprint256, publicKey } = new X509Certificate(pem);
    const fingerprint = fingerprint256.replaceAll(':', '').toLowerCase();
    assert.equal(recorded.get(serialNumber.toLowerCase()), fingerprint, `${name} is not on record`);
    const key = createPrivateKey(readFileSync(join(cwd, name.replace(/\.crt\.pem$/, '.key.pem'))));
    assert.ok(new X509Certificate(pem).checkPrivateKey(key), `${name} and its key: ${publicKey.asymmetricKeyType}`);
  }
}

async function recordedIn(folder: string): Promise<Map<string, string>> {
  const home = await openHome(folder);
  try {
    const all = await home.store.certificates();
    assert.equal(new Set(all.map(({ serial }) => serial)).size, all.length, 'a serial was used twice');
    return new Map(all.map(({ serial, fingerprintSha256 }) => [serial, fingerprintSha256]));
  } finally {
    await home.close();
  }
}

// --- the moments ---------------------------------------------------------------------------------------------------

/** So many kills; a run that ended before its moment does not count, and says how long runs take at the moment. */
async function atRandomMoments(scenario: Scenario, seed: number): Promise<void> {
  const { name, share, command, next = command, before } = scenario;
  const place = await placeFor(name, scenario);
  const random = randomFrom(seed);
  let whole = 0;
  for (let round = 0, kills = 0; kills < share; round++) {
    assert.ok(round < ROUNDS, `only ${kills} of ${share} were killed in ${round} rounds`);
    await before?.(place, round);
    // The first third is loading; the first two rounds are not killed.
    const delay = round < 2 ? 60_000 : whole * (0.3 + 0.7 * random());
    const took = await killed(command(round), place, delay);
    if (took === undefined) kills++;
    else whole = took;
    await assertSound(place, next(round));
  }
  await assertRecorded(place);
}

async function beforeEachChange(scenario: Scenario): Promise<void> {
  const { name, command, next = command, before } = scenario;
  const place = await placeFor(`${name} each`, scenario);
  await before?.(place, 0);
  const changes = await countChanges(command(0), place);
  for (let at = 1; at <= changes; at++) {
    await before?.(place, at);
    const { status } = await localCa(command(at), { ...place, env: dieAt(at) });
    assert.notEqual(status, 1, `change ${at}`);
    await assertSound(place, next(at)).catch((cause) => {
      throw new Error(`killed in front of change ${at} of ${changes}`, { cause });
    });
  }
  await assertRecorded(place);
}

/** Those with the most to lose: a new key, an answer that comes once, a running server's files. */
const ALWAYS = /^renew --new-key|^csr accept|^deploy run/;

describe('kill -9', { skip: !posix && 'Windows has no such signal', concurrency: 2 }, () => {
  for (const [i, scenario] of SCENARIOS.filter(({ share }) => share > 0).entries()) {
    test(`at random moments of ${scenario.name}`, async () => {
      try {
        await atRandomMoments(scenario, SEED + i);
      } catch (cause) {
        throw new Error(`with LOCAL_CA_SEED=${SEED}`, { cause });
      }
    });
  }

  // Each takes half a minute or more; random moments meet the same ones, less surely.
  const thorough = process.env.LOCAL_CA_THOROUGH === '1';
  const chosen = SCENARIOS.filter(({ each, name }) => each === true && (thorough || ALWAYS.test(name)));
  for (const scenario of chosen) {
    test(`in front of each change of ${scenario.name}`, () => beforeEachChange(scenario));
  }
});
