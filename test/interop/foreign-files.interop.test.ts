/** Reads and verifies what OpenSSL, GnuTLS and Java make: chains, revocation lists, requests. */
import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { findProgram } from '../../scripts/programs.mjs';
import { systemAmbient } from '../../src/ambient.ts';
import { parseCrl, revocationOf } from '../../src/core/crl.ts';
import { parseCsr, proofOfPossession } from '../../src/core/csr.ts';
import { describeCertificate, describeCrl, describeCsr } from '../../src/core/describe.ts';
import type { FindingCode } from '../../src/core/findings.ts';
import { type Certificate, parseCertificate } from '../../src/core/parse.ts';
import { verifyChain } from '../../src/core/verify.ts';
import { decodePem } from '../../src/formats/pem.ts';
import { must, needs } from '../support/peers.ts';
import { temporaryFolder } from '../support/temp.ts';
import { opensslVerify, writeChain } from './chain-files.ts';

const folder = temporaryFolder();
const at = (name: string) => join(folder, name);
const openssl = (...args: string[]) => must('openssl', args, { cwd: folder });
const readPem = async (name: string): Promise<Uint8Array> => {
  const [block] = decodePem(await readFile(at(name), 'utf8'));
  assert.ok(block, name);
  return block.der;
};
const certificate = async (name: string): Promise<Certificate> => parseCertificate(await readPem(`${name}.pem`));

const RSA = ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048'];
const EC = (curve: string) => [
  '-algorithm',
  'EC',
  '-pkeyopt',
  `ec_paramgen_curve:${curve}`,
  '-pkeyopt',
  'ec_param_enc:named_curve',
];

const newKey = (name: string, key: readonly string[]) => openssl('genpkey', ...key, '-out', `${name}.key`);
const CA_EXTENSIONS =
  'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n';
const LEAF_EXTENSIONS =
  'basicConstraints=critical,CA:FALSE\nsubjectAltName=DNS:a.test\nauthorityKeyIdentifier=keyid\nextendedKeyUsage=serverAuth\n';

interface Issue {
  readonly key: readonly string[];
  readonly issuer?: string;
  /** Of `x509 -req`; no extensions at all makes a version 1 certificate. */
  readonly extensions?: string;
  readonly flags?: readonly string[];
}

/** NAME.key and NAME.pem, whose subject is CN=NAME. */
async function issue(name: string, { key, issuer, extensions, flags = [] }: Issue): Promise<void> {
  await newKey(name, key);
  await openssl('req', '-new', '-key', `${name}.key`, '-subj', `/CN=${name}`, '-out', `${name}.csr`);
  if (extensions !== undefined) await writeFile(at(`${name}.ext`), extensions);
  const signer =
    issuer === undefined ? ['-signkey', `${name}.key`] : ['-CA', `${issuer}.pem`, '-CAkey', `${issuer}.key`];
  const serial = issuer === undefined ? [] : ['-set_serial', '0x00ab01'];
  const extfile = extensions === undefined ? [] : ['-extfile', `${name}.ext`];
  await openssl(
    ...['x509', '-req', '-in', `${name}.csr`, '-days', '100', '-out', `${name}.pem`],
    ...[...signer, ...serial, ...extfile, ...flags],
  );
}

interface Row {
  readonly root: Issue;
  readonly leaf: Omit<Issue, 'issuer'>;
  readonly findings: readonly FindingCode[];
  readonly openssl?: boolean;
}

const leaf = (key: readonly string[], ...flags: string[]) => ({ key, extensions: LEAF_EXTENSIONS, flags });
const ca = (key: readonly string[]): Issue => ({ key, extensions: CA_EXTENSIONS });
const P256 = EC('P-256');

