import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseName, parseNames, parseSubtree, parseSubtrees } from '../../src/core/names.ts';
import { toHex } from '../../src/core/text.ts';
import { throwsCode } from '../support/throws.ts';

const ascii = (text: string) => toHex(new TextEncoder().encode(text));

const READ: readonly (readonly [typed: string, kind: string, text: string, hex?: string])[] = [
  ['localhost', 'dns', 'localhost'],
  ['DB1.Example.TEST', 'dns', 'db1.example.test'],
  ['db1.example.test.', 'dns', 'db1.example.test'],
  ['*.example.test', 'dns', '*.example.test'],
  ['*.É.org', 'dns', '*.xn--9ca.org'],
  ['é.org', 'dns', 'xn--9ca.org'],
  ['xn--9ca.org', 'dns', 'xn--9ca.org'],
  ['bücher。example', 'dns', 'xn--bcher-kva.example'],
  ['my_service.internal', 'dns', 'my_service.internal'],
  ['a'.repeat(63), 'dns', 'a'.repeat(63)],
  ['1.2.3.4.example', 'dns', '1.2.3.4.example'],
  ['10.0.0.1', 'ip', '10.0.0.1', '0a000001'],
  ['::1', 'ip', '::1', '00000000000000000000000000000001'],
  ['2001:DB8:0:0::1', 'ip', '2001:db8::1', '20010db8000000000000000000000001'],
  ['::ffff:10.0.0.1', 'ip', '::ffff:a00:1', '00000000000000000000ffff0a000001'],
  ['dba@Example.test', 'email', 'dba@example.test'],
  ['first.last+tag@é.org', 'email', 'first.last+tag@xn--9ca.org'],
  ['https://example.test/a?b', 'uri', 'https://example.test/a?b'],
  ['spiffe://cluster/ns/web', 'uri', 'spiffe://cluster/ns/web'],
  ['urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6', 'uri', 'urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6'],
];

for (const [typed, kind, text, hex = ascii(text)] of READ) {
  test(`${typed.slice(0, 40)} is a ${kind}`, () => {
    const name = parseName(typed);
    assert.deepEqual([name.kind, name.text, toHex(name.bytes)], [kind, text, hex]);
  });
}

const REFUSED: readonly (readonly [typed: string, why: RegExp])[] = [
  ['', /it is empty/],
  ['  ', /it is empty/],
  ['a b', /space or a control character/],
  ['a\nb.test', /space or a control character/],
  ['a\0b.test', /control character/],
  ['a\u2028b', /space or a control/],
  ['[::1]', /not a host label/],
  ['::1%eth0', /it has a zone/],
  ['a..b', /empty label/],
  ['.a', /empty label/],
  ['..', /empty label/],
  ['../../etc/passwd', /"\.\.\/\.\.\/etc\/passwd"/],
  ['a/b', /"a\/b" is not a host label/],
  ['a\\b', /not a host label/],
  ['10.0.0.0/8', /not a host label/],
  ['host:443', /not a host label/],
  ['-a.test', /not a host label/],
  ['a-.test', /not a host label/],
  ['a!b', /not a host label/],
  ['a'.repeat(64), /a label has 64 characters/],
  [`${'a.'.repeat(127)}a`, /it has 255 characters/],
  ['a'.repeat(3000), /it has 3000 characters/],
  ['*.*.example.test', /wildcard is the whole left label/],
  ['*', /wildcard is the whole left label/],
  ['*.', /"\*\." cannot be .* wildcard is the whole left label/],
  ['a*.example.test', /wildcard is the whole left label/],
  ['www.*.test', /wildcard is the whole left label/],
  ['*.10.0.0.1', /an IP address has no wildcard/],
  ['1.2.3.4.5', /looks like an IP address/],
  ['256.1.1.1', /looks like an IP address/],
  ['010.0.0.1', /looks like an IP address/],
  ['10.1', /looks like an IP address/],
  ['0x7f000001', /looks like an IP address/],
  ['xn--a', /not a valid internationalised name/],
  ['é/..', /no host name has/],
  ['\u200d.test', /not a valid internationalised name/],
  ['é@example.test', /not a plain ASCII mailbox/],
  ['a..b@example.test', /not a plain ASCII mailbox/],
  ['@example.test', /not a plain ASCII mailbox/],
  ['a@', /empty label/],
  ['a@*.example.test', /no wildcard/],
  ['https://', /it is not a URI/],
  ['https://a.test/\\u000a', /a URI has no backslash/],
  ['https://é.org', /plain ASCII/],
];

for (const [typed, why] of REFUSED) {
  test(`${JSON.stringify(typed).slice(0, 40)} is refused`, () =>
    throwsCode(() => parseName(typed), 'LOCAL_CA_NAME_INVALID', why));
}

test('a message shows no more than the start of a long name, and escapes what a terminal would obey', () => {
  assert.throws(
    () => parseName('a'.repeat(3000)),
    (error: Error) => error.message.length < 200,
  );
  assert.throws(
    () => parseName('a\u001b[31mb'),
    (error: Error) => !error.message.includes('\u001b'),
  );
});

test('the same name twice counts once', () => {
  assert.deepEqual(
    parseNames(['A.test', 'a.test', '::1', '0::1']).map((name) => name.text),
    ['a.test', '::1'],
  );
});

const SUBTREES: readonly (readonly [typed: string, kind: string, text: string, hex: string])[] = [
  ['.internal', 'dns', 'internal', ascii('internal')],
  ['example.test', 'dns', 'example.test', ascii('example.test')],
  ['@example.test', 'email', 'example.test', ascii('example.test')],
  ['10.0.0.0/8', 'ip', '10.0.0.0/8', '0a000000ff000000'],
  ['10.1.2.3/12', 'ip', '10.0.0.0/12', '0a000000fff00000'],
  ['10.1.2.3', 'ip', '10.1.2.3/32', '0a010203ffffffff'],
  ['0.0.0.0/0', 'ip', '0.0.0.0/0', '0000000000000000'],
  ['fd00::/8', 'ip', 'fd00::/8', 'fd000000000000000000000000000000ff000000000000000000000000000000'],
];

for (const [typed, kind, text, hex] of SUBTREES) {
  test(`${typed} permits a ${kind} subtree`, () => {
    const tree = parseSubtree(typed);
    assert.deepEqual([tree.kind, tree.text, toHex(tree.bytes)], [kind, text, hex]);
  });
}

for (const [typed, why] of [
  ['10.0.0.0/33', /not a prefix length/],
  ['10.0.0.0/a', /not a prefix length/],
  ['*.example.test', /no wildcard/],
  ['.', /it has no domain/],
  ['@', /it has no domain/],
  ['', /it has no domain/],
] as const) {
  test(`the subtree ${JSON.stringify(typed)} is refused`, () =>
    throwsCode(() => parseSubtree(typed), 'LOCAL_CA_NAME_INVALID', why));
}

test('a permitted domain or network that is named twice is taken once', () =>
  assert.deepEqual(
    parseSubtrees(['.example.test', 'example.test', '10.0.0.0/8', '10.1.2.3/8', '@example.test']).map(
      ({ kind, text }) => `${kind} ${text}`,
    ),
    ['dns example.test', 'ip 10.0.0.0/8', 'email example.test'],
  ));
