/** The wizard and the other questions, in a pseudo-terminal, typed by a patient person who makes mistakes. */
import assert from 'node:assert/strict';
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { repository } from '../../scripts/programs.mjs';
import { localCaJson } from '../support/cli.ts';
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
import { posix, snapshot } from './support.ts';

/** As the screen shows each question. */
const Q = {
  ...COMMON,
  others: '? Others:',
  name: '? Name of the CA:',
  defaults: '? Settings of the CA: take the defaults?',
  caKey: "? The CA's key:",
  caDays: '? Days that the CA is valid:',
  intermediate: '? Sign with an intermediate?',
  permit: '? The only names it may sign:',
  encrypt: "? Encrypt the CA's key with a passphrase?",
  change: '? Change what?',
  passphrase: "? New passphrase for the CA's key",
  again: '? Once more',
} as const;

/** Every question up to the summary, answered in the shortest way. */
const SHORT: readonly Answer[] = [
  [Q.template, 'Enter'],
  [Q.settings, 'Enter'],
  NOT_THIS_MACHINE,
  [Q.names, '=db.test', 'Enter'],
  [Q.serverKey, 'Enter'],
  [Q.days, 'Enter'],
  [Q.name, '=Wizard CA', 'Enter'],
  [Q.defaults, 'Enter'],
  [Q.out, 'Enter'],
  [Q.zip, 'y', 'Enter'],
];

/** Every question that there is, with another answer than the default where there is one. */
const LONG: readonly Answer[] = [
  [Q.template, '=tencentdb', 'Enter'],
  [Q.settings, 'n', 'Enter'],
  [Q.different, '=port=1533 dir=/srv/tls', 'Enter'],
  NOT_THIS_MACHINE,
  [Q.names, '=*.db.test, 10.0.0.5 ::1 q.test', 'Enter'],
  [Q.serverKey, 'Up', 'Enter'],
  [Q.days, 'Up', 'Down', 'Down', 'Down', 'Down', 'Enter'],
  [Q.otherDays, '=30', 'Enter'],
  [Q.name, "=Jo's Wizard CA", 'Enter'],
  [Q.defaults, 'n', 'Enter'],
  [Q.caKey, 'Down', 'Enter'],
  [Q.caDays, '=700', 'Enter'],
  [Q.intermediate, 'y', 'Enter'],
  [Q.permit, '=.test 10.0.0.0/8 ::1', 'Enter'],
  [Q.encrypt, 'y', 'Enter'],
  [Q.out, '=tls/db', 'Enter'],
  [Q.zip, 'n', 'Enter'],
  [Q.now, 'Enter'],
  [Q.passphrase, '=correct horse', 'Enter'],
  [Q.again, '=correct horse', 'Enter'],
];

const unwritten = ({ cwd, home }: Place) => assert.deepEqual([snapshot(cwd), existsSync(home)], [{}, false]);

/** What a run has made, but for what is different each time. */
async function made({ cwd, home }: Place): Promise<unknown> {
  const modes = Object.entries(snapshot(cwd)).map(([file, text]) => [file, text.replace(/[0-9a-f]{64}$/, '')]);
  const [record] = await localCaJson<Record<string, unknown>[]>(['list'], { home });
  const { names, keyType, template, label, profile } = record ?? {};
  const life = Date.parse(String(record?.notAfter)) - Date.parse(String(record?.notBefore));
  const ca = await must('openssl', ['x509', '-noout', '-text', '-in', join(home, 'ca', 'root.crt.pem')]);
  const kept = /Subject: .*|Public.Key Algorithm: .*|NIST CURVE: .*|pathlen:\d|Name Constraints|DNS:\S+|IP:\S+/g;
  const keys = readdirSync(join(home, 'ca')).filter((name) => name.endsWith('.key.pem'));
  const kinds = keys.map((name) => readFileSync(join(home, 'ca', name), 'utf8').split('\n')[0]);
  return { modes, names, keyType, template, label, profile, days: Math.round(life / 864e5), ca: ca.match(kept), kinds };
}

/** Runs the printed command elsewhere, and compares what came of both. */
async function assertSameAgain(t: TestContext, screen: string, place: Place, env = {}): Promise<void> {
  if (!needs(t, 'openssl')) return;
  const again = newPlace(t);
  const line = printedCommand(screen);
  assert.match(line, /^ *local-ca init /);
  await runPrinted(t, line, again, env);
  assert.deepEqual(await made(again), await made(place));
}

