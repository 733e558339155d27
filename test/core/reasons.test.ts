import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOfReason, findReason, mayBecome, REVOCATION_REASONS, reasonOfCode } from '../../src/core/reasons.ts';
import { throwsCode } from '../support/throws.ts';

const ACCEPTED = {
  unspecified: ['unspecified', 'Unspecified'],
  keyCompromise: ['keyCompromise', 'key-compromise', 'KEYCOMPROMISE', 'Key-Compromise'],
  cACompromise: ['cACompromise', 'ca-compromise', 'CACompromise'],
  affiliationChanged: ['affiliationChanged', 'affiliation-changed'],
  superseded: ['superseded'],
  cessationOfOperation: ['cessationOfOperation', 'cessation-of-operation'],
  certificateHold: ['certificateHold', 'certificate-hold', 'hold'],
  privilegeWithdrawn: ['privilegeWithdrawn', 'privilege-withdrawn'],
  aACompromise: ['aACompromise', 'aa-compromise'],
};

test('the reasons that a person may give, however they are written', () => {
  assert.deepEqual(
    REVOCATION_REASONS.map(({ name }) => name),
    Object.keys(ACCEPTED),
  );
  for (const [name, texts] of Object.entries(ACCEPTED)) {
    for (const text of texts) assert.equal(findReason(text), name);
  }
});

for (const text of ['', 'stolen', 'removeFromCRL', 'remove-from-crl', 'key compromise', '1']) {
  test(`${JSON.stringify(text)} is none`, () =>
    throwsCode(() => findReason(text), 'LOCAL_CA_REASON_UNKNOWN', /^unknown reason ".*" for a revocation$/));
}

test('a hold may become anything else, and anything a theft', () => {
  const names = REVOCATION_REASONS.map(({ name }) => name);
  const from = (before: (typeof names)[number]) => names.filter((name) => mayBecome(before, name));
  for (const before of names) {
    const expected = {
      keyCompromise: [],
      cACompromise: ['keyCompromise'],
      certificateHold: names.filter((name) => name !== 'certificateHold'),
    };
    const known: Partial<Record<string, readonly string[]>> = expected;
    assert.deepEqual(from(before), known[before] ?? ['keyCompromise', 'cACompromise'], before);
  }
});

test('codes are those of RFC 5280', () => {
  assert.deepEqual(
    REVOCATION_REASONS.map(({ name }) => codeOfReason(name)),
    [0, 1, 2, 3, 4, 5, 6, 9, 10],
  );
  assert.deepEqual([0, 7, 8, 10, 11].map(reasonOfCode), [
    'unspecified',
    undefined,
    'removeFromCRL',
    'aACompromise',
    undefined,
  ]);
});
