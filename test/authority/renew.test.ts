/** Renewal of certificates: what stays, what changes, and what is not renewed. The clock is passed. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { crlUrlsOf } from '../../src/authority/renew.ts';
import { generateKey } from '../../src/core/keys.ts';
import { makeRequest } from '../../src/core/make-csr.ts';
import { parseNames } from '../../src/core/names.ts';
import type { LeafOptions } from '../../src/core/options.ts';
import { parseCertificate } from '../../src/core/parse.ts';
import { findLeafProfile } from '../../src/core/profiles.ts';
import { keySigner } from '../../src/core/signer.ts';
import { encodeSubject, parseSubject } from '../../src/core/subject.ts';
import { encodePem } from '../../src/formats/pem.ts';
import type { CertificateRecord } from '../../src/store/store.ts';
import { rejectsCode } from '../support/throws.ts';
import { DAY, daysOf, make, START } from './clock.ts';

/** What is not of one certificate alone. */
function lasting(record: CertificateRecord): Partial<CertificateRecord> {
  const {
    serial: _s,
    notBefore: _b,
    notAfter: _a,
    fingerprintSha256: _f,
    certificate: _c,
    issuedAt: _i,
    ...rest
  } = record;
  return rest;
}

const keyPem = (pkcs8: Uint8Array) => new TextEncoder().encode(encodePem('PRIVATE KEY', pkcs8));

describe('what a renewal keeps', () => {
  const cases: Readonly<Record<string, LeafOptions>> = {
    'a plain server': { names: ['db1.example.test', '10.0.0.5', '::1'] },
    'a subject with several attributes in one part': { names: ['a.test'], subject: 'CN=a+OU=x+O=Acme\\, Inc.,C=DE' },
    'a subject with an e-mail address, in its own order': {
      names: ['a.test'],
      subject: '/CN=a.test/ST=NRW/C=DE/emailAddress=a@b.test/O=Acme',
    },
    'a subject with what has to be escaped': { names: ['a.test'], subject: 'CN=\\ a \\+ b\\\\c \\"d\\",O=\\#1;2,DC=x' },
    'a subject with an attribute without a name': { names: ['a.test'], subject: 'CN=a,1.3.6.1.4.1.99999.1=x' },
    'no subject, since no name fits one': { names: [`${'a'.repeat(60)}.${'b'.repeat(60)}.test`] },
    'an international name': { names: ['bücher.example', '*.a.test'] },
    'a client with a mailbox': { names: ['a@b.test'], profile: 'client', label: 'alice', template: 'generic' },
    'a URI and a label of its own': { names: ['spiffe://a.test/x'], label: 'x' },
    'an RSA key, a short life, and addresses': {
      names: ['a.test'],
      keyType: 'rsa-2048',
      days: 7,
      crlUrls: ['http://crl.test/a.crl', 'http://crl.test/b.crl'],
      ocspUrls: ['http://ocsp.test'],
    },
    'a life that had to be forced': { names: ['a.test'], days: 2000, force: true },
  };
  for (const [title, options] of Object.entries(cases)) {
    test(title, async () => {
      const { clock, ca } = await make();
      const { record: before } = await ca.issue(options);
      clock.day = 5;
      const { record } = await ca.renew(before.label);
      const [old, now] = [before, record].map(({ certificate }) => parseCertificate(certificate));
      assert.deepEqual(now?.subject, old?.subject);
      assert.deepEqual(now?.publicKey, old?.publicKey);
      assert.deepEqual(now?.extensions, old?.extensions);
      assert.equal(daysOf(record), daysOf(before));
      assert.deepEqual(lasting(record), lasting(before));
      assert.notEqual(record.serial, before.serial);
      assert.equal(record.notBefore.getTime(), START + 5 * DAY - 5 * 60_000);
      assert.equal((await ca.get(before.serial)).state, 'superseded');
    });
  }

  test('the addresses of the CA, also where it has others now', async () => {
    const { ca } = await make({ crlUrls: ['http://crl.test/ca.crl'] });
    await ca.issue({ names: ['a.test'] });
    const { record } = await ca.renew('a.test');
    assert.deepEqual(crlUrlsOf(parseCertificate(record.certificate)), ['http://crl.test/ca.crl']);
  });

  test('a key that the home keeps, under the same id', async () => {
    const { clock, ca } = await make();
    const { record } = await ca.issue({ names: ['a.test'], keepKey: true });
    const { record: second, material } = await ca.renew('a.test');
    assert.equal(second.keyId, record.keyId);
    assert.deepEqual(material.leaf?.key?.publicKey, parseCertificate(record.certificate).publicKey);
    assert.equal((await clock.home.leafKeys.list()).length, 1);
  });
});

