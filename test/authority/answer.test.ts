/** What another CA sends back: which certificate it is, the chain above it, and what the CA changed. */
import assert from 'node:assert/strict';
import { sign as nodeSign } from 'node:crypto';
import { before, describe, test } from 'node:test';
import { matchAnswer } from '../../src/authority/answer.ts';
import { completeChain } from '../../src/authority/answer-chain.ts';
import { compareAnswer, type Requested } from '../../src/authority/answer-changes.ts';
import { nullValue, oid, sequence } from '../../src/core/der.ts';
import * as extension from '../../src/core/extensions.ts';
import { parseNames } from '../../src/core/names.ts';
import type { Certificate } from '../../src/core/parse.ts';
import { findLeafProfile } from '../../src/core/profiles.ts';
import { decodeSubject, encodeSubject, formatSubject, parseSubject } from '../../src/core/subject.ts';
import { day, type Holder, makeCa, makeOdd, makeServer, NOW, pinned } from '../support/pki.ts';
import { rejectsCode, throwsCode } from '../support/throws.ts';

const subjects = (list: readonly Certificate[]) => list.map(({ subject }) => formatSubject(decodeSubject(subject)));
const certificates = (...holders: readonly Holder[]) => holders.map(({ certificate }) => certificate);
const ders = (...holders: readonly Holder[]) => holders.map(({ certificate }) => certificate.der);

let root: Holder;
let middle: Holder;
let leaf: Holder;
let stranger: Holder;
before(async () => {
  root = await makeCa('CN=Root');
  middle = await makeCa('CN=Middle', { issuer: root });
  leaf = await makeServer(middle, ['db.test']);
  stranger = await makeCa('CN=Stranger');
});

const waiting = (...holders: readonly Holder[]) =>
  holders.map(({ key: { publicKey } }, i) => ({ label: `request${i + 1}`, publicKey }));

describe('which certificate of an answer was asked for', () => {
  test('the one whose key waits, wherever it stands', async () => {
    const other = await makeServer(middle, ['other.test']);
    const match = matchAnswer(ders(root, other, middle, leaf), waiting(stranger, leaf));
    assert.equal(match.request.label, 'request2');
    assert.equal(match.leaf.der, leaf.certificate.der);
    assert.deepEqual(subjects(match.others), ['CN=Root', 'CN=other.test', 'CN=Middle']);
  });

  test('the newest, and each but once', async () => {
    const { key } = leaf;
    const old = await makeServer(middle, ['db.test'], { key, notBefore: day(-90), notAfter: day(-2) });
    const match = matchAnswer(ders(old, leaf, leaf), waiting(leaf));
    assert.equal(match.leaf.der, leaf.certificate.der);
    assert.deepEqual(
      match.others.map(({ der }) => der),
      [old.certificate.der],
    );
  });

  test('an answer to another request is refused, naming both', () => {
    throwsCode(
      () => matchAnswer(ders(leaf, middle), waiting(stranger, root)),
      'LOCAL_CA_KEY_MISMATCH',
      /^CN=db\.test was not made from a request that waits here; these wait: request1, request2$/,
    );
    throwsCode(() => matchAnswer(ders(leaf), []), 'LOCAL_CA_KEY_MISMATCH', /; none waits$/);
  });

  test('CA certificates alone are refused, of version 1 too', async () => {
    const message = /^the answer holds only CA certificates: CN=Middle; CN=Root$/;
    throwsCode(() => matchAnswer(ders(middle, root, root), waiting(leaf)), 'LOCAL_CA_ANSWER_NO_LEAF', message);
  });

  test('nothing is refused', () => {
    throwsCode(() => matchAnswer([], waiting(leaf)), 'LOCAL_CA_ANSWER_NO_LEAF', /^the answer holds no certificate$/);
  });
});

interface Parts {
  readonly of?: Holder;
  readonly given?: readonly Holder[];
  readonly known?: readonly Holder[];
}

async function complete({ of = leaf, given = [], known = [] }: Parts) {
  const parts = { given: certificates(...given), known: certificates(...known) };
  const { chain, warnings, complete } = await completeChain(of.certificate, parts, pinned);
  return { chain: subjects(chain).join(' '), codes: warnings.map(({ code }) => code), warnings, complete };
}

