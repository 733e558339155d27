/**
 * A CA is renewed with the same key, subject and key identifier: what it signed before is accepted with the new certificate,
 * and what it signs afterwards with the old one, by every verifier. Its own CAs, and those of other tools.
 */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { findProgram } from '../../scripts/programs.mjs';
import { EXTENSION } from '../../src/core/extensions.ts';
import { type Certificate, extensionValue, parseCertificate } from '../../src/core/parse.ts';
import { must, needs, run } from '../support/peers.ts';
import { temporaryFolder } from '../support/temp.ts';
import { generate, MAKERS, type Maker, openssl, selfSign } from './foreign-authorities.ts';
import { HOST, type Meeting, Succession, testMeeting } from './succession.ts';
import { closeWorkers } from './verifiers/workers.ts';

after(closeWorkers);

const MEETINGS: readonly Meeting[] = [
  { title: 'signed before, with the CA as it is now', server: 'server-before', client: 'client-after', accepted: true },
  { title: 'signed now, with the CA as it was', server: 'server-after', client: 'client-before', accepted: true },
  { title: 'signed now, with the CA as it is now', server: 'server-after', client: 'client-after', accepted: true },
];

/** The files of the CA before, too: `before.pem`. */
async function renewBoth(succession: Succession, role: readonly string[] = []): Promise<void> {
  succession.keep('server', 'server-before');
  succession.keep('client', 'client-before');
  await succession.renewAuthority(role);
  await succession.renew();
  succession.keep('server', 'server-after');
  succession.keep('client', 'client-after');
}

const certificateIn = (file: string): Certificate =>
  parseCertificate(new Uint8Array(new X509Certificate(readFileSync(file)).raw));

interface Shape {
  readonly title: string;
  readonly init: readonly string[];
  readonly role: readonly string[];
}

const SHAPES: readonly Shape[] = [
  { title: 'a root', init: [], role: [] },
  { title: 'a root and its intermediate', init: ['--intermediate'], role: [] },
  { title: 'a root above an intermediate', init: ['--intermediate'], role: ['root'] },
  { title: 'an intermediate below its root', init: ['--intermediate'], role: ['intermediate'] },
];

for (const keyType of ['p256', 'rsa-2048']) {
  for (const { title, init, role } of SHAPES) {
    describe(`${title} of ${keyType}`, () => {
      const succession = new Succession(temporaryFolder(), keyType);
      before(async () => {
        await succession.begin('--key-type', keyType, '--permit', 'example.test', ...init);
        await renewBoth(succession, role);
      });
      for (const meeting of MEETINGS) testMeeting(succession, meeting);
    });
  }
}

// --- CAs that other tools made -----------------------------------------------------------------------------------

/** Where OpenSSL refuses the CA as its tool made it, and with it Python. */
const STRICT = ['openssl', 'Python ssl', 'Python cryptography'];

const chosen = ['mkcert', 'step, root', 'easy-rsa, EC', 'cfssl, ecdsa 256', 'openssl, RSA as PKCS#1'];

async function takeOver(succession: Succession, { make }: Maker): Promise<void> {
  mkdirSync(succession.at('foreign'));
  const { certificate, key } = await make(succession.at('foreign'));
  await succession.begin('--from-cert', certificate, '--from-key', key);
}

for (const maker of MAKERS.filter(({ title }) => chosen.includes(title))) {
  describe(`a CA of ${maker.title}`, { skip: maker.programs.some((one) => findProgram(one) === undefined) }, () => {
    const succession = new Succession(temporaryFolder());
    before(async () => {
      await takeOver(succession, maker);
      await renewBoth(succession);
    });
    for (const meeting of MEETINGS) {
      const isOld = meeting.client === 'client-before';
      testMeeting(succession, isOld && maker.lenient !== undefined ? { ...meeting, but: STRICT } : meeting);
    }

    test('keeps its subject and its key identifier, and is critical where it has to be', () => {
      const [old, now] = ['client-before', 'client-after'].map((name) =>
        certificateIn(join(succession.at(name), 'ca.pem')),
      );
      assert.deepEqual(now?.subject, old?.subject);
      assert.deepEqual(now?.publicKey, old?.publicKey);
      assert.notEqual(now?.serial, old?.serial);
      const { subjectKeyIdentifier: oid, basicConstraints, keyUsage } = EXTENSION;
      assert.deepEqual(extensionValue(now as Certificate, oid), extensionValue(old as Certificate, oid));
      for (const must of [basicConstraints, keyUsage]) {
        assert.equal(now?.extensions.find((one) => one.oid === must)?.critical, true);
      }
    });
  });
}

