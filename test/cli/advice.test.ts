/** What a person would otherwise find out too late, and spellings that are forgiven. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { createTestAuthority } from '../../src/testing/index.ts';
import { localCa, localCaJson } from '../support/cli.ts';
import { temporaryFolder } from '../support/temp.ts';
import { assertNothingDone, assertRefused } from './support.ts';

const cwd = temporaryFolder();
const options = { cwd, home: join(temporaryFolder(), 'home') };
await localCaJson(['init', '--yes', '--name', 'Advice CA'], options);

interface Issued {
  readonly names: readonly string[];
  readonly serial: string;
  readonly warnings: readonly { readonly code: string; readonly message: string }[];
  readonly files: readonly { readonly path: string }[];
}
const issue = (...args: string[]) => localCaJson<Issued>(['issue', ...args], options);
const codes = ({ warnings }: Issued) => warnings.map(({ code }) => code);

describe('issuing again under a label', () => {
  test('says what it replaces, and what gets lost', async () => {
    const first = await issue('db.test', '10.0.0.5');
    assert.deepEqual(first.warnings, []);
    const [warning] = (await issue('db.test', '--profile', 'client')).warnings;
    assert.equal(warning?.code, 'replaces');
    assert.match(
      warning?.message ?? '',
      new RegExp(
        `^replaces the certificate ${first.serial} of db\\.test; no longer for 10\\.0\\.0\\.5; now for client`,
      ),
    );
  });

  test('says nothing of one that has expired', async () => {
    await issue('old.test', '--not-before', '2020-01-01', '--not-after', '2020-02-01');
    assert.deepEqual(codes(await issue('old.test')), []);
  });
});

test('a file that stays beside the new key is named, and stays', async () => {
  await issue('left.test');
  const { warnings } = await issue('left.test', '--format', 'p12', '--password', 'secret');
  const left = warnings.filter(({ code }) => code === 'leftover').map(({ message }) => message);
  const path = join('left.test', 'left.test.key.pem');
  assert.ok(
    left.some((message) => message.startsWith(`${path} is left from an earlier certificate`)),
    left.join('\n'),
  );
  assert.ok(existsSync(join(cwd, path)));
});

describe('a server without a host name', () => {
  for (const name of ['https://web.test:443/', 'dba@web.test']) {
    test(`${name} is warned of`, async () => {
      assert.deepEqual(codes(await issue(name)), ['no-host-name']);
    });
  }
  test('is none with a host beside, in SPIFFE, or for another purpose', async () => {
    assert.deepEqual(codes(await issue('https://one.test/', 'one.test', '--label', 'one')), []);
    assert.deepEqual(codes(await issue('spiffe://cluster/web')), []);
    assert.deepEqual(codes(await issue('dba@two.test', '--profile', 'email', '--label', 'two')), []);
  });
});

test('files for clients do not go among the private keys of the CA', async () => {
  for (const folder of ['ca', 'keys', join('ca', 'below')]) {
    const refusal = { code: 'LOCAL_CA_PATH_INVALID', says: 'among private keys' } as const;
    await assertNothingDone(['export', '--ca', '--out', join(options.home, folder)], options, refusal);
  }
  await assertRefused(
    ['export', '--ca'],
    { ...options, cwd: options.home },
    { code: 'LOCAL_CA_PATH_INVALID', says: '"ca"' },
  );
});

test('commas stand between names too', async () => {
  assert.deepEqual((await issue('a.test,10.0.0.6', 'b.test')).names, ['a.test', '10.0.0.6', 'b.test']);
});

test('formats and profiles are known by other spellings', async () => {
  const { files } = await issue('pfx.test', '--format', 'PFX,pkcs7', '--profile', 'Client', '--password', 'secret');
  const names = files.map(({ path }) => path.split(/[/\\]/).at(-1));
  assert.ok(names.includes('pfx.test.p12') && names.includes('pfx.test.p7b'), names.join(' '));
});

test('a list whose cells stand apart by semicolons', async () => {
  writeFileSync(join(cwd, 'excel.csv'), '\ufeffnames;days\r\nexcel.test 10.0.0.7;30\r\n');
  const [row] = await localCaJson<Issued[]>(['issue', '--from', 'excel.csv'], options);
  assert.deepEqual(row?.names, ['excel.test', '10.0.0.7']);
  writeFileSync(join(cwd, 'typo.csv'), 'name,days\na.test,3\n');
  const refusal = { code: 'LOCAL_CA_LIST_INVALID', says: 'unknown column or key "name"' } as const;
  await assertRefused(['issue', '--from', 'typo.csv'], options, refusal);
});

test('a zip with the private key says so, one without does not', async () => {
  const says = async (template: string, zip: string) =>
    (await localCa(['issue', `${template}.test`, '--template', template, '--zip', zip], options)).stderr;
  assert.match(await says('nginx', 'n.zip'), /n\.zip holds the private key/);
  assert.doesNotMatch(await says('tencentdb-sqlserver', 't.zip'), /private key/);
});

test('an intermediate: where the key is that can go offline', async () => {
  const place = { cwd, home: join(temporaryFolder(), 'home') };
  const { stderr } = await localCa(['init', '--yes', '--intermediate'], place);
  const [path = ''] = /(?<=go offline: ).*/.exec(stderr) ?? [];
  assert.ok(readdirSync(join(place.home, 'ca')).includes(path.split(/[/\\]/).at(-1) as string), stderr);
});

