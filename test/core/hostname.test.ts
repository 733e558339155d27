import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { context, sequence } from '../../src/core/der.ts';
import { EXTENSION } from '../../src/core/extensions.ts';
import { hostMismatch, matchesHost } from '../../src/core/hostname.ts';
import type { Certificate } from '../../src/core/parse.ts';
import { type Holder, makeCa, makeOdd, makeServer } from '../support/pki.ts';

let ca: Holder;
before(async () => {
  ca = await makeCa('CN=Hosts');
});

const certificateFor = async (...names: string[]): Promise<Certificate> => (await makeServer(ca, names)).certificate;

/** A certificate whose DNS names are written as they stand, past the checks of parseName. */
async function withRawNames(...names: string[]): Promise<Certificate> {
  const list = names.map((name) => context(2, false, new Uint8Array(Buffer.from(name, 'latin1'))));
  const extensions = [{ oid: EXTENSION.subjectAltName, critical: false, value: sequence(...list) }];
  return (await makeOdd('CN=raw.test', { issuer: ca, extensions })).certificate;
}

describe('matching a host', () => {
  const rows: readonly (readonly [string, string, boolean])[] = [
    ['db.a.test', 'db.a.test', true],
    ['db.a.test', 'DB.A.Test', true],
    ['db.a.test', 'db.a.test.', true],
    ['db.a.test', 'x.db.a.test', false],
    ['*.a.test', 'db.a.test', true],
    ['*.a.test', 'a.test', false],
    ['*.a.test', 'x.db.a.test', false],
    ['*.test', 'a.test', false],
    ['bücher.test', 'BÜCHER.test', true],
    ['bücher.test', 'xn--bcher-kva.test', true],
    ['10.0.0.1', '10.0.0.1', true],
    ['10.0.0.1', '10.0.0.2', false],
    ['fd00::1', 'fd00:0:0::1', true],
    ['me@a.test', 'a.test', false],
    ['https://a.test/', 'a.test', false],
  ];
  for (const [name, host, expected] of rows) {
    test(`${name} ${expected ? 'is' : 'is not'} for ${host}`, async () => {
      assert.equal(matchesHost(await certificateFor(name), host), expected);
    });
  }

  test('a wildcard that is part of a label, not the left one, or alone matches nothing', async () => {
    const odd = await withRawNames('f*.a.test', 'x.*.test', '*', '*.*.a.test', '', 'db.a.test\0.evil.test');
    for (const host of ['foo.a.test', 'x.a.test', 'localhost', 'db.a.test'])
      assert.equal(matchesHost(odd, host), false, host);
  });

  test('an address in a DNS name is no address', async () => {
    assert.equal(matchesHost(await withRawNames('10.0.0.1'), '10.0.0.1'), false);
  });

  test('the common name does not count, and the reason says so', async () => {
    const { certificate } = await makeOdd('CN=cn.test', { issuer: ca });
    assert.equal(
      hostMismatch(certificate, 'cn.test'),
      'it has no SubjectAltName that could match cn.test; clients no longer look at its common name "cn.test"',
    );
  });

  test('the reason lists the names that there are', async () => {
    assert.equal(
      hostMismatch(await certificateFor('a.test', '::1'), 'b.test'),
      'it is for a.test, ::1, not for b.test',
    );
  });

  test('what is no host to connect to is refused', async () => {
    const certificate = await certificateFor('a.test');
    for (const host of ['me@a.test', '*.a.test', 'https://a.test/']) {
      assert.throws(() => matchesHost(certificate, host), {
        code: 'LOCAL_CA_NAME_INVALID',
        message: `${JSON.stringify(host)} is not a host to connect to`,
      });
    }
    assert.throws(() => matchesHost(certificate, 'a..test'), { code: 'LOCAL_CA_NAME_INVALID', message: /empty label/ });
  });
});
