/** The wizards' engine and tables, without a terminal. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Template } from '../../src/bundle/template.ts';
import { commandLine, commandLines } from '../../src/cli/wizard/command-line.ts';
import {
  type Asker,
  BACK,
  back,
  reopened,
  type Step,
  startOf,
  stepsFor,
  textOf,
  walkThrough,
} from '../../src/cli/wizard/flow.ts';
import {
  type InitAnswers,
  type InitFacts,
  initSteps,
  orderOf,
  saidBy,
  summaryRows,
} from '../../src/cli/wizard/init-plan.ts';
import { fit, hang, widthOf, wrap } from '../../src/cli/wizard/layout.ts';
import { offersOf } from '../../src/cli/wizard/machine.ts';
import { adviceOn, nameAdvice } from '../../src/cli/wizard/name-advice.ts';
import { firstTask, taskLines } from '../../src/cli/wizard/next-steps.ts';
import { findNames, matchingTemplates, namesOf } from '../../src/cli/wizard/server-steps.ts';

const NOW = new Date('2026-11-22T12:00:00Z');

// --- the engine ----------------------------------------------------------------------------------------------------

interface Pet {
  readonly kind?: string;
  readonly legs?: number;
  readonly name?: string;
}

const kind: Step<Pet, null, string> = {
  name: 'kind',
  title: 'Kind',
  question: ({ kind = 'cat' }) => ({ type: 'input', message: 'Kind', default: kind }),
};
const legs: Step<Pet, null, string> = {
  name: 'legs',
  title: 'Legs',
  when: ({ kind }) => kind === 'spider',
  question: ({ legs = 8 }) => ({ type: 'input', message: 'Legs', default: String(legs) }),
  apply: (pet, value) => ({ ...pet, legs: Number(value) }),
};
const name: Step<Pet, null, string> = {
  name: 'name',
  title: 'Name',
  question: ({ name = '' }) => ({ type: 'input', message: 'Name', default: name }),
};
const PET = [kind, legs, name] as readonly Step<Pet, null>[];

/** Answers from a list; '' takes the default. What was asked is kept, with defaults. */
function script(replies: readonly (string | typeof BACK)[]) {
  const seen: string[] = [];
  const left = [...replies];
  const ask: Asker = async (question, canGoBack) => {
    assert.equal(question.type, 'input');
    const usual = question.type === 'input' ? (question.default ?? '') : '';
    seen.push(`${question.message} (${usual})${canGoBack ? '' : '!'}`);
    const reply = left.shift();
    assert.ok(reply !== undefined, `asked once too often: ${question.message}`);
    return reply === '' ? usual : reply;
  };
  return { ask, seen };
}

