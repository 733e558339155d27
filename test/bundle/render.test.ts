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
  it('takes as many placeholders as there are, in a text of any length', { timeout: 10_000 }, () => {
    assert.equal(say('{{label}}\n'.repeat(100_000)).length, 1_200_000);
    const [open, close] = ['{{#leaf}}', '{{/leaf}}'];
    assert.equal(say(`${open.repeat(20)}{{host}}${close.repeat(20)}`), 'h');
    assert.throws(
      () => say(open.repeat(50_000) + close.repeat(50_000)),
      refusal('LOCAL_CA_TEMPLATE_INVALID', /^x\.conf: \{\{#leaf\}\} stands in 20 sections already$/),
    );
  });
  it('takes comments', () => assert.equal(say('a{{! why }}b'), 'ab'));

  const near: readonly (readonly [string, RegExp, RegExp])[] = [
    ['a\n{{prot}}\n', /^x\.conf, line 2: unknown placeholder \{\{prot\}\}$/, /^Did you mean .*\{\{set\.port\}\}/],
    ['{{lable}}', /^x\.conf: unknown/, /^Did you mean \{\{label\}\}\?$/],
    ['{{leaf.hots}}', /unknown/, /\{\{leaf\.host\}\}/],
    ['{{zzzzzzzz}}', /unknown/, /docs\/templates\.md/],
    ['a\n{{#leaf}}\nb\nc', /^x\.conf, line 2: Unclosed section "leaf"/, /./],
    ['a\n\nb {{label\nc', /^x\.conf, line 3: Unclosed tag/, /./],
    ['a\n{{/leaf}}\nb', /^x\.conf, line 2: Unopened section/, /./],
  ];
  for (const [text, message, hint] of near) {
    it(`says where and what: ${JSON.stringify(text)}`, () =>
      assert.throws(
        () => say(text),
        (error: Error & { hint: string }) => {
          assert.match(error.hint, hint);
          return refusal('LOCAL_CA_TEMPLATE_INVALID', message)(error);
        },
      ));
  }

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
