/** `status`: everything with an end, soonest first; and the reminders for a calendar, read by an independent reader. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { before, describe, test } from 'node:test';
import { type CliOptions, localCa, localCaJson } from '../support/cli.ts';
import { atDate } from '../support/faketime.ts';
import { must, needs, pathOf } from '../support/peers.ts';
import { temporaryFolder } from '../support/temp.ts';
import { assertRefused, posix } from './support.ts';

interface Life {
  readonly kind: string;
  readonly name: string;
  readonly serial: string | null;
  readonly state: string;
  readonly notAfter: string | null;
  readonly dueAt: string | null;
  readonly advice: string;
}

const folder = temporaryFolder();
const at = { home: join(folder, 'home'), cwd: folder };
const LONG = `${'very-'.repeat(10)}long.example.test`;

before(async () => {
  await localCaJson(['init', '--yes', '--name', 'Test CA', '--intermediate'], at);
  await localCaJson(['issue', 'year.test'], at);
  await localCaJson(['issue', 'week.test', '--days', '7'], at);
  await localCaJson(['issue', LONG, '--days', '100'], at);
});

async function status(
  days: number,
  ...args: readonly string[]
): Promise<{ readonly code: number; readonly lives: Life[] }> {
  const { status: code, stdout } = await localCa(['status', '--json', ...args], { ...at, env: atDate(days).env });
  return { code, lives: JSON.parse(stdout) as Life[] };
}

const states = ({ lives }: { readonly lives: readonly Life[] }) => lives.map(({ name, state }) => `${name} ${state}`);

describe('what it shows', () => {
  test('is sorted by its end, and nothing is due at first', async () => {
    const { code, lives } = await status(0);
    assert.equal(code, 0);
    assert.deepEqual(states({ lives }), [
      'week.test valid',
      `${LONG} valid`,
      'year.test valid',
      'Test CA intermediate valid',
      'Test CA valid',
    ]);
    assert.deepEqual(
      lives.map(({ kind, advice }) => `${kind}: ${advice}`),
      [
        'certificate: local-ca renew week.test',
        `certificate: local-ca renew ${LONG}`,
        'certificate: local-ca renew year.test',
        'intermediate: local-ca renew --ca intermediate',
        'root: local-ca renew --ca root',
      ],
    );
  });

  test('is due and expired by the clock, with exit code 3', async (t) => {
    if (!needs(t, 'faketime')) return;
    const due = await status(5);
    assert.deepEqual([due.code, states(due)[0]], [3, 'week.test due']);
    const over = await status(340);
    assert.equal(over.code, 3);
    assert.deepEqual(states(over), [
      'week.test expired',
      `${LONG} expired`,
      'year.test due',
      'Test CA intermediate valid',
      'Test CA valid',
    ]);
    const end = await status(3640);
    assert.deepEqual(states(end).slice(-2), ['Test CA intermediate expired', 'Test CA due']);
  });

  test('is due as said', async () => {
    assert.deepEqual(states(await status(0, '--within', '120d')).slice(0, 3), [
      'week.test due',
      `${LONG} due`,
      'year.test valid',
    ]);
    assert.equal((await status(0, '--within', '90%')).code, 0);
    await assertRefused(['status', '--within', 'soon'], at, { code: 'LOCAL_CA_OPTION_INVALID', says: '"soon"' });
  });

  test('reads well without colour, and says what to do', async (t) => {
    if (!needs(t, 'faketime')) return;
    const { stdout, stderr } = await localCa(['status'], { ...at, env: atDate(330).env });
    const [header, week, , year] = stdout.split('\n');
    assert.match(header ?? '', /^ {12}NAME +WHAT +STATE +ENDS +LEFT$/);
    assert.match(week ?? '', /^░{10} {2}week\.test +certificate +expired +\d{4}-\d\d-\d\d {2}ended 323 days ago$/);
    assert.match(year ?? '', /^█░{9} {2}year\.test +certificate +valid +\d{4}-\d\d-\d\d {2}35 days$/);
    assert.match(stderr, new RegExp(`^week\\.test: local-ca renew week\\.test\n${LONG}: local-ca renew ${LONG}\n$`));
  });

  test('is never wider than the terminal, nor coloured for a pipe', { skip: !posix }, async (t) => {
    if (!needs(t, 'script')) return;
    const shown = await terminal('stty cols 80; ');
    assert.ok(
      shown.every((line) => [...line].length <= 80),
      shown.join('\n'),
    );
    assert.ok(shown.some((line) => /very-.*… {2}certificate/.test(line)));
    const piped = await localCa(['status'], at);
    assert.match(piped.stdout, new RegExp(`${LONG}  certificate`));
  });

  test('on a terminal has the colour of its state', { skip: !posix }, async (t) => {
    if (!needs(t, 'script')) return;
    const coloured = await terminal('stty cols 80; ', {
      NO_COLOR: undefined,
      FORCE_COLOR: undefined,
      CI: undefined,
      TERM: 'xterm',
    });
    assert.ok(
      coloured.some((line) => line.startsWith('\u001b[32m█')),
      coloured.join('\n'),
    );
  });
});

/** What a terminal would be sent. */
async function terminal(setUp: string, env: CliOptions['env'] = {}): Promise<string[]> {
  const { program } = await import('../support/cli.ts');
  const command = `${setUp}exec '${process.execPath}' '${program}' status`;
  const environment = { LOCAL_CA_HOME: at.home, NO_COLOR: '1', ...env };
  const shown = await must('script', ['-qec', command, '/dev/null'], { env: environment });
  return shown.split('\r\n').filter((line) => line.includes('█') || line.includes('NAME'));
}

