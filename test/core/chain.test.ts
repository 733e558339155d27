import assert from 'node:assert/strict';
import { constants, sign as nodeSign } from 'node:crypto';
import { before, describe, test } from 'node:test';
import { attempt } from '../../src/core/attempt.ts';
import { buildChain, buildChains, orderCertificates } from '../../src/core/chain.ts';
import { context, integer, nullValue, octetString, oid, sequence, utf8String } from '../../src/core/der.ts';
import {
  authorityKeyIdentifier,
  basicConstraints,
  EXTENSION,
  type Extension,
  extendedKeyUsage,
  keyUsage,
  subjectAltName,
  subjectKeyIdentifier,
} from '../../src/core/extensions.ts';
import { parseNames } from '../../src/core/names.ts';
import type { Certificate } from '../../src/core/parse.ts';
import { parseCertificate, subjectKeyIdOf } from '../../src/core/parse.ts';
import { decodeSubject, formatSubject } from '../../src/core/subject.ts';
import { type VerifyOptions, verifyChain } from '../../src/core/verify.ts';
import { day, type Holder, makeCa, makeOdd, makeServer, NOW, permitting, pinned } from '../support/pki.ts';

const subjects = (list: readonly Certificate[]) => list.map(({ subject }) => formatSubject(decodeSubject(subject)));
const certificates = (...holders: readonly Holder[]) => holders.map(({ certificate }) => certificate);
const codes = ({ findings }: { findings: readonly { code: string }[] }) => findings.map(({ code }) => code).sort();

const verify = (leaf: Holder, options: Partial<VerifyOptions> = {}) =>
  verifyChain({
    leaf: leaf.certificate,
    intermediates: [],
    roots: certificates(root),
    at: NOW,
    ambient: pinned,
    ...options,
  });

let root: Holder;
let middle: Holder;
let low: Holder;
let leaf: Holder;
before(async () => {
  root = await makeCa('CN=Root');
  middle = await makeCa('CN=Middle', { issuer: root, pathLength: 1 });
  low = await makeCa('CN=Low', { issuer: middle, pathLength: 0 });
  leaf = await makeServer(low, ['a.test']);
});

describe('building a chain', () => {
  test('in any order, with repeats', () => {
    const shuffled = certificates(root, low, middle, low, leaf, root);
    const chain = buildChain(leaf.certificate, shuffled, certificates(root));
    assert.deepEqual(subjects(chain), ['CN=a.test', 'CN=Low', 'CN=Middle', 'CN=Root']);
    assert.deepEqual(subjects(orderCertificates(shuffled)), ['CN=a.test', 'CN=Low', 'CN=Middle', 'CN=Root']);
  });

  test('stops where no issuer is known', () => {
    assert.deepEqual(subjects(buildChain(leaf.certificate, certificates(low), [])), ['CN=a.test', 'CN=Low']);
  });

  test('several leaves each come with what is new above them, and strangers come last', async () => {
    const [other, stranger] = await Promise.all([makeServer(low, ['b.test']), makeCa('CN=Stranger')]);
    const list = certificates(stranger, root, other, low, leaf, middle);
    assert.deepEqual(subjects(orderCertificates(list)), [
      'CN=b.test',
      'CN=Low',
      'CN=Middle',
      'CN=Root',
      'CN=a.test',
      'CN=Stranger',
    ]);
    assert.deepEqual(orderCertificates([]), []);
  });

  test('of CAs with one name, the one whose key identifier fits comes first', async () => {
    const [first, second] = await Promise.all([makeCa('CN=Twin'), makeCa('CN=Twin')]);
    const child = await makeServer(second, ['a.test']);
    const chain = buildChain(child.certificate, certificates(first, second), []);
    assert.equal(chain[1], second.certificate);
    const result = await verify(child, { roots: certificates(first, second) });
    assert.deepEqual([result.ok, result.chain[1]], [true, second.certificate]);
  });

  test('of cross-signed CAs, the way to a given root is preferred, and a loop ends', async () => {
    const [a, b] = await Promise.all([makeCa('CN=A'), makeCa('CN=B')]);
    const aByB = await makeCa('CN=A', { issuer: b, key: a.key });
    const bByA = await makeCa('CN=B', { issuer: a, key: b.key });
    const child = await makeServer(a, ['a.test']);
    const all = certificates(aByB, bByA, a, b);
    for (const anchor of [a, b]) {
      const chain = buildChain(child.certificate, all, certificates(anchor));
      assert.equal(chain.at(-1), anchor.certificate);
      assert.equal((await verify(child, { intermediates: all, roots: certificates(anchor) })).ok, true);
    }
    const result = await verify(child, { intermediates: certificates(aByB, bByA) });
    assert.deepEqual(codes(result), ['untrusted']);
  });

  test('CAs that cross-sign each other do not multiply without end', async () => {
    const key = root.key;
    const cas = await Promise.all(
      Array.from({ length: 30 }, () => makeOdd('CN=Same', { extensions: [basicConstraints(true)] })),
    );
    const child = await makeOdd('CN=x', { issuer: { certificate: (cas[0] as Holder).certificate, key } });
    assert.equal([...buildChains(child.certificate, certificates(...cas), [])].length, 100);
  });

  test('without key identifiers, the signature decides between CAs with one name', async () => {
    const ca = () => makeOdd('CN=Plain', { extensions: [basicConstraints(true), keyUsage(['keyCertSign'])] });
    const [first, second] = await Promise.all([ca(), ca()]);
    const child = await makeOdd('CN=x', { issuer: second });
    const result = await verify(child, { roots: certificates(first, second) });
    assert.deepEqual([result.ok, result.chain[1]], [true, second.certificate]);
    const forged = await verify(child, { roots: certificates(first) });
    assert.ok(codes(forged).includes('signature'));
    assert.match(
      forged.findings[0]?.message ?? '',
      /^its signature \(ECDSA with SHA-256\) was not made by the key of CN=Plain$/,
    );
  });
});