describe('walkThrough', () => {
  test('asks in order, skips what does not apply, and applies each answer', async () => {
    const { ask, seen } = script(['', 'Tom']);
    const { answers } = await walkThrough(PET, startOf<Pet>({}), null, ask);
    assert.deepEqual([answers, seen], [{ kind: 'cat', name: 'Tom' }, ['Kind (cat)!', 'Name ()']]);
  });

  test('goes back with the answers as defaults, and asks what has come to apply', async () => {
    const { ask, seen } = script(['dog', BACK, BACK, 'spider', '6', BACK, '', 'Tom']);
    const { answers, asked } = await walkThrough(PET, startOf<Pet>({}), null, ask);
    assert.deepEqual(answers, { kind: 'spider', legs: 6, name: 'Tom' });
    assert.deepEqual(asked, ['kind', 'legs', 'name']);
    const expected = [
      'Kind (cat)!',
      'Name ()',
      'Kind (dog)!',
      'Kind (dog)!',
      'Legs (8)',
      'Name ()',
      'Legs (6)',
      'Name ()',
    ];
    assert.deepEqual(seen, expected);
  });

  test('one step again asks that, and what it brings with it; going back changes nothing', async () => {
    const whole = await walkThrough(PET, startOf<Pet>({}), null, script(['cat', 'Tom']).ask);
    const changed = script(['spider', '8']);
    const { answers } = await walkThrough(PET, reopened(whole, 'kind'), null, changed.ask);
    assert.deepEqual([answers, changed.seen], [{ kind: 'spider', legs: 8, name: 'Tom' }, ['Kind (cat)', 'Legs (8)']]);
    const left = await walkThrough(PET, reopened(whole, 'kind'), null, script([BACK]).ask);
    assert.deepEqual([left.answers, left.asked], [whole.answers, whole.asked]);
  });

  test('a step that stopped applying is asked when it applies again', async () => {
    const spider = await walkThrough(PET, startOf<Pet>({}), null, script(['spider', '8', 'Tom']).ask);
    const cat = await walkThrough(PET, reopened(spider, 'kind'), null, script(['cat']).ask);
    const again = script(['spider', '7']);
    const { answers } = await walkThrough(PET, reopened(cat, 'kind'), null, again.ask);
    assert.deepEqual([answers.legs, again.seen.length], [7, 2]);
  });

  test('at the end, back leads to the last question; at the start it does nothing', async () => {
    const whole = await walkThrough(PET, startOf<Pet>({}), null, script(['cat', 'Tom']).ask);
    const { ask, seen } = script(['Tim']);
    assert.equal((await walkThrough(PET, back(whole), null, ask)).answers.name, 'Tim');
    assert.deepEqual(seen, ['Name (Tom)']);
    const start = startOf<Pet>({});
    assert.equal(back(start), start);
  });

  test('an answer has a text', () => {
    const choices = [
      { value: 1, name: 'one' },
      { value: 2, name: 'two' },
    ];
    assert.equal(textOf({ type: 'select', message: '', choices }, 2), 'two');
    assert.equal(textOf({ type: 'checkbox', message: '', choices }, [1, 2]), 'one, two');
    assert.equal(textOf({ type: 'confirm', message: '', default: true }, false), 'no');
    assert.equal(textOf({ type: 'input', message: '', shown: (text) => text.toUpperCase() }, 'a'), 'A');
  });
});

// --- init ------------------------------------------------------------------------------------------------------------

const template = (record: Partial<Template> & { name: string }): Template => ({
  title: record.name,
  summary: 'A server.',
  kind: 'server',
  profile: 'server',
  files: [],
  render: [],
  settings: {},
  passwords: {},
  warnings: [],
  folder: '/nowhere',
  sources: new Map(),
  ...record,
});

const TEMPLATES = [
  template({
    name: 'generic',
    summary: 'PEM files.',
    files: [{ path: '{{label}}.key.pem', content: 'key-pem', audience: 'server', about: 'The key.' }],
  }),
  template({
    name: 'mssql',
    title: 'SQL Server',
    keyType: 'rsa-2048',
    keyTypeWhy: 'Old drivers.',
    zip: { name: 'Trust.zip', files: ['ca.pem'] },
  }),
  template({
    name: 'pg',
    title: 'PostgreSQL',
    summary: 'An SQL server too.',
    settings: {
      port: { kind: 'port', default: '5432', about: 'where it listens' },
      host: { kind: 'word', default: '{{server}}', about: 'the name' },
      mutual: { kind: 'flag', about: 'only clients with a certificate' },
    },
  }),
];

const facts = (given = {}): InitFacts => ({
  templates: TEMPLATES,
  offers: [{ name: 'host', about: '', usual: true }],
  hostname: 'host',
  force: false,
  given,
  home: '/home/ca',
  now: NOW,
});

const ANSWERS: InitAnswers = { template: 'generic', offered: ['host'], others: ['db.test'], name: 'My CA', zip: true };

/** The question about the zip, and its default. */
function zipQuestion(answers: InitAnswers, given = {}) {
  const step = initSteps({}).find(({ name }) => name === 'zip');
  const question = step?.question(answers, facts(given));
  return [question?.about, question?.type === 'confirm' && question.default];
}