describe('what else has an end', () => {
  const own = join(folder, 'other');
  const here = { home: join(own, 'home'), cwd: own };
  const lives = () => localCa(['status', '--json'], here).then(({ stdout }) => JSON.parse(stdout) as Life[]);
  before(async () => {
    mkdirSync(own);
    await localCaJson(['init', '--yes', '--name', 'Other CA'], here);
  });

  test('a revocation list, which is due when a third of its life is left', async (t) => {
    if (!needs(t, 'faketime')) return;
    await localCa(['crl', '--days', '30'], here);
    const on = async (days: number) => {
      const { stdout } = await localCa(['status', '--json'], { ...here, env: atDate(days).env });
      return (JSON.parse(stdout) as Life[]).find(({ kind }) => kind === 'crl');
    };
    const found = [await on(0), await on(21), await on(31)];
    assert.deepEqual(
      found.map((life) => life?.state),
      ['valid', 'due', 'expired'],
    );
    assert.equal(found[0]?.advice, 'local-ca crl');
  });

  test('a request that waits', async () => {
    await localCaJson(['csr', 'create', 'waiting.test'], here);
    const [first] = await lives();
    assert.deepEqual([first?.kind, first?.name, first?.state], ['request', 'waiting.test', 'waiting']);
    assert.match(first?.advice ?? '', /local-ca csr accept/);
  });

  test('a root that was replaced, until it is revoked', async () => {
    const root = (await lives()).find(({ kind }) => kind === 'root');
    await localCaJson(['renew', '--ca'], here);
    const old = (await lives()).filter(({ kind }) => kind === 'old root');
    assert.deepEqual(
      old.map(({ serial }) => serial),
      [root?.serial],
    );
    assert.match(
      old[0]?.advice ?? '',
      new RegExp(`give clients the new trust files; when all have them: local-ca revoke ${root?.serial}`),
    );
    await localCaJson(['revoke', root?.serial ?? ''], here);
    assert.equal((await lives()).filter(({ kind }) => kind === 'old root').length, 0);
  });

  test('a CA whose root key is elsewhere', async () => {
    const cwd = join(folder, 'safe');
    mkdirSync(cwd);
    const safe = { home: `${cwd}-home`, cwd };
    await localCaJson(['init', '--yes', '--name', 'Safe CA', '--intermediate'], safe);
    const { root } = await localCaJson<{ root: { serial: string } }>(['init', '--yes'], { ...safe, home: `${cwd}-2` });
    assert.ok(root.serial);
    const { stdout } = await localCa(['status', '--json'], safe);
    const serial = (JSON.parse(stdout) as Life[]).find(({ kind }) => kind === 'root')?.serial;
    renameSync(join(safe.home, 'ca', `${serial}.key.pem`), join(cwd, 'key'));
    const after = JSON.parse((await localCa(['status', '--json'], safe)).stdout) as Life[];
    assert.deepEqual(
      after.map(({ advice }) => advice),
      [
        'local-ca renew --ca intermediate, where the key of Safe CA is',
        'local-ca renew --ca root, where the key of Safe CA is',
      ],
    );
  });

  test('nothing is revoked, superseded or held', async () => {
    await localCaJson(['issue', 'a.test'], here);
    await localCaJson(['renew', 'a.test'], here);
    assert.equal((await lives()).filter(({ name }) => name === 'a.test').length, 1);
    await localCaJson(['revoke', 'a.test'], here);
    assert.equal((await lives()).filter(({ name }) => name === 'a.test').length, 0);
  });
});

