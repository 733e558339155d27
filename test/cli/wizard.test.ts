/** The wizard and the other questions, in a pseudo-terminal, typed by a patient person who makes mistakes. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { localCaJson } from '../support/cli.ts';
import { must, needs } from '../support/peers.ts';
import { temporaryFolder } from '../support/temp.ts';
import { posix, snapshot } from './support.ts';
import { commandIn, Terminal, type TerminalOptions } from './terminal.ts';

const NAME = 'Name of the CA:';
const KEY = "The CA's key:";
const TEMPLATE = 'A first certificate, for:';
const NAMES = 'Its names and addresses:';
const FOLDER = 'Folder for its files:';
const MAKE = 'Make them?';
const DONE = 'The same without questions:';

interface Place {
  readonly cwd: string;
  readonly home: string;
}

function newPlace(t: TestContext): Place {
  const folder = temporaryFolder(t);
  const cwd = join(folder, 'work');
  mkdirSync(cwd);
  return { cwd, home: join(folder, 'home') };
}

const open = (t: TestContext, args: string, place: Place, options: Partial<TerminalOptions> = {}) =>
  Terminal.open(t, args, { ...place, ...options });

/** Answers everything up to the last question. */
async function answerAll(terminal: Terminal): Promise<void> {
  await terminal.answer(NAME, 'Wizard CA');
  await terminal.answer(KEY);
  await terminal.answer(TEMPLATE);
  await terminal.answer(NAMES, 'db.test');
  await terminal.answer(FOLDER);
  await terminal.shows(MAKE);
}

const unwritten = ({ cwd, home }: Place) => assert.deepEqual([snapshot(cwd), existsSync(home)], [{}, false]);

