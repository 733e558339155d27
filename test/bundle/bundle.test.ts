import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import { type BundleOptions, buildBundle } from '../../src/bundle/bundle.ts';
import { CONTENT_NAMES, CONTENTS, type Content } from '../../src/bundle/contents.ts';
import type { Material } from '../../src/bundle/material.ts';
import { readTemplate } from '../../src/bundle/template.ts';
import { zipBundle } from '../../src/bundle/zip.ts';
import type { FormatName } from '../../src/formats/formats.ts';
import { readJks } from '../../src/formats/jks.ts';
import { decodePem } from '../../src/formats/pem.ts';
import { readPkcs7 } from '../../src/formats/pkcs7.ts';
import { readPkcs12 as readP12 } from '../../src/formats/pkcs12.ts';
import {
  caMaterial,
  countingRandom,
  INTERMEDIATE,
  keylessMaterial,
  LEAF,
  LEAF_KEY_PKCS8,
  leafMaterial,
  material,
  NOW,
  ROOT,
} from '../support/fixtures.ts';
import { temporaryFolder } from '../support/temp.ts';
import { build, modeOf, packaged, paths, refusal, textOf, writeTemplate } from './support.ts';

const readPkcs12 = (bytes: Uint8Array, password: string) => readP12(bytes, { password });
const NAME = 'db1.example.test';
const PASSWORD = 'correct horse';

/** What one kind of content holds, with the given password. */
function contentBytes(name: keyof typeof CONTENTS, source = material): Promise<Uint8Array> {
  const content: Content = CONTENTS[name];
  const input = {
    material: source,
    keyAlias: 'mine',
    trustAlias: 'ca',
    password: PASSWORD,
    p12Profile: 'modern',
  } as const;
  return Promise.resolve(content.write({ ...input, now: NOW, random: countingRandom() }));
}

const pemOf = async (name: keyof typeof CONTENTS, source = material) => {
  const text = new TextDecoder().decode(await contentBytes(name, source));
  assert.match(text, /^-----BEGIN [\s\S]*-----\n$/);
  assert.doesNotMatch(text, /\r/);
  return decodePem(text).map((block) => ({ label: block.label, der: block.der }));
};

const certificates = (...ders: Uint8Array[]) => ders.map((der) => ({ label: 'CERTIFICATE', der }));
/** The bundle does not look into them. */
const LISTS = [Uint8Array.of(0x30, 1, 1), Uint8Array.of(0x30, 1, 2)];
const KEY = { label: 'PRIVATE KEY', der: LEAF_KEY_PKCS8 };