const ROWS: Readonly<Record<string, Row>> = {
  'RSA over P-256': { root: ca(RSA), leaf: leaf(P256), findings: [] },
  'RSA with SHA-512': { root: ca(RSA), leaf: leaf(P256, '-sha512'), findings: [] },
  'RSA-PSS': {
    root: ca(RSA),
    leaf: leaf(P256, '-sigopt', 'rsa_padding_mode:pss', '-sigopt', 'rsa_pss_saltlen:20'),
    findings: [],
  },
  'P-256 with SHA-384': { root: ca(P256), leaf: leaf(RSA, '-sha384'), findings: [] },
  'P-521 with SHA-256': { root: ca(EC('P-521')), leaf: leaf(P256, '-sha256'), findings: [] },
  Ed25519: { root: ca(['-algorithm', 'ED25519']), leaf: leaf(['-algorithm', 'ED25519']), findings: [] },
  brainpoolP384r1: { root: ca(EC('brainpoolP384r1')), leaf: leaf(EC('brainpoolP384r1')), findings: [] },
  secp256k1: { root: ca(EC('secp256k1')), leaf: leaf(EC('secp256k1')), findings: [] },
  // Known by name only: WebCrypto has no Ed448 that both providers agree on.
  Ed448: {
    root: ca(['-algorithm', 'ED448']),
    leaf: leaf(P256),
    findings: ['signature-unsupported'],
    openssl: true,
  },
  'SHA-1': { root: ca(RSA), leaf: leaf(P256, '-sha1'), findings: ['weak-signature'] },
  MD5: { root: ca(RSA), leaf: leaf(P256, '-md5'), findings: ['weak-signature'] },
  'a short key': {
    root: ca(RSA),
    leaf: leaf(['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:1024']),
    findings: ['weak-key'],
  },
  'version 1 throughout': {
    root: { key: RSA },
    leaf: { key: RSA },
    findings: ['no-names', 'version-1', 'version-1'],
  },
};

describe('chains made by OpenSSL', () => {
  let number = 0;
  for (const [title, row] of Object.entries(ROWS)) {
    test(title, async (t) => {
      if (!needs(t, 'openssl')) return;
      const [rootName, leafName] = [`root${++number}`, `leaf${number}`];
      await issue(rootName, row.root);
      await issue(leafName, { ...row.leaf, issuer: rootName });
      const [root, end] = [await certificate(rootName), await certificate(leafName)];
      const now = new Date(end.notBefore.getTime() + 60_000);
      const result = await verifyChain({
        leaf: end,
        intermediates: [],
        roots: [root],
        at: now,
        ambient: systemAmbient,
      });
      assert.deepEqual(result.findings.map(({ code }) => code).sort(), row.findings);
      const paths = await writeChain(folder, { leaf: end, roots: [root] });
      const theirs = await opensslVerify(paths, { at: now });
      assert.equal(theirs.accepted, row.openssl ?? result.ok, theirs.output);
    });
  }

  test('is described as OpenSSL describes it', async (t) => {
    if (!needs(t, 'openssl')) return;
    await issue('shown', { key: P256, extensions: `${LEAF_EXTENSIONS}crlDistributionPoints=URI:http://a.test/crl\n` });
    const record = describeCertificate(await certificate('shown'), new Date());
    const show = (...flags: string[]) => openssl('x509', '-in', 'shown.pem', '-noout', ...flags);
    const value = async (...flags: string[]) => (await show(...flags)).trim().replace(/^[^=]*=/, '');
    const hex = async (...flags: string[]) => (await value(...flags)).replaceAll(':', '').toLowerCase();
    assert.equal(record.serial, await hex('-serial'));
    assert.equal(record.fingerprintSha256, await hex('-fingerprint', '-sha256'));
    assert.equal(record.fingerprintSha1, await hex('-fingerprint', '-sha1'));
    assert.equal(record.notAfter, new Date(await value('-enddate')).toISOString().replace('.000', ''));
    assert.deepEqual(record.crlDistributionPoints, ['http://a.test/crl']);
    assert.equal(record.subject, (await value('-subject', '-nameopt', 'RFC2253')).trim());
  });
});

