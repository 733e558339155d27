import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseCsr, proofOfPossession, requestedBy } from '../../src/core/csr.ts';
import { bmpString, context, ia5String, integer, oid, sequence, utf8String } from '../../src/core/der.ts';
import { describeCsr } from '../../src/core/describe.ts';
import {
  basicConstraints,
  EXTENSION,
  type Extension,
  extendedKeyUsage,
  keyUsage,
  readGeneralNames,
  subjectAltName,
} from '../../src/core/extensions.ts';
import { parseNames } from '../../src/core/names.ts';
import { decodeSubject, formatSubject } from '../../src/core/subject.ts';
import { makeCa, makeServer, pinned } from '../support/pki.ts';
import { encodeExtension, makeCsr } from '../support/signed.ts';
import { throwsCode } from '../support/throws.ts';

const wanted = () => sequence(encodeExtension(subjectAltName(parseNames(['a.test', '10.0.0.1']), false)));

describe('reading a certificate request', () => {
  for (const type of ['1.2.840.113549.1.9.14', '1.3.6.1.4.1.311.2.1.14']) {
    test(`with extensions in ${type}`, async () => {
      const csr = parseCsr(await makeCsr({ subject: 'CN=a.test,O=Acme', attributes: [[type, wanted()]] }));
      assert.equal(formatSubject(decodeSubject(csr.subject)), 'CN=a.test,O=Acme');
      assert.deepEqual(
        csr.extensions.map(({ oid }) => oid),
        [EXTENSION.subjectAltName],
      );
      const names = readGeneralNames(csr.extensions[0]?.value as Uint8Array);
      assert.deepEqual(
        names.map(({ kind }) => kind),
        ['dns', 'ip'],
      );
    });
  }

  test('with other attributes, and with none', async () => {
    const password = utf8String('secret');
    const csr = parseCsr(await makeCsr({ attributes: [['1.2.840.113549.1.9.7', password]] }));
    assert.deepEqual(csr.attributes, [{ oid: '1.2.840.113549.1.9.7', values: [password] }]);
    assert.deepEqual(csr.extensions, []);
    assert.deepEqual(parseCsr(await makeCsr()).attributes, []);
  });

  for (const keyType of ['p256', 'rsa-2048', 'ed25519', 'brainpoolP384r1']) {
    test(`proves that its maker has the ${keyType} key`, async () => {
      const csr = parseCsr(await makeCsr({ keyType }));
      assert.equal(await proofOfPossession(csr, pinned), true);
      const other = parseCsr(await makeCsr({ keyType }));
      assert.equal(await proofOfPossession({ ...csr, publicKey: other.publicKey }, pinned), false);
      assert.equal(await proofOfPossession({ ...csr, tbs: other.tbs }, pinned), false);
    });
  }

  test('what is none is refused', async () => {
    const { certificate } = await makeServer(await makeCa('CN=CA'), ['a.test']);
    for (const bytes of [new Uint8Array(), sequence(), certificate.der, (await makeCsr()).subarray(0, 100)]) {
      assert.throws(() => parseCsr(bytes), {
        code: 'LOCAL_CA_CSR_INVALID',
        message: /^the certificate request cannot be read: /,
      });
    }
  });
});

const REQUESTED = '1.2.840.113549.1.9.14';
const asking = async (...extensions: Extension[]) =>
  parseCsr(await makeCsr({ attributes: [[REQUESTED, sequence(...extensions.map(encodeExtension))]] }));
const plain = (dotted: string, value: Uint8Array): Extension => ({ oid: dotted, critical: false, value });

