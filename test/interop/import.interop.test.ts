/** CAs that other tools made, taken over by the real command line: what they sign from then on must verify. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import {
  authorityKeyIdOf,
  type Certificate,
  extensionValue,
  parseCertificate,
  subjectKeyIdOf,
} from '../../src/core/parse.ts';
import type { ErrorCode } from '../../src/errors.ts';
import { certificatesIn } from '../../src/formats/pem.ts';
import { localCa, localCaJson } from '../support/cli.ts';
import { must, needs, run } from '../support/peers.ts';
import { temporaryFolder } from '../support/temp.ts';
import { type ForeignAuthority, generate, MAKERS, openssl, ROOT, selfSign } from './foreign-authorities.ts';

const first = (file: string): Certificate => parseCertificate(certificatesIn(readFileSync(file))[0] as Uint8Array);

const hex = (bytes: Uint8Array = new Uint8Array()) => Buffer.from(bytes).toString('hex');

interface TakenOver {
  readonly folder: string;
  readonly authority: Certificate;
  readonly leaf: Certificate;
}

/** `init` from these files, then `issue`: `out/` has the chain, the key and the CA. */
async function takeOver(folder: string, foreign: ForeignAuthority, passphrase?: string): Promise<TakenOver> {
  const options = { home: join(folder, 'home'), cwd: folder, env: { LOCAL_CA_PASSPHRASE: passphrase } };
  const from = ['--from-cert', foreign.certificate, '--from-key', foreign.key];
  const { root } = await localCaJson<{ root: { certificate: string } }>(['init', '--yes', ...from], options);
  const given = certificatesIn(readFileSync(foreign.certificate)).map((der) => hex(der));
  assert.ok(given.includes(hex(first(root.certificate).der)), `${root.certificate} is not what was taken over`);
  await localCaJson(['issue', 'db.example.test', '--out', 'out'], options);
  return { folder, authority: first(foreign.certificate), leaf: first(join(folder, 'out', 'db.example.test.crt.pem')) };
}

async function verifies({ folder }: TakenOver, ...flags: readonly string[]): Promise<void> {
  const [chain, ca] = [join(folder, 'out', 'db.example.test.chain.pem'), join(folder, 'out', 'ca.pem')];
  const wishes = ['-purpose', 'sslserver', '-verify_hostname', 'db.example.test', ...flags];
  await must('openssl', ['verify', ...wishes, '-CAfile', ca, '-untrusted', chain, chain]);
}

/** Byte for byte: the identifier of the foreign CA, and its name. */
function pointsTo({ leaf, authority }: TakenOver): void {
  assert.equal(hex(leaf.issuer), hex(authority.subject));
  assert.notEqual(hex(subjectKeyIdOf(authority)), '');
  assert.equal(hex(authorityKeyIdOf(leaf)), hex(subjectKeyIdOf(authority)));
}

describe('a CA made by', () => {
  for (const { title, programs, passphrase, intermediate, lenient, make } of MAKERS) {
    test(title, async (t) => {
      if (!needs(t, 'openssl', ...programs)) return;
      const folder = temporaryFolder(t);
      const taken = await takeOver(folder, await make(folder), passphrase);
      pointsTo(taken);
      await verifies(taken, ...(lenient === undefined ? ['-x509_strict'] : []));
      const chain = certificatesIn(readFileSync(join(folder, 'out', 'db.example.test.chain.pem')));
      assert.equal(chain.length, intermediate ? 2 : 1);
      const kept = await keptKeys(folder);
      assert.match(kept, passphrase === undefined ? /BEGIN PRIVATE KEY/ : /BEGIN ENCRYPTED PRIVATE KEY/);
    });
  }
});

/** The home of a CA that was taken over has its key in one form. */
async function keptKeys(folder: string): Promise<string> {
  const { stdout } = await run('sh', ['-c', 'cat home/ca/*.key.pem'], { cwd: folder });
  return stdout;
}

