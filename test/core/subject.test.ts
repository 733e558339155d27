import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  commonName,
  decodeSubject,
  encodeSubject,
  formatSubject,
  parseSubject,
  sameSubject,
} from '../../src/core/subject.ts';
import { fromHex, toHex } from '../../src/core/text.ts';
import { throwsCode } from '../support/throws.ts';

const types = (text: string) =>
  parseSubject(text).map((rdn) => rdn.map(({ type, value }) => `${type}=${value}`).join('+'));

const READ: readonly (readonly [text: string, encoded: readonly string[]])[] = [
  ['CN=db', ['CN=db']],
  ['CN=db,O=Acme,C=DE', ['C=DE', 'O=Acme', 'CN=db']],
  ['cn=db, o=Acme Inc , c=DE', ['C=DE', 'O=Acme Inc', 'CN=db']],
  ['/C=DE/O=Acme/CN=db', ['C=DE', 'O=Acme', 'CN=db']],
  [
    '/CN=db/ST=Bayern/C=DE/emailAddress=dba@example.test/O=Acme',
    ['CN=db', 'ST=Bayern', 'C=DE', 'emailAddress=dba@example.test', 'O=Acme'],
  ],
  ['CN=a\\,b\\+c', ['CN=a,b+c']],
  ['CN=Lu\\C4\\8Di\\C4\\87', ['CN=Lučić']],
  ['CN=a+UID=7,O=x', ['O=x', 'CN=a+UID=7']],
  ['E=a@b.test,S=Bayern', ['ST=Bayern', 'emailAddress=a@b.test']],
  ['1.2.3.4=x', ['1.2.3.4=x']],
];

for (const [text, encoded] of READ) {
  test(`${text} is read in encoding order`, () => assert.deepEqual(types(text), encoded));
}

const REFUSED: readonly (readonly [text: string, why: RegExp])[] = [
  ['db', /"db" in the subject "db" is not TYPE=value/],
  ['', /is not TYPE=value/],
  ['=x', /is not TYPE=value/],
  ['FOO=x', /unknown attribute "FOO"/],
  ['CN=', /the subject's CN is empty/],
  ['C=Germany', /the subject's C has 7 characters/],
  ['C=de', /the subject's C cannot be "de"/],
  [`CN=${'a'.repeat(65)}`, /the subject's CN has 65 characters/],
  ['emailAddress=é@x', /the subject's emailAddress cannot be/],
  ['CN=a\u0000b', /control character/],
  ['CN=a\nb', /control character/],
  ['CN=a\u202eb', /not seen \(U\+202E\)$/],
  ['O=a\\E2\\80\\8Bb', /^the subject's O has .* not seen \(U\+200B\)$/],
  ['CN=a\u{e0041}b', /not seen \(U\+E0041\)$/],
];

for (const [text, why] of REFUSED) {
  test(`${JSON.stringify(text).slice(0, 40)} is refused`, () =>
    throwsCode(() => parseSubject(text), 'LOCAL_CA_SUBJECT_INVALID', why));
}

test('names are UTF8String, but country is printable and e-mail is IA5', () => {
  const der = toHex(encodeSubject(parseSubject('/C=DE/O=Ä/emailAddress=a@b')));
  assert.ok(der.includes(`1302${toHex(new TextEncoder().encode('DE'))}`), 'C is a PrintableString');
  assert.ok(der.includes('0c02c384'), 'O is a UTF8String');
  assert.ok(der.includes(`1603${toHex(new TextEncoder().encode('a@b'))}`), 'emailAddress is an IA5String');
});

test('what was encoded is decoded, and shown as RFC 4514 text', () => {
  for (const [text] of READ) {
    const name = parseSubject(text);
    assert.deepEqual(decodeSubject(encodeSubject(name)), name);
    assert.deepEqual(parseSubject(formatSubject(name)), name);
  }
  assert.equal(formatSubject(parseSubject('/C=DE/O=A, B/CN=#x ')), 'CN=\\#x,O=A\\, B,C=DE');
});

test('what cannot be seen is written out as bytes (RFC 4514 2.4)', () => {
  const name = [[{ type: 'CN', value: 'a\nb\u001b[2J\u202e\u200bc\u2028' }]];
  const text = 'CN=a\\0ab\\1b[2J\\e2\\80\\ae\\e2\\80\\8bc\\e2\\80\\a8';
  assert.equal(formatSubject(decodeSubject(encodeSubject(name))), text);
});

test('a value that is no string shows as its DER', () => {
  // CN (2.5.4.3) with an OCTET STRING.
  assert.equal(formatSubject(decodeSubject(fromHex('300d310b300906035504030402abcd'))), 'CN=#0402abcd');
});

test('the common name is the last one', () => {
  assert.equal(commonName(parseSubject('/CN=a/O=b/CN=c')), 'c');
  assert.equal(commonName(parseSubject('/O=b')), undefined);
});

test('names are the same when they differ in case, spaces or string type only', () => {
  const utf8 = encodeSubject(parseSubject('/O=Acme  Inc/CN=Root'));
  const printable = fromHex('300f310d300b06035504031304526f6f74');
  assert.ok(sameSubject(utf8, encodeSubject(parseSubject('/O=ACME Inc/CN=root'))));
  assert.ok(!sameSubject(utf8, encodeSubject(parseSubject('/CN=Root/O=Acme Inc'))));
  assert.ok(sameSubject(printable, encodeSubject(parseSubject('CN=Root'))));
  assert.ok(!sameSubject(utf8, printable));
});
