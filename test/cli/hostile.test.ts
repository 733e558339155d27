/** Lists that were damaged: each is read or refused, and a large one soon. And odd files for inspect and export. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { inspect } from '../../src/cli/commands/inspect.ts';
import { Io } from '../../src/cli/io.ts';
import { readListFile } from '../../src/cli/list-file.ts';
import { materialFrom } from '../../src/cli/others-ca.ts';
import { CRL_EXTENSION } from '../../src/core/crl.ts';
import { children, type Element, integer, readWhole, sequence } from '../../src/core/der.ts';
import { encodePem } from '../../src/formats/pem.ts';
import { ROOT } from '../support/fixtures.ts';
import { dice, hostileText, resultOrRefusal } from '../support/hostile.ts';
import { makeCa, NOW, pinned } from '../support/pki.ts';
import { makeCrl } from '../support/signed.ts';
import { temporaryFolder } from '../support/temp.ts';
import { rejectsCode } from '../support/throws.ts';

const ROUNDS = 200;
const TIME = { timeout: 60_000 };
const folder = temporaryFolder();

function written(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const WORDS = ['names', 'days', 'label', '__proto__', '&a ', '*a', '<<: ', '- ', '!!binary ', '2026-02-30', ',', ';'];
const SEEDS: Readonly<Record<string, string>> = {
  'a.csv': 'names,label,days,not-after\n"a.test b.test",one,30,\nc.test;d.test,two,,2027-01-01\n',
  'a.json': '{"certificates":[{"names":["a.test"],"days":30,"ocsp-url":["http://o.test"]}]}',
  'a.jsonl': '{"names":["a.test"]}\n{"names":"b.test","days":"5"}\n',
  'a.yaml': '- &a\n  names: [a.test, b.test]\n  days: 30\n- <<: *a\n  label: "x"\n',
};

for (const [name, seed] of Object.entries(SEEDS)) {
  test(`${name}: ${ROUNDS} damaged lists`, TIME, async () => {
    const roll = dice(8);
    for (let round = 0; round < ROUNDS; round++) {
      await resultOrRefusal(() => readListFile(written(name, hostileText(seed, roll, WORDS))));
    }
  });
}

const LARGE: readonly (readonly [name: string, text: string, says: RegExp])[] = [
  ['keys.yaml', Array.from({ length: 50_000 }, (_, i) => `k${i}: 1\n`).join(''), /a record has very many keys/],
  ['twice.yaml', '- names: a.test\n  names: b.test\n', /Map keys must be unique/],
  ['deep.yaml', '['.repeat(100_000), /it cannot be read/],
  ['aliases.yaml', `- &a {names: a}\n${'- *a\n'.repeat(10_000)}`, /Excessive alias count/],
  ['columns.csv', `${Array.from({ length: 50_000 }, (_, i) => `k${i}`).join(',')}\na\n`, /Invalid Record Length/],
  ['twice.csv', 'names,names\na,b\n', /two columns are called "names"/],
];
for (const [name, text, says] of LARGE) {
  test(`${name} is refused, and soon`, { timeout: 10_000 }, () =>
    rejectsCode(() => readListFile(written(name, text)), 'LOCAL_CA_LIST_INVALID', says),
  );
}

test("inspect shows a list's number as people write it, and one of any length", async () => {
  const root = await makeCa('CN=Root');
  const shown = async (number: Uint8Array) => {
    const extensions = [{ oid: CRL_EXTENSION.number, critical: false, value: integer(number) }];
    const crl = await makeCrl(root, { thisUpdate: NOW, nextUpdate: NOW, extensions });
    const said: string[] = [];
    const stream = { isTTY: false, write: (text: string) => said.push(text) };
    const options = { json: false, quiet: false, verbose: false, yes: true, color: false };
    const io = new Io(options, { stdout: stream, stderr: stream, stdin: stream } as unknown as NodeJS.Process);
    const path = written('a.crl', encodePem('X509 CRL', crl));
    await inspect.run({ io, ambient: pinned, home: folder, env: {} }, [path], {});
    return /^ {2}number +(.*)$/m.exec(said.join(''))?.[1];
  };
  assert.equal(await shown(Uint8Array.of(1, 0)), '256');
  assert.equal(await shown(new Uint8Array(21).fill(0x11)), `0x${'11'.repeat(21)}`);
});

test('a CA of others whose subject cannot be read makes no files', async () => {
  const [tbs, ...rest] = children(readWhole(ROOT)) as [Element, Element, Element];
  const fields = children(tbs).map(({ bytes }) => bytes);
  const torn = sequence(sequence(...fields.with(5, sequence(integer(1)))), ...rest.map(({ bytes }) => bytes));
  const path = written('torn.pem', encodePem('CERTIFICATE', ROOT) + encodePem('CERTIFICATE', torn));
  const says = /torn\.pem has a damaged certificate in it, with the serial number 1000$/;
  await rejectsCode(() => materialFrom(path), 'LOCAL_CA_CERTIFICATE_INVALID', says);
});
