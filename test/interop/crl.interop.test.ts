/** Revocation lists of ours, as foreign programs read them and act on them. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { systemAmbient } from '../../src/ambient.ts';
import { makeLeaf, newSerial } from '../../src/core/certificate.ts';
import type { RevokedEntry } from '../../src/core/crl.ts';
import { generateKey } from '../../src/core/keys.ts';
import { makeCrl } from '../../src/core/make-crl.ts';
import { parseNames } from '../../src/core/names.ts';
import { findLeafProfile } from '../../src/core/profiles.ts';
import { keySigner } from '../../src/core/signer.ts';
import { encodeSubject, parseSubject } from '../../src/core/subject.ts';
import { encodePem } from '../../src/formats/pem.ts';
import { must, needs, run } from '../support/peers.ts';
import { type Holder, makeCa, makeServer } from '../support/pki.ts';
import { temporaryFolder } from '../support/temp.ts';

const DAY = 86_400_000;
/** certtool and keytool go by the real clock. */
const fromNow = (days: number) => new Date(Math.floor(Date.now() / 1000) * 1000 + days * DAY);
const program = (file: string) => fileURLToPath(new URL(`programs/${file}`, import.meta.url));

const life = { notBefore: fromNow(-10), notAfter: fromNow(100) };
const folder = temporaryFolder();
const at = (name: string) => join(folder, name);

async function write(name: string, label: string, der: Uint8Array): Promise<void> {
  await writeFile(at(`${name}.der`), der);
  await writeFile(at(`${name}.pem`), encodePem(label, der));
}

async function writeTogether(name: string, ...parts: readonly string[]): Promise<void> {
  const texts = await Promise.all(parts.map((part) => readFile(at(part), 'utf8')));
  await writeFile(at(name), texts.join(''));
}

const writeCertificate = (name: string, { certificate }: Holder) => write(name, 'CERTIFICATE', certificate.der);

async function writeCrl(name: string, issuer: Holder, entries: readonly RevokedEntry[], due = fromNow(7)) {
  const fields = { thisUpdate: fromNow(-1), nextUpdate: due, number: 4711, entries };
  const signer = await keySigner(issuer.key, systemAmbient);
  await write(name, 'X509 CRL', await makeCrl(fields, issuer.certificate, signer));
}

const ENTRIES: readonly RevokedEntry[] = [
  { serial: '05', at: fromNow(-3) },
  { serial: '7f01', at: fromNow(-3), reason: 'unspecified' },
  { serial: '8fff', at: fromNow(-2), reason: 'keyCompromise', invalidSince: new Date('2026-01-02T03:04:05Z') },
  { serial: '40'.repeat(16), at: fromNow(-2), reason: 'certificateHold' },
  { serial: '41'.repeat(16), at: new Date('2051-02-03T04:05:06Z'), reason: 'privilegeWithdrawn' },
];

const FACTS = [
  'signature good',
  'number 4711',
  'revoked 5',
  'revoked 7f01',
  'revoked 8fff keyCompromise',
  `revoked ${'40'.repeat(16)} certificateHold`,
  `revoked ${'41'.repeat(16)} privilegeWithdrawn`,
  '',
].join('\n');

/** Programs of ours that say what their language's own library reads. */
const READERS = [
  { title: 'Go', name: 'go', args: ['run', program('read.go')], curves: false },
  { title: 'Java', name: 'java', args: [program('Read.java')], curves: false },
  { title: 'Python cryptography', name: 'python-cryptography', args: [program('read.py')], curves: true },
];

const BRAINPOOL = 'brainpoolP384r1';
for (const keyType of ['p256', 'rsa-2048', 'ed25519', BRAINPOOL]) {
  describe(`a revocation list of a ${keyType} CA`, () => {
    let issuer: Holder;
    before(async () => {
      issuer = await makeCa('CN=Liste,O=Bücher', { keyType, ...life });
      await writeCertificate(`${keyType}-ca`, issuer);
      await writeCrl(keyType, issuer, ENTRIES);
      await writeCrl(`${keyType}-empty`, issuer, []);
    });
    const file = (part: string) => at(`${keyType}${part}`);

    test('OpenSSL', async (t) => {
      if (!needs(t, 'openssl')) return;
      const args = ['crl', '-CAfile', file('-ca.pem'), '-noout', '-text', '-in'];
      const { status, stdout, stderr } = await run('openssl', [...args, file('.pem')]);
      assert.deepEqual([status, stderr], [0, 'verify OK\n']);
      assert.match(stdout, /Version 2 \(0x1\)/);
      assert.match(stdout, /X509v3 Authority Key Identifier: \n +(keyid:)?([0-9A-F]{2}:){19}/);
      assert.match(stdout, /X509v3 CRL Number: \n +4711\n/);
      assert.match(stdout, /Serial Number: 05\n +Revocation Date: .*\n +Serial Number: 7F01\n +Revocation Date/);
      assert.match(stdout, /Reason Code: \n +Key Compromise\n +Invalidity Date: \n +Jan {2}2 03:04:05 2026 GMT\n/);
      assert.match(stdout, /Revocation Date: Feb {2}3 04:05:06 2051 GMT\n/);
      assert.match(await must('openssl', [...args, file('-empty.pem')]), /No Revoked Certificates\./);
    });

    test('GnuTLS', { skip: keyType === BRAINPOOL && 'GnuTLS knows no brainpool curve' }, async (t) => {
      if (!needs(t, 'certtool')) return;
      const text = await must('certtool', ['--crl-info', '--infile', file('.pem')]);
      assert.match(text, /Revoked certificates \(5\):/);
      assert.match(text, /CRL Number \(not critical\): 1267\n/);
      const verify = ['--verify-crl', '--load-ca-certificate', file('-ca.pem'), '--infile'];
      for (const crl of [file('.pem'), file('-empty.pem')]) {
        assert.match(await must('certtool', [...verify, crl]), /Verification output: Verified\./);
      }
    });

    test('keytool', async (t) => {
      if (!needs(t, 'keytool')) return;
      const text = await must('keytool', ['-J-Duser.language=en', '-printcrl', '-file', file('.pem')]);
      // It writes the number in hex.
      assert.match(text, /CRL Number: +1267\n/);
      assert.match(text, /00:8f:ff [\s\S]*Reason Code: KEY_COMPROMISE\n/);
    });

    for (const { title, name, args, curves } of READERS) {
      const skip = keyType === BRAINPOOL && !curves && `${title} knows no brainpool curve`;
      test(title, { skip }, async (t) => {
        if (!needs(t, name)) return;
        assert.equal(await must(name, [...args, 'crl', file('.der'), file('-ca.der')]), FACTS);
      });
    }
  });
}

