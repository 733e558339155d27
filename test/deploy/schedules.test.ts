import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import {
  cronFile,
  cronLine,
  type ScheduleFile,
  type SchedulePaths,
  systemdUnits,
  windowsTask,
} from '../../src/deploy/schedules.ts';
import { must, needs, run } from '../support/peers.ts';
import { temporaryFolder } from '../support/temp.ts';
import { throwsCode } from '../support/throws.ts';

const PLAIN: SchedulePaths = {
  node: '/usr/bin/node',
  program: '/usr/lib/node_modules/local-ca/dist/cli/local-ca.cjs',
  home: '/home/ann/.local/share/local-ca',
};

/** Names of folders that each scheduler could misread. */
const AWKWARD = [
  'my home',
  '100%',
  '50%h %i %%',
  `it's "quoted"`,
  'a\\b',
  'a\\%b\\\\%',
  'ends in \\',
  '$HOME $(id) $$',
  'back`quote`',
  'Schlüssel 鍵 🔑',
  'a;b&c|d <e> #f *g ~',
  "'",
  '%',
];

const isProgramName = (name: string) => !/["'\\]/.test(name);

const awkward = (name: string): SchedulePaths => ({
  node: `/opt/${name}/node`,
  program: `/srv/${name}/local-ca.cjs`,
  home: `/var/${name}`,
  words: ['--passphrase-file', `/root/${name}`],
});

const expected = ({ program, home, words = [] }: SchedulePaths) => [
  ...[program, 'deploy', 'run', '--quiet', '--home', home],
  ...words,
];
const utf8 = ({ bytes }: ScheduleFile) => new TextDecoder('utf-8', { fatal: true }).decode(bytes);

/** A node that shows what it was called with. */
function echoingNode(folder: string, name: string): string {
  const place = join(folder, name);
  mkdirSync(place);
  const node = join(place, 'node');
  writeFileSync(node, `#!/bin/sh\nfor word; do printf '%s\\0' "$word"; done\n`, { mode: 0o755 });
  return node;
}

describe('systemd', () => {
  test('has a service and a timer', () => {
    const [service, timer] = systemdUnits(PLAIN, { scope: 'system' });
    assert.deepEqual([service.name, timer.name], ['local-ca-deploy.service', 'local-ca-deploy.timer']);
    assert.match(
      utf8(service),
      /^ExecStart="\/usr\/bin\/node" \/usr\/lib\S+local-ca\.cjs deploy run --quiet --home \/home\/ann\/\.local\/share\/local-ca$/m,
    );
    assert.match(utf8(timer), /^OnCalendar=\*:0\/10\nRandomizedDelaySec=5min\nPersistent=true$/m);
  });

  test('is hardened no further than hooks bear', () => {
    const text = (options: Parameters<typeof systemdUnits>[1]) => utf8(systemdUnits(PLAIN, options)[0]);
    const root = text({ scope: 'system' });
    const ann = text({ scope: 'system', user: 'ann' });
    const own = text({ scope: 'user' });
    assert.match(root, /ProtectSystem=yes[\s\S]*ProtectKernelModules=yes/);
    assert.match(ann, /^User=ann$[\s\S]*ProtectSystem=yes/m);
    // Each of these would imply NoNewPrivileges, and take sudo from a hook.
    assert.doesNotMatch(ann, /ProtectKernel|ProtectClock|Restrict|LockPersonality/);
    assert.doesNotMatch(own, /Protect|Restrict|^User=|network-online/m);
    for (const service of [root, ann, own]) {
      assert.match(service, /^KillMode=process$/m);
      // V8 needs memory that it writes and runs; a daemon that a hook starts needs the /tmp that everybody has.
      assert.doesNotMatch(service, /MemoryDenyWriteExecute|PrivateTmp|NoNewPrivileges/);
    }
  });

  for (const scope of ['system', 'user'] as const) {
    test(`verifies its ${scope} units, wherever they point`, async (t) => {
      if (!needs(t, 'systemd-analyze')) return;
      const folder = temporaryFolder(t);
      for (const [i, name] of ['plain', ...AWKWARD].entries()) {
        const place = join(folder, String(i));
        mkdirSync(place);
        const node = echoingNode(place, isProgramName(name) ? name : 'bin');
        const files = systemdUnits({ ...awkward(name), node }, { scope });
        for (const file of files) writeFileSync(join(place, file.name), file.bytes);
        const units = files.map((file) => join(place, file.name));
        const { status, stderr } = await run('systemd-analyze', ['verify', `--${scope}`, ...units], {
          env: { XDG_RUNTIME_DIR: place },
        });
        assert.equal(status, 0, `${name}: ${stderr}`);
        // Of other units of the system it may have something to say.
        assert.doesNotMatch(stderr, /local-ca-deploy/, name);
      }
    });
  }

  test('runs no program whose path has quotes or backslashes', () => {
    const units = () => systemdUnits({ ...PLAIN, node: "/opt/ann's/node" }, { scope: 'user' });
    throwsCode(units, 'LOCAL_CA_OPTION_INVALID', /^systemd runs no program at "\/opt\/ann's\/node"/);
  });

  test('is given every path as it is', () => {
    for (const name of AWKWARD) {
      const paths = isProgramName(name) ? awkward(name) : { ...awkward(name), node: '/usr/bin/node' };
      const [, line = ''] = /^ExecStart=(.*)$/m.exec(utf8(systemdUnits(paths, { scope: 'user' })[0])) ?? [];
      assert.deepEqual(readExecStart(line), [paths.node, ...expected(paths)], line);
    }
  });
});

/** systemd.syntax(7), systemd.unit(5) and systemd.service(5): words, C escapes, specifiers, variables in arguments. */
function readExecStart(line: string): string[] {
  const words = [...line.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)].map(([, quoted, bare]) =>
    quoted === undefined ? (bare ?? '') : quoted.replace(/\\(["\\])/g, '$1'),
  );
  return words.map((word, i) => {
    assert.doesNotMatch(word.replaceAll('%%', ''), /%/, 'a specifier');
    const plain = word.replaceAll('%%', '%');
    if (i === 0) return plain;
    assert.doesNotMatch(plain.replaceAll('$$', ''), /\$/, 'a variable');
    return plain.replaceAll('$$', '$');
  });
}

/** What cron gives to the shell (do_command.c of Vixie's): up to the first bare %, with \% as % and, in Debian, \\ as \. */
function asCronReads(command: string, escapes: string): string {
  let read = '';
  for (let i = 0; i < command.length; i++) {
    const char = command[i] as string;
    if (char === '%') return read;
    const next = command[i + 1] ?? '';
    if (char === '\\') i++;
    read += char !== '\\' || escapes.includes(next) ? '' : char;
    read += char === '\\' ? next : char;
  }
  return read;
}

describe('cron', () => {
  const commandOf = (line: string) => line.split(' ').slice(5).join(' ');

  test('has a line and a file', () => {
    const line = cronLine(PLAIN);
    assert.match(
      line,
      /^\d-59\/10 \* \* \* \* PATH="\$PATH:\S+" \/usr\/bin\/node \S+local-ca\.cjs deploy run --quiet --home \S+$/,
    );
    const { name } = cronFile(PLAIN, { user: 'ann' });
    // run-parts' rule: a name with a dot is left out in silence.
    assert.match(name, /^[\w-]+$/);
    assert.match(utf8(cronFile(PLAIN, { user: 'ann' })), /\nSHELL=\/bin\/sh\n\d-59\/10 \* \* \* \* ann PATH=.*\n$/);
    assert.match(utf8(cronFile(PLAIN)), /\* root PATH=/);
  });

  test('starts each home in a minute of its own, always the same', () => {
    const minutes = Array.from({ length: 40 }, (_, i) => cronLine({ ...PLAIN, home: `/home/${i}` }).charAt(0));
    assert.deepEqual([...new Set(minutes)].sort(), [...'0123456789']);
    assert.equal(cronLine(PLAIN), cronLine({ ...PLAIN }));
  });

  test('is given every path as it is, with or without its own reading of %', async (t) => {
    if (!needs(t, 'sh')) return;
    const folder = temporaryFolder(t);
    for (const name of AWKWARD) {
      const paths = { ...awkward(name), node: echoingNode(folder, name) };
      const command = commandOf(cronLine(paths));
      // BusyBox's crond does not read % at all.
      for (const line of [asCronReads(command, '%'), asCronReads(command, '%\\'), command]) {
        const shown = await must('sh', ['-c', line]);
        assert.deepEqual(shown.split('\0').slice(0, -1), expected(paths), line);
      }
    }
  });

  test('finds the file in order', async (t) => {
    if (!needs(t, 'crontab')) return;
    const file = join(temporaryFolder(t), 'crontab');
    for (const name of AWKWARD) {
      writeFileSync(file, `${cronLine(awkward(name))}\n`);
      // cronie's flag for it, or Debian's.
      const asked = await run('crontab', ['-T', file]);
      const { status, stderr } = /invalid option/.test(asked.stderr) ? await run('crontab', ['-n', file]) : asked;
      assert.equal(status, 0, `${name}: ${stderr}`);
    }
  });
});

/** The file as Python's XML parser reads it: bytes in, tags and texts out. */
const READ_TASK = `
import json, sys, xml.etree.ElementTree as tree
root = tree.fromstring(sys.stdin.buffer.read())
def plain(node):
    children = [[child.tag, plain(child)] for child in node]
    return children or node.text
print(json.dumps([root.tag, root.attrib, plain(root)]))
`;

type Node = readonly [tag: string, contents: string | null | readonly Node[]];
const NAMESPACE = '{http://schemas.microsoft.com/windows/2004/02/mit/task}';

/** Paths to texts, in the order of the file. */
function leaves(contents: Node[1], path = ''): (readonly [string, string])[] {
  if (!Array.isArray(contents)) return [[path, String(contents ?? '')]];
  return (contents as readonly Node[]).flatMap(([tag, inner]) =>
    leaves(inner, `${path}/${tag.replace(NAMESPACE, '')}`),
  );
}

/** The parsing rules of Microsoft's C runtime, by which a program on Windows finds its arguments. */
function windowsWords(line: string): string[] {
  const words: string[] = [];
  let word = '';
  let quoted = false;
  let any = false;
  for (let i = 0; i < line.length; i++) {
    const slashes = /\\*/y;
    slashes.lastIndex = i;
    const count = slashes.exec(line)?.[0].length ?? 0;
    if (count > 0) {
      const beforeQuote = line[i + count] === '"';
      word += '\\'.repeat(beforeQuote ? count >> 1 : count);
      any = true;
      i += count - 1;
      if (beforeQuote && count % 2 === 1) {
        word += '"';
        i++;
      }
    } else if (line[i] === '"') {
      quoted = !quoted;
      any = true;
    } else if (line[i] === ' ' && !quoted) {
      if (any) words.push(word);
      word = '';
      any = false;
    } else {
      word += line[i];
      any = true;
    }
  }
  return any ? [...words, word] : words;
}

describe('the Task Scheduler', () => {
  const WINDOWS: SchedulePaths = {
    node: 'C:\\Program Files\\nodejs\\node.exe',
    program: 'C:\\Users\\Ann\\AppData\\Roaming\\npm\\node_modules\\local-ca\\dist\\cli\\local-ca.cjs',
    home: 'C:\\Users\\Ann\\AppData\\Local\\local-ca',
  };
  const textOf = ({ bytes }: ScheduleFile) => new TextDecoder('utf-16le', { fatal: true }).decode(bytes);

  const read = async (file: ScheduleFile) => {
    const [tag, attributes, contents] = JSON.parse(await must('python3', ['-c', READ_TASK], { input: file.bytes }));
    assert.equal(tag, `${NAMESPACE}Task`);
    assert.deepEqual(attributes, { version: '1.2' });
    return leaves(contents);
  };

  test('has a task in UTF-16 with its mark, in the order of the schema', async (t) => {
    const file = windowsTask(WINDOWS);
    assert.deepEqual([...file.bytes.subarray(0, 4)], [0xff, 0xfe, '<'.charCodeAt(0), 0]);
    assert.match(textOf(file), /^<\?xml version="1\.0" encoding="UTF-16"\?>\r\n<Task [\s\S]*<\/Task>\r\n$/);
    assert.doesNotMatch(textOf(file), /[^\r]\n/);
    if (!needs(t, 'python3')) return;
    const fields = await read(file);
    assert.match(Object.fromEntries(fields)['/Triggers/TimeTrigger/StartBoundary'] ?? '', /^2026-01-01T00:0\d:00$/);
    const [program, home] = [WINDOWS.program, WINDOWS.home];
    assert.deepEqual(
      fields.filter(([path]) => !path.endsWith('/StartBoundary')),
      [
        ['/RegistrationInfo/Description', 'local-ca: renew and deploy what is due'],
        ['/Triggers/TimeTrigger/Enabled', 'true'],
        ['/Triggers/TimeTrigger/Repetition/Interval', 'PT10M'],
        ['/Triggers/TimeTrigger/RandomDelay', 'PT5M'],
        ['/Principals/Principal/LogonType', 'S4U'],
        ['/Principals/Principal/RunLevel', 'HighestAvailable'],
        ['/Settings/MultipleInstancesPolicy', 'IgnoreNew'],
        ['/Settings/DisallowStartIfOnBatteries', 'false'],
        ['/Settings/StopIfGoingOnBatteries', 'false'],
        ['/Settings/StartWhenAvailable', 'true'],
        ['/Settings/ExecutionTimeLimit', 'PT1H'],
        ['/Actions/Exec/Command', WINDOWS.node],
        ['/Actions/Exec/Arguments', `${program} deploy run --quiet --home ${home}`],
      ],
    );
  });

  test('is given every path as it is', async (t) => {
    if (!needs(t, 'python3')) return;
    for (const name of AWKWARD.filter((one) => !/%[^%]+%/.test(one))) {
      const words = ['--passphrase-file', `E:\\${name}`];
      const paths = { node: `C:\\${name}\\node.exe`, program: `C:\\${name}\\x.cjs`, home: `D:\\${name}`, words };
      const fields = Object.fromEntries(await read(windowsTask(paths, { user: 'ACME\\Ann & Bob' })));
      assert.equal(fields['/Actions/Exec/Command'], paths.node);
      assert.deepEqual(windowsWords(fields['/Actions/Exec/Arguments'] ?? ''), expected(paths));
      assert.equal(fields['/Principals/Principal/UserId'], 'ACME\\Ann & Bob');
    }
  });

  test('has no way to write what looks like a variable', () => {
    const task = () => windowsTask({ ...WINDOWS, home: 'C:\\%TEMP%\\ca' });
    throwsCode(task, 'LOCAL_CA_OPTION_INVALID', /would take a part of "C:\\\\%TEMP%\\\\ca" for a variable/);
  });
});

test('no schedule is made of what would break out of its line', () => {
  for (const bad of ['/a\nb', '/a\rb', '/a\0', '/\ud800', '/\uffff']) {
    for (const key of ['node', 'program', 'home'] as const) {
      const paths = { ...PLAIN, [key]: bad };
      for (const make of [
        () => systemdUnits(paths, { scope: 'user' }),
        () => cronFile(paths),
        () => windowsTask(paths),
      ]) {
        throwsCode(make, 'LOCAL_CA_OPTION_INVALID', /has a character that no schedule can hold/);
      }
    }
  }
  const words = ['--passphrase-file', '/a\nb'];
  throwsCode(() => cronFile({ ...PLAIN, words }), 'LOCAL_CA_OPTION_INVALID', /no schedule can hold/);
  const user = 'ann\n* * * * * root reboot';
  throwsCode(() => systemdUnits(PLAIN, { scope: 'system', user }), 'LOCAL_CA_OPTION_INVALID', /no schedule can hold/);
  throwsCode(() => cronFile(PLAIN, { user: 'ann root' }), 'LOCAL_CA_OPTION_INVALID', /"ann root" cannot be a user/);
});
