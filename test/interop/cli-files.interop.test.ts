/** Files as the built command line writes them, opened by the programs that people open them with. */
import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { FORMATS } from '../../src/formats/formats.ts';
import { localCaJson, program } from '../support/cli.ts';
import { must, needs, run } from '../support/peers.ts';
import { temporaryFolder } from '../support/temp.ts';

const PASSWORD = 'a password';
const NAME = 'db1.example.test';

const folder = temporaryFolder();
const home = join(folder, 'home');
const ca = localCaJson(['init', '--yes', '--intermediate'], { home });

/** Issues into a folder of its own, below the CA's. */
async function issue(out: string, ...flags: readonly string[]): Promise<string> {
  await ca;
  await localCaJson(['issue', NAME, '--label', out, '--out', join(folder, out), ...flags], { home, cwd: folder });
  return join(folder, out);
}

const once = <T>(make: () => Promise<T>) => {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
};

/** How many certificates a text in PEM has. */
const certificatesIn = (text: string) => text.match(/-----BEGIN CERTIFICATE-----/g)?.length ?? 0;

describe('TencentDB-SSL-CA.zip', () => {
  const unpacked = once(async () => {
    const flags = ['--template', 'tencentdb-sqlserver', '--zip', 'TencentDB-SSL-CA.zip'];
    await issue('sql', ...flags);
    const cwd = join(folder, 'unpacked');
    await must('unzip', ['-q', join(folder, 'TencentDB-SSL-CA.zip'), '-d', cwd]);
    return cwd;
  });

  test('has the three files of its model and no other', async (t) => {
    if (!needs(t, 'unzip')) return;
    await unpacked();
    const listed = await must('unzip', ['-Z1', join(folder, 'TencentDB-SSL-CA.zip')]);
    assert.deepEqual(listed.trim().split('\n').sort(), ['ca.jks', 'ca.p7b', 'ca.pem']);
  });

  test('has a PKCS#7 file that OpenSSL and GnuTLS open', async (t) => {
    if (!needs(t, 'unzip', 'openssl', 'certtool')) return;
    const cwd = await unpacked();
    const open = ['pkcs7', '-inform', 'DER', '-in', 'ca.p7b', '-print_certs'];
    assert.equal(certificatesIn(await must('openssl', open, { cwd })), 2);
    const info = await must('certtool', ['--p7-info', '--inder', '--infile', 'ca.p7b'], { cwd });
    assert.match(info, /Number of certificates: 2|Certificates: 2/i);
  });

  test('has a Java trust store that keytool opens with tencentdb', async (t) => {
    if (!needs(t, 'unzip', 'keytool')) return;
    const cwd = await unpacked();
    const list = await must('keytool', ['-list', '-keystore', 'ca.jks', '-storepass', 'tencentdb'], { cwd });
    assert.match(list, /Keystore type: JKS[\s\S]*^ca, .*trustedCertEntry/m);
  });

  test('has PEM that OpenSSL verifies the server with', async (t) => {
    if (!needs(t, 'unzip', 'openssl')) return;
    const cwd = await unpacked();
    await must('openssl', ['verify', '-CAfile', 'ca.pem', join(folder, 'sql', 'sql.crt.pem')], { cwd });
  });
});

