import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkOptions } from '../../src/core/option-kinds.ts';
import {
  AUTHORITY_OPTIONS,
  checkLabel,
  LEAF_OPTIONS,
  type LeafOptions,
  normalizeAuthority,
  normalizeLeaf,
} from '../../src/core/options.ts';
import { formatSubject } from '../../src/core/subject.ts';
import { capValidity } from '../../src/core/validity.ts';
import { throwsCode } from '../support/throws.ts';

const NOW = new Date('2026-11-22T00:05:00.789Z');
const DAY = 86_400_000;
const leaf = (options: Partial<LeafOptions>) => normalizeLeaf({ names: ['db1.example.test'], ...options }, NOW);
const lifeOf = ({ notBefore, notAfter }: { notBefore: Date; notAfter: Date }) =>
  (notAfter.getTime() - notBefore.getTime()) / DAY;

test('one name is enough: the rest has defaults', () => {
  const request = leaf({});
  assert.equal(request.label, 'db1.example.test');
  assert.equal(request.profile.name, 'server');
  assert.equal(request.keyType, 'p256');
  assert.equal(request.template, null);
  assert.equal(formatSubject(request.subject), 'CN=db1.example.test');
  assert.equal(request.notBefore.toISOString(), '2026-11-22T00:00:00.000Z');
  assert.equal(request.notAfter.toISOString(), '2027-11-22T00:05:00.000Z');
  assert.deepEqual(request.warnings, []);
});

test('CN is the first DNS name, else the first name, of those that fit', () => {
  const long = `${'a'.repeat(60)}.example.test`;
  const cn = (...names: string[]) => formatSubject(leaf({ names }).subject);
  assert.equal(cn('10.0.0.1', 'db.test'), 'CN=db.test');
  assert.equal(cn('10.0.0.1', '::1'), 'CN=10.0.0.1');
  assert.equal(cn(long, 'db.test'), 'CN=db.test');
  assert.equal(cn(long), '');
  assert.equal(cn('a@b.test'), 'CN=a@b.test');
});

test('a subject that was given replaces the whole', () => {
  assert.equal(formatSubject(leaf({ subject: '/C=DE/CN=x' }).subject), 'CN=x,C=DE');
});

test('labels are safe as file names', () => {
  assert.equal(leaf({ names: ['*.example.test'] }).label, '_wildcard.example.test');
  assert.equal(leaf({ names: ['::1'] }).label, '__1');
  assert.equal(leaf({ names: ['https://a.test/b'] }).label, 'https___a.test_b');
  for (const label of [
    '',
    '.',
    '..',
    'a/b',
    'a\\b',
    'a\0b',
    '.hidden',
    '-x',
    'a..b',
    'con',
    'NUL.txt',
    'a.',
    'é',
    'a'.repeat(101),
  ]) {
    throwsCode(() => checkLabel(label), 'LOCAL_CA_LABEL_INVALID', /cannot be a label/);
  }
  for (const label of ['db1', 'DB-1_a.b', 'dba@example.test', 'console']) assert.equal(checkLabel(label), label);
});

test('no name at all is refused', () => {
  throwsCode(() => normalizeLeaf({ names: [] }, NOW), 'LOCAL_CA_NAME_INVALID', /no name was given/);
});

const BAD_DAYS = [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY];
for (const days of BAD_DAYS) {
  test(`${days} days are refused`, () =>
    throwsCode(() => leaf({ days }), 'LOCAL_CA_VALIDITY_INVALID', /is not a number of days/));
}

test('no life ends after the year 9999', () => {
  throwsCode(
    () => leaf({ days: 1e9, force: true }),
    'LOCAL_CA_VALIDITY_INVALID',
    /1000000000 days end after the year 9999/,
  );
  throwsCode(() => leaf({ days: 1e300, force: true }), 'LOCAL_CA_VALIDITY_INVALID', /end after the year 9999/);
  const notAfter = new Date('+010000-01-01T00:00:00Z');
  throwsCode(() => leaf({ notAfter, force: true }), 'LOCAL_CA_VALIDITY_INVALID', /outside the years 1950 to 9999/);
  assert.equal(leaf({ notAfter: new Date('9999-12-31T23:59:59Z'), force: true }).notAfter.getUTCFullYear(), 9999);
});

