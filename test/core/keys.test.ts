import assert from 'node:assert/strict';
import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { systemAmbient } from '../../src/ambient.ts';
import { KEY_TYPES } from '../../src/core/algorithms.ts';
import { generateKey, importKey, type PrivateKey } from '../../src/core/keys.ts';
import { keySigner } from '../../src/core/signer.ts';
import { encodePem } from '../../src/formats/pem.ts';
import { throwsCode } from '../support/throws.ts';

const keyObject = (key: PrivateKey) =>
  createPrivateKey({ key: Buffer.from(key.toPkcs8()), format: 'der', type: 'pkcs8' });
const utf8 = (text: string) => new TextEncoder().encode(text);

for (const keyType of KEY_TYPES) {
  test(`${keyType}: what is made is what OpenSSL, inside Node, reads, in every form`, async () => {
    const key = await generateKey(keyType, systemAmbient);
    const opened = keyObject(key);
    assert.deepEqual(createPublicKey(opened).export({ type: 'spki', format: 'der' }), Buffer.from(key.publicKey));
    const { pemLabel, der } = key.toTraditional();
    for (const bytes of [
      key.toPkcs8(),
      der,
      utf8(encodePem('PRIVATE KEY', key.toPkcs8())),
      utf8(encodePem(pemLabel, der)),
    ]) {
      const again = importKey(bytes);
      assert.equal(again.keyType, keyType);
      assert.deepEqual(Buffer.from(again.publicKey), Buffer.from(key.publicKey));
      assert.ok(createPrivateKey(encodePem('PRIVATE KEY', again.toPkcs8())).equals(opened));
    }
  });

  test(`${keyType}: a signature is what X.509 wants`, async () => {
    const key = await generateKey(keyType, systemAmbient);
    const signer = await keySigner(key, systemAmbient);
    const data = utf8('to be signed');
    const hash = signer.algorithm.hash?.replace('-', '').toLowerCase() ?? null;
    const signature = await signer.sign(data);
    assert.ok(verify(hash, data, createPublicKey(keyObject(key)), signature));
    assert.ok(!verify(hash, utf8('something else'), createPublicKey(keyObject(key)), signature));
  });
}

test('a private key shows nothing of itself', async () => {
  const key = await generateKey('p256', systemAmbient);
  const secret = Buffer.from(key.toPkcs8());
  const shown = [
    inspect(key, { showHidden: true, depth: 9 }),
    JSON.stringify({ key }),
    `${key}`,
    inspect({ nested: [key] }, { depth: 9 }),
  ];
  for (const text of shown) {
    assert.match(text, /\[PrivateKey p256\]/);
    assert.ok(
      !text.includes(secret.toString('base64').slice(40, 60)) && !text.includes(secret.toString('hex').slice(40, 60)),
    );
  }
  assert.deepEqual(Object.keys(key), ['algorithm', 'publicKey']);
});

const plain = createPrivateKey(keyObjectPem());

/** A P-256 key made by Node, so that none of our code stands behind the test of reading. */
function keyObjectPem(): string {
  return `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgevZzL1gdAFr88hb2
OF/2NxApJCzGCEDdfSp6VQO30hyhRANCAAQRWz+jn65BtOMvdyHKcvjBeBSDZH2r
1RTwjmYSi9R/zpBnuQ4EiMnCqfMPWiZqB4QdbAd0E7oH50VpuZ1P087G
-----END PRIVATE KEY-----
`;
}

test('an encrypted key opens with its passphrase, and only with that', () => {
  for (const cipher of ['aes-256-cbc', 'des-ede3-cbc']) {
    for (const type of ['pkcs8', 'sec1'] as const) {
      const pem = utf8(plain.export({ type, format: 'pem', cipher, passphrase: 'sésame' }) as string);
      assert.equal(importKey(pem, 'sésame').keyType, 'p256');
      throwsCode(() => importKey(pem), 'LOCAL_CA_KEY_ENCRYPTED', /has a pass phrase/);
      throwsCode(() => importKey(pem, 'wrong'), 'LOCAL_CA_PASSWORD_WRONG', /does not open/);
      throwsCode(() => importKey(pem, ''), 'LOCAL_CA_PASSWORD_WRONG', /does not open/);
    }
  }
  const der = plain.export({ type: 'pkcs8', format: 'der', cipher: 'aes-256-cbc', passphrase: 'x' });
  assert.equal(importKey(der, 'x').keyType, 'p256');
  throwsCode(() => importKey(der), 'LOCAL_CA_KEY_ENCRYPTED', /has a pass phrase/);
});

test('a passphrase for a key that has none is no error', () => {
  assert.equal(importKey(utf8(keyObjectPem()), 'not needed').keyType, 'p256');
});

test('what is no private key is refused', () => {
  const publicKey = createPublicKey(plain).export({ type: 'spki', format: 'pem' }) as string;
  for (const bytes of [
    utf8(''),
    utf8('hello'),
    utf8(publicKey),
    utf8(keyObjectPem().slice(0, 90)),
    Uint8Array.of(0x30, 0x80, 1, 2),
  ]) {
    throwsCode(() => importKey(bytes), 'LOCAL_CA_KEY_INVALID', /cannot be read/);
  }
});

test('a key of an algorithm that is not in the table is refused by its name', () => {
  const x25519 = Buffer.from(`302e020100300506032b656e04220420${'77'.repeat(32)}`, 'hex');
  throwsCode(() => importKey(x25519), 'LOCAL_CA_KEY_INVALID', /x25519|cannot be read/);
  assert.throws(() => sign(null, Buffer.from('x'), createPrivateKey({ key: x25519, format: 'der', type: 'pkcs8' })));
});
