import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { dueAt, isDue, parseWithin } from '../../src/core/duration.ts';
import { throwsCode } from '../support/throws.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const YEAR = { notBefore: new Date('2026-01-01'), notAfter: new Date('2027-01-01') };

describe('a time before the end, or a share of a life, is read', () => {
  const cases = [
    ['30d', { kind: 'time', ms: 30 * DAY }],
    ['12h', { kind: 'time', ms: 12 * HOUR }],
    [' 2W ', { kind: 'time', ms: 14 * DAY }],
    ['0d', { kind: 'time', ms: 0 }],
    ['75%', { kind: 'life', share: 0.75 }],
    ['100%', { kind: 'life', share: 1 }],
  ] as const;
  for (const [text, expected] of cases) test(text, () => assert.deepEqual(parseWithin(text), expected));
});

describe('what is neither is refused', () => {
  for (const text of ['', '30', 'd', '30 d', '-1d', '1.5d', '30m', '30days', '0%', '101%', '%', '999999d', '30d12h']) {
    test(JSON.stringify(text), () =>
      throwsCode(
        () => parseWithin(text),
        'LOCAL_CA_OPTION_INVALID',
        new RegExp(`^"${text.replace('.', '\\.')}" is not a`),
      ),
    );
  }
});

describe('a certificate is due', () => {
  const due = (within?: string, validity = YEAR) =>
    dueAt(validity, within === undefined ? undefined : parseWithin(within))
      .toISOString()
      .slice(0, 16);

  test('30 days before its end, if nothing else is asked for', () => assert.equal(due(), '2026-12-02T00:00'));

  test('or a third of its life, if that is less', () => {
    const month = { notBefore: new Date('2026-01-01'), notAfter: new Date('2026-01-31') };
    assert.equal(due(undefined, month), '2026-01-21T00:00');
    const quarter = { notBefore: new Date('2026-01-01'), notAfter: new Date('2026-04-01') };
    assert.equal(due(undefined, quarter), '2026-03-02T00:00');
  });

  test('so long before its end', () => {
    assert.equal(due('2w'), '2026-12-18T00:00');
    assert.equal(due('12h'), '2026-12-31T12:00');
    assert.equal(due('0d'), '2027-01-01T00:00');
    assert.equal(due('400d'), '2025-11-27T00:00');
  });

  test('when so much of its life is over', () => {
    assert.equal(due('75%'), '2026-10-01T18:00');
    assert.equal(due('100%'), '2027-01-01T00:00');
  });

  test('from that instant on, and when it is expired', () => {
    const at = (now: string) => isDue(YEAR, undefined, new Date(now));
    assert.deepEqual(['2026-12-01T23:59:59.999Z', '2026-12-02T00:00:00Z', '2030-01-01T00:00:00Z'].map(at), [
      false,
      true,
      true,
    ]);
    assert.equal(isDue(YEAR, parseWithin('75%'), new Date('2026-10-01T18:00:00Z')), true);
    assert.equal(isDue(YEAR, parseWithin('75%'), new Date('2026-10-01T17:59:59Z')), false);
  });
});
