/** Eight processes at work in one home: everything is recorded, nothing is used twice, and nobody waits for long. */
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { parseCrl } from '../../src/core/crl.ts';
import { openHome } from '../../src/store/home.ts';
import { script } from '../store/script.ts';
import { localCaJson } from '../support/cli.ts';
import { must } from '../support/peers.ts';
import { temporaryFolder } from '../support/temp.ts';

const PROCESSES = 8;
const OPERATIONS = 100;
/** Milliseconds that one operation may take with all the others at work. */
const PATIENCE = 5000;

/** Of every ten operations: four new certificates, three renewals, two revocations and a round of lists. */
const WORKER = `
  const [dir, who, count] = args;
  const home = await openHome(dir);
  const ca = await CertificateAuthority.open(home);
  const done = { issued: [], revoked: [], numbers: [], longest: 0 };
  const label = (i) => who + '-' + Math.floor(i / 10) + '.test';
  const STEPS = {
    issue: async (i) => { done.issued.push((await ca.issue({ names: [label(i)], keepKey: i % 2 === 0 })).record.serial); },
    renew: async (i) => { done.issued.push((await ca.renew(label(i), { newKey: true, keepKey: i % 3 === 0 })).record.serial); },
    revoke: async (i) => { done.revoked.push((await ca.revoke(done.issued.at(i % 2 === 0 ? -1 : -3))).serial); },
    crl: async () => { for (const { authority, list } of await ca.makeRevocationLists()) done.numbers.push([authority.keyId, list.number]); },
  };
  const ORDER = ['issue', 'issue', 'renew', 'issue', 'renew', 'crl', 'issue', 'renew', 'revoke', 'revoke'];
  for (let i = 0; i < Number(count); i++) {
    const started = performance.now();
    await STEPS[ORDER[i % 10]](i);
    done.longest = Math.max(done.longest, performance.now() - started);
  }
  await home.close();
  console.log(JSON.stringify(done));`;

interface Done {
  readonly issued: readonly string[];
  readonly revoked: readonly string[];
  readonly numbers: readonly (readonly [keyId: string, number: number])[];
  readonly longest: number;
}

const imports = { openHome: 'store/home.ts', CertificateAuthority: 'authority/authority.ts' };

describe('eight processes at once', () => {
  const folder = temporaryFolder();
  const home = join(folder, 'home');

  const work = async (_: unknown, i: number): Promise<Done> =>
    JSON.parse(
      await must(process.execPath, script(imports, WORKER, home, `p${i}`, String(OPERATIONS)), { timeout: 120_000 }),
    );

  /** The same through the command line. */
  async function command(i: number): Promise<void> {
    const cwd = join(folder, `cli${i}`);
    mkdirSync(cwd);
    for (const round of ['a', 'b', 'c']) {
      await localCaJson(['issue', `${round}.cli${i}.test`], { home, cwd });
      await localCaJson(['renew', `${round}.cli${i}.test`], { home, cwd });
      await localCaJson(['revoke', `${round}.cli${i}.test`, '--crl'], { home, cwd });
    }
  }

  test('issue, renew, revoke and make lists', async () => {
    await localCaJson(['init', '--yes', '--intermediate'], { home });
    const commands = Promise.all([0, 1].map(command));
    const all = await Promise.all(Array.from({ length: PROCESSES }, work));
    await commands;

    const opened = await openHome(home);
    const records = await opened.store.certificates();
    const recorded = new Map(records.map((record) => [record.serial, record]));
    assert.equal(recorded.size, records.length);
    assert.equal(records.length, all.flatMap(({ issued }) => issued).length + 12);
    assert.ok(all.every(({ issued, revoked }) => issued.length + revoked.length === OPERATIONS * 0.9));
    for (const serial of all.flatMap(({ issued }) => issued)) assert.ok(recorded.has(serial), serial);
    for (const serial of all.flatMap(({ revoked }) => revoked)) assert.equal(recorded.get(serial)?.state, 'revoked');

    const numbers = all.flatMap((one) => one.numbers.map((number) => number.join(' ')));
    assert.equal(new Set(numbers).size, numbers.length, 'a number was used twice');
    for (const { numbers: own } of all) {
      for (const key of new Set(own.map(([keyId]) => keyId))) {
        const mine = own.filter(([keyId]) => keyId === key).map(([, number]) => number);
        assert.deepEqual(
          mine,
          [...mine].sort((a, b) => a - b),
        );
      }
    }
    const made = (await opened.store.audit(1e6)).filter(({ action }) => action === 'crl').length;
    for (const { keyId } of await opened.store.authorities()) {
      const newest = await opened.store.newestRevocationList(keyId);
      assert.equal(newest?.number, made / 2, 'none was left out');
      assert.equal(parseCrl(newest.list).number, newest.number.toString(16).padStart(2, '0'));
    }
    await opened.close();

    // The library makes lists, and leaves it to its user to publish them.
    await localCaJson(['crl'], { home });
    const { healthy, findings } = await localCaJson<{ healthy: boolean; findings: unknown[] }>(['doctor'], { home });
    assert.deepEqual([healthy, findings], [true, []]);
    const longest = Math.max(...all.map((one) => one.longest));
    assert.ok(longest < PATIENCE, `one operation took ${Math.round(longest)} ms`);
  });
});