describe('verifying a chain', () => {
  const intermediates = () => certificates(middle, low);

  test('nothing is found in a good one', async () => {
    const result = await verify(leaf, { intermediates: intermediates(), purpose: 'server', host: 'a.test' });
    assert.deepEqual([result.ok, result.findings, result.chain.length], [true, [], 4]);
  });

  test('a missing intermediate, and a root that was not given', async () => {
    const missing = await verify(leaf, { intermediates: certificates(middle) });
    assert.deepEqual(missing.findings, [
      {
        code: 'untrusted',
        certificate: 'CN=a.test',
        message: 'its issuer is not among the certificates that were given: CN=Low',
        severity: 'error',
      },
    ]);
    const unknown = await verify(leaf, { intermediates: certificates(low, middle, root), roots: [] });
    assert.deepEqual(codes(unknown), ['untrusted']);
    assert.equal(unknown.findings[0]?.message, 'the chain ends in it, and it is not one of the roots that were given');
  });

  test('an intermediate that is given as a root ends the chain', async () => {
    const result = await verify(leaf, { roots: certificates(low) });
    assert.deepEqual([result.ok, result.chain.length], [true, 2]);
  });

  test('a self-signed leaf: trusted directly, or not', async () => {
    const self = await makeOdd('CN=self', {
      extensions: [
        basicConstraints(false),
        keyUsage(['digitalSignature']),
        subjectAltName(parseNames(['a.test']), false),
      ],
    });
    const trusted = await verify(self, { roots: certificates(self), host: 'a.test' });
    assert.deepEqual([trusted.ok, codes(trusted)], [true, ['self-signed']]);
    assert.deepEqual(codes(await verify(self)), ['self-signed', 'untrusted']);
  });

  test('times, of the leaf and of the CAs', async () => {
    const early = await makeServer(root, ['a.test'], { notBefore: day(1) });
    const late = await makeServer(root, ['a.test'], { notAfter: day(-0.5) });
    const deadRoot = await makeCa('CN=Dead', { notAfter: day(-1) });
    const orphan = await makeServer(deadRoot, ['a.test']);
    assert.deepEqual(codes(await verify(early)), ['not-yet-valid']);
    assert.deepEqual((await verify(late)).findings[0]?.message, 'it expired on 2026-05-31T12:00:00Z');
    assert.deepEqual(codes(await verify(orphan, { roots: certificates(deadRoot) })), ['expired']);
    const lastSecond = { at: leaf.certificate.notAfter, intermediates: intermediates() };
    assert.equal((await verify(leaf, lastSecond)).ok, true);
  });

  test('an issuer that may not be one', async () => {
    const server = await makeServer(root, ['ca.test']);
    const underLeaf = await makeServer(server, ['a.test']);
    assert.deepEqual(codes(await verify(underLeaf, { intermediates: certificates(server) })), ['not-a-ca']);
    const noSign = await makeOdd('CN=NoSign', {
      issuer: root,
      extensions: [basicConstraints(true), keyUsage(['cRLSign']), ...ids(root)],
    });
    assert.ok(
      codes(await verify(await makeServer(noSign, ['a.test']), { intermediates: certificates(noSign) })).includes(
        'no-cert-sign',
      ),
    );
  });

  test('a path that is too long; self-issued CAs do not count', async () => {
    const deep = await makeCa('CN=Deep', { issuer: low });
    const child = await makeServer(deep, ['a.test']);
    const tooLong = await verify(child, { intermediates: [...intermediates(), deep.certificate] });
    assert.deepEqual(codes(tooLong), ['path-length', 'path-length']);
    assert.equal(tooLong.findings[0]?.message, 'its path length is 0, and CAs below it: 1');
    const rollover = await makeCa('CN=Low', { issuer: low, pathLength: 0 });
    const renewed = await makeServer(rollover, ['a.test']);
    assert.equal((await verify(renewed, { intermediates: [...intermediates(), rollover.certificate] })).ok, true);
  });

  test('purposes, in the leaf and in the CAs above it', async () => {
    const client = await makeServer(root, ['a.test'], { profile: 'client' });
    const wrong = await verify(client, { purpose: 'server' });
    assert.deepEqual(codes(wrong), ['purpose']);
    assert.equal(wrong.findings[0]?.message, 'it may not be used for server: its extendedKeyUsage is clientAuth');
    assert.equal((await verify(client, { purpose: 'client' })).ok, true);
    const peer = await makeServer(root, ['a.test'], { profile: 'peer' });
    assert.equal((await verify(peer, { purpose: 'peer' })).ok, true);
    assert.deepEqual(codes(await verify(client, { purpose: 'peer' })), ['purpose']);

    const mailOnly = await makeOdd('CN=Mail', {
      issuer: root,
      extensions: [
        basicConstraints(true),
        keyUsage(['keyCertSign']),
        extendedKeyUsage(['emailProtection']),
        ...ids(root),
      ],
    });
    const underMail = await makeServer(mailOnly, ['a.test']);
    const nested = await verify(underMail, { intermediates: certificates(mailOnly), purpose: 'server' });
    assert.deepEqual(nested.findings.map(({ code, certificate }) => [code, certificate]).slice(-1), [
      ['purpose', 'CN=Mail'],
    ]);
  });

  test('key usage, and a usage that is only allowed by any', async () => {
    const odd = (...extensions: Extension[]) =>
      makeOdd('CN=odd', { issuer: root, extensions: [...extensions, ...names, ...ids(root)] });
    const names = [subjectAltName(parseNames(['a.test']), false)];
    const signer = await odd(keyUsage(['contentCommitment']), extendedKeyUsage(['serverAuth']));
    const result = await verify(signer, { purpose: 'server' });
    assert.deepEqual(codes(result), ['key-usage']);
    assert.match(result.findings[0]?.message ?? '', /^its keyUsage \(contentCommitment\) has none of digitalSignature/);
    const any = await verify(await odd(extendedKeyUsage(['anyExtendedKeyUsage'])), { purpose: 'server' });
    assert.deepEqual([any.ok, codes(any)], [true, ['any-purpose']]);
  });

  test('the host', async () => {
    const result = await verify(leaf, { intermediates: intermediates(), host: 'b.test' });
    assert.deepEqual(codes(result), ['host']);
    assert.equal(result.findings[0]?.message, 'it is for a.test, not for b.test');
    const nameless = await makeOdd('CN=cn.test', { issuer: root, extensions: ids(root) });
    assert.deepEqual(codes(await verify(nameless, { host: 'cn.test' })), ['host', 'no-names']);
  });

  test('name constraints, of a root and on CAs below it', async () => {
    const tight = await makeCa('CN=Tight', { constraints: permitting('a.test') });
    const result = await verify(await makeServer(tight, ['b.test']), { roots: certificates(tight) });
    assert.deepEqual(codes(result), ['constraint']);
    assert.equal(
      result.findings[0]?.message,
      'CN=Tight may not sign b.test: its name constraints permit only dns:a.test',
    );
    const rolled = await makeCa('CN=Tight', { issuer: tight });
    const inside = await makeServer(rolled, ['x.a.test']);
    assert.equal((await verify(inside, { roots: certificates(tight), intermediates: certificates(rolled) })).ok, true);
  });

  test('extensions that nobody knows, cannot be read, or stand twice', async () => {
    const odd = async (...extensions: Extension[]) =>
      codes(await verify(await makeOdd('CN=odd', { issuer: root, extensions: [...extensions, ...ids(root)] })));
    const strange = { oid: '1.2.3.4', value: utf8String('?') };
    assert.deepEqual(await odd({ ...strange, critical: true }), ['no-names', 'unknown-critical-extension']);
    assert.deepEqual(await odd({ ...strange, critical: false }), ['no-names']);
    assert.deepEqual(await odd({ oid: EXTENSION.keyUsage, critical: true, value: utf8String('?') }), [
      'unreadable-extension',
    ]);
    assert.deepEqual(await odd(keyUsage(['digitalSignature']), keyUsage(['keyCertSign'])), ['unreadable-extension']);
  });

  test('a key identifier that is not the one of the issuer', async () => {
    const extensions = [authorityKeyIdentifier(new Uint8Array(20)), subjectAltName(parseNames(['a.test']), false)];
    const result = await verify(await makeOdd('CN=odd', { issuer: root, extensions }));
    assert.deepEqual(codes(result), ['key-id-mismatch']);
    assert.equal(result.findings[0]?.message, 'its authority key identifier is not the key identifier of CN=Root');
  });

  test('warnings for what the strictest clients refuse', async () => {
    const bare = await makeOdd('CN=Bare', { extensions: [{ ...basicConstraints(true), critical: false }] });
    const child = await makeOdd('', { issuer: bare, extensions: [keyUsage(['digitalSignature', 'keyCertSign'])] });
    const result = await verify(child, { roots: certificates(bare) });
    assert.equal(result.ok, true);
    assert.deepEqual(codes(result), [
      'cert-sign-on-leaf',
      'constraints-not-critical',
      'names-not-critical',
      'no-authority-key-id',
      'no-key-usage',
      'no-names',
      'no-subject-key-id',
    ]);
    assert.match(result.findings[0]?.certificate ?? '', /^serial [0-9a-f]{32}$/);
  });
});

