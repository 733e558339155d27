/** Asserts the whole of an error: its code, what its message names, and that there is a hint. */
import assert from 'node:assert/strict';
import { type ErrorCode, LocalCaError } from '../../src/errors.ts';

const check = (code: ErrorCode, message: RegExp) => (thrown: unknown) => {
  assert.ok(thrown instanceof LocalCaError, `not a LocalCaError: ${String(thrown)}`);
  assert.equal(thrown.code, code, thrown.message);
  assert.match(thrown.message, message);
  assert.notEqual(thrown.hint, '');
  return true;
};

export function throwsCode(run: () => unknown, code: ErrorCode, message: RegExp): void {
  assert.throws(run, check(code, message));
}

export async function rejectsCode(run: () => Promise<unknown>, code: ErrorCode, message: RegExp): Promise<void> {
  await assert.rejects(run, check(code, message));
}
