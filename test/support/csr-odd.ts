/** Requests made field by field: in the shape of Windows' certreq, and broken ones. Signed by Node, so that any key will do. */
import { createHash, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import {
  bitString,
  bmpString,
  children,
  concatBytes,
  context,
  ia5String,
  integer,
  nullValue,
  octetString,
  oid,
  readBitString,
  readWhole,
  sequence,
  setOf,
  TAG,
  tlv,
  utf8String,
} from '../../src/core/der.ts';
import * as extension from '../../src/core/extensions.ts';
import { parseNames } from '../../src/core/names.ts';
import { encodeSubject, parseSubject } from '../../src/core/subject.ts';
import { encodeExtension } from './signed.ts';

type Attribute = readonly [type: string, value: Uint8Array];

export interface OddCsr {
  readonly key: KeyObject;
  readonly subject?: string;
  readonly version?: Uint8Array;
  readonly hash?: 'sha256' | 'sha1';
  readonly attributes?: readonly Attribute[];
}

const ALGORITHM: Readonly<Record<string, Uint8Array>> = {
  'rsa sha256': sequence(oid('1.2.840.113549.1.1.11'), nullValue()),
  'rsa sha1': sequence(oid('1.2.840.113549.1.1.5'), nullValue()),
  'ec sha256': sequence(oid('1.2.840.10045.4.3.2')),
};

const spkiOf = (key: KeyObject) => new Uint8Array(createPublicKey(key).export({ type: 'spki', format: 'der' }));

export function oddCsr({
  key,
  subject = 'CN=db.test',
  version = integer(0),
  hash = 'sha256',
  attributes = [],
}: OddCsr) {
  const info = sequence(
    version,
    encodeSubject(parseSubject(subject)),
    spkiOf(key),
    context(0, true, ...attributes.map(([type, value]) => sequence(oid(type), setOf(value)))),
  );
  const algorithm = ALGORITHM[`${key.asymmetricKeyType} ${hash}`] as Uint8Array;
  return sequence(info, algorithm, bitString(sign(hash, info, key)));
}

export const rsaKey = (modulusLength = 2048) => generateKeyPairSync('rsa', { modulusLength }).privateKey;
export const ecKey = (namedCurve = 'P-256') => generateKeyPairSync('ec', { namedCurve }).privateKey;

const EXTENSION_REQUEST = '1.2.840.113549.1.9.14';
const asking = (...extensions: readonly extension.Extension[]): Attribute => [
  EXTENSION_REQUEST,
  sequence(...extensions.map(encodeExtension)),
];
const alternative = (...names: readonly string[]) => extension.subjectAltName(parseNames(names), false);
const plain = (dotted: string, value: Uint8Array): extension.Extension => ({ oid: dotted, critical: false, value });

// --- Windows -----------------------------------------------------------------------------------------------------

/** [MS-WCCE] 2.2.2.7: the attributes of certreq and of the certificate wizards. */
const windowsAttributes = (version: string): readonly Attribute[] => [
  ['1.3.6.1.4.1.311.13.2.3', ia5String(version)],
  ['1.3.6.1.4.1.311.13.2.1', sequence(bmpString('CertificateTemplate'), bmpString('WebServer'))],
  [
    '1.3.6.1.4.1.311.21.20',
    sequence(integer(9), utf8String('sql1.corp.test'), utf8String('CORP\\dba'), utf8String('certreq.exe')),
  ],
  [
    '1.3.6.1.4.1.311.13.2.2',
    sequence(integer(1), bmpString('Microsoft RSA SChannel Cryptographic Provider'), bitString(new Uint8Array())),
  ],
];

const keyIdentifier = (key: KeyObject) =>
  createHash('sha1')
    .update(readBitString(children(readWhole(spkiOf(key)))[1]))
    .digest();

const AES_256_CBC = '2.16.840.1.101.3.4.1.42';

/** Of Windows Server 2016 and later: `certreq -new` with a version 2 template. */
export function windowsCsr(): Uint8Array {
  const key = rsaKey();
  const template = sequence(oid('1.3.6.1.4.1.311.21.8.1.2.3.4.5.6'), integer(100), integer(6));
  return oddCsr({
    key,
    subject: 'CN=sql1.corp.test,O=Acme,C=DE',
    attributes: [
      ...windowsAttributes('10.0.20348.2'),
      asking(
        plain('1.3.6.1.4.1.311.21.7', template),
        extension.extendedKeyUsage(['serverAuth']),
        extension.keyUsage(['digitalSignature', 'keyEncipherment']),
        plain('1.3.6.1.4.1.311.21.10', sequence(sequence(oid('1.3.6.1.5.5.7.3.1')))),
        plain('1.2.840.113549.1.9.15', sequence(sequence(oid(AES_256_CBC)))),
        alternative('sql1.corp.test', 'sql1'),
        extension.subjectKeyIdentifier(keyIdentifier(key)),
      ),
    ],
  });
}

/** Of Windows 2000 and IIS 5: Microsoft's own type for the requested extensions, and SHA-1. */
export function oldWindowsCsr(): Uint8Array {
  const [, extensions] = asking(
    extension.keyUsage(['digitalSignature', 'keyEncipherment']),
    extension.extendedKeyUsage(['serverAuth']),
  );
  return oddCsr({
    key: rsaKey(),
    hash: 'sha1',
    subject: 'CN=www.corp.test,O=Acme,C=DE',
    attributes: [
      ['1.3.6.1.4.1.311.13.2.3', ia5String('5.0.2195.2')],
      ['1.3.6.1.4.1.311.2.1.14', extensions],
    ],
  });
}

// --- broken, and not to be signed as they stand --------------------------------------------------------------------

export interface BadCsr {
  readonly title: string;
  readonly make: () => Uint8Array;
  /** Whether `parseCsr` reads it. */
  readonly reads: boolean;
  /** Whether it proves that its maker has the key. */
  readonly proves: boolean;
  /** Whether `openssl req -verify` accepts it. */
  readonly openssl: boolean;
}

const p256 = ecKey();
const fine = () => oddCsr({ key: p256, attributes: [asking(alternative('db.test'))] });

function withBrokenSignature(): Uint8Array {
  const [info, algorithm] = children(readWhole(fine())).map(({ bytes }) => bytes) as [Uint8Array, Uint8Array];
  return sequence(info, algorithm, bitString(sign('sha256', Buffer.from('another text'), p256)));
}

/** UPN of Active Directory, as certificates for people have it. */
const otherName = () => {
  const upn = context(0, true, oid('1.3.6.1.4.1.311.20.2.3'), context(0, true, utf8String('dba@corp.test')));
  return plain(
    extension.EXTENSION.subjectAltName,
    sequence(upn, context(2, false, new TextEncoder().encode('db.test'))),
  );
};

/** Not as arguments: they are more than a call can take. */
const manyNames = () => {
  const name = (_: unknown, i: number) => context(2, false, new TextEncoder().encode(`host-${i}.db.test`));
  return plain(
    extension.EXTENSION.subjectAltName,
    tlv(TAG.sequence, Buffer.concat(Array.from({ length: 50_000 }, name))),
  );
};

const bad = (
  title: string,
  make: () => Uint8Array,
  [reads, proves, openssl]: readonly [boolean, boolean, boolean],
): BadCsr => ({
  title,
  make,
  reads,
  proves,
  openssl,
});

const [GOOD, UNPROVEN, UNREAD] = [
  [true, true, true],
  [true, false, false],
  [false, false, false],
] as const;

export const BAD_CSRS: readonly BadCsr[] = [
  bad('broken signature', withBrokenSignature, UNPROVEN),
  bad('RSA-1024', () => oddCsr({ key: rsaKey(1024) }), GOOD),
  bad('curve that is not known', () => oddCsr({ key: ecKey('secp224r1') }), [true, false, true]),
  bad('CA:TRUE', () => oddCsr({ key: p256, attributes: [asking(extension.basicConstraints(true, 5))] }), GOOD),
  bad(
    'two SubjectAltNames',
    () => oddCsr({ key: p256, attributes: [asking(alternative('db.test'), alternative('bank.test'))] }),
    GOOD,
  ),
  bad(
    'two lists of extensions',
    () => oddCsr({ key: p256, attributes: [asking(alternative('db.test')), asking(alternative('bank.test'))] }),
    GOOD,
  ),
  bad('a SubjectAltName with an otherName', () => oddCsr({ key: p256, attributes: [asking(otherName())] }), GOOD),
  bad(
    'a SubjectAltName that is damaged',
    () => oddCsr({ key: p256, attributes: [asking(plain(extension.EXTENSION.subjectAltName, octetString()))] }),
    GOOD,
  ),
  bad('negative version', () => oddCsr({ key: p256, version: tlv(TAG.integer, Uint8Array.of(0xff)) }), [
    false,
    false,
    true,
  ]),
  bad('version 3', () => oddCsr({ key: p256, version: integer(2) }), GOOD),
  bad('one megabyte', () => oddCsr({ key: p256, attributes: [asking(manyNames())] }), GOOD),
  bad('bytes after the end', () => concatBytes(fine(), Uint8Array.of(0)), [false, false, true]),
  bad('cut short', () => fine().subarray(0, -1), UNREAD),
  bad('no SEQUENCE', () => octetString(fine()), UNREAD),
];