/** The two key identifiers that every certificate below `issuer` should have. */
const ids = (issuer: Holder): Extension[] => [
  authorityKeyIdentifier(subjectKeyIdOf(issuer.certificate) as Uint8Array),
  subjectKeyIdentifier(new Uint8Array(20).fill(7)),
];

describe('signatures', () => {
  let rsa: Holder;
  before(async () => {
    rsa = await makeCa('CN=RSA', { keyType: 'rsa-2048' });
  });

  const RSA_PSS = '1.2.840.113549.1.1.10';
  const SHA256 = sequence(oid('2.16.840.1.101.3.4.2.1'), nullValue());
  const MGF1 = sequence(oid('1.2.840.113549.1.1.8'), SHA256);
  const pssIdentifier = sequence(
    oid(RSA_PSS),
    sequence(context(0, true, SHA256), context(1, true, MGF1), context(2, true, integer(32))),
  );
  const withRsa =
    (hash: string, padding: number = constants.RSA_PKCS1_PADDING) =>
    (tbs: Uint8Array) =>
      new Uint8Array(
        nodeSign(hash, tbs, {
          key: Buffer.from(rsa.key.toPkcs8()),
          format: 'der',
          type: 'pkcs8',
          padding,
          saltLength: 32,
        }),
      );
  const identifier = (dotted: string) => sequence(oid(dotted), nullValue());
  const child = (signing: { identifier: Uint8Array; sign: (tbs: Uint8Array) => Uint8Array }, issuer = rsa) =>
    makeOdd('CN=child', {
      issuer,
      extensions: [subjectAltName(parseNames(['a.test']), false), ...ids(issuer)],
      signing,
    });
  const verdict = async (holder: Holder, issuer = rsa) => codes(await verify(holder, { roots: certificates(issuer) }));

  for (const keyType of ['rsa-3072', 'p384', 'p521', 'ed25519', 'brainpoolP256r1', 'brainpoolP512r1', 'secp256k1']) {
    test(`of ${keyType}`, async () => {
      const ca = await makeCa('CN=Any', { keyType });
      const good = await makeServer(ca, ['a.test']);
      assert.deepEqual(await verdict(good, ca), []);
      const twin = await makeCa('CN=Any', { keyType });
      const asTwin = { ...twin, certificate: { ...twin.certificate, extensions: ca.certificate.extensions } };
      assert.deepEqual(await verdict(good, asTwin), ['signature']);
    });
  }

  test('with another hash than the key would choose', async () => {
    const p256 = await makeCa('CN=P256');
    const key = { key: Buffer.from(p256.key.toPkcs8()), format: 'der', type: 'pkcs8' } as const;
    const sign = (tbs: Uint8Array) => new Uint8Array(nodeSign('sha384', tbs, key));
    const good = await child({ identifier: sequence(oid('1.2.840.10045.4.3.3')), sign }, p256);
    assert.deepEqual(await verdict(good, p256), []);
    assert.deepEqual(
      await verdict(await child({ identifier: identifier('1.2.840.113549.1.1.13'), sign: withRsa('sha512') })),
      [],
    );
  });

  test('RSA-PSS', async () => {
    const sign = withRsa('sha256', constants.RSA_PKCS1_PSS_PADDING);
    assert.deepEqual(await verdict(await child({ identifier: pssIdentifier, sign })), []);
    assert.deepEqual(await verdict(await child({ identifier: pssIdentifier, sign: withRsa('sha256') })), ['signature']);
    assert.deepEqual(await verdict(await child({ identifier: identifier(RSA_PSS), sign })), ['signature-unsupported']);
  });

  test('SHA-1 is checked and reported, MD5 only reported', async () => {
    const sha1 = identifier('1.2.840.113549.1.1.5');
    assert.deepEqual(await verdict(await child({ identifier: sha1, sign: withRsa('sha1') })), ['weak-signature']);
    assert.deepEqual(await verdict(await child({ identifier: sha1, sign: withRsa('sha256') })), [
      'signature',
      'weak-signature',
    ]);
    const md5 = { identifier: identifier('1.2.840.113549.1.1.4'), sign: withRsa('md5') };
    assert.deepEqual(await verdict(await child(md5)), ['weak-signature']);
  });

  test('of an unknown algorithm, of another family, and of a wrong shape', async () => {
    const sign = () => octetString(new Uint8Array(70));
    assert.deepEqual(await verdict(await child({ identifier: identifier('1.2.3'), sign })), ['signature-unsupported']);
    const ecdsa = sequence(oid('1.2.840.10045.4.3.2'));
    assert.deepEqual(await verdict(await child({ identifier: ecdsa, sign })), ['signature']);
    assert.deepEqual(await verdict(await child({ identifier: ecdsa, sign }, root), root), ['signature']);
    const huge = () => sequence(integer(new Uint8Array(40).fill(1)), integer(1), integer(1));
    assert.deepEqual(await verdict(await child({ identifier: ecdsa, sign: huge }, root), root), ['signature']);
  });

  test('not a byte of what is signed can change', async () => {
    const { der, tbs } = (await makeServer(root, ['a.test'])).certificate;
    for (let at = tbs.byteOffset - der.byteOffset; at < tbs.length; at++) {
      const damaged = Uint8Array.from(der);
      damaged[at] = (damaged[at] as number) ^ 1;
      const certificate = attempt(() => parseCertificate(damaged));
      if (certificate === undefined) continue;
      const result = await verify({ certificate, key: root.key }, { host: 'a.test', purpose: 'server' });
      assert.equal(result.ok, false, `byte ${at}`);
    }
  });

  test('a short RSA key is reported', async () => {
    const { generateKeyPairSync } = await import('node:crypto');
    const { importKey } = await import('../../src/core/keys.ts');
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
    const key = importKey(new Uint8Array(privateKey.export({ type: 'pkcs8', format: 'der' })));
    const result = await verify(await makeServer(root, ['a.test'], { key }));
    assert.deepEqual(codes(result), ['weak-key']);
    assert.equal(result.findings[0]?.message, 'its RSA key has 1024 bits; clients want 2048');
  });
});
