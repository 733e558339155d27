import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { before, describe, test } from 'node:test';
import { parseCrl } from '../../src/core/crl.ts';
import { parseCsr } from '../../src/core/csr.ts';
import {
  bmpString,
  context,
  ia5String,
  integer,
  oid,
  sequence,
  setOf,
  TAG,
  tlv,
  utf8String,
} from '../../src/core/der.ts';
import { describeCertificate, describeCrl, describeCsr, describeKey } from '../../src/core/describe.ts';
import { EXTENSION, type Extension, subjectAltName } from '../../src/core/extensions.ts';
import { parseNames } from '../../src/core/names.ts';
import { parseCertificate } from '../../src/core/parse.ts';
import { encodeSubject, parseSubject } from '../../src/core/subject.ts';
import { day, type Holder, makeCa, makeOdd, makeServer, NOW, permitting } from '../support/pki.ts';
import { encodeExtension, makeCrl, makeCsr, reason } from '../support/signed.ts';

let root: Holder;
before(async () => {
  root = await makeCa('CN=Root,O=Acme', { pathLength: 0, constraints: permitting('a.test', '10.0.0.0/8', '@a.test') });
});

const at = (holder: Holder, when = NOW) => describeCertificate(holder.certificate, when);
const odd = async (...extensions: Extension[]) => at(await makeOdd('CN=odd', { issuer: root, extensions }));
const contents = (text: string) => ia5String(text).subarray(2);
const plain = (dotted: string, value: Uint8Array, critical = false): Extension => ({ oid: dotted, critical, value });

