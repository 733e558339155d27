/** What is said: of sequences for the terminal, only those go through that were made here; and lines that fit one. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Io, table } from '../../src/cli/io.ts';
import { prose } from '../../src/cli/prose.ts';

// styleText asks for the colours of the real stream, which the tests' is not.
process.env.FORCE_COLOR = '1';

function ioOn(isTTY: boolean, columns?: number) {
  const written: string[] = [];
  const stream = { isTTY, columns, write: (text: string) => written.push(text) };
  const options = { json: false, quiet: false, verbose: false, yes: false, color: true };
  const io = new Io(options, { stdout: stream, stderr: stream, stdin: stream } as unknown as NodeJS.Process);
  return { io, written };
}

test('what was styled stays, next to others and within them', () => {
  const { io, written } = ioOn(true);
  io.say(`${io.style('green', 'a')}${io.style('bold', 'b')} c\td`);
  io.data(`${io.paint('red', 'x')}\ny`);
  io.warn('w');
  assert.deepEqual(written, [
    '\u001b[32ma\u001b[39m\u001b[1mb\u001b[22m c\td\n',
    '\u001b[31mx\u001b[39m\ny\n',
    '\u001b[33mwarning:\u001b[39m w\n',
  ]);
});

test('what others styled is written out, within what was styled too', () => {
  const { io, written } = ioOn(true);
  const evil = '\u001b[8mhidden\u001b[0m';
  io.say(`${io.style('green', 'good')} ${evil}`);
  io.say(io.style('green', evil));
  io.error(`\u001b[32mforged\u001b[39m`);
  assert.deepEqual(written, [
    '\u001b[32mgood\u001b[39m \\u001b[8mhidden\\u001b[0m\n',
    '\u001b[32m\\u001b[8mhidden\\u001b[0m\u001b[39m\n',
    '\\u001b[32mforged\\u001b[39m\n',
  ]);
});

test('where there is no terminal, nothing is a colour', () => {
  const { io, written } = ioOn(false);
  io.data(`${io.paint('red', 'x')} \u001b[31my\u001b[39m`);
  assert.deepEqual(written, ['x \\u001b[31my\\u001b[39m\n']);
});

// --- lines -------------------------------------------------------------------------------------------------------

const LONG =
  'web (ends in 4 days) is from another CA, which has to sign a new request: local-ca csr create --renew web.example.test';

test('talk is broken between words on a terminal, and goes on set in', () => {
  const { io, written } = ioOn(true, 80);
  io.warn(LONG);
  io.say(`${io.style('green', 'made')} ${'word '.repeat(17)}`);
  assert.deepEqual(written, [
    '\u001b[33mwarning:\u001b[39m web (ends in 4 days) is from another CA, which has to sign a new\n' +
      '  request: local-ca csr create --renew web.example.test\n',
    `\u001b[32mmade\u001b[39m ${'word '.repeat(15).trimEnd()}\n  word word\n`,
  ]);
});

test('a pipe gets each on one line', () => {
  const { io, written } = ioOn(false);
  io.warn(LONG);
  assert.deepEqual(written, [`warning: ${LONG}\n`]);
});

test('a terminal that does not know its width has 80 columns', () => {
  const { io, written } = ioOn(true, 0);
  io.error(LONG);
  assert.equal(io.columns, 80);
  assert.equal(io.dataColumns, 80);
  assert.ok(
    written
      .join('')
      .split('\n')
      .every(({ length }) => length <= 80),
    written.join(''),
  );
});

for (const [what, text, lines] of [
  [
    'a command stays on one line, however long it is',
    'Make it anew: local-ca renew db1.example.test --new-key --keep-key, or leave it.',
    ['Make it anew:', '  local-ca renew db1.example.test --new-key --keep-key,', '  or leave it.'],
  ],
  [
    'what is quoted in it is one word',
    "Run: local-ca issue 'a, b' ... --label x. That is all that there is.",
    ['Run:', "  local-ca issue 'a, b' ... --label x.", '  That is all that there is.'],
  ],
  [
    'what goes on after it is a sentence',
    'local-ca doctor --repair removes it, and more',
    ['local-ca doctor --repair removes it, and', '  more'],
  ],
  [
    'in brackets too',
    'A warning of a certain length (local-ca crl --for x) here',
    ['A warning of a certain length', '  (local-ca crl --for x) here'],
  ],
  [
    'what follows begins where its first line does',
    '  the key is in /a/very/long/folder/and/a/long/file.key.pem now',
    ['  the key is in', '    /a/very/long/folder/and/a/long/file.key.pem', '    now'],
  ],
  ['a line set in by four is a command', `    sudo cp ${'x'.repeat(40)} y`, [`    sudo cp ${'x'.repeat(40)} y`]],
] as const) {
  test(`in 40 columns: ${what}`, () => assert.deepEqual(prose(text, 40).split('\n'), lines));
}

test('a table has as many rows as there are', () => {
  assert.equal(table(['A'], new Array(200_000).fill(['xyz'])).split('\n').length, 200_001);
});
