/** What `local-ca` alone offers, as data. In a terminal: wizard.test.ts. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { COMMANDS } from '../../src/cli/commands/index.ts';
import { type MenuState, menuFor } from '../../src/cli/wizard/menu.ts';

const QUIET: MenuState = { home: 'ca', due: [], waiting: [], problems: [] };
const DUE = { kind: 'certificate', name: 'db1.test', left: '4 days left' } as const;
const LATE = { kind: 'certificate', name: 'db2.test', left: 'ended 3 days ago' } as const;
const ROOT = { kind: 'root', name: 'My CA', left: '9 days left' } as const;
const LIST = { kind: 'crl', name: 'My CA', left: '2 days left' } as const;
const FOREIGN = { kind: 'foreign', name: 'bought.test', left: '5 days left' } as const;
const PROBLEM = 'db1.test in /srv/db: the hook failed.';

const commands = (state: MenuState) => menuFor(state).choices.map(({ command }) => command.join(' '));

describe('the menu', () => {
  for (const [what, state, first, message] of [
    ['nothing', { ...QUIET, home: 'none' }, 'init', 'What shall be done?'],
    ['something due', { ...QUIET, due: [DUE], waiting: ['x'], problems: [PROBLEM] }, 'renew', 'Renew it now?'],
    ['several due', { ...QUIET, due: [LATE, DUE] }, 'renew', 'Renew them now?'],
    ['the CA due', { ...QUIET, due: [ROOT] }, 'renew', 'Renew it now?'],
    ["another CA's due", { ...QUIET, due: [FOREIGN] }, 'csr create --renew bought.test', 'What shall be done?'],
    [
      "another CA's due, and asked for",
      { ...QUIET, due: [FOREIGN], waiting: ['bought.test'] },
      'csr accept',
      'What shall be done?',
    ],
    ['a list due', { ...QUIET, due: [LIST] }, 'crl', 'What shall be done?'],
    [
      'a failed deployment',
      { ...QUIET, waiting: ['x'], problems: [PROBLEM] },
      'deploy run --now',
      'What shall be done?',
    ],
    ['a request that waits', { ...QUIET, waiting: ['x'] }, 'csr accept', 'Has the CA answered?'],
    ['requests alone', { ...QUIET, home: 'others-only', waiting: ['x'] }, 'csr accept', 'Has the CA answered?'],
    ['a CA with nothing to do', QUIET, 'issue', 'What shall be done?'],
  ] satisfies [string, MenuState, string, string][]) {
    test(`with ${what} it starts with ${first}`, () => {
      assert.equal(commands(state)[0], first);
      assert.equal(menuFor(state).message, message);
    });
  }

  test('offers what the home allows, once, and always a way out', () => {
    const all = ['status', 'renew', 'csr create', 'export --ca', 'list', ''];
    assert.deepEqual(commands({ ...QUIET, home: 'none' }), ['init', 'csr create', '']);
    assert.deepEqual(commands({ ...QUIET, home: 'others-only' }), [
      'init',
      'status',
      'renew',
      'csr create',
      'list',
      '',
    ]);
    assert.deepEqual(commands(QUIET), ['issue', ...all]);
    const busy = commands({ home: 'ca', due: [DUE, FOREIGN, LIST], waiting: ['x'], problems: [PROBLEM] });
    assert.equal(new Set(busy).size, busy.length);
  });

  test('says why: names, the time left, and what failed', () => {
    const about = (state: MenuState) => menuFor(state).about;
    assert.deepEqual(about({ ...QUIET, home: 'none' }), ['There is no CA here yet.']);
    assert.deepEqual(about(QUIET), ['Nothing is due.']);
    assert.deepEqual(about({ ...QUIET, due: [LATE, DUE, ROOT], waiting: ['a', 'b'], problems: [PROBLEM] }), [
      'db2.test: ended 3 days ago.',
      'db1.test: 4 days left.',
      'the CA My CA: 9 days left.',
      PROBLEM,
      'a, b wait for the answer of another CA.',
    ]);
    const many = Array.from({ length: 9 }, (_, i) => ({ ...DUE, name: `n${i}` }));
    assert.equal(about({ ...QUIET, due: many }).at(-1), 'And 6 more.');
    assert.equal(menuFor({ ...QUIET, due: many }).choices[0]?.title, 'Renew 9 certificates');
    assert.equal(menuFor({ ...QUIET, due: [LATE, ROOT] }).choices[0]?.title, 'Renew db2.test, the CA My CA');
  });

  test("names another CA's certificate among none that this one could renew", () => {
    const { about, message, choices } = menuFor({ ...QUIET, due: [DUE, FOREIGN] });
    assert.deepEqual(about, ['db1.test: 4 days left.', "another CA's bought.test: 5 days left."]);
    assert.equal(message, 'Renew it now?');
    assert.deepEqual(
      choices.slice(0, 2).map(({ title }) => title),
      ['Renew db1.test', 'Make a new request for bought.test, to the CA that signed it'],
    );
  });

  test('names commands that there are', () => {
    const names = new Set(COMMANDS.map(({ name }) => name));
    const busy = commands({ home: 'ca', due: [DUE, FOREIGN, LIST], waiting: ['x'], problems: [PROBLEM] });
    for (const words of [...busy, ...commands({ ...QUIET, home: 'none' })]) {
      const bare = words.replace(/ --.*/, '');
      assert.ok(bare === '' || names.has(bare), words);
    }
  });
});
