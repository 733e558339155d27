/** Certificates, requests, lists and keys from strangers: each is read or refused, soon, and with little memory. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { systemAmbient } from '../../src/ambient.ts';
import { KEY_TYPES } from '../../src/core/algorithms.ts';
import { orderCertificates } from '../../src/core/chain.ts';
import { parseCrl } from '../../src/core/crl.ts';
import { ownSignature, parseCsr, requestedBy } from '../../src/core/csr.ts';
import {
  bitString,
  children,
  concatBytes,
  context,
  integer,
  nullValue,
  octetString,
  oid,
  readOid,
  readWhole,
  sequence,
  TAG,
  tlv,
  utf8String,
} from '../../src/core/der.ts';
import { describeCertificate, describeCrl, describeCsr, describeKey } from '../../src/core/describe.ts';
import { keyMark } from '../../src/core/key-mark.ts';
import { generateKey, importKey } from '../../src/core/keys.ts';
import { nameText } from '../../src/core/name-text.ts';
import { parseCertificate } from '../../src/core/parse.ts';
import { keySigner } from '../../src/core/signer.ts';
import { decodeSubject } from '../../src/core/subject.ts';
import { verifyChain } from '../../src/core/verify.ts';
import { encodePem } from '../../src/formats/pem.ts';
import { windowsCsr } from '../support/csr-odd.ts';
import { INTERMEDIATE, LEAF, LEAF_KEY_PKCS8, NOW, ROOT } from '../support/fixtures.ts';
import { dice, hostileDer, pick, resultOrRefusal } from '../support/hostile.ts';
import { makeCa, permitting, pinned } from '../support/pki.ts';
import { makeCrl, reason } from '../support/signed.ts';
import { rejectsCode, throwsCode } from '../support/throws.ts';

const ROUNDS = 400;
const TIME = { timeout: 60_000 };

describe('damaged with their structure in mind', () => {
  test(`${ROUNDS} certificates`, TIME, async () => {
    const constrained = await makeCa('CN=Root', { constraints: permitting('test', '10.0.0.0/8', '@a.test') });
    const seeds = [LEAF, INTERMEDIATE, ROOT, constrained.certificate.der];
    const roll = dice(1);
    for (let round = 0; round < ROUNDS; round++) {
      const [leaf, issuer] = [hostileDer(pick(roll, seeds), roll), hostileDer(pick(roll, seeds), roll)];
      await resultOrRefusal(() => describeCertificate(parseCertificate(leaf), NOW));
      await resultOrRefusal(() => keyMark(parseCertificate(leaf).publicKey));
      await resultOrRefusal(async () => {
        const [own, above] = [parseCertificate(leaf), parseCertificate(round % 2 === 0 ? issuer : INTERMEDIATE)];
        const options = { at: NOW, purpose: 'server', host: 'db1.example.test', ambient: pinned } as const;
        await verifyChain({ leaf: own, intermediates: [above], roots: [parseCertificate(ROOT)], ...options });
      });
    }
  });

  test(`${ROUNDS} requests`, TIME, async () => {
    const seed = windowsCsr();
    const roll = dice(2);
    for (let round = 0; round < ROUNDS; round++) {
      const der = hostileDer(seed, roll);
      await resultOrRefusal(() => describeCsr(parseCsr(der)));
      await resultOrRefusal(() => requestedBy(parseCsr(der)));
      await resultOrRefusal(() => ownSignature(parseCsr(der), pinned));
    }
  });

  test(`${ROUNDS} revocation lists`, TIME, async () => {
    const root = await makeCa('CN=Root');
    const revoked = [{ serial: '8fff', at: NOW, extensions: [reason(1)] }];
    const seed = await makeCrl(root, { thisUpdate: NOW, nextUpdate: NOW, revoked });
    const roll = dice(3);
    for (let round = 0; round < ROUNDS; round++) {
      const der = hostileDer(seed, roll);
      await resultOrRefusal(() => describeCrl(parseCrl(der), NOW));
      await resultOrRefusal(() => {
        const options = { leaf: root.certificate, intermediates: [], roots: [], at: NOW, ambient: pinned };
        return verifyChain({ ...options, crls: [parseCrl(der)] });
      });
    }
  });

  test(`${ROUNDS} keys`, TIME, async () => {
    const roll = dice(4);
    for (let round = 0; round < ROUNDS; round++) {
      await resultOrRefusal(async () => {
        const key = importKey(hostileDer(LEAF_KEY_PKCS8, roll));
        describeKey(key);
        key.toTraditional();
        await (await keySigner(key, systemAmbient)).sign(Uint8Array.of(1));
      });
    }
  });
});

/** The leaf, with another element at this place of what is signed. */
function withField(at: number, element: Uint8Array): Uint8Array {
  const [tbs, ...rest] = children(readWhole(LEAF)).map(({ bytes }) => bytes) as [Uint8Array, Uint8Array, Uint8Array];
  const fields = children(readWhole(tbs)).map(({ bytes }) => bytes);
  return sequence(sequence(...fields.with(at, element)), ...rest);
}
const SERIAL = 1;
const SUBJECT = 5;

