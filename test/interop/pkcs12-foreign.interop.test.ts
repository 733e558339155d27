/** PKCS#12 files of others, of every encryption and age: we open them, and find the same in each. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { detectFormat } from '../../src/formats/detect.ts';
import type { KeyEntry, StoreEntry, TrustedEntry } from '../../src/formats/entries.ts';
import { readPkcs12 } from '../../src/formats/pkcs12.ts';
import { intermediate, leaf, leafKey, root } from '../formats/fixtures.ts';
import { needs } from '../support/peers.ts';
import { password, withPlainKey, workshop } from './formats-workshop.ts';

const whole: KeyEntry = { kind: 'key', alias: 'them', key: leafKey, chain: [leaf, intermediate, root] };
const trusted = (alias: string, certificate = root): TrustedEntry => ({ kind: 'trusted', alias, certificate });

interface Foreign {
  readonly programs: readonly string[];
  readonly commands: readonly string[];
  readonly entries: readonly StoreEntry[];
  readonly password?: string;
}

const openssl = (flags: string, entries: readonly StoreEntry[] = [whole], secret = password): Foreign => ({
  programs: ['openssl'],
  commands: [
    `openssl pkcs12 -export -in leaf.pem -inkey leaf.key -certfile ca.pem -name them -passout pass:${secret} -out a.p12 ${flags}`,
  ],
  entries,
  password: secret,
});
const gnutls = (flags: string, secret = password): Foreign => ({
  programs: ['certtool'],
  commands: [
    `certtool --to-p12 --load-privkey leaf.key --load-certificate leaf.pem --load-ca-certificate ca.pem --p12-name them --outder --outfile a.p12 ${flags}`,
  ],
  // certtool takes one certificate of ca.pem.
  entries: [{ ...whole, chain: [leaf, intermediate] }],
  password: secret,
});
const nss = (flags: string): Foreign => ({
  programs: ['openssl', 'pk12util', 'certutil'],
  commands: [
    `openssl pkcs12 -export -in leaf.pem -inkey leaf.key -certfile ca.pem -name them -passout pass:x -out in.p12`,
    'certutil -N -d sql:. --empty-password',
    'pk12util -i in.p12 -d sql:. -W x',
    `pk12util -o a.p12 -n them -d sql:. -W ${password} ${flags}`,
  ],
  entries: [whole],
});
const java = (flags: string): Foreign => ({
  programs: ['openssl', 'keytool'],
  commands: [
    'openssl pkcs12 -export -in leaf.pem -inkey leaf.key -certfile ca.pem -name them -passout pass:changeit -out in.p12',
    `keytool ${flags} -importkeystore -srckeystore in.p12 -srcstorepass changeit -destkeystore a.p12 -deststoretype PKCS12 -deststorepass ${password} -destkeypass ${password}`,
    `keytool ${flags} -importcert -noprompt -alias Root -file root.pem -keystore a.p12 -storepass ${password}`,
  ],
  entries: [whole, trusted('Root')],
});

const foreign: Readonly<Record<string, Foreign>> = {
  openssl: openssl(''),
  'openssl -legacy (RC2-40)': openssl('-legacy'),
  'openssl -legacy -descert': openssl('-legacy -descert'),
  'openssl, RC2-128': openssl('-provider legacy -provider default -keypbe PBE-SHA1-RC2-128 -certpbe PBE-SHA1-RC2-128'),
  'openssl, two-key 3DES': openssl('-keypbe PBE-SHA1-2DES -certpbe PBE-SHA1-2DES'),
  'openssl, AES-128 and AES-192, SHA-512': openssl('-keypbe aes-128-cbc -certpbe aes-192-cbc -macalg sha512'),
  'openssl, PBES2 with 3DES, SHA-384': openssl('-keypbe des-ede3-cbc -certpbe des-ede3-cbc -macalg sha384'),
  'openssl, certificates in the clear': openssl('-certpbe NONE'),
  'openssl, nothing encrypted and no MAC': openssl('-keypbe NONE -certpbe NONE -nomac'),
  'openssl, no MAC': openssl('-nomac'),
  'openssl, an empty password': openssl('', [whole], ''),
  'openssl -nokeys': {
    programs: ['openssl'],
    commands: [`openssl pkcs12 -export -nokeys -in root.pem -passout pass:${password} -out a.p12`],
    entries: [trusted('1')],
  },
  certtool: gnutls(`--password ${password}`),
  'certtool, 3DES': gnutls(`--pkcs-cipher 3des-pkcs12 --password ${password}`),
  'certtool, no password': gnutls('--null-password', ''),
  pk12util: nss(''),
  'pk12util, AES-256': nss('-c AES-256-CBC -C AES-256-CBC'),
  'pk12util, certificates in the clear': nss('-C none'),
  keytool: java(''),
  'keytool, legacy': java('-J-Dkeystore.pkcs12.legacy'),
  'keytool, certificates in the clear': java(
    '-J-Dkeystore.pkcs12.certProtectionAlgorithm=NONE -J-Dkeystore.pkcs12.macAlgorithm=NONE',
  ),
};

describe('PKCS#12 files of others', () => {
  for (const [what, { programs, commands, entries, password: secret = password }] of Object.entries(foreign)) {
    test(`we open those of ${what}`, async (t) => {
      if (!needs(t, ...programs)) return;
      const { must, read } = await workshop(t);
      for (const command of commands) {
        const [program = '', ...args] = command
          .trim()
          .split(' ')
          .filter((word) => word !== '');
        await must(program, ...args);
      }
      const file = await read('a.p12');
      assert.equal(detectFormat(file), 'pkcs12');
      assert.deepEqual(readPkcs12(file, { password: secret }).map(withPlainKey), entries.map(withPlainKey));
      if (secret === '') assert.deepEqual(readPkcs12(file, {}), readPkcs12(file, { password: '' }));
    });
  }
});
