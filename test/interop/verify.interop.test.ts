/**
 * Holds certificates from the real command line against every foreign verifier: each key type, with and without an
 * intermediate, must be accepted; each thing that can be wrong must be refused, in words that name it, by every
 * verifier that looks at it.
 */
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { findProgram } from '../../scripts/programs.mjs';
import { KEY_TYPES } from '../../src/core/algorithms.ts';
import { needs } from '../support/peers.ts';
import { temporaryFolder } from '../support/temp.ts';
import { craftCase, issueCase, makeAuthority } from './server-case.ts';
import { VERIFIERS } from './verifiers/index.ts';
import { type Case, CHECKS, type Check, type StoreType, type Verifier } from './verifiers/verifier.ts';
import { closeWorkers } from './verifiers/workers.ts';

const HOST = 'db.example.test';
const ADDRESS = '127.0.0.1';
const PERMITTED = ['example.test', '127.0.0.0/8'];

after(closeWorkers);

const shapes = [false, true].map((intermediate) => ({
  intermediate,
  title: intermediate ? 'with an intermediate' : 'signed by the root',
}));

async function assertAccepted(verifier: Verifier, one: Case): Promise<void> {
  const verdict = await verifier.verify(one);
  assert.ok(verdict.accepted, `${verifier.name} refused ${one.host}: ${verdict.output}`);
}

for (const keyType of KEY_TYPES) {
  for (const { intermediate, title } of shapes) {
    describe(`accepts ${keyType} ${title}`, () => {
      const folder = temporaryFolder();
      let good: Case;
      before(async () => {
        const authority = await makeAuthority(join(folder, 'home'), { keyType, intermediate });
        good = await issueCase(authority, join(folder, 'out'), [HOST, ADDRESS]);
      });
      for (const verifier of VERIFIERS.filter((row) => row.supports(keyType))) {
        test(verifier.name, async (t) => {
          if (!needs(t, ...verifier.programs)) return;
          await assertAccepted(verifier, good);
        });
      }
    });
  }
}

type Cases = Readonly<Record<Check | 'good', Case>>;

/** One good certificate, and one for each thing that can be wrong. */
async function makeCases(folder: string, keyType: string, intermediate: boolean): Promise<Cases> {
  const authority = await makeAuthority(join(folder, 'home'), { keyType, intermediate, permit: PERMITTED });
  const other = await makeAuthority(join(folder, 'other'), { keyType, intermediate: false });
  const out = (name: string) => join(folder, name);
  const issue = (name: string, ...flags: string[]) => issueCase(authority, out(name), [HOST, ADDRESS], flags);
  const good = await issue('good');
  const craft = async (name: string, wishes: { host?: string; hash?: string }) => {
    // Without openssl, the tests that would use it are skipped.
    if (findProgram('openssl') === undefined) return good;
    await mkdir(out(name));
    return craftCase(authority, out(name), good, wishes);
  };
  const stranger = await issueCase(other, out('stranger'), [HOST]);
  const untrusted = (type: StoreType) => ({ keys: good.stores[type].keys, trust: stranger.stores[type].trust });
  return {
    good,
    host: { ...good, host: 'other.example.test' },
    expiry: await issue('expired', '--not-before', '2020-01-01', '--not-after', '2020-02-01'),
    purpose: await issue('client', '--profile', 'client'),
    trust: { ...good, ca: stranger.ca, stores: { jks: untrusted('jks'), p12: untrusted('p12') } },
    constraints: await craft('outside', { host: 'db.outside.test' }),
    sha1: await craft('sha1', { hash: '-sha1' }),
  };
}

function looksAt(verifier: Verifier, check: Check, intermediate: boolean): RegExp | undefined {
  const blind = check === 'constraints' && !intermediate && verifier.ignoresConstraintsOfRoot === true;
  return blind ? undefined : verifier.checks[check];
}

async function assertRefused(verifier: Verifier, one: Case, words: RegExp): Promise<void> {
  const verdict = await verifier.verify(one);
  assert.equal(verdict.accepted, false, `${verifier.name} accepted it`);
  assert.match(verdict.output, words);
}

for (const keyType of ['p256', 'rsa-2048']) {
  for (const { intermediate, title } of shapes) {
    describe(`refuses ${keyType} ${title}`, () => {
      const folder = temporaryFolder();
      let cases: Cases;
      before(async () => {
        cases = await makeCases(folder, keyType, intermediate);
      });
      for (const verifier of VERIFIERS) {
        test(`${verifier.name} accepts the good one, by name and by address`, async (t) => {
          if (!needs(t, ...verifier.programs)) return;
          await assertAccepted(verifier, cases.good);
          await assertAccepted(verifier, { ...cases.good, host: ADDRESS });
        });
        for (const check of CHECKS) {
          const words = looksAt(verifier, check, intermediate);
          if (words === undefined) continue;
          test(`${verifier.name} refuses: ${check}`, async (t) => {
            if (!needs(t, 'openssl', ...verifier.programs)) return;
            await assertRefused(verifier, cases[check], words);
          });
        }
      }
    });
  }
}