describe('the table of contents', () => {
  it('writes PEM: which certificates, and in which order', async () => {
    assert.deepEqual(await pemOf('leaf-pem'), certificates(LEAF));
    assert.deepEqual(await pemOf('chain-pem'), certificates(LEAF, INTERMEDIATE));
    assert.deepEqual(await pemOf('ca-pem'), certificates(ROOT));
    assert.deepEqual(await pemOf('ca-chain-pem'), certificates(INTERMEDIATE, ROOT));
    assert.deepEqual(await pemOf('key-pem'), [KEY]);
    assert.deepEqual(await pemOf('combined-pem'), [...certificates(LEAF, INTERMEDIATE), KEY]);
    assert.equal((await pemOf('key-traditional-pem'))[0]?.label, 'EC PRIVATE KEY');
  });

  it('writes the revocation lists of all CAs one after the other', async () => {
    const blocks = await pemOf('crl-pem', { ...material, crls: LISTS });
    assert.deepEqual(
      blocks,
      LISTS.map((der) => ({ label: 'X509 CRL', der })),
    );
  });

  it('writes DER and PKCS#7', async () => {
    assert.deepEqual(await contentBytes('leaf-der'), LEAF);
    assert.deepEqual(await contentBytes('ca-der'), ROOT);
    assert.equal(new Set(readPkcs7(await contentBytes('chain-p7b')).certificates.map(hex)).size, 3);
    assert.deepEqual(
      readPkcs7(await contentBytes('ca-p7b'))
        .certificates.map(hex)
        .sort(),
      [INTERMEDIATE, ROOT].map(hex).sort(),
    );
  });

  it('writes key stores with the chain and without the root', async () => {
    const entry = { kind: 'key', alias: 'mine', key: LEAF_KEY_PKCS8, chain: [LEAF, INTERMEDIATE] };
    assert.deepEqual(plain(readPkcs12(await contentBytes('key-p12'), PASSWORD)), plain([entry]));
    assert.deepEqual(plain(readJks(await contentBytes('key-jks'), { password: PASSWORD })), plain([entry]));
  });

  it('writes trust stores', async () => {
    const entry = (alias: string, certificate: Uint8Array) => ({ kind: 'trusted', alias, certificate });
    assert.deepEqual(plain(readPkcs12(await contentBytes('trust-p12'), PASSWORD)), plain([entry('ca', ROOT)]));
    assert.deepEqual(
      plain(readJks(await contentBytes('trust-jks'), { password: PASSWORD })),
      plain([entry('ca', ROOT)]),
    );
    assert.deepEqual(
      plain(readJks(await contentBytes('trust-chain-jks'), { password: PASSWORD })),
      plain([entry('ca', ROOT), entry('ca-2', INTERMEDIATE)]),
    );
  });

  for (const name of CONTENT_NAMES) {
    const { needsKey, needsLeaf } = CONTENTS[name];
    if (!needsKey && needsLeaf) {
      it(`makes ${name} without the key`, async () => {
        assert.ok((await contentBytes(name, keylessMaterial)).length > 0);
      });
    }
    if (needsLeaf) continue;
    it(`makes ${name} without a certificate`, async () => {
      assert.ok((await contentBytes(name, { ...caMaterial, crls: LISTS })).length > 0);
    });
  }

  it('refuses a DER file of no root at all', async () => {
    await assert.rejects(
      async () => contentBytes('ca-der', { ...material, roots: [] }),
      refusal('LOCAL_CA_CHAIN_INCOMPLETE', /no root certificate/),
    );
  });
});

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
/** Buffers and plain byte arrays compare as different; their hex does not. */
const plain = (value: unknown) =>
  JSON.parse(
    JSON.stringify(value, (_key, part) =>
      part instanceof Uint8Array ? hex(part) : part?.type === 'Buffer' ? hex(Uint8Array.from(part.data)) : part,
    ),
  );