describe('what a request asks for', () => {
  test('nothing', async () => {
    assert.deepEqual(requestedBy(parseCsr(await makeCsr())), {
      names: [],
      unfitNames: [],
      authority: false,
      keyUsage: undefined,
      extendedKeyUsage: undefined,
      challengePassword: false,
    });
  });

  test('to be a CA, with usages that no profile has', async () => {
    const usages = keyUsage(['keyCertSign', 'decipherOnly']);
    const { authority, ...rest } = requestedBy(
      await asking(basicConstraints(true, 0), usages, extendedKeyUsage(['anyExtendedKeyUsage'])),
    );
    assert.equal(authority, true);
    assert.deepEqual(rest.keyUsage, ['keyCertSign', 'decipherOnly']);
    assert.deepEqual(rest.extendedKeyUsage, ['anyExtendedKeyUsage']);
  });

  test('names that can be signed, in their normal form, and names that cannot', async () => {
    const ascii = (text: string) => ia5String(text).subarray(2);
    const names = sequence(
      context(2, false, ascii('DB.A.test')),
      context(2, false, ascii('10.0.0.1')),
      context(2, false, ascii('a b.test')),
      context(2, false, ascii('evil.test\0.a.test')),
      context(6, false, ascii('https://a.test/\nx')),
      context(7, false, Uint8Array.of(10, 0, 0, 5)),
      context(7, false, Uint8Array.of(1, 2, 3)),
      context(1, false, ascii('me@a.test')),
      context(6, false, ascii('https://a.test/x')),
      context(4, true, sequence()),
      context(0, true, oid('1.3.6.1.4.1.311.20.2.3'), context(0, true, utf8String('me@corp.test'))),
      context(8, false, oid('1.2.3').subarray(2)),
    );
    const csr = await asking(plain(EXTENSION.subjectAltName, names));
    const requested = requestedBy(csr);
    assert.deepEqual(requested.names, parseNames(['db.a.test', '10.0.0.5', 'me@a.test', 'https://a.test/x']));
    assert.deepEqual(requested.unfitNames, [
      'dns:10.0.0.1',
      'dns:a b.test',
      'dns:evil.test\\u0000.a.test',
      'uri:https://a.test/\\u000ax',
      'ip:#010203',
      'directoryName:',
      'otherName:1.3.6.1.4.1.311.20.2.3:me@corp.test',
      'registeredID:1.2.3',
    ]);
    assert.deepEqual(describeCsr(csr).unfitNames, requested.unfitNames);
  });

  test('a damaged extension is refused, and shown', async () => {
    const csr = await asking(plain(EXTENSION.basicConstraints, utf8String('?')));
    throwsCode(
      () => requestedBy(csr),
      'LOCAL_CA_CSR_INVALID',
      /^the certificate request cannot be read: not valid DER at byte 0: tag 0xc where 0x30 belongs$/,
    );
    assert.equal(describeCsr(csr).unfitNames, null);
  });

  test('in the words of Windows', async () => {
    const template = sequence(oid('1.3.6.1.4.1.311.21.8.1.2'), integer(100), integer(5));
    const clientInfo = sequence(
      integer(5),
      utf8String('PC1.corp.test'),
      utf8String('CORP\\ann'),
      utf8String('certreq'),
    );
    const csr = parseCsr(
      await makeCsr({
        attributes: [
          ['1.3.6.1.4.1.311.13.2.3', ia5String('10.0.20348.2')],
          ['1.3.6.1.4.1.311.21.20', clientInfo],
          ['1.3.6.1.4.1.311.13.2.2', sequence(integer(1), bmpString('Microsoft RSA SChannel'), sequence())],
          ['1.2.840.113549.1.9.7', utf8String('secret')],
          ['1.2.3.4', integer(5)],
          ['1.2.840.113549.1.9.2', utf8String('a\n\u001b[2J\u202eb')],
          [REQUESTED, sequence(encodeExtension(plain(EXTENSION.microsoftTemplate, template)))],
        ],
      }),
    );
    const record = describeCsr(csr);
    assert.deepEqual(record.attributes, {
      microsoftOsVersion: '10.0.20348.2',
      microsoftClientInfo: 'PC1.corp.test, CORP\\ann, certreq',
      microsoftCsp: 'Microsoft RSA SChannel',
      challengePassword: '(not shown)',
      '1.2.3.4': '#020105',
      unstructuredName: 'a\\u000a\\u001b[2J\\u202eb',
    });
    assert.equal(record.microsoftTemplate, '1.3.6.1.4.1.311.21.8.1.2 100.5');
    assert.equal(requestedBy(csr).challengePassword, true);
    assert.doesNotMatch(JSON.stringify(record), /secret/);
  });

  test('a template of Windows by its name, or damaged', async () => {
    const named = await asking(plain(EXTENSION.microsoftTemplateName, bmpString('WebServer')));
    assert.equal(describeCsr(named).microsoftTemplate, 'WebServer');
    const damaged = await asking(plain(EXTENSION.microsoftTemplate, integer(1)));
    assert.equal(describeCsr(damaged).microsoftTemplate, null);
  });
});
