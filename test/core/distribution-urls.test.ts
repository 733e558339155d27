import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { normalizeAuthority, normalizeLeaf } from '../../src/core/options.ts';
import { NOW } from '../support/pki.ts';
import { throwsCode } from '../support/throws.ts';

type Urls = Partial<Record<'crlUrls' | 'ocspUrls', readonly string[]>>;
const leaf = (urls: Urls) => normalizeLeaf({ names: ['a.test'], ...urls }, NOW);

const GOOD = [
  'http://pki.example.test/ca.crl',
  'HTTP://pki.example.test:8080/a%20b/ca.crl?x=1',
  'http://[fd00::1]/ca.crl',
  'ldap://dc1.corp.test/CN=CA,DC=corp,DC=test?certificateRevocationList',
  'ldap:///CN=CA,DC=corp,DC=test?certificateRevocationList;binary',
];

describe('addresses in certificates', () => {
  test('go from the options of a leaf or a CA into its request, each once', () => {
    for (const request of [leaf({}), normalizeAuthority({}, 'CA', NOW)]) {
      assert.deepEqual([request.crlUrls, request.ocspUrls], [[], []]);
    }
    const urls = { crlUrls: [...GOOD, GOOD[0] as string], ocspUrls: ['http://ocsp.test'] };
    for (const request of [leaf(urls), normalizeAuthority(urls, 'CA', NOW)]) {
      assert.deepEqual([request.crlUrls, request.ocspUrls], [GOOD, ['http://ocsp.test']]);
    }
    assert.deepEqual(leaf(urls).warnings, []);
  });

  test('https is warned of', () => {
    const { warnings } = leaf({ crlUrls: ['https://a.test/crl', 'http://a.test/crl'], ocspUrls: ['HTTPS://b.test'] });
    assert.deepEqual(
      warnings.map(({ code, message }) => [code, /from (\S+);/.exec(message)?.[1]]),
      [
        ['https-distribution', 'https://a.test/crl'],
        ['https-distribution', 'HTTPS://b.test'],
      ],
    );
  });

  const BAD: readonly (readonly [url: string, why: RegExp])[] = [
    ['', /^"" cannot be the address of a revocation list: it does not start with http:\/\/, https:\/\/, ldap:\/\/$/],
    ['/ca.crl', /it does not start with/],
    ['pki.test/ca.crl', /it does not start with/],
    ['ftp://a.test/ca.crl', /it does not start with/],
    ['http:a.test/ca.crl', /it does not start with/],
    [' http://a.test/ca.crl', /it does not start with/],
    ['http://a.test/my ca.crl', /"http:\/\/a.test\/my ca.crl" cannot .*: it has a character that no URL has$/],
    ['http://a.test/ca.crl\n', /it has a character/],
    ['http://bücher.test/ca.crl', /it has a character/],
    ['http://a.test/a|b', /it has a character/],
    ['http://a.test/100%', /it has a character/],
    ['http://', /it has no host$/],
    ['http:///ca.crl', /it has no host$/],
    ['http://[::1/ca.crl', /it has no host$/],
    ['http://ann:secret@a.test/', /everybody who sees a certificate reads its user name$/],
  ];
  for (const [url, why] of BAD) {
    test(`refused: ${JSON.stringify(url)}`, () =>
      throwsCode(() => leaf({ crlUrls: [url] }), 'LOCAL_CA_OPTION_INVALID', why));
  }

  test('an OCSP responder has no ldap address', () => {
    throwsCode(
      () => normalizeAuthority({ ocspUrls: ['ldap://a.test/'] }, 'CA', NOW),
      'LOCAL_CA_OPTION_INVALID',
      /^"ldap:\/\/a.test\/" cannot be the address of an OCSP responder: it does not start with http:\/\/, https:\/\/$/,
    );
  });
});
