import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { systemAmbient } from '../../src/ambient.ts';
import { CertificateAuthority } from '../../src/authority/authority.ts';
import type { Ambient } from '../../src/core/ambient.ts';
import type { AuthorityOptions } from '../../src/core/options.ts';
import { encodePem } from '../../src/formats/pem.ts';
import { memoryHome } from '../../src/store/memory-home.ts';
import { makeCa, pinned } from '../support/pki.ts';
import { rejectsCode, throwsCode } from '../support/throws.ts';

const at = (time: string): Ambient => ({ ...systemAmbient, now: () => new Date(time) });
const NOW = at('2026-11-22T00:05:00Z');

async function make(options: AuthorityOptions = {}, ambient = NOW) {
  const home = memoryHome();
  return { home, ca: await CertificateAuthority.create(home, { name: 'Test CA', ...options }, ambient) };
}

const x509 = (der: Uint8Array) => new X509Certificate(der);

test('a certificate is recorded with all that is known of it', async () => {
  const { ca } = await make();
  const { record, warnings } = await ca.issue({ names: ['db1.example.test', '10.0.0.5'], template: 'nginx' });
  assert.deepEqual(await ca.get('db1.example.test'), record);
  assert.deepEqual(await ca.list(), [record]);
  assert.deepEqual(warnings, []);
  const { certificate, serial, issuedAt, ...rest } = record;
  const read = x509(certificate);
  assert.equal(read.serialNumber.toLowerCase(), serial);
  assert.equal(issuedAt.toISOString(), '2026-11-22T00:05:00.000Z');
  assert.deepEqual(rest, {
    label: 'db1.example.test',
    profile: 'server',
    template: 'nginx',
    names: ['db1.example.test', '10.0.0.5'],
    subject: 'CN=db1.example.test',
    keyType: 'p256',
    notBefore: new Date('2026-11-22T00:00:00Z'),
    notAfter: new Date('2027-11-22T00:05:00Z'),
    fingerprintSha256: read.fingerprint256.replaceAll(':', '').toLowerCase(),
    issuerId: ca.root.id,
    state: 'valid',
    chain: [],
    revocation: null,
    keyId: null,
  });
});

test('a certificate is found by its label, its serial, or the start of its serial, with colons or without', async () => {
  const { ca } = await make();
  const { record } = await ca.issue({ names: ['a.test'] });
  const colons = record.serial.toUpperCase().replace(/..(?=.)/g, '$&:');
  for (const wanted of ['a.test', record.serial, record.serial.slice(0, 6), colons]) {
    assert.equal((await ca.get(wanted)).serial, record.serial);
  }
  await rejectsCode(() => ca.get('b.test'), 'LOCAL_CA_NOT_FOUND', /"b\.test"/);
  await rejectsCode(() => ca.get(''), 'LOCAL_CA_NOT_FOUND', /""/);
});

test('a label goes to the newest; the older certificate stays on record as superseded', async () => {
  const { ca } = await make();
  const first = await ca.issue({ names: ['a.test'] });
  const second = await ca.issue({ names: ['a.test'] });
  assert.notEqual(first.record.serial, second.record.serial);
  assert.equal((await ca.get('a.test')).serial, second.record.serial);
  assert.equal((await ca.get(first.record.serial)).state, 'superseded');
});

test('with an intermediate, that one signs, and its chain goes along', async () => {
  const { ca } = await make({ intermediate: true });
  const { material } = await ca.issue({ names: ['a.test'] });
  const [intermediate] = material.intermediates;
  assert.equal(material.intermediates.length, 1);
  const above = x509(intermediate as Uint8Array);
  assert.ok(x509(material.leaf?.certificate as Uint8Array).verify(above.publicKey));
  assert.ok(above.verify(x509(material.roots[0] as Uint8Array).publicKey));
  assert.deepEqual(
    ca.chain.map(({ role }) => role),
    ['intermediate', 'root'],
  );
  assert.equal(above.subject, 'CN=Test CA intermediate');
});

test('an intermediate does not outlive its root', async () => {
  const { ca } = await make({ intermediate: true, days: 100 });
  const [intermediate, root] = ca.chain.map(({ certificate }) => x509(certificate).validTo);
  assert.equal(intermediate, root);
});