describe('local-ca init', { skip: !posix && 'tmux is needed' }, () => {
  for (const [columns, env] of SCREENS) {
    test(`a whole run, ${columns} columns wide, ${'NO_COLOR' in env ? 'grey' : 'in colour'}`, async (t) => {
      if (!needs(t, 'tmux')) return;
      const place = newPlace(t);
      const terminal = await open(t, 'init', place, { columns, env });
      await assertRun(terminal, SHORT, columns, env);
      unwritten(place);
      await terminal.press('Enter');
      assert.equal(await terminal.status(), 0);
      await terminal.assertSane();
      const screen = await terminal.screen();
      for (const part of [
        /Valid until \d{4}-/,
        /local-ca renew db\.test/,
        /local-ca status (\\\n *)?--ics/,
        /Next, in db\.test\n/,
      ])
        assert.match(screen, part);
      assert.ok(
        existsSync(join(place.cwd, 'db.test', 'db.test.key.pem')) && existsSync(join(place.cwd, 'db.test.zip')),
      );
      await assertSameAgain(t, screen, place);
    });
  }

  test('every question answered: the summary, the files, and the command that repeats it', async (t) => {
    if (!needs(t, 'tmux')) return;
    const place = newPlace(t);
    const terminal = await open(t, 'init --organization Acme', place);
    const end = LONG.findIndex(([question]) => question === Q.now);
    await giveAll(terminal, LONG.slice(0, end));
    const summary = await terminal.shows(Q.now);
    for (const part of [
      /Server {2}\*\.db\.test, q\.test, 10\.0\.0\.5, ::1\n/,
      /SQL Server, in the manner of TencentDB, p384\n/,
      /with port=1533 dir=\/srv\/tls\n/,
      /! \*\.db\.test stands for one label/,
      /CA {6}Jo's Wizard CA, until \d{4}-/,
      /key p384; valid for 700 days; signs with an intermediate; may sign\n +\.test, 10\.0\.0\.0\/8, ::1 only; key file encrypted/,
      /Files {3}in tls\/db\n/,
    ])
      assert.match(summary, part);
    unwritten(place);
    await giveAll(terminal, LONG.slice(end));
    assert.equal(await terminal.status(), 0);
    const screen = await terminal.screen();
    assert.doesNotMatch(screen, /correct/);
    assert.match(screen, /with the passphrase in LOCAL_CA_PASSPHRASE/);
    await assertSameAgain(t, screen, place, { LOCAL_CA_PASSPHRASE: 'correct horse' });
  });

  test('templates are searched, by their summaries too', async (t) => {
    if (!needs(t, 'tmux')) return;
    const terminal = await open(t, 'init', newPlace(t));
    await terminal.shows(Q.template);
    await terminal.type('oracle');
    await terminal.shows('No template has "oracle" in its name or summary.');
    await terminal.press('Enter');
    await terminal.press('C-u');
    await terminal.type('jks tencent');
    await terminal.shows(/❯ SQL Server/);
    assert.doesNotMatch(await terminal.screen(), /nginx/);
    await terminal.press('Enter');
    await giveAll(terminal, SHORT.slice(1, 4));
    await terminal.shows(/❯ RSA 2048 \(default\)/);
    await terminal.shows('SQL Server on Windows and old drivers take no other kind than RSA.');
  });

  test('wrong names are refused while they are typed, and mended', async (t) => {
    if (!needs(t, 'tmux')) return;
    const terminal = await open(t, 'init --template nginx', newPlace(t));
    await give(terminal, [Q.settings, 'Enter']);
    await give(terminal, NOT_THIS_MACHINE);
    await terminal.shows('Type at least one, like db1.example.test');
    await terminal.press('Enter');
    for (const [typed, complaint] of [
      ['[::1]', 'Write an IPv6 address without brackets, like ::1.'],
      ['db.test:443', 'Leave out the port.'],
      ['10.0.0.256', 'it looks like an IP address but is not one'],
      ['a.test *.*.test', 'a wildcard is the whole left label and stands once'],
    ] as const) {
      await terminal.type(typed);
      await terminal.shows(complaint);
      await terminal.press('Enter');
      await terminal.shows(`${Q.names} ${typed}`);
      await terminal.press('C-u');
      await terminal.shows('Type at least one');
    }
    await terminal.type('my_db.local');
    await terminal.shows('has an underscore, which host names may not have');
    await terminal.shows('is found by multicast DNS');
    await terminal.press('Enter');
    await terminal.shows(Q.serverKey);
    assert.match(await terminal.screen(), /✔ Names and addresses: my_db\.local\n {2}! /);
  });

  test('other answers are checked in the words of the command line', async (t) => {
    if (!needs(t, 'tmux')) return;
    const terminal = await open(t, 'init --template nginx --server-days 20', newPlace(t));
    await giveAll(terminal, [[Q.settings, 'n', 'Enter']]);
    for (const [wrong, complaint] of [
      ['Port=5433', 'Names are in lower case'],
      ['mutual', '--set mutual=yes'],
      ['port=99999', 'a port, from 1 to 65535'],
      ['prot=8443', 'Did you mean port or root?'],
      ['port=1 port=2', 'cannot be both "1" and "2"'],
    ] as const) {
      await terminal.shows(Q.different);
      await terminal.type(wrong);
      await terminal.press('Enter');
      await terminal.shows(complaint);
      await terminal.press('C-u');
    }
    await give(terminal, [Q.different, '=port=8443', 'Enter']);
    await giveAll(terminal, [NOT_THIS_MACHINE, [Q.names, '=a.test', 'Enter'], [Q.serverKey, 'Enter']]);
    for (const [question, wrong, complaint, right] of [
      [Q.name, 'x'.repeat(65), "the subject's CN has 65 characters. It may have at most 64.", '=C'],
      [Q.defaults, '', '', 'n'],
      [Q.caKey, '', '', ''],
      [Q.caDays, '0', '0 is not a number of days', '=9'],
      [Q.intermediate, '', '', ''],
      [Q.permit, 'a b/c', '"b/c" cannot be a name in a certificate', '=test'],
      [Q.encrypt, '', '', ''],
      [Q.out, ' ', 'Name a folder, like ./db1.', '=x'],
    ] as const) {
      await terminal.shows(question);
      if (wrong !== '') {
        await terminal.type(wrong);
        await terminal.press('Enter');
        await terminal.shows(complaint);
        await terminal.press('C-u');
      }
      await give(terminal, [question, ...(right === '' ? [] : [right]), 'Enter']);
    }
    await terminal.shows(Q.zip);
  });

  test('Esc goes back with the answers kept, and does no harm at the first question', async (t) => {
    if (!needs(t, 'tmux')) return;
    const place = newPlace(t);
    const terminal = await open(t, 'init', place);
    await terminal.shows(Q.template);
    await terminal.press('Escape');
    await giveAll(terminal, [
      [Q.template, '=nginx', 'Enter'],
      [Q.settings, 'Enter'],
      NOT_THIS_MACHINE,
      [Q.names, '=a.test', 'Enter'],
    ]);
    await terminal.shows(Q.serverKey);
    await terminal.press('Escape');
    await terminal.shows(`${Q.names} a.test`);
    // Its answer is gone from the screen, the one before is not.
    assert.doesNotMatch(await terminal.screen(), /✔ Names and addresses/);
    await terminal.press('Escape');
    await terminal.shows(Q.offered);
    await terminal.press('Escape');
    await terminal.shows(Q.settings);
    await terminal.press('Escape');
    await terminal.shows(/❯ nginx/);
    await giveAll(terminal, [
      [Q.template, 'Enter'],
      [Q.settings, 'Enter'],
      [Q.offered, 'Enter'],
      [Q.names, 'C-u', '=b.test', 'Enter'],
    ]);
    await giveAll(terminal, SHORT.slice(4));
    // From the summary back to the last question, and to it again.
    await terminal.shows(Q.now);
    await terminal.press('Escape');
    await give(terminal, [Q.zip, 'n', 'Enter']);
    await terminal.shows(Q.now);
    await terminal.press('Enter');
    assert.equal(await terminal.status(), 0);
    assert.deepEqual(readdirSync(place.cwd), ['b.test']);
    await assertSameAgain(t, await terminal.screen(), place);
  });

  test('the summary can be changed, one answer at a time', async (t) => {
    if (!needs(t, 'tmux')) return;
    const place = newPlace(t);
    const terminal = await open(t, 'init', place);
    await giveAll(terminal, SHORT);
    const change = async (title: string) => {
      await give(terminal, [Q.now, 'Down', 'Enter']);
      await terminal.shows(Q.change);
      for (;;) {
        if ((await terminal.screen()).includes(`❯ ${title}`)) break;
        await terminal.press('Down');
        await pause(60);
      }
      await terminal.press('Enter');
    };
    await change('Which server');
    await give(terminal, [Q.template, '=tencentdb', 'Enter']);
    await terminal.shows(/Server {2}db\.test\n +SQL Server, in the manner of TencentDB, rsa-2048\n/);
    await terminal.shows('and TencentDB-SSL-CA.zip');
    await change('Settings of the CA');
    await terminal.shows(Q.defaults);
    await terminal.press('Escape');
    await terminal.shows(Q.now);
    await change('Other names');
    await give(terminal, [Q.names, 'C-u', '=new.test', 'Enter']);
    await terminal.shows(/Server {2}new\.test\n/);
    await terminal.shows(/Files {3}in new\.test\n/);
    await terminal.press('Enter');
    assert.equal(await terminal.status(), 0);
    assert.deepEqual(readdirSync(place.cwd).sort(), ['TencentDB-SSL-CA.zip', 'new.test']);
    await assertSameAgain(t, await terminal.screen(), place);
  });

  test('Ctrl-C at any question leaves nothing and a sane terminal, and exits with 130', async (t) => {
    if (!needs(t, 'tmux')) return;
    for (const [i, [question]] of LONG.entries()) {
      const place = newPlace(t);
      await assertCancels(t, 'init', place, LONG.slice(0, i), question);
      unwritten(place);
    }
  });

  test('leaving at the end makes nothing; so does Ctrl-C where one picks what to change', async (t) => {
    if (!needs(t, 'tmux')) return;
    for (const last of [
      [[Q.now, 'Up', 'Down', 'Down', 'Enter']],
      [
        [Q.now, 'Down', 'Enter'],
        [Q.change, 'C-c'],
      ],
    ] satisfies Answer[][]) {
      const place = newPlace(t);
      const terminal = await open(t, 'init', place);
      await giveAll(terminal, [...SHORT, ...last]);
      assert.equal(await terminal.status(), 130);
      assert.match(await terminal.screen(), /local-ca: cancelled\nNothing was made\./);
      unwritten(place);
    }
  });

  test('asks for nothing that the command line has said', async (t) => {
    if (!needs(t, 'tmux')) return;
    const place = newPlace(t);
    const flags =
      '--key-type ed25519 --template nginx --out files --organization Acme --days 700 --permit .test --intermediate';
    const terminal = await open(t, `init ${flags} --server-key-type p384 --server-days 20 --zip z.zip`, place);
    await give(terminal, [Q.settings, 'Enter']);
    await giveAll(terminal, [NOT_THIS_MACHINE, [Q.names, '=said.test', 'Enter'], [Q.name, '=Said CA', 'Enter']]);
    await terminal.shows(/key ed25519; valid for 700 days; signs with an intermediate; may sign\s+\.test\s+only/);
    await give(terminal, [Q.defaults, 'Enter']);
    const summary = await terminal.shows(Q.now);
    for (const question of [Q.template, Q.serverKey, Q.days, Q.out, Q.zip])
      assert.ok(!summary.includes(question), question);
    await terminal.press('Enter');
    assert.equal(await terminal.status(), 0);
    assert.ok(existsSync(join(place.cwd, 'files', 'nginx.conf')) && existsSync(join(place.cwd, 'z.zip')));
    await assertSameAgain(t, await terminal.screen(), place);
  });

  test('after an error at the end other answers can be given, and nobody answers twice', async (t) => {
    if (!needs(t, 'tmux')) return;
    const place = newPlace(t);
    writeFileSync(join(place.cwd, 'db.test.zip'), 'mine\n');
    const before = snapshot(place.cwd);
    const start = async () => {
      const terminal = await open(t, 'init', place);
      await giveAll(terminal, [...SHORT, [Q.now, 'Enter']]);
      await terminal.shows('> db.test.zip');
      assert.deepEqual([snapshot(place.cwd), existsSync(place.home)], [before, false]);
      return terminal;
    };
    const left = await start();
    await give(left, [Q.now, 'Down', 'Down', 'Enter']);
    assert.equal(await left.status(), 1);
    const screen = await left.screen();
    assert.match(printedCommand(screen), /local-ca init db\.test .*--yes$/s);
    assert.match(screen, /local-ca: db\.test\.zip /);
    assert.deepEqual([snapshot(place.cwd), existsSync(place.home)], [before, false]);

    const mended = await start();
    await giveAll(mended, [
      [Q.now, 'Escape'],
      [Q.zip, 'n', 'Enter'],
      [Q.now, 'Enter'],
    ]);
    assert.equal(await mended.status(), 0);
    assert.deepEqual(readdirSync(place.cwd).sort(), ['db.test', 'db.test.zip']);
  });

  test('what no answer could mend is refused before the first question', async (t) => {
    if (!needs(t, 'tmux')) return;
    const place = newPlace(t);
    for (const [args, words] of [
      ['init --country de', '"de"'],
      ['init --key-type dsa', '"dsa"'],
      ['init --server-key-type dsa', '"dsa"'],
      ['init --server-days 900', '825'],
      ['init --template ngnix', '"ngnix"'],
    ] as const) {
      const terminal = await open(t, args, place);
      assert.equal(await terminal.status(), 2);
      const screen = await terminal.screen();
      assert.ok(screen.includes(words) && !screen.includes(Q.template), screen);
    }
    await localCaJson(['init', '--yes'], place);
    const terminal = await open(t, 'init', place);
    assert.equal(await terminal.status(), 1);
    assert.match(await terminal.screen(), /^local-ca: there is already a CA at /);
  });

  test('the title of a template steers no terminal and breaks no line', async (t) => {
    if (!needs(t, 'tmux')) return;
    const place = newPlace(t);
    const folder = join(place.cwd, 'mine');
    cpSync(join(repository, 'templates', 'nginx'), folder, { recursive: true });
    const path = join(folder, 'template.json');
    const title = `${'very '.repeat(30)}long\u001b[2J\u202e`;
    writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), title }));
    const terminal = await open(t, 'init --template ./mine', place, { columns: 40 });
    await giveAll(terminal, SHORT.slice(1));
    const screen = await terminal.shows(Q.now);
    await assertFits(terminal, 40);
    assert.match(screen, /very very/);
    assert.ok(!screen.includes('\u202e'));
    await terminal.press('Enter');
    assert.equal(await terminal.status(), 0);
  });

  test('--no-color keeps it grey', async (t) => {
    if (!needs(t, 'tmux')) return;
    const terminal = await open(t, 'init --no-color', newPlace(t));
    await terminal.shows(Q.template);
    assert.doesNotMatch(await terminal.screen('-e'), COLOUR);
  });
});

