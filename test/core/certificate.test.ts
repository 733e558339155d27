/** The defaults table of the design, read back from certificates; foreign programs judge them in test/interop. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { systemAmbient } from '../../src/ambient.ts';
import type { Ambient } from '../../src/core/ambient.ts';
import { keyIdentifier, makeAuthority, makeLeaf, newSerial } from '../../src/core/certificate.ts';
import { describeCertificate } from '../../src/core/describe.ts';
import { constraintsPermitting, EXTENSION } from '../../src/core/extensions.ts';
import { generateKey, type PrivateKey } from '../../src/core/keys.ts';
import { parseNames, parseSubtree } from '../../src/core/names.ts';
import {
  authorityKeyIdOf,
  basicConstraintsOf,
  type Certificate,
  extendedKeyUsageOf,
  keyUsageOf,
  parseCertificate,
  subjectKeyIdOf,
} from '../../src/core/parse.ts';
import { findLeafProfile, LEAF_PROFILES } from '../../src/core/profiles.ts';
import { keySigner } from '../../src/core/signer.ts';
import { encodeSubject, parseSubject } from '../../src/core/subject.ts';
import { fromHex, toHex } from '../../src/core/text.ts';
import { verifyChain } from '../../src/core/verify.ts';

const NOT_BEFORE = new Date('2026-11-22T00:00:00Z');
const NOT_AFTER = new Date('2027-11-22T00:05:00Z');
const life = { notBefore: NOT_BEFORE, notAfter: NOT_AFTER };
const key = await generateKey('p256', systemAmbient);
const subject = (text: string) => encodeSubject(parseSubject(text));

async function root(
  extra: Partial<Parameters<typeof makeAuthority>[0]> = {},
  caKey: PrivateKey = key,
): Promise<Certificate> {
  const fields = {
    role: 'root' as const,
    serial: newSerial(systemAmbient),
    subject: subject('CN=Root'),
    publicKey: caKey.publicKey,
    pathLength: 0,
    ...life,
    ...extra,
  };
  return parseCertificate(await makeAuthority(fields, undefined, await keySigner(caKey, systemAmbient)));
}

async function leaf(
  issuer: Certificate,
  options: {
    profile?: string;
    keyType?: string;
    subject?: string;
    names?: string[];
    crlUrls?: string[];
    ocspUrls?: string[];
  } = {},
) {
  const leafKey = await generateKey(options.keyType ?? 'p256', systemAmbient);
  const fields = {
    serial: newSerial(systemAmbient),
    subject: options.subject === '' ? encodeSubject([]) : subject(options.subject ?? 'CN=db.test'),
    names: parseNames(options.names ?? ['db.test', '10.0.0.5']),
    profile: findLeafProfile(options.profile ?? 'server'),
    publicKey: leafKey.publicKey,
    rsa: leafKey.algorithm.family === 'rsa',
    crlUrls: options.crlUrls ?? [],
    ocspUrls: options.ocspUrls ?? [],
    ...life,
  };
  return parseCertificate(await makeLeaf(fields, issuer, await keySigner(key, systemAmbient)));
}

const critical = ({ extensions }: Certificate) =>
  extensions
    .filter((one) => one.critical)
    .map((one) => one.oid)
    .sort();

test('a root', async () => {
  const certificate = await root();
  assert.equal(certificate.version, 3);
  assert.deepEqual(basicConstraintsOf(certificate), { authority: true, pathLength: 0 });
  assert.deepEqual(keyUsageOf(certificate), ['keyCertSign', 'cRLSign']);
  assert.equal(extendedKeyUsageOf(certificate), undefined);
  assert.deepEqual(authorityKeyIdOf(certificate), subjectKeyIdOf(certificate));
  assert.deepEqual(critical(certificate), [EXTENSION.keyUsage, EXTENSION.basicConstraints].sort());
  assert.deepEqual([certificate.notBefore, certificate.notAfter], [NOT_BEFORE, NOT_AFTER]);
  assert.ok(new X509Certificate(certificate.der).verify(new X509Certificate(certificate.der).publicKey));
});

const USAGE: Readonly<Record<string, { rsa: string[]; ec: string[]; extended: string[] }>> = {
  server: { ec: ['digitalSignature'], rsa: ['digitalSignature', 'keyEncipherment'], extended: ['serverAuth'] },
  client: { ec: ['digitalSignature'], rsa: ['digitalSignature'], extended: ['clientAuth'] },
  peer: {
    ec: ['digitalSignature'],
    rsa: ['digitalSignature', 'keyEncipherment'],
    extended: ['serverAuth', 'clientAuth'],
  },
  'code-signing': { ec: ['digitalSignature'], rsa: ['digitalSignature'], extended: ['codeSigning'] },
  email: { ec: ['digitalSignature'], rsa: ['digitalSignature', 'keyEncipherment'], extended: ['emailProtection'] },
};

test('every leaf profile is in the table of expectations', () => {
  assert.deepEqual(Object.keys(USAGE), LEAF_PROFILES);
});

for (const [profile, usage] of Object.entries(USAGE)) {
  test(`a ${profile} certificate`, async () => {
    const issuer = await root();
    for (const [keyType, family] of [
      ['p256', 'ec'],
      ['rsa-2048', 'rsa'],
      ['ed25519', 'ec'],
    ] as const) {
      const certificate = await leaf(issuer, { profile, keyType });
      assert.deepEqual(basicConstraintsOf(certificate), { authority: false });
      assert.deepEqual(keyUsageOf(certificate), usage[family]);
      assert.deepEqual(extendedKeyUsageOf(certificate), usage.extended);
      assert.deepEqual(critical(certificate), [EXTENSION.keyUsage, EXTENSION.basicConstraints].sort());
      assert.equal(new X509Certificate(certificate.der).subjectAltName, 'DNS:db.test, IP Address:10.0.0.5');
      assert.ok(new X509Certificate(certificate.der).verify(new X509Certificate(issuer.der).publicKey));
    }
  });
}

test('the authority key identifier is copied from the issuer, whatever its hash was', async () => {
  const made = await root();
  const odd = fromHex('01020304050607080910111213141516');
  const imported = {
    ...made,
    extensions: made.extensions.map((one) =>
      one.oid === EXTENSION.subjectKeyIdentifier ? { ...one, value: fromHex(`0410${toHex(odd)}`) } : one,
    ),
  };
  assert.equal(toHex(authorityKeyIdOf(await leaf(imported)) as Uint8Array), toHex(odd));
});

test('an issuer without a subject key identifier is pointed to by the usual hash of its key', async () => {
  const made = await root();
  const bare = { ...made, extensions: made.extensions.filter((one) => one.oid !== EXTENSION.subjectKeyIdentifier) };
  assert.deepEqual(authorityKeyIdOf(await leaf(bare)), keyIdentifier(key.publicKey));
});

test("the issuer's name is copied byte for byte, in whatever string types it has", async () => {
  const made = await root();
  // CN as TeletexString, O as BMPString, an unknown attribute, and two attributes in one RDN.
  const names = [
    `30123110300e06035504031407${Buffer.from('T61Root').toString('hex')}`,
    '300f310d300b060355040a1e0400410043',
    // Latin-1 bytes in a UTF8String, which a library would mend.
    '300d310b300906035504030c02ff41',
    `301431123010060355040c0c09${Buffer.from('something').toString('hex')}`,
  ];
  for (const hex of names) {
    const issuer = { ...made, subject: fromHex(hex) };
    assert.equal(toHex((await leaf(issuer)).issuer), hex);
  }
});

test('the alternative names are critical only when the subject is empty', async () => {
  const certificate = await leaf(await root(), { subject: '' });
  assert.ok(critical(certificate).includes(EXTENSION.subjectAltName));
});

test('addresses of revocation lists and OCSP responders, and neither extension without any', async () => {
  const issuer = await root();
  const urls = { crlUrls: ['http://a.test/crl', 'ldap:///CN=CA'], ocspUrls: ['http://a.test/ocsp'] };
  const record = describeCertificate(await leaf(issuer, urls), NOT_BEFORE);
  assert.deepEqual([record.crlDistributionPoints, record.ocsp], [urls.crlUrls, urls.ocspUrls]);
  const oids = (await leaf(issuer)).extensions.map(({ oid }) => oid);
  assert.ok(!oids.includes(EXTENSION.crlDistributionPoints) && !oids.includes(EXTENSION.authorityInformation));
});

test('name constraints are critical, and close what they do not open', async () => {
  const constraints = constraintsPermitting(['.internal', '10.0.0.0/8'].map(parseSubtree));
  const certificate = await root({ constraints });
  assert.ok(critical(certificate).includes(EXTENSION.nameConstraints));
  assert.deepEqual(
    constraints.excluded.map((tree) => tree.text),
    ['::/0'],
  );
  assert.deepEqual(
    constraintsPermitting([parseSubtree('fd00::/8')]).excluded.map((tree) => tree.text),
    ['', '0.0.0.0/0'],
  );
});

test('an intermediate is signed by the root and has its key identifier', async () => {
  const issuer = await root({ pathLength: 1 });
  const own = await generateKey('p384', systemAmbient);
  const fields = {
    role: 'intermediate' as const,
    serial: newSerial(systemAmbient),
    subject: subject('CN=Int'),
    publicKey: own.publicKey,
    pathLength: 0,
    ...life,
  };
  const certificate = parseCertificate(await makeAuthority(fields, issuer, await keySigner(key, systemAmbient)));
  assert.deepEqual(basicConstraintsOf(certificate), { authority: true, pathLength: 0 });
  assert.deepEqual(authorityKeyIdOf(certificate), subjectKeyIdOf(issuer));
  assert.notDeepEqual(subjectKeyIdOf(certificate), subjectKeyIdOf(issuer));
  assert.ok(new X509Certificate(certificate.der).verify(new X509Certificate(issuer.der).publicKey));
});

test('a serial is always 16 bytes, positive, and neither padded nor cut', () => {
  for (const byte of [0x00, 0x7f, 0x80, 0xff]) {
    const serial = newSerial({ ...systemAmbient, random: (n) => new Uint8Array(n).fill(byte) } satisfies Ambient);
    assert.equal(serial.length, 16);
    assert.ok((serial[0] as number) >= 0x40 && (serial[0] as number) < 0x80);
  }
  assert.notDeepEqual(newSerial(systemAmbient), newSerial(systemAmbient));
});

test('dates to 2049 are UTCTime, later ones GeneralizedTime', async () => {
  const certificate = await root({ notAfter: new Date('2050-01-01T00:00:00Z') });
  const text = Buffer.from(certificate.der).toString('latin1');
  assert.ok(text.includes('\x17\x0d261122000000Z') && text.includes('\x18\x0f20500101000000Z'));
  assert.equal(certificate.notAfter.toISOString(), '2050-01-01T00:00:00.000Z');
});

test('a renewed CA keeps its key identifier, and what is copied replaces what would be written', async () => {
  const keyIdentifier = fromHex('00112233445566778899aabbccddeeff');
  const copiedExtensions = [
    { oid: EXTENSION.basicConstraints, critical: false, value: fromHex('30030101ff') },
    { oid: EXTENSION.nameConstraints, critical: false, value: fromHex('3000') },
  ];
  const constraints = constraintsPermitting([parseSubtree('a.test')]);
  const certificate = await root({ keyIdentifier, copiedExtensions, constraints });
  assert.deepEqual([subjectKeyIdOf(certificate), authorityKeyIdOf(certificate)], [keyIdentifier, keyIdentifier]);
  assert.deepEqual(
    certificate.extensions.map(({ oid }) => oid),
    [
      EXTENSION.keyUsage,
      EXTENSION.subjectKeyIdentifier,
      EXTENSION.authorityKeyIdentifier,
      EXTENSION.basicConstraints,
      EXTENSION.nameConstraints,
    ],
  );
  assert.deepEqual(certificate.extensions.slice(-2), copiedExtensions);
  const other = fromHex('ff00');
  assert.deepEqual(authorityKeyIdOf(await root({ authorityKeyIdentifier: other })), other);
});

test('a cross certificate: the new key of a CA, signed by its old one, under the same name', async () => {
  const old = await root();
  const [next, leafKey] = [await generateKey('p256', systemAmbient), await generateKey('p256', systemAmbient)];
  const renewed = await root({}, next);
  const fields = {
    role: 'root' as const,
    serial: newSerial(systemAmbient),
    subject: old.subject,
    publicKey: next.publicKey,
    pathLength: 0,
    ...life,
  };
  const cross = parseCertificate(await makeAuthority(fields, old, await keySigner(key, systemAmbient)));
  assert.deepEqual([cross.issuer, cross.subject], [old.subject, old.subject]);
  assert.deepEqual(authorityKeyIdOf(cross), subjectKeyIdOf(old));
  assert.deepEqual(subjectKeyIdOf(cross), subjectKeyIdOf(renewed));
  const leafFields = {
    serial: newSerial(systemAmbient),
    subject: subject('CN=db.test'),
    names: parseNames(['db.test']),
    profile: findLeafProfile('server'),
    publicKey: leafKey.publicKey,
    rsa: false,
    ...life,
  };
  const server = parseCertificate(await makeLeaf(leafFields, renewed, await keySigner(next, systemAmbient)));
  for (const trusted of [old, renewed]) {
    const { findings } = await verifyChain({
      leaf: server,
      intermediates: [cross],
      roots: [trusted],
      at: new Date('2026-12-01T00:00:00Z'),
      ambient: systemAmbient,
      host: 'db.test',
      purpose: 'server',
    });
    assert.deepEqual(findings, []);
  }
});