describe('describing a certificate', () => {
  test('a leaf', async () => {
    const leaf = await makeServer(root, ['db.a.test', '10.0.0.5', 'fd00::1', 'me@a.test', 'https://a.test/x']);
    const record = at(leaf);
    const { der, publicKey, serial } = leaf.certificate;
    const hash = (name: string, bytes: Uint8Array) => createHash(name).update(bytes).digest('hex');
    const { extensions, subjectKeyId, ...rest } = record;
    assert.deepEqual(rest, {
      version: 3,
      serial,
      subject: 'CN=db.a.test',
      issuer: 'CN=Root,O=Acme',
      selfIssued: false,
      keyType: 'p256',
      publicKeySha256: hash('sha256', publicKey),
      signature: 'ECDSA with SHA-256',
      notBefore: '2026-05-31T00:00:00Z',
      notAfter: '2026-09-09T00:00:00Z',
      state: 'valid',
      daysLeft: 100,
      names: ['db.a.test', '10.0.0.5', 'fd00::1', 'me@a.test', 'https://a.test/x'],
      authority: false,
      pathLength: null,
      keyUsage: ['digitalSignature'],
      extendedKeyUsage: ['serverAuth'],
      authorityKeyId: at(root).subjectKeyId,
      nameConstraints: null,
      crlDistributionPoints: [],
      ocsp: [],
      caIssuers: [],
      fingerprintSha256: hash('sha256', der),
      fingerprintSha1: hash('sha1', der),
    });
    assert.match(subjectKeyId ?? '', /^[0-9a-f]{40}$/);
    assert.deepEqual(extensions[0], { oid: '2.5.29.19', name: 'basicConstraints', critical: true, state: 'decoded' });
    assert.deepEqual(JSON.parse(JSON.stringify(record)), record);
  });

  test('a root with constraints', () => {
    const record = at(root);
    assert.deepEqual([record.authority, record.pathLength, record.selfIssued], [true, 0, true]);
    assert.deepEqual(record.keyUsage, ['keyCertSign', 'cRLSign']);
    assert.deepEqual(record.nameConstraints, {
      permitted: ['dns:a.test', 'ip:10.0.0.0/8', 'email:a.test'],
      excluded: ['ip:::/0'],
    });
  });

  test('its state and the days that are left', async () => {
    const leaf = await makeServer(root, ['a.test'], { notBefore: day(-1), notAfter: day(10) });
    const state = (days: number) => {
      const { state, daysLeft } = at(leaf, day(days));
      return [state, daysLeft];
    };
    assert.deepEqual(state(0), ['valid', 10]);
    assert.deepEqual(state(9.5), ['valid', 0]);
    assert.deepEqual(state(10.5), ['expired', -1]);
    assert.deepEqual(state(-2), ['not-yet-valid', 12]);
  });

  test('names of every kind', async () => {
    const directory = encodeSubject(parseSubject('CN=x,O=Acme'));
    const list = sequence(
      context(0, true, oid('1.3.6.1.4.1.311.20.2.3'), context(0, true, utf8String('me@corp.test'))),
      context(0, true, oid('1.2.3'), context(0, true, integer(5))),
      context(3, true, integer(1)),
      context(4, true, directory),
      context(5, true, integer(2)),
      context(7, false, Uint8Array.of(1, 2, 3)),
      context(8, false, oid('1.2.3.4').subarray(2)),
      context(2, false, contents('a\0b')),
      context(4, true, utf8String('broken')),
      context(0, true, integer(1)),
    );
    assert.deepEqual((await odd(plain(EXTENSION.subjectAltName, list))).names, [
      'otherName:1.3.6.1.4.1.311.20.2.3:me@corp.test',
      'otherName:1.2.3:#020105',
      'x400Address:020101',
      'directoryName:CN=x,O=Acme',
      'ediPartyName:020102',
      '#010203',
      'registeredID:1.2.3.4',
      'a\\u0000b',
      'directoryName:#0c0662726f6b656e',
      '#020101',
    ]);
  });

  test('addresses of revocation lists, OCSP and issuers', async () => {
    const uri = (text: string) => context(6, false, contents(text));
    const point = (text: string) => sequence(context(0, true, context(0, true, uri(text))));
    const access = (method: string, text: string) => sequence(oid(method), uri(text));
    const record = await odd(
      plain(EXTENSION.crlDistributionPoints, sequence(point('http://a.test/crl'), point('ldap://a.test/'))),
      plain(
        '1.3.6.1.5.5.7.1.1',
        sequence(
          access('1.3.6.1.5.5.7.48.1', 'http://a.test/ocsp'),
          access('1.3.6.1.5.5.7.48.2', 'http://a.test/ca.crt'),
        ),
      ),
    );
    assert.deepEqual(record.crlDistributionPoints, ['http://a.test/crl', 'ldap://a.test/']);
    assert.deepEqual([record.ocsp, record.caIssuers], [['http://a.test/ocsp'], ['http://a.test/ca.crt']]);
  });

  test('constraints with an odd mask and of rare kinds', async () => {
    const tree = (tag: number, constructed: boolean, ...value: Uint8Array[]) =>
      sequence(context(tag, constructed, ...value));
    const value = sequence(
      context(
        0,
        true,
        tree(7, false, Uint8Array.of(10, 0, 5, 0, 255, 0, 255, 0)),
        tree(2, false),
        tree(4, true, encodeSubject(parseSubject('C=DE'))),
        tree(8, false, Uint8Array.of(0x2a, 3)),
        tree(7, false, Uint8Array.of(1, 2, 3)),
      ),
    );
    assert.deepEqual((await odd(plain(EXTENSION.nameConstraints, value, true))).nameConstraints?.permitted, [
      'ip:10.0.5.0/255.0.255.0',
      'dns:(any)',
      'directoryName:C=DE',
      'registeredID:1.2.3',
      'ip:#010203',
    ]);
  });

  test('unknown and damaged extensions are shown as hex', async () => {
    const record = await odd(
      plain('1.2.3.4', utf8String('x'), true),
      plain('1.3.6.1.5.5.7.1.24', sequence(integer(5))),
      plain(EXTENSION.keyUsage, utf8String('?'), true),
      plain(EXTENSION.subjectAltName, Uint8Array.of(0x30, 0x05, 0x82)),
    );
    assert.deepEqual([record.keyUsage, record.names], [null, []]);
    assert.deepEqual(record.extensions, [
      { oid: '1.2.3.4', name: null, critical: true, state: 'unknown', value: '0c0178' },
      { oid: '1.3.6.1.5.5.7.1.24', name: 'tlsFeature', critical: false, state: 'unknown', value: '3003020105' },
      { oid: '2.5.29.15', name: 'keyUsage', critical: true, state: 'undecodable', value: '0c013f' },
      { oid: '2.5.29.17', name: 'subjectAltName', critical: false, state: 'undecodable', value: '300582' },
    ]);
  });

  test('odd string types in the subject, and a subject that is none', async () => {
    const attribute = (value: Uint8Array) => setOf(sequence(oid('2.5.4.3'), value));
    const subject = sequence(
      attribute(bmpString('Bücher')),
      attribute(tlv(TAG.teletexString, Uint8Array.of(0xe9))),
      attribute(tlv(TAG.universalString, Uint8Array.of(0, 1, 0xf6, 0))),
    );
    const text = (der: Uint8Array) => describeCertificate({ ...root.certificate, subject: der }, NOW).subject;
    assert.equal(text(subject), 'CN=😀,CN=é,CN=Bücher');
    assert.equal(text(sequence(integer(1))), '#3003020101');
  });

  test('a key that local-ca does not know is called by its OIDs', () => {
    const spki = (...parts: Uint8Array[]) => sequence(sequence(...parts), tlv(TAG.bitString, Uint8Array.of(0, 1)));
    const record = (publicKey: Uint8Array) => describeCertificate({ ...root.certificate, publicKey }, NOW).keyType;
    assert.equal(record(spki(oid('1.3.101.113'))), '1.3.101.113');
    assert.equal(record(spki(oid('1.2.840.10045.2.1'), oid('1.2.3'))), '1.2.840.10045.2.1 1.2.3');
    assert.equal(record(sequence(integer(1))), 'unreadable');
  });
});

