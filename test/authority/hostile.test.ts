/** Requests and answers that were damaged on purpose, and signed again: each is taken or refused, and a refusal leaves nothing. */
import assert from 'node:assert/strict';
import { createPrivateKey, sign } from 'node:crypto';
import { test } from 'node:test';
import { acceptAnswer } from '../../src/authority/accept.ts';
import { CertificateAuthority } from '../../src/authority/authority.ts';
import { createRequest } from '../../src/authority/requests.ts';
import { bitString, children, type Element, integer, oid, readWhole, sequence } from '../../src/core/der.ts';
import { memoryHome } from '../../src/store/memory-home.ts';
import { ecKey, oddCsr } from '../support/csr-odd.ts';
import { dice, hostileDer, resultOrRefusal } from '../support/hostile.ts';
import { makeCa, makeServer, pinned } from '../support/pki.ts';
import { rejectsCode } from '../support/throws.ts';

const ROUNDS = 150;
const TIME = { timeout: 60_000 };
const ALGORITHM = 1;

/** With its first part changed, and signed again by this key (P-256). */
function damaged(der: Uint8Array, roll: ReturnType<typeof dice>, key: ReturnType<typeof ecKey>): Uint8Array {
  const parts = children(readWhole(der)).map(({ bytes }) => bytes) as [Uint8Array, Uint8Array];
  const changed = hostileDer(parts[0], roll);
  return sequence(changed, parts[ALGORITHM], bitString(sign('sha256', changed, key)));
}

test(`${ROUNDS} requests to sign`, TIME, async () => {
  const key = ecKey();
  const seed = oddCsr({ key, subject: 'CN=db.test,O=Acme,C=DE' });
  const roll = dice(5);
  for (let round = 0; round < ROUNDS; round++) {
    const home = memoryHome();
    const ca = await CertificateAuthority.create(home, { name: 'Test CA' }, pinned);
    let signed = 0;
    await resultOrRefusal(async () => {
      const csr = damaged(seed, roll, key);
      await ca.review(csr);
      await ca.sign(csr);
      signed = 1;
    });
    assert.equal((await home.store.certificates()).length, signed);
  }
});

test(`${ROUNDS} answers of another CA`, TIME, async () => {
  const root = await makeCa('CN=Root');
  const rootKey = createPrivateKey({ key: Buffer.from(root.key.toPkcs8()), format: 'der', type: 'pkcs8' });
  const roll = dice(6);
  for (let round = 0; round < ROUNDS; round++) {
    const home = memoryHome();
    const { key } = await createRequest(home, { names: ['db.test'] }, {}, pinned);
    const leaf = await makeServer(root, ['db.test'], { key });
    const answer = [damaged(leaf.certificate.der, roll, rootKey), hostileDer(root.certificate.der, roll)];
    let accepted = 0;
    await resultOrRefusal(async () => {
      await acceptAnswer(home, answer, { force: round % 2 === 0 }, {}, pinned);
      accepted = 1;
    });
    assert.equal((await home.store.certificates()).length, accepted);
    assert.equal((await home.store.requests()).length, 1 - accepted);
  }
});

test(`${ROUNDS} CAs to take over`, TIME, async () => {
  const root = await makeCa('CN=Root');
  const key = createPrivateKey({ key: Buffer.from(root.key.toPkcs8()), format: 'der', type: 'pkcs8' });
  const roll = dice(7);
  for (let round = 0; round < ROUNDS; round++) {
    const home = memoryHome();
    const certificate = damaged(root.certificate.der, roll, key);
    await resultOrRefusal(async () => {
      const ca = await CertificateAuthority.import(home, { certificate, key: root.key.toPkcs8() }, pinned);
      await ca.issue({ names: ['db.test'] });
      await ca.makeRevocationLists();
      await ca.renewAuthorities({ newKey: true });
    });
  }
});

test('a CA whose serial number no key file could be called by, or whose subject cannot be read', async () => {
  const { certificate, key } = await makeCa('CN=Root');
  const { der } = certificate;
  const [tbs, algorithm, signature] = children(readWhole(der)) as [Element, Element, Element];
  const fields = children(tbs).map(({ bytes }) => bytes);
  const refused = (at: number, element: Uint8Array, says: RegExp) => {
    const odd = sequence(sequence(...fields.with(at, element)), algorithm.bytes, signature.bytes);
    const options = { certificate: odd, key: key.toPkcs8() };
    return rejectsCode(() => CertificateAuthority.import(memoryHome(), options, pinned), 'LOCAL_CA_CA_UNFIT', says);
  };
  await refused(1, integer(new Uint8Array(21).fill(1)), /its serial number has more than 20 bytes$/);
  await refused(5, sequence(integer(1)), /^#30.* cannot act as a CA: its subject or its extensions cannot be read$/);
});

test('a request whose subject or key cannot be read', async () => {
  const key = ecKey();
  const csr = oddCsr({ key, subject: 'CN=db.test' });
  const [info] = children(readWhole(csr)) as [Element];
  const fields = children(info).map(({ bytes }) => bytes);
  const ca = await CertificateAuthority.create(memoryHome(), { name: 'Test CA' }, pinned);
  const signedWith = (at: number, element: Uint8Array) => {
    const changed = sequence(...fields.with(at, element));
    return ca.sign(sequence(changed, sequence(oid('1.2.840.10045.4.3.2')), bitString(sign('sha256', changed, key))));
  };
  const says = /^the certificate request cannot be read: not valid DER at byte 0: tag 0x2 where 0x31 belongs$/;
  await rejectsCode(() => signedWith(1, sequence(integer(1))), 'LOCAL_CA_CSR_INVALID', says);
  const [identifier] = children(readWhole(fields[2] as Uint8Array)) as [Element];
  const spki = sequence(identifier.bytes, integer(1));
  await rejectsCode(() => signedWith(2, spki), 'LOCAL_CA_KEY_REFUSED', /^the request's key cannot be read$/);
});
