/** Revocation lists and requests, field by field, for tests of their readers. */
import {
  bitString,
  boolean,
  context,
  integer,
  octetString,
  oid,
  sequence,
  setOf,
  TAG,
  tlv,
} from '../../src/core/der.ts';
import type { Extension } from '../../src/core/extensions.ts';
import { generateKey } from '../../src/core/keys.ts';
import { keySigner, type Signer } from '../../src/core/signer.ts';
import { encodeSubject, parseSubject } from '../../src/core/subject.ts';
import { fromHex } from '../../src/core/text.ts';
import { type Holder, pinned } from './pki.ts';

const ascii = (text: string) => new TextEncoder().encode(text);

/** UTCTime of a date. */
const utcTime = (date: Date) => tlv(TAG.utcTime, ascii(`${date.toISOString().replace(/\D/g, '').slice(2, 14)}Z`));

export const encodeExtension = ({ oid: dotted, critical, value }: Extension) =>
  sequence(oid(dotted), ...(critical ? [boolean(true)] : []), octetString(value));

async function signed(tbs: Uint8Array, signer: Signer): Promise<Uint8Array> {
  return sequence(tbs, signer.algorithm.signatureIdentifier, bitString(await signer.sign(tbs)));
}

export interface CrlFields {
  readonly thisUpdate: Date;
  readonly nextUpdate?: Date;
  readonly version?: 1 | 2;
  readonly revoked?: readonly {
    readonly serial: string;
    readonly at: Date;
    readonly extensions?: readonly Extension[];
  }[];
  readonly extensions?: readonly Extension[];
}

export async function makeCrl(issuer: Holder, fields: CrlFields): Promise<Uint8Array> {
  const { version = 2, revoked = [], extensions = [] } = fields;
  const signer = await keySigner(issuer.key, pinned);
  const entries = revoked.map(({ serial, at, extensions: own = [] }) =>
    sequence(
      integer(fromHex(serial)),
      utcTime(at),
      ...(own.length === 0 ? [] : [sequence(...own.map(encodeExtension))]),
    ),
  );
  const tbs = sequence(
    ...(version === 1 ? [] : [integer(1)]),
    signer.algorithm.signatureIdentifier,
    issuer.certificate.subject,
    utcTime(fields.thisUpdate),
    ...(fields.nextUpdate === undefined ? [] : [utcTime(fields.nextUpdate)]),
    // Not as arguments: a list may have more entries than a call can take.
    ...(entries.length === 0 ? [] : [tlv(TAG.sequence, Buffer.concat(entries))]),
    ...(extensions.length === 0 ? [] : [context(0, true, sequence(...extensions.map(encodeExtension)))]),
  );
  return signed(tbs, signer);
}

export const reason = (code: number): Extension => ({
  oid: '2.5.29.21',
  critical: false,
  value: tlv(TAG.enumerated, Uint8Array.of(code)),
});

export interface CsrFields {
  readonly subject?: string;
  readonly keyType?: string;
  /** Attributes: their OIDs and the DER of their value. */
  readonly attributes?: readonly (readonly [string, Uint8Array])[];
}

export async function makeCsr({ subject = 'CN=a.test', keyType = 'p256', attributes = [] }: CsrFields = {}) {
  const key = await generateKey(keyType, pinned);
  const info = sequence(
    integer(0),
    encodeSubject(parseSubject(subject)),
    key.publicKey,
    context(0, true, ...attributes.map(([type, value]) => sequence(oid(type), setOf(value)))),
  );
  return signed(info, await keySigner(key, pinned));
}
