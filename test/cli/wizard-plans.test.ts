/** The forms of `renew`, `csr create`, `csr accept` and `issue` as data, without a terminal. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { introOf as acceptIntro, orderOf as acceptOrder, acceptSteps } from '../../src/cli/wizard/accept.ts';
import { commandLine } from '../../src/cli/wizard/command-line.ts';
import { type CsrFacts, orderOf as csrOrder, saidBy as csrSaid, csrSteps } from '../../src/cli/wizard/csr-plan.ts';
import { isAtTheEnd, startOf, stepsFor } from '../../src/cli/wizard/flow.ts';
import {
  type IssueFacts,
  orderOf as issueOrder,
  summaryRows as issueRows,
  saidBy as issueSaid,
  issueSteps,
} from '../../src/cli/wizard/issue-plan.ts';
import {
  kindsOf,
  ordersOf,
  type Renewable,
  type RenewFacts,
  summaryRows,
  usualKind,
} from '../../src/cli/wizard/renew-plan.ts';
import { findCertificates, introOf, renewSteps } from '../../src/cli/wizard/renew-steps.ts';
import { subjectFlag } from '../../src/cli/wizard/subject-steps.ts';
import { summaryLines } from '../../src/cli/wizard/summary.ts';
import { parseSubject } from '../../src/core/subject.ts';
import type { CertificateRecord, PlacementRecord, RequestRecord } from '../../src/store/store.ts';

const NOW = new Date('2026-11-22T12:00:00Z');
const DAY = 86_400_000;
const inDays = (days: number) => new Date(NOW.getTime() + days * DAY);

const record = (label: string, days: number, issuerId: string | null = 'ca'): CertificateRecord => ({
  serial: `5e${label.length}`,
  label,
  profile: 'server',
  template: 'generic',
  names: [label, `also-${label}`],
  subject: `CN=${label}`,
  keyType: 'p256',
  notBefore: inDays(days - 365),
  notAfter: inDays(days),
  fingerprintSha256: '',
  certificate: new Uint8Array(),
  issuerId,
  chain: [],
  state: 'valid',
  revocation: null,
  issuedAt: NOW,
  keyId: null,
});

const PLACEMENT: PlacementRecord = {
  label: '',
  serial: '',
  template: 'generic',
  folder: '/srv/x',
  zip: null,
  formats: null,
  settings: {},
  alias: null,
  p12Profile: null,
  passwordGiven: false,
  withKey: true,
  roots: [],
  writtenAt: NOW,
  stages: [],
};

const renewable = (label: string, days: number, more: Partial<Renewable> = {}): Renewable => ({
  record: record(label, days),
  placement: PLACEMENT,
  folder: label,
  due: days < 30,
  usualDays: 365,
  targets: [],
  ...more,
});

const CHOSEN = { ...PLACEMENT, passwordGiven: true };
const ROOT = {
  role: 'root',
  name: 'My CA',
  notBefore: inDays(-10),
  notAfter: inDays(500),
  due: false,
  usualDays: 510,
} as const;

const facts = (more: Partial<RenewFacts> = {}): RenewFacts => ({
  certificates: [
    renewable('due.test', 5),
    renewable('web.test', 90),
    renewable('store.test', 200, { placement: CHOSEN }),
  ],
  foreign: [],
  authorities: [ROOT],
  end: inDays(500),
  keyless: [],
  given: {},
  now: NOW,
  checkKey: () => true,
  isEncrypted: (path) => path.startsWith('locked'),
  checkPassword: async () => true,
  ...more,
});

const lines = (...[answers, known]: Parameters<typeof ordersOf>) =>
  ordersOf(answers, known).map(({ command, names, flags }) => commandLine(command, names, flags));

describe('the renew wizard', () => {
  test('makes one command for all that need the same, and one for each that needs more', () => {
    const labels = ['due.test', 'web.test', 'store.test'];
    const answers = { labels, passwords: { 'store.test': 'secret' }, keyFiles: { 'web.test': 'old key.pem' } };
    assert.deepEqual(lines({ labels: ['due.test', 'web.test'], days: 'same' }, facts()), [
      'local-ca renew due.test web.test',
    ]);
    assert.deepEqual(lines(answers, facts({ keyless: ['web.test'] })), [
      'local-ca renew due.test',
      "local-ca renew web.test --key 'old key.pem'",
      'local-ca renew store.test --password PASSWORD',
    ]);
    // With a new key, the old one is of no use.
    assert.deepEqual(lines({ ...answers, newKey: true, days: 90 }, facts({ keyless: ['web.test'] })), [
      'local-ca renew due.test web.test --days 90 --new-key',
      'local-ca renew store.test --days 90 --new-key --password PASSWORD',
    ]);
    const given = { within: {}, passwordFile: 'pw', home: 'h' };
    assert.deepEqual(lines({ labels }, facts({ given })), [
      'local-ca renew due.test web.test store.test --password-file pw --home h',
    ]);
  });

  test('renews the CA with words of its own', () => {
    assert.deepEqual(lines({ kind: 'ca' }, facts()), ['local-ca renew --ca']);
    const answers = { kind: 'ca', role: 'root', newKey: true, days: 'other', otherDays: 700 } as const;
    assert.deepEqual(lines(answers, facts()), ['local-ca renew --days 700 --new-key --ca root']);
  });

  test('starts with what is due, and offers what there is', () => {
    assert.deepEqual([kindsOf(facts()), usualKind(facts())], [['certificates', 'ca'], 'certificates']);
    const due = facts({ certificates: [renewable('web.test', 90)], authorities: [{ ...ROOT, due: true }] });
    assert.equal(usualKind(due), 'ca');
    const foreign = facts({ foreign: [record('other.test', 3, null)], certificates: [renewable('web.test', 90)] });
    assert.deepEqual([kindsOf(foreign), usualKind(foreign)], [['certificates', 'foreign', 'ca'], 'foreign']);
    assert.deepEqual(kindsOf(facts({ given: { out: 'x' } })), ['certificates']);
    assert.equal(usualKind(facts({ certificates: [], authorities: [] })), undefined);
    assert.match(introOf(facts()), /^1 certificate is due\./);
  });

  test('asks for what is missing, and only for those that are renewed', () => {
    const known = facts({ keyless: ['web.test'] });
    const names = (answers: object, of = known) =>
      stepsFor(renewSteps(of), startOf({ kind: 'certificates', ...answers }), of).map(({ name }) => name);
    const usual = ['kind', 'labels', 'newKey', 'days'];
    assert.deepEqual(names({ labels: ['due.test'] }), usual);
    assert.deepEqual(names({ labels: ['web.test', 'store.test'] }), [
      ...usual,
      'password of store.test',
      'key of web.test',
    ]);
    assert.deepEqual(names({ labels: ['web.test'], newKey: true }), usual);
    assert.deepEqual(names({ labels: ['web.test'] }, { ...known, given: { key: 'k', days: 3, newKey: false } }), [
      'labels',
    ]);
    const walk = { answers: { labels: ['web.test'] }, asked: usual };
    assert.deepEqual(
      [isAtTheEnd(renewSteps(known), walk, facts()), isAtTheEnd(renewSteps(known), walk, known)],
      [true, false],
    );
  });

  test('asks for the pass phrase of a key that has one', () => {
    const known = facts({ keyless: ['web.test'] });
    const names = (answers: object, of = known) =>
      stepsFor(renewSteps(of), startOf({ kind: 'certificates', labels: ['web.test'], ...answers }), of)
        .map(({ name }) => name)
        .filter((name) => name.startsWith('pass phrase'));
    const keyFiles = { 'web.test': 'locked.pem' };
    assert.deepEqual(names({ keyFiles: { 'web.test': 'open.pem' } }), []);
    assert.deepEqual(names({ keyFiles }), ['pass phrase of the key of web.test']);
    assert.deepEqual(names({ keyFiles, newKey: true }), []);
    assert.deepEqual(names({}, facts({ given: { key: 'locked.pem' } })), ['pass phrase of the key of web.test']);
    const answers = { labels: ['web.test'], keyPasswords: { 'web.test': 'secret' } };
    assert.deepEqual(lines({ ...answers, keyFiles }, known), [
      'local-ca renew web.test --key locked.pem --key-password PASSWORD',
    ]);
    assert.deepEqual(lines({ ...answers, keyFiles: { 'web.test': 'open.pem' } }, known), [
      'local-ca renew web.test --key open.pem',
    ]);
  });

  test('its summary says ends, folders, keys, and what deploy run will bring where', () => {
    const certificates = [renewable('due.test', 5, { targets: ['/srv/db', '/srv/pg'] }), renewable('web.test', 90)];
    const text = (answers: object, known: RenewFacts) =>
      summaryLines(summaryRows(answers, known), { columns: 100, style: (_, shown) => shown }).join('\n');
    assert.equal(
      text({ labels: ['due.test'] }, facts({ certificates })),
      [
        '  Renew  due.test',
        '         until 2026-11-27 (5 days left) -> 2027-11-22',
        '         files in due.test',
        '  Key    stays',
        '  Then   local-ca deploy run brings the new files to /srv/db, /srv/pg',
      ].join('\n'),
    );
    // Nothing outlives its CA.
    assert.match(text({ labels: ['due.test'], days: 825 }, facts({ certificates })), /-> 2028-04-05\n/);
    const many = Array.from({ length: 9 }, (_, i) => renewable(`n${i}.test`, 9));
    const short = text({ labels: many.map((one) => one.record.label) }, facts({ certificates: many }));
    assert.equal(short.split('\n').length, 10);
    assert.match(
      text({ kind: 'ca', newKey: true }, facts()),
      /My CA \(root\)\n.*-> 2028-04-15\n.*a new one\n[\s\S]*every client/,
    );
  });

  test('finds certificates by label and name, together or one by one', () => {
    const certificates = ['a.test', 'b.test', 'b.example'].map((label, i) => renewable(label, i < 2 ? 5 : 90));
    const found = (term: string) => findCertificates(term, facts({ certificates }));
    const names = (term: string) => [found(term)].flat().map((one) => (typeof one === 'string' ? one : one.name));
    assert.deepEqual(
      names('').map((name) => name.split(',')[0]),
      ['All 2 that are due', 'a.test', 'b.test', 'b.example'],
    );
    assert.deepEqual(
      names('b').map((name) => name.split(',')[0]),
      ['b.test', 'b.example', 'All 2 of these'],
    );
    assert.deepEqual(names('also-a')[0], 'a.test, 5 days left, in a.test');
    assert.equal(found('zz'), 'No certificate has "zz" in its label or its names.');
  });
});

const SERVER = { templates: [], offers: [], force: false, given: {}, now: NOW };

describe('the csr wizard', () => {
  const known = (more: Partial<CsrFacts> = {}): CsrFacts => ({ ...SERVER, given: {}, ...more });
  const base = { template: 'generic', others: ['db.test'] };
  const ending = {
    record: record('old.test', 3, null),
    folder: 'old',
    keyless: true,
    checkKey: () => true as const,
    isEncrypted: () => false,
  };

  test('writes the subject in the order of the CA, and nothing that was left empty', () => {
    const attributes = { ST: 'California', C: 'US', emailAddress: 'a@b.test', O: 'A/C + me, \\ sons' };
    const flag = subjectFlag({ ...base, subjectForm: 'synergex', attributes }, known());
    assert.equal(flag, '/CN=db.test/ST=California/C=US/emailAddress=a@b.test/O=A\\/C \\+ me, \\\\ sons');
    assert.deepEqual(
      parseSubject(flag as string)
        .flat()
        .map(({ type, value }) => [type, value]),
      [['CN', 'db.test'], ...Object.entries(attributes)],
    );
    assert.equal(
      subjectFlag({ ...base, subjectForm: 'usual', attributes: { C: 'US', O: '' } }, known()),
      '/C=US/CN=db.test',
    );
    assert.equal(subjectFlag({ ...base, subjectForm: 'usual', attributes: {} }, known()), undefined);
    assert.equal(subjectFlag(base, known()), undefined);
  });

  test('makes the flags of the command line, and shows no secret', () => {
    const answers = { ...base, profile: 'client', challengePassword: 'open sesame', out: 'x', keyType: 'rsa-2048' };
    const { command, names, flags } = csrOrder(answers, known());
    assert.deepEqual(flags, {
      template: 'generic',
      profile: 'client',
      keyType: 'rsa-2048',
      out: 'x',
      challengePassword: 'open sesame',
    });
    assert.doesNotMatch(commandLine(command, names, flags), /sesame/);
    assert.match(commandLine(command, names, flags), / --challenge-password-file FILE/);
    assert.deepEqual(csrOrder({ ...base, profile: 'server' }, known()).flags, { template: 'generic' });
  });

  test('asks little of a certificate that ends', () => {
    const given = { renew: 'old.test' };
    const names = (answers: object, of: CsrFacts) =>
      stepsFor(csrSteps(csrSaid(of.given), of), startOf(answers), of).map(({ name }) => name);
    assert.deepEqual(names({}, known({ given, ending })), ['newKey', 'key', 'challengePassword']);
    assert.deepEqual(names({ newKey: true }, known({ given, ending })), ['newKey', 'challengePassword']);
    assert.deepEqual(names({}, known({ given: { ...given, key: 'k', challengePasswordFile: 'c' }, ending })), [
      'newKey',
    ]);
    const locked = { ...ending, isEncrypted: () => true };
    assert.deepEqual(names({ key: 'old.key' }, known({ given, ending: locked })), [
      'newKey',
      'key',
      'keyPassword',
      'challengePassword',
    ]);
    const opened = csrOrder({ key: 'old.key', keyPassword: 'secret' }, known({ given, ending: locked }));
    assert.deepEqual(opened.flags, { renew: 'old.test', key: 'old.key', keyPassword: 'secret' });
    const { names: none, flags } = csrOrder({ key: 'old.key' }, known({ given, ending }));
    assert.deepEqual([none, flags], [[], { renew: 'old.test', key: 'old.key' }]);
    const all = ['template', 'others', 'keyType', 'profile', 'subjectForm', 'challengePassword', 'out'];
    assert.deepEqual(names({}, known()), all);
    assert.deepEqual(names({}, known({ given: { subject: 'CN=x', template: 't', out: 'o' } })), [
      'others',
      'keyType',
      'profile',
      'challengePassword',
    ]);
  });
});

describe('the wizards of csr accept and issue', () => {
  test('say which requests wait, and take the file', () => {
    const waiting = [
      { label: 'a.test', createdAt: NOW },
      { label: 'b.test', createdAt: NOW },
    ] as RequestRecord[];
    const known = { waiting, given: { keepKey: true }, check: async () => true as const };
    assert.equal(acceptIntro(known), '2 requests wait: a.test, since 2026-11-22; b.test, since 2026-11-22.');
    const [step] = acceptSteps;
    const { file } = step?.apply?.({}, ' db 1.zip ', known) ?? {};
    assert.deepEqual(acceptOrder({ ...(file === undefined ? {} : { file }) }, known), {
      command: 'csr accept',
      names: ['db 1.zip'],
      flags: { keepKey: true },
    });
  });

  test('issue: neither asks nor loses what was said, and names what it replaces', () => {
    const known: IssueFacts = {
      ...SERVER,
      given: { days: 30, out: 'x', profile: 'peer' },
      ca: { name: 'My CA', notAfter: inDays(10) },
      endOf: (label) => (label === 'db.test' ? inDays(4) : undefined),
    };
    const said = issueSaid(known.given);
    const names = stepsFor(issueSteps(said, known.given), startOf(said), known).map(({ name }) => name);
    assert.deepEqual(names, ['template', 'others', 'keyType', 'zip']);
    const answers = { ...said, template: 'generic', others: ['db.test'], zip: true };
    const { flags } = issueOrder(answers, known);
    assert.deepEqual(flags, { days: 30, out: 'x', profile: 'peer', template: 'generic', zip: 'db.test.zip' });
    const text = issueRows(answers, known).flat().join('\n');
    assert.match(text, /until 2026-12-02\n/);
    assert.match(text, /it takes the place of db\.test, which is valid until 2026-11-26/);
  });
});