describe('buildBundle', () => {
  it("makes the template's files, modes and secrets", async () => {
    const bundle = await build(material, 'generic');
    assert.deepEqual(
      bundle.files.map(({ path, mode, secret }) => [path, mode.toString(8), secret]),
      [
        [`${NAME}.crt.pem`, '644', false],
        [`${NAME}.chain.pem`, '644', false],
        [`${NAME}.key.pem`, '600', true],
        ['ca.pem', '644', false],
        ['README.md', '644', false],
      ],
    );
    assert.equal(bundle.zip.name, `${NAME}.zip`);
    assert.deepEqual(bundle.zip.files, bundle.files);
  });

  it('shows no key to a log or to JSON', async () => {
    const { files } = await build(material, 'generic');
    const key = files.find((file) => file.secret);
    assert.deepEqual(JSON.parse(JSON.stringify(key)), { path: `${NAME}.key.pem`, mode: 0o600, secret: true });
    for (const shown of [inspect(files, { depth: 9, showHidden: true }), JSON.stringify(files)]) {
      assert.doesNotMatch(shown, /PRIVATE|45, 45, 45|2d 2d|LS0t/);
    }
  });

  it('gives the same bytes twice for the same clock and randomness', async () => {
    const formats = ['pem', 'der', 'p7b', 'p12', 'jks'] as const;
    const [first, second] = await Promise.all([
      build(material, 'generic', { formats }),
      build(material, 'generic', { formats }),
    ]);
    assert.ok(first && second);
    assert.deepEqual(await zipBundle(first.files), await zipBundle(second.files));
    const other = await build(material, 'generic', { formats, random: countingRandom('other') });
    assert.notDeepEqual(await zipBundle(first.files), await zipBundle(other.files));
  });

  const formats: readonly (readonly [readonly FormatName[], readonly string[]])[] = [
    [['pem'], [`${NAME}.crt.pem`, `${NAME}.chain.pem`, `${NAME}.key.pem`, 'ca.pem']],
    [['der'], [`${NAME}.crt.der`, 'ca.der']],
    [['p7b'], [`${NAME}.p7b`, 'ca.p7b']],
    [['p12'], [`${NAME}.p12`, 'ca.p12', `${NAME}.password.txt`]],
    [['jks'], [`${NAME}.jks`, 'ca.jks', `${NAME}.password.txt`]],
    [
      ['jks', 'der'],
      [`${NAME}.crt.der`, 'ca.der', `${NAME}.jks`, 'ca.jks', `${NAME}.password.txt`],
    ],
  ];
  for (const [asked, expected] of formats) {
    it(`--format ${asked} makes exactly its usual files`, async () => {
      const bundle = await build(material, 'tencentdb-sqlserver', { formats: asked });
      assert.deepEqual(paths(bundle.files), [...expected, 'README.md']);
      assert.equal(bundle.zip.name, `${NAME}.zip`);
      assert.deepEqual(bundle.zip.files, bundle.files);
    });
  }

  it('has the revocation lists among its PEM files once there are any', async () => {
    const asked = async (crls: readonly Uint8Array[]) =>
      paths((await build({ ...caMaterial, crls }, 'generic', { formats: ['pem'] })).files);
    assert.deepEqual(
      [await asked(LISTS), await asked([])],
      [
        ['ca.pem', 'crl.pem', 'README.md'],
        ['ca.pem', 'README.md'],
      ],
    );
  });

  it('refuses an unknown format', async () => {
    const asked = ['pfx'] as unknown as FormatName[];
    await assert.rejects(build(material, 'generic', { formats: asked }), refusal('LOCAL_CA_FORMAT_UNKNOWN', /"pfx"/));
  });

  it('makes all that a CA alone can', async () => {
    const bundle = await build(caMaterial, 'generic');
    assert.deepEqual(paths(bundle.files), ['ca.pem', 'ca.der', 'ca.p7b', 'ca.p12', 'ca.jks', 'README.md']);
    assert.deepEqual(paths((await build(caMaterial, 'nginx')).files), ['ca.pem', 'README.md']);
    const asked = await build(caMaterial, 'generic', { formats: ['jks'], alias: 'our-ca', password: PASSWORD });
    const jks = asked.files.find((file) => file.path === 'ca.jks');
    assert.equal(readJks(jks?.bytes as Uint8Array, { password: PASSWORD })[0]?.alias, 'our-ca');
  });

  it('refuses a template that has nothing for a CA alone', async (t) => {
    const template = await readTemplate(writeTemplate(await temporaryFolder(t)));
    await assert.rejects(
      buildBundle(caMaterial, template, { now: NOW, random: countingRandom() }),
      refusal('LOCAL_CA_OPTION_INVALID', /has no file that could be made without a certificate/),
    );
  });

  it('takes the alias and the PKCS#12 profile', async () => {
    const options = { formats: ['p12'], alias: 'tomcat', password: PASSWORD } as const;
    const modern = await build(material, 'generic', options);
    const compat = await build(material, 'generic', { ...options, p12Profile: 'compat' });
    const stores = [modern, compat].map(
      ({ files }) => files.find((file) => file.path === `${NAME}.p12`)?.bytes as Uint8Array,
    );
    for (const store of stores) assert.equal(readPkcs12(store, PASSWORD)[0]?.alias, 'tomcat');
    // pbeWithSHAAnd3-KeyTripleDES-CBC, 1.2.840.113549.1.12.1.3
    const tripleDes = Buffer.from('060a2a864886f70d010c0103', 'hex');
    assert.deepEqual(
      stores.map((store) => Buffer.from(store).includes(tripleDes)),
      [false, true],
    );
  });
});