// --- reminders ---------------------------------------------------------------------------------------------------

interface Component {
  readonly name: string;
  readonly properties: ReadonlyMap<string, string>;
  readonly parts: readonly Component[];
}

/** RFC 5545 3.1 and 3.4, and nothing else: throws for what is not in its grammar. */
function readCalendar(text: string): Component {
  assert.ok(text.endsWith('\r\n') && !/(?<!\r)\n/.test(text), 'lines end in CRLF');
  const folded = text.slice(0, -2).split('\r\n');
  assert.ok(folded.every((line) => Buffer.byteLength(line) <= 75));
  const lines = folded
    .join('\r\n')
    .replaceAll(/\r\n[ \t]/g, '')
    .split('\r\n');
  const [root, rest] = readComponent(lines);
  assert.deepEqual(rest, []);
  return root;
}

function readComponent([first = '', ...lines]: readonly string[]): [Component, readonly string[]] {
  const [, name] = /^BEGIN:([A-Z]+)$/.exec(first) ?? assert.fail(`not a component: ${first}`);
  const properties = new Map<string, string>();
  const parts: Component[] = [];
  let rest: readonly string[] = lines;
  while (rest[0] !== `END:${name}`) {
    if (rest[0]?.startsWith('BEGIN:')) {
      const [part, after] = readComponent(rest);
      parts.push(part);
      rest = after;
      continue;
    }
    const [, key = '', value = ''] = /^([A-Z]+(?:;[A-Z]+=[A-Z-]+)*):(.*)$/.exec(rest[0] ?? '') ?? assert.fail(rest[0]);
    assert.ok(!properties.has(key), `${key} twice`);
    properties.set(key, value.replace(/\\n/g, '\n').replace(/\\([\\;,])/g, '$1'));
    rest = rest.slice(1);
  }
  return [{ name: name ?? '', properties, parts }, rest.slice(1)];
}

