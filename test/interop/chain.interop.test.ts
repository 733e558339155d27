/**
 * Chains made by local-ca, good and bad: our verdict beside OpenSSL's. What we call an error OpenSSL refuses, and what
 * we warn of as strict it refuses with -x509_strict; each row that differs has its reason.
 */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { parseCrl } from '../../src/core/crl.ts';
import { sequence, utf8String } from '../../src/core/der.ts';
import {
  authorityKeyIdentifier,
  basicConstraints,
  type Extension,
  extendedKeyUsage,
  keyUsage,
  subjectAltName,
  subjectKeyIdentifier,
} from '../../src/core/extensions.ts';
import type { FindingCode } from '../../src/core/findings.ts';
import { parseNames } from '../../src/core/names.ts';
import { subjectKeyIdOf } from '../../src/core/parse.ts';
import type { Purpose } from '../../src/core/purposes.ts';
import { verifyChain } from '../../src/core/verify.ts';
import { needs } from '../support/peers.ts';
import { day, type Holder, makeCa, makeOdd, makeServer, NOW, permitting, pinned } from '../support/pki.ts';
import { makeCrl } from '../support/signed.ts';
import { temporaryFolder } from '../support/temp.ts';
import { opensslVerify, writeChain } from './chain-files.ts';

interface Row {
  readonly leaf: Holder;
  readonly intermediates?: readonly Holder[];
  readonly roots?: readonly Holder[];
  readonly crls?: readonly Uint8Array[];
  readonly purpose?: Purpose;
  readonly host?: string;
  readonly findings: readonly FindingCode[];
  /** OpenSSL's verdict where it is not ours. */
  readonly openssl?: boolean;
  readonly strict?: boolean;
  readonly because?: string;
}

const OPENSSL_PURPOSE: Partial<Record<Purpose, string>> = {
  server: 'sslserver',
  client: 'sslclient',
  email: 'smimesign',
};

const STRICT: readonly FindingCode[] = [
  'no-subject-key-id',
  'no-authority-key-id',
  'no-key-usage',
  'constraints-not-critical',
  'cert-sign-on-leaf',
  'names-not-critical',
];

const names = subjectAltName(parseNames(['a.test']), false);
const idOf = (issuer: Holder) => subjectKeyIdOf(issuer.certificate) as Uint8Array;
const under = (issuer: Holder, ...extensions: Extension[]) =>
  makeOdd('CN=odd', { issuer, extensions: [authorityKeyIdentifier(idOf(issuer)), ...extensions] });

/** The extensions of a CA below `issuer`, but for those that a row leaves out. */
const caExtensions = (issuer: Holder) => [
  subjectKeyIdentifier(new Uint8Array(20).fill(9)),
  authorityKeyIdentifier(idOf(issuer)),
];

let root: Holder;
let middle: Holder;
let low: Holder;
before(async () => {
  root = await makeCa('CN=Root', { notBefore: day(-200) });
  middle = await makeCa('CN=Middle', { issuer: root, pathLength: 1 });
  low = await makeCa('CN=Low', { issuer: middle, pathLength: 0 });
});

const below = () => ({ intermediates: [low, middle] });

