/** Where to fetch revocation lists and issuers: the extensions that hold addresses (RFC 5280 4.2.1.13, 4.2.2.1, 5.2.5). */
import {
  children,
  context,
  type Element,
  expectTag,
  oid,
  readOid,
  readWhole,
  sequence,
  sequenceOf,
  TAG,
} from './der.ts';
import { EXTENSION, type Extension, type GeneralName, readGeneralNames } from './extensions.ts';
import { encodeGeneralName } from './names.ts';

export const ACCESS_METHOD = { ocsp: '1.3.6.1.5.5.7.48.1', caIssuers: '1.3.6.1.5.5.7.48.2' } as const;

// --- writing ---------------------------------------------------------------------------------------------------

const encodeUrl = (url: string) => encodeGeneralName({ kind: 'uri', bytes: new TextEncoder().encode(url) });

/** A point for each address, as OpenSSL and Go write them: any one of them has the whole list. */
export const crlDistributionPoints = (urls: readonly string[]): Extension => ({
  oid: EXTENSION.crlDistributionPoints,
  critical: false,
  value: sequenceOf(urls.map((url) => sequence(context(0, true, context(0, true, encodeUrl(url)))))),
});

export const authorityInformation = (ocspUrls: readonly string[]): Extension => ({
  oid: EXTENSION.authorityInformation,
  critical: false,
  value: sequenceOf(ocspUrls.map((url) => sequence(oid(ACCESS_METHOD.ocsp), encodeUrl(url)))),
});

// --- reading ---------------------------------------------------------------------------------------------------

/** [0] { [0] fullName }: a name relative to the issuer's ([1]) is not used by anybody that we met. */
function fullName(distributionPoint: Element | undefined): GeneralName[] {
  if (distributionPoint === undefined) return [];
  return children(distributionPoint)
    .filter(({ tag }) => tag === 0xa0)
    .flatMap(({ contents }) => readGeneralNames(sequence(contents)));
}

const field = (parts: readonly Element[], number: number) => parts.find(({ tag }) => (tag & 0x9f) === (0x80 | number));

/** The names of all distribution points in cRLDistributionPoints. */
export const readDistributionPoints = (value: Uint8Array): GeneralName[] =>
  children(readWhole(value, TAG.sequence)).flatMap((point) => fullName(field(children(point), 0)));

export interface AccessDescription {
  /** 1.3.6.1.5.5.7.48.1 is OCSP, .2 the issuer's certificate. */
  readonly method: string;
  readonly location: GeneralName;
}

export const readAuthorityInformation = (value: Uint8Array): AccessDescription[] =>
  children(readWhole(value, TAG.sequence)).flatMap((description) => {
    const [method, location] = children(expectTag(description, TAG.sequence));
    return readGeneralNames(sequence(location?.bytes ?? new Uint8Array())).map((name) => ({
      method: readOid(method),
      location: name,
    }));
  });

/** What a CRL covers when that is less than all that its issuer signed. */
export interface CrlScope {
  readonly names: readonly GeneralName[];
  readonly only?: 'leaves' | 'authorities';
  /** Some reasons only, other issuers' certificates, or attribute certificates: more than local-ca processes. */
  readonly unsupported: boolean;
}

export function readIssuingDistributionPoint(value: Uint8Array): CrlScope {
  const parts = children(readWhole(value, TAG.sequence));
  const isSet = (number: number) => (field(parts, number)?.contents[0] ?? 0) !== 0;
  return {
    names: fullName(field(parts, 0)),
    ...(isSet(1) ? { only: 'leaves' } : isSet(2) ? { only: 'authorities' } : {}),
    unsupported: field(parts, 3) !== undefined || isSet(4) || isSet(5),
  };
}