test('two CAs that nobody named differ in their subjects', async () => {
  const one = await CertificateAuthority.create(memoryHome(), {});
  const two = await CertificateAuthority.create(memoryHome(), {});
  assert.notEqual(one.root.name, two.root.name);
});

test('a home is opened again and goes on with the same CA', async () => {
  const { home, ca } = await make();
  const { record } = await ca.issue({ names: ['a.test'] });
  const again = await CertificateAuthority.open(home, { ambient: NOW });
  assert.equal((await again.get('a.test')).serial, record.serial);
  const next = await again.issue({ names: ['b.test'] });
  assert.ok(x509(next.record.certificate).verify(x509(ca.root.certificate).publicKey));
});

test('a home without a CA is missing', async () => {
  await rejectsCode(() => CertificateAuthority.open(memoryHome()), 'LOCAL_CA_HOME_MISSING', /no CA here/);
});

test('an encrypted CA key wants its passphrase at the first signature, and is kept encrypted', async () => {
  const { home, ca } = await make({ passphrase: 'correct horse' });
  const kept = new TextDecoder().decode(await home.caKeys.load(ca.root.id));
  assert.match(kept, /BEGIN ENCRYPTED PRIVATE KEY/);
  const issue = async (passphrase?: string) =>
    (await CertificateAuthority.open(home, { passphrase, ambient: NOW })).issue({ names: ['a.test'] });
  assert.equal((await issue('correct horse')).record.label, 'a.test');
  await rejectsCode(() => issue(), 'LOCAL_CA_KEY_ENCRYPTED', /pass phrase/);
  await rejectsCode(() => issue('wrong'), 'LOCAL_CA_PASSWORD_WRONG', /does not open/);
  const asked = await CertificateAuthority.open(home, { passphrase: async () => 'correct horse', ambient: NOW });
  assert.equal((await asked.list()).length, 1, 'the two failures recorded nothing');
  assert.equal((await asked.issue({ names: ['b.test'] })).record.label, 'b.test');
});

test('what fails before recording leaves nothing on record', async () => {
  const { ca } = await make();
  const stop = async () => {
    throw new Error('the disk is full');
  };
  await assert.rejects(() => ca.issue({ names: ['a.test'] }, { beforeRecording: stop }), /the disk is full/);
  assert.deepEqual(await ca.list(), []);
});

test('files can be prepared between signing and recording', async () => {
  const { ca } = await make();
  let seen = -1;
  await ca.issue(
    { names: ['a.test'] },
    {
      beforeRecording: async () => {
        seen = (await ca.list()).length;
        return [];
      },
    },
  );
  assert.equal(seen, 0);
  assert.equal((await ca.list()).length, 1);
});

test('many are issued all or not at all', async () => {
  const { ca } = await make();
  const good = Array.from({ length: 20 }, (_, i) => ({ names: [`s${i}.test`] }));
  const progress: number[] = [];
  assert.equal((await ca.issueMany(good, { onProgress: (done) => progress.push(done) })).length, 20);
  assert.deepEqual(
    progress,
    good.map((_, i) => i + 1),
  );
  await rejectsCode(
    () => ca.issueMany([{ names: ['x.test'] }, { names: ['a..b'] }]),
    'LOCAL_CA_NAME_INVALID',
    /a\.\.b/,
  );
  assert.equal((await ca.list()).length, 20);
});

test('names outside the constraints of the CA are refused before signing', async () => {
  const { ca } = await make({ permit: ['.internal', '10.0.0.0/8'], intermediate: true });
  assert.equal((await ca.issue({ names: ['db.internal', '10.9.9.9'] })).record.label, 'db.internal');
  for (const [name, what] of [
    ['db.example.test', /db\.example\.test/],
    ['192.168.0.1', /192\.168\.0\.1/],
    ['fd00::1', /fd00::1/],
  ] as const) {
    await rejectsCode(() => ca.issue({ names: ['db.internal', name] }), 'LOCAL_CA_CONSTRAINT', what);
  }
  assert.equal((await ca.list()).length, 1);
});