const ROWS: Readonly<Record<string, () => Promise<Row>>> = {
  'two intermediates': async () => ({
    leaf: await makeServer(low, ['a.test']),
    ...below(),
    purpose: 'server',
    host: 'a.test',
    findings: [],
  }),
  'a wildcard host': async () => ({
    leaf: await makeServer(low, ['*.a.test']),
    ...below(),
    host: 'x.a.test',
    findings: [],
  }),
  'a wildcard one label too high': async () => ({
    leaf: await makeServer(low, ['*.a.test']),
    ...below(),
    host: 'x.y.a.test',
    findings: ['host'],
  }),
  'a wildcard of a top-level domain': async () => ({
    leaf: await makeServer(low, ['*.test']),
    ...below(),
    host: 'a.test',
    findings: ['host'],
  }),
  'another host': async () => ({
    leaf: await makeServer(low, ['a.test']),
    ...below(),
    host: 'b.test',
    findings: ['host'],
  }),
  'the host in the common name alone': async () => ({
    leaf: await makeOdd('CN=a.test', { issuer: root, extensions: [authorityKeyIdentifier(idOf(root))] }),
    host: 'a.test',
    findings: ['host', 'no-names'],
    openssl: true,
    because: 'OpenSSL still falls back to the common name',
  }),
  'a missing intermediate': async () => ({
    leaf: await makeServer(low, ['a.test']),
    intermediates: [middle],
    findings: ['untrusted'],
  }),
  'an unknown root': async () => ({
    leaf: await makeServer(low, ['a.test']),
    intermediates: [low, middle, root],
    roots: [await makeCa('CN=Stranger')],
    findings: ['untrusted'],
  }),
  'a root of the same name and another key': async () => {
    const plain = () => makeOdd('CN=Plain', { extensions: [basicConstraints(true), keyUsage(['keyCertSign'])] });
    return {
      leaf: await makeOdd('CN=x', { issuer: await plain(), extensions: [names] }),
      roots: [await plain()],
      findings: ['no-authority-key-id', 'no-subject-key-id', 'signature'],
    };
  },
  'two roots of the same name': async () => {
    const plain = () => makeOdd('CN=Plain', { extensions: [basicConstraints(true), keyUsage(['keyCertSign'])] });
    const [first, second] = await Promise.all([plain(), plain()]);
    return {
      leaf: await makeOdd('CN=x', { issuer: second, extensions: [names] }),
      roots: [first, second],
      findings: ['no-authority-key-id', 'no-subject-key-id'],
      openssl: false,
      strict: false,
      because: 'OpenSSL takes the first root of the name and looks no further',
    };
  },
  'a key identifier of another issuer': async () => ({
    leaf: await makeOdd('CN=x', { issuer: root, extensions: [names, authorityKeyIdentifier(new Uint8Array(20))] }),
    findings: ['key-id-mismatch'],
  }),
  'an intermediate given as a root': async () => ({
    leaf: await makeServer(low, ['a.test']),
    roots: [low],
    findings: [],
    openssl: false,
    strict: false,
    because: 'OpenSSL wants a self-signed root unless -partial_chain is given; Go, GnuTLS and Java do not',
  }),
  'a self-signed leaf that is trusted': async () => {
    const leaf = await makeOdd('CN=self', { extensions: [basicConstraints(false), names] });
    return { leaf, roots: [leaf], host: 'a.test', findings: ['self-signed'] };
  },
  'a self-signed leaf that is not': async () => ({
    leaf: await makeOdd('CN=self', { extensions: [basicConstraints(false), names] }),
    findings: ['self-signed', 'untrusted'],
  }),
  'an expired leaf': async () => ({
    leaf: await makeServer(low, ['a.test'], { notAfter: day(-0.5) }),
    ...below(),
    findings: ['expired'],
  }),
  'a leaf of tomorrow': async () => ({
    leaf: await makeServer(low, ['a.test'], { notBefore: day(1) }),
    ...below(),
    findings: ['not-yet-valid'],
  }),
  'an expired root': async () => {
    const old = await makeCa('CN=Old', { notAfter: day(-1) });
    return { leaf: await makeServer(old, ['a.test']), roots: [old], findings: ['expired'] };
  },
  'an expired intermediate and its renewal': async () => {
    const old = await makeCa('CN=Renewed', { issuer: root, notAfter: day(-1) });
    const renewed = await makeCa('CN=Renewed', { issuer: root, key: old.key });
    return { leaf: await makeServer(old, ['a.test']), intermediates: [old, renewed], findings: [] };
  },
  'a leaf as a CA': async () => {
    const server = await makeServer(root, ['ca.test']);
    return { leaf: await makeServer(server, ['a.test']), intermediates: [server], findings: ['not-a-ca'] };
  },
  'a CA without keyCertSign': async () => {
    const ca = await makeOdd('CN=NoSign', {
      issuer: root,
      extensions: [basicConstraints(true), keyUsage(['cRLSign']), ...caExtensions(root)],
    });
    return { leaf: await makeServer(ca, ['a.test']), intermediates: [ca], findings: ['no-cert-sign'] };
  },
  'a CA too many': async () => {
    const deep = await makeCa('CN=Deep', { issuer: low });
    return {
      leaf: await makeServer(deep, ['a.test']),
      intermediates: [deep, low, middle],
      findings: ['path-length', 'path-length'],
    };
  },
  'a CA that issued itself again': async () => {
    const again = await makeCa('CN=Low', { issuer: low, pathLength: 0 });
    return { leaf: await makeServer(again, ['a.test']), intermediates: [again, low, middle], findings: [] };
  },
  'a client as a server': async () => ({
    leaf: await makeServer(root, ['a.test'], { profile: 'client' }),
    purpose: 'server',
    findings: ['purpose'],
  }),
  'a server as a client': async () => ({
    leaf: await makeServer(root, ['a.test']),
    purpose: 'client',
    findings: ['purpose'],
  }),
  'a peer as a client': async () => ({
    leaf: await makeServer(root, ['a.test'], { profile: 'peer' }),
    purpose: 'client',
    findings: [],
  }),
  'a mailbox': async () => ({
    leaf: await makeServer(root, ['me@a.test'], { profile: 'email' }),
    purpose: 'email',
    findings: [],
  }),
  'a server under a CA for mail': async () => {
    const mail = await makeOdd('CN=Mail', {
      issuer: root,
      extensions: [
        basicConstraints(true),
        keyUsage(['keyCertSign']),
        extendedKeyUsage(['emailProtection']),
        ...caExtensions(root),
      ],
    });
    return {
      leaf: await makeServer(mail, ['a.test']),
      intermediates: [mail],
      purpose: 'server',
      findings: ['purpose'],
    };
  },
  'a server by anyExtendedKeyUsage': async () => ({
    leaf: await under(root, names, extendedKeyUsage(['anyExtendedKeyUsage'])),
    purpose: 'server',
    findings: ['any-purpose'],
    openssl: false,
    strict: false,
    because: 'OpenSSL wants serverAuth by name',
  }),
  'a key usage that is not for TLS': async () => ({
    leaf: await under(root, names, keyUsage(['contentCommitment']), extendedKeyUsage(['serverAuth'])),
    purpose: 'server',
    findings: ['key-usage'],
  }),
  'a name outside the constraints': async () => {
    const tight = await makeCa('CN=Tight', { constraints: permitting('a.test') });
    return { leaf: await makeServer(tight, ['b.test']), roots: [tight], findings: ['constraint'] };
  },
  'a name inside the constraints': async () => {
    const tight = await makeCa('CN=Tight', { constraints: permitting('a.test') });
    return { leaf: await makeServer(tight, ['x.a.test']), roots: [tight], findings: [] };
  },
  'an unknown critical extension': async () => ({
    leaf: await under(root, names, { oid: '1.2.3.4', critical: true, value: utf8String('x') }),
    findings: ['unknown-critical-extension'],
  }),
  'an unknown extension': async () => ({
    leaf: await under(root, names, { oid: '1.2.3.4', critical: false, value: utf8String('x') }),
    findings: [],
  }),
  'a damaged extension': async () => ({
    leaf: await under(root, names, { oid: '2.5.29.19', critical: true, value: utf8String('x') }),
    findings: ['unreadable-extension'],
  }),
  'an extension twice': async () => ({
    leaf: await under(root, names, keyUsage(['digitalSignature']), keyUsage(['keyCertSign'])),
    findings: ['unreadable-extension'],
  }),
  'a CA without key identifier, key usage and critical constraints': async () => {
    const bare = await makeOdd('CN=Bare', { extensions: [{ ...basicConstraints(true), critical: false }] });
    return {
      leaf: await makeOdd('CN=x', { issuer: bare, extensions: [names] }),
      roots: [bare],
      findings: ['constraints-not-critical', 'no-authority-key-id', 'no-key-usage', 'no-subject-key-id'],
    };
  },
  'keyCertSign on a leaf': async () => ({
    leaf: await under(root, names, keyUsage(['digitalSignature', 'keyCertSign'])),
    findings: ['cert-sign-on-leaf'],
  }),
  'an empty subject, and names that are not critical': async () => ({
    leaf: await makeOdd('', {
      issuer: root,
      subjectDer: sequence(),
      extensions: [names, authorityKeyIdentifier(idOf(root))],
    }),
    findings: ['names-not-critical'],
  }),
  'a current revocation list': async () => ({
    leaf: await makeServer(root, ['a.test']),
    crls: [await makeCrl(root, { thisUpdate: day(-1), nextUpdate: day(1) })],
    findings: [],
  }),
  'a revoked leaf': async () => {
    const leaf = await makeServer(root, ['a.test']);
    const revoked = [{ serial: leaf.certificate.serial, at: day(-1) }];
    const crls = [await makeCrl(root, { thisUpdate: day(-1), nextUpdate: day(1), revoked })];
    return { leaf, crls, findings: ['revoked'] };
  },
  'an expired revocation list': async () => ({
    leaf: await makeServer(root, ['a.test']),
    crls: [await makeCrl(root, { thisUpdate: day(-2), nextUpdate: day(-1) })],
    findings: ['crl-expired'],
  }),
  'no revocation list of the issuer': async () => ({
    leaf: await makeServer(low, ['a.test']),
    ...below(),
    crls: [await makeCrl(root, { thisUpdate: day(-2), nextUpdate: day(1) })],
    findings: ['crl-missing', 'crl-missing-for-ca'],
  }),
  'a revocation list with a wrong signature': async () => ({
    leaf: await makeServer(root, ['a.test']),
    crls: [await makeCrl({ certificate: root.certificate, key: low.key }, { thisUpdate: day(-1), nextUpdate: day(1) })],
    findings: ['crl-unusable'],
  }),
};

