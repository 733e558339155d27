/** Name constraints: our verdicts beside those of OpenSSL and GnuTLS, with a reason for each row where they differ. */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { systemAmbient } from '../../src/ambient.ts';
import { keyIdentifier } from '../../src/core/certificate.ts';
import { constraintViolation } from '../../src/core/constraints.ts';
import { context, sequence } from '../../src/core/der.ts';
import {
  authorityKeyIdentifier,
  basicConstraints,
  EXTENSION,
  keyUsage,
  subjectAltName,
  subjectKeyIdentifier,
} from '../../src/core/extensions.ts';
import { alternativeNames } from '../../src/core/hostname.ts';
import { generateKey, type PrivateKey } from '../../src/core/keys.ts';
import { GENERAL_NAME_TAG, type NameKind, parseNames } from '../../src/core/names.ts';
import { encodeSubject, parseSubject } from '../../src/core/subject.ts';
import { needs } from '../support/peers.ts';
import { type Holder, makeOdd } from '../support/pki.ts';
import { temporaryFolder } from '../support/temp.ts';
import { gnutlsVerify, opensslVerify, writeChain } from './chain-files.ts';

interface Row {
  readonly permit?: readonly string[];
  readonly exclude?: readonly string[];
  readonly subject?: string;
  readonly names?: readonly string[];
  /** Our verdict, and theirs unless they are named. */
  readonly may: boolean;
  readonly openssl?: boolean;
  readonly gnutls?: boolean;
  readonly because?: string;
}

const TEN = 'ip:0a000000ff000000';
const FD = `ip:fd00${'00'.repeat(14)}ffff${'00'.repeat(14)}`;
const ACME = 'directory:O=Acme,C=DE';
const WILDCARD = 'only we see that the wildcard also stands for the excluded name (as Go does since CVE-2025-61727)';
const GNUTLS_URI = 'GnuTLS does not look at URIs';
const GNUTLS_CN = 'without a DNS name GnuTLS takes any common name for one';

const ROWS: readonly Row[] = [
  { permit: ['dns:a.test'], names: ['a.test'], may: true },
  { permit: ['dns:a.test'], names: ['x.a.test'], may: true },
  { permit: ['dns:A.test'], names: ['x.a.test'], may: true },
  { permit: ['dns:a.test'], names: ['ba.test'], may: false },
  { permit: ['dns:.a.test'], names: ['x.a.test'], may: true },
  { permit: ['dns:.a.test'], names: ['a.test'], may: false },
  { exclude: ['dns:.a.test'], names: ['a.test'], may: true },
  { exclude: ['dns:.a.test'], names: ['x.a.test'], may: false },
  { permit: ['dns:'], names: ['a.test'], may: true },
  { exclude: ['dns:'], names: ['a.test'], may: false },
  { exclude: ['dns:a.test'], names: ['x.a.test'], may: false },
  { permit: ['dns:a.test'], exclude: ['dns:b.a.test'], names: ['b.a.test'], may: false },
  { permit: ['dns:a.test'], names: ['*.a.test'], may: true },
  { permit: ['dns:b.a.test'], names: ['*.a.test'], may: false },
  { permit: ['dns:a.test'], names: ['*.test'], may: false },
  { exclude: ['dns:b.a.test'], names: ['*.a.test'], may: false, openssl: true, gnutls: true, because: WILDCARD },
  { exclude: ['dns:a.test'], names: ['*.test'], may: false, openssl: true, gnutls: true, because: WILDCARD },
  { permit: [TEN], names: ['10.0.0.1'], may: true },
  { permit: [TEN], names: ['11.0.0.1'], may: false },
  { permit: [TEN], names: ['::1'], may: false, gnutls: true, because: 'GnuTLS holds IPv4 and IPv6 for two kinds' },
  { exclude: [TEN], names: ['::1'], may: true },
  { exclude: ['ip:0000000000000000'], names: ['10.0.0.1'], may: false },
  { permit: [FD], names: ['fd00::1'], may: true },
  { permit: [FD], names: ['fd01::1'], may: false },
  { permit: ['dns:a.test'], names: ['10.0.0.1'], may: true, gnutls: false, because: GNUTLS_CN },
  { permit: [TEN], exclude: ['dns:'], subject: 'CN=10.0.0.1', names: ['10.0.0.1'], may: false },
  { permit: [TEN], exclude: ['dns:'], subject: 'O=Acme', names: ['10.0.0.1'], may: true },
  { permit: ['email:a.test'], names: ['me@a.test'], may: true },
  { permit: ['email:a.test'], names: ['me@x.a.test'], may: false },
  { permit: ['email:.a.test'], names: ['me@x.a.test'], may: true },
  { permit: ['email:.a.test'], names: ['me@a.test'], may: false },
  { permit: ['email:me@a.test'], names: ['me@a.test'], may: true },
  { permit: ['email:me@a.test'], names: ['Me@a.test'], may: false },
  {
    exclude: ['email:'],
    names: ['me@a.test'],
    may: false,
    openssl: true,
    because: 'OpenSSL takes an empty host for no host',
  },
  { permit: ['email:a.test'], subject: 'CN=x,emailAddress=me@b.test', names: ['x.test'], may: false },
  { permit: ['email:a.test'], subject: 'CN=x,emailAddress=me@a.test', names: ['x.test'], may: true },
  {
    permit: ['email:a.test'],
    subject: 'CN=x,emailAddress=me@b.test',
    names: ['me@a.test'],
    may: false,
    gnutls: true,
    because: 'GnuTLS leaves the subject alone when there is an address beside it',
  },
  { permit: ['uri:a.test'], names: ['https://a.test:8080/x'], may: true },
  { permit: ['uri:a.test'], names: ['https://x.a.test/'], may: false, gnutls: true, because: GNUTLS_URI },
  { permit: ['uri:.a.test'], names: ['https://x.a.test/'], may: true },
  { permit: ['uri:.a.test'], names: ['https://a.test/'], may: false, gnutls: true, because: GNUTLS_URI },
  { permit: ['uri:a.test'], names: ['urn:uuid:1'], may: false, gnutls: true, because: GNUTLS_URI },
  { permit: ['uri:a.test'], names: ['https://10.0.0.1/'], may: false, gnutls: true, because: GNUTLS_URI },
  {
    permit: ['uri:a.test'],
    names: ['https://me@a.test/'],
    may: true,
    openssl: false,
    because: 'OpenSSL takes user information for a part of the host',
  },
  { permit: [ACME], subject: 'CN=x,O=Acme,C=DE', names: ['a.test'], may: true },
  { permit: [ACME], subject: 'CN=x,O=ACME,C=DE', names: ['a.test'], may: true },
  {
    permit: [ACME],
    subject: 'CN=x,C=DE',
    names: ['a.test'],
    may: false,
    gnutls: true,
    because: 'GnuTLS does not look at permitted directory names',
  },
  { exclude: [ACME], subject: 'CN=x,O=Acme,C=DE', names: ['a.test'], may: false },
  { permit: [ACME], subject: '', names: ['a.test'], may: true },
  { permit: ['dns:a.test'], subject: 'CN=b.test', may: false },
  { permit: ['dns:a.test'], subject: 'CN=b.test', names: ['10.0.0.1'], may: false },
  { permit: ['dns:a.test'], subject: 'CN=b.test', names: ['a.test'], may: true },
  { permit: ['dns:a.test'], subject: 'CN=Jane Doe', may: true, gnutls: false, because: GNUTLS_CN },
  {
    permit: ['dns:a.test'],
    subject: 'CN=*.b.test',
    may: false,
    openssl: true,
    because: 'OpenSSL does not take a common name with an asterisk for a host',
  },
];