/** A test's folder with a fresh key in it, or undefined where openssl is missing. */
async function withKey(t: TestContext): Promise<string | undefined> {
  if (!needs(t, 'openssl')) return undefined;
  const folder = temporaryFolder(t);
  await generate(folder);
  return folder;
}

describe('an odd CA is taken over:', () => {
  test('its key identifier is no hash of its key', async (t) => {
    const folder = await withKey(t);
    if (folder === undefined) return;
    const taken = await takeOver(
      folder,
      await selfSign(folder, [...ROOT, 'subjectKeyIdentifier=0102030405', 'authorityKeyIdentifier=none']),
    );
    assert.equal(hex(subjectKeyIdOf(taken.authority)), '0102030405');
    pointsTo(taken);
    await verifies(taken, '-x509_strict');
  });

  test('it has no key identifier', async (t) => {
    const folder = await withKey(t);
    if (folder === undefined) return;
    const bare = ['subjectKeyIdentifier=none', 'authorityKeyIdentifier=none'];
    const taken = await takeOver(folder, await selfSign(folder, [...ROOT, ...bare]));
    assert.equal(subjectKeyIdOf(taken.authority), undefined);
    await verifies(taken);
  });

  test('it has no keyUsage', async (t) => {
    const folder = await withKey(t);
    if (folder === undefined) return;
    const taken = await takeOver(folder, await selfSign(folder, ['basicConstraints=critical,CA:TRUE']));
    assert.equal(extensionValue(taken.authority, '2.5.29.15'), undefined);
    pointsTo(taken);
    await verifies(taken);
  });

  test('an intermediate without its root', async (t) => {
    const folder = await withKey(t);
    if (folder === undefined) return;
    await selfSign(folder);
    await openssl(folder, 'genpkey', '-algorithm', 'ED25519', '-out', 'sub.key');
    await openssl(folder, 'req', '-new', '-key', 'sub.key', '-subj', '/CN=Sub', '-out', 'sub.csr');
    const extensions = [
      ...ROOT.map((line) => line.replace('=', ' = ')),
      'subjectKeyIdentifier = hash',
      'authorityKeyIdentifier = keyid',
    ];
    writeFileSync(join(folder, 'ext'), extensions.join('\n'));
    const signed = ['-CA', 'ca.pem', '-CAkey', 'key.pem', '-days', '90', '-extfile', 'ext'];
    await openssl(folder, 'x509', '-req', '-in', 'sub.csr', ...signed, '-out', 'sub.pem');
    const taken = await takeOver(folder, { certificate: join(folder, 'sub.pem'), key: join(folder, 'sub.key') });
    pointsTo(taken);
    await verifies(taken, '-x509_strict', '-partial_chain');
  });

  // The masks of OpenSSL's asn1.h: each lets it write the name in one type of string only.
  for (const [type, mask, tag] of [
    ['TeletexString', '0x0004', 0x14],
    ['BMPString', '0x0800', 0x1e],
  ] as const) {
    test(`its name is a ${type}`, async (t) => {
      const folder = await withKey(t);
      if (folder === undefined) return;
      const config = `[req]\nprompt = no\nutf8 = yes\nstring_mask = MASK:${mask}\ndistinguished_name = dn\n[dn]\nO = Tést\nCN = Ünïcode CA\n`;
      writeFileSync(join(folder, 'config'), config);
      const files = ['-key', 'key.pem', '-out', 'ca.pem', '-days', '900', '-config', 'config'];
      const added = [...ROOT, 'subjectKeyIdentifier=hash', 'authorityKeyIdentifier=keyid'].flatMap((one) => [
        '-addext',
        one,
      ]);
      await openssl(folder, 'req', '-x509', '-new', ...files, ...added);
      const taken = await takeOver(folder, { certificate: join(folder, 'ca.pem'), key: join(folder, 'key.pem') });
      assert.ok(taken.authority.subject.includes(tag));
      pointsTo(taken);
      await verifies(taken, '-x509_strict');
      const { name } = await localCaJson<{ name: string }>(
        ['init', '--yes', '--from-cert', 'ca.pem', '--from-key', 'key.pem'],
        {
          home: join(folder, 'second'),
          cwd: folder,
        },
      );
      assert.equal(name, 'Ünïcode CA');
    });
  }
});

