/** What certificates, requests and revocation lists are written with alike: signatures, extensions, times. */
import { bitString, boolean, octetString, oid, sequence, TAG, tlv } from './der.ts';
import type { Extension } from './extensions.ts';
import type { Signer } from './signer.ts';

/** SEQUENCE { what is signed, signatureAlgorithm, BIT STRING } (RFC 5280 4.1, 5.1; RFC 2986 4.2). */
export const signTbs = async (tbs: Uint8Array, signer: Signer): Promise<Uint8Array> =>
  sequence(tbs, signer.algorithm.signatureIdentifier, bitString(await signer.sign(tbs)));

/** Extensions ::= SEQUENCE OF Extension (RFC 5280 4.1); DER leaves out the default, FALSE. */
export const encodeExtensions = (extensions: readonly Extension[]): Uint8Array =>
  sequence(
    ...extensions.map(({ oid: dotted, critical, value }) =>
      sequence(oid(dotted), ...(critical ? [boolean(true)] : []), octetString(value)),
    ),
  );

/** UTCTime from 1950 through 2049, GeneralizedTime for other years (RFC 5280 4.1.2.5). */
export function encodeTime(date: Date): Uint8Array {
  const year = date.getUTCFullYear();
  return year >= 1950 && year <= 2049 ? tlv(TAG.utcTime, digits(date).subarray(2)) : encodeGeneralizedTime(date);
}

export const encodeGeneralizedTime = (date: Date): Uint8Array => tlv(TAG.generalizedTime, digits(date));

/** `20260601000000Z`: X.509 has no fractions of a second. */
const digits = (date: Date) => new TextEncoder().encode(`${date.toISOString().replace(/\D/g, '').slice(0, 14)}Z`);