describe('the init wizard', () => {
  test('makes no zip with a private key unless it is asked for, and says what is in it', () => {
    const { zip: _zip, ...answers } = ANSWERS;
    const secret = 'It holds the private key: give it to nobody else.';
    const whole = `db.test.zip: all the files, to carry them to the server. ${secret}`;
    assert.deepEqual(zipQuestion(answers), [whole, false]);
    assert.deepEqual(zipQuestion({ ...answers, zip: true }), [whole, true]);
    assert.deepEqual(zipQuestion({ ...answers, template: 'mssql' }), [
      'Trust.zip: what its clients need, and no secret.',
      true,
    ]);
    assert.deepEqual(zipQuestion({ ...answers, template: 'mssql' }, { format: ['p12'] }), [whole, false]);
    assert.ok(
      summaryRows(ANSWERS, facts()).some(([, text]) => text === 'and db.test.zip, which holds the private key'),
    );
  });

  test('makes the flags that the command line takes, and leaves out what is the default', () => {
    const plain = orderOf({ ...ANSWERS, days: 365, keyType: undefined, defaults: true }, facts());
    assert.deepEqual(plain, {
      command: 'init',
      names: ['db.test', 'host'],
      flags: { name: 'My CA', template: 'generic', zip: 'db.test.zip' },
    });
    const answers: InitAnswers = {
      ...ANSWERS,
      template: 'mssql',
      keyType: 'p384',
      days: 'other',
      otherDays: 30,
      caKeyType: 'p521',
      caDays: 700,
      intermediate: true,
      permit: ['.test'],
      encryptKey: true,
      out: 'x/y',
      zip: false,
    };
    const { flags } = orderOf(answers, facts({ organization: 'Acme', home: 'h' }));
    assert.deepEqual(flags, {
      organization: 'Acme',
      home: 'h',
      name: 'My CA',
      template: 'mssql',
      serverKeyType: 'p384',
      serverDays: 30,
      keyType: 'p521',
      days: 700,
      intermediate: true,
      permit: ['.test'],
      encryptKey: true,
      out: 'x/y',
    });
  });

  test('asks about the server what its template asks, and writes it as the command line does', () => {
    const pg: InitAnswers = { ...ANSWERS, template: 'pg' };
    const asked = (answers: InitAnswers, given = {}) =>
      stepsFor(initSteps({}), startOf(answers), facts(given))
        .map(({ name }) => name)
        .filter((name) => name.startsWith('set'));
    assert.deepEqual(asked(ANSWERS), []);
    assert.deepEqual(asked(pg), ['setDefaults']);
    assert.deepEqual(asked({ ...pg, setDefaults: false }), ['setDefaults', 'set']);
    assert.deepEqual(asked({ ...pg, setDefaults: false }, { set: [{ port: '1' }] }), []);
    const step = initSteps({}).find(({ name }) => name === 'set');
    const question = step?.question(pg, facts());
    assert.equal(
      question?.about,
      'port=5432 (where it listens)\nhost (the name)\nmutual=no (only clients with a certificate)\n' +
        'With spaces between, like port=5433 mutual=yes.',
    );
    const verdict = (text: string) => question?.type === 'input' && question.validate?.(text);
    assert.deepEqual([verdict(''), verdict('port=5433  mutual=yes')], [true, true]);
    assert.match(String(verdict('port=x')), /the setting port of template "pg" cannot be "x"\. Give a port/);
    const answers = step?.apply?.({ ...pg, setDefaults: false }, 'port=5433  mutual=yes', facts()) ?? pg;
    const { names, flags } = orderOf(answers, facts());
    assert.match(commandLine('init', names, flags), / --set port=5433 --set mutual=yes /);
    assert.deepEqual(flags.set, [{ port: '5433' }, { mutual: 'yes' }]);
    assert.ok(summaryRows(answers, facts()).some(([, text]) => text === 'with port=5433 mutual=yes'));
    const [first] = initSteps({});
    assert.equal(first?.apply?.(answers, 'mssql', facts()).set, undefined);
  });

  test('what the command line says is neither asked nor lost', () => {
    const given = {
      template: 'mssql',
      permit: ['.test'],
      intermediate: true,
      zip: 'my.zip',
      serverDays: 10,
      keyType: 'p384',
    };
    const said = saidBy(given);
    const steps = initSteps(said);
    const names = stepsFor(steps, startOf<InitAnswers>({ ...said, defaults: false }), facts(given)).map(
      ({ name }) => name,
    );
    assert.deepEqual(names, ['offered', 'others', 'keyType', 'name', 'defaults', 'caDays', 'encryptKey', 'out']);
    const { flags } = orderOf({ ...said, others: ['a.test'], name: 'C', defaults: true }, facts(given));
    assert.deepEqual(flags, { ...given, name: 'C' });
  });

  test('taking the defaults of the CA forgets settings, but not those of the command line', () => {
    const said = saidBy({ intermediate: true });
    const step = initSteps(said).find(({ name }) => name === 'defaults');
    const settled = { ...ANSWERS, ...said, caDays: 10, encryptKey: true };
    const { intermediate, caDays, encryptKey } = step?.apply?.(settled, true, facts()) ?? {};
    assert.deepEqual([intermediate, caDays, encryptKey], [true, undefined, undefined]);
  });

  test('another server brings its own kind of key', () => {
    const [step] = initSteps({});
    assert.equal(step?.apply?.({ ...ANSWERS, keyType: 'ed25519' }, 'mssql', facts()).keyType, undefined);
    assert.equal(step?.apply?.({ ...ANSWERS, keyType: 'ed25519' }, 'generic', facts()).keyType, 'ed25519');
  });

  test('its summary names everything', () => {
    const text = summaryRows({ ...ANSWERS, template: 'mssql', permit: ['.test'] }, facts())
      .map((row) => row.join(' '))
      .join('\n');
    for (const part of [
      'db.test, host',
      'SQL Server, rsa-2048',
      'Old drivers.',
      'until 2027-11-22',
      'My CA, until 2036-11-19',
      'may sign .test only',
      '/home/ca',
      'in db.test',
      'and Trust.zip',
    ])
      assert.ok(text.includes(part), `${part} in ${text}`);
  });

  test('the command that repeats it breaks between flags, and says the same', () => {
    const { names, flags } = orderOf({ ...ANSWERS, name: "Jo's CA", others: ['*.db.test'] }, facts());
    const whole = commandLine('init', names, flags);
    assert.equal(
      whole,
      "local-ca init \"*.db.test\" host --name 'Jo'\\''s CA' --template generic --zip _wildcard.db.test.zip",
    );
    const lines = commandLines('init', names, flags, 34);
    assert.ok(lines.length > 2 && lines.every((line) => line.length <= 40));
    assert.equal(lines.join('\n').replaceAll(/ \\\n */g, ' '), whole);
  });
});