describe('local-ca alone', { skip: !posix && 'tmux is needed' }, () => {
  const MENU = '? What shall be done?';

  test('offers what the home needs, and runs it with its own questions', async (t) => {
    if (!needs(t, 'tmux')) return;
    const place = newPlace(t);
    const first = await open(t, `--home '${place.home}'`, place, { home: join(place.cwd, 'not-this') });
    const menu = await first.shows(MENU);
    assert.match(menu, /There is no CA here yet\.\n/);
    await giveAll(first, [[MENU, 'Enter'], ...SHORT, [Q.now, 'Enter']]);
    assert.equal(await first.status(), 0);
    assert.ok(existsSync(place.home));

    const again = await open(t, '', place);
    await again.shows('Nothing is due.');
    while (!/❯ List the certificates/.test(await again.screen())) await again.press('Down');
    await again.press('Enter');
    assert.equal(await again.status(), 0);
    assert.match(await again.screen(), /db\.test +valid/);
  });

  test('is left with Leave, Esc and Ctrl-C; flags that are wrong, and no terminal, are no question', async (t) => {
    if (!needs(t, 'tmux')) return;
    const place = newPlace(t);
    for (const [keys, status] of [
      [['Down', 'Down', 'Enter'], 0],
      [['Escape'], 0],
      [['C-c'], 130],
    ] as const) {
      const terminal = await open(t, '', place);
      await give(terminal, [MENU, ...keys]);
      assert.equal(await terminal.status(), status);
      await terminal.assertSane();
      unwritten(place);
    }
    for (const args of ['--yes', '--colour', 'template', '</dev/null']) {
      const terminal = await open(t, args, place);
      assert.equal(await terminal.status(), 2, args);
      assert.ok(!(await terminal.screen()).includes(MENU));
    }
  });
});