describe('how long the next one lives', () => {
  test('as long as was said', async () => {
    const { ca } = await make();
    await ca.issue({ names: ['a.test'] });
    assert.equal(daysOf((await ca.renew('a.test', { days: 90 })).record), 90);
  });

  test('never longer than the CA, and with a warning', async () => {
    const { clock, ca } = await make({ days: 400 });
    await ca.issue({ names: ['a.test'] });
    clock.day = 300;
    const { record, warnings } = await ca.renew('a.test');
    assert.equal(daysOf(record), 100);
    assert.deepEqual(
      warnings.map(({ code }) => code),
      ['capped'],
    );
  });

  test('what the end of the CA had cut short is made up for', async () => {
    const { clock, ca } = await make({ days: 400 });
    clock.day = 390;
    assert.equal(daysOf((await ca.issue({ names: ['a.test'] })).record), 10);
    await ca.renewAuthorities();
    assert.equal(daysOf((await ca.renew('a.test')).record), 365);
  });

  test('nor is one that ended with the CA, and lived longer than usual, made shorter', async () => {
    const { ca } = await make({ days: 400 });
    assert.equal(daysOf((await ca.issue({ names: ['a.test'], days: 700 })).record), 400);
    await ca.renewAuthorities({ days: 3650 });
    assert.equal(daysOf((await ca.renew('a.test')).record), 400);
  });

  test('more than 825 days are refused, unless they are forced', async () => {
    const { ca } = await make();
    await ca.issue({ names: ['a.test'] });
    const long = () => ca.renew('a.test', { days: 900 });
    await rejectsCode(long, 'LOCAL_CA_VALIDITY_INVALID', /a life of 900 days/);
    assert.equal(daysOf((await ca.renew('a.test', { days: 900, force: true })).record), 900);
  });

  test('one that has expired is renewed', async () => {
    const { clock, ca } = await make();
    await ca.issue({ names: ['a.test'], days: 10 });
    clock.day = 100;
    assert.equal((await ca.renew('a.test')).record.notAfter.getTime(), START + 110 * DAY);
  });
});

describe('its key', () => {
  test('is a new one when asked, and is kept if the one before was', async () => {
    const { clock, ca } = await make();
    const { record } = await ca.issue({ names: ['a.test'], keepKey: true });
    const { record: second } = await ca.renew('a.test', { newKey: true });
    assert.notDeepEqual(parseCertificate(second.certificate).publicKey, parseCertificate(record.certificate).publicKey);
    assert.deepEqual((await clock.home.leafKeys.list()).sort(), [record.keyId, second.keyId].sort());
  });

  test('is kept from now on when asked', async () => {
    const { ca } = await make();
    const { material } = await ca.issue({ names: ['a.test'] });
    const key = keyPem(material.leaf?.key?.toPkcs8() as Uint8Array);
    const { record } = await ca.renew('a.test', { key, keepKey: true });
    assert.equal(record.keyId, record.serial);
    await ca.export('a.test');
  });

  test('has to be the right one', async () => {
    const { ca } = await make();
    await ca.issue({ names: ['a.test'] });
    const { material } = await ca.issue({ names: ['b.test'] });
    const key = keyPem(material.leaf?.key?.toPkcs8() as Uint8Array);
    await rejectsCode(
      () => ca.renew('a.test', { key }),
      'LOCAL_CA_KEY_MISMATCH',
      /does not belong to the certificate "a\.test"/,
    );
  });

  test('cannot be kept when nobody gives it', async () => {
    const { ca } = await make();
    await ca.issue({ names: ['a.test'] });
    const keeping = () => ca.renew('a.test', { keepKey: true });
    await rejectsCode(keeping, 'LOCAL_CA_KEY_NOT_KEPT', /"a\.test" cannot be kept: it is not here/);
    assert.equal((await ca.list()).length, 1);
  });

  test('stays with somebody else whose request was signed, and so does what the request said', async () => {
    const { clock, ca } = await make();
    const signer = await keySigner(await generateKey('p384', clock.ambient), clock.ambient);
    const subject = encodeSubject(parseSubject('/O=Other/CN=Somebody'));
    const fields = { subject, names: parseNames(['a.test']), profile: findLeafProfile('server') };
    const { record: before } = await ca.sign(await makeRequest(fields, signer));
    const { record, material } = await ca.renew('a.test');
    const { subject: renewed, publicKey } = parseCertificate(record.certificate);
    assert.deepEqual(renewed, subject);
    assert.deepEqual(publicKey, signer.publicKey);
    assert.equal(record.keyType, before.keyType);
    assert.equal(material.leaf?.key, undefined);
  });

  test('that was stolen is given to nothing again', async () => {
    const { ca } = await make();
    const { record } = await ca.issue({ names: ['a.test'] });
    const { record: second } = await ca.renew('a.test');
    await ca.revoke(record.serial, { reason: 'keyCompromise' });
    const message = new RegExp(
      `${second.serial} of "a\\.test" is no secret any more: the certificate ${record.serial} of a\\.test was revoked`,
    );
    await rejectsCode(() => ca.renew('a.test'), 'LOCAL_CA_KEY_REFUSED', message);
    await ca.renew('a.test', { newKey: true });
  });

  test('that was stolen elsewhere is given to nothing again', async () => {
    const { clock, ca } = await make();
    const signer = await keySigner(await generateKey('rsa-2048', clock.ambient), clock.ambient);
    for (const name of ['p1.test', 'q1.test']) {
      const names = parseNames([name]);
      const fields = { subject: encodeSubject(parseSubject(`CN=${name}`)), names, profile: findLeafProfile('server') };
      await ca.sign(await makeRequest(fields, signer));
    }
    const { serial } = await ca.revoke('p1.test', { reason: 'keyCompromise' });
    await assert.rejects(
      () => ca.renew('q1.test'),
      ({ code, message, hint }: { code: string; message: string; hint: string }) =>
        code === 'LOCAL_CA_KEY_REFUSED' && message.includes(`${serial} of p1.test`) && hint.includes('--new-key'),
    );
    await ca.renew('q1.test', { newKey: true });
  });
});