describe('local-ca init', { skip: !posix && 'tmux is needed' }, () => {
  test('asks, explains what is wrong, makes the files, and prints the command that repeats it', async (t) => {
    if (!needs(t, 'tmux')) return;
    const place = newPlace(t);
    const terminal = await open(t, 'init', place);

    await terminal.shows(NAME);
    await terminal.type('x'.repeat(65));
    await terminal.press('Enter');
    await terminal.shows("the subject's CN has 65 characters. It may have at most 64.");
    await terminal.press('C-u');
    await terminal.answer(NAME, "Jo's Wizard CA");

    await terminal.shows(/❯ p256/);
    await terminal.shows('every client of the last fifteen years takes it');
    await terminal.press('Down');
    await terminal.shows(/❯ p384/);
    await terminal.press('Enter');

    await terminal.shows('PEM files, as most programs want them.');
    while (!/❯ nginx/.test(await terminal.screen())) await terminal.press('Down');
    await terminal.press('Enter');

    await terminal.answer(NAMES, '[::1]');
    await terminal.shows('Write an IPv6 address without brackets, like ::1.');
    await terminal.press('C-u');
    await terminal.answer(NAMES, '*.db.test, 10.0.0.5 ::1');

    await terminal.answer(FOLDER);
    const summary = await terminal.shows(MAKE);
    assert.match(summary, /CA {6}Jo's Wizard CA, p384, until \d{4}-\d\d-\d\d\n/);
    assert.match(summary, new RegExp(`in ${place.home}\n`));
    assert.match(summary, /Server {2}\*\.db\.test, 10\.0\.0\.5, ::1\n {10}nginx, p256\n/);
    assert.match(summary, /Files {3}in _wildcard\.db\.test\n {10}and _wildcard\.db\.test\.zip\n/);
    unwritten(place);

    await terminal.press('Enter');
    assert.equal(await terminal.status(), 0);
    const screen = await terminal.shows(DONE);
    assert.match(screen, /where it goes: _wildcard\.db\.test\/README\.md\n/);
    await assertSameAgain(t, screen, place);
  });

  /** Runs the printed command elsewhere, and compares what came of both. */
  async function assertSameAgain(t: TestContext, screen: string, place: Place): Promise<void> {
    const line = screen.slice(screen.indexOf(DONE) + DONE.length).match(/local-ca init .* --yes/)?.[0] ?? '';
    const again = newPlace(t);
    const path = [join(commandIn(temporaryFolder(t)), '..'), process.env.PATH].join(delimiter);
    await must('sh', ['-c', line], { cwd: again.cwd, env: { PATH: path, LOCAL_CA_HOME: again.home } });
    const made = async ({ cwd, home }: Place) => {
      const modes = Object.entries(snapshot(cwd)).map(([file, text]) => [file, text.replace(/[0-9a-f]{64}$/, '')]);
      const [record] = await localCaJson<Record<string, unknown>[]>(['list'], { home });
      const { names, keyType, template, label } = record ?? {};
      const ca = await must('openssl', ['x509', '-noout', '-subject', '-in', join(home, 'ca', 'root.crt.pem')]);
      return { modes, names, keyType, template, label, ca };
    };
    if (!needs(t, 'openssl')) return;
    assert.deepEqual(await made(again), await made(place));
  }

  test('Ctrl-C at any question leaves nothing, and exits with 130', async (t) => {
    if (!needs(t, 'tmux')) return;
    const questions = [NAME, KEY, TEMPLATE, NAMES, FOLDER, MAKE];
    for (const [i, last] of questions.entries()) {
      const place = newPlace(t);
      const terminal = await open(t, 'init', place);
      for (const question of questions.slice(0, i))
        await terminal.answer(question, question === NAMES ? 'db.test' : '');
      await terminal.shows(last);
      await terminal.press('C-c');
      assert.equal(await terminal.status(), 130);
      assert.match(await terminal.screen(), /local-ca: cancelled\nNothing was made\./);
      unwritten(place);
    }
  });

  test('"no" at the end leaves nothing either', async (t) => {
    if (!needs(t, 'tmux')) return;
    const place = newPlace(t);
    const terminal = await open(t, 'init', place);
    await answerAll(terminal);
    await terminal.answer(MAKE, 'n');
    assert.equal(await terminal.status(), 130);
    unwritten(place);
  });

  test('asks for nothing that the command line has said', async (t) => {
    if (!needs(t, 'tmux')) return;
    const place = newPlace(t);
    const flags = '--key-type ed25519 --template nginx --out files --organization Acme --days 700';
    const terminal = await open(t, `init ${flags}`, place);
    await terminal.answer(NAME, 'Said CA');
    await terminal.answer(NAMES, 'said.test');
    const summary = await terminal.shows(MAKE);
    for (const question of [KEY, TEMPLATE, FOLDER]) assert.ok(!summary.includes(question), question);
    assert.match(summary, /Said CA, ed25519, until/);
    await terminal.press('Enter');
    assert.equal(await terminal.status(), 0);
    assert.ok(existsSync(join(place.cwd, 'files', 'nginx.conf')));
    assert.ok(existsSync(join(place.cwd, 'said.test.zip')));
  });

  test('an error at the end leaves nothing but the command, so that nobody answers twice', async (t) => {
    if (!needs(t, 'tmux')) return;
    const place = newPlace(t);
    writeFileSync(join(place.cwd, 'db.test'), 'mine\n');
    const before = snapshot(place.cwd);
    const terminal = await open(t, 'init', place);
    await answerAll(terminal);
    await terminal.press('Enter');
    assert.equal(await terminal.status(), 1);
    const screen = await terminal.screen();
    assert.match(screen, /local-ca init db\.test --name 'Wizard CA' .*--yes\n/);
    assert.match(screen, /local-ca: db\.test is not a folder\n/);
    assert.deepEqual([snapshot(place.cwd), existsSync(place.home)], [before, false]);
  });

  test('what no answer could mend is refused before the first question', async (t) => {
    if (!needs(t, 'tmux')) return;
    const place = newPlace(t);
    for (const [args, words] of [
      ['init --country de', '"de"'],
      ['init --key-type dsa', '"dsa"'],
      ['init --template ngnix', '"ngnix"'],
    ] as const) {
      const terminal = await open(t, args, place);
      assert.equal(await terminal.status(), 2);
      const screen = await terminal.screen();
      assert.ok(screen.includes(words) && !screen.includes(NAME), screen);
    }
    await localCaJson(['init', '--yes'], place);
    const terminal = await open(t, 'init', place);
    assert.equal(await terminal.status(), 1);
    assert.match(await terminal.screen(), /^local-ca: there is already a CA at /);
  });

  test('fits a narrow window, and NO_COLOR and --no-color keep it grey', async (t) => {
    if (!needs(t, 'tmux')) return;
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours start with ESC
    const colour = /\x1b\[[0-9;]*3[1-7]m/;
    const plain = await open(t, 'init', newPlace(t));
    await plain.shows(NAME);
    assert.match(await plain.screen('-e'), colour);
    for (const [args, env] of [
      ['init', { NO_COLOR: '1' }],
      ['init --no-color', {}],
    ] as const) {
      const place = newPlace(t);
      const terminal = await open(t, args, place, { columns: 40, env });
      await answerAll(terminal);
      const lines = (await terminal.screen('-p')).split('\n');
      assert.ok(lines.includes('  Server  db.test'), lines.join('\n'));
      await terminal.press('Enter');
      assert.equal(await terminal.status(), 0);
      assert.doesNotMatch(await terminal.screen('-e'), colour);
      assert.ok(existsSync(join(place.cwd, 'db.test', 'db.test.key.pem')));
    }
  });
});

describe('--yes, and commands that have no wizard', { skip: !posix && 'tmux is needed' }, () => {
  test('ask nothing on a terminal', async (t) => {
    if (!needs(t, 'tmux')) return;
    const place = newPlace(t);
    for (const [args, status] of [
      ['init --yes', 0],
      ['issue', 2],
      ['init --yes --encrypt-key --home other', 2],
    ] as const) {
      const terminal = await open(t, args, place);
      assert.equal(await terminal.status(), status);
      assert.doesNotMatch(await terminal.screen(), /[?✔] /);
    }
  });
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