describe('describing other things', () => {
  test('a request', async () => {
    const extension = encodeExtension(subjectAltName(parseNames(['a.test']), false));
    const attributes = [['1.2.840.113549.1.9.14', sequence(extension)]] as const;
    const csr = parseCsr(await makeCsr({ subject: 'CN=a.test', keyType: 'ed25519', attributes }));
    const record = describeCsr(csr);
    assert.deepEqual([record.subject, record.keyType, record.signature], ['CN=a.test', 'ed25519', 'Ed25519']);
    assert.deepEqual([record.names, record.unfitNames, record.attributes], [['a.test'], [], {}]);
    assert.equal(record.microsoftTemplate, null);
  });

  test('a revocation list', async () => {
    const revoked = [
      { serial: '0a', at: day(-2), extensions: [reason(6)] },
      { serial: '0b', at: day(-1) },
    ];
    const der = await makeCrl(root, { thisUpdate: day(-1), nextUpdate: day(1), revoked });
    const { fingerprintSha256, ...record } = describeCrl(parseCrl(der), NOW);
    assert.match(fingerprintSha256, /^[0-9a-f]{64}$/);
    assert.deepEqual(record, {
      version: 2,
      issuer: 'CN=Root,O=Acme',
      number: null,
      thisUpdate: '2026-05-31T00:00:00Z',
      nextUpdate: '2026-06-02T00:00:00Z',
      state: 'valid',
      authorityKeyId: null,
      signature: 'ECDSA with SHA-256',
      unknownCritical: [],
      revoked: [
        { serial: '0a', revokedAt: '2026-05-30T00:00:00Z', reason: 'certificateHold', invalidSince: null },
        { serial: '0b', revokedAt: '2026-05-31T00:00:00Z', reason: null, invalidSince: null },
      ],
    });
    assert.equal(describeCrl(parseCrl(await makeCrl(root, { thisUpdate: day(-1) })), NOW).nextUpdate, null);
    assert.equal(describeCrl(parseCrl(der), day(2)).state, 'expired');
  });

  test('a key, without the key', () => {
    const record = describeKey(root.key);
    assert.deepEqual(Object.keys(record), ['keyType', 'publicKeySha256']);
    assert.equal(record.publicKeySha256, at(root).publicKeySha256);
  });
});

describe('damaged files', () => {
  const NOISE = [0x00, 0x01, 0x30, 0x7f, 0x80, 0x84, 0xff];

  /** Every cut, and every byte replaced: only a LocalCaError may come out, and what is read can be described. */
  function fuzz<T>(der: Uint8Array, parse: (bytes: Uint8Array) => T, show: (value: T) => unknown, code: string): void {
    const look = (bytes: Uint8Array, where: string) => {
      let value: T;
      try {
        value = parse(bytes);
      } catch (error) {
        assert.equal((error as { code?: string }).code, code, `${where}: ${error}`);
        return;
      }
      assert.ok(JSON.stringify(show(value)).length > 0, where);
    };
    for (let cut = 0; cut < der.length; cut++) look(der.subarray(0, cut), `cut at ${cut}`);
    for (let at = 0; at < der.length; at++) {
      for (const noise of NOISE) {
        const damaged = Uint8Array.from(der);
        damaged[at] = noise;
        look(damaged, `byte ${at} is ${noise}`);
      }
    }
  }

  test('certificates', async () => {
    const leaf = await makeServer(root, ['a.test', '10.0.0.1']);
    for (const { der } of [leaf.certificate, root.certificate]) {
      fuzz(
        der,
        parseCertificate,
        (certificate) => describeCertificate(certificate, NOW),
        'LOCAL_CA_CERTIFICATE_INVALID',
      );
    }
  });

  test('revocation lists', async () => {
    const revoked = [{ serial: '0a', at: day(-2), extensions: [reason(6)] }];
    const der = await makeCrl(root, { thisUpdate: day(-1), nextUpdate: day(1), revoked });
    fuzz(der, parseCrl, (crl) => describeCrl(crl, NOW), 'LOCAL_CA_CRL_INVALID');
  });

  test('requests', async () => {
    const extension = encodeExtension(subjectAltName(parseNames(['a.test']), false));
    const der = await makeCsr({ attributes: [['1.2.840.113549.1.9.14', sequence(extension)]] });
    fuzz(der, parseCsr, describeCsr, 'LOCAL_CA_CSR_INVALID');
  });
});
