/** A request for somebody else's CA (PKCS#10, RFC 2986). */
import { LocalCaError } from '../errors.ts';
import { alternativeNames, usageExtensions } from './certificate.ts';
import { CSR_ATTRIBUTE } from './csr-attributes.ts';
import { compareBytes, context, integer, oid, printableString, sequence, setOf, utf8String } from './der.ts';
import type { SubjectName } from './names.ts';
import type { Profile } from './profiles.ts';
import type { Signer } from './signer.ts';
import { PRINTABLE } from './subject.ts';
import { encodeExtensions, signTbs } from './write-signed.ts';

export interface RequestFields {
  /** Name, DER. */
  readonly subject: Uint8Array;
  readonly names: readonly SubjectName[];
  readonly profile: Profile;
  /** Some CAs ask for one, to know the requester by when a certificate is to be revoked. */
  readonly challengePassword?: string;
}

/** DER of the request. The key that signs is the key that the certificate is for: this proves that one has it. */
export async function makeRequest(fields: RequestFields, signer: Signer): Promise<Uint8Array> {
  const { subject, challengePassword } = fields;
  const attributes = [
    attribute(CSR_ATTRIBUTE.extensionRequest, encodeExtensions(requestedExtensions(fields, signer))),
    ...(challengePassword === undefined
      ? []
      : [attribute(CSR_ATTRIBUTE.challengePassword, directoryString(challengePassword))]),
  ];
  // [0] IMPLICIT SET OF: in the order of DER (X.690 11.6).
  const set = context(0, true, ...attributes.sort(compareBytes));
  return signTbs(sequence(integer(0), subject, signer.publicKey, set), signer);
}

function requestedExtensions({ profile, names, subject }: RequestFields, { algorithm }: Signer) {
  const usages = usageExtensions(profile, algorithm.family === 'rsa');
  return names.length === 0 ? usages : [...usages, alternativeNames(names, subject)];
}

const attribute = (type: string, value: Uint8Array) => sequence(oid(type), setOf(value));

/** RFC 2985 5.4.1: a PrintableString wherever that will do. */
function directoryString(password: string): Uint8Array {
  const { length } = [...password];
  if (length >= 1 && length <= 255) return PRINTABLE.test(password) ? printableString(password) : utf8String(password);
  throw new LocalCaError(
    'LOCAL_CA_OPTION_INVALID',
    `the challenge password has ${length} characters`,
    'It may have 1 to 255; leave it out if the CA did not ask for one.',
  );
}
