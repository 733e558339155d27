/** `sign` through the real program: what it shows, what it asks, and what it refuses. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { sequence, utf8String } from '../../src/core/der.ts';
import * as extension from '../../src/core/extensions.ts';
import { parseNames } from '../../src/core/names.ts';
import { encodePem } from '../../src/formats/pem.ts';
import { localCa, localCaJson } from '../support/cli.ts';
import { BAD_CSRS, ecKey, oddCsr, windowsCsr } from '../support/csr-odd.ts';
import { needs } from '../support/peers.ts';
import { encodeExtension } from '../support/signed.ts';
import { temporaryFolder } from '../support/temp.ts';
import { assertNothingDone, posix } from './support.ts';
import { Terminal } from './terminal.ts';

const folder = temporaryFolder();
const home = join(folder, 'home');
const cwd = join(folder, 'work');
const place = { home, cwd };

before(async () => {
  mkdirSync(cwd);
  await localCaJson(['init', '--yes', '--permit', 'test,10.0.0.0/8'], place);
});

const key = ecKey();
const request = (
  names: readonly string[],
  subject = `CN=${names[0]}`,
  more: readonly extension.Extension[] = [],
  own = key,
) => {
  const all = [extension.subjectAltName(parseNames(names), false), ...more];
  return oddCsr({ key: own, subject, attributes: [['1.2.840.113549.1.9.14', sequence(...all.map(encodeExtension))]] });
};

function put(name: string, der: Uint8Array): string {
  writeFileSync(join(cwd, name), encodePem('CERTIFICATE REQUEST', der));
  return name;
}

interface SignedJson {
  readonly names: readonly string[];
  readonly files: readonly { readonly path: string; readonly secret: boolean }[];
  readonly warnings: readonly { readonly code: string }[];
  readonly requested: readonly { readonly name: string | null; readonly given: string }[];
}

test('shows what becomes of the request, and makes files without a key', async () => {
  const csr = put(
    'show.csr',
    request(['show.test', '10.0.0.5'], 'CN=show.test,O=Acme', [
      extension.basicConstraints(true),
      extension.extendedKeyUsage(['clientAuth']),
      { oid: '1.2.3.4', critical: false, value: utf8String('x') },
    ]),
  );
  const { status, stdout, stderr } = await localCa(['sign', csr], place);
  assert.equal(status, 0, stderr);
  assert.match(stdout, /^show\.test\/show\.test\.crt\.pem$/m);
  assert.doesNotMatch(stdout, /key/);
  assert.deepEqual(
    readdirSync(join(cwd, 'show.test')).filter((name) => /key/.test(name)),
    [],
  );
  const lines = [
    'the request',
    '  subject        CN=show.test,O=Acme',
    '  names          show.test, 10.0.0.5',
    '  key            p256',
    '  signed with    ECDSA with SHA-256, by its own key',
    'what it asks for',
    '  given         subjectAltName: show.test, 10.0.0.5',
    '  not given     basicConstraints: CA:TRUE (a request never makes a CA)',
    '  not given     extendedKeyUsage: clientAuth (the profile server gives serverAuth)',
    '  not given     1.2.3.4 (local-ca does not copy it from a request)',
    'the certificate',
    '  subject        CN=show.test,O=Acme',
    '  names          show.test, 10.0.0.5',
    '  profile        server',
  ];
  assert.deepEqual(stderr.split('\n').slice(0, lines.length), lines);
  assert.match(stderr, /warning: the request asks for clientAuth, .*--profile client gives it/);
  assert.match(stderr, /^signed show\.test, 10\.0\.0\.5$/m);
});

test('says the same to scripts', async () => {
  const csr = put(
    'json.csr',
    request(['json.test'], 'CN=json.test', [extension.extendedKeyUsage(['serverAuth'])], ecKey()),
  );
  const json = await localCaJson<SignedJson>(
    ['sign', csr, '--days', '30', '--template', 'nginx', '--zip', 'json.zip'],
    place,
  );
  assert.deepEqual(json.names, ['json.test']);
  assert.deepEqual(
    json.requested.map(({ name, given }) => [name, given]),
    [
      ['subjectAltName', 'yes'],
      ['extendedKeyUsage', 'yes'],
    ],
  );
  assert.ok(json.files.every(({ secret, path }) => !secret && existsSync(path)));
  assert.ok(existsSync(join(cwd, 'json.zip')));
});

test('reads DER, a file of Windows, and standard input', async () => {
  writeFileSync(join(cwd, 'der.csr'), request(['der.test'], 'CN=der.test', [], ecKey()));
  await localCaJson(['sign', 'der.csr'], place);
  const windows = encodePem('NEW CERTIFICATE REQUEST', windowsCsr()).replaceAll('\n', '\r\n');
  writeFileSync(join(cwd, 'windows.txt'), windows);
  const made = await localCaJson<SignedJson>(['sign', 'windows.txt', '--names', 'sql1.corp.test'], place);
  assert.deepEqual(made.names, ['sql1.corp.test']);
  const input = encodePem('CERTIFICATE REQUEST', request(['stdin.test'], 'CN=stdin.test', [], ecKey()));
  await localCaJson(['sign', '-'], { ...place, input });
});

describe('refuses', () => {
  const bad = (title: string) => BAD_CSRS.find((one) => one.title === title)?.make() as Uint8Array;
  const rows: readonly (readonly [
    title: string,
    make: () => Uint8Array,
    args: readonly string[],
    code: Parameters<typeof assertNothingDone>[2]['code'],
    says: string,
  ])[] = [
    [
      'a broken signature',
      () => bad('broken signature'),
      [],
      'LOCAL_CA_CSR_INVALID',
      'was not signed with its own key',
    ],
    ['RSA-1024', () => bad('RSA-1024'), [], 'LOCAL_CA_KEY_REFUSED', '1024 bits'],
    ['an unknown curve', () => bad('curve that is not known'), [], 'LOCAL_CA_KEY_REFUSED', 'does not know'],
    ['two SubjectAltNames', () => bad('two SubjectAltNames'), [], 'LOCAL_CA_CSR_INVALID', 'more than once'],
    ['a name outside the constraints', () => request(['bank.example']), [], 'LOCAL_CA_CONSTRAINT', 'bank.example'],
    [
      'no name',
      () => oddCsr({ key, subject: 'CN=The Database' }),
      [],
      'LOCAL_CA_NAME_INVALID',
      'the request has no name',
    ],
    ['an empty name', () => request(['a.test']), ['--names', ''], 'LOCAL_CA_NAME_INVALID', 'empty'],
    ['an unknown profile', () => request(['a.test']), ['--profile', 'root'], 'LOCAL_CA_PROFILE_UNKNOWN', 'root'],
    ['too long a life', () => request(['a.test']), ['--days', '900'], 'LOCAL_CA_VALIDITY_INVALID', '900'],
  ];
  for (const [title, make, args, code, says] of rows) {
    test(title, async () => {
      writeFileSync(join(cwd, 'bad.csr'), make());
      await assertNothingDone(['sign', 'bad.csr', ...args], place, { code, says });
    });
  }

  test('a certificate, and a missing file', async () => {
    const root = join(home, 'ca', 'root.crt.pem');
    await assertNothingDone(['sign', root], place, { code: 'LOCAL_CA_CSR_INVALID', says: 'no certificate request' });
    await assertNothingDone(['sign', 'missing.csr'], place, { code: 'LOCAL_CA_INPUT_FAILED', says: 'missing.csr' });
  });

  test('files of others in the way', async () => {
    const csr = put('way.csr', request(['way.test']));
    mkdirSync(join(cwd, 'way'));
    writeFileSync(join(cwd, 'way', 'ca.pem'), 'mine\n');
    await assertNothingDone(['sign', csr, '--out', 'way', '--quiet'], place, {
      code: 'LOCAL_CA_OUTPUT_EXISTS',
      says: 'ca.pem',
    });
  });
});

describe('beside the key of another certificate', () => {
  const at = (name: string) => join(cwd, name, `${name}.key.pem`);

  test('it is refused, whether that certificate counts or not', async () => {
    await localCaJson(['issue', 'own.test', '--template', 'nginx'], place);
    const csr = put('own.csr', request(['own.test'], 'CN=own.test', [], ecKey()));
    const taken = {
      code: 'LOCAL_CA_LABEL_TAKEN',
      says: '"own.test" is the certificate',
      hint: /--label.*--force/,
    } as const;
    await assertNothingDone(['sign', csr, '--quiet'], place, taken);
    await localCaJson(['revoke', 'own.test'], place);
    const beside = {
      code: 'LOCAL_CA_OUTPUT_EXISTS',
      says: 'own.test.key.pem is another private key',
      hint: /--out/,
    } as const;
    await assertNothingDone(['sign', csr, '--template', 'nginx', '--quiet'], place, beside);
    await assertNothingDone(['sign', csr, '--label', 'x', '--out', 'own.test', '--quiet'], place, beside);
    const before = readFileSync(at('own.test'));
    await localCaJson(['sign', csr, '--template', 'nginx', '--force'], place);
    assert.deepEqual(readFileSync(at('own.test')), before);
  });

  test('it is made beside its own', async () => {
    await localCaJson(['csr', 'create', 'mine.test'], place);
    await localCaJson(['sign', 'mine.test/mine.test.csr.pem'], place);
    assert.ok(existsSync(at('mine.test')));
    await localCaJson(['sign', 'mine.test/mine.test.csr.pem'], place);
  });
});

test('the certificate is there also where a template has it only together with the key', async () => {
  const csr = put('haproxy.csr', request(['haproxy.test'], 'CN=haproxy.test', [], ecKey()));
  const { files } = await localCaJson<SignedJson>(['sign', csr, '--template', 'haproxy'], place);
  const made = readdirSync(join(cwd, 'haproxy.test')).sort();
  assert.deepEqual(made, ['.local-ca.json', 'README.md', 'ca.pem', 'haproxy.test.chain.pem']);
  assert.ok(files.every(({ secret }) => !secret));
  const readme = readFileSync(join(cwd, 'haproxy.test/README.md'), 'utf8');
  assert.match(readme, /The private key is not here, .*: it is where the certificate or its request was made\./);
  assert.match(readme, /^\(umask 077 && cat haproxy\.test\.chain\.pem KEY > haproxy\.test\.pem\)$/m);
});

describe('at a terminal', { skip: !posix }, () => {
  test('it asks, and a no leaves everything as it was', async (t) => {
    if (!needs(t, 'tmux')) return;
    put('ask.csr', request(['ask.test'], 'CN=ask.test', [], ecKey()));
    const terminal = await Terminal.open(t, 'sign ask.csr', place);
    await terminal.answer('Sign it?', 'n');
    assert.equal(await terminal.status(), 130);
    assert.equal(existsSync(join(cwd, 'ask.test')), false);
  });

  test('it says what would be replaced before it asks', async (t) => {
    if (!needs(t, 'tmux')) return;
    await localCaJson(['issue', 'said.test'], place);
    put('said.csr', request(['said.test'], 'CN=said.test', [], ecKey()));
    const terminal = await Terminal.open(t, 'sign said.csr --force', place);
    await terminal.answer('Sign it?', 'n');
    assert.equal(await terminal.status(), 130);
    assert.match(await terminal.screen(), /replaces the certificate [0-9a-f]+ of said\.test[\s\S]*Sign it\?/);
  });

  test('a yes signs', async (t) => {
    if (!needs(t, 'tmux')) return;
    put('yes.csr', request(['yes.test'], 'CN=yes.test', [], ecKey()));
    const terminal = await Terminal.open(t, 'sign yes.csr', place);
    await terminal.answer('Sign it?', 'y');
    assert.equal(await terminal.status(), 0);
    assert.match(readFileSync(join(cwd, 'yes.test', 'yes.test.crt.pem'), 'utf8'), /BEGIN CERTIFICATE/);
  });
});