describe('a revocation list made by OpenSSL', () => {
  const config = `[ca]\ndefault_ca=d\n[d]\ndatabase=${at('index.txt')}\ncrlnumber=${at('crlnumber')}\ndefault_md=sha256\n`;
  const ca = (...args: string[]) =>
    openssl('ca', '-config', 'ca.cnf', '-cert', 'crlroot.pem', '-keyfile', 'crlroot.key', ...args);

  before(async () => {
    if (findProgram('openssl') === undefined) return;
    await mkdir(folder, { recursive: true });
    await Promise.all([
      writeFile(at('ca.cnf'), config),
      writeFile(at('index.txt'), ''),
      writeFile(at('crlnumber'), '1001\n'),
    ]);
    await issue('crlroot', { key: P256, extensions: CA_EXTENSIONS });
    await issue('crlleaf', { key: P256, issuer: 'crlroot', extensions: LEAF_EXTENSIONS });
  });

  test('revokes a leaf', async (t) => {
    if (!needs(t, 'openssl')) return;
    await ca('-gencrl', '-crldays', '30', '-out', 'empty.crl');
    await ca('-revoke', 'crlleaf.pem', '-crl_reason', 'keyCompromise');
    await ca('-gencrl', '-crldays', '30', '-out', 'full.crl');
    const [root, end] = [await certificate('crlroot'), await certificate('crlleaf')];
    const [empty, full] = [await readPem('empty.crl'), await readPem('full.crl')];
    assert.deepEqual([parseCrl(empty).entries.length, parseCrl(empty).number], [0, '1001']);
    assert.equal(revocationOf(parseCrl(full), end.serial)?.reason, 'keyCompromise');
    assert.equal(describeCrl(parseCrl(full), new Date()).revoked[0]?.serial, 'ab01');
    const now = new Date(parseCrl(full).thisUpdate.getTime() + 60_000);
    for (const [crl, expected] of [
      [empty, []],
      [full, ['revoked']],
    ] as const) {
      const crls = [parseCrl(crl)];
      const ours = await verifyChain({
        leaf: end,
        intermediates: [],
        roots: [root],
        at: now,
        ambient: systemAmbient,
        crls,
      });
      assert.deepEqual(
        ours.findings.map(({ code }) => code),
        expected,
      );
      const paths = await writeChain(folder, { leaf: end, roots: [root], crls: [crl] });
      const theirs = await opensslVerify(paths, { at: now, crls: true, strict: true });
      assert.equal(theirs.accepted, ours.ok, theirs.output);
    }
  });
});

describe('requests made by others', () => {
  async function assertRequest(name: string, keyType: string, names: readonly string[]): Promise<void> {
    const csr = parseCsr(await readPem(name));
    const record = describeCsr(csr);
    assert.deepEqual([record.subject, record.keyType, record.names], ['CN=a.test,O=Acme', keyType, names]);
    assert.equal(await proofOfPossession(csr, systemAmbient), true);
  }

  for (const [keyType, key] of [
    ['p256', P256],
    ['rsa-2048', RSA],
    ['ed25519', ['-algorithm', 'ED25519']],
    ['brainpoolP256r1', EC('brainpoolP256r1')],
  ] as const) {
    test(`OpenSSL, ${keyType}`, async (t) => {
      if (!needs(t, 'openssl')) return;
      await newKey('request', key);
      const names = ['-addext', 'subjectAltName=DNS:a.test,IP:10.0.0.1,email:me@a.test'];
      await openssl(
        'req',
        '-new',
        '-key',
        'request.key',
        '-subj',
        '/O=Acme/CN=a.test',
        ...names,
        '-out',
        'openssl.csr',
      );
      await assertRequest('openssl.csr', keyType, ['a.test', '10.0.0.1', 'me@a.test']);
    });
  }

  test('certtool', async (t) => {
    if (!needs(t, 'certtool')) return;
    await writeFile(
      at('template'),
      'organization=Acme\ncn=a.test\ndns_name=a.test\nip_address=10.0.0.1\ntls_www_server\n',
    );
    const tool = (...args: string[]) => must('certtool', args, { cwd: folder });
    await tool('--generate-privkey', '--key-type', 'ecdsa', '--curve', 'secp256r1', '--outfile', 'certtool.key');
    const flags = ['--load-privkey', 'certtool.key', '--template', 'template', '--outfile', 'certtool.csr'];
    await tool('--generate-request', ...flags);
    await assertRequest('certtool.csr', 'p256', ['a.test', '10.0.0.1']);
  });

  test('keytool', async (t) => {
    if (!needs(t, 'keytool')) return;
    const store = ['-keystore', at('store.p12'), '-storepass', 'changeit', '-alias', 'a'];
    const tool = (...args: string[]) => must('keytool', [...args, ...store]);
    await tool('-genkeypair', '-keyalg', 'RSA', '-keysize', '2048', '-dname', 'CN=a.test, O=Acme');
    await tool('-certreq', '-ext', 'san=dns:a.test,ip:10.0.0.1', '-file', at('keytool.csr'));
    await assertRequest('keytool.csr', 'rsa-2048', ['a.test', '10.0.0.1']);
  });
});
