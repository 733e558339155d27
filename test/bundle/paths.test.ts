import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkBundlePath, fillPath, foldersAbove } from '../../src/bundle/paths.ts';
import { refusal } from './support.ts';

describe('checkBundlePath', () => {
  const refused: readonly (readonly [string, RegExp])[] = [
    ['', /it is empty/],
    ['/etc/passwd', /it is absolute/],
    ['..', /climbs out/],
    ['../key.pem', /climbs out/],
    ['a/../../b', /climbs out/],
    ['a/..', /climbs out/],
    ['./a', /empty part/],
    ['a//b', /empty part/],
    ['a/', /empty part/],
    ['..\\a', /backslash/],
    ['\\\\server\\share', /backslash/],
    ['C:\\Windows', /backslash/],
    ['c:/a', /drive letter/],
    ['c:a', /drive letter/],
    ['file.txt:stream', /Windows/],
    ['what?', /Windows/],
    ['*.example.test.pem', /Windows/],
    ['a\0b', /control character/],
    ['a\nb', /control character/],
    ['a\u0085b', /control character/],
    ['name.', /dot or a space/],
    ['dir /a', /dot or a space/],
    ['CON', /device/],
    ['tls/nul.pem', /device/],
    ['com1', /device/],
    ['.local-ca.json', /local-ca itself/],
    ['.LOCAL-CA-commit/x', /local-ca itself/],
  ];
  for (const [path, why] of refused) {
    it(`refuses ${JSON.stringify(path)}`, () => {
      assert.throws(() => checkBundlePath(path), refusal('LOCAL_CA_PATH_INVALID', why));
    });
  }

  for (const path of ['a', 'a.pem', 'tls/a.pem', '.hidden', '..a', 'a..b', 'console.pem', 'é.pem', '...a']) {
    it(`takes ${path}`, () => checkBundlePath(path));
  }
});

describe('fillPath', () => {
  it('puts the label in', () => assert.equal(fillPath('tls/{{label}}.{{label}}.pem', 'db1'), 'tls/db1.db1.pem'));
  it('checks what the label makes of it', () => {
    assert.throws(() => fillPath('{{label}}.pem', '../x'), refusal('LOCAL_CA_PATH_INVALID', /"\.\.\/x\.pem".*climbs/));
  });
});

describe('foldersAbove', () => {
  it('lists them from the outside in', () => assert.deepEqual(foldersAbove('a/b/c.pem'), ['a', 'a/b']));
  it('has none for a plain file', () => assert.deepEqual(foldersAbove('c.pem'), []));
});