function subtree(text: string): Uint8Array {
  const kind = text.slice(0, text.indexOf(':'));
  const value = text.slice(kind.length + 1);
  if (kind === 'directory')
    return sequence(context(GENERAL_NAME_TAG.directory, true, encodeSubject(parseSubject(value))));
  const bytes = kind === 'ip' ? Buffer.from(value, 'hex') : Buffer.from(value, 'latin1');
  return sequence(context(GENERAL_NAME_TAG[kind as NameKind], false, bytes));
}

const trees = (tag: number, list: readonly string[] = []) =>
  list.length === 0 ? [] : [context(tag, true, ...list.map(subtree))];

describe('name constraints, as OpenSSL and GnuTLS see them', () => {
  const folder = temporaryFolder();
  let caKey: PrivateKey;
  let leafKey: PrivateKey;
  before(async () => {
    [caKey, leafKey] = await Promise.all([generateKey('p256', systemAmbient), generateKey('p256', systemAmbient)]);
  });

  /** Valid by the tests' clock and by the real one: certtool knows no other. */
  const life = { notBefore: new Date('2026-01-01T00:00:00Z'), notAfter: new Date('2099-01-01T00:00:00Z') };

  async function certificatesOf({ permit, exclude, subject = 'CN=x', names = [] }: Row): Promise<[Holder, Holder]> {
    const id = keyIdentifier(caKey.publicKey);
    const value = sequence(...trees(0, permit), ...trees(1, exclude));
    const constraints = { oid: EXTENSION.nameConstraints, critical: true, value };
    const ca = await makeOdd('CN=Constrained', {
      ...life,
      key: caKey,
      extensions: [basicConstraints(true), keyUsage(['keyCertSign']), subjectKeyIdentifier(id), constraints],
    });
    const alternative = names.length === 0 ? [] : [subjectAltName(parseNames(names), subject === '')];
    const extensions = [basicConstraints(false), authorityKeyIdentifier(id), ...alternative];
    return [ca, await makeOdd(subject, { ...life, issuer: ca, key: leafKey, extensions })];
  }

  for (const row of ROWS) {
    const { may, openssl = may, gnutls = may, because, ...rest } = row;
    test(`${may ? 'allows' : 'refuses'} ${JSON.stringify(rest)}${because === undefined ? '' : `: ${because}`}`, async (t) => {
      const [ca, leaf] = await certificatesOf(row);
      const { subject } = leaf.certificate;
      const violation = constraintViolation([ca.certificate], { names: alternativeNames(leaf.certificate), subject });
      assert.equal(violation === undefined, may, `ours: ${violation?.why}`);
      if (!needs(t, 'openssl', 'certtool')) return;
      const paths = await writeChain(folder, { leaf: leaf.certificate, roots: [ca.certificate] });
      const theirs = await opensslVerify(paths, { strict: true });
      assert.equal(theirs.accepted, openssl, `openssl: ${theirs.output}`);
      const third = await gnutlsVerify(paths);
      assert.equal(third.accepted, gnutls, `certtool: ${third.output}`);
    });
  }
});
