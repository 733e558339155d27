/** Requests that are signed: what is taken over from them, what never is, and which are refused. */
import assert from 'node:assert/strict';
import { createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { describe, test } from 'node:test';
import { CertificateAuthority } from '../../src/authority/authority.ts';
import type { SignOptions } from '../../src/authority/sign.ts';
import {
  bitString,
  children,
  concatBytes,
  context,
  equalBytes,
  integer,
  oid,
  readWhole,
  sequence,
  utf8String,
} from '../../src/core/der.ts';
import { describeCertificate } from '../../src/core/describe.ts';
import * as extension from '../../src/core/extensions.ts';
import { parseNames } from '../../src/core/names.ts';
import type { AuthorityOptions } from '../../src/core/options.ts';
import { parseCertificate } from '../../src/core/parse.ts';
import { decodeSubject } from '../../src/core/subject.ts';
import { encodePem } from '../../src/formats/pem.ts';
import { memoryHome } from '../../src/store/memory-home.ts';
import { BAD_CSRS, ecKey, oddCsr, rsaKey } from '../support/csr-odd.ts';
import { NOW, pinned } from '../support/pki.ts';
import { encodeExtension } from '../support/signed.ts';
import { rejectsCode } from '../support/throws.ts';

async function make(options: AuthorityOptions = {}) {
  const home = memoryHome();
  return { home, ca: await CertificateAuthority.create(home, { name: 'Test CA', ...options }, pinned) };
}

const key = ecKey();
const alternative = (...names: readonly string[]) => extension.subjectAltName(parseNames(names), false);
const plain = (dotted: string, value: Uint8Array): extension.Extension => ({ oid: dotted, critical: true, value });

interface Asked {
  readonly subject?: string;
  readonly key?: KeyObject;
  readonly extensions?: readonly extension.Extension[];
}

const request = ({ subject = 'CN=db.test', key: own = key, extensions = [alternative('db.test')] }: Asked = {}) =>
  oddCsr({
    key: own,
    subject,
    attributes:
      extensions.length === 0 ? [] : [['1.2.840.113549.1.9.14', sequence(...extensions.map(encodeExtension))]],
  });

/** With other contents, and signed again. */
function reshaped(csr: Uint8Array, change: (info: Uint8Array) => Uint8Array): Uint8Array {
  const [info, algorithm] = children(readWhole(csr)).map(({ bytes }) => bytes) as [Uint8Array, Uint8Array];
  const changed = change(info);
  return sequence(changed, algorithm, bitString(sign('sha256', changed, key)));
}

function exchanged(info: Uint8Array, from: Uint8Array, to: Uint8Array): Uint8Array {
  const copy = Buffer.from(info);
  Buffer.from(to).copy(copy, copy.indexOf(Buffer.from(from)));
  return new Uint8Array(copy);
}

const described = (der: Uint8Array) => describeCertificate(parseCertificate(der), NOW);
const publicOf = (own: KeyObject) => new Uint8Array(createPublicKey(own).export({ type: 'spki', format: 'der' }));
const codes = (list: readonly { readonly code: string }[]) => list.map(({ code }) => code);

describe('what a certificate takes over', () => {
  test('subject, in its order, names and key; it is recorded, and has no key', async () => {
    const { ca, home } = await make();
    const subject = '/CN=db.test/ST=California/C=US/emailAddress=dba@acme.test/O=Synergex, a\\/b';
    const csr = request({ subject, extensions: [alternative('db.test', '10.0.0.5')] });
    const { record, material, warnings } = await ca.sign(csr, { template: 'nginx' });
    const certificate = parseCertificate(record.certificate);
    const order = decodeSubject(certificate.subject).map((rdn) => rdn[0]?.type);
    assert.deepEqual(order, ['CN', 'ST', 'C', 'emailAddress', 'O']);
    assert.deepEqual(record.names, ['db.test', '10.0.0.5']);
    assert.deepEqual([record.template, record.label, record.keyId], ['nginx', 'db.test', null]);
    assert.equal(material.leaf?.key, undefined);
    assert.deepEqual(warnings, []);
    assert.deepEqual(await ca.get('db.test'), record);
    assert.deepEqual(
      (await home.store.audit(1)).map(({ action, serial }) => [action, serial]),
      [['sign', record.serial]],
    );
  });

  const subjects = ['CN=a\\\\bc', 'CN=\\#1', 'CN=a\\+b\\, c', 'CN=x,O=" \\"quoted\\""', 'CN=é'];
  for (const subject of subjects) {
    test(`the subject ${subject}`, async () => {
      const { ca } = await make();
      const csr = request({ subject });
      const { record } = await ca.sign(csr);
      const asked = request({ subject });
      assert.ok(Buffer.from(asked).includes(Buffer.from(parseCertificate(record.certificate).subject)));
    });
  }

  test('PEM of either label', async () => {
    const { ca } = await make();
    for (const label of ['CERTIFICATE REQUEST', 'NEW CERTIFICATE REQUEST']) {
      const pem = new TextEncoder().encode(`some talk\n${encodePem(label, request())}`);
      assert.equal((await ca.sign(pem)).record.label, 'db.test');
    }
  });

  test('other names, subject and label, when they are said', async () => {
    const { ca } = await make();
    const options: SignOptions = { names: ['web.test'], subject: 'CN=web.test,O=Acme', label: 'web', days: 30 };
    const { record } = await ca.sign(request(), options);
    assert.deepEqual([record.names, record.subject, record.label], [['web.test'], 'CN=web.test,O=Acme', 'web']);
    assert.equal(record.notAfter.getTime(), NOW.getTime() + 30 * 86_400_000);
  });

  test('an empty subject is filled as that of any certificate', async () => {
    const { ca } = await make();
    const csr = reshaped(request(), (info) => {
      const fields = children(readWhole(info)).map(({ bytes }) => bytes);
      return sequence(...fields.with(1, sequence()));
    });
    const { record } = await ca.sign(csr);
    assert.equal(record.subject, 'CN=db.test');
  });

  test("the addresses of the CA's lists, which the request cannot know", async () => {
    const { ca } = await make({ crlUrls: ['http://pki.test/ca.crl'] });
    const { record } = await ca.sign(request());
    assert.deepEqual(described(record.certificate).crlDistributionPoints, ['http://pki.test/ca.crl']);
  });
});

describe('what a request asks for in vain', () => {
  test('to be a CA, to sign certificates, unknown extensions and those of Microsoft', async () => {
    const { ca } = await make();
    const csr = request({
      extensions: [
        alternative('db.test'),
        extension.basicConstraints(true, 5),
        extension.keyUsage(['digitalSignature', 'keyCertSign']),
        extension.extendedKeyUsage(['serverAuth', 'clientAuth']),
        plain('1.3.6.1.4.1.311.20.2', utf8String('SubCA')),
        plain('1.2.3.4', utf8String('whatever')),
        extension.subjectKeyIdentifier(new Uint8Array(20)),
      ],
    });
    const { record, review, warnings } = await ca.sign(csr);
    const got = described(record.certificate);
    assert.deepEqual(
      [got.authority, got.keyUsage, got.extendedKeyUsage],
      [false, ['digitalSignature'], ['serverAuth']],
    );
    assert.deepEqual(
      got.extensions.map(({ name }) => name),
      [
        'basicConstraints',
        'keyUsage',
        'extendedKeyUsage',
        'subjectKeyIdentifier',
        'authorityKeyIdentifier',
        'subjectAltName',
      ],
    );
    assert.deepEqual(
      review.extensions.map(({ name, oid: dotted, asked, given, why }) => [name ?? dotted, asked, given, why]),
      [
        ['subjectAltName', 'db.test', 'yes', ''],
        ['basicConstraints', 'CA:TRUE', 'no', 'a request never makes a CA'],
        ['keyUsage', 'digitalSignature, keyCertSign', 'partly', 'the profile server gives digitalSignature'],
        ['extendedKeyUsage', 'serverAuth, clientAuth', 'partly', 'the profile server gives serverAuth'],
        ['microsoftCertificateTemplateName', '', 'no', 'local-ca does not copy it from a request'],
        ['1.2.3.4', '', 'no', 'local-ca does not copy it from a request'],
        ['subjectKeyIdentifier', '', 'no', 'it is made from the key'],
      ],
    );
    assert.deepEqual(codes(warnings), ['authority-not-given', 'usage-not-given']);
    assert.match(warnings[1]?.message ?? '', /asks for clientAuth, .* --profile peer gives it$/);
  });

  const usages = [
    [['clientAuth'], /--profile client gives it/],
    [['emailProtection'], /--profile email gives it/],
    [['timeStamping'], /no profile gives that/],
  ] as const;
  for (const [asked, says] of usages) {
    test(`to be good for ${asked}: whoever signs has to name the profile`, async () => {
      const { ca } = await make();
      const csr = request({ extensions: [alternative('db.test'), extension.extendedKeyUsage(asked)] });
      const { warnings, record } = await ca.sign(csr);
      assert.match(warnings[0]?.message ?? '', says);
      assert.deepEqual(described(record.certificate).extendedKeyUsage, ['serverAuth']);
    });
  }

  test('a profile that is named gives what it gives', async () => {
    const { ca } = await make();
    const csr = request({ extensions: [alternative('db.test'), extension.extendedKeyUsage(['clientAuth'])] });
    const { record, warnings } = await ca.sign(csr, { profile: 'client' });
    assert.deepEqual(described(record.certificate).extendedKeyUsage, ['clientAuth']);
    assert.deepEqual(warnings, []);
  });

  test('names of kinds that are not signed', async () => {
    const { ca } = await make();
    const odd = BAD_CSRS.find(({ title }) => title.includes('otherName'));
    const { record, warnings } = await ca.sign(odd?.make() as Uint8Array);
    assert.deepEqual(record.names, ['db.test']);
    assert.deepEqual(codes(warnings), ['name-dropped']);
    assert.match(
      warnings[0]?.message ?? '',
      /^otherName:.*dba@corp\.test is left out: local-ca signs no names of that kind$/,
    );
  });

  test('an address as a DNS name', async () => {
    const { ca } = await make();
    const ascii = (text: string) => context(2, false, new TextEncoder().encode(text));
    const names = plain(extension.EXTENSION.subjectAltName, sequence(ascii('db.test'), ascii('10.0.0.5')));
    const { record, warnings } = await ca.sign(request({ extensions: [names] }));
    assert.deepEqual(record.names, ['db.test']);
    assert.match(warnings[0]?.message ?? '', /^dns:10\.0\.0\.5 is left out: no client would accept it/);
  });

  test('a common name beside its names is taken over, and told of', async () => {
    const { ca } = await make();
    const { warnings } = await ca.sign(request({ subject: 'CN=bank.test' }));
    assert.deepEqual(codes(warnings), ['common-name']);
    assert.match(warnings[0]?.message ?? '', /"bank\.test" is not among its names/);
  });
});

describe('a request without names', () => {
  for (const [common, name] of [
    ['db.test', 'db.test'],
    ['DB.Test', 'db.test'],
    ['10.0.0.5', '10.0.0.5'],
    ['*.db.test', '*.db.test'],
  ] as const) {
    test(`has its common name ${common}`, async () => {
      const { ca } = await make();
      const { record, warnings } = await ca.sign(request({ subject: `CN=${common}`, extensions: [] }));
      assert.deepEqual(record.names, [name]);
      assert.ok(codes(warnings).includes('no-names'));
    });
  }

  for (const subject of ['CN=The Database', 'O=Acme', 'CN=https://db.test']) {
    test(`and with ${subject} is refused, unless names are given`, async () => {
      const { ca } = await make();
      const csr = request({ subject, extensions: [] });
      await rejectsCode(() => ca.sign(csr), 'LOCAL_CA_NAME_INVALID', /^the request has no name$/);
      assert.deepEqual((await ca.sign(csr, { names: ['db.test'] })).record.names, ['db.test']);
    });
  }
});

/** The same key in another shape, signed by it again. */
function withKeyWritten(csr: Uint8Array, own: KeyObject, rewrite: (spki: Uint8Array) => Uint8Array): Uint8Array {
  const [info, algorithm] = children(readWhole(csr)).map(({ bytes }) => bytes) as [Uint8Array, Uint8Array];
  const fields = children(readWhole(info)).map(({ bytes }) => bytes);
  const changed = sequence(...fields.with(2, rewrite(fields[2] as Uint8Array)));
  return sequence(changed, algorithm, bitString(sign('sha256', changed, own)));
}

/** 02 or 03, and x (SEC 1, 2.3.3). */
function compressed(spki: Uint8Array): Uint8Array {
  const [identifier] = children(readWhole(spki));
  const point = spki.subarray(-65);
  const form = 2 + ((point.at(-1) as number) & 1);
  return sequence(
    (identifier as { bytes: Uint8Array }).bytes,
    bitString(concatBytes(Uint8Array.of(form), point.subarray(1, 33))),
  );
}

/** SpecifiedECDomain in place of the curve's name (RFC 5480 2.1.1 forbids it); what stands in it does not matter here. */
const explicit = (spki: Uint8Array) =>
  sequence(sequence(oid('1.2.840.10045.2.1'), sequence(integer(1))), bitString(spki.subarray(-65)));

const RSA_SHA256 = oid('1.2.840.113549.1.1.11');
const RSA_SHA3 = oid('2.16.840.1.101.3.4.3.14');

/** INTEGER 65537. */
const EXPONENT = Uint8Array.of(2, 3, 1, 0, 1);

describe('a request is refused', () => {
  const bad = (title: string) => BAD_CSRS.find((one) => one.title === title)?.make() as Uint8Array;
  const rows: readonly (readonly [
    title: string,
    csr: () => Uint8Array,
    code: Parameters<typeof rejectsCode>[1],
    says: RegExp,
  ])[] = [
    [
      'broken signature',
      () => bad('broken signature'),
      'LOCAL_CA_CSR_INVALID',
      /not signed with its own key \(ECDSA with SHA-256\)/,
    ],
    [
      'a signature of a kind that is not known',
      () => exchanged(request({ key: rsaKey() }), RSA_SHA256, RSA_SHA3),
      'LOCAL_CA_CSR_INVALID',
      /signature cannot be checked by local-ca \(2\.16\.840\.1\.101\.3\.4\.3\.14\)/,
    ],
    ['RSA-1024', () => bad('RSA-1024'), 'LOCAL_CA_KEY_REFUSED', /has 1024 bits/],
    [
      'an unknown curve',
      () => bad('curve that is not known'),
      'LOCAL_CA_KEY_REFUSED',
      /does not know \(1\.2\.840\.10045\.2\.1 1\.3\.132\.0\.33\)/,
    ],

    [
      'an exponent that no key has',
      () => reshaped(request({ key: rsaKey() }), (info) => exchanged(info, EXPONENT, Uint8Array.of(2, 3, 1, 0, 0))),
      'LOCAL_CA_KEY_REFUSED',
      /an exponent that protects nothing/,
    ],
    ['two SubjectAltNames', () => bad('two SubjectAltNames'), 'LOCAL_CA_CSR_INVALID', /subjectAltName more than once/],
    [
      'two lists of extensions',
      () => bad('two lists of extensions'),
      'LOCAL_CA_CSR_INVALID',
      /subjectAltName more than once/,
    ],
    [
      'a damaged SubjectAltName',
      () => bad('a SubjectAltName that is damaged'),
      'LOCAL_CA_CSR_INVALID',
      /cannot be read/,
    ],
    ['cut short', () => bad('cut short'), 'LOCAL_CA_CSR_INVALID', /cannot be read/],
    ['no request', () => new TextEncoder().encode('hello'), 'LOCAL_CA_CSR_INVALID', /no certificate request in it/],
    [
      'two requests',
      () => new TextEncoder().encode(encodePem('CERTIFICATE REQUEST', request()).repeat(2)),
      'LOCAL_CA_CSR_INVALID',
      /2 certificate requests in it/,
    ],
  ];
  for (const [title, csr, code, says] of rows) {
    test(`${title}`, async () => {
      const { ca } = await make();
      await rejectsCode(() => ca.sign(csr()), code, says);
      assert.deepEqual(await ca.list(), []);
    });
  }

  test('for names outside the constraints of the CA', async () => {
    const { ca } = await make({ permit: ['.internal'] });
    await rejectsCode(() => ca.sign(request()), 'LOCAL_CA_CONSTRAINT', /may not sign db\.test/);
  });

  test('with the subject of its CA', async () => {
    const { ca } = await make();
    await rejectsCode(() => ca.sign(request({ subject: 'CN=Test CA' })), 'LOCAL_CA_SAME_SUBJECT', /CN=Test CA/);
  });

  test('with a subject that no certificate of ours would have', async () => {
    const { ca } = await make();
    // No maker of ours would write such a country.
    const csr = reshaped(request({ subject: 'CN=db.test,ST=de' }), (info) =>
      exchanged(info, oid('2.5.4.8'), oid('2.5.4.6')),
    );
    await rejectsCode(
      () => ca.sign(csr),
      'LOCAL_CA_SUBJECT_INVALID',
      /^the request's subject cannot be taken over: .*"de"/,
    );
    assert.equal((await ca.sign(csr, { subject: 'CN=db.test,C=DE' })).record.subject, 'CN=db.test,C=DE');
  });

  test('for the key of a CA', async () => {
    const { ca, home } = await make();
    const pem = Buffer.from(await home.caKeys.load(ca.root.keyId)).toString();
    await rejectsCode(
      () => ca.sign(request({ key: createPrivateKey(pem) })),
      'LOCAL_CA_KEY_REFUSED',
      /of the CA "Test CA" itself/,
    );
  });

  test('for a point that is not written in full: other checks would not know the key again', async () => {
    const { ca, home } = await make();
    const own = createPrivateKey(Buffer.from(await home.caKeys.load(ca.root.keyId)).toString());
    for (const one of [key, own]) {
      const csr = withKeyWritten(request({ key: one }), one, compressed);
      await rejectsCode(() => ca.sign(csr), 'LOCAL_CA_KEY_REFUSED', /is a compressed point/);
    }
    const spelled = withKeyWritten(request(), key, explicit);
    await rejectsCode(() => ca.sign(spelled), 'LOCAL_CA_KEY_REFUSED', /does not know/);
    assert.deepEqual(await ca.list(), []);
  });

  test('with more names than anybody reads', async () => {
    const { ca } = await make();
    const many = (count: number) => Array.from({ length: count }, (_, i) => `n${i}.test`);
    const csr = (count: number) => request({ subject: 'CN=n0.test', extensions: [alternative(...many(count))] });
    await rejectsCode(() => ca.sign(csr(1001)), 'LOCAL_CA_CSR_INVALID', /^the request has 1001 names, more than 1000$/);
    assert.deepEqual(codes((await ca.review(csr(101))).warnings), ['many-names']);
    assert.deepEqual(codes((await ca.review(csr(100))).warnings), []);
    assert.deepEqual((await ca.review(csr(1001), { names: ['n0.test'] })).names, ['n0.test']);
  });

  test('for a key that was stolen once, though its certificate was revoked for another reason first', async () => {
    for (const first of [[], ['superseded'], ['cACompromise']] as const) {
      const { ca } = await make();
      await ca.sign(request());
      for (const reason of [...first, 'keyCompromise'] as const) await ca.revoke('db.test', { reason });
      await rejectsCode(
        () => ca.sign(request(), { label: 'new' }),
        'LOCAL_CA_KEY_REFUSED',
        /of db\.test was revoked for that/,
      );
    }
  });
});

test('two servers with one key are told of; a renewal of one is not', async () => {
  const { ca } = await make();
  await ca.sign(request());
  const { warnings } = await ca.sign(request({ extensions: [alternative('web.test')], subject: 'CN=web.test' }));
  assert.deepEqual(codes(warnings), ['shared-key']);
  assert.match(warnings[0]?.message ?? '', /^db\.test has the same key/);
  const again = await make();
  await again.ca.sign(request());
  assert.deepEqual(codes((await again.ca.sign(request())).warnings), ['replaces']);
});

describe('a label whose certificate has another key', () => {
  test('is not taken over by a stranger, unless somebody insists: and that is said before', async () => {
    const { ca } = await make();
    const { record: own } = await ca.issue({ names: ['db.test', 'web.test'] });
    const message = new RegExp(
      `^"db\\.test" is the certificate ${own.serial}, which has another key than the request$`,
    );
    await rejectsCode(() => ca.review(request()), 'LOCAL_CA_LABEL_TAKEN', message);
    await rejectsCode(() => ca.sign(request()), 'LOCAL_CA_LABEL_TAKEN', message);
    assert.equal((await ca.get('db.test')).serial, own.serial);
    assert.equal((await ca.sign(request(), { label: 'other' })).record.label, 'other');
    const review = await ca.review(request(), { force: true });
    assert.deepEqual(codes(review.warnings), ['shared-key', 'replaces']);
    assert.match(
      review.warnings[1]?.message ?? '',
      new RegExp(`^replaces the certificate ${own.serial} .*web\\.test$`),
    );
    const { record, warnings } = await ca.sign(request(), { force: true });
    assert.deepEqual(warnings, review.warnings);
    assert.equal(equalBytes(parseCertificate(record.certificate).publicKey, publicOf(key)), true);
  });

  test('is free once that was revoked for good, and not while it is on hold', async () => {
    const { ca } = await make();
    await ca.issue({ names: ['db.test'] });
    await ca.revoke('db.test', { reason: 'certificateHold' });
    const message = /^"db\.test" is the certificate [0-9a-f]{32}, which has another key than the request$/;
    await rejectsCode(() => ca.sign(request()), 'LOCAL_CA_LABEL_TAKEN', message);
    await ca.revoke('db.test');
    assert.deepEqual((await ca.sign(request())).warnings, []);
  });

  test('is not free when that has expired: it is renewed under its label', async () => {
    const { ca, home } = await make();
    const { record } = await ca.issue({ names: ['db.test'], days: 10 });
    const later = { ...pinned, now: () => new Date(record.notAfter.getTime() + 1000) };
    const then = await CertificateAuthority.open(home, { ambient: later });
    const message = new RegExp(`^"db\\.test" is the certificate ${record.serial}, which has another key`);
    await rejectsCode(() => then.sign(request()), 'LOCAL_CA_LABEL_TAKEN', message);
    assert.notEqual((await then.sign(request(), { force: true })).record.serial, record.serial);
  });
});

test('a review makes nothing', async () => {
  const { ca } = await make();
  const review = await ca.review(request(), { days: 10 });
  assert.deepEqual(
    [review.label, review.names, review.subject, review.profile, review.keyType],
    ['db.test', ['db.test'], 'CN=db.test', 'server', 'p256'],
  );
  assert.deepEqual(await ca.list(), []);
});