test('a leaf may not have the subject of a CA above it', async () => {
  const { ca } = await make({ name: 'db.test', intermediate: true });
  for (const subject of [undefined, 'CN=DB.test', 'CN=db.test intermediate']) {
    await rejectsCode(
      () => ca.issue({ names: ['db.test'], subject }),
      'LOCAL_CA_SAME_SUBJECT',
      /same subject as its CA/,
    );
  }
});

test('an expired CA, and one that is not valid yet, sign nothing', async () => {
  const { home } = await make({ days: 30 });
  for (const [time, why] of [
    ['2027-01-01T00:00:00Z', /expired on 2026-12-22/],
    ['2026-11-01T00:00:00Z', /not valid yet/],
  ] as const) {
    const ca = await CertificateAuthority.open(home, { ambient: at(time) });
    await rejectsCode(() => ca.issue({ names: ['a.test'] }), 'LOCAL_CA_CA_EXPIRED', why);
    throwsCode(() => ca.check({ names: ['a.test'] }), 'LOCAL_CA_CA_EXPIRED', why);
  }
});

test('a leaf that would outlive its CA is cut, and says so', async () => {
  const { ca } = await make({ days: 30 });
  const { record, warnings } = await ca.issue({ names: ['a.test'] });
  assert.equal(record.notAfter.toISOString(), '2026-12-22T00:05:00.000Z');
  assert.deepEqual(
    warnings.map(({ code }) => code),
    ['capped'],
  );
});

test('a kept key comes back with the export; others do not', async () => {
  const { ca } = await make();
  const kept = await ca.issue({ names: ['kept.test'], keepKey: true });
  const given = await ca.issue({ names: ['given.test'] });
  const exported = await ca.export('kept.test');
  assert.deepEqual(exported.leaf?.key?.toPkcs8(), kept.material.leaf?.key?.toPkcs8());
  assert.equal((await ca.export('given.test')).leaf?.key, undefined);
  const key = given.material.leaf?.key;
  assert.equal((await ca.export('given.test', key)).leaf?.key, key);
});

test('a key that does not belong to the certificate is not exported with it', async () => {
  const { ca } = await make();
  const one = await ca.issue({ names: ['one.test'] });
  await ca.issue({ names: ['two.test'] });
  await rejectsCode(() => ca.export('two.test', one.material.leaf?.key), 'LOCAL_CA_KEY_MISMATCH', /two\.test/);
});

test('nothing that is handed out shows a private key', async () => {
  const { ca, home } = await make();
  const issued = await ca.issue({ names: ['a.test'], keepKey: true });
  const secret = Buffer.from(issued.material.leaf?.key?.toPkcs8() as Uint8Array);
  for (const value of [issued, ca, home]) {
    const text = inspect(value, { showHidden: true, depth: 12, maxArrayLength: null }) + JSON.stringify(value);
    assert.ok(!text.includes(secret.toString('base64').slice(60, 100)));
    assert.ok(!/PRIVATE KEY/.test(text));
  }
});

async function exportedPair(options: AuthorityOptions = {}) {
  const { home, ca } = await make(options);
  const pem = (der: Uint8Array) => encodePem('CERTIFICATE', der);
  const bytes = (text: string) => new TextEncoder().encode(text);
  const certificate = bytes(ca.chain.map((one) => pem(one.certificate)).join(''));
  return { ca, certificate, key: await home.caKeys.load((ca.chain[0] as { id: string }).id) };
}

test('a CA is taken over with its chain, in any order, and signs on', async () => {
  for (const intermediate of [false, true]) {
    const { ca, certificate, key } = await exportedPair({ intermediate });
    const shuffled = new TextEncoder().encode(
      new TextDecoder()
        .decode(certificate)
        .split(/(?<=END CERTIFICATE-----\n)/)
        .reverse()
        .join(''),
    );
    const taken = await CertificateAuthority.import(memoryHome(), { certificate: shuffled, key }, NOW);
    assert.deepEqual(
      taken.chain.map(({ id }) => id),
      ca.chain.map(({ id }) => id),
    );
    const { record } = await taken.issue({ names: ['a.test'] });
    assert.ok(x509(record.certificate).verify(x509(ca.chain[0]?.certificate as Uint8Array).publicKey));
  }
});

