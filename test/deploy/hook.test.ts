import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { formatHook, parseHook } from '../../src/deploy/hook.ts';
import { must, needs } from '../support/peers.ts';
import { temporaryFolder } from '../support/temp.ts';
import { throwsCode } from '../support/throws.ts';

describe('a hook is split into words', () => {
  const cases: readonly (readonly [text: string, words: readonly string[]])[] = [
    ['systemctl reload nginx', ['systemctl', 'reload', 'nginx']],
    ['  pg_ctl\t reload  -D /data \n', ['pg_ctl', 'reload', '-D', '/data']],
    [`'C:\\Program Files\\nginx\\nginx.exe' -s reload`, ['C:\\Program Files\\nginx\\nginx.exe', '-s', 'reload']],
    [`"C:\\Program Files\\nginx.exe" -s`, ['C:\\Program Files\\nginx.exe', '-s']],
    [String.raw`["C:\\nginx\\nginx.exe", "-s", "reload"]`, ['C:\\nginx\\nginx.exe', '-s', 'reload']],
    ['["a b", "", "$HOME | *"]', ['a b', '', '$HOME | *']],
    [`a '' ""`, ['a', '', '']],
    [`a 'b c'"d e"f\\ g`, ['a', 'b cd ef g']],
    [`a '$HOME *' "it's" '"'`, ['a', '$HOME *', "it's", '"']],
    [String.raw`a "\$ \" \\ \n" \$ \| \'`, ['a', '$ " \\ \\n', '$', '|', "'"]],
    ['env A=b c=d a~b a#b {}', ['env', 'A=b', 'c=d', 'a~b', 'a#b', '{}']],
    ["sh -c 'nginx -t && nginx -s reload'", ['sh', '-c', 'nginx -t && nginx -s reload']],
    ['/opt/dienst/läuft ü', ['/opt/dienst/läuft', 'ü']],
    ["a 'b\nc'", ['a', 'b\nc']],
  ];
  for (const [text, words] of cases) {
    test(text, () => assert.deepEqual(parseHook(text), words));
  }
});

describe('what only a shell would understand is refused', () => {
  const cases: readonly (readonly [text: string, what: string])[] = [
    ['a | b', '"|"'],
    ['a && b', '"&"'],
    ['a; b', '";"'],
    ['a > b', '">"'],
    ['a < b', '"<"'],
    ['a $HOME', '"$"'],
    ['a "x $HOME"', '"$"'],
    ['a `b`', '"`"'],
    ['a "`b`"', '"`"'],
    ['a *.pem', '"*"'],
    ['a b?', '"?"'],
    ['a b[1]', '"["'],
    ['(a)', '"("'],
    ['~/reload', '"~"'],
    ['a ~', '"~"'],
    ['a # b', '"#"'],
    ['PGDATA=/data pg_ctl', '"PGDATA="'],
    ['a\nb', 'a line break'],
    ['a\r\nb', 'a line break'],
  ];
  for (const [text, what] of cases) {
    test(JSON.stringify(text), () => {
      assert.throws(
        () => parseHook(text),
        ({ code, message, hint }) => {
          assert.equal(code, 'LOCAL_CA_HOOK_INVALID');
          assert.ok(message.startsWith(`${what} in the hook ${JSON.stringify(text.trim())}`), message);
          assert.match(hint, /^Put the command into a script, and give the script\./);
          return true;
        },
      );
    });
  }
});

describe('what cannot be split is refused', () => {
  const cases: readonly (readonly [text: string, message: RegExp])[] = [
    ['', /names no program/],
    ['  ', /names no program/],
    ["'' a", /names no program/],
    ['[]', /names no program/],
    ['[""]', /names no program/],
    ['["a", 1]', /is not a JSON array of strings/],
    ['[ -f /etc/x ]', /is not a JSON array of strings/],
    ["a 'b", /has a ' without its other one/],
    ['a "b', /has a " without its other one/],
    ['a "C:\\dir\\"', /has a " without its other one/],
    ['C:\\nginx\\nginx.exe', /has a backslash that escapes nothing/],
    ['\\\\server\\share', /has a backslash that escapes nothing/],
    ['a\\', /has a backslash that escapes nothing/],
    ['a\\\nb', /has a backslash that escapes nothing/],
    ['a\u00a0b', /has a space that is not a plain one/],
    ['a \0', /NUL/],
    ['["a\\u0000"]', /NUL/],
  ];
  for (const [text, message] of cases) {
    test(JSON.stringify(text), () => throwsCode(() => parseHook(text), 'LOCAL_CA_HOOK_INVALID', message));
  }

  test('with a hint that says how to write a Windows path', () => {
    assert.throws(
      () => parseHook('C:\\nginx.exe'),
      ({ hint }) => hint.includes(`single quotes, like 'C:\\nginx\\nginx.exe'`) && hint.includes('JSON array'),
    );
  });
});

const ALPHABET = [...'abA1=-./_:%@,+~#*?[]{}()<>|&;$`"\'\\\\\\   \té\n\r\0\u0085\u00a0ü😀', '\ud83d'];

/** The same texts in each run. */
function* texts(count: number, alphabet: readonly string[]): Generator<string> {
  let state = 11;
  const next = (below: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  for (let i = 0; i < count; i++) {
    yield Array.from({ length: next(9) }, () => alphabet[next(alphabet.length)]).join('');
  }
}

test('a hook that is printed is read back as it was, in one line', () => {
  const words = [...texts(6000, ALPHABET)].filter((word) => !word.includes('\0'));
  for (let i = 0; i + 3 < words.length; i += 3) {
    const argv = words.slice(i, i + 3);
    if (argv[0] === '') continue;
    const printed = formatHook(argv);
    assert.deepEqual(parseHook(printed), argv, printed);
    assert.doesNotMatch(printed, /\p{Cc}/u);
  }
  assert.equal(formatHook(['pg_ctl', 'reload', '-D', '/my data']), "pg_ctl reload -D '/my data'");
});

test('what is accepted means the same to a shell', async (t) => {
  if (!needs(t, 'sh')) return;
  const alphabet = [...`abc'"\\ \t=~#{}-%é`, `'x y'`, '"a b"', '\\\\', '\\"', "\\'", '\\$', '$', '*'];
  const accepted: { text: string; words: string[] }[] = [];
  for (const text of texts(8000, alphabet)) {
    try {
      // After a first word, so that it may begin with any.
      accepted.push({ text, words: parseHook(`x ${text}`).slice(1) });
    } catch {
      // Refusing more than a shell does is no harm.
    }
  }
  assert.ok(accepted.length > 1500, `${accepted.length}`);
  const script = join(temporaryFolder(t), 'words.sh');
  const lines = accepted.map(
    ({ text }) => `show ${text.replace(/[ \t]+$/, (end) => (text.endsWith(`\\${end}`) ? end : ''))}`,
  );
  writeFileSync(
    script,
    `show() { for word; do printf '%s\\0' "$word"; done; printf '\\n\\0'; }\n${lines.join('\n')}\n`,
  );
  const shown = (await must('sh', [script])).split('\n\0').slice(0, -1);
  assert.deepEqual(
    shown.map((words) => words.split('\0').slice(0, -1)),
    accepted.map(({ words }) => words),
  );
});
