import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { STARTS } from '../../src/probe/starts.ts';
import { parseTarget } from '../../src/probe/target.ts';
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

  it('does not repeat a password', () => {
    throwsCode(() => parseTarget('oracle://me:sec@ret@db1'), 'LOCAL_CA_OPTION_INVALID', /^"oracle:\/\/db1" is not/);
  });

  it('has a port and an advice for each scheme', () => {
    for (const { port, advice } of Object.values(STARTS)) assert.ok(port > 0 && advice.length > 0);
  });
});
