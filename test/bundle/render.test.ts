import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Context, renderWith } from '../../src/bundle/render.ts';
import { refusal } from './support.ts';

const context: Context = {
  set: { port: '99', old: true },
  label: 'a & "b" <c>',
  file: { 'key-pem': 'k.pem' },
  leaf: { host: 'h', serial: '1f' },
};
const say = (text: string) =>
  renderWith({ port: { kind: 'port', default: '1', about: 'x' }, old: { kind: 'flag', about: 'x' } })(
    text,
    'x.conf',
    context,
  );

describe('render', () => {
  it('escapes nothing', () => assert.equal(say('{{label}} {{{label}}}'), 'a & "b" <c> a & "b" <c>'));
  it('renders sections and names inside them', () =>
    assert.equal(say('{{#leaf}}{{host}} {{leaf.serial}}{{/leaf}}'), 'h 1f'));
  it('skips the section of a file that is not there', () => {
    assert.equal(
      say('{{#file.key-pem}}{{.}} {{file.key-pem}}{{/file.key-pem}}{{#file.key-p12}}no{{/file.key-p12}}'),
      'k.pem k.pem',
    );
    assert.equal(say('{{^file.key-p12}}none{{/file.key-p12}}'), 'none');
  });
  it('renders settings', () => assert.equal(say('{{set.port}}{{#set.old}} old{{/set.old}}'), '99 old'));
  it('takes comments', () => assert.equal(say('a{{! why }}b'), 'ab'));

  const invalid: readonly (readonly [string, RegExp])[] = [
    ['{{hots}}', /x\.conf: unknown placeholder \{\{hots\}\}/],
    ['{{leaf.hots}}', /unknown placeholder \{\{leaf\.hots\}\}/],
    ['{{file.key-pam}}', /unknown placeholder/],
    ['{{#leaf}}{{hots}}{{/leaf}}', /unknown placeholder/],
    ['{{^leaf}}{{host}}{{/leaf}}', /unknown placeholder/],
    ['{{#hots}}{{/hots}}', /unknown placeholder/],
    // The section is empty in this bundle, and the mistake in it is found nevertheless.
    ['{{#file.key-p12}}{{hots}}{{/file.key-p12}}', /unknown placeholder/],
    ['{{constructor}}', /unknown placeholder/],
    ['{{__proto__}}', /unknown placeholder/],
    ['{{label.length}}', /unknown placeholder/],
    ['{{toString.constructor}}', /unknown placeholder/],
    ['{{set.prot}}', /unknown placeholder \{\{set\.prot\}\}/],
    ['{{set.old}}', /is a section/],
    ['{{leaf}}', /is a section/],
    ['{{.}}', /is a section/],
    ['{{leaf.wildcard}}', /is a section/],
    ['{{> other}}', /partials and other delimiters/],
    ['{{=<% %>=}}', /partials and other delimiters/],
    ['{{#leaf}}', /Unclosed section/],
    ['{{label', /Unclosed tag/],
  ];
  for (const [text, message] of invalid) {
    it(`refuses ${text}`, () => assert.throws(() => say(text), refusal('LOCAL_CA_TEMPLATE_INVALID', message)));
  }
});