describe('a label or a template that would leave the bundle', () => {
  it('is refused for a label', async () => {
    await assert.rejects(
      build({ ...material, label: '../../etc/x' }, 'generic'),
      refusal('LOCAL_CA_PATH_INVALID', /climbs out/),
    );
  });

  it('is refused when two files have one name, whatever their case', async (t) => {
    const file = { content: 'ca-pem', audience: 'client', about: 'x' };
    const files = [
      { ...file, path: '{{label}}.pem' },
      { ...file, path: `${NAME}.PEM` },
    ];
    const template = await readTemplate(writeTemplate(await temporaryFolder(t), { files }));
    await assert.rejects(
      buildBundle(material, template, { now: NOW, random: countingRandom() }),
      refusal('LOCAL_CA_TEMPLATE_INVALID', /two files are called ".*\.PEM"/),
    );
  });

  it('names the file with the unknown placeholder', async (t) => {
    const folder = writeTemplate(join(await temporaryFolder(t), 'mine'), {}, { 'README.md': '{{oops}}' });
    await assert.rejects(
      buildBundle(material, await readTemplate(folder), { now: NOW, random: countingRandom() }),
      refusal('LOCAL_CA_TEMPLATE_INVALID', /mine\/README\.md: unknown placeholder \{\{oops\}\}/),
    );
  });
});

