/** A CA's certificate and what it revoked -> a full revocation list (RFC 5280 5). */
import { LocalCaError } from '../errors.ts';
import { issuerKeyIdentifier } from './certificate.ts';
import { CRL_EXTENSION, type RevokedEntry } from './crl.ts';
import { context, integer, sequence, sequenceOf, TAG, tlv } from './der.ts';
import { authorityKeyIdentifier, type Extension } from './extensions.ts';
import type { Certificate } from './parse.ts';
import { codeOfReason } from './reasons.ts';
import type { Signer } from './signer.ts';
import { fromHex, toHex } from './text.ts';
import { encodeExtensions, encodeGeneralizedTime, encodeTime, signTbs } from './write-signed.ts';

export interface CrlFields {
  readonly thisUpdate: Date;
  readonly nextUpdate: Date;
  /** Above that of every list that this key signed before. */
  readonly number: number | bigint | Uint8Array;
  readonly entries: readonly RevokedEntry[];
}

/** DER of the list. It covers all that the issuer signed, so it has no issuing distribution point. */
export async function makeCrl(fields: CrlFields, issuer: Certificate, signer: Signer): Promise<Uint8Array> {
  const { entries } = fields;
  const extensions = [authorityKeyIdentifier(issuerKeyIdentifier(issuer)), crlNumber(fields.number)];
  const tbs = sequence(
    integer(1),
    signer.algorithm.signatureIdentifier,
    issuer.subject,
    encodeTime(fields.thisUpdate),
    encodeTime(fields.nextUpdate),
    // Absent, not empty, when nothing is revoked (RFC 5280 5.1.2.6).
    ...(entries.length === 0 ? [] : [sequenceOf(entries.map(encodeEntry))]),
    context(0, true, encodeExtensions(extensions)),
  );
  return signTbs(tbs, signer);
}

function encodeEntry({ serial, at, reason, invalidSince }: RevokedEntry): Uint8Array {
  const extensions = [
    // RFC 5280 5.3.1 wants it left out rather than unspecified.
    ...(reason === undefined || reason === 'unspecified' ? [] : [plain(CRL_EXTENSION.reason, encodeReason(reason))]),
    ...(invalidSince === undefined ? [] : [plain(CRL_EXTENSION.invalidityDate, encodeGeneralizedTime(invalidSince))]),
  ];
  const list = extensions.length === 0 ? [] : [encodeExtensions(extensions)];
  return sequence(integer(fromHex(serial)), encodeTime(at), ...list);
}

const plain = (oid: string, value: Uint8Array): Extension => ({ oid, critical: false, value });

const encodeReason = (reason: NonNullable<RevokedEntry['reason']>) =>
  tlv(TAG.enumerated, Uint8Array.of(codeOfReason(reason)));

/** At most 20 octets, of which the first bit is the sign (RFC 5280 5.2.3). */
const CRL_NUMBER_LIMIT = 1n << 159n;

function crlNumber(number: CrlFields['number']): Extension {
  const value = typeof number === 'object' ? BigInt(`0x0${toHex(number)}`) : BigInt(number);
  if (value <= 0n || value >= CRL_NUMBER_LIMIT) {
    throw new LocalCaError(
      'LOCAL_CA_OPTION_INVALID',
      `a revocation list cannot have the number ${value}`,
      'Use a positive number of at most 20 octets.',
    );
  }
  const hex = value.toString(16);
  return plain(CRL_EXTENSION.number, integer(fromHex(hex.length % 2 === 0 ? hex : `0${hex}`)));
}