describe('the chain above it', () => {
  const WHOLE = 'CN=db.test CN=Middle CN=Root';

  test('is put in order, without repeats', async () => {
    for (const given of [
      [root, middle],
      [middle, leaf, root, middle, root],
    ]) {
      assert.deepEqual(await complete({ given }), { chain: WHOLE, codes: [], warnings: [], complete: true });
    }
  });

  test('what does not belong to it is left out and named', async () => {
    const { chain, warnings } = await complete({ given: [stranger, root, middle] });
    assert.equal(chain, WHOLE);
    const message = 'left out, since the chain does not need it: CN=Stranger';
    assert.deepEqual(warnings, [{ code: 'left-out', message }]);
  });

  test('what is known fills its gaps, and is not talked about', async () => {
    assert.deepEqual((await complete({ given: [middle], known: [stranger, root] })).codes, []);
    assert.equal((await complete({ known: [root, middle] })).chain, WHOLE);
  });

  test('what is missing is said', async () => {
    const noRoot = await complete({ given: [middle] });
    assert.deepEqual([noRoot.chain, noRoot.codes, noRoot.complete], ['CN=db.test CN=Middle', ['missing-root'], false]);
    assert.match(noRoot.warnings[0]?.message ?? '', /^no root among them: .* the root above CN=Middle$/);
    const noMiddle = await complete({ given: [root] });
    assert.deepEqual(noMiddle.codes, ['missing-intermediate', 'left-out']);
    assert.match(
      noMiddle.warnings[0]?.message ?? '',
      /^the certificate of CN=Middle that signed CN=db\.test is not among them/,
    );
    assert.deepEqual((await complete({})).codes, ['missing-intermediate', 'missing-root']);
  });

  test('a cross-signed CA: the way to a given root, the shorter one of two, a known root, the longest', async () => {
    const other = await makeCa('CN=Other');
    const cross = await makeCa('CN=Root', { issuer: other, key: root.key });
    const crossed = 'CN=db.test CN=Middle CN=Root CN=Other';
    const both = await complete({ given: [cross, other, root, middle] });
    assert.deepEqual([both.chain, both.codes], [WHOLE, ['left-out']]);
    assert.match(both.warnings[0]?.message ?? '', /: CN=Root \(signed by CN=Other\); CN=Other$/);
    assert.equal((await complete({ given: [cross, other, middle], known: [root] })).chain, crossed);
    assert.equal((await complete({ given: [cross, middle], known: [root] })).chain, WHOLE);
    const longest = await complete({ given: [cross, middle] });
    assert.deepEqual([longest.chain, longest.codes], ['CN=db.test CN=Middle CN=Root', ['missing-root']]);
  });

  test('a way through an expired CA is the last one, and is said', async () => {
    const retired = await makeCa('CN=Retired', { notBefore: day(-900), notAfter: day(-1) });
    const cross = await makeCa('CN=Root', { issuer: retired, key: root.key });
    assert.equal((await complete({ given: [retired, cross, middle], known: [root] })).chain, WHOLE);
    assert.deepEqual((await complete({ given: [retired, cross, middle] })).codes, ['expired']);
  });

  test('a root of that name and another key did not sign it', async () => {
    const twin = await makeCa('CN=Root');
    const { chain, codes } = await complete({ given: [twin, middle] });
    assert.deepEqual([chain, codes], ['CN=db.test CN=Middle', ['missing-intermediate', 'left-out']]);
    assert.equal((await complete({ given: [twin, root, middle] })).chain, WHOLE);
  });

  test('a root that changed its key: the new one is signed by the old one, and is no root by that', async () => {
    const rolled = await makeCa('CN=Root', { issuer: root });
    const child = await makeServer(rolled, ['db.test']);
    assert.deepEqual(await complete({ of: child, given: [rolled, root] }), {
      chain: 'CN=db.test CN=Root CN=Root',
      codes: [],
      warnings: [],
      complete: true,
    });
    assert.deepEqual((await complete({ of: child, given: [rolled] })).complete, false);
  });

  test('an answer that its issuer did not sign is refused', async () => {
    const issuer = { certificate: middle.certificate, key: stranger.key };
    const forged = await makeOdd('CN=db.test', { issuer, key: leaf.key });
    const message = /^CN=db\.test was not signed by CN=Middle, which it names as its issuer$/;
    await rejectsCode(() => complete({ of: forged, given: [root, middle] }), 'LOCAL_CA_ANSWER_SIGNATURE', message);
    const damaged = { ...leaf, certificate: { ...leaf.certificate, signature: root.certificate.signature } };
    await rejectsCode(() => complete({ of: damaged, given: [middle] }), 'LOCAL_CA_ANSWER_SIGNATURE', message);
    // The CA's new key under its old name, and its old certificate: the key identifiers tell them apart.
    const renewed = await makeServer(await makeCa('CN=Middle', { issuer: root }), ['db.test']);
    assert.deepEqual((await complete({ of: renewed, given: [middle, root] })).codes, [
      'missing-intermediate',
      'left-out',
    ]);
  });

  test('a self-signed one is its own chain', async () => {
    const alone = await makeOdd('CN=db.test');
    assert.deepEqual((await complete({ of: alone })).codes, ['self-signed']);
    await rejectsCode(
      () => complete({ of: { ...alone, certificate: { ...alone.certificate, signature: new Uint8Array(64) } } }),
      'LOCAL_CA_ANSWER_SIGNATURE',
      /^CN=db\.test was not signed by CN=db\.test/,
    );
  });
});

