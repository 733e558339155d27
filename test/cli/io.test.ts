/** Of sequences for the terminal, only those go through that were made here. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Io } from '../../src/cli/io.ts';

// styleText asks for the colours of the real stream, which the tests' is not.
process.env.FORCE_COLOR = '1';

function ioOn(isTTY: boolean) {
  const written: string[] = [];
  const stream = { isTTY, write: (text: string) => written.push(text) };
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
