import assert from 'node:assert/strict';
import { test } from 'node:test';
import { repository } from '../../scripts/programs.mjs';
import { run } from '../support/peers.ts';
import { example, typeScript } from './support.ts';

test('the test suite of an https service passes', async () => {
  const { status, stdout, stderr } = await run(
    process.execPath,
    [...typeScript, '--test', '--test-reporter=tap', example('node-test-suite', 'server.test.ts')],
    // A suite inside a suite would report to the outer one instead of to its stdout.
    { cwd: repository, env: { NODE_TEST_CONTEXT: undefined, NODE_V8_COVERAGE: undefined } },
  );
  assert.equal(status, 0, `${stdout}${stderr}`);
  assert.match(stdout, /^# pass 5$/m);
});
