/** The law of output: stdout is data, stderr is talk, and every key and exit code is a contract. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { before, describe, test } from 'node:test';
import { COMMANDS } from '../../src/cli/commands/index.ts';
import { localCa, localCaJson, program } from '../support/cli.ts';
import { must, needs, run } from '../support/peers.ts';
import { temporaryFolder } from '../support/temp.ts';
import { posix, snapshot } from './support.ts';

const folder = temporaryFolder();
const home = join(folder, 'home');
const options = { home, cwd: folder };
const ISO = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/;

// biome-ignore lint/suspicious/noControlCharactersInRegex: colours start with ESC
const COLOR = /\x1b\[/;

before(async () => {
  await localCaJson(['init', '--yes', '--name', 'Output CA'], options);
  await localCaJson(['issue', 'first.test', '--template', 'nginx'], options);
});

interface FileJson {
  path: string;
  mode: string;
  secret: boolean;
}

interface IssuedJson {
  serial: string;
  fingerprintSha256: string;
  notBefore: string;
  notAfter: string;
  files: FileJson[];
  zip: string | null;
}

const ISSUED_KEYS = [
  'label',
  'serial',
  'profile',
  'template',
  'names',
  'keyType',
  'notBefore',
  'notAfter',
  'fingerprintSha256',
  'files',
  'zip',
  'warnings',
];
const RECORD_KEYS = [...ISSUED_KEYS.slice(0, 9), 'state'];

describe('--json', () => {
  test('init', async () => {
    const other = { home: join(folder, 'other home'), cwd: folder };
    const { status, stdout, stderr } = await localCa(['init', '--yes', '--name', 'Ä CA', '--json'], other);
    assert.equal(status, 0, stderr);
    const made = JSON.parse(stdout);
    assert.deepEqual(Object.keys(made), ['home', 'name', 'root', 'warnings']);
    assert.deepEqual(made.warnings, []);
    assert.deepEqual(Object.keys(made.root), ['serial', 'notAfter', 'fingerprintSha256', 'certificate']);
    assert.equal(made.home, other.home);
    assert.equal(made.name, 'Ä CA');
    const certificate = new X509Certificate(readFileSync(made.root.certificate));
    assert.equal(made.root.serial, certificate.serialNumber.toLowerCase());
    assert.equal(made.root.fingerprintSha256, certificate.fingerprint256.replaceAll(':', '').toLowerCase());
    assert.match(made.root.notAfter, ISO);
    assert.equal(Date.parse(made.root.notAfter), Date.parse(certificate.validTo));
  });

  test('init with a CA that clients find fault with', async (t) => {
    if (!needs(t, 'openssl')) return;
    const made = [
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-keyout',
      'odd.key',
      '-out',
      'odd.crt',
      '-subj',
      '/CN=Odd',
    ];
    const extensions = ['basicConstraints=CA:TRUE', 'keyUsage=critical,keyCertSign'].flatMap((one) => ['-addext', one]);
    await must('openssl', [...made, ...extensions], { cwd: folder });
    const other = { home: join(folder, 'odd'), cwd: folder };
    const args = ['init', '--yes', '--from-cert', 'odd.crt', '--from-key', 'odd.key'];
    const { warnings } = await localCaJson<{ warnings: unknown }>(args, other);
    const message = 'CN=Odd: basicConstraints of a CA is not critical (RFC 5280 4.2.1.9); Python 3.13 refuses it.';
    assert.deepEqual(warnings, [{ code: 'constraints-not-critical', message }]);
  });

  test('init with a first server', async () => {
    const other = { home: join(folder, 'served'), cwd: folder };
    const made = await localCaJson<{ issued: IssuedJson }>(['init', '--yes', 'a.test', '--out', 'a'], other);
    assert.deepEqual(Object.keys(made), ['home', 'name', 'root', 'warnings', 'issued']);
    assert.deepEqual(Object.keys(made.issued), ISSUED_KEYS);
  });

  test('issue', async () => {
    const args = ['issue', 'db.test', '10.0.0.5', '--template', 'nginx', '--out', 'deep/db', '--zip', 'deep/db.zip'];
    const issued = await localCaJson<IssuedJson>(args, options);
    assert.deepEqual(Object.keys(issued), ISSUED_KEYS);
    assert.deepEqual(
      { ...issued, serial: '', fingerprintSha256: '', notBefore: '', notAfter: '', files: [] },
      {
        label: 'db.test',
        serial: '',
        profile: 'server',
        template: 'nginx',
        names: ['db.test', '10.0.0.5'],
        keyType: 'p256',
        notBefore: '',
        notAfter: '',
        fingerprintSha256: '',
        files: [],
        zip: join(folder, 'deep', 'db.zip'),
        warnings: [],
      },
    );
    const chain = issued.files.find(({ path }) => path.endsWith('.chain.pem'));
    const certificate = new X509Certificate(readFileSync(chain?.path ?? ''));
    assert.equal(issued.serial, certificate.serialNumber.toLowerCase());
    assert.equal(issued.fingerprintSha256, certificate.fingerprint256.replaceAll(':', '').toLowerCase());
    for (const key of ['notBefore', 'notAfter'] as const) assert.match(issued[key], ISO);
    assert.equal(Date.parse(issued.notBefore), Date.parse(certificate.validFrom));
    assert.equal(Date.parse(issued.notAfter), Date.parse(certificate.validTo));
    for (const { path, secret, mode } of issued.files) {
      assert.ok(isAbsolute(path) && existsSync(path), path);
      assert.equal(mode, secret ? '0600' : '0644');
      assert.equal(secret, /PRIVATE KEY/.test(readFileSync(path, 'utf8')));
    }
  });

  test('list and show', async () => {
    const records = await localCaJson<IssuedJson[]>(['list'], options);
    for (const record of records) assert.deepEqual(Object.keys(record), RECORD_KEYS);
    const shown = await localCaJson<Record<string, unknown>>(['show', 'first.test'], options);
    const {
      subject,
      issuedAt,
      keyKept,
      certificate,
      issuer,
      foreign,
      folder: place,
      zip,
      revocation,
      ...record
    } = shown;
    assert.deepEqual(record, records[0]);
    assert.deepEqual([subject, issuer, foreign, revocation], ['CN=first.test', 'CN=Output CA', false, null]);
    assert.deepEqual([place, zip], [join(folder, 'first.test'), null]);
    assert.match(issuedAt as string, ISO);
    assert.equal(keyKept, false);
    assert.equal(new X509Certificate(certificate as string).subject, 'CN=first.test');
  });

  test('show by the start of a serial, in any case and with colons', async () => {
    const [first] = await localCaJson<IssuedJson[]>(['list'], options);
    const serial = first?.serial ?? '';
    for (const text of [serial.slice(0, 12), serial.toUpperCase(), serial.replace(/..(?=.)/g, '$&:')]) {
      assert.equal((await localCaJson<IssuedJson>(['show', text], options)).serial, serial);
    }
  });

  test('export of a certificate and of the CA', async () => {
    const args = ['--format', 'pem', '--zip', 'export.zip'];
    const leaf = await localCaJson<IssuedJson>(['export', 'first.test', '--out', 'again', ...args], options);
    assert.deepEqual(Object.keys(leaf), ISSUED_KEYS);
    const ca = await localCaJson<IssuedJson>(['export', '--ca', '--out', 'ca', ...args], options);
    assert.deepEqual(Object.keys(ca), ['label', 'template', 'files', 'zip', 'warnings']);
    for (const { files, zip } of [leaf, ca]) {
      assert.equal(zip, join(folder, 'export.zip'));
      for (const { path } of files) assert.ok(isAbsolute(path) && existsSync(path), path);
    }
  });

  test('template list and show', async () => {
    const templates = await localCaJson<{ name: string }[]>(['template', 'list'], options);
    assert.deepEqual(Object.keys(templates[0] ?? {}), ['name', 'title', 'kind', 'summary']);
    assert.ok(templates.some(({ name }) => name === 'nginx'));
    const nginx = await localCaJson<Record<string, unknown>>(['template', 'show', 'nginx'], options);
    assert.deepEqual(Object.keys(nginx), [
      ...['name', 'title', 'summary', 'kind', 'keyType', 'profile', 'files', 'clientFiles', 'zip'],
      ...['settings', 'owner', 'reload', 'probe', 'warnings'],
    ]);
  });

  test('a template that is broken hides no other', async () => {
    const broken = join(folder, 'broken-home');
    mkdirSync(join(broken, 'templates', 'bad'), { recursive: true });
    writeFileSync(join(broken, 'templates', 'bad', 'template.json'), '{');
    const other = { home: broken, cwd: folder };
    const { status, stdout, stderr } = await localCa(['template', 'list', '--json'], other);
    assert.equal(status, 0, stderr);
    assert.ok((JSON.parse(stdout) as { name: string }[]).some(({ name }) => name === 'nginx'));
    assert.ok(!stdout.includes('bad'));
    assert.match(stderr, /^warning: .*bad\/template\.json:.* it is not JSON.*\. That template is left out\.\n$/);
  });

  test('template show says how it is used, and no placeholder', async () => {
    const shown = async (name: string) => (await localCa(['template', 'show', name], options)).stdout;
    const freetds = await shown('freetds');
    assert.match(freetds, /\nlocal-ca export LABEL --template freetds --set NAME=VALUE\n$/);
    assert.match(freetds, /host=\(the server\) /);
    assert.doesNotMatch(freetds, /\{\{|key type/);
    const nginx = await shown('nginx');
    assert.match(nginx, /\nkey type p256\n[\s\S]*\n--profile client +FOR[\s\S]*\nlocal-ca issue NAME --template nginx/);
    assert.match(nginx, /\nLABEL\.key\.pem +server [\s\S]*\n--profile client[\s\S]*\nLABEL\.key\.pem +owner /);
  });

  test('an empty list is a list', async () => {
    const other = { home: join(folder, 'empty'), cwd: folder };
    await localCaJson(['init', '--yes'], other);
    assert.deepEqual(await localCaJson(['list'], other), []);
    const { stdout, stderr } = await localCa(['list'], other);
    assert.equal(stdout, '');
    assert.equal(stderr, 'nothing was issued yet\n');
  });

  test('warnings of a template stand in the JSON too', async () => {
    const args = ['issue', '*.wild.test', '--template', 'tencentdb-sqlserver', '--out', 'wild'];
    const { stdout, stderr } = await localCa([...args, '--json'], options);
    const [warning] = JSON.parse(stdout).warnings;
    assert.match(warning.message, /FreeTDS/);
    assert.ok(stderr.includes(`warning: ${warning.message}`));
  });
});

describe('without --json', () => {
  test('stdout has the paths, as they were asked for, and nothing else', async () => {
    const { stdout } = await localCa(['issue', 'p.test', '--out', 'paths', '--zip', 'paths.zip'], options);
    const files = ['p.test.crt.pem', 'p.test.chain.pem', 'p.test.key.pem', 'ca.pem', 'README.md'];
    assert.deepEqual(stdout.split('\n'), [...files.map((name) => join('paths', name)), 'paths.zip', '']);
  });

  test('show --pem prints a certificate that a pipe can take', async () => {
    const { stdout } = await localCa(['show', 'first.test', '--pem'], options);
    assert.equal(new X509Certificate(stdout).subject, 'CN=first.test');
    assert.match(stdout, /-----END CERTIFICATE-----\n$/);
  });

  test('talk goes to stderr, and --quiet ends it', async () => {
    const loud = await localCa(['issue', 'loud.test', '--out', 'loud'], options);
    assert.match(loud.stderr, /^issued loud\.test\n {2}server, p256, serial [0-9a-f]{32}\n {2}valid until/);
    const quiet = await localCa(['issue', 'quiet.test', '--out', 'quiet', '--quiet'], options);
    assert.deepEqual([quiet.status, quiet.stderr], [0, '']);
    assert.notEqual(quiet.stdout, '');
  });

  test('--quiet keeps warnings and errors', async () => {
    const warned = await localCa(['-q', 'issue', 'long.test', '--days', '500', '--out', 'long'], options);
    assert.match(warned.stderr, /^warning: a life of 500 days[^\n]*\n$/);
    const refused = await localCa(['-q', 'issue', 'a..b'], options);
    assert.equal(refused.stderr.split('\n').length, 3);
  });
});

describe('errors', () => {
  test('have no stack, but with --verbose', async () => {
    const plain = await localCa(['issue', 'a..b'], options);
    assert.deepEqual([plain.status, plain.stdout], [2, '']);
    assert.doesNotMatch(plain.stderr, /\n\s+at /);
    const verbose = await localCa(['issue', 'a..b', '--verbose'], options);
    assert.match(verbose.stderr, /\nLOCAL_CA_NAME_INVALID\n.*\n\s+at /);
  });

  test('exit with 1 for what failed and 2 for what was asked wrongly', async () => {
    assert.equal((await localCa(['show', 'nobody.test'], options)).status, 1);
    assert.equal((await localCa(['show'], options)).status, 2);
    assert.equal((await localCa(['list'], { ...options, home: join(folder, 'nowhere') })).status, 1);
  });
});

describe('help', () => {
  for (const { name, examples } of COMMANDS) {
    test(`${name} --help has examples and exit codes`, async () => {
      const { status, stdout, stderr } = await localCa([...name.split(' '), '--help'], options);
      assert.deepEqual([status, stderr], [0, '']);
      assert.match(stdout, new RegExp(`^Usage: local-ca ${name}`));
      assert.match(stdout, /\nExamples:\n {2}\S/);
      assert.match(stdout, /\nExit codes:\n {2}0 {2}done/);
      assert.match(stdout, /--home <dir>/);
      assert.ok(examples.length > 0);
      for (const [line] of examples) assert.ok(line.includes(`local-ca ${name}`), line);
    });
  }

  test('local-ca --help names every command, and needs no home', async () => {
    const { status, stdout } = await localCa(['--help'], { home: join(folder, 'nowhere') });
    assert.equal(status, 0);
    for (const { name } of COMMANDS) assert.match(stdout, new RegExp(`^ {2}${name.split(' ')[0]}\\b`, 'm'));
  });

  test('--version', async () => {
    const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
    for (const flag of ['--version', '-V']) {
      assert.deepEqual(await localCa([flag], options), { status: 0, stdout: `${manifest.version}\n`, stderr: '' });
    }
  });
});

describe('global flags', () => {
  test('stand before or after the command, and inside one of two words', async () => {
    const elsewhere = { home: join(folder, 'nowhere'), cwd: folder };
    const lists = await Promise.all([
      localCa(['--home', home, '--json', 'list'], elsewhere),
      localCa(['list', '--home', home, '--json'], elsewhere),
      localCa(['--json', 'list', `--home=${home}`], elsewhere),
    ]);
    for (const { status, stdout } of lists) {
      assert.equal(status, 0);
      assert.equal(stdout, lists[0]?.stdout);
    }
    const templates = await Promise.all(
      [
        ['--json', 'template', 'list'],
        ['template', '--json', 'list'],
        ['template', 'list', '--json'],
      ].map((args) => localCa(args, elsewhere)),
    );
    for (const { stdout } of templates) assert.equal(JSON.parse(stdout).length > 2, true);
  });

  test('an empty path is refused, not taken for the current folder', async () => {
    const { status, stderr } = await localCa(['init', '--yes', '--home', ''], { ...options, cwd: folder });
    assert.equal(status, 2);
    assert.match(stderr, /^local-ca: the path given to --home is empty\n/);
  });

  test('a list flag that is repeated adds up', async () => {
    const other = { home: join(folder, 'permits'), cwd: folder };
    await localCaJson(['init', '--yes', '--permit', '.one.test', '--permit', '.two.test'], other);
    await localCaJson(['issue', 'a.one.test', '--format', 'pem', '-f', 'der', '--out', 'adds'], other);
    await localCaJson(['issue', 'a.two.test', '--out', 'two'], other);
    assert.equal((await localCa(['issue', 'a.three.test'], other)).status, 1);
    const names = Object.keys(snapshot(join(folder, 'adds')));
    assert.ok(names.includes('a.one.test.der') || names.includes('a.one.test.crt.der'), names.join());
    assert.ok(names.includes('a.one.test.chain.pem'), names.join());
  });
});

describe('without a terminal', () => {
  test('init has an answer for everything, and asks nothing', async () => {
    const { status, stdout } = await localCa(['init'], { home: join(folder, 'silent'), cwd: folder, input: '' });
    assert.equal(status, 0);
    assert.equal(stdout, `${join(folder, 'silent', 'ca', 'root.crt.pem')}\n`);
  });

  test('what is missing is exit 2, and names what gives it', async () => {
    const issue = await localCa(['issue'], options);
    assert.equal(issue.status, 2);
    assert.match(issue.stderr, /no name was given\nName the server: local-ca issue /);
    const init = await localCa(['init', '--encrypt-key'], { home: join(folder, 'secret'), cwd: folder });
    assert.equal(init.status, 2);
    assert.match(init.stderr, /--passphrase-file FILE, or in LOCAL_CA_PASSPHRASE/);
    assert.equal(existsSync(join(folder, 'secret')), false);
  });

  test('no colour is in a pipe, whatever the environment says', async () => {
    const env = { NO_COLOR: undefined, FORCE_COLOR: '1', CLICOLOR_FORCE: '1', TERM: 'xterm-256color' };
    const { stderr } = await localCa(['issue', 'grey.test', '--days', '500', '--out', 'grey'], { ...options, env });
    assert.doesNotMatch(stderr, COLOR);
  });
});

test('a start from the code cache can do what the run that filled it did not need', async () => {
  const cached = { ...options, env: { XDG_CACHE_HOME: join(folder, 'cache'), HOME: folder, LOCALAPPDATA: folder } };
  await localCaJson(['issue', 'cold.test', '--out', 'cold'], cached);
  writeFileSync(join(folder, 'warm.csv'), 'names\nwarm.test\n');
  const warm = ['issue', '--from', 'warm.csv', '--out', 'warm', '--format', 'p12', '--zip', 'warm.zip'];
  const { status, stderr } = await localCa(warm, cached);
  assert.deepEqual([status, stderr], [0, 'issued 1 certificate from warm.csv\n']);
});

describe('a reader that stops', { skip: !posix && 'sh is needed' }, () => {
  const shell = (line: string) =>
    run('sh', ['-c', line], {
      env: { NODE: process.execPath, PROGRAM: program, LOCAL_CA_HOME: home, NO_COLOR: '1' },
      cwd: folder,
    });

  test('local-ca | head is quiet', async () => {
    const { stdout, stderr } = await shell(
      '"$NODE" "$PROGRAM" list --json | head -n 1; "$NODE" "$PROGRAM" list | true',
    );
    assert.deepEqual([stdout, stderr], ['[\n', '']);
  });

  test('and an error keeps its exit code', async () => {
    const { stdout } = await shell(
      '{ "$NODE" "$PROGRAM" issue a..b --json 2>/dev/null; echo $? >&2; } 2>&1 >/dev/null | cat',
    );
    assert.equal(stdout.trim(), '2');
    const piped = await shell('{ { "$NODE" "$PROGRAM" issue a..b --json 2>&1; echo $? >&3; } | true; } 3>&1');
    assert.equal(piped.stdout.trim(), '2');
  });

  test('a full disk behind stdout is an error in our words', {
    skip: !existsSync('/dev/full') && 'no /dev/full',
  }, async () => {
    const { stdout, stderr } = await shell('"$NODE" "$PROGRAM" list --json >/dev/full; echo $?');
    assert.equal(stdout, '1\n');
    assert.match(stderr, /^local-ca: cannot write the standard output: no space is left on the disk\n[^\n]+\n$/);
  });

  test('a closed stdin or stdout is no reason to crash', async () => {
    const { stdout, stderr } = await shell('"$NODE" "$PROGRAM" list --quiet <&- >&-; echo $?');
    assert.deepEqual([stdout, stderr], ['0\n', '']);
  });
});
