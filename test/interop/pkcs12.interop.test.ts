/** What opens our PKCS#12 files, and what it finds in them. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createSecureContext } from 'node:tls';
import type { StoreEntry } from '../../src/formats/entries.ts';
import { readJks } from '../../src/formats/jks.ts';
import { pemCertificates } from '../../src/formats/pem.ts';
import { writePkcs7 } from '../../src/formats/pkcs7.ts';
import { type Pkcs12Profile, readPkcs12, writePkcs12 } from '../../src/formats/pkcs12.ts';
import { decodeBags, decodePfx, decodeSafes } from '../../src/formats/pki.ts';
import { intermediate, keyEntry, leaf, leafKey, mixed, root, trustedEntry } from '../formats/fixtures.ts';
import { needs } from '../support/peers.ts';
import {
  everyKind,
  named,
  password,
  random,
  samePrivateKey,
  selfSigned,
  unusual,
  unusualAlias,
  workshop,
} from './formats-workshop.ts';

const PROFILES: readonly Pkcs12Profile[] = ['modern', 'compat'];
const pkcs12 = (entries: readonly StoreEntry[], profile: Pkcs12Profile, secret = password) =>
  writePkcs12(entries, { password: secret, profile, random });

for (const profile of PROFILES) {
  describe(`PKCS#12, ${profile}`, () => {
    for (const secret of [password, unusual, 'x']) {
      test(`OpenSSL opens ours with ${JSON.stringify(secret)}`, async (t) => {
        if (!needs(t, 'openssl')) return;
        const { must, run } = await workshop(t, { 'a.p12': pkcs12(mixed, profile, secret) });
        const open = ['pkcs12', '-in', 'a.p12', '-nodes', '-passin', `pass:${secret}`];
        samePrivateKey(await must('openssl', ...open, '-nocerts'), leafKey);
        assert.deepEqual(pemCertificates(await must('openssl', ...open, '-nokeys')), [leaf, intermediate, root]);
        const wrong = await run('openssl pkcs12 -in a.p12 -nodes -passin pass:wrong');
        assert.match(wrong.stderr, /invalid password/);
      });
    }

    test('Java opens ours: keys, chains, trusted certificates, aliases', async (t) => {
      if (!needs(t, 'keytool')) return;
      const { must, run } = await workshop(t, { 'a.p12': pkcs12(named, profile) });
      const open = ['-keystore', 'a.p12', '-storetype', 'PKCS12', '-storepass', password];
      const list = await must('keytool -list', ...open);
      assert.match(list, new RegExp(`^${unusualAlias}, .*PrivateKeyEntry`, 'm'));
      assert.match(list, /^root, .*trustedCertEntry/m);
      assert.deepEqual(pemCertificates(await must('keytool -list -rfc', ...open, '-alias', unusualAlias)), [
        leaf,
        intermediate,
        root,
      ]);
      const wrong = await run('keytool -list -keystore a.p12 -storepass wrong1');
      assert.match(wrong.stdout, /password was incorrect/);
    });

    test('Java carries our key over into a store of its own', async (t) => {
      if (!needs(t, 'keytool')) return;
      const { must, read } = await workshop(t, { 'a.p12': pkcs12([keyEntry], profile) });
      const carry = 'keytool -importkeystore -noprompt -srckeystore a.p12 -deststorepass changeit -srcstorepass';
      await must(carry, password, '-destkeystore', 'b.jks', '-deststoretype', 'JKS');
      assert.deepEqual(readJks(await read('b.jks'), { password: 'changeit', keyPassword: password }), [keyEntry]);
      await must(carry, password, '-destkeystore', 'b.p12');
      assert.deepEqual(readPkcs12(await read('b.p12'), { password: 'changeit' }), [keyEntry]);
    });

    test('GnuTLS opens ours', async (t) => {
      if (!needs(t, 'certtool')) return;
      const { must } = await workshop(t, { 'a.p12': pkcs12(named, profile, unusual) });
      const text = await must('certtool --p12-info --inder --infile a.p12 --password', unusual);
      assert.match(text, new RegExp(`Friendly name: ${unusualAlias}`));
      assert.deepEqual(pemCertificates(text), [leaf, intermediate, root]);
    });

    test('NSS imports ours', async (t) => {
      if (!needs(t, 'certutil', 'pk12util')) return;
      const { must } = await workshop(t, { 'a.p12': pkcs12(named, profile, unusual) });
      await must('certutil -N -d sql:. --empty-password');
      await must('pk12util -i a.p12 -d sql:. -W', unusual);
      assert.match(await must('certutil -L -d sql:.'), /^schlüssel .* u,u,u/m);
      assert.match(await must('certutil -K -d sql:.'), /^< 0> ec /m);
    });

    test('keys of every kind in one file', async (t) => {
      if (!needs(t, 'openssl', 'keytool')) return;
      const shop = await workshop(t);
      const entries = await everyKind(shop);
      const { must } = await workshop(t, { 'a.p12': pkcs12([...entries, trustedEntry], profile) });
      const list = await must('keytool -list -keystore a.p12 -storepass', password);
      for (const { alias } of entries) assert.match(list, new RegExp(`^${alias}, .*PrivateKeyEntry`, 'm'));
    });
  });
}

test('Python opens ours', async (t) => {
  if (!needs(t, 'python-cryptography')) return;
  // OpenSSL, which Python asks, gives no alias with a character beyond the BMP.
  const alias = 'schlüssel 鍵';
  const entries = [{ ...keyEntry, alias }, trustedEntry];
  const files = Object.fromEntries(PROFILES.map((profile) => [`${profile}.p12`, pkcs12(entries, profile, unusual)]));
  const { must } = await workshop(t, { ...files, 'a.p7b': writePkcs7([leaf, root]), 'open.py': PYTHON });
  assert.equal(await must('python-cryptography open.py', unusual), `${alias} 2\n${alias} 2\n2\n`);
});

const PYTHON = `
import sys
from cryptography.hazmat.primitives.serialization import pkcs12, pkcs7
for name in 'modern.p12', 'compat.p12':
    store = pkcs12.load_pkcs12(open(name, 'rb').read(), sys.argv[1].encode())
    print(store.cert.friendly_name.decode(), len(store.additional_certs))
print(len(pkcs7.load_der_pkcs7_certificates(open('a.p7b', 'rb').read())))
`;

test('the OpenSSL inside Node opens ours', () => {
  for (const profile of PROFILES)
    createSecureContext({ pfx: Buffer.from(pkcs12(mixed, profile)), passphrase: password });
});

describe('PKCS#12 for Windows', () => {
  const csp = 'Microsoft RSA SChannel Cryptographic Provider';
  const keyBagsOf = (bytes: Uint8Array) =>
    decodeSafes(decodePfx(bytes).content)
      .flatMap((safe) => ('plain' in safe ? decodeBags(safe.plain) : []))
      .map(({ attributes }) => attributes);

  test('has the attributes that openssl -keyex -CSP -LMK gives, and the key is marked as its is', async (t) => {
    if (!needs(t, 'openssl')) return;
    const shop = await workshop(t);
    const entry = await selfSigned(shop, 'sql', 'rsa:2048');
    const triple = '-keypbe PBE-SHA1-3DES -certpbe PBE-SHA1-3DES -macalg sha1';
    const input = `-in sql.crt -inkey sql.pem -name sql -passout pass:${password}`;
    await shop.must(`openssl pkcs12 -export -out theirs.p12 ${input} ${triple} -keyex -LMK -CSP`, csp);
    const theirs = await shop.read('theirs.p12');
    const ours = writePkcs12([entry], { password, profile: 'compat', random, windows: {} });
    assert.deepEqual(keyBagsOf(ours), keyBagsOf(theirs));
    assert.deepEqual(readPkcs12(ours, { password }), readPkcs12(theirs, { password }));
  });

  test('still opens elsewhere', async (t) => {
    if (!needs(t, 'openssl', 'keytool')) return;
    const shop = await workshop(t);
    const entry = await selfSigned(shop, 'sql', 'rsa:2048');
    const file = writePkcs12([entry], {
      password,
      profile: 'compat',
      random,
      windows: { csp: 'My CSP', machineKey: false },
    });
    const { must } = await workshop(t, { 'a.p12': file });
    const text = await must('openssl pkcs12 -in a.p12 -nodes -passin', `pass:${password}`);
    assert.match(text, /Microsoft CSP Name: My CSP/);
    assert.match(text, /X509v3 Key Usage: 10/);
    assert.doesNotMatch(text, /Microsoft Local Key set/);
    assert.match(await must('keytool -list -keystore a.p12 -storepass', password), /^sql, .*PrivateKeyEntry/m);
  });
});
