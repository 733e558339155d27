/** What strangers wrote into a request or a certificate is shown, and neither steers the terminal nor forges a line. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { context, sequence, utf8String } from '../../src/core/der.ts';
import { EXTENSION } from '../../src/core/extensions.ts';
import { generateKey } from '../../src/core/keys.ts';
import { makeRequest } from '../../src/core/make-csr.ts';
import { parseNames } from '../../src/core/names.ts';
import { findLeafProfile } from '../../src/core/profiles.ts';
import { keySigner } from '../../src/core/signer.ts';
import { encodeSubject } from '../../src/core/subject.ts';
import { localCa, localCaJson } from '../support/cli.ts';
import { ecKey, oddCsr } from '../support/csr-odd.ts';
import { needs } from '../support/peers.ts';
import { pinned } from '../support/pki.ts';
import { encodeExtension } from '../support/signed.ts';
import { temporaryFolder } from '../support/temp.ts';
import { assertNothingDone } from './support.ts';
import { Terminal } from './terminal.ts';

const folder = temporaryFolder();
const cwd = join(folder, 'work');
const place = { home: join(folder, 'home'), cwd };

/** Clears the screen, rings, colours what follows, hides it, and begins a line of its own. */
const EVIL = 'a\u001b[2J\u0007\u001b[31m\u001b[8m\nsigned by: Acme';
const WRITTEN = 'a\\u001b[2J\\u0007\\u001b[31m\\u001b[8m\\u000asigned by: Acme';

const put = (name: string, bytes: Uint8Array) => {
  writeFileSync(join(cwd, name), bytes);
  return name;
};

function withOddName(name: string, ...good: readonly string[]): string {
  const bytes = (text: string) => context(2, false, new TextEncoder().encode(text));
  const value = sequence(...[EVIL, ...good].map(bytes));
  const extensions = sequence(encodeExtension({ oid: EXTENSION.subjectAltName, critical: false, value }));
  const attributes = [
    ['1.2.840.113549.1.9.2', utf8String(EVIL)],
    ['1.2.840.113549.1.9.14', extensions],
  ] as const;
  return put(name, oddCsr({ key: ecKey(), attributes }));
}

async function withSubject(name: string, value: string): Promise<string> {
  const signer = await keySigner(await generateKey('p256', pinned), pinned);
  const subject = encodeSubject([[{ type: 'CN', value }]]);
  const fields = { subject, names: parseNames(['good.test']), profile: findLeafProfile('server') };
  return put(name, await makeRequest(fields, signer));
}

before(async () => {
  mkdirSync(cwd);
  await localCaJson(['init', '--yes'], place);
});

/** Line ends are ours. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const OBEYED = /[\x00-\x09\x0b-\x1f\x7f-\x9f]|\p{Cf}/u;

test('an error names them, and so does its JSON', async () => {
  const refusal = { code: 'LOCAL_CA_NAME_INVALID', says: WRITTEN } as const;
  await assertNothingDone(['sign', withOddName('only.csr'), '--yes'], place, refusal);
  const { stdout, stderr } = await localCa(['sign', 'only.csr', '--yes', '--json', '--verbose'], place);
  assert.doesNotMatch(stdout + stderr, OBEYED);
  const typed = await localCa(['show', 'x\u001b[2J\u009b\u202e'], place);
  assert.match(typed.stderr, /^local-ca: no certificate is called "x\\u001b\[2J\\u009b\\u202e"\n/);
});

describe('names and attributes', () => {
  const commands = [
    ['sign', 'both.csr', '--yes', '--force'],
    ['csr', 'show', 'both.csr'],
    ['inspect', 'both.csr'],
  ];
  for (const args of commands) {
    test(`in ${args[0]} ${args[1]}`, async () => {
      withOddName('both.csr', 'good.test');
      for (const more of [[], ['--json']]) {
        const { status, stdout, stderr } = await localCa([...args, ...more], place);
        const said = stdout + stderr;
        assert.equal(status, 0, said);
        assert.doesNotMatch(said, OBEYED);
        assert.doesNotMatch(said, /^\s*signed by/m);
      }
      const { stdout, stderr } = await localCa(args, place);
      assert.ok((stdout + stderr).includes(WRITTEN), stdout + stderr);
    });
  }
});

test('a subject with what is not seen is shown as bytes, and not signed', async () => {
  const csr = await withSubject('hidden.csr', 'bank\u202etset.live\u200b');
  const refusal = { code: 'LOCAL_CA_SUBJECT_INVALID', says: "the subject's CN has a control character" } as const;
  await assertNothingDone(['sign', csr, '--yes'], place, refusal);
  for (const command of [['csr', 'show'], ['inspect']]) {
    const { stdout } = await localCa([...command, csr], place);
    assert.match(stdout, /subject +CN=bank\\e2\\80\\aetset\.live\\e2\\80\\8b\n/);
  }
  const issuing = { code: 'LOCAL_CA_SUBJECT_INVALID', says: 'U+200B' } as const;
  await assertNothingDone(['issue', 'x.test', '--subject', 'CN=x\u200b'], place, issuing);
});

test('on a terminal only our own colours are colours', async (t) => {
  if (!needs(t, 'tmux')) return;
  withOddName('seen.csr', 'seen.test');
  const terminal = await Terminal.open(t, 'sign seen.csr', place);
  await terminal.answer('Sign it?', 'n');
  assert.equal(await terminal.status(), 130);
  const screen = await terminal.screen('-e');
  assert.match(screen.replace(/\s+/g, ''), /dns:a\\u001b\[2J\\u0007\\u001b\[31m\\u001b\[8m\\u000asignedby:Acme/);
  // "the request", in bold.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours start with ESC
  assert.match(screen, /\x1b\[1mthe request/);
});