const digest = (hash: string, dotted: string, { key }: Holder) => ({
  identifier: sequence(oid(dotted), nullValue()),
  sign: (tbs: Uint8Array) =>
    new Uint8Array(nodeSign(hash, tbs, { key: Buffer.from(key.toPkcs8()), format: 'der', type: 'pkcs8' })),
});

describe('an old CA', () => {
  test('that signs with MD5 or SHA-1 is checked and warned of', async () => {
    const old = await makeCa('CN=Old', { keyType: 'rsa-2048' });
    for (const [hash, dotted] of [
      ['md5', '1.2.840.113549.1.1.4'],
      ['sha1', '1.2.840.113549.1.1.5'],
    ] as const) {
      const signing = digest(hash, dotted, old);
      const sub = await makeOdd('CN=Sub', { issuer: old, signing, extensions: [extension.basicConstraints(true)] });
      const server = await makeServer(sub, ['db.test']);
      const { chain, warnings, codes } = await complete({ of: server, given: [sub, old] });
      assert.deepEqual([chain, codes], ['CN=db.test CN=Sub CN=Old', ['weak-signature']]);
      assert.match(
        warnings[0]?.message ?? '',
        /^the CA CN=Sub is signed with RSA with (MD5|SHA-1), which clients refuse$/,
      );
      const direct = await makeOdd('CN=db.test', { issuer: old, signing });
      assert.ok(compare(direct).includes('weak-signature'));
    }
  });
});

const subject = (text: string) => encodeSubject(parseSubject(text));
const wanted = (more: Partial<Requested> = {}): Requested => ({
  names: ['db.test', '10.0.0.5'],
  subject: subject('CN=db.test,O=Acme,C=DE'),
  profile: findLeafProfile('server'),
  ...more,
});
const compare = (holder: Holder, requested = wanted(), now = NOW) =>
  compareAnswer(requested, holder.certificate, now).map(({ code }) => code);
const messages = (holder: Holder, requested = wanted()) =>
  compareAnswer(requested, holder.certificate, NOW).map(({ message }) => message);

interface Answer {
  readonly subject?: string;
  readonly names?: readonly string[];
  readonly extensions?: readonly extension.Extension[];
  readonly days?: number;
  readonly keyType?: string;
}

const GOOD = 'CN=db.test,O=Acme,C=DE';
/** As it was asked for, but for what the row says. */
function answer({ names = ['db.test', '10.0.0.5'], days = 200, ...odd }: Answer = {}) {
  const usual = [
    extension.keyUsage(['digitalSignature', 'keyEncipherment']),
    extension.extendedKeyUsage(['serverAuth']),
  ];
  const alternative = names.length === 0 ? [] : [extension.subjectAltName(parseNames(names), false)];
  return makeOdd(odd.subject ?? GOOD, {
    issuer: middle,
    notBefore: day(-1),
    notAfter: day(days - 1),
    extensions: [...(odd.extensions ?? usual), ...alternative],
    keyType: odd.keyType ?? 'p256',
  });
}

