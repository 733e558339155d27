/** Requests of ours, signed by the CAs of other tools: every form of their answers becomes files that OpenSSL accepts. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { localCa, localCaJson } from '../support/cli.ts';
import { must, needs, run } from '../support/peers.ts';
import { temporaryFolder } from '../support/temp.ts';
import { ANSWERING, FORMS } from './answering-authorities.ts';

interface Accepted {
  readonly label: string;
  readonly complete: boolean;
  readonly chain: readonly string[];
  readonly changes: readonly { readonly code: string }[];
  readonly warnings: readonly { readonly code: string; readonly message: string }[];
}

const NAMES = ['db.example.test', '*.db.example.test', '10.0.0.5', 'fd00::5'];

for (const { title, programs, lenient, answer } of ANSWERING) {
  describe(`an answer of ${title}`, () => {
    const folder = temporaryFolder();
    const home = join(folder, 'home');
    const options = { home, cwd: folder };
    const out = join(folder, 'db.example.test');

    for (const form of FORMS) {
      test(form.title, async (t) => {
        if (!needs(t, 'openssl', ...programs)) return;
        // A second request of the same label has a key of its own, in a folder of its own.
        const place = join(folder, form.title.replaceAll(/\W+/g, '-'));
        const asked = [...NAMES, '--subject', '/CN=db.example.test/O=Acme', '--out', place];
        await localCaJson(['csr', 'create', ...asked], options);
        const other = join(place, 'other');
        mkdirSync(other);
        const csr = join(place, 'db.example.test.csr.pem');
        const files = await form.make(other, await answer(other, csr));
        const accepted = await localCaJson<Accepted>(['csr', 'accept', ...files, '--force'], options);
        assert.equal(accepted.complete, true);
        assert.deepEqual(
          accepted.warnings.filter(({ code }) => code === 'names-dropped'),
          [],
        );
        await assertGood(place, lenient === undefined);
      });
    }

    test('leaves nothing that waits', async (t) => {
      if (!needs(t, 'openssl', ...programs)) return;
      assert.deepEqual(await localCaJson(['csr', 'show'], options), []);
      assert.equal(existsSync(out), false);
    });
  });
}

/** The chain as a server sends it, the root as a client trusts it, and the key beside them. */
async function assertGood(place: string, strict: boolean): Promise<void> {
  const file = (name: string) => join(place, name);
  const [leaf, chain, key] = ['crt', 'chain', 'key'].map((kind) => file(`db.example.test.${kind}.pem`)) as [
    string,
    string,
    string,
  ];
  const checks = ['-purpose', 'sslserver', '-verify_hostname', 'db.example.test', ...(strict ? ['-x509_strict'] : [])];
  const { status, stdout, stderr } = await run('openssl', [
    'verify',
    ...checks,
    '-CAfile',
    file('ca.pem'),
    '-untrusted',
    chain,
    leaf,
  ]);
  assert.equal(status, 0, `${stdout}${stderr}`);
  const own = await must('openssl', ['pkey', '-in', key, '-pubout']);
  assert.equal(await must('openssl', ['x509', '-in', leaf, '-noout', '-pubkey']), own);
  assert.equal(readFileSync(chain, 'utf8').startsWith(readFileSync(leaf, 'utf8')), true);
}

test('a request of each key type is read by OpenSSL, GnuTLS and step', async (t) => {
  if (!needs(t, 'openssl', 'certtool', 'step')) return;
  const folder = temporaryFolder(t);
  const options = { home: join(folder, 'home'), cwd: folder };
  for (const keyType of ['rsa-2048', 'p256', 'p384', 'p521', 'ed25519']) {
    await localCaJson(
      ['csr', 'create', ...NAMES, '--label', keyType, '--key-type', keyType, '--format', 'der'],
      options,
    );
    const [pem, der] = ['pem', 'der'].map((form) => join(folder, keyType, `${keyType}.csr.${form}`)) as [
      string,
      string,
    ];
    const { stderr } = await run('openssl', ['req', '-in', der, '-inform', 'DER', '-verify', '-noout']);
    assert.match(stderr, /verify OK/, keyType);
    assert.match(await must('certtool', ['--crq-info', '--infile', pem]), /Self signature: verified/i, keyType);
    assert.match(await must('step', ['certificate', 'inspect', pem]), /IP Address:\s*fd00::5/i, keyType);
  }
});

test("SQL OpenNet's recipe: the subject in the order that its makers print", async (t) => {
  if (!needs(t, 'openssl')) return;
  const folder = temporaryFolder(t);
  const subject = '/CN=db.example.test/ST=California/C=US/emailAddress=dba@example.test/O=Acme';
  const args = ['csr', 'create', 'db.example.test', '--key-type', 'rsa-2048', '--subject', subject];
  const { status } = await localCa(args, { home: join(folder, 'home'), cwd: folder });
  assert.equal(status, 0);
  const csr = join(folder, 'db.example.test', 'db.example.test.csr.pem');
  const said = await must('openssl', ['req', '-in', csr, '-noout', '-subject', '-nameopt', 'compat']);
  assert.equal(said.trim(), `subject=${subject}`);
  const key = readFileSync(join(folder, 'db.example.test', 'db.example.test.key.pem'), 'utf8');
  assert.match(key, /^-----BEGIN PRIVATE KEY-----/);
});