describe('chains of ours, as OpenSSL sees them', () => {
  const folder = temporaryFolder();
  for (const [title, build] of Object.entries(ROWS)) {
    test(title, async (t) => {
      const row = await build();
      const ours = await verdictOfOurs(row);
      assert.deepEqual(ours.codes, row.findings);
      if (!needs(t, 'openssl')) return;
      const paths = await writeChain(folder, {
        leaf: row.leaf.certificate,
        intermediates: certificates(row.intermediates),
        roots: certificates(row.roots ?? [root]),
        crls: row.crls ?? [],
      });
      const asked = {
        host: row.host,
        crls: row.crls !== undefined,
        purpose: row.purpose === undefined ? undefined : OPENSSL_PURPOSE[row.purpose],
      };
      const lenient = await opensslVerify(paths, asked);
      assert.equal(lenient.accepted, row.openssl ?? ours.ok, `${row.because ?? ''}\n${lenient.output}`);
      const strict = await opensslVerify(paths, { ...asked, strict: true });
      const isStrict = row.findings.every((code) => !STRICT.includes(code));
      assert.equal(strict.accepted, row.strict ?? ((row.openssl ?? ours.ok) && isStrict), strict.output);
    });
  }
});

const certificates = (holders: readonly Holder[] = []) => holders.map(({ certificate }) => certificate);

async function verdictOfOurs(row: Row): Promise<{ ok: boolean; codes: FindingCode[] }> {
  const { ok, findings } = await verifyChain({
    leaf: row.leaf.certificate,
    intermediates: certificates(row.intermediates),
    roots: certificates(row.roots ?? [root]),
    at: NOW,
    ambient: pinned,
    purpose: row.purpose,
    host: row.host,
    crls: row.crls?.map(parseCrl),
  });
  return { ok, codes: findings.map(({ code }) => code).sort() };
}