describe('what the CA changed', () => {
  test('nothing, when it did as it was asked', async () => {
    assert.deepEqual(messages(await answer()), []);
    assert.deepEqual(messages(await answer({ names: ['10.0.0.5', 'DB.test'], subject: 'CN=DB.test,O=Acme,C=DE' })), []);
  });

  const ROWS: readonly (readonly [what: string, answer: Answer, code: string, message: RegExp])[] = [
    ['a name is gone', { names: ['db.test'] }, 'names-dropped', /^the CA left out 10\.0\.0\.5: clients /],
    [
      'a name is new',
      { names: ['db.test', '10.0.0.5', 'www.db.test'] },
      'names-added',
      /^the CA added www\.db\.test, /,
    ],
    ['no name is left', { names: [] }, 'no-names', /^it has no SubjectAltName: .* \(db\.test, 10\.0\.0\.5\)/],
    [
      'the subject',
      { subject: 'CN=db.test,O=Acme Ltd,OU=a,OU=b' },
      'subject-changed',
      /^the CA changed the subject: C "DE" was left out; O is "Acme Ltd" in place of "Acme"; OU "b", "a" was added$/,
    ],
    [
      'the order of the subject',
      { subject: 'C=DE,O=Acme,CN=db.test' },
      'subject-changed',
      /in another order, "C=DE,O=Acme,CN=db.test"$/,
    ],
    ['no uses', { extensions: [] }, 'usage-missing', /^it has no extendedKeyUsage, where serverAuth was asked for/],
    [
      'another use',
      { extensions: [extension.extendedKeyUsage(['clientAuth'])] },
      'usage-missing usage-added',
      /^it is not good for serverAuth, /,
    ],
    [
      'one use more',
      { extensions: [extension.extendedKeyUsage(['serverAuth', 'clientAuth'])] },
      'usage-added',
      /^it is also good for clientAuth, /,
    ],
    [
      'a keyUsage without signatures',
      { extensions: [extension.extendedKeyUsage(['serverAuth']), extension.keyUsage(['keyAgreement'])] },
      'key-usage-missing',
      /^its keyUsage \(keyAgreement\) lacks digitalSignature: /,
    ],
    [
      'an RSA key that may not encipher',
      {
        keyType: 'rsa-2048',
        extensions: [extension.extendedKeyUsage(['serverAuth']), extension.keyUsage(['digitalSignature'])],
      },
      'key-usage-missing',
      /lacks keyEncipherment: /,
    ],
    ['a short life', { days: 47 }, 'short-life', /^it lives 47 days, until 2026-07-17: renew it in time/],
    ['a long life', { days: 800 }, 'long-life', /^a life of 800 days is longer than 398/],
    [
      'a CA',
      { extensions: [extension.basicConstraints(true), extension.extendedKeyUsage(['serverAuth'])] },
      'authority',
      /^it is a CA's certificate/,
    ],
  ];
  for (const [what, row, code, message] of ROWS) {
    test(what, async () => {
      const holder = await answer(row);
      assert.equal(compare(holder).join(' '), code);
      assert.match(messages(holder)[0] ?? '', message);
    });
  }

  test('a life shorter than promised', async () => {
    assert.deepEqual(messages(await answer({ days: 180 }), wanted({ days: 365 })), [
      'it lives 180 days, until 2026-11-27, where 365 were asked for: renew it before',
    ]);
    assert.deepEqual(compare(await answer({ days: 30 }), wanted({ days: 30 })), []);
  });

  test('too late, or too early', async () => {
    const holder = await answer();
    assert.deepEqual(compare(holder, wanted(), day(300)), ['expired']);
    assert.deepEqual(compare(holder, wanted(), day(-2)), ['not-yet-valid']);
  });

  test('anyExtendedKeyUsage is good for all', async () => {
    const extensions = [extension.extendedKeyUsage(['anyExtendedKeyUsage'])];
    assert.deepEqual(compare(await answer({ extensions })), ['usage-added']);
  });
});
