/** Certificate requests of ours, as foreign programs read and sign them. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { systemAmbient } from '../../src/ambient.ts';
import { describeCertificate } from '../../src/core/describe.ts';
import { generateKey } from '../../src/core/keys.ts';
import { makeRequest } from '../../src/core/make-csr.ts';
import { parseNames } from '../../src/core/names.ts';
import { parseCertificate } from '../../src/core/parse.ts';
import { findLeafProfile } from '../../src/core/profiles.ts';
import { keySigner } from '../../src/core/signer.ts';
import { encodeSubject, parseSubject } from '../../src/core/subject.ts';
import { certificatesIn, encodePem } from '../../src/formats/pem.ts';
import { must, needs, run } from '../support/peers.ts';
import { makeCa } from '../support/pki.ts';
import { temporaryFolder } from '../support/temp.ts';

const program = (file: string) => fileURLToPath(new URL(`programs/${file}`, import.meta.url));
const folder = temporaryFolder();
const at = (name: string) => join(folder, name);

interface Wish {
  readonly keyType?: string;
  readonly subject?: string;
  readonly profile?: string;
  readonly challengePassword?: string;
}

const NAMES = [
  'db.a.test',
  '*.a.test',
  'bücher.test',
  '10.0.0.5',
  'fd00::1',
  'me@a.test',
  'https://a.test/x',
  'spiffe://a.test/db',
];

/** As Go, Java and Python print them, a line each. */
const FACTS = [
  'signature good',
  'dns db.a.test',
  'dns *.a.test',
  'dns xn--bcher-kva.test',
  'ip 10.0.0.5',
  'ip fd00::1',
  'email me@a.test',
  'uri https://a.test/x',
  'uri spiffe://a.test/db',
  '',
].join('\n');

const SUBJECT = '/CN=db.a.test/ST=Sachsen/C=DE/emailAddress=me@a.test/O=Bücher AG';

/** NAME.csr and NAME.pem, with a name of every kind. */
async function writeRequest(name: string, { keyType = 'p256', subject = SUBJECT, ...wish }: Wish): Promise<void> {
  const key = await generateKey(keyType, systemAmbient);
  const fields = {
    subject: encodeSubject(subject === '' ? [] : parseSubject(subject)),
    names: parseNames(NAMES),
    profile: findLeafProfile(wish.profile ?? 'peer'),
    ...(wish.challengePassword === undefined ? {} : { challengePassword: wish.challengePassword }),
  };
  const der = await makeRequest(fields, await keySigner(key, systemAmbient));
  await writeFile(at(`${name}.csr`), der);
  await writeFile(at(`${name}.pem`), encodePem('CERTIFICATE REQUEST', der));
}

const OPENSSL_NAMES =
  'DNS:db.a.test, DNS:*.a.test, DNS:xn--bcher-kva.test, IP Address:10.0.0.5, IP Address:FD00:0:0:0:0:0:0:1, ' +
  'email:me@a.test, URI:https://a.test/x, URI:spiffe://a.test/db';