test('two CAs of one serial number are not taken over together, and one of them is', async () => {
  const serial = Uint8Array.of(1);
  const root = await makeCa('CN=Root', { serial });
  const { certificate, key } = await makeCa('CN=Between', { issuer: root, serial });
  const taken = (...chain: readonly Uint8Array[]) => {
    const pem = chain.map((der) => encodePem('CERTIFICATE', der)).join('');
    const given = { certificate: new TextEncoder().encode(pem), key: key.toPkcs8() };
    return CertificateAuthority.import(memoryHome(), given, pinned);
  };
  const says = /^two CAs of the chain have the serial number 01, and local-ca tells CAs apart by it$/;
  await rejectsCode(() => taken(certificate.der, root.certificate.der), 'LOCAL_CA_CA_UNFIT', says);
  const ca = await taken(certificate.der);
  assert.deepEqual(
    ca.chain.map(({ name }) => name),
    ['Between'],
  );
});

test('a CA is not taken over with the key of another, or when it is no CA', async () => {
  const one = await exportedPair();
  const two = await exportedPair();
  await rejectsCode(
    () => CertificateAuthority.import(memoryHome(), { certificate: one.certificate, key: two.key }, NOW),
    'LOCAL_CA_KEY_MISMATCH',
    /does not belong to the certificate \(CN=Test CA\)/,
  );
  const { material } = await one.ca.issue({ names: ['leaf.test'] });
  const leaf = material.leaf as NonNullable<typeof material.leaf>;
  await rejectsCode(
    () =>
      CertificateAuthority.import(
        memoryHome(),
        { certificate: leaf.certificate, key: leaf.key?.toPkcs8() as Uint8Array },
        NOW,
      ),
    'LOCAL_CA_CA_UNFIT',
    /CN=leaf\.test cannot act as a CA: its basicConstraints/,
  );
});

test('under DNS constraints a certificate for an address alone has no common name, which clients would hold against them', async () => {
  const { ca } = await make({ permit: ['10.0.0.0/8', 'example.test'] });
  const { record } = await ca.issue({ names: ['10.0.0.5'] });
  assert.equal(record.subject, '');
  assert.equal((await ca.issue({ names: ['10.0.0.5', 'a.example.test'] })).record.subject, 'CN=a.example.test');
});

test('options that no compiler has seen are refused before anything is made, and no key is shown', async () => {
  const { certificate, key } = await exportedPair();
  const text = { certificate, key: new TextDecoder().decode(key) as unknown as Uint8Array };
  const why = /^key is something else, not a Uint8Array$/;
  await rejectsCode(() => CertificateAuthority.import(memoryHome(), text), 'LOCAL_CA_OPTION_INVALID', why);
  const misspelt = { certificate, key, passfrase: 'x' };
  await rejectsCode(
    () => CertificateAuthority.import(memoryHome(), misspelt),
    'LOCAL_CA_OPTION_INVALID',
    /"passfrase"$/,
  );
  const { home, ca } = await make();
  const keepkey = { names: ['a.test'], keepkey: true };
  await rejectsCode(() => ca.issue(keepkey), 'LOCAL_CA_OPTION_INVALID', /there is no option "keepkey"/);
  throwsCode(() => ca.check(keepkey), 'LOCAL_CA_OPTION_INVALID', /there is no option "keepkey"/);
  assert.deepEqual(await home.store.certificates(), []);
});

test('a kept key is taken back when recording fails', async () => {
  const { home } = await make();
  const ca = await CertificateAuthority.open(home, { ambient: NOW });
  home.store.addCertificates = async () => {
    throw new Error('the inventory is full');
  };
  let serial = '';
  const remember = async ([issued]: readonly { record: { serial: string } }[]) => {
    serial = issued?.record.serial ?? '';
    return [];
  };
  await assert.rejects(
    () => ca.issue({ names: ['a.test'], keepKey: true }, { beforeRecording: remember }),
    /inventory is full/,
  );
  await rejectsCode(() => home.leafKeys.load(serial), 'LOCAL_CA_KEY_NOT_KEPT', new RegExp(serial));
});

test('an empty list of permitted names is refused: it would take every limit away', async () => {
  await rejectsCode(() => make({ permit: [] }), 'LOCAL_CA_OPTION_INVALID', /permitted names is empty/);
});