describe('not renewed is', () => {
  test('what was revoked', async () => {
    const { ca } = await make();
    const { record } = await ca.issue({ names: ['a.test', '*.a.test'] });
    await ca.revoke('a.test', { reason: 'cessationOfOperation' });
    const message = new RegExp(`the certificate ${record.serial} of "a\\.test" was revoked \\(cessationOfOperation\\)`);
    await rejectsCode(() => ca.renew('a.test'), 'LOCAL_CA_NOT_RENEWABLE', message);
    await rejectsCode(() => ca.renew('a.test', { newKey: true }), 'LOCAL_CA_NOT_RENEWABLE', message);
    await assert.rejects(
      () => ca.renew('a.test'),
      (error: { hint: string }) => /local-ca issue a\.test '\*\.a\.test' --label a\.test$/.test(error.hint),
    );
  });

  test('with a hint that leads to the same again, where issue would choose something else', async () => {
    const { ca } = await make();
    const hintOf = async (options: { label: string; profile?: string; template?: string; keyType?: string }) => {
      await ca.issue({ names: ['n.test'], ...options });
      await ca.revoke(options.label);
      const error = await ca.renew(options.label).catch((thrown: unknown) => thrown as { hint: string });
      return 'hint' in error ? error.hint.replace(/^.*--label /, '') : '';
    };
    assert.equal(await hintOf({ label: 'plain' }), 'plain');
    assert.equal(await hintOf({ label: 'client', profile: 'client' }), 'client --profile client');
    assert.equal(await hintOf({ label: 'strong', keyType: 'p384' }), 'strong --key-type p384');
    const full = 'web --template nginx --profile peer --key-type rsa-3072';
    assert.equal(await hintOf({ label: 'web', template: 'nginx', profile: 'peer', keyType: 'rsa3072' }), full);
  });

  test('what is on hold, until it is released', async () => {
    const { ca } = await make();
    const { record } = await ca.issue({ names: ['a.test'] });
    await ca.revoke('a.test', { reason: 'certificateHold' });
    await assert.rejects(
      () => ca.renew('a.test'),
      (error: { hint: string }) => error.hint === `Release it first: local-ca revoke ${record.serial} --release`,
    );
    await ca.release('a.test');
    await ca.renew('a.test');
  });

  test('what was superseded, by its serial', async () => {
    const { ca } = await make();
    const { record } = await ca.issue({ names: ['a.test'] });
    const { record: second } = await ca.renew('a.test');
    const message = new RegExp(`${record.serial} of "a\\.test" was superseded by ${second.serial}`);
    await rejectsCode(() => ca.renew(record.serial), 'LOCAL_CA_NOT_RENEWABLE', message);
  });

  test('what is not there', async () => {
    const { ca } = await make();
    await rejectsCode(() => ca.renew('a.test'), 'LOCAL_CA_NOT_FOUND', /"a\.test"/);
  });

  test('anything, once the CA has expired', async () => {
    const { clock, ca } = await make({ days: 30 });
    await ca.issue({ names: ['a.test'] });
    clock.day = 31;
    await rejectsCode(() => ca.renew('a.test'), 'LOCAL_CA_CA_EXPIRED', /the CA CN=Test CA expired on/);
    await ca.renewAuthorities();
    await ca.renew('a.test');
  });

  test('with an option that is no option', async () => {
    const { ca } = await make();
    await ca.issue({ names: ['a.test'] });
    const odd = { newkey: true } as object;
    await rejectsCode(() => ca.renew('a.test', odd), 'LOCAL_CA_OPTION_INVALID', /newkey/);
  });
});