test('over 398 days is warned of, over 825 refused without force', () => {
  assert.deepEqual(leaf({ days: 398 }).warnings, []);
  assert.deepEqual(
    leaf({ days: 400 }).warnings.map(({ code }) => code),
    ['long-life'],
  );
  assert.deepEqual(
    leaf({ days: 825 }).warnings.map(({ code }) => code),
    ['long-life'],
  );
  throwsCode(() => leaf({ days: 826 }), 'LOCAL_CA_VALIDITY_INVALID', /a life of 826 days is refused by Apple/);
  assert.equal(leaf({ days: 826, force: true }).warnings.length, 1);
});

test('398 and 825 days are never more than that, counting from notBefore and with the last second', () => {
  assert.ok(lifeOf(leaf({ days: 825 })) * DAY + 1000 <= 825 * DAY);
  assert.ok(lifeOf(leaf({ days: 398 })) * DAY + 1000 <= 398 * DAY);
});

test('from and to may lie in the past, but not the wrong way round', () => {
  const past = leaf({ notBefore: new Date('2020-01-01'), notAfter: new Date('2020-02-01') });
  assert.equal(lifeOf(past), 31);
  throwsCode(
    () => leaf({ notBefore: new Date('2027-01-01'), notAfter: new Date('2026-12-01') }),
    'LOCAL_CA_VALIDITY_INVALID',
    /ends \(2026-12-01.*\) before it starts \(2027-01-01/,
  );
  throwsCode(() => leaf({ notAfter: new Date('nonsense') }), 'LOCAL_CA_VALIDITY_INVALID', /^notAfter is not a date/);
  throwsCode(() => leaf({ notBefore: new Date('nonsense') }), 'LOCAL_CA_VALIDITY_INVALID', /^notBefore is not a date/);
  throwsCode(
    () => leaf({ days: 3, notAfter: new Date('2027-01-01') }),
    'LOCAL_CA_VALIDITY_INVALID',
    /both days and notAfter/,
  );
});

test('days count from a start that was given', () => {
  const request = leaf({ notBefore: new Date('2027-01-01T00:00:00Z'), days: 10 });
  assert.equal(request.notAfter.toISOString(), '2027-01-11T00:00:00.000Z');
});

test('a life is cut to that of the CA, with a warning', () => {
  const ca = { notBefore: new Date('2026-11-22T00:03:00Z'), notAfter: new Date('2027-01-01T00:00:00Z') };
  const cut = capValidity(leaf({}), ca);
  assert.deepEqual([cut.notBefore, cut.notAfter], [ca.notBefore, ca.notAfter]);
  assert.match(cut.warnings[0]?.message ?? '', /cut to end with the CA, on 2027-01-01/);
});

test('a start that was asked for stays, even before that of the CA', () => {
  const ca = { notBefore: NOW, notAfter: new Date('2036-01-01T00:00:00Z') };
  const expired = capValidity(leaf({ notBefore: new Date('2020-01-01'), notAfter: new Date('2020-02-01') }), ca);
  assert.equal(expired.notBefore.getUTCFullYear(), 2020);
});

test('a life that starts after the end of the CA is refused', () => {
  const ca = { notBefore: NOW, notAfter: new Date('2027-01-01T00:00:00Z') };
  const request = leaf({ notBefore: new Date('2027-02-01'), days: 10 });
  throwsCode(() => capValidity(request, ca), 'LOCAL_CA_VALIDITY_INVALID', /when the CA has expired/);
});

test('a wildcard for a whole top-level domain is warned of', () => {
  assert.deepEqual(
    leaf({ names: ['*.test'] }).warnings.map(({ code }) => code),
    ['wide-wildcard'],
  );
  assert.deepEqual(leaf({ names: ['*.a.test'] }).warnings, []);
});

test('unknown profiles and key types are refused by name', () => {
  throwsCode(() => leaf({ profile: 'root' }), 'LOCAL_CA_PROFILE_UNKNOWN', /"root"/);
  throwsCode(() => leaf({ keyType: 'dsa' }), 'LOCAL_CA_KEY_TYPE_UNKNOWN', /"dsa"/);
  assert.equal(leaf({ keyType: 'RSA' }).keyType, 'rsa-2048');
  assert.equal(leaf({ keyType: 'ecdsa' }).keyType, 'p256');
  assert.equal(leaf({ keyType: 'brainpoolp256R1' }).keyType, 'brainpoolP256r1');
});

test('a CA has its own defaults, and its subject in the usual order', () => {
  const request = normalizeAuthority({ organization: 'Acme', country: 'DE' }, 'fallback', NOW);
  assert.equal(request.name, 'fallback');
  assert.equal(request.notAfter.toISOString(), '2036-11-19T00:05:00.000Z');
  assert.equal(request.constraints, undefined);
  throwsCode(
    () => normalizeAuthority({ country: 'Germany' }, 'x', NOW),
    'LOCAL_CA_SUBJECT_INVALID',
    /C has 7 characters/,
  );
  throwsCode(() => normalizeAuthority({ name: '' }, 'x', NOW), 'LOCAL_CA_SUBJECT_INVALID', /CN is empty/);
  throwsCode(() => normalizeAuthority({ permit: ['*.a'] }, 'x', NOW), 'LOCAL_CA_NAME_INVALID', /no wildcard/);
});

// --- options from JavaScript, which no compiler has seen -----------------------------------------------------------

const refusesLeaf = (options: unknown, message: RegExp) =>
  throwsCode(() => checkOptions(options as LeafOptions, LEAF_OPTIONS), 'LOCAL_CA_OPTION_INVALID', message);

test('an option that does not exist is refused by name', () => {
  refusesLeaf({ name: 'db1.test' }, /there is no option "name"/);
  refusesLeaf({ names: ['db1.test'], keytype: 'p384' }, /there is no option "keytype"/);
  refusesLeaf({ names: ['db1.test'], toString: 'x' }, /there is no option "toString"/);
  assert.throws(() => checkOptions({ nmae: 'x' } as object, AUTHORITY_OPTIONS), { hint: /^There are: name, .*permit/ });
});

const MISTYPED: readonly (readonly [options: unknown, message: string])[] = [
  ['db1.test', 'the options are "db1.test", not an object'],
  [['db1.test'], 'the options are ["db1.test"], not an object'],
  [null, 'the options are null, not an object'],
  [{ names: 'db1.test' }, 'names is "db1.test", not a list of strings'],
  [{ names: ['db1.test', 1] }, 'names is ["db1.test", 1], not a list of strings'],
  [{ names: ['db1.test'], notAfter: '2020-01-01' }, 'notAfter is "2020-01-01", not a Date'],
  [{ names: ['db1.test'], notBefore: 1_600_000_000_000 }, 'notBefore is 1600000000000, not a Date'],
  [{ names: ['db1.test'], days: '30' }, 'days is "30", not a number'],
  [{ names: ['db1.test'], force: 'yes' }, 'force is "yes", not true or false'],
  [{ names: ['db1.test'], label: {} }, 'label is an object, not a string'],
  [{ names: ['db1.test'], subject: () => 'secret' }, 'subject is a function, not a string'],
];
for (const [options, message] of MISTYPED) {
  test(`refused: ${message}`, () =>
    assert.throws(() => checkOptions(options as LeafOptions, LEAF_OPTIONS), {
      code: 'LOCAL_CA_OPTION_INVALID',
      message,
    }));
}

test('options that are undefined are as good as absent', () => {
  checkOptions({ names: ['db1.test'], days: undefined, notAfter: undefined }, LEAF_OPTIONS);
});

test('a passphrase of the wrong kind is not shown', () => {
  const options = { passphrase: ['hunter2'] as unknown as string };
  throwsCode(
    () => checkOptions(options, AUTHORITY_OPTIONS),
    'LOCAL_CA_OPTION_INVALID',
    /^passphrase is something else, not a string$/,
  );
});