const BRAINPOOL = 'brainpoolP384r1';
for (const keyType of ['p256', 'rsa-2048', 'p521', 'ed25519', BRAINPOOL]) {
  describe(`a request with a ${keyType} key`, () => {
    before(() => writeRequest(keyType, { keyType }));

    test('OpenSSL', async (t) => {
      if (!needs(t, 'openssl')) return;
      const args = ['req', '-verify', '-noout', '-text', '-nameopt', 'RFC2253,-esc_msb', '-in', at(`${keyType}.pem`)];
      const { status, stdout, stderr } = await run('openssl', args);
      assert.equal(status, 0, stderr);
      assert.match(stderr, /self-signature verify OK/);
      assert.match(stdout, /Version: 1 \(0x0\)/);
      assert.match(stdout, /Subject: O=Bücher AG,emailAddress=me@a\.test,C=DE,ST=Sachsen,CN=db\.a\.test\n/);
      assert.ok(stdout.includes(OPENSSL_NAMES), stdout);
      const usage = keyType === 'rsa-2048' ? 'Digital Signature, Key Encipherment' : 'Digital Signature';
      assert.ok(stdout.includes(`X509v3 Key Usage: critical\n                    ${usage}\n`), stdout);
      assert.match(stdout, /Extended Key Usage: \n +TLS Web Server Authentication, TLS Web Client Authentication\n/);
      assert.match(stdout, /Basic Constraints: critical\n +CA:FALSE\n/);
    });

    test('GnuTLS', { skip: keyType === BRAINPOOL && 'GnuTLS knows no brainpool curve' }, async (t) => {
      if (!needs(t, 'certtool')) return;
      const text = await must('certtool', ['--crq-info', '--infile', at(`${keyType}.pem`)]);
      assert.match(text, /Self signature: verified/);
      assert.match(text, /DNSname: xn--bcher-kva\.test[\s\S]*IPAddress: fd00::1\n[\s\S]*URI: spiffe:\/\/a\.test\/db\n/);
    });

    test('keytool', { skip: keyType === BRAINPOOL && 'Java knows no brainpool curve' }, async (t) => {
      if (!needs(t, 'keytool')) return;
      const text = await must('keytool', ['-J-Duser.language=en', '-printcertreq', '-file', at(`${keyType}.pem`)]);
      assert.match(text, /PKCS #10 Certificate Request \(Version 1\.0\)/);
      assert.match(text, /DNSName: \*\.a\.test[\s\S]*RFC822Name: me@a\.test/);
    });

    test('Go', { skip: keyType === BRAINPOOL && 'Go knows no brainpool curve' }, async (t) => {
      if (!needs(t, 'go')) return;
      assert.equal(await must('go', ['run', program('read.go'), 'csr', at(`${keyType}.csr`)]), FACTS);
    });

    test('Python cryptography', async (t) => {
      if (!needs(t, 'python-cryptography')) return;
      assert.equal(await must('python-cryptography', [program('read.py'), 'csr', at(`${keyType}.csr`)]), FACTS);
    });
  });
}

test('without a subject the names are critical', async (t) => {
  if (!needs(t, 'openssl')) return;
  await writeRequest('no-subject', { subject: '' });
  const text = await must('openssl', ['req', '-verify', '-noout', '-text', '-in', at('no-subject.pem')]);
  assert.match(text, /Subject: *\n[\s\S]*X509v3 Subject Alternative Name: critical\n/);
});

test('a challenge password, plain and not', async (t) => {
  if (!needs(t, 'openssl', 'certtool')) return;
  for (const challengePassword of ['Plain words (1)', 'p@ss_wörd']) {
    await writeRequest('password', { challengePassword });
    const text = await must('openssl', ['req', '-verify', '-noout', '-text', '-in', at('password.pem')]);
    assert.match(text, /challengePassword +:/);
    const gnutls = await must('certtool', ['--crq-info', '--infile', at('password.pem')]);
    assert.match(gnutls, /Self signature: verified/);
    assert.ok(gnutls.includes(`Challenge password: ${challengePassword}\n`), gnutls);
  }
});

describe('another CA signs', () => {
  before(async () => {
    const ca = await makeCa('CN=Other CA', { notAfter: new Date(Date.now() + 400 * 86_400_000) });
    await writeFile(at('ca.pem'), encodePem('CERTIFICATE', ca.certificate.der));
    await writeFile(at('ca.key'), encodePem('PRIVATE KEY', ca.key.toPkcs8()));
    await writeRequest('wish', {});
  });

  const ask = [
    '--load-request',
    at('wish.pem'),
    '--load-ca-certificate',
    at('ca.pem'),
    '--load-ca-privkey',
    at('ca.key'),
  ];
  const SIGNERS: Readonly<Record<string, { program: string; args: readonly string[] }>> = {
    OpenSSL: {
      program: 'openssl',
      args: [
        ...['x509', '-req', '-in', at('wish.pem'), '-CA', at('ca.pem'), '-CAkey', at('ca.key')],
        ...['-set_serial', '5', '-days', '10', '-copy_extensions', 'copyall', '-out', at('OpenSSL.crt')],
      ],
    },
    GnuTLS: {
      program: 'certtool',
      args: ['--generate-certificate', ...ask, '--template', at('template'), '--outfile', at('GnuTLS.crt')],
    },
  };
  for (const [title, { program: name, args }] of Object.entries(SIGNERS)) {
    test(`${title}, with all that was asked for`, async (t) => {
      if (!needs(t, name)) return;
      await writeFile(at('template'), 'honor_crq_extensions\nexpiration_days = 10\nserial = 5\n');
      await must(name, args);
      const [der] = certificatesIn(
        new TextEncoder().encode(await must('openssl', ['x509', '-in', at(`${title}.crt`)])),
      );
      const record = describeCertificate(parseCertificate(der as Uint8Array), new Date());
      assert.deepEqual(
        record.names,
        parseNames(NAMES).map(({ text }) => text),
      );
      assert.deepEqual(record.extendedKeyUsage, ['serverAuth', 'clientAuth']);
      assert.deepEqual([record.keyUsage, record.authority], [['digitalSignature'], false]);
      assert.equal(record.subject, 'O=Bücher AG,emailAddress=me@a.test,C=DE,ST=Sachsen,CN=db.a.test');
    });
  }
});