describe('templates are found', () => {
  for (const [term, expected] of [
    ['', ['generic', 'mssql', 'pg']],
    ['SQL', ['mssql', 'pg']],
    ['server', ['mssql', 'generic', 'pg']],
    ['sql too', ['pg']],
    ['oracle', []],
  ] as const) {
    test(`by ${JSON.stringify(term)}`, () => {
      const own = TEMPLATES.map((one) => (one.name === 'generic' ? { ...one, summary: 'For a server.' } : one));
      assert.deepEqual(
        matchingTemplates(own, term).map(({ name }) => name),
        expected,
      );
    });
  }
});

// --- names -----------------------------------------------------------------------------------------------------------

describe('names', () => {
  test('host names stand before addresses, what was typed before what was offered, this machine last', () => {
    const names = namesOf({ offered: ['localhost', 'host', '::1'], others: ['10.0.0.5', 'db.test'] });
    assert.deepEqual(names, ['db.test', 'host', '10.0.0.5', 'localhost', '::1']);
  });

  test('are checked as they are typed', () => {
    const facts = { now: NOW };
    assert.equal(findNames('', [], facts), 'Type at least one, like db1.example.test or 10.0.0.5.');
    assert.deepEqual(findNames(' ', ['host'], facts), [{ value: [], name: 'No others' }]);
    assert.match(
      String(findNames('a.test, [::1]', [], facts)),
      /^"\[::1\]" cannot be .* Write an IPv6 address without brackets, like ::1\.$/,
    );
    assert.deepEqual(findNames('A.test,10.0.0.5', [], facts), [
      { value: ['A.test', '10.0.0.5'], name: 'a.test, 10.0.0.5', about: '' },
    ]);
    assert.deepEqual(findNames('spiffe://a.test/x,y', ['h'], facts), [
      { value: ['spiffe://a.test/x,y'], name: 'spiffe://a.test/x,y', about: '' },
    ]);
  });

  for (const [names, codes] of [
    [['db1.example.test'], []],
    [['db1.corp'], []],
    [['db.example.test', 'db', '10.0.0.5'], []],
    [['localhost', '127.0.0.1', '::1'], []],
    [['*.test'], ['wide-wildcard']],
    [['*.db.example.test'], ['wildcard']],
    [['10.0.0.5', '10.0.0.6'], ['address-only']],
    [['my_db.test'], ['underscore']],
    [['db1'], ['single-label']],
    [['db1', 'localhost', '127.0.0.1'], ['single-label']],
    [['printer.local'], ['mdns']],
    [['www.acme.com'], ['public-domain']],
    [['www.example.com'], []],
    [[`${'a'.repeat(60)}.test`], ['long-name']],
    [['bücher.test'], ['converted']],
    [['a@b.test', 'spiffe://b.test/x'], []],
  ] as const) {
    test(`advice on ${names.join(', ')}: ${codes.join(', ') || 'none'}`, () => {
      assert.deepEqual(
        adviceOn(names).map(({ code }) => code),
        codes,
      );
    });
  }

  test('advice names the name and what breaks', () => {
    assert.deepEqual(
      nameAdvice('*.db.test').map(({ text }) => text),
      [
        '*.db.test stands for one label, not for db.test itself; FreeTDS built with OpenSSL matches no wildcard at all: list its hosts where it connects',
      ],
    );
  });

  test('of this machine are offered as a certificate can hold them', () => {
    const interfaces = {
      lo: [{ address: '127.0.0.1', internal: true }],
      eth0: [
        { address: '10.0.0.5', internal: false },
        { address: 'fe80::1', internal: false },
        { address: '169.254.1.1', internal: false },
      ],
    };
    const hosts = '127.0.0.1 localhost\n127.0.1.1 DB1.example.test db1 # db1.commented.test\n';
    const offered = offersOf({ hostname: 'DB1', interfaces, hosts });
    assert.deepEqual(
      offered.map(({ name }) => name),
      ['db1.example.test', 'db1', '10.0.0.5', 'localhost', '127.0.0.1', '::1'],
    );
    assert.deepEqual(
      offered.filter(({ usual }) => usual).map(({ name }) => name),
      ['db1.example.test', 'db1'],
    );
    const odd = offersOf({ hostname: 'bad name', interfaces: {}, hosts: '' });
    assert.deepEqual(
      odd.map(({ name }) => name),
      ['localhost', '127.0.0.1', '::1'],
    );
  });
});

