/** zlint over root, intermediate and the leaf of every profile, for each key type that it can parse. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { repository } from '../../scripts/programs.mjs';
import { KEY_TYPES } from '../../src/core/algorithms.ts';
import { LEAF_PROFILES } from '../../src/core/profiles.ts';
import { localCaJson } from '../support/cli.ts';
import { must, needs } from '../support/peers.ts';
import { temporaryFolder } from '../support/temp.ts';
import { makeAuthority } from './server-case.ts';
import { EXPLAINED, rowOf } from './zlint-explained.ts';

/** Go's parser knows no other curve, so zlint cannot read these certificates at all. */
const UNREADABLE = /^(brainpool|secp)/;
const LINTED = KEY_TYPES.filter((name) => !UNREADABLE.test(name));

const NAMES: Readonly<Record<string, readonly string[]>> = {
  client: ['alice'],
  email: ['ann@example.test'],
};
const SERVER_NAMES = ['db.example.test', '10.0.0.5', '::1', '*.example.test'];

interface Finding {
  readonly result: string;
  readonly details?: string;
}

async function findingsIn(file: string): Promise<[lint: string, finding: Finding][]> {
  const report: Record<string, Finding> = JSON.parse(await must('zlint', [file]));
  return Object.entries(report).filter(([, { result }]) => ['notice', 'warn', 'error', 'fatal'].includes(result));
}

/** Every excuse there is, as far as a row is divided: a lint, where it may show, and for which keys. */
const excuses = Object.entries(EXPLAINED).flatMap(([lint, { roles, keyTypes = LINTED }]) =>
  roles.flatMap((role) => keyTypes.map((keyType) => `${lint} ${role} ${keyType}`)),
);
const seen = new Set<string>();

/** Fails for a finding that no row excuses in this role and for this key; remembers those that one does. */
async function assertExplained(role: string, keyType: string, file: string): Promise<void> {
  const found = (await findingsIn(file)).map(([lint]) => `${rowOf(lint)} ${role} ${keyType}`);
  for (const finding of found) seen.add(finding);
  assert.deepEqual(
    found.filter((finding) => !excuses.includes(finding)),
    [],
  );
}

describe('zlint', () => {
  const folder = temporaryFolder();
  for (const keyType of LINTED) {
    test(`finds nothing unexplained in ${keyType}`, async (t) => {
      if (!needs(t, 'zlint')) return;
      const home = join(folder, keyType);
      await makeAuthority(home, { keyType, intermediate: true });
      for (const role of ['root', 'intermediate']) {
        await assertExplained(role, keyType, join(home, 'ca', `${role}.crt.pem`));
      }
      for (const profile of LEAF_PROFILES) {
        const out = join(folder, `${keyType}-${profile}`);
        const wishes = [
          '--profile',
          profile,
          '--key-type',
          keyType,
          '--label',
          'leaf',
          '--format',
          'pem',
          '--out',
          out,
        ];
        await localCaJson(['issue', ...(NAMES[profile] ?? SERVER_NAMES), ...wishes], { home });
        await assertExplained(profile, keyType, join(out, 'leaf.crt.pem'));
      }
    });
  }

  test('has no explanation left over, and docs/zlint.md has each', async (t) => {
    if (!needs(t, 'zlint')) return;
    assert.deepEqual([...seen].sort(), [...excuses].sort());
    const page = await readFile(join(repository, 'docs', 'zlint.md'), 'utf8');
    const documented = [...page.matchAll(/`([ewn]_\w+)`/g)].map(([, lint]) => lint);
    assert.deepEqual([...new Set(documented)].sort(), Object.keys(EXPLAINED).sort());
  });
});
