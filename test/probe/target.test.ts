import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { LocalCaError } from '../../src/errors.ts';
import { STARTS } from '../../src/probe/starts.ts';
import { parseTarget, urlOf } from '../../src/probe/target.ts';
import { throwsCode } from '../support/throws.ts';

describe('parseTarget', () => {
  const good: readonly (readonly [string, string, string, number])[] = [
    ['https://db1.example.test', 'https', 'db1.example.test', 443],
    ['HTTPS://DB1.example.test:443/path', 'https', 'db1.example.test', 443],
    ['tls://10.0.0.5:6514', 'tls', '10.0.0.5', 6514],
    ['tls://[::1]:443', 'tls', '::1', 443],
    ['postgres://db1.example.test', 'postgres', 'db1.example.test', 5432],
    ['postgresql://me:secret@bücher.example:5433/shop?sslmode=require', 'postgresql', 'xn--bcher-kva.example', 5433],
    ['postgres://db1.example.test:443', 'postgres', 'db1.example.test', 443],
  ];
  for (const [text, scheme, host, port] of good) {
    it(`reads ${text}`, () => assert.deepEqual(parseTarget(text), { scheme, host, port }));
  }

  const ports: readonly (readonly [string, number])[] = [
    ['mysql', 3306],
    ['mssql', 1433],
    ['redis', 6379],
    ['etcd', 2379],
    ['ldap', 389],
    ['smtp', 25],
    ['submission', 587],
    ['imap', 143],
    ['pop3', 110],
    ['ftp', 21],
    ['ftps', 990],
    ['xmpp-server', 5269],
    ['amqp', 5671],
  ];
  for (const [scheme, port] of ports) {
    it(`knows the port of ${scheme}`, () => assert.equal(parseTarget(`${scheme}://a.test`).port, port));
  }

  const parameters: readonly (readonly [string, string | undefined])[] = [
    ['postgres://a.test?sslmode=require&sslnegotiation=direct', 'sslnegotiation=direct'],
    ['postgres://a.test?sslnegotiation=postgres', undefined],
    ['mssql://a.test?encrypt=Strict', 'encrypt=strict'],
    ['sqlserver://a.test?encrypt=true', undefined],
    ['mysql://a.test?encrypt=strict', undefined],
  ];
  for (const [text, parameter] of parameters) {
    it(`keeps of ${text} what matters`, () => assert.equal(parseTarget(text).parameter, parameter));
  }

  it('is written as a URL that says the same and nothing more', () => {
    const written = [
      ['sqlserver://sa:secret@a.test/master?encrypt=strict&app=x', 'sqlserver://a.test:1433?encrypt=strict'],
      ['tls://[::1]', 'tls://[::1]:443'],
      ['https://a.test/path?x=y', 'https://a.test:443'],
    ] as const;
    for (const [text, url] of written) {
      assert.equal(urlOf(parseTarget(text)), url);
      assert.deepEqual(parseTarget(url), parseTarget(text));
    }
  });

  for (const text of [
    'db1',
    'gopher://db1',
    'tls://',
    'postgres:///shop',
    'tls://a:99999',
    'constructor://a',
    'tls://a b',
  ]) {
    it(`refuses ${text}`, () => {
      throwsCode(() => parseTarget(text), 'LOCAL_CA_OPTION_INVALID', /is not a server that can be looked at/);
    });
  }

  const hints: readonly (readonly [string, RegExp])[] = [
    ['http://a.test', /^Did you mean https:\/\/\?$/],
    ['mysqls://a.test', /^Did you mean mysql:\/\//],
    [
      'gopher://a.test',
      /^Write it like tls:\/\/db1\.example\.test:6514; known are (?:[a-z]+, ){9}imap and more: docs\/probing\.md has all\.$/,
    ],
    ['a.test', /^Write it like/],
    ['mysql:///shop', /^Write it like/],
  ];
  for (const [text, hint] of hints) {
    it(`says what to write for ${text}`, () => assert.throws(() => parseTarget(text), { hint }));
  }

  it('does not repeat a password', () => {
    const forms = [
      ['oracle://me:sec@ret@db1', /^"oracle:\/\/db1" is not/],
      ['u:secretpw@db1:5432', /^"db1:5432" is not/],
      ['postgres:secretpw@db1', /^"db1" is not/],
      ['tls://u:a//secret@db1', /^"tls:\/\/db1" is not/],
      ['u:a://sec\nret@db1', /^"db1" is not/],
    ] as const;
    for (const [text, message] of forms) {
      throwsCode(() => parseTarget(text), 'LOCAL_CA_OPTION_INVALID', message);
      assert.throws(
        () => parseTarget(text),
        (error: LocalCaError) => !/sec|ret|pw/.test(error.hint),
      );
    }
  });

  it('has a port and an advice for each scheme', () => {
    for (const { port, advice, ways, parameters = {} } of Object.values(STARTS)) {
      assert.ok(port > 0 && ways.length > 0);
      for (const text of [advice, ...Object.values(parameters).map((other) => other.advice)]) {
        assert.match(text, /^Check the name and the port.*\.$/);
      }
    }
  });
});