describe('--ics', () => {
  const events = async (...args: readonly string[]) => {
    const { status: code } = await localCa(['status', '--ics', 'ca.ics', ...args], at);
    const { name, properties, parts } = readCalendar(readFileSync(join(folder, 'ca.ics'), 'utf8'));
    assert.deepEqual([name, properties.get('VERSION')], ['VCALENDAR', '2.0']);
    return { code, parts };
  };
  const uids = (parts: readonly Component[]) => parts.map(({ properties }) => properties.get('UID'));

  test('has an entry for each end, on the day when it is due', async () => {
    const { code, parts } = await events();
    assert.equal(code, 0);
    const { lives } = await status(0);
    assert.deepEqual(
      parts.map(({ name, properties }) => [name, properties.get('DTSTART;VALUE=DATE')]),
      lives.map(({ dueAt }) => ['VEVENT', dueAt?.slice(0, 10).replaceAll('-', '')]),
    );
    assert.deepEqual(
      parts.map(({ properties }) => properties.get('SUMMARY')),
      [
        'Renew the certificate week.test',
        `Renew the certificate ${LONG}`,
        'Renew the certificate year.test',
        'Renew the intermediate CA Test CA intermediate',
        'Renew the root CA Test CA',
      ],
    );
    assert.match(parts[0]?.properties.get('DESCRIPTION') ?? '', /^It ends on .*Z\.\nlocal-ca renew week\.test$/);
    assert.deepEqual(
      parts[0]?.parts.map(({ name, properties }) => `${name} ${properties.get('TRIGGER')}`),
      ['VALARM -P7D', 'VALARM -P0D'],
    );
  });

  test('names each the same for ever, so that it takes the place of the entry before', async () => {
    const { parts } = await events();
    assert.equal(new Set(uids(parts)).size, parts.length);
    await localCaJson(['renew', 'week.test'], at);
    await localCaJson(['renew', '--ca'], at);
    const again = (await events()).parts;
    const added = again.filter(({ properties }) => !uids(parts).includes(properties.get('UID')));
    assert.deepEqual(
      added.map(({ properties }) => properties.get('SUMMARY')),
      ['Clients need the new root of Test CA'],
    );
    for (const uid of uids(parts)) assert.ok(uids(again).includes(uid));
    assert.equal(new Set(uids(again)).size, again.length);
  });

  test('no name is too long for what calendar programs keep', async () => {
    const own = { home: join(folder, 'long'), cwd: folder };
    const labels = ['a', 'b'].map((last) => 'x'.repeat(99) + last);
    await localCaJson(['init', '--yes', '--name', '漢'.repeat(64)], own);
    for (const label of labels) await localCaJson(['issue', 'long.test', '--label', label, '--out', label], own);
    const read = async () => uids(readCalendar((await localCa(['status', '--ics', '-'], own)).stdout).parts);
    const first = await read();
    assert.deepEqual(new Set(first).size, 3);
    assert.ok(first.every((uid) => uid !== undefined && Buffer.byteLength(uid) <= 255));
    assert.deepEqual(await read(), first);
  });

  test('is read by icalendar', async (t) => {
    if (!needs(t, 'icalendar')) return;
    const { parts } = await events();
    const python = join(dirname(pathOf('icalendar')), 'python3');
    const code =
      'import icalendar,sys; c=icalendar.Calendar.from_ical(sys.stdin.buffer.read()); print(*[e["UID"] for e in c.walk("VEVENT")])';
    const read = await must(python, ['-c', code], { input: readFileSync(join(folder, 'ca.ics')) });
    assert.deepEqual(read.trim().split(' '), uids(parts));
  });

  test('- is stdout, and no file of that name', async () => {
    const { status: code, stdout, stderr } = await localCa(['status', '--ics', '-'], at);
    assert.equal(code, 0);
    assert.equal(readCalendar(stdout).parts.length, (await events()).parts.length);
    assert.doesNotMatch(stderr, /reminder/);
    assert.equal(existsSync(join(folder, '-')), false);
    await assertRefused(['status', '--ics', '-'], at, {
      code: 'LOCAL_CA_OPTION_INVALID',
      says: '--json and --ics - both write to stdout',
      hint: /--ics local-ca\.ics/,
    });
  });

  test('writes neither into the home nor onto a folder', async () => {
    const inHome = join(at.home, 'ca', 'x.ics');
    await assertRefused(['status', '--ics', inHome], at, { code: 'LOCAL_CA_PATH_INVALID', says: 'among private keys' });
    mkdirSync(join(folder, 'dir.ics'));
    const { status: code } = await localCa(['status', '--ics', 'dir.ics'], at);
    assert.equal(code, 1);
    rmSync(join(folder, 'dir.ics'), { recursive: true });
    writeFileSync(join(folder, 'note'), '');
  });
});