// --- what is shown -----------------------------------------------------------------------------------------------------

describe('layout', () => {
  test('wraps between words, breaks what is longer than a line, and counts wide characters as two', () => {
    assert.deepEqual(wrap('a fine day for all of us', 12), ['a fine day', 'for all of', 'us']);
    assert.deepEqual(wrap('0123456789abcdef x', 12), ['0123456789ab', 'cdef x']);
    assert.deepEqual(wrap('', 40), []);
    assert.equal(widthOf('数据库e\u0301'), 7);
    assert.ok(wrap('数据库服务器证书 一个', 12).every((line) => widthOf(line) <= 12));
    assert.deepEqual(hang('  CA  ', 'one two three four', 18), ['  CA  one two', '      three four']);
  });

  test('lets nobody steer the terminal, nor run over the edge', () => {
    assert.equal(fit('a\x1b[2Jb\r\nc', 40), 'a [2Jb c');
    assert.equal(fit('\u202egnol yrev', 6), ' gnol…');
    assert.deepEqual(wrap('a\x1b]0;x\x07b', 40), ['a ]0;x b']);
  });

  test("the first task of a bundle's README is shown without its Markdown, and commands whole", () => {
    const long = `sudo install ${'x'.repeat(60)}`;
    const readme = `# db: nginx\n\nIntro.\n\n## Files\n\n| a |\n\n## Server\n\nThe \`key\` is _root's_ alone:\n\n\`\`\`sh\n${long}\n\`\`\`\n\n- one\n- two\n\n## Clients\n\nNo.\n`;
    assert.deepEqual(taskLines(firstTask(readme), 40), [
      "  The key is root's alone:",
      `    ${long}`,
      '  - one',
      '  - two',
    ]);
    assert.deepEqual(taskLines(firstTask('# x\n\n## Files\n\n'), 40), []);
  });
});