test('help and version are words too', async () => {
  assert.match((await localCa(['help', 'issue'], options)).stdout, /^Usage: local-ca issue /);
  assert.match((await localCa(['version'], options)).stdout, /^\d+\.\d+\.\d+\n$/);
});

test('verify looks at a live server, for its own name', async (t) => {
  const ca = await createTestAuthority();
  const server = https.createServer((await ca.issue('127.0.0.1')).tlsOptions());
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  t.after(() => server.close());
  const port = (server.address() as AddressInfo).port;
  mkdirSync(join(cwd, 'live'));
  writeFileSync(join(cwd, 'live', 'ca.pem'), ca.ca);
  const good = await localCa(['verify', `https://127.0.0.1:${port}`, '--ca', 'live/ca.pem'], options);
  assert.deepEqual([good.status, good.stderr], [0, ''], good.stdout);
  const other = await localCa(
    ['verify', `https://127.0.0.1:${port}`, '--ca', 'live/ca.pem', '--host', 'else.test'],
    options,
  );
  assert.equal(other.status, 3);
  assert.match(other.stdout, /error host:/);
});

const HINTS: readonly (readonly [
  what: string,
  args: readonly string[],
  code: Parameters<typeof assertRefused>[2]['code'],
  hint: RegExp,
])[] = [
  ['a port for a URL', ['inspect', '127.0.0.1:443'], 'LOCAL_CA_INPUT_FAILED', /https:\/\/127\.0\.0\.1:443/],
  ['a cut zip', ['inspect', 'packed.zip'], 'LOCAL_CA_ZIP_INVALID', /again/],
];
for (const [what, args, code, hint] of HINTS) {
  test(`${what} is seen for what it is`, async () => {
    writeFileSync(join(cwd, 'packed.zip'), 'PK\u0003\u0004and so on');
    await assertRefused(args, options, {
      code,
      says: code === 'LOCAL_CA_ZIP_INVALID' ? 'cut short' : '127.0.0.1:443',
      hint,
    });
  });
}

test('verify without a CA asks for the roots', async () => {
  const place = { cwd, home: join(temporaryFolder(), 'none') };
  await assertRefused(['verify', 'live/ca.pem'], place, {
    code: 'LOCAL_CA_HOME_MISSING',
    says: 'no CA',
    hint: /--ca FILE/,
  });
});

test('what a certificate holds cannot steer the terminal', async () => {
  const { cert } = await (await createTestAuthority()).issue({ names: ['a.test'], subject: 'CN=Evil' });
  // An ESC in the common name: no CA of ours signs it, so the name is changed and the signature is not looked at.
  const der = Buffer.from(cert.replace(/-----.*-----|\n/g, ''), 'base64');
  const forged = Buffer.from(der.toString('latin1').replaceAll('Evil', 'E\u001b[2'), 'latin1');
  writeFileSync(join(cwd, 'evil.der'), forged);
  const { status, stdout } = await localCa(['inspect', 'evil.der'], options);
  assert.equal(status, 0, stdout);
  assert.ok(!stdout.includes('\u001b[2'), JSON.stringify(stdout));
});

test('an empty limit is no limit left out', async () => {
  for (const permit of ['', ' , ', 'example.test,']) {
    const place = { cwd, home: join(temporaryFolder(), 'home') };
    const { status, stderr } = await localCa(['init', '--yes', '--permit', permit], place);
    assert.equal(status, 2, stderr);
    assert.ok(!existsSync(place.home));
  }
});

test('a key that is to be kept is not kept when nothing was issued', async () => {
  writeFileSync(join(cwd, 'a-file'), 'x');
  await assertNothingDone(['issue', 'kept.test', '--keep-key', '--out', 'a-file'], options, {
    code: 'LOCAL_CA_OUTPUT_EXISTS',
    says: 'a-file',
  });
  await issue('kept.test', '--keep-key');
  assert.equal(readdirSync(join(options.home, 'keys')).length, 1);
});

test('a passphrase in the environment that nothing uses is warned of', async () => {
  const place = { cwd, home: join(temporaryFolder(), 'home'), env: { LOCAL_CA_PASSPHRASE: 'secret' } };
  const { stderr } = await localCa(['init', '--yes'], place);
  assert.match(stderr, /LOCAL_CA_PASSPHRASE is set, but without --encrypt-key/);
});