describe('a revoked certificate is refused, and another one is not', () => {
  before(async () => {
    const root = await makeCa('CN=Root', life);
    const middle = await makeCa('CN=Middle', { issuer: root, pathLength: 0, ...life });
    const [good, bad] = [await makeServer(middle, ['a.test'], life), await makeServer(middle, ['b.test'], life)];
    const revoked = { serial: bad.certificate.serial, at: fromNow(-1), reason: 'keyCompromise' } as const;
    for (const [name, holder] of Object.entries({ root, middle, good, bad })) await writeCertificate(name, holder);
    await writeCrl('root-crl', root, []);
    await writeCrl('middle-crl', middle, [revoked]);
    await writeCrl('old-crl', middle, [revoked], fromNow(-0.5));
    await writeTogether('crls.pem', 'middle-crl.pem', 'root-crl.pem');
    await writeTogether('good-chain.pem', 'good.pem', 'middle.pem');
    await writeTogether('bad-chain.pem', 'bad.pem', 'middle.pem');
  });

  test('OpenSSL, with the lists of all CAs of the chain in one file', async (t) => {
    if (!needs(t, 'openssl')) return;
    const args = ['-crl_check_all', '-x509_strict', '-CAfile', at('root.pem'), '-untrusted', at('middle.pem')];
    const verify = (crls: string, leaf: string) => run('openssl', ['verify', ...args, '-CRLfile', at(crls), at(leaf)]);
    const good = await verify('crls.pem', 'good.pem');
    assert.equal(good.status, 0, good.stderr);
    assert.match((await verify('crls.pem', 'bad.pem')).stderr, /error 23 at 0 depth lookup: certificate revoked/);
    assert.match((await verify('old-crl.pem', 'good.pem')).stderr, /CRL has expired/);
  });

  test('GnuTLS', async (t) => {
    if (!needs(t, 'certtool')) return;
    const args = ['--verify', '--load-ca-certificate', at('root.pem'), '--load-crl', at('crls.pem'), '--infile'];
    assert.match(await must('certtool', [...args, at('good-chain.pem')]), /Chain verification output: Verified/);
    const { stdout } = await run('certtool', [...args, at('bad-chain.pem')]);
    assert.match(stdout, /Chain verification output: Not verified.*revoked/);
  });

  test('Java', async (t) => {
    if (!needs(t, 'java')) return;
    const path = (leaf: string) =>
      must('java', [program('Read.java'), 'path', ...['middle-crl', 'middle', leaf].map((name) => at(`${name}.der`))]);
    assert.deepEqual([await path('good'), await path('bad')], ['accepted\n', 'refused REVOKED\n']);
  });
});

test('addresses of revocation lists and OCSP responders in a certificate', async (t) => {
  if (!needs(t, 'openssl', 'certtool', 'keytool')) return;
  const issuer = await makeCa('CN=CA', life);
  const key = await generateKey('p256', systemAmbient);
  const fields = {
    serial: newSerial(systemAmbient),
    subject: encodeSubject(parseSubject('CN=a.test')),
    names: parseNames(['a.test']),
    profile: findLeafProfile('server'),
    publicKey: key.publicKey,
    rsa: false,
    crlUrls: ['http://a.test/ca.crl', 'ldap:///CN=CA,DC=test?certificateRevocationList'],
    ocspUrls: ['http://a.test/ocsp'],
    ...life,
  };
  const signer = await keySigner(issuer.key, systemAmbient);
  await write('addresses', 'CERTIFICATE', await makeLeaf(fields, issuer.certificate, signer));
  const file = at('addresses.pem');
  const openssl = await must('openssl', ['x509', '-noout', '-text', '-ext', 'crlDistributionPoints', '-in', file]);
  assert.match(openssl, /Full Name:\s+URI:http:\/\/a\.test\/ca\.crl\s+Full Name:\s+URI:ldap:\/\/\/CN=CA,DC=test\?/);
  assert.equal(await must('openssl', ['x509', '-noout', '-ocsp_uri', '-in', file]), 'http://a.test/ocsp\n');
  const gnutls = await must('certtool', ['--certificate-info', '--infile', file]);
  assert.match(gnutls, /CRL Distribution points \(not critical\):\s+URI: http:\/\/a\.test\/ca\.crl\s+URI: ldap:/);
  assert.match(gnutls, /Access Method: .*ocsp.*\s+Access Location URI: http:\/\/a\.test\/ocsp/);
  const java = await must('keytool', ['-J-Duser.language=en', '-printcert', '-file', file]);
  assert.match(java, /DistributionPoint:\s+\[URIName: http:\/\/a\.test\/ca\.crl\]/);
  assert.match(java, /accessMethod: ocsp\s+accessLocation: URIName: http:\/\/a\.test\/ocsp/);
});
