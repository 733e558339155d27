/**
 * The formats room against the programs whose files these are: what we write, they open; what they write, we open. The
 * same bytes coming back out of our own readers would prove nothing.
 */
import assert from 'node:assert/strict';
import { createPrivateKey, randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { children, expectTag, readWhole, TAG } from '../../src/core/der.ts';
import { decryptPbes2, encryptPkcs8 } from '../../src/core/pbes2.ts';
import { detectFormat } from '../../src/formats/detect.ts';
import type { KeyEntry, StoreEntry, TrustedEntry } from '../../src/formats/entries.ts';
import { readJks, writeJks } from '../../src/formats/jks.ts';
import { decodePem, encodePem, pemCertificates } from '../../src/formats/pem.ts';
import { readPkcs7, writePkcs7 } from '../../src/formats/pkcs7.ts';
import { type Pkcs12Profile, readPkcs12, writePkcs12 } from '../../src/formats/pkcs12.ts';
import { decodeBags, decodePfx, decodeSafes } from '../../src/formats/pki.ts';
import {
  intermediate,
  intermediatePem,
  keyEntry,
  leaf,
  leafKey,
  leafKeyPem,
  leafPem,
  mixed,
  root,
  rootPem,
  trustedEntry,
} from '../formats/fixtures.ts';
import { must, needs, run } from '../support/peers.ts';
import { temporaryFolder } from '../support/temp.ts';

const PROFILES: readonly Pkcs12Profile[] = ['modern', 'compat'];
const password = 'secret1';
const unusual = 'pässwörd 鍵 \u{1f600}';
const unusualAlias = 'schlüssel 鍵 \u{1f600}';
const random = (length: number) => new Uint8Array(randomBytes(length));
const now = new Date('2026-11-22T00:00:00Z');

const pkcs12 = (entries: readonly StoreEntry[], profile: Pkcs12Profile, secret = password) =>
  writePkcs12(entries, { password: secret, profile, random });
const jks = (entries: readonly StoreEntry[], secret = password) => writeJks(entries, { password: secret, now, random });

/** A folder with the fixtures and these files; programs run in it, in UTF-8. */
async function workshop(t: TestContext, files: Readonly<Record<string, Uint8Array | string>> = {}) {
  const folder = await temporaryFolder(t);
  const fixtures = {
    'leaf.pem': leafPem,
    'leaf.key': leafKeyPem,
    'ca.pem': intermediatePem + rootPem,
    'root.pem': rootPem,
    'ca.cnf': '[ca]\ndefault_ca=c\n[c]\ndatabase=index.txt\n',
    'index.txt': '',
  };
  for (const [name, content] of Object.entries({ ...fixtures, ...files })) await writeFile(join(folder, name), content);
  const options = { cwd: folder, env: { LC_ALL: 'C.UTF-8' } };
  return {
    run: (program: string, ...args: string[]) => run(program, args, options),
    must: (program: string, ...args: string[]) => must(program, args, options),
    read: async (name: string) => new Uint8Array(await readFile(join(folder, name))),
  };
}
type Workshop = Awaited<ReturnType<typeof workshop>>;

/** A key of the given type and a certificate for it, made by OpenSSL. */
async function selfSigned({ must, read }: Workshop, name: string, ...keyType: string[]): Promise<KeyEntry> {
  const output = ['-outform', 'DER', '-out', `${name}.crt`, '-keyout', `${name}.pem`];
  await must('openssl', 'req', '-x509', '-nodes', '-newkey', ...keyType, '-subj', `/CN=${name}`, ...output);
  const [key] = decodePem(new TextDecoder().decode(await read(`${name}.pem`)));
  assert.ok(key);
  return { kind: 'key', alias: name, key: key.der, chain: [await read(`${name}.crt`)] };
}

/** `crl.pem`, by the leaf, which OpenSSL does not mind. */
async function makeCrl({ must }: Workshop): Promise<void> {
  const revocation = ['-gencrl', '-md', 'sha256', '-crldays', '3', '-cert', 'leaf.pem', '-keyfile', 'leaf.key'];
  await must('openssl', 'ca', '-config', 'ca.cnf', ...revocation, '-out', 'crl.pem');
}

const samePrivateKey = (pem: string, key: Uint8Array) => {
  const expected = createPrivateKey({ key: Buffer.from(key), format: 'der', type: 'pkcs8' });
  assert.ok(createPrivateKey(pem).equals(expected));
};

// --- PKCS#7 --------------------------------------------------------------------------------------------------------

const chain = [leaf, intermediate, root];

describe('PKCS#7', () => {
  test('OpenSSL reads ours, in order', async (t) => {
    if (!needs(t, 'openssl')) return;
    const { must } = await workshop(t, { 'a.p7b': writePkcs7(chain), 'a.pem': encodePem('PKCS7', writePkcs7(chain)) });
    for (const file of [['a.p7b', '-inform', 'DER'], ['a.pem']]) {
      const text = await must('openssl', 'pkcs7', '-print_certs', '-in', ...file);
      assert.deepEqual(pemCertificates(text), chain);
    }
  });

  test('Java reads ours', async (t) => {
    if (!needs(t, 'keytool')) return;
    const { must } = await workshop(t, { 'a.p7b': writePkcs7(chain), 'a.pem': encodePem('PKCS7', writePkcs7(chain)) });
    for (const file of ['a.p7b', 'a.pem']) {
      assert.deepEqual(pemCertificates(await must('keytool', '-printcert', '-rfc', '-file', file)), chain);
    }
  });

  test('GnuTLS reads ours', async (t) => {
    if (!needs(t, 'certtool')) return;
    const { must } = await workshop(t, { 'a.p7b': writePkcs7(chain) });
    const text = await must('certtool', '--p7-info', '--inder', '--infile', 'a.p7b');
    assert.match(text, /Number of certificates: 3/);
  });

  test('NSS imports the intermediate from ours, once it trusts the root', async (t) => {
    if (!needs(t, 'certutil', 'cmsutil')) return;
    const { must } = await workshop(t, { 'a.p7b': writePkcs7([intermediate, root]) });
    await must('certutil', '-N', '-d', 'sql:.', '--empty-password');
    await must('certutil', '-A', '-d', 'sql:.', '-n', 'root', '-t', 'CT,,', '-i', 'root.pem');
    // Certificate usage 3 is that of a CA.
    await must('cmsutil', '-D', '-d', 'sql:.', '-n', '-k', '-u', '3', '-i', 'a.p7b');
    assert.match(await must('certutil', '-L', '-d', 'sql:.'), /^Formats Intermediate /m);
  });

  test('we read theirs: with CRLs, signed, and in indefinite lengths', async (t) => {
    if (!needs(t, 'openssl')) return;
    const shop = await workshop(t);
    const { must, read } = shop;
    await makeCrl(shop);
    await must('openssl', 'crl2pkcs7', '-in', 'crl.pem', '-certfile', 'ca.pem', '-outform', 'DER', '-out', 'crl.p7b');
    const [crl] = decodePem(new TextDecoder().decode(await read('crl.pem')));
    assert.deepEqual(readPkcs7(await read('crl.p7b')), { certificates: [intermediate, root], crls: [crl?.der] });

    await must(
      'openssl cms -sign -stream -nodetach -binary -in ca.pem -signer leaf.pem -inkey leaf.key -certfile ca.pem -outform DER -out signed.p7m',
    );
    const signed = await read('signed.p7m');
    assert.equal(signed[1], 0x80, 'an indefinite length');
    assert.deepEqual(
      new Set(readPkcs7(signed).certificates.map(String)),
      new Set([leaf, intermediate, root].map(String)),
    );
  });
});

// --- PKCS#12 -------------------------------------------------------------------------------------------------------

const named: readonly StoreEntry[] = [{ ...keyEntry, alias: unusualAlias }, trustedEntry];

for (const profile of PROFILES) {
  describe(`PKCS#12, ${profile}`, () => {
    for (const secret of [password, unusual, 'x']) {
      test(`OpenSSL opens ours with ${JSON.stringify(secret)}`, async (t) => {
        if (!needs(t, 'openssl')) return;
        const { must, run } = await workshop(t, { 'a.p12': pkcs12(mixed, profile, secret) });
        const open = ['pkcs12', '-in', 'a.p12', '-nodes', '-passin', `pass:${secret}`];
        samePrivateKey(await must('openssl', ...open, '-nocerts'), leafKey);
        assert.deepEqual(pemCertificates(await must('openssl', ...open, '-nokeys')), [leaf, intermediate, root]);
        const wrong = await run('openssl', 'pkcs12', '-in', 'a.p12', '-nodes', '-passin', 'pass:wrong');
        assert.match(wrong.stderr, /invalid password/);
      });
    }

    test('Java opens ours: keys, chains, trusted certificates, aliases', async (t) => {
      if (!needs(t, 'keytool')) return;
      const { must, run } = await workshop(t, { 'a.p12': pkcs12(named, profile) });
      const open = ['-keystore', 'a.p12', '-storetype', 'PKCS12', '-storepass', password];
      const list = await must('keytool', '-list', ...open);
      assert.match(list, new RegExp(`^${unusualAlias}, .*PrivateKeyEntry`, 'm'));
      assert.match(list, /^root, .*trustedCertEntry/m);
      assert.deepEqual(pemCertificates(await must('keytool', '-list', '-rfc', ...open, '-alias', unusualAlias)), [
        leaf,
        intermediate,
        root,
      ]);
      const wrong = await run('keytool', '-list', '-keystore', 'a.p12', '-storepass', 'wrong1');
      assert.match(wrong.stdout, /password was incorrect/);
    });

    test('Java carries our key over into a store of its own', async (t) => {
      if (!needs(t, 'keytool')) return;
      const { must, read } = await workshop(t, { 'a.p12': pkcs12([keyEntry], profile) });
      const source = ['-srckeystore', 'a.p12', '-srcstorepass', password];
      await must(
        'keytool -importkeystore -noprompt',
        ...source,
        '-destkeystore',
        'b.jks',
        '-deststoretype',
        'JKS',
        '-deststorepass',
        'changeit',
      );
      assert.deepEqual(readJks(await read('b.jks'), { password: 'changeit', keyPassword: password }), [keyEntry]);
      await must(
        'keytool -importkeystore -noprompt',
        ...source,
        '-destkeystore',
        'b.p12',
        '-deststorepass',
        'changeit',
      );
      assert.deepEqual(readPkcs12(await read('b.p12'), { password: 'changeit' }), [keyEntry]);
    });

    test('GnuTLS opens ours', async (t) => {
      if (!needs(t, 'certtool')) return;
      const { must } = await workshop(t, { 'a.p12': pkcs12(named, profile, unusual) });
      const text = await must('certtool', '--p12-info', '--inder', '--infile', 'a.p12', '--password', unusual);
      assert.match(text, new RegExp(`Friendly name: ${unusualAlias}`));
      assert.deepEqual(pemCertificates(text), [leaf, intermediate, root]);
    });

    test('NSS imports ours', async (t) => {
      if (!needs(t, 'certutil', 'pk12util')) return;
      const { must } = await workshop(t, { 'a.p12': pkcs12(named, profile, unusual) });
      await must('certutil', '-N', '-d', 'sql:.', '--empty-password');
      await must('pk12util', '-i', 'a.p12', '-d', 'sql:.', '-W', unusual);
      assert.match(await must('certutil', '-L', '-d', 'sql:.'), /^schlüssel .* u,u,u/m);
      assert.match(await must('certutil', '-K', '-d', 'sql:.'), /^< 0> ec /m);
    });

    test('keys of every kind in one file', async (t) => {
      if (!needs(t, 'openssl', 'keytool')) return;
      const shop = await workshop(t);
      const entries = [
        await selfSigned(shop, 'rsa', 'rsa:2048'),
        await selfSigned(shop, 'ed', 'ed25519'),
        await selfSigned(shop, 'ec', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-384'),
      ];
      const { must } = await workshop(t, { 'a.p12': pkcs12([...entries, trustedEntry], profile) });
      const list = await must('keytool', '-list', '-keystore', 'a.p12', '-storepass', password);
      for (const { alias } of entries) assert.match(list, new RegExp(`^${alias}, .*PrivateKeyEntry`, 'm'));
    });
  });
}

describe('PKCS#12 for Windows', () => {
  const csp = 'Microsoft RSA SChannel Cryptographic Provider';
  const keyBagsOf = (bytes: Uint8Array) =>
    decodeSafes(decodePfx(bytes).content)
      .flatMap((safe) => ('plain' in safe ? decodeBags(safe.plain) : []))
      .map(({ attributes }) => attributes);

  test('has the attributes that openssl -keyex -CSP -LMK gives, and the key is marked as its is', async (t) => {
    if (!needs(t, 'openssl')) return;
    const shop = await workshop(t);
    const entry = await selfSigned(shop, 'sql', 'rsa:2048');
    const input = ['-in', 'sql.crt', '-inkey', 'sql.pem', '-name', 'sql'];
    const triple = ['-keypbe', 'PBE-SHA1-3DES', '-certpbe', 'PBE-SHA1-3DES', '-macalg', 'sha1'];
    await shop.must(
      'openssl pkcs12 -export',
      ...input,
      '-keyex',
      '-CSP',
      csp,
      '-LMK',
      ...triple,
      '-passout',
      `pass:${password}`,
      '-out',
      'theirs.p12',
    );
    const theirs = await shop.read('theirs.p12');
    const ours = writePkcs12([entry], { password, profile: 'compat', random, windows: {} });
    assert.deepEqual(keyBagsOf(ours), keyBagsOf(theirs));
    assert.deepEqual(readPkcs12(ours, { password }), readPkcs12(theirs, { password }));
  });

  test('still opens elsewhere', async (t) => {
    if (!needs(t, 'openssl', 'keytool')) return;
    const shop = await workshop(t);
    const entry = await selfSigned(shop, 'sql', 'rsa:2048');
    const file = writePkcs12([entry], {
      password,
      profile: 'compat',
      random,
      windows: { csp: 'My CSP', machineKey: false },
    });
    const { must } = await workshop(t, { 'a.p12': file });
    const text = await must('openssl', 'pkcs12', '-in', 'a.p12', '-nodes', '-passin', `pass:${password}`);
    assert.match(text, /Microsoft CSP Name: My CSP/);
    assert.match(text, /X509v3 Key Usage: 10/);
    assert.doesNotMatch(text, /Microsoft Local Key set/);
    assert.match(
      await must('keytool', '-list', '-keystore', 'a.p12', '-storepass', password),
      /^sql, .*PrivateKeyEntry/m,
    );
  });
});

// --- PKCS#12 of others ---------------------------------------------------------------------------------------------

const whole: KeyEntry = { kind: 'key', alias: 'them', key: leafKey, chain: [leaf, intermediate, root] };
const trusted = (alias: string, certificate = root): TrustedEntry => ({ kind: 'trusted', alias, certificate });

interface Foreign {
  readonly programs: readonly string[];
  readonly commands: readonly string[];
  readonly entries: readonly StoreEntry[];
  readonly password?: string;
}

const openssl = (flags: string, entries: readonly StoreEntry[] = [whole], secret = password): Foreign => ({
  programs: ['openssl'],
  commands: [
    `openssl pkcs12 -export -in leaf.pem -inkey leaf.key -certfile ca.pem -name them -passout pass:${secret} -out a.p12 ${flags}`,
  ],
  entries,
  password: secret,
});
const gnutls = (flags: string, secret = password): Foreign => ({
  programs: ['certtool'],
  commands: [
    `certtool --to-p12 --load-privkey leaf.key --load-certificate leaf.pem --load-ca-certificate ca.pem --p12-name them --outder --outfile a.p12 ${flags}`,
  ],
  // certtool takes one certificate of ca.pem.
  entries: [{ ...whole, chain: [leaf, intermediate] }],
  password: secret,
});
const nss = (flags: string): Foreign => ({
  programs: ['openssl', 'pk12util', 'certutil'],
  commands: [
    `openssl pkcs12 -export -in leaf.pem -inkey leaf.key -certfile ca.pem -name them -passout pass:x -out in.p12`,
    'certutil -N -d sql:. --empty-password',
    'pk12util -i in.p12 -d sql:. -W x',
    `pk12util -o a.p12 -n them -d sql:. -W ${password} ${flags}`,
  ],
  entries: [whole],
});
const java = (flags: string): Foreign => ({
  programs: ['openssl', 'keytool'],
  commands: [
    'openssl pkcs12 -export -in leaf.pem -inkey leaf.key -certfile ca.pem -name them -passout pass:changeit -out in.p12',
    `keytool ${flags} -importkeystore -srckeystore in.p12 -srcstorepass changeit -destkeystore a.p12 -deststoretype PKCS12 -deststorepass ${password} -destkeypass ${password}`,
    `keytool ${flags} -importcert -noprompt -alias Root -file root.pem -keystore a.p12 -storepass ${password}`,
  ],
  entries: [whole, trusted('Root')],
});

const foreign: Readonly<Record<string, Foreign>> = {
  openssl: openssl(''),
  'openssl -legacy (RC2-40)': openssl('-legacy'),
  'openssl -legacy -descert': openssl('-legacy -descert'),
  'openssl, RC2-128': openssl('-provider legacy -provider default -keypbe PBE-SHA1-RC2-128 -certpbe PBE-SHA1-RC2-128'),
  'openssl, two-key 3DES': openssl('-keypbe PBE-SHA1-2DES -certpbe PBE-SHA1-2DES'),
  'openssl, AES-128 and AES-192, SHA-512': openssl('-keypbe aes-128-cbc -certpbe aes-192-cbc -macalg sha512'),
  'openssl, PBES2 with 3DES, SHA-384': openssl('-keypbe des-ede3-cbc -certpbe des-ede3-cbc -macalg sha384'),
  'openssl, certificates in the clear': openssl('-certpbe NONE'),
  'openssl, nothing encrypted and no MAC': openssl('-keypbe NONE -certpbe NONE -nomac'),
  'openssl, no MAC': openssl('-nomac'),
  'openssl, an empty password': openssl('', [whole], ''),
  'openssl -nokeys': {
    programs: ['openssl'],
    commands: [`openssl pkcs12 -export -nokeys -in root.pem -passout pass:${password} -out a.p12`],
    entries: [trusted('1')],
  },
  certtool: gnutls(`--password ${password}`),
  'certtool, 3DES': gnutls(`--pkcs-cipher 3des-pkcs12 --password ${password}`),
  'certtool, no password': gnutls('--null-password', ''),
  pk12util: nss(''),
  'pk12util, AES-256': nss('-c AES-256-CBC -C AES-256-CBC'),
  'pk12util, certificates in the clear': nss('-C none'),
  keytool: java(''),
  'keytool, legacy': java('-J-Dkeystore.pkcs12.legacy'),
  'keytool, certificates in the clear': java(
    '-J-Dkeystore.pkcs12.certProtectionAlgorithm=NONE -J-Dkeystore.pkcs12.macAlgorithm=NONE',
  ),
};

describe('PKCS#12 files of others', () => {
  for (const [what, { programs, commands, entries, password: secret = password }] of Object.entries(foreign)) {
    test(`we open those of ${what}`, async (t) => {
      if (!needs(t, ...programs)) return;
      const { must, read } = await workshop(t);
      for (const command of commands) {
        const [program = '', ...args] = command
          .trim()
          .split(' ')
          .filter((word) => word !== '');
        await must(program, ...args);
      }
      const file = await read('a.p12');
      assert.equal(detectFormat(file), 'pkcs12');
      assert.deepEqual(readPkcs12(file, { password: secret }).map(withPlainKey), entries.map(withPlainKey));
    });
  }
});

/** The same key can be written in more than one way, with or without its public half. */
function withPlainKey(entry: StoreEntry): StoreEntry {
  if (entry.kind === 'trusted') return entry;
  const key = createPrivateKey({ key: Buffer.from(entry.key), format: 'der', type: 'pkcs8' });
  return { ...entry, key: new Uint8Array(key.export({ type: 'pkcs8', format: 'der' })) };
}

// --- JKS -----------------------------------------------------------------------------------------------------------

describe('JKS', () => {
  for (const secret of [password, unusual, 'x']) {
    test(`Java opens ours with ${JSON.stringify(secret)}: keys, chains, trusted certificates, aliases`, async (t) => {
      if (!needs(t, 'keytool')) return;
      const { must } = await workshop(t, { 'a.jks': jks(named, secret) });
      const open = ['-keystore', 'a.jks', '-storepass', secret];
      const list = await must('keytool', '-list', ...open);
      assert.match(list, /Keystore type: JKS/);
      assert.match(list, new RegExp(`^${unusualAlias}, Nov 2[12], 2026, PrivateKeyEntry`, 'm'));
      assert.match(list, /^root, .*trustedCertEntry/m);
      assert.deepEqual(pemCertificates(await must('keytool', '-list', '-rfc', ...open, '-alias', unusualAlias)), [
        leaf,
        intermediate,
      ]);
    });
  }

  test('Java takes keys of every kind out of ours', async (t) => {
    if (!needs(t, 'openssl', 'keytool')) return;
    const shop = await workshop(t);
    const entries = [
      await selfSigned(shop, 'rsa', 'rsa:2048'),
      await selfSigned(shop, 'ed', 'ed25519'),
      await selfSigned(shop, 'ec', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-521'),
    ];
    const { must, read } = await workshop(t, { 'a.jks': jks(entries) });
    await must(
      `keytool -importkeystore -noprompt -srckeystore a.jks -srcstorepass ${password} -destkeystore b.p12 -deststorepass changeit`,
    );
    const taken = readPkcs12(await read('b.p12'), { password: 'changeit' });
    const byAlias = (a: StoreEntry, b: StoreEntry) => (a.alias < b.alias ? -1 : 1);
    assert.deepEqual(taken.map(withPlainKey).sort(byAlias), entries.map(withPlainKey).sort(byAlias));
  });

  test('Java changes the passwords of ours, and we read what it wrote', async (t) => {
    if (!needs(t, 'keytool')) return;
    const { must, read } = await workshop(t, { 'a.jks': jks(mixed) });
    const open = ['-keystore', 'a.jks', '-storepass'];
    await must('keytool', '-storepasswd', ...open, password, '-new', unusual);
    await must('keytool', '-keypasswd', ...open, unusual, '-alias', 'server', '-keypass', password, '-new', 'another1');
    const file = await read('a.jks');
    const byAlias = (a: StoreEntry, b: StoreEntry) => (a.alias < b.alias ? 1 : -1);
    assert.deepEqual([...readJks(file, { password: unusual, keyPassword: 'another1' })].sort(byAlias), mixed);
    assert.throws(() => readJks(file, { password }), { code: 'LOCAL_CA_PASSWORD_WRONG' });
  });

  test('Java refuses ours with a wrong password, or a changed byte', async (t) => {
    if (!needs(t, 'keytool')) return;
    const changed = jks(mixed);
    changed[100] = (changed[100] as number) ^ 1;
    const { run } = await workshop(t, { 'a.jks': jks(mixed), 'b.jks': changed });
    for (const [file, secret] of [
      ['a.jks', 'wrong1'],
      ['b.jks', password],
    ] as const) {
      const { status, stdout } = await run('keytool', '-list', '-keystore', file, '-storepass', secret);
      assert.equal(status, 1);
      assert.match(stdout, /tampered with, or password was incorrect/);
    }
  });

  test('we refuse JCEKS with a way out', async (t) => {
    if (!needs(t, 'keytool')) return;
    const { run, read } = await workshop(t);
    await run(
      `keytool -importcert -noprompt -alias a -file root.pem -keystore a.jceks -storetype JCEKS -storepass ${password}`,
    );
    const file = await read('a.jceks');
    assert.equal(detectFormat(file), 'jks');
    assert.throws(() => readJks(file, { password }), { message: 'the file is a JCEKS key store, not JKS' });
  });
});

// --- PKCS#8 and the rest -------------------------------------------------------------------------------------------

describe('encrypted PKCS#8', () => {
  test('OpenSSL and GnuTLS open ours', async (t) => {
    if (!needs(t, 'openssl', 'certtool')) return;
    const pem = encodePem('ENCRYPTED PRIVATE KEY', encryptPkcs8(leafKey, unusual, { random }));
    const { must } = await workshop(t, { 'a.pem': pem });
    samePrivateKey(await must('openssl', 'pkey', '-in', 'a.pem', '-passin', `pass:${unusual}`), leafKey);
    const text = await must('certtool', '--key-info', '--infile', 'a.pem', '--password', unusual);
    assert.match(text, /Public Key Algorithm: EC/);
  });

  for (const cipher of ['aes-128-cbc', 'aes-192-cbc', 'aes-256-cbc', 'des3']) {
    for (const prf of ['hmacWithSHA1', 'hmacWithSHA256', 'hmacWithSHA384', 'hmacWithSHA512']) {
      test(`we open ${cipher} with ${prf}`, async (t) => {
        if (!needs(t, 'openssl')) return;
        const { must, read } = await workshop(t);
        const how = ['-v2', cipher, '-v2prf', prf, '-passout', `pass:${password}`, '-outform', 'DER'];
        await must('openssl', 'pkcs8', '-topk8', '-in', 'leaf.key', ...how, '-out', 'a.der');
        const [algorithm, data] = children(readWhole(await read('a.der'), TAG.sequence));
        const ciphertext = expectTag(data, TAG.octetString).contents;
        assert.ok(algorithm);
        assert.deepEqual(
          decryptPbes2({ algorithm: algorithm.bytes, ciphertext }, password, () => {}),
          leafKey,
        );
      });
    }
  }
});

describe('the format of files that OpenSSL writes', () => {
  const files: Readonly<Record<string, readonly [format: string, command: string]>> = {
    'a request': ['csr', 'req -new -key leaf.key -subj /CN=x'],
    'a request with extensions': ['csr', 'req -new -key leaf.key -subj /CN=x -addext subjectAltName=DNS:x'],
    'a certificate of version 1': ['certificate', 'x509 -in leaf.pem -signkey leaf.key -clrext'],
    'an RSA key, PKCS#1': ['private-key', 'rsa -in rsa.pem -traditional'],
    'an RSA public key, PKCS#1': ['public-key', 'rsa -in rsa.pem -RSAPublicKey_out'],
    'an RSA public key': ['public-key', 'pkey -in rsa.pem -pubout'],
    'an Ed25519 key': ['private-key', 'genpkey -algorithm ed25519'],
    'an encrypted key': ['encrypted-private-key', 'pkcs8 -topk8 -in leaf.key -passout pass:x'],
    'a revocation list': ['crl', 'crl -in crl.pem'],
    'PKCS#7': ['pkcs7', 'crl2pkcs7 -nocrl -certfile leaf.pem'],
  };
  for (const [what, [format, command]] of Object.entries(files)) {
    test(`${what} is ${format}`, async (t) => {
      if (!needs(t, 'openssl')) return;
      const shop = await workshop(t);
      const { must, read } = shop;
      if (command.includes('rsa.pem')) await selfSigned(shop, 'rsa', 'rsa:2048');
      if (format === 'crl') await makeCrl(shop);
      await must('openssl', ...command.split(' '), '-outform', 'DER', '-out', 'a.der');
      assert.equal(detectFormat(await read('a.der')), format);
    });
  }
});
