/** PKCS#7, JKS and encrypted PKCS#8 against the programs whose files these are: what we write, they open, and the other way round. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { children, expectTag, readWhole, TAG } from '../../src/core/der.ts';
import { decryptPbes2, encryptPkcs8 } from '../../src/core/pbes2.ts';
import { detectFormat } from '../../src/formats/detect.ts';
import type { StoreEntry } from '../../src/formats/entries.ts';
import { readJks, writeJks } from '../../src/formats/jks.ts';
import { decodePem, encodePem, pemCertificates } from '../../src/formats/pem.ts';
import { readPkcs7, writePkcs7 } from '../../src/formats/pkcs7.ts';
import { readPkcs12 } from '../../src/formats/pkcs12.ts';
import { intermediate, leaf, leafKey, mixed, root } from '../formats/fixtures.ts';
import { needs } from '../support/peers.ts';
import {
  byAlias,
  everyKind,
  makeCrl,
  named,
  password,
  random,
  samePrivateKey,
  selfSigned,
  unusual,
  unusualAlias,
  withPlainKey,
  workshop,
} from './formats-workshop.ts';

const chain = [leaf, intermediate, root];

describe('PKCS#7', () => {
  test('OpenSSL reads ours, in order', async (t) => {
    if (!needs(t, 'openssl')) return;
    const { must } = await workshop(t, { 'a.p7b': writePkcs7(chain), 'a.pem': encodePem('PKCS7', writePkcs7(chain)) });
    for (const file of [['a.p7b', '-inform', 'DER'], ['a.pem']]) {
      const text = await must('openssl pkcs7 -print_certs -in', ...file);
      assert.deepEqual(pemCertificates(text), chain);
    }
  });

  test('Java reads ours', async (t) => {
    if (!needs(t, 'keytool')) return;
    const { must } = await workshop(t, { 'a.p7b': writePkcs7(chain), 'a.pem': encodePem('PKCS7', writePkcs7(chain)) });
    for (const file of ['a.p7b', 'a.pem']) {
      assert.deepEqual(pemCertificates(await must('keytool -printcert -rfc -file', file)), chain);
    }
  });

  test('GnuTLS reads ours', async (t) => {
    if (!needs(t, 'certtool')) return;
    const { must } = await workshop(t, { 'a.p7b': writePkcs7(chain) });
    const text = await must('certtool --p7-info --inder --infile a.p7b');
    assert.match(text, /Number of certificates: 3/);
  });

  test('NSS imports the intermediate from ours, once it trusts the root', async (t) => {
    if (!needs(t, 'certutil', 'cmsutil')) return;
    const { must } = await workshop(t, { 'a.p7b': writePkcs7([intermediate, root]) });
    await must('certutil -N -d sql:. --empty-password');
    await must('certutil -A -d sql:. -n root -t CT,, -i root.pem');
    // Certificate usage 3 is that of a CA.
    await must('cmsutil -D -d sql:. -n -k -u 3 -i a.p7b');
    assert.match(await must('certutil -L -d sql:.'), /^Formats Intermediate /m);
  });

  test('we read theirs: with CRLs, signed, and in indefinite lengths', async (t) => {
    if (!needs(t, 'openssl')) return;
    const shop = await workshop(t);
    const { must, read } = shop;
    await makeCrl(shop);
    await must('openssl crl2pkcs7 -in crl.pem -certfile ca.pem -outform DER -out crl.p7b');
    const [crl] = decodePem(new TextDecoder().decode(await read('crl.pem')));
    assert.deepEqual(readPkcs7(await read('crl.p7b')), { certificates: [intermediate, root], crls: [crl?.der] });

    await must(
      'openssl cms -sign -stream -nodetach -binary -in ca.pem -signer leaf.pem -inkey leaf.key -certfile ca.pem -outform DER -out signed.p7m',
    );
    const signed = await read('signed.p7m');
    assert.equal(signed[1], 0x80, 'an indefinite length');
    assert.deepEqual(
      new Set(readPkcs7(signed).certificates.map(String)),
      new Set([leaf, intermediate, root].map(String)),
    );
  });
});

const now = new Date('2026-11-22T00:00:00Z');
const jks = (entries: readonly StoreEntry[], secret = password) => writeJks(entries, { password: secret, now, random });

// --- JKS -----------------------------------------------------------------------------------------------------------

describe('JKS', () => {
  for (const secret of [password, unusual, 'x']) {
    test(`Java opens ours with ${JSON.stringify(secret)}: keys, chains, trusted certificates, aliases`, async (t) => {
      if (!needs(t, 'keytool')) return;
      const { must } = await workshop(t, { 'a.jks': jks(named, secret) });
      const open = ['-keystore', 'a.jks', '-storepass', secret];
      const list = await must('keytool -list', ...open);
      assert.match(list, /Keystore type: JKS/);
      assert.match(list, new RegExp(`^${unusualAlias}, Nov 2[12], 2026, PrivateKeyEntry`, 'm'));
      assert.match(list, /^root, .*trustedCertEntry/m);
      assert.deepEqual(pemCertificates(await must('keytool -list -rfc', ...open, '-alias', unusualAlias)), [
        leaf,
        intermediate,
      ]);
    });
  }

  test('Java takes keys of every kind out of ours', async (t) => {
    if (!needs(t, 'openssl', 'keytool')) return;
    const shop = await workshop(t);
    const entries = await everyKind(shop);
    const { must, read } = await workshop(t, { 'a.jks': jks(entries) });
    await must(
      `keytool -importkeystore -noprompt -srckeystore a.jks -srcstorepass ${password} -destkeystore b.p12 -deststorepass changeit`,
    );
    const taken = readPkcs12(await read('b.p12'), { password: 'changeit' });
    assert.deepEqual(taken.map(withPlainKey).sort(byAlias), entries.map(withPlainKey).sort(byAlias));
  });

  test('Java changes the passwords of ours, and we read what it wrote', async (t) => {
    if (!needs(t, 'keytool')) return;
    const { must, read } = await workshop(t, { 'a.jks': jks(mixed) });
    const open = ['-keystore', 'a.jks', '-storepass'];
    await must('keytool -storepasswd', ...open, password, '-new', unusual);
    await must('keytool -keypasswd', ...open, unusual, '-alias', 'server', '-keypass', password, '-new', 'another1');
    const file = await read('a.jks');
    assert.deepEqual(
      readJks(file, { password: unusual, keyPassword: 'another1' }).sort(byAlias),
      [...mixed].sort(byAlias),
    );
    assert.throws(() => readJks(file, { password }), { code: 'LOCAL_CA_PASSWORD_WRONG' });
  });

  test('Java refuses ours with a wrong password, or a changed byte', async (t) => {
    if (!needs(t, 'keytool')) return;
    const changed = jks(mixed);
    changed[100] = (changed[100] as number) ^ 1;
    const { run } = await workshop(t, { 'a.jks': jks(mixed), 'b.jks': changed });
    for (const [file, secret] of [
      ['a.jks', 'wrong1'],
      ['b.jks', password],
    ] as const) {
      const { status, stdout } = await run('keytool -list -keystore', file, '-storepass', secret);
      assert.equal(status, 1);
      assert.match(stdout, /tampered with, or password was incorrect/);
    }
  });

  test('we refuse JCEKS with a way out', async (t) => {
    if (!needs(t, 'keytool')) return;
    const { run, read } = await workshop(t);
    await run(
      `keytool -importcert -noprompt -alias a -file root.pem -keystore a.jceks -storetype JCEKS -storepass ${password}`,
    );
    const file = await read('a.jceks');
    assert.equal(detectFormat(file), 'jks');
    assert.throws(() => readJks(file, { password }), { message: 'the file is a JCEKS key store, not JKS' });
  });
});

// --- PKCS#8 and the rest -------------------------------------------------------------------------------------------

describe('encrypted PKCS#8', () => {
  test('OpenSSL and GnuTLS open ours', async (t) => {
    if (!needs(t, 'openssl', 'certtool')) return;
    const pem = encodePem('ENCRYPTED PRIVATE KEY', encryptPkcs8(leafKey, unusual, { random }));
    const { must } = await workshop(t, { 'a.pem': pem });
    samePrivateKey(await must('openssl pkey -in a.pem -passin', `pass:${unusual}`), leafKey);
    const text = await must('certtool --key-info --infile a.pem --password', unusual);
    assert.match(text, /Public Key Algorithm: EC/);
  });

  for (const cipher of ['aes-128-cbc', 'aes-192-cbc', 'aes-256-cbc', 'des3']) {
    for (const prf of ['hmacWithSHA1', 'hmacWithSHA256', 'hmacWithSHA384', 'hmacWithSHA512']) {
      test(`we open ${cipher} with ${prf}`, async (t) => {
        if (!needs(t, 'openssl')) return;
        const { must, read } = await workshop(t);
        const how = ['-v2', cipher, '-v2prf', prf, '-passout', `pass:${password}`, '-outform', 'DER'];
        await must('openssl pkcs8 -topk8 -in leaf.key', ...how, '-out', 'a.der');
        const [algorithm, data] = children(readWhole(await read('a.der'), TAG.sequence));
        const ciphertext = expectTag(data, TAG.octetString).contents;
        assert.ok(algorithm);
        assert.deepEqual(
          decryptPbes2({ algorithm: algorithm.bytes, ciphertext }, password, () => {}),
          leafKey,
        );
      });
    }
  }
});

describe('the format of files that OpenSSL writes', () => {
  const files: Readonly<Record<string, readonly [format: string, command: string]>> = {
    'a request': ['csr', 'req -new -key leaf.key -subj /CN=x'],
    'a request with extensions': ['csr', 'req -new -key leaf.key -subj /CN=x -addext subjectAltName=DNS:x'],
    'a certificate of version 1': ['certificate', 'x509 -in leaf.pem -signkey leaf.key -clrext'],
    'an RSA key, PKCS#1': ['private-key', 'rsa -in rsa.pem -traditional'],
    'an RSA public key, PKCS#1': ['public-key', 'rsa -in rsa.pem -RSAPublicKey_out'],
    'an RSA public key': ['public-key', 'pkey -in rsa.pem -pubout'],
    'an Ed25519 key': ['private-key', 'genpkey -algorithm ed25519'],
    'an encrypted key': ['encrypted-private-key', 'pkcs8 -topk8 -in leaf.key -passout pass:x'],
    'a revocation list': ['crl', 'crl -in crl.pem'],
    'PKCS#7': ['pkcs7', 'crl2pkcs7 -nocrl -certfile leaf.pem'],
  };
  for (const [what, [format, command]] of Object.entries(files)) {
    test(`${what} is ${format}`, async (t) => {
      if (!needs(t, 'openssl')) return;
      const shop = await workshop(t);
      const { must, read } = shop;
      if (command.includes('rsa.pem')) await selfSigned(shop, 'rsa', 'rsa:2048');
      if (format === 'crl') await makeCrl(shop);
      await must('openssl', ...command.split(' '), '-outform', 'DER', '-out', 'a.der');
      assert.equal(detectFormat(await read('a.der')), format);
    });
  }
});
