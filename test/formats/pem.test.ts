import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { certificatesIn, decodePem, encodePem, pemCertificates } from '../../src/formats/pem.ts';
import { intermediate, intermediatePem, leaf, leafKey, leafKeyPem, leafPem } from './fixtures.ts';

const latin = (text: string) => new TextEncoder().encode(text);

describe('PEM', () => {
  test('is written as OpenSSL writes it: 64 columns, LF, a newline at the end', () => {
    assert.equal(encodePem('CERTIFICATE', leaf), leafPem);
    assert.equal(encodePem('X', new Uint8Array(48)), `-----BEGIN X-----\n${'A'.repeat(64)}\n-----END X-----\n`);
  });

  const tolerated: Record<string, string> = {
    CRLF: leafPem.replaceAll('\n', '\r\n'),
    'CR alone': leafPem.replaceAll('\n', '\r'),
    'text before, after and between': `Bag Attributes\n  a: b\n${leafPem}subject=CN = x\n`,
    'a byte order mark': `\ufeff${leafPem}`,
    'leading and trailing spaces': leafPem.replaceAll('\n', '  \n   '),
    'one long line': leafPem.replaceAll(/(?<=[A-Za-z0-9+/])\n(?=[A-Za-z0-9+/])/g, ''),
    'no newline at the end': leafPem.trimEnd(),
  };
  for (const [what, text] of Object.entries(tolerated)) {
    test(`reads with ${what}`, () => {
      assert.deepEqual(decodePem(text), [{ label: 'CERTIFICATE', der: leaf, headers: {} }]);
    });
  }

  test('reads several blocks in order, and none', () => {
    const blocks = decodePem(`${leafKeyPem}\n${leafPem}between\n${intermediatePem}`);
    assert.deepEqual(
      blocks.map(({ label, der }) => [label, der]),
      [
        ['PRIVATE KEY', leafKey],
        ['CERTIFICATE', leaf],
        ['CERTIFICATE', intermediate],
      ],
    );
    assert.deepEqual(decodePem('nothing here'), []);
  });

  test('shows the headers of an encrypted block', () => {
    const [block] = decodePem(
      '-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00FF\n\nAAAA\n-----END RSA PRIVATE KEY-----\n',
    );
    assert.deepEqual(block?.headers, { 'Proc-Type': '4,ENCRYPTED', 'DEK-Info': 'AES-256-CBC,00FF' });
    assert.deepEqual(block?.der, new Uint8Array(3));
  });

  const refused: Record<string, readonly [text: string, message: RegExp]> = {
    'broken base64': [
      `${leafPem}${intermediatePem.replace('MII', 'M!I')}`,
      /^PEM block 2 \("CERTIFICATE"\) is not valid base64$/,
    ],
    'a cut block': [leafPem.replace('MIIB', 'MIB'), /^PEM block 1 .* is not valid base64$/],
    'no END line': [leafPem.slice(0, 200), /^PEM block 1 \("CERTIFICATE"\) has no END line$/],
    'a BEGIN in a block': [`${leafPem.slice(0, 65)}\n${leafPem}`, /^PEM block 1 .* has no END line$/],
    'another END': [leafPem.replace('END CERTIFICATE', 'END CRL'), /^PEM block 1 \("CERTIFICATE"\) ends as "CRL"$/],
    'an empty block': ['-----BEGIN A-----\n-----END A-----\n', /^PEM block 1 \("A"\) is empty$/],
  };
  for (const [what, [text, message]] of Object.entries(refused)) {
    test(`refuses ${what}`, () => {
      assert.throws(() => decodePem(text), { code: 'LOCAL_CA_PEM_INVALID', message });
    });
  }

  test('a large hostile text takes no more than its length', () => {
    const text = '-----BEGIN A-----'.repeat(200_000);
    assert.deepEqual(decodePem(text), []);
    assert.throws(() => decodePem('-----BEGIN A-----\n'.repeat(200_000)), { code: 'LOCAL_CA_PEM_INVALID' });
  });

  test('gives the certificates of a text, and insists on one', () => {
    assert.deepEqual(pemCertificates(`${leafKeyPem}${leafPem}${intermediatePem}`), [leaf, intermediate]);
    const trusted = encodePem('TRUSTED CERTIFICATE', Uint8Array.from([...leaf, 0x30, 0x00]));
    assert.deepEqual(pemCertificates(trusted), [leaf]);
    assert.throws(() => pemCertificates(leafKeyPem), {
      code: 'LOCAL_CA_PEM_INVALID',
      message: 'the text holds no certificate',
    });
  });

  test('gives the certificates of a file, PEM or DER', () => {
    assert.deepEqual(certificatesIn(latin(leafPem)), [leaf]);
    assert.deepEqual(certificatesIn(leaf), [leaf]);
  });
});
