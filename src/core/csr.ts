/** Certificate requests (PKCS#10, RFC 2986). */
import type { Ambient } from './ambient.ts';
import { children, type Element, expectTag, readOid, readSmallInteger, TAG } from './der.ts';
import type { Extension } from './extensions.ts';
import { readExtensions } from './parse.ts';
import { readSigned, type Signed, verifySignature } from './signature.ts';
import { readOrExplain } from './unreadable.ts';

interface CsrAttribute {
  readonly oid: string;
  /** Each value's DER. */
  readonly values: readonly Uint8Array[];
}

export interface CertificateRequest extends Signed {
  /** Name, DER. */
  readonly subject: Uint8Array;
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array;
  readonly attributes: readonly CsrAttribute[];
  /** The extensions that it asks for. */
  readonly extensions: readonly Extension[];
}

/** PKCS#9's extensionRequest (RFC 2985 5.4.2), and the one of Microsoft's certreq before Windows 2000. */
const EXTENSION_REQUESTS = ['1.2.840.113549.1.9.14', '1.3.6.1.4.1.311.2.1.14'];

/** Throws LOCAL_CA_CSR_INVALID, with the reason as its cause. */
export const parseCsr = (der: Uint8Array): CertificateRequest =>
  readOrExplain(
    {
      code: 'LOCAL_CA_CSR_INVALID',
      what: 'the certificate request',
      standard: 'RFC 2986',
      hint: 'Check that the file is a whole PKCS#10 request.',
    },
    () => readCsr(der),
  );

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
    extensions: attributes
      .filter(({ oid }) => EXTENSION_REQUESTS.includes(oid))
      .flatMap(({ values }) => readExtensions(values[0])),
  };
}

function readAttribute(element: Element): { oid: string; values: Element[] } {
  const [type, values] = children(expectTag(element, TAG.sequence));
  return { oid: readOid(type), values: children(expectTag(values, TAG.set)) };
}

/** Whether whoever made the request holds its private key. SHA-1 will do: what is signed here is soon thrown away. */
export const proofOfPossession = async (csr: CertificateRequest, ambient: Ambient): Promise<boolean> =>
  (await verifySignature(csr, csr.publicKey, ambient, { acceptSha1: true })) === 'good';