test("what easy-rsa signed is accepted with the trust files after its CA's renewal", async (t) => {
  if (!needs(t, 'easyrsa', 'openssl', 'certtool')) return;
  const succession = new Succession(temporaryFolder(t));
  const easyrsa = MAKERS.find(({ title }) => title === 'easy-rsa, EC') as Maker;
  await takeOver(succession, easyrsa);
  const env = { EASYRSA_PKI: join(succession.at('foreign'), 'pki'), EASYRSA_BATCH: '1', EASYRSA_ALGO: 'ec' };
  await must('easyrsa', [`--subject-alt-name=DNS:${HOST}`, 'build-server-full', HOST, 'nopass'], {
    cwd: succession.at('foreign'),
    env,
  });
  const leaf = join(env.EASYRSA_PKI, 'issued', `${HOST}.crt`);
  await succession.renewAuthority();
  const alone = join(succession.at('home'), 'ca', 'root.crt.pem');
  assert.equal((await run('openssl', ['verify', '-CAfile', alone, leaf])).status, 2);
  const trust = join(succession.at('client'), 'ca.pem');
  await must('openssl', ['verify', '-CAfile', trust, leaf]);
  await must('certtool', ['--verify', '--load-ca-certificate', trust, '--infile', leaf]);
});

test('an intermediate whose root is elsewhere is not renewed', async (t) => {
  if (!needs(t, 'step')) return;
  const succession = new Succession(temporaryFolder(t));
  await takeOver(succession, MAKERS.find(({ title }) => title === 'step, intermediate with its root') as Maker);
  await assert.rejects(
    () => succession.renewAuthority(['intermediate']),
    /LOCAL_CA_KEY_NOT_KEPT.*the key of .*Step root.* is not here/,
  );
  await assert.rejects(() => succession.renewAuthority(), /LOCAL_CA_KEY_NOT_KEPT/);
});

// --- odd extensions ----------------------------------------------------------------------------------------------

const ODD = `[odd]
basicConstraints = CA:TRUE
subjectKeyIdentifier = 0123456789abcdef0123456789abcdef0123456789abcdef
keyUsage = keyCertSign, cRLSign, digitalSignature
nameConstraints = permitted;DNS:example.test, excluded;DNS:not.example.test
certificatePolicies = 1.3.6.1.4.1.99999.1
1.3.6.1.4.1.99999.7 = ASN1:UTF8String:kept
`;

describe('a CA with odd extensions', { skip: findProgram('openssl') === undefined }, () => {
  const succession = new Succession(temporaryFolder());
  let old: Certificate;
  let now: Certificate;
  before(async () => {
    const folder = succession.at('foreign');
    mkdirSync(folder);
    await generate(folder);
    writeFileSync(join(folder, 'odd.cnf'), `[req]\ndistinguished_name = dn\n[dn]\n${ODD}`);
    const { certificate, key } = await selfSign(folder, [], ['-config', 'odd.cnf', '-extensions', 'odd']);
    await openssl(folder, 'x509', '-in', 'ca.pem', '-noout', '-text');
    await succession.begin('--from-cert', certificate, '--from-key', key);
    await renewBoth(succession);
    [old, now] = [certificateIn(certificate), certificateIn(join(succession.at('home'), 'ca', 'root.crt.pem'))];
  });

  const extension = (certificate: Certificate, oid: string) => certificate.extensions.find((one) => one.oid === oid);

  for (const [what, oid] of [
    ['the name constraints', EXTENSION.nameConstraints],
    ['the policies', '2.5.29.32'],
    ['the key identifier', EXTENSION.subjectKeyIdentifier],
    ['what nobody knows', '1.3.6.1.4.1.99999.7'],
  ] as const) {
    test(`keeps ${what}, byte for byte`, () => {
      assert.notEqual(extension(old, oid), undefined);
      assert.deepEqual(extension(now, oid), extension(old, oid));
    });
  }

  test('says anew what a CA is and may do', () => {
    assert.equal(extension(old, EXTENSION.basicConstraints)?.critical, false);
    assert.equal(extension(now, EXTENSION.basicConstraints)?.critical, true);
    assert.equal(extension(now, EXTENSION.keyUsage)?.critical, true);
  });
});
