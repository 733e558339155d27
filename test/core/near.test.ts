import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nearNames } from '../../src/core/near.ts';

test('names are near that contain each other or differ by two letters, whatever their case', () => {
  const names = ['nginx', 'Apache', 'postgresql', 'mysql'];
  assert.deepEqual(nearNames('NGNIX', names), ['nginx']);
  assert.deepEqual(nearNames('postgres', names), ['postgresql']);
  assert.deepEqual(nearNames('sql', names), ['postgresql', 'mysql']);
  assert.deepEqual(nearNames('apache2', names), ['Apache']);
  assert.deepEqual(nearNames('redis', names), []);
  assert.deepEqual(nearNames('my', names), []);
});

test('a name of a million letters is near to none, and that is soon known', { timeout: 5000 }, () => {
  assert.deepEqual(nearNames('x'.repeat(1_000_000), new Array(100).fill('postgresql')), []);
});
