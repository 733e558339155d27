/** The forms of `renew`, `csr create`, `csr accept` and `issue`, and the menu, in a pseudo-terminal. */
import assert from 'node:assert/strict';
import { chmodSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { localCa, localCaJson } from '../support/cli.ts';
import { must, needs } from '../support/peers.ts';
import {
  type Answer,
  assertCancels,
  assertFits,
  assertRun,
  COLOUR,
  COMMON,
  give,
  giveAll,
  NOT_THIS_MACHINE,
  newPlace,
  open,
  type Place,
  printedCommand,
  runPrinted,
  SCREENS,
} from './forms.ts';
import { inventory, posix, snapshot } from './support.ts';

/** As the screen shows each question. */
const Q = {
  ...COMMON,
  kind: '? Renew what?',
  labels: '? Which certificates?',
  foreign: '? Signed by another CA: for which one a new request?',
  role: '? Which of its certificates?',
  key: '? With which key?',
  password: '? Password of the key stores of store.test:',
  keyFile: '? The file with the private key of lost.test:',
  keyPhrase: '? Pass phrase of lost.key:',
  profile: '? What will the certificate prove?',
  subject: '? What does the CA want in the subject?',
  order: '? Its attributes, the first first:',
  state: '? State or province (ST):',
  country: '? Country (C):',
  mail: '? E-mail address (emailAddress):',
  organization: '? Organization (O):',
  challenge: '? Challenge password, if the CA gave you one:',
  answer: '? The file that the CA sent:',
} as const;

/** As OpenSSL shows it: what is encoded first stands first. */
const SYNERGEX = /Subject: CN = db\.test, ST = California, C = US, emailAddress = dba@db\.test, O = "?A\/C \+ me"?\n/;

const DAY = 86_400_000;
const dayFrom = (days: number) => new Date(Date.now() + days * DAY).toISOString().slice(0, 10);
/** A life that is nearly over. */
const OLD = ['--not-before', dayFrom(-360), '--not-after', dayFrom(9)];

async function withCa(t: TestContext, ...args: readonly string[]): Promise<Place> {
  const place = newPlace(t);
  await localCaJson(['init', '--yes', '--name', 'My CA', ...args], place);
  return place;
}

const issue = (place: Place, ...args: readonly string[]) => localCaJson(['issue', ...args], place);

/** One is due, one has a password, the key of one is elsewhere. */
async function aged(t: TestContext): Promise<Place> {
  const place = await withCa(t);
  const { cwd } = place;
  writeFileSync(join(cwd, 'pw'), 'secret\n');
  await issue(place, 'due.test', ...OLD);
  await issue(place, 'store.test', '--format', 'p12', '--password-file', 'pw');
  await issue(place, 'lost.test');
  renameSync(join(cwd, 'lost.test', 'lost.test.key.pem'), join(cwd, 'lost.key'));
  return place;
}

/** In the order of their ends: due.test first, and checked. */
const RENEW: readonly Answer[] = [
  [Q.kind, 'Enter'],
  [Q.labels, 'Down', 'Space', 'Down', 'Space', 'Enter'],
  [Q.key, 'Enter'],
  [Q.days, 'Up', 'Down', 'Down', 'Down', 'Down', 'Down', 'Enter'],
  [Q.otherDays, '=100', 'Enter'],
  [Q.password, '=secret', 'Enter'],
  [Q.keyFile, '=lost.key', 'Enter'],
];

/** All that is due, in the usual way. */
const USUAL: readonly Answer[] = [Q.kind, Q.labels, Q.key, Q.days].map((question) => [question, 'Enter']);

const CSR: readonly Answer[] = [
  [Q.template, 'Enter'],
  NOT_THIS_MACHINE,
  [Q.names, '=db.test 10.0.0.5', 'Enter'],
  [Q.serverKey, 'Enter'],
  [Q.profile, 'Enter'],
  [Q.subject, 'Down', 'Down', 'Enter'],
  [Q.state, '=California', 'Enter'],
  [Q.country, '=US', 'Enter'],
  [Q.mail, '=dba@db.test', 'Enter'],
  [Q.organization, '=A/C + me', 'Enter'],
  [Q.challenge, '=open sesame', 'Enter'],
  [Q.out, 'Enter'],
];

/** At every question: nothing on the disk, and nothing on record. */
async function assertNothingLeft(
  t: TestContext,
  args: string,
  answers: readonly Answer[],
  place: Place,
): Promise<void> {
  const state = async () => [
    snapshot(place.cwd),
    existsSync(place.home) && snapshot(place.home),
    existsSync(place.home) ? await inventory(place.home) : [],
  ];
  const before = await state();
  for (const [i, [question]] of [...answers, [Q.now] as const].entries()) {
    await assertCancels(t, args, place, answers.slice(0, i), question);
    assert.deepEqual(await state(), before, question);
  }
}

const serials = async ({ home }: Place) =>
  (await inventory(home)).filter((line) => line.endsWith(' valid')).map((line) => line.split(' ')[0]);

const end = async ({ home }: Place, label: string): Promise<string> =>
  (await localCaJson<{ notAfter: string }>(['show', label], { home })).notAfter.slice(0, 10);

describe('local-ca renew, asked', { skip: !posix && 'tmux is needed' }, () => {
  for (const [columns, env] of SCREENS) {
    test(`a whole run, ${columns} columns wide, ${'NO_COLOR' in env ? 'grey' : 'in colour'}`, async (t) => {
      if (!needs(t, 'tmux')) return;
      const place = await aged(t);
      const terminal = await open(t, 'renew', place, { columns, env });
      const summary = (await assertRun(terminal, RENEW, columns, env)).replaceAll(/\s+/g, ' ');
      assert.match(summary, /1 certificate is due\./);
      assert.match(summary, /Renew due\.test until \S+ \(\d+ days left\) -> \S+ files in due\.test/);
      assert.match(summary, /Key each keeps its own/);
      await terminal.press('Enter');
      assert.equal(await terminal.status(), 0);
      await terminal.assertSane();
      const screen = await terminal.screen();
      assert.doesNotMatch(screen, /secret/);
      for (const label of ['due.test', 'store.test', 'lost.test']) {
        assert.equal(await end(place, label), dayFrom(100), label);
        assert.ok(screen.includes(`${label}/README.md`), screen);
      }
      assert.match(screen, /local-ca status (\\\n *)?--ics/);
      await runPrinted(t, printedCommand(screen).replace('PASSWORD', 'secret'), place);
      assert.equal((await inventory(place.home)).length, 9);
    });
  }

  test('the pass phrase of a key file is asked for, and never shown', async (t) => {
    if (!needs(t, 'tmux') || !needs(t, 'openssl')) return;
    const place = await aged(t);
    const path = join(place.cwd, 'lost.key');
    await must('openssl', ['pkcs8', '-topk8', '-in', path, '-out', `${path}2`, '-passout', 'pass:open sesame']);
    renameSync(`${path}2`, path);
    chmodSync(path, 0o600);
    const terminal = await open(t, 'renew', place);
    await giveAll(terminal, [
      [Q.kind, 'Enter'],
      [Q.labels, 'Space', 'Down', 'Down', 'Space', 'Enter'],
      [Q.key, 'Enter'],
      [Q.days, 'Enter'],
      [Q.keyFile, '=lost.key', 'Enter'],
      [Q.keyPhrase, '=guess', 'Enter'],
    ]);
    await terminal.shows('does not open');
    await giveAll(terminal, [
      [Q.keyPhrase, 'C-u', '=open sesame', 'Enter'],
      [Q.now, 'Enter'],
    ]);
    assert.equal(await terminal.status(), 0);
    const screen = await terminal.screen();
    assert.doesNotMatch(screen, /sesame/);
    assert.match(screen, /local-ca renew lost\.test --key lost\.key --key-password PASSWORD/);
    assert.equal((await inventory(place.home)).length, 4);
  });

  test('wrong passwords, keys and numbers are refused as they are given', async (t) => {
    if (!needs(t, 'tmux')) return;
    const place = await aged(t);
    const terminal = await open(t, 'renew', place);
    await give(terminal, [Q.kind, 'Enter']);
    // Digits choose nothing.
    await give(terminal, [Q.labels, '2', '3', 'Space', 'Enter']);
    await terminal.shows('Take at least one, with the space bar.');
    await give(terminal, [Q.labels, 'Down', 'Space', 'Down', 'Space', 'Enter']);
    await giveAll(terminal, [[Q.key, 'Enter'], RENEW[3] as Answer, [Q.otherDays, 'C-u', '=900', 'Enter']]);
    await terminal.shows('825');
    await give(terminal, [Q.otherDays, 'C-u', '=9', 'Enter']);
    await give(terminal, [Q.password, '=guess', 'Enter']);
    await terminal.shows('the password does not open');
    await give(terminal, [Q.password, 'C-u', '=secret', 'Enter']);
    for (const [path, complaint] of [
      ['nowhere', 'cannot read nowhere: there is no such file'],
      ['due.test/due.test.key.pem', 'the private key does not belong to the certificate "lost.test"'],
    ] as const) {
      await give(terminal, [Q.keyFile, 'C-u', `=${path}`, 'Enter']);
      await terminal.shows(complaint);
    }
    // With a new key, the old one is not asked for.
    await give(terminal, [Q.keyFile, 'Escape']);
    await give(terminal, [Q.password, 'Escape']);
    await give(terminal, [Q.otherDays, 'Escape']);
    await give(terminal, [Q.days, 'Escape']);
    await giveAll(terminal, [
      [Q.key, 'Down', 'Enter'],
      [Q.days, 'Enter'],
      [Q.otherDays, 'Enter'],
      [Q.password, '=secret', 'Enter'],
    ]);
    assert.match(await terminal.shows(Q.now), /Key +a new one\n/);
    await terminal.press('Enter');
    assert.equal(await terminal.status(), 0);
    assert.equal(await end(place, 'lost.test'), dayFrom(9));
    assert.match(await terminal.screen(), /renew lost\.test --days 9 --new-key --yes/);
  });

  test('Ctrl-C at any question changes nothing', async (t) => {
    if (!needs(t, 'tmux')) return;
    await assertNothingLeft(t, 'renew', RENEW, await aged(t));
  });

  test("the passphrase of the CA's key is asked for at the end; a wrong one can be mended, and Ctrl-C changes nothing", async (t) => {
    if (!needs(t, 'tmux')) return;
    const place = newPlace(t);
    writeFileSync(join(place.cwd, 'pw'), 'correct horse\n');
    await localCaJson(['init', '--yes', '--encrypt-key', '--passphrase-file', 'pw', 'a.test'], place);
    const answers: readonly Answer[] = [...USUAL, [Q.now, 'Enter']];
    const before = [snapshot(place.cwd), await inventory(place.home)];
    const left = await open(t, 'renew', place);
    await giveAll(left, answers);
    await left.shows("? Passphrase of the CA's key");
    await left.press('C-c');
    assert.equal(await left.status(), 130);
    await left.assertSane();
    assert.deepEqual([snapshot(place.cwd), await inventory(place.home)], before);

    const mended = await open(t, 'renew', place);
    await giveAll(mended, answers);
    await mended.answer("? Passphrase of the CA's key", 'incorrect');
    await mended.shows('> the pass phrase does not open the private key');
    await give(mended, [Q.now, 'Enter']);
    await mended.answer("? Passphrase of the CA's key", 'correct horse');
    assert.equal(await mended.status(), 0);
    assert.match(await mended.screen(), /with the passphrase in LOCAL_CA_PASSPHRASE/);
    assert.equal((await inventory(place.home)).length, 2);
  });

  test('what is deployed goes on with deploy run', async (t) => {
    if (!needs(t, 'tmux')) return;
    const place = await withCa(t, 'a.test');
    await localCaJson(['deploy', 'add', 'a.test', '--to', join(place.cwd, 'srv'), '--template', 'nginx'], place);
    const terminal = await open(t, 'renew', place);
    await giveAll(terminal, USUAL);
    assert.match(
      (await terminal.shows(Q.now)).replaceAll(/\s+/g, ' '),
      /Then local-ca deploy run brings the new files to \S*srv/,
    );
    await terminal.press('Enter');
    assert.equal(await terminal.status(), 0);
    assert.match(await terminal.screen(), /Next\n +local-ca deploy run, which/);
    assert.match(await terminal.screen(), /Valid until \d{4}-/);
  });

  test('many certificates are searched', async (t) => {
    if (!needs(t, 'tmux')) return;
    const place = await withCa(t);
    const rows = Array.from({ length: 12 }, (_, i) => `n${i}.test`);
    writeFileSync(join(place.cwd, 'list.csv'), `names\n${rows.join('\n')}\n`);
    await issue(place, '--from', 'list.csv');
    const terminal = await open(t, 'renew', place, { columns: 40 });
    await give(terminal, [Q.kind, 'Enter']);
    await terminal.shows(Q.labels);
    await terminal.type('nothing');
    await terminal.shows('No certificate has "nothing"');
    await give(terminal, [Q.labels, 'C-u', '=n1', 'Up']);
    await terminal.shows('n11.test');
    await giveAll(terminal, [
      [Q.labels, 'Enter'],
      [Q.key, 'Enter'],
      [Q.days, 'Enter'],
      [Q.now, 'Enter'],
    ]);
    assert.equal(await terminal.status(), 0);
    assert.equal((await inventory(place.home)).length, 13);
  });

  test('the CA itself, with the same key', async (t) => {
    if (!needs(t, 'tmux')) return;
    const place = await withCa(t, '--days', '100', '--intermediate', 'a.test');
    const terminal = await open(t, 'renew', place);
    await giveAll(terminal, [
      [Q.kind, 'Down', 'Enter'],
      [Q.role, 'Enter'],
      [Q.key, 'Enter'],
      [Q.days, 'Down', 'Enter'],
      [Q.otherDays, 'Enter'],
    ]);
    const summary = await terminal.shows(Q.now);
    assert.match(summary, new RegExp(`My CA \\(root\\)\\n +until ${dayFrom(100)} .* -> ${dayFrom(3650)}`));
    assert.match(summary, new RegExp(`\\(intermediate\\)\\n +until ${dayFrom(100)} .* -> ${dayFrom(3650)}`));
    await terminal.press('Enter');
    assert.equal(await terminal.status(), 0);
    const lives = await localCaJson<{ kind: string; notAfter: string }[]>(['status'], place);
    const ends = lives
      .filter(({ kind }) => /^(root|intermediate)$/.test(kind))
      .map(({ notAfter }) => notAfter.slice(0, 10));
    assert.deepEqual(ends, [dayFrom(3650), dayFrom(3650)]);
    await runPrinted(t, printedCommand(await terminal.screen()), place);
  });

  test('asks for nothing that the command line has said', async (t) => {
    if (!needs(t, 'tmux')) return;
    const place = await withCa(t, 'a.test');
    const terminal = await open(t, 'renew --new-key --days 20 --out other', place);
    await give(terminal, [Q.labels, 'Enter']);
    const screen = await terminal.shows(Q.now);
    for (const question of [Q.kind, Q.key, Q.days]) assert.ok(!screen.includes(question), question);
    await terminal.press('Enter');
    assert.equal(await terminal.status(), 0);
    assert.ok(existsSync(join(place.cwd, 'other', 'a.test.key.pem')));
    assert.equal(await end(place, 'a.test'), dayFrom(20));
  });
});

describe('local-ca csr, asked', { skip: !posix && 'tmux is needed' }, () => {
  for (const [columns, env] of SCREENS) {
    test(`a whole run, ${columns} columns wide, ${'NO_COLOR' in env ? 'grey' : 'in colour'}`, async (t) => {
      if (!needs(t, 'tmux', 'openssl')) return;
      const place = newPlace(t);
      const terminal = await open(t, 'csr create', place, { columns, env });
      await assertRun(terminal, CSR, columns, env);
      assert.deepEqual([snapshot(place.cwd), existsSync(place.home)], [{}, false]);
      await terminal.press('Enter');
      assert.equal(await terminal.status(), 0);
      await terminal.assertSane();
      const screen = await terminal.screen();
      assert.doesNotMatch(screen, /sesame/);
      await terminal.shows('Send db.test/db.test.csr.pem to the CA');
      const request = join(place.cwd, 'db.test', 'db.test.csr.pem');
      const read = () => must('openssl', ['req', '-noout', '-text', '-nameopt', 'oneline', '-in', request]);
      const text = await read();
      assert.match(text, SYNERGEX);
      assert.match(text, /challengePassword +:open sesame/);
      writeFileSync(join(place.cwd, 'challenge'), 'open sesame\n');
      const command = printedCommand(screen).replace('FILE', 'challenge').replace(' --yes', ' --force --yes');
      await runPrinted(t, command, place);
      assert.match(await read(), SYNERGEX);
    });
  }

  test('Ctrl-C at any question leaves nothing, not even a home', async (t) => {
    if (!needs(t, 'tmux')) return;
    const place = newPlace(t);
    await assertNothingLeft(t, 'csr create', CSR, place);
    assert.ok(!existsSync(place.home));
  });

  test('an order of its own, back and forth', async (t) => {
    if (!needs(t, 'tmux', 'openssl')) return;
    const place = newPlace(t);
    const terminal = await open(t, 'csr create --template nginx', place);
    await giveAll(terminal, [...CSR.slice(1, 5), [Q.subject, 'Up', 'Down', 'Down', 'Down', 'Enter']]);
    await give(terminal, [Q.order, 'C-u', '=o, cn, x', 'Enter']);
    await terminal.shows('x is none of CN, C,');
    await give(terminal, [Q.order, 'C-u', '=c, o, cn', 'Enter']);
    await give(terminal, [Q.country, '=us', 'Enter']);
    await terminal.shows('C is two capital letters');
    await give(terminal, [Q.country, 'C-u', '=US', 'Enter']);
    await give(terminal, [Q.organization, 'Escape']);
    await terminal.shows(`${Q.country} (US)`);
    await giveAll(terminal, [
      [Q.country, 'Enter'],
      [Q.organization, 'Enter'],
      [Q.challenge, 'Enter'],
      [Q.out, 'Enter'],
    ]);
    assert.match(await terminal.shows(Q.now), /Subject +C=US, CN=db\.test\n/);
    await terminal.press('Enter');
    assert.equal(await terminal.status(), 0);
    const request = join(place.cwd, 'db.test', 'db.test.csr.pem');
    assert.match(
      await must('openssl', ['req', '-noout', '-subject', '-in', request]),
      /subject=C = US, CN = db\.test\n/,
    );
  });

  test('the answer is asked for, and what another CA signed leads to a new request', async (t) => {
    if (!needs(t, 'tmux')) return;
    const place = newPlace(t);
    const other = await withCa(t);
    await localCaJson(['csr', 'create', 'db.test'], place);
    await localCaJson(['sign', join(place.cwd, 'db.test', 'db.test.csr.pem'), '--days', '5', '--out', 'signed'], other);
    writeFileSync(join(place.cwd, 'no.txt'), 'nothing\n');
    const file = join(other.cwd, 'signed', 'db.test.chain.pem');

    await assertNothingLeft(t, 'csr accept', [[Q.answer, `=${file}`, 'Enter']], place);
    const terminal = await open(t, '', place);
    assert.match(await terminal.shows('? Has the CA answered?'), /db\.test waits for the answer of another CA\.\n/);
    await terminal.press('Enter');
    await terminal.shows('1 request waits: db.test, since');
    await give(terminal, [Q.answer, '=no.txt', 'Enter']);
    await terminal.shows('no.txt');
    await giveAll(terminal, [
      [Q.answer, 'C-u', `=${file}`, 'Enter'],
      [Q.now, 'Enter'],
    ]);
    assert.equal(await terminal.status(), 0);
    assert.match(await terminal.screen(), /accepted db\.test\n/);
    assert.deepEqual(await serials(place), ['db.test']);

    const renew = await open(t, 'renew', place);
    await giveAll(renew, [
      [Q.foreign, 'Enter'],
      [Q.key, 'Enter'],
      [Q.challenge, 'Enter'],
    ]);
    assert.match(await renew.shows(Q.now), /Files +db\.test\.csr\.pem in db\.test\n/);
    await renew.press('Enter');
    assert.equal(await renew.status(), 0);
    const waiting = await localCaJson<{ label: string }[]>(['csr', 'show'], place);
    assert.deepEqual(
      waiting.map(({ label }) => label),
      ['db.test'],
    );
    await runPrinted(t, printedCommand(await renew.screen()), place);
  });

  test('without a request, no answer is expected', async (t) => {
    if (!needs(t, 'tmux')) return;
    const terminal = await open(t, 'csr accept', await withCa(t));
    assert.equal(await terminal.status(), 2);
  });
});

describe('local-ca issue, asked', { skip: !posix && 'tmux is needed' }, () => {
  const ISSUE: readonly Answer[] = [
    [Q.template, '=nginx', 'Enter'],
    [Q.settings, 'n', 'Enter'],
    [Q.different, '=mutual=yes port=8443', 'Enter'],
    NOT_THIS_MACHINE,
    [Q.names, '=web.test', 'Enter'],
    [Q.serverKey, 'Enter'],
    [Q.days, 'Down', 'Enter'],
    [Q.out, 'Enter'],
    [Q.zip, 'n', 'Enter'],
  ];

  for (const [columns, env] of SCREENS) {
    test(`a whole run, ${columns} columns wide, ${'NO_COLOR' in env ? 'grey' : 'in colour'}`, async (t) => {
      if (!needs(t, 'tmux')) return;
      const place = await withCa(t);
      const terminal = await open(t, 'issue', place, { columns, env });
      const summary = await assertRun(terminal, ISSUE, columns, env);
      assert.match(summary, /with mutual=yes\s+port=8443\n[\s\S]*CA +My CA\n/);
      await terminal.press('Enter');
      assert.equal(await terminal.status(), 0);
      await terminal.assertSane();
      assert.equal(await end(place, 'web.test'), dayFrom(90));
      await runPrinted(t, printedCommand(await terminal.screen()), place);
      assert.equal((await inventory(place.home)).length, 2);
    });
  }

  test('Ctrl-C at any question changes nothing', async (t) => {
    if (!needs(t, 'tmux')) return;
    await assertNothingLeft(t, 'issue', ISSUE, await withCa(t));
  });

  test('names that the CA may not sign are refused; what is replaced is named; failure can be mended', async (t) => {
    if (!needs(t, 'tmux')) return;
    const place = await withCa(t, '--permit', '.test', 'web.test');
    writeFileSync(join(place.cwd, 'mine'), 'mine\n');
    const terminal = await open(t, 'issue --template nginx --set port=8443', place);
    await give(terminal, NOT_THIS_MACHINE);
    await terminal.shows(Q.names);
    await terminal.type('web.example');
    await terminal.shows('may not sign web.example');
    await give(terminal, [Q.names, 'C-u', '=web.test', 'Enter']);
    await giveAll(terminal, [...ISSUE.slice(5, 7), [Q.out, '=mine', 'Enter'], [Q.zip, 'n', 'Enter']]);
    assert.match(await terminal.shows(Q.now), /! it takes the place of web\.test, which is valid until/);
    await terminal.press('Enter');
    await terminal.shows(/> .*mine/);
    await terminal.press('Escape');
    await give(terminal, [Q.zip, 'Escape']);
    await give(terminal, [Q.out, 'C-u', '=web', 'Enter']);
    await giveAll(terminal, [
      [Q.zip, 'Enter'],
      [Q.now, 'Enter'],
    ]);
    assert.equal(await terminal.status(), 0);
    assert.match(readFileSync(join(place.cwd, 'web', 'nginx.conf'), 'utf8'), /listen 8443/);
    assert.equal(readFileSync(join(place.cwd, 'mine'), 'utf8'), 'mine\n');
  });
});

describe('local-ca alone, later', { skip: !posix && 'tmux is needed' }, () => {
  for (const [columns, env] of SCREENS) {
    test(`names what is due and renews it, ${columns} columns, ${'NO_COLOR' in env ? 'grey' : 'colour'}`, async (t) => {
      if (!needs(t, 'tmux')) return;
      const place = await withCa(t);
      await issue(place, 'due.test', ...OLD);
      const terminal = await open(t, '', place, { columns, env });
      const menu = await terminal.shows('? Renew it now?');
      await assertFits(terminal, columns);
      assert.match(menu, /due\.test: \d+ days left\.\n/);
      assert.equal(COLOUR.test(await terminal.screen('-e')), !('NO_COLOR' in env));
      await give(terminal, ['? Renew it now?', 'Enter']);
      await giveAll(terminal, [...USUAL, [Q.now, 'Enter']]);
      assert.equal(await terminal.status(), 0);
      assert.match(await terminal.screen(), /Valid until \d{4}-/);
      const { stderr } = await localCa(['status'], place);
      assert.match(stderr, /^nothing is due/);
    });
  }

  test('Esc and Ctrl-C leave it', async (t) => {
    if (!needs(t, 'tmux')) return;
    const place = await withCa(t);
    for (const [key, status] of [
      ['Escape', 0],
      ['C-c', 130],
    ] as const) {
      const terminal = await open(t, '', place);
      await give(terminal, ['? What shall be done?', key]);
      assert.equal(await terminal.status(), status);
      await terminal.assertSane();
    }
  });
});