describe('the private key that was not kept', () => {
  it('is left out, and the README says so', async () => {
    const { files } = await build(keylessMaterial, 'nginx');
    assert.deepEqual(paths(files), [`${NAME}.chain.pem`, 'ca.pem', 'README.md']);
    assert.match(
      textOf(files, 'README.md'),
      /The private key is not here, .* left out: it is where the certificate or its request was made\./,
    );
    assert.doesNotMatch(textOf(files, 'README.md'), /key\.pem|nginx\.conf/);
  });

  for (const [template, profile, combined] of [
    ['haproxy', 'server', `${NAME}.pem`],
    ['mongodb', 'peer', 'mongodb.pem'],
    ['mongodb', 'client', 'client.pem'],
    ['xfserver', 'server', 'rsynd.pem'],
  ] as const) {
    it(`leaves the certificate of ${template} for a ${profile}, and says what to make of it`, async (t) => {
      const leaf = { ...keylessMaterial.leaf, profile } as NonNullable<typeof keylessMaterial.leaf>;
      const { files } = await build({ ...keylessMaterial, leaf }, template);
      const readme = textOf(files, 'README.md');
      const chain = textOf(files, `${NAME}.chain.pem`);
      assert.match(
        readme,
        new RegExp(`^\\| \`${NAME}\\.chain\\.pem\` \\| The certificate with the intermediates`, 'm'),
      );
      const [, command = ''] = /makes `[^`]+`:\n\n```sh\n(.*)\n```\n/.exec(readme) ?? [];
      assert.equal(command, `(umask 077 && cat ${NAME}.chain.pem KEY > ${combined})`);
      if (process.platform === 'win32') return;
      const cwd = await temporaryFolder(t);
      const key = new TextDecoder().decode(await contentBytes('key-pem'));
      writeFileSync(join(cwd, `${NAME}.chain.pem`), chain);
      writeFileSync(join(cwd, 'KEY'), key);
      execFileSync('sh', ['-c', command], { cwd });
      assert.equal(readFileSync(join(cwd, combined), 'utf8'), chain + key);
      assert.equal(modeOf(join(cwd, combined)), 0o600);
    });
  }

  it('leaves the certificate where a store alone had it', async () => {
    const leaf = { ...keylessMaterial.leaf, profile: 'client' } as NonNullable<typeof keylessMaterial.leaf>;
    const { files } = await build({ ...keylessMaterial, leaf }, 'java-client');
    assert.equal(
      textOf(files, `${NAME}.chain.pem`),
      textOf((await build(material, 'nginx')).files, `${NAME}.chain.pem`),
    );
    assert.doesNotMatch(textOf(files, 'README.md'), /umask/);
  });

  it('adds no certificate where none was left out', async () => {
    const { files } = await build(keylessMaterial, 'java-client');
    assert.ok(!paths(files).includes(`${NAME}.chain.pem`), paths(files).join());
  });

  it('leaves the public PEM files', async () => {
    const { files } = await build(keylessMaterial, 'generic', { formats: ['pem'] });
    assert.deepEqual(paths(files), [`${NAME}.crt.pem`, `${NAME}.chain.pem`, 'ca.pem', 'README.md']);
  });

  for (const format of ['p12', 'jks'] as const) {
    it(`is an error when a ${format} is asked for`, async () => {
      await assert.rejects(
        build(keylessMaterial, 'generic', { formats: [format] }),
        refusal(
          'LOCAL_CA_KEY_NOT_KEPT',
          new RegExp(`${NAME}\\.${format} needs the private key of "${NAME}", which is not here`),
        ),
      );
    });
  }
});

describe('passwords', () => {
  const store = (options: Partial<BundleOptions>) => build(material, 'generic', { formats: ['p12'], ...options });

  it('makes one up for a key store, in a secret file of its own', async () => {
    const { files } = await store({});
    const password = textOf(files, `${NAME}.password.txt`).trim();
    assert.match(password, /^[0-9a-hjkmnp-tv-z]{20}$/);
    assert.deepEqual(files.find((file) => file.path === `${NAME}.password.txt`)?.mode, 0o600);
    const bytes = files.find((file) => file.path === `${NAME}.p12`)?.bytes as Uint8Array;
    assert.equal(readPkcs12(bytes, password).length, 1);
    const readme = textOf(files, 'README.md');
    assert.ok(!readme.includes(password));
    assert.match(readme, /`db1\.example\.test\.p12` opens with the password in `db1\.example\.test\.password\.txt`/);
    assert.match(readme, /`ca\.p12` opens with the password `changeit`, which guards nothing/);
  });

  it('takes the one that is given, and writes it nowhere', async () => {
    const { files } = await store({ password: PASSWORD });
    assert.deepEqual(paths(files), [`${NAME}.p12`, 'ca.p12', 'README.md']);
    for (const file of files.slice(0, 2)) assert.equal(readPkcs12(file.bytes, PASSWORD).length, 1);
    assert.ok(!textOf(files, 'README.md').includes(PASSWORD));
    assert.match(textOf(files, 'README.md'), /`ca\.p12` open with the password that you gave/);
  });

  it("takes the template's for trust stores", async () => {
    const { files } = await build(material, 'tencentdb-sqlserver');
    const jks = files.find((file) => file.path === 'ca.jks')?.bytes as Uint8Array;
    assert.equal(readJks(jks, { password: 'tencentdb' }).length, 2);
  });

  it('refuses an empty one', async () => {
    await assert.rejects(store({ password: '' }), refusal('LOCAL_CA_PASSWORD_REQUIRED', /is empty/));
  });

  it('refuses one that would protect nothing', async () => {
    await assert.rejects(
      build(material, 'generic', { password: PASSWORD }),
      refusal('LOCAL_CA_OPTION_INVALID', /none of these files has one: PEM keys stay unencrypted/),
    );
  });
});

describe("TencentDB's zip", () => {
  it('holds the trio and nothing secret', async () => {
    const { zip, files } = await build(material, 'tencentdb-sqlserver');
    assert.equal(zip.name, 'TencentDB-SSL-CA.zip');
    assert.deepEqual(paths(zip.files), ['ca.p7b', 'ca.jks', 'ca.pem']);
    const bytes = Buffer.from(await zipBundle(zip.files));
    const pem = textOf(files, `${NAME}.key.pem`);
    const scalar = LEAF_KEY_PKCS8.subarray(36, 68);
    for (const secret of [pem.split('\n')[1] as string, LEAF_KEY_PKCS8, scalar, 'PRIVATE KEY', LEAF]) {
      assert.ok(!bytes.includes(Buffer.from(secret)));
    }
    // The search finds what it looks for where it is.
    const everything = Buffer.from(await zipBundle(files));
    assert.ok(everything.includes(pem.split('\n')[1] as string) && everything.includes('PRIVATE KEY'));
    assert.ok(bytes.includes(Buffer.from(ROOT)));
  });
});

describe('the README of a certificate that serves nobody', () => {
  const say = async (profile: string, options: Partial<BundleOptions> = {}) => {
    const source = { ...material, label: 'bob', leaf: { ...leafMaterial, names: ['bob'], profile } };
    return textOf((await build(source, 'generic', options)).files, 'README.md');
  };

  for (const profile of ['client', 'email', 'code-signing']) {
    it(`asks nobody to connect to it: ${profile}`, async () => {
      const readme = await say(profile);
      assert.doesNotMatch(readme, /https:\/\/bob|s_client|--host|the server/);
      assert.ok(readme.includes(`local-ca verify bob.chain.pem --ca ca.pem --purpose ${profile}\n`));
      const curl = 'curl --cert bob.chain.pem --key bob.key.pem --cacert ca.pem https://SERVER:443/\n';
      assert.equal(readme.includes(curl), profile === 'client');
    });

    it(`says how to import its PKCS#12: ${profile}`, async () => {
      const readme = await say(profile, { formats: ['p12'] });
      assert.ok(readme.includes('certutil -user -p PASSWORD -importPFX bob.p12'));
      assert.match(readme, /Keychain Access .* `--p12-profile compat`[\s\S]*Firefox/);
      assert.match(readme, /file and its password by separate ways/);
      assert.ok(readme.includes(`local-ca verify bob.p12 --purpose ${profile} --password-file bob.password.txt\n`));
      const curl = 'curl --cert-type P12 --cert bob.p12:PASSWORD https://SERVER:443/\n';
      assert.equal(readme.includes(curl), profile === 'client');
    });
  }

  it('is still about a server for a peer', async () => {
    const readme = await say('peer', { formats: ['pem', 'p12'] });
    assert.match(readme, /curl --cacert ca\.pem https:\/\/bob:443\/[\s\S]*--host bob\n[\s\S]*probe tls:\/\/bob:443 /);
    assert.doesNotMatch(readme, /SERVER|--purpose|importPFX/);
  });
});

