import assert from 'node:assert/strict';
import { test } from 'node:test';
import { quote, unseenIn, visible } from '../../src/core/text.ts';

test('what cannot be seen is written out, and nothing else', () => {
  assert.equal(visible('Lučić 数据库 e\u0301 😀\\'), 'Lučić 数据库 e\u0301 😀\\');
  assert.equal(
    visible('a\n\t\r\u001b[31m\u0007\u007f\u009b'),
    'a\\u000a\\u0009\\u000d\\u001b[31m\\u0007\\u007f\\u009b',
  );
  assert.equal(visible('\u202e\u200b\u00ad\ufeff\u2028\u{e0041}'), '\\u202e\\u200b\\u00ad\\ufeff\\u2028\\udb40\\udc41');
});

test('and so it is where a value is quoted', () => {
  assert.equal(quote('a"\n\u009b\u202e'), '"a\\"\\n\\u009b\\u202e"');
  assert.equal(quote('x'.repeat(100)).length, 82);
});

test('the first of it is named', () => {
  assert.deepEqual(['a b', 'a\u200bb\n', '\u0007'].map(unseenIn), [undefined, 'U+200B', 'U+0007']);
});