interface Refused {
  readonly title: string;
  readonly code: ErrorCode;
  readonly says: RegExp;
  readonly programs?: readonly string[];
  readonly make: (folder: string) => Promise<ForeignAuthority>;
}

const inFolder = (folder: string, certificate: string, key = 'key.pem') => ({
  certificate: join(folder, certificate),
  key: join(folder, key),
});

const REFUSED: readonly Refused[] = [
  {
    title: 'X.509 version 1',
    code: 'LOCAL_CA_CA_UNFIT',
    says: /version 1 certificate/,
    make: async (folder) => {
      await openssl(folder, 'req', '-new', '-key', 'key.pem', '-subj', '/CN=Old CA', '-out', 'old.csr');
      await openssl(folder, 'x509', '-req', '-in', 'old.csr', '-signkey', 'key.pem', '-days', '90', '-out', 'old.pem');
      return inFolder(folder, 'old.pem');
    },
  },
  {
    title: 'no keyCertSign',
    code: 'LOCAL_CA_CA_UNFIT',
    says: /keyUsage lacks keyCertSign/,
    make: (folder) => selfSign(folder, ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,cRLSign']),
  },
  {
    title: 'no CA:TRUE',
    code: 'LOCAL_CA_CA_UNFIT',
    says: /basicConstraints do not say CA:TRUE/,
    make: (folder) => selfSign(folder, ['basicConstraints=critical,CA:FALSE']),
  },
  {
    title: 'expired',
    code: 'LOCAL_CA_CA_EXPIRED',
    says: /^the CA CN=Foreign CA,O=Foreign expired on 2020-01-31/,
    programs: ['faketime'],
    make: async (folder) => {
      const flags = ['-key', 'key.pem', '-out', 'ca.pem', '-days', '30', '-subj', '/O=Foreign/CN=Foreign CA'];
      await must('faketime', ['2020-01-01 12:00:00', 'openssl', 'req', '-x509', '-new', ...flags], { cwd: folder });
      return inFolder(folder, 'ca.pem');
    },
  },
  {
    title: "another CA's key",
    code: 'LOCAL_CA_KEY_MISMATCH',
    says: /does not belong to the certificate \(CN=Foreign CA,O=Foreign\)/,
    make: async (folder) => {
      await selfSign(folder);
      await openssl(folder, 'genpkey', '-algorithm', 'ED25519', '-out', 'other.pem');
      return inFolder(folder, 'ca.pem', 'other.pem');
    },
  },
  {
    title: 'a key of a kind that local-ca does not have',
    code: 'LOCAL_CA_KEY_INVALID',
    says: /private key/,
    make: async (folder) => {
      await generate(folder, ['ED448']);
      return selfSign(folder);
    },
  },
  {
    title: 'the files swapped',
    code: 'LOCAL_CA_KEY_INVALID',
    says: /private key cannot be read/,
    make: async (folder) => {
      await selfSign(folder);
      return inFolder(folder, 'key.pem', 'ca.pem');
    },
  },
];

describe('a CA is refused, and no home is made:', () => {
  for (const { title, code, says, programs = [], make } of REFUSED) {
    test(title, async (t) => {
      const folder = await withKey(t);
      if (folder === undefined || !needs(t, ...programs)) return;
      const { certificate, key } = await make(folder);
      const home = join(folder, 'home');
      const from = ['--from-cert', certificate, '--from-key', key];
      const { status, stdout } = await localCa(['init', '--yes', '--json', ...from], { home });
      assert.equal(status, 1, stdout);
      const { error } = JSON.parse(stdout);
      assert.equal(error.code, code, stdout);
      assert.match(error.message, says);
      assert.notEqual(error.hint, '');
      assert.equal((await localCa(['list'], { home })).stderr.startsWith(`local-ca: there is no CA at ${home}`), true);
    });
  }
});
