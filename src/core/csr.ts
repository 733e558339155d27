/** Certificate requests (PKCS#10, RFC 2986). */
import type { Ambient } from './ambient.ts';
import { attempt } from './attempt.ts';
import { CSR_ATTRIBUTE, type CsrAttribute, isExtensionRequest } from './csr-attributes.ts';
import { children, type Element, expectTag, readOid, readSmallInteger, TAG } from './der.ts';
import type { Extension, GeneralName } from './extensions.ts';
import { generalNameText } from './name-text.ts';
import { parseName, type SubjectName } from './names.ts';
import { basicConstraintsOf, extendedKeyUsageOf, keyUsageOf, readExtensions, subjectAltNamesOf } from './parse.ts';
import type { KeyUsage } from './profiles.ts';
import { readSigned, type SignatureVerdict, type Signed, verifySignature } from './signature.ts';
import { type DistinguishedName, decodeSubject } from './subject.ts';
import { type Readable, readOrExplain, refuseHuge } from './unreadable.ts';

export interface CertificateRequest extends Signed {
  /** Name, DER. */
  readonly subject: Uint8Array;
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array;
  readonly attributes: readonly CsrAttribute[];
  /** The extensions that it asks for. */
  readonly extensions: readonly Extension[];
}

const READABLE: Readable = {
  code: 'LOCAL_CA_CSR_INVALID',
  what: 'the certificate request',
  standard: 'RFC 2986',
  hint: 'Check that the file is a whole PKCS#10 request.',
};

/** Throws LOCAL_CA_CSR_INVALID, with the reason as its cause. */
export const parseCsr = (der: Uint8Array): CertificateRequest =>
  readOrExplain(READABLE, () => readCsr(refuseHuge(der)));

/** Throws LOCAL_CA_CSR_INVALID. */
export const requestSubject = ({ subject }: CertificateRequest): DistinguishedName =>
  readOrExplain(READABLE, () => decodeSubject(subject));

function readCsr(der: Uint8Array): CertificateRequest {
  const { signed, fields } = readSigned(der);
  const [version, subject, publicKey, ...optional] = fields;
  readSmallInteger(version);
  const list = optional.find((field) => field.tag === 0xa0);
  const attributes = list === undefined ? [] : children(list).map(readAttribute);
  return {
    ...signed,
    subject: expectTag(subject, TAG.sequence).bytes,
    publicKey: expectTag(publicKey, TAG.sequence).bytes,
    attributes: attributes.map(({ oid, values }) => ({ oid, values: values.map(({ bytes }) => bytes) })),
    extensions: attributes.filter(isExtensionRequest).flatMap(({ values }) => readExtensions(values[0])),
  };
}

function readAttribute(element: Element): { oid: string; values: Element[] } {
  const [type, values] = children(expectTag(element, TAG.sequence));
  return { oid: readOid(type), values: children(expectTag(values, TAG.set)) };
}

/** The request is signed with the key that it is for. SHA-1 and MD5 will do: what is signed here is soon thrown away. */
export const ownSignature = (csr: CertificateRequest, ambient: Ambient): Promise<SignatureVerdict> =>
  verifySignature(csr, csr.publicKey, ambient, { acceptSha1: true, acceptMd5: true });

/** Whether whoever made the request holds its private key. */
export const proofOfPossession = async (csr: CertificateRequest, ambient: Ambient): Promise<boolean> =>
  (await ownSignature(csr, ambient)) === 'good';

// --- what it asks for --------------------------------------------------------------------------------------------

export interface Requested {
  /** As local-ca would sign them: checked, and in their normal form. */
  readonly names: readonly SubjectName[];
  /** Kinds that local-ca does not sign (`otherName:...`), and names that no certificate should carry (`dns:10.0.0.1`). */
  readonly unfitNames: readonly string[];
  /** Whether it asks to become a CA. */
  readonly authority: boolean;
  /** Undefined when it does not say. */
  readonly keyUsage: readonly KeyUsage[] | undefined;
  /** Usual names where there is one, else OIDs; undefined when it does not say. */
  readonly extendedKeyUsage: readonly string[] | undefined;
  readonly challengePassword: boolean;
}

/** Throws LOCAL_CA_CSR_INVALID for a damaged extension: what is not understood is not signed. */
export const requestedBy = (csr: CertificateRequest): Requested => readOrExplain(READABLE, () => readRequested(csr));

function readRequested(csr: CertificateRequest): Requested {
  const names = (subjectAltNamesOf(csr) ?? []).map((given) => ({ given, fit: fitName(given) }));
  return {
    names: names.flatMap(({ fit }) => (fit === undefined ? [] : [fit])),
    unfitNames: names.filter(({ fit }) => fit === undefined).map(({ given }) => unfitText(given)),
    authority: basicConstraintsOf(csr)?.authority ?? false,
    keyUsage: keyUsageOf(csr),
    extendedKeyUsage: extendedKeyUsageOf(csr),
    challengePassword: csr.attributes.some(({ oid }) => oid === CSR_ATTRIBUTE.challengePassword),
  };
}

/** A name that reads as another kind than it is written as was not meant so: an address as a DNS name is a common one. */
function fitName(given: GeneralName): SubjectName | undefined {
  const name = attempt(() => parseName(generalNameText(given)));
  return name?.kind === given.kind ? name : undefined;
}

const unfitText = (given: GeneralName) =>
  given.kind === 'other' || given.kind === 'directory'
    ? generalNameText(given)
    : `${given.kind}:${generalNameText(given)}`;