describe('far too large', () => {
  const empty = (count: number) => new Uint8Array(2 * count).map((_, i) => (i % 2 === 0 ? TAG.null : 0));

  test('a certificate and a request', () => {
    const huge = withField(SUBJECT, tlv(TAG.sequence, empty(8_000_000)));
    const says = /: it has \d+ bytes, and more than 1048576 are not read$/;
    throwsCode(() => parseCertificate(huge), 'LOCAL_CA_CERTIFICATE_INVALID', says);
    throwsCode(() => parseCsr(huge), 'LOCAL_CA_CSR_INVALID', says);
  });

  test('an element of a million others', () => {
    const many = readWhole(tlv(TAG.sequence, empty(1_000_001)));
    throwsCode(() => children(many), 'LOCAL_CA_DER_INVALID', /more than 1000000 elements in one$/);
  });

  test('a name is shown as hex, since what cannot be seen in it takes long to write out', () => {
    const name = sequence(tlv(TAG.set, sequence(oid('2.5.4.3'), utf8String('\x01'.repeat(70_000)))));
    throwsCode(() => decodeSubject(name), 'LOCAL_CA_DER_INVALID', /a name of \d+ bytes$/);
    assert.match(nameText(name), /^#3083/);
  });

  test('a serial without a digit', () => {
    const odd = withField(SERIAL, tlv(TAG.integer));
    throwsCode(() => parseCertificate(odd), 'LOCAL_CA_CERTIFICATE_INVALID', /an integer without a digit$/);
  });
});

describe('object identifiers', () => {
  const read = (hex: string) => readOid(readWhole(tlv(TAG.oid, Buffer.from(hex, 'hex'))));

  test('have arcs of any size', () => {
    for (const dotted of [
      '2.25.329800735698586629295641978511506172918',
      '2.999.3',
      '1.39.1',
      '0.9.2342',
      '2.5.29.17',
    ]) {
      assert.equal(readOid(readWhole(oid(dotted))), dotted);
    }
  });

  test('that another program would take for others are none', () => {
    throwsCode(() => read('551d8011'), 'LOCAL_CA_DER_INVALID', /an object identifier with padding$/);
    throwsCode(() => read('551d91'), 'LOCAL_CA_DER_INVALID', /an object identifier that is cut short$/);
    throwsCode(() => read(''), 'LOCAL_CA_DER_INVALID', /an object identifier that is cut short$/);
    throwsCode(() => read('ff'.repeat(300)), 'LOCAL_CA_DER_INVALID', /an object identifier of very many bytes$/);
  });
});

describe('a private key', () => {
  const PBES2 = '1.2.840.113549.1.5.13';
  const salt = octetString(new Uint8Array(8));
  const cipher = sequence(oid('2.16.840.1.101.3.4.1.42'), octetString(new Uint8Array(16)));
  const closed = (...algorithm: readonly Uint8Array[]) =>
    sequence(sequence(...algorithm), octetString(new Uint8Array(64)));
  const pbkdf2 = (iterations: number) =>
    closed(oid(PBES2), sequence(sequence(oid('1.2.840.113549.1.5.12'), sequence(salt, integer(iterations))), cipher));
  const scrypt = (n: number, r: number, p: number) => {
    const parameters = sequence(salt, integer(n), integer(r), integer(p));
    return closed(oid(PBES2), sequence(sequence(oid('1.3.6.1.4.1.11591.4.11'), parameters), cipher));
  };
  const says = /^opening the file would take more than 20000000 rounds of key derivation, or none$/;

  const ENDLESS: Readonly<Record<string, Uint8Array>> = {
    PBKDF2: pbkdf2(2 ** 31 - 1),
    'PBKDF2 without a round': pbkdf2(0),
    scrypt: scrypt(2 ** 14, 8, 2 ** 14),
    'PKCS#12': closed(oid('1.2.840.113549.1.12.1.3'), sequence(salt, integer(2 ** 31 - 1))),
  };
  for (const [scheme, der] of Object.entries(ENDLESS)) {
    test(`whose pass phrase would take hours to try: ${scheme}`, TIME, () => {
      throwsCode(() => importKey(der, 'x'), 'LOCAL_CA_KEY_INVALID', says);
      const pem = new TextEncoder().encode(`${encodePem('ENCRYPTED PRIVATE KEY', der)}`);
      throwsCode(() => importKey(pem, 'x'), 'LOCAL_CA_KEY_INVALID', says);
    });
  }

  test('whose text is not what OpenSSL would read', () => {
    const pem = encodePem('ENCRYPTED PRIVATE KEY', pbkdf2(2)).replace('\n', '\nComment: a\n');
    throwsCode(() => importKey(new TextEncoder().encode(pem), 'x'), 'LOCAL_CA_KEY_INVALID', /cannot be read$/);
  });

  for (const keyType of KEY_TYPES.filter((one) => !/^(ed25519|rsa-[34])/.test(one))) {
    test(`${keyType}: one with a wrong byte signs what nobody could verify, and is refused`, async () => {
      const pkcs8 = (await generateKey(keyType, systemAmbient)).toPkcs8();
      const [, , inner] = children(readWhole(pkcs8));
      const numbers = children(readWhole((inner as { contents: Uint8Array }).contents));
      // Of RSA the private exponent, of a curve the number.
      const { contents } = numbers[numbers.length > 4 ? 3 : 1] as { contents: Uint8Array };
      const last = contents.length - 1;
      contents[last] = (contents[last] as number) ^ 4;
      throwsCode(() => importKey(pkcs8), 'LOCAL_CA_KEY_INVALID', /^the private key (is damaged: |cannot be read$)/);
    });
  }

  test('that WebCrypto cannot take is refused when it should sign', async () => {
    const key = importKey(LEAF_KEY_PKCS8);
    const broken = { algorithm: key.algorithm, publicKey: key.publicKey, toPkcs8: () => sequence(nullValue()) };
    const signing = () => keySigner(broken as unknown as typeof key, systemAmbient);
    await rejectsCode(signing, 'LOCAL_CA_KEY_INVALID', /^the private key cannot sign: it is damaged/);
  });
});

test('hundreds of CAs with one name', TIME, () => {
  const name = (text: string) => sequence(tlv(TAG.set, sequence(oid('2.5.4.3'), utf8String(text))));
  const [, algorithm] = children(readWhole(LEAF)).map(({ bytes }) => bytes) as [Uint8Array, Uint8Array];
  const fields = children(children(readWhole(LEAF))[0] as ReturnType<typeof readWhole>).map(({ bytes }) => bytes);
  const made = Array.from({ length: 600 }, (_, i) => {
    const subject = name(i % 2 === 0 ? 'CA' : `leaf ${i}`);
    const own = fields
      .with(SERIAL, integer(i + 1))
      .with(3, name('CA'))
      .with(SUBJECT, subject)
      .slice(0, 7);
    return parseCertificate(sequence(sequence(...own), algorithm, bitString(Uint8Array.of(1))));
  });
  assert.equal(orderCertificates([...made, ...made]).length, made.length);
});

test('a number of a list without a digit', () => {
  const time = tlv(TAG.utcTime, new TextEncoder().encode('260601000000Z'));
  const algorithm = sequence(oid('1.2.840.10045.4.3.2'));
  const number = sequence(sequence(oid('2.5.29.20'), octetString(tlv(TAG.integer))));
  const tbs = concatBytes(sequence(integer(1), algorithm, sequence(), time, context(0, true, number)));
  const crl = sequence(tbs, algorithm, bitString(Uint8Array.of(1)));
  throwsCode(() => parseCrl(crl), 'LOCAL_CA_CRL_INVALID', /an integer without a digit$/);
});