describe('--yes, and commands that have no wizard', { skip: !posix && 'tmux is needed' }, () => {
  test('ask nothing on a terminal', async (t) => {
    if (!needs(t, 'tmux')) return;
    const place = newPlace(t);
    for (const [args, status] of [
      ['init --yes', 0],
      ['issue --yes', 2],
      ['renew --yes', 2],
      ['csr create --yes', 2],
      ['csr accept --yes', 2],
      ['init --yes --encrypt-key --home other', 2],
    ] as const) {
      const terminal = await open(t, args, place);
      assert.equal(await terminal.status(), status);
      assert.doesNotMatch(await terminal.screen(), /[?✔] /);
    }
  });
});

test('an error is broken between words, and never within a command', {
  skip: !posix && 'tmux is needed',
}, async (t) => {
  if (!needs(t, 'tmux')) return;
  const terminal = await open(t, 'csr accept --yes', newPlace(t), { columns: 40 });
  assert.equal(await terminal.status(), 2);
  assert.deepEqual((await terminal.screen()).trimEnd().split('\n'), [
    'local-ca: no file was given',
    'Name what the CA sent:',
    '  local-ca csr accept db1.crt. What',
    '  waits for an answer: local-ca csr show',
  ]);
});

describe('a passphrase', { skip: !posix && 'tmux is needed' }, () => {
  test('is asked for twice when it is new, once when it is not, and is never shown', async (t) => {
    if (!needs(t, 'tmux')) return;
    const place = newPlace(t);
    const init = await open(t, "init first.test --name 'Locked CA' --encrypt-key", place);
    await init.shows("New passphrase for the CA's key");
    await init.press('Enter');
    await init.shows('It cannot be empty.');
    await init.answer("New passphrase for the CA's key", 'correct horse');
    await init.answer('Once more', 'correct hose');
    await init.shows('The two differ.');
    await init.press('C-u');
    await init.answer('Once more', 'correct horse');
    assert.equal(await init.status(), 0);
    assert.doesNotMatch(await init.screen(), /correct/);
    const [key = ''] = readdirSync(join(place.home, 'ca')).filter((name) => name.endsWith('.key.pem'));
    assert.match(readFileSync(join(place.home, 'ca', key), 'utf8'), /^-----BEGIN ENCRYPTED PRIVATE KEY-----/);

    const right = await open(t, 'issue a.test', place);
    await right.answer("Passphrase of the CA's key", 'correct horse');
    assert.equal(await right.status(), 0);
    assert.doesNotMatch(await right.screen(), /correct|Once more/);

    const wrong = await open(t, 'issue b.test', place);
    await wrong.answer("Passphrase of the CA's key", 'incorrect');
    assert.equal(await wrong.status(), 1);
    assert.match(await wrong.screen(), /local-ca: the pass phrase does not open the private key\n/);

    const cancelled = await open(t, 'issue b.test', place);
    await cancelled.shows("Passphrase of the CA's key");
    await cancelled.press('C-c');
    assert.equal(await cancelled.status(), 130);
    assert.deepEqual(readdirSync(place.cwd).sort(), ['a.test', 'first.test']);
  });

  test('is not asked for where a file or the environment has it', async (t) => {
    if (!needs(t, 'tmux')) return;
    const place = newPlace(t);
    writeFileSync(join(place.cwd, 'pw'), 'correct horse\n');
    const init = await open(t, 'init first.test --name C --encrypt-key --passphrase-file pw', place);
    assert.equal(await init.status(), 0);
    const issue = await open(t, 'issue a.test', place, { env: { LOCAL_CA_PASSPHRASE: 'correct horse' } });
    assert.equal(await issue.status(), 0);
    assert.doesNotMatch(await issue.screen(), /assphrase/);
  });

  test('of a key that is taken over is asked for once', async (t) => {
    if (!needs(t, 'tmux', 'openssl')) return;
    const place = newPlace(t);
    const files = ['-keyout', 'foreign.key', '-out', 'foreign.pem', '-days', '30', '-subj', '/CN=Foreign'];
    await must('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-passout', 'pass:foreign words', ...files], place);
    const init = await open(t, 'init --from-cert foreign.pem --from-key foreign.key', place);
    await init.answer("Passphrase of the CA's key", 'foreign words');
    assert.equal(await init.status(), 0);
    assert.doesNotMatch(await init.screen(), /Once more/);
  });
});