describe('the README of a CA alone', () => {
  it('has the lines to connect to SQL Server, with a placeholder', async () => {
    const readme = textOf((await build(caMaterial, 'tencentdb-sqlserver')).files, 'README.md');
    for (const line of [
      'jdbc:sqlserver://SERVER:1433;',
      '    host = SERVER\n',
      'Server=tcp:SERVER,1433;',
      '`SERVER` stands for',
    ]) {
      assert.ok(readme.includes(line), line);
    }
    assert.match(
      readme,
      /\nsudo install -D -m 0644 ca\.pem \/etc\/ssl\/local-ca\/ca\.pem\n[\s\S]*ca file = \/etc\/ssl\/local-ca\/ca\.pem\n/,
    );
    assert.doesNotMatch(readme, /local-ca verify|mssql-conf/);
  });

  it('claims no more files than are needed', async () => {
    const readme = textOf((await build(caMaterial, 'generic')).files, 'README.md');
    assert.doesNotMatch(readme, /`ca\.pem` and nothing else/);
    const jks = textOf((await build(caMaterial, 'generic', { formats: ['jks'] })).files, 'README.md');
    assert.match(jks, /## Trust[\s\S]*trustStore=ca\.jks /);
  });
});

describe("SQL Server's README", () => {
  it('puts no placeholder where the host is known, and speaks of Windows', async () => {
    const readme = textOf((await build(material, 'tencentdb-sqlserver')).files, 'README.md');
    assert.doesNotMatch(readme, /SERVER(?!-IP| STATE)/);
    assert.match(readme, /SQL Server on Windows wants a `\.pfx` .* the template `sqlserver` makes/);
  });
});

describe('what the README says of renewal', () => {
  const say = async (leaf: object) =>
    textOf((await build({ ...material, leaf: { ...leafMaterial, ...leaf } }, 'generic')).files, 'README.md');

  it('is one command, since all else is on record', async () => {
    assert.match(
      await say({}),
      /stops working after [\s\S]*```sh\nlocal-ca renew db1\.example\.test\n```[\s\S]*reload the server/,
    );
    assert.doesNotMatch(await say({ profile: 'client' }), /local-ca renew [\s\S]{0,200}reload the server/);
  });

  it('is a new request for a certificate of another CA', async () => {
    assert.match(await say({ foreign: true }), /```sh\nlocal-ca csr create --renew db1\.example\.test\n```/);
  });
});

describe('what the README says', () => {
  it('is true of the certificate', async () => {
    const readme = textOf((await build(material, 'generic')).files, 'README.md');
    const certificate = new X509Certificate(LEAF);
    assert.ok(readme.includes(certificate.fingerprint256));
    assert.ok(readme.includes(new X509Certificate(ROOT).fingerprint256));
    assert.ok(readme.includes(new Date(certificate.validTo).toISOString().slice(0, 10)));
  });

  const commands: readonly (readonly [readonly string[], RegExp])[] = [
    [['10.0.0.5'], /--host 10\.0\.0\.5\n[\s\S]*probe tls:\/\/10\.0\.0\.5:443 --ca ca\.pem\n/],
    [['::1'], /--host ::1\n[\s\S]*probe 'tls:\/\/\[::1\]:443' --ca ca\.pem\n/],
    [['10.0.0.5', 'a.test'], /probe tls:\/\/a\.test:443 /],
    [['*.a.test'], /--host www\.a\.test\n/],
  ];
  for (const [names, command] of commands) {
    it(`fits ${names}`, async () => {
      const { files } = await build({ ...material, leaf: { ...leafMaterial, names } }, 'generic');
      assert.match(textOf(files, 'README.md'), command);
    });
  }

  it('gives Node a name for SNI, and no address', async () => {
    const readme = async (name: string) => {
      const { files } = await build({ ...material, leaf: { ...leafMaterial, names: [name] } }, 'node');
      return textOf(files, 'README.md');
    };
    assert.match(await readme('a.test'), /host: 'a\.test', port: 8443, servername: 'a\.test', ca:/);
    assert.match(await readme('10.0.0.5'), /host: '10\.0\.0\.5', port: 8443, ca:/);
  });

  it('tells of the chain that Tomcat leaves out where there is one', async () => {
    const readme = async (source: Material) => textOf((await build(source, 'tomcat')).files, 'README.md');
    assert.match(await readme(material), /OpenSSLLifecycleListener/);
    assert.doesNotMatch(await readme({ ...material, intermediates: [] }), /OpenSSLLifecycleListener/);
  });

  it('asks nobody to connect to an e-mail address', async () => {
    const leaf = { ...leafMaterial, names: ['a@b.test'], profile: 'client' };
    const readme = textOf((await build({ ...material, leaf }, 'generic')).files, 'README.md');
    assert.doesNotMatch(readme, /curl --cacert|s_client|--host|reload the server/);
    assert.match(readme, /For the owner of the certificate:/);
  });

  it('cannot be broken by a common name', async (t) => {
    const leaf = { ...leafMaterial, commonName: 'x\n}\nload_module evil.so;' };
    const render = [{ file: 'a.conf', audience: 'server', about: 'x' }];
    const folder = writeTemplate(await temporaryFolder(t), { render }, { 'a.conf': '# {{leaf.commonName}}' });
    const { files } = await buildBundle({ ...material, leaf }, await readTemplate(folder), {
      now: NOW,
      random: countingRandom(),
    });
    assert.equal(textOf(files, 'a.conf'), '# x } load_module evil.so;\n');
  });

  it('warns of what concerns this certificate only', async () => {
    assert.match((await build(material, 'tencentdb-sqlserver')).warnings.join(), /FreeTDS .* wildcard/);
    const leaf = { ...leafMaterial, names: [NAME] };
    assert.deepEqual((await build({ ...material, leaf }, 'tencentdb-sqlserver')).warnings, []);
  });

  it('says why the key type, when it is the one', async () => {
    const leaf = { ...leafMaterial, keyType: 'rsa-2048' };
    const { keyTypeWhy } = await packaged('tencentdb-sqlserver');
    const say = async (source: typeof material) =>
      textOf((await build(source, 'tencentdb-sqlserver')).files, 'README.md');
    assert.ok((await say({ ...material, leaf })).includes(`The key is rsa-2048: ${keyTypeWhy}`));
    assert.ok(!(await say(material)).includes(keyTypeWhy as string));
  });
});
