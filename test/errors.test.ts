import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import { ERROR_TABLE, type ErrorCode, LocalCaError } from '../src/errors.ts';

const source = fileURLToPath(new URL('../src', import.meta.url));

test('every code of the table is used somewhere, so that none is documented for nothing', () => {
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter(
    (file) => /\.ts$/.test(file) && file !== 'errors.ts',
  );
  const text = files.map((file) => readFileSync(join(source, file), 'utf8')).join('\n');
  assert.deepEqual(
    (Object.keys(ERROR_TABLE) as ErrorCode[]).filter((code) => !text.includes(`'${code}'`)),
    [],
  );
});

test('an error carries its code, its hint and its cause, and becomes JSON without its stack', () => {
  const cause = new Error('deeper');
  const error = new LocalCaError('LOCAL_CA_NAME_INVALID', 'the name', 'the hint', { cause });
  assert.equal(error.exitCode, 2);
  assert.equal(error.cause, cause);
  assert.deepEqual(JSON.parse(JSON.stringify(error)), {
    code: 'LOCAL_CA_NAME_INVALID',
    message: 'the name',
    hint: 'the hint',
  });
  assert.match(inspect(error), /LocalCaError: the name/);
});
