import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type CalendarEvent, calendar } from '../../src/core/calendar.ts';

const NOW = new Date('2026-11-22T09:30:15.500Z');
const START = new Date('2027-10-23T22:05:00Z');

const EVENT: CalendarEvent = {
  uid: '4fd1@local-ca',
  start: START,
  wholeDay: true,
  summary: 'db1.example.test: renew the certificate',
};

/** RFC 5545 3.1: unfolds, and splits each line into its name, with its parameters, and its value. */
const read = (text: string): (readonly [name: string, value: string])[] =>
  text
    .replaceAll('\r\n ', '')
    .split('\r\n')
    .slice(0, -1)
    .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]);

/** 3.3.11. */
const unescaped = (value: string) =>
  value.replace(/\\([\\;,nN])/g, (_, char: string) => (/n/i.test(char) ? '\n' : char));

const textOf = (file: string, name: string) => unescaped(read(file).find(([found]) => found === name)?.[1] ?? '');

test('an event is written line by line as RFC 5545 has it', () => {
  const text = calendar([{ ...EVENT, description: 'local-ca renew db1', alarmDays: [30, 7] }], NOW);
  assert.deepEqual(text.split('\r\n'), [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'PRODID:-//local-ca//local-ca//EN',
    'CALSCALE:GREGORIAN',
    'BEGIN:VEVENT',
    'UID:4fd1@local-ca',
    'DTSTAMP:20261122T093015Z',
    'DTSTART;VALUE=DATE:20271023',
    'SUMMARY:db1.example.test: renew the certificate',
    'DESCRIPTION:local-ca renew db1',
    'TRANSP:TRANSPARENT',
    ...['30', '7'].flatMap((days) => [
      'BEGIN:VALARM',
      'ACTION:DISPLAY',
      'DESCRIPTION:db1.example.test: renew the certificate',
      `TRIGGER:-P${days}D`,
      'END:VALARM',
    ]),
    'END:VEVENT',
    'END:VCALENDAR',
    '',
  ]);
});

test('an instant is written in UTC', () => {
  assert.match(calendar([{ ...EVENT, wholeDay: false }], NOW), /\r\nDTSTART:20271023T220500Z\r\n/);
});

test('each event stands in it', () => {
  const text = calendar([EVENT, { ...EVENT, uid: 'other' }], NOW);
  assert.deepEqual(
    read(text)
      .filter(([name]) => name === 'UID')
      .map(([, value]) => value),
    ['4fd1@local-ca', 'other'],
  );
});

describe('a text comes out as it went in', () => {
  const cases = [
    'a, b; c\\d: "e"',
    'two\nlines\n\nand more',
    'tab\there',
    'Zertifikat läuft ab, 証明書 🔐',
    '\\n is no line break',
    '',
  ];
  for (const summary of cases) {
    test(JSON.stringify(summary), () =>
      assert.equal(textOf(calendar([{ ...EVENT, summary }], NOW), 'SUMMARY'), summary),
    );
  }

  test('but for control characters, and line breaks of any kind', () => {
    const text = calendar([{ ...EVENT, summary: 'a\r\nb\rc\u0007\u001b[31m\u0085d\u007f' }], NOW);
    assert.equal(textOf(text, 'SUMMARY'), 'a\nb\nc[31md');
  });

  test('and begins no line of its own', () => {
    const text = calendar([{ ...EVENT, uid: 'x\r\nEND:VEVENT', description: 'y\r\nEND:VCALENDAR' }], NOW);
    assert.equal(text.match(/^END:/gm)?.length, 2);
  });
});

test('no line has more than 75 octets, and no character is cut', () => {
  for (const char of ['a', 'é', '鍵', '🔑', ',', '\n', '\ud83d', 'a🔑']) {
    for (let length = 0; length < 120; length++) {
      const summary = char.repeat(length);
      const text = calendar([{ ...EVENT, summary, description: `${length}${summary}`, alarmDays: [1] }], NOW);
      const bytes = Buffer.from(text);
      const lines = bytes.toString('latin1').split('\r\n');
      assert.ok(lines.every((line) => line.length <= 75));
      for (const line of lines) new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(line, 'latin1'));
      assert.equal(textOf(bytes.toString(), 'DESCRIPTION'), `${length}${Buffer.from(summary)}`);
    }
  }
});