for (const keyType of ['ed25519', 'rsa-2048']) {
  for (const profile of ['modern', 'compat']) {
    describe(`all formats of ${keyType}, PKCS#12 ${profile}`, () => {
      const label = `${keyType}-${profile}`;
      const formats = ['--format', 'pem,der,p7b,p12,jks', '--password', PASSWORD, '--p12-profile', profile];
      const made = once(() => issue(label, '--key-type', keyType, ...formats));
      const inFolder = async (name: string, ...args: readonly string[]) => must(name, args, { cwd: await made() });

      const openDatabase = async (name: string) => {
        await mkdir(join(await made(), name));
        await inFolder('certutil', '-N', '-d', `sql:${name}`, '--empty-password');
        return `sql:${name}`;
      };

      test('OpenSSL opens the key store, without its legacy provider, and finds the key', async (t) => {
        if (!needs(t, 'openssl')) return;
        const open = ['pkcs12', '-in', `${label}.p12`, '-nodes', '-passin', `pass:${PASSWORD}`];
        assert.equal(certificatesIn(await inFolder('openssl', ...open, '-nokeys')), 2);
        const key = await inFolder('openssl', ...open, '-nocerts');
        const pem = await readFile(join(await made(), `${label}.key.pem`), 'utf8');
        assert.equal(key.slice(key.indexOf('-----BEGIN')), pem);
      });

      test('OpenSSL opens DER and PKCS#7', async (t) => {
        if (!needs(t, 'openssl')) return;
        const subject = await inFolder(
          'openssl',
          'x509',
          '-inform',
          'DER',
          '-in',
          `${label}.crt.der`,
          '-noout',
          '-subject',
        );
        assert.match(subject, /CN ?= ?db1\.example\.test/);
        const open = ['pkcs7', '-inform', 'DER', '-in', `${label}.p7b`, '-print_certs'];
        assert.equal(certificatesIn(await inFolder('openssl', ...open)), 3);
      });

      test('keytool opens the key stores and the trust stores', async (t) => {
        if (!needs(t, 'keytool')) return;
        for (const [file, entry] of [
          [`${label}.jks`, 'PrivateKeyEntry'],
          [`${label}.p12`, 'PrivateKeyEntry'],
          ['ca.jks', 'trustedCertEntry'],
          ['ca.p12', 'trustedCertEntry'],
        ] as const) {
          const list = await inFolder('keytool', '-list', '-keystore', file, '-storepass', PASSWORD);
          assert.match(list, new RegExp(`contains 1 entry[\\s\\S]*, ${entry}`), file);
        }
      });

      test('keytool carries the key from PKCS#12 to a store of its own', async (t) => {
        if (!needs(t, 'keytool')) return;
        const from = ['-srckeystore', `${label}.p12`, '-srcstorepass', PASSWORD];
        const to = ['-destkeystore', 'carried', '-deststoretype', 'JKS', '-deststorepass', PASSWORD];
        await inFolder('keytool', '-importkeystore', '-noprompt', ...from, ...to);
        const list = await inFolder('keytool', '-list', '-v', '-keystore', 'carried', '-storepass', PASSWORD);
        assert.match(list, /PrivateKeyEntry[\s\S]*chain length: 2/);
      });

      test('Java trusts what is in ca.p12', async (t) => {
        if (!needs(t, 'java')) return;
        await writeFile(join(await made(), 'Trusted.java'), TRUSTED);
        const count = await inFolder('java', 'Trusted.java', 'ca.p12', PASSWORD);
        assert.equal(count.trim(), '1');
      });

      test('NSS lists and imports the key store', async (t) => {
        if (!needs(t, 'certutil', 'pk12util')) return;
        const list = await inFolder('pk12util', '-l', `${label}.p12`, '-W', PASSWORD);
        assert.match(list, /db1\.example\.test/);
        // NSS 3.87 imports no Ed25519 key, from a file of OpenSSL's neither.
        if (keyType === 'ed25519') return;
        const database = await openDatabase('keys');
        await inFolder('pk12util', '-i', `${label}.p12`, '-d', database, '-W', PASSWORD);
        assert.match(await inFolder('certutil', '-L', '-d', database), /u,u,u/);
      });

      test('NSS takes PKCS#7', async (t) => {
        if (!needs(t, 'certutil')) return;
        const database = await openDatabase('trust');
        await inFolder('certutil', '-A', '-d', database, '-n', 'from-p7b', '-t', 'C,,', '-i', 'ca.p7b');
        assert.match(await inFolder('certutil', '-L', '-d', database), /^from-p7b +C,,/m);
      });

      test('GnuTLS opens PKCS#12 and PKCS#7', async (t) => {
        if (!needs(t, 'certtool')) return;
        const p12 = await inFolder(
          'certtool',
          '--p12-info',
          '--inder',
          '--infile',
          `${label}.p12`,
          '--password',
          PASSWORD,
        );
        assert.equal(certificatesIn(p12), 2);
        const p7b = await inFolder('certtool', '--p7-info', '--inder', '--infile', `${label}.p7b`);
        assert.match(p7b, /Number of certificates: 3|Certificates: 3/i);
      });
    });
  }
}

/** Builds trust anchors as a Java client does. */
const TRUSTED = `
import java.io.FileInputStream;
import java.security.KeyStore;
import javax.net.ssl.*;
public class Trusted {
  public static void main(String[] args) throws Exception {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(new FileInputStream(args[0]), args[1].toCharArray());
    TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
    factory.init(store);
    System.out.println(((X509TrustManager) factory.getTrustManagers()[0]).getAcceptedIssuers().length);
  }
}
`;

/** POSIX lets no function be called `local-ca`, but an alias may be. */
const LOCAL_CA = `alias local-ca='"${process.execPath}" "${program}"'`;

describe('the check in a README is', () => {
  for (const format of Object.keys(FORMATS)) {
    for (const profile of ['server', 'client']) {
      test(`a command that works: ${format}, ${profile}`, async (t) => {
        if (!needs(t, 'sh', 'openssl', 'keytool')) return;
        const cwd = await issue(`check-${format}-${profile}`, '--profile', profile, '--format', format);
        await runChecks(cwd);
      });
    }
  }

  test('one that works for a CA alone', async (t) => {
    if (!needs(t, 'sh', 'openssl', 'keytool')) return;
    await ca;
    const cwd = join(folder, 'ca-alone');
    await localCaJson(['export', '--ca', '--out', cwd], { home });
    await runChecks(cwd);
  });
});

/** Runs every block of the section but what connects to a server. */
async function runChecks(cwd: string): Promise<void> {
  const readme = await readFile(join(cwd, 'README.md'), 'utf8');
  const section = readme.split(/^## /m).find((text) => text.startsWith('Check\n')) ?? '';
  const blocks = [...section.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block = '']) => block);
  const checks = blocks.filter((block) => !block.startsWith('local-ca probe '));
  assert.ok(checks.length > 0, 'the README has no check');
  for (const check of checks) {
    const { status, stdout, stderr } = await run('sh', ['-ec', `${LOCAL_CA}\neval "$CHECK"`], {
      cwd,
      env: { LOCAL_CA_HOME: home, CHECK: check },
    });
    assert.equal(status, 0, `${check}${stdout}${stderr}`);
  }
}
