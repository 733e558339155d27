/** The benchmark's parts run; what they measure is nobody's business here. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { repository } from '../../scripts/programs.mjs';
import { run } from '../support/peers.ts';

const built = process.env.LOCAL_CA_FROM_SOURCE !== '1';

test('the benchmark runs, with whatever rivals are there', { skip: built ? false : 'it measures dist/' }, async () => {
  const { status, stdout, stderr } = await run(process.execPath, [join(repository, 'bench', 'run.mjs'), '--quick'], {
    timeout: 120_000,
  });
  assert.equal(status, 0, stderr);
  for (const row of [/^node -e 0 +\d.* 1\.00 +1\.00$/m, /^local-ca issue +\d/m, /^local-ca, issueMany +P-256 +\d/m]) {
    assert.match(stdout, row);
  }
});
