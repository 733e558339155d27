import assert from 'node:assert/strict';
import { test } from 'node:test';
import { children, nullValue, readWhole, sequenceOf } from '../../src/core/der.ts';

test('a sequence of more elements than a call has arguments', () => {
  const many = sequenceOf(new Array<Uint8Array>(300_000).fill(nullValue()));
  assert.equal(children(readWhole(many)).length, 300_000);
});
