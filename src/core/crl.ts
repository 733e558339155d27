/** Certificate revocation lists (RFC 5280 5). */
import { attempt } from './attempt.ts';
import { children, type Element, elementsIn, expectTag, readSmallInteger, readWhole, TAG } from './der.ts';
import { type Extension, readAuthorityKeyIdentifier } from './extensions.ts';
import { extensionValue, readExtensions, readSerial, readTime } from './parse.ts';
import { type RevocationReason, reasonOfCode } from './reasons.ts';
import { readSigned, type Signed } from './signature.ts';
import { readOrExplain } from './unreadable.ts';

export interface RevokedEntry {
  /** Lower-case hex, as in a certificate. */
  readonly serial: string;
  readonly at: Date;
  readonly reason?: RevocationReason;
  /** Since when it must not be trusted, where that was before it was revoked: the invalidity date (RFC 5280 5.3.2). */
  readonly invalidSince?: Date;
}

export interface RevocationList extends Signed {
  /** 1 or 2. */
  readonly version: number;
  /** Name, DER. */
  readonly issuer: Uint8Array;
  readonly thisUpdate: Date;
  readonly nextUpdate?: Date;
  /** CRL number, hex. */
  readonly number?: string;
  readonly entries: readonly RevokedEntry[];
  readonly extensions: readonly Extension[];
  readonly authorityKeyId?: Uint8Array;
  /** OIDs of critical extensions, of the list and of its entries, that local-ca does not process. */
  readonly unknownCritical: readonly string[];
}

export const CRL_EXTENSION = {
  number: '2.5.29.20',
  reason: '2.5.29.21',
  invalidityDate: '2.5.29.24',
  deltaIndicator: '2.5.29.27',
  issuingDistributionPoint: '2.5.29.28',
  certificateIssuer: '2.5.29.29',
  authorityKeyIdentifier: '2.5.29.35',
} as const;

const PROCESSED: ReadonlySet<string> = new Set([
  CRL_EXTENSION.number,
  CRL_EXTENSION.reason,
  CRL_EXTENSION.invalidityDate,
  CRL_EXTENSION.issuingDistributionPoint,
  CRL_EXTENSION.authorityKeyIdentifier,
]);

/** Throws LOCAL_CA_CRL_INVALID, with the reason as its cause. */
export const parseCrl = (der: Uint8Array): RevocationList =>
  readOrExplain(
    {
      code: 'LOCAL_CA_CRL_INVALID',
      what: 'the revocation list',
      standard: 'RFC 5280',
      hint: 'Check that the file is a whole X.509 CRL.',
    },
    () => readCrl(der),
  );

function readCrl(der: Uint8Array): RevocationList {
  const { signed, fields } = readSigned(der);
  const version = fields[0]?.tag === TAG.integer ? fields.shift() : undefined;
  const [, issuer, thisUpdate, ...optional] = fields;
  const nextUpdate = isTime(optional[0]) ? optional.shift() : undefined;
  const { entries, unknown } = readEntries(optional[0]?.tag === TAG.sequence ? elementsIn(optional[0]) : []);
  const list = optional.find((field) => field.tag === 0xa0);
  const extensions = list === undefined ? [] : readExtensions(children(list)[0]);
  return {
    ...signed,
    version: version === undefined ? 1 : readSmallInteger(version) + 1,
    issuer: expectTag(issuer, TAG.sequence).bytes,
    thisUpdate: readTime(thisUpdate),
    ...(nextUpdate === undefined ? {} : { nextUpdate: readTime(nextUpdate) }),
    entries,
    extensions,
    ...namedExtensions(extensions),
    unknownCritical: [...new Set([...unprocessed(extensions), ...unknown])],
  };
}

const isTime = (element: Element | undefined) => element?.tag === TAG.utcTime || element?.tag === TAG.generalizedTime;

/** One after the other, since there may be a million: nothing is kept of them but what they say. */
function readEntries(elements: Iterable<Element>): { entries: RevokedEntry[]; unknown: Set<string> } {
  const entries: RevokedEntry[] = [];
  const unknown = new Set<string>();
  for (const element of elements) {
    const [serial, time, list] = children(element);
    const entry = { serial: readSerial(expectTag(serial, TAG.integer).contents), at: readTime(time) };
    const extensions = list === undefined ? [] : readExtensions(list);
    entries.push(list === undefined ? entry : { ...entry, ...entryExtensions(extensions) });
    for (const oid of unprocessed(extensions)) unknown.add(oid);
  }
  return { entries, unknown };
}

function entryExtensions(extensions: readonly Extension[]): Pick<RevokedEntry, 'reason' | 'invalidSince'> {
  const code = extensionValue({ extensions }, CRL_EXTENSION.reason);
  const reason = code === undefined ? undefined : readReason(code);
  const date = extensionValue({ extensions }, CRL_EXTENSION.invalidityDate);
  // A date in another form does not make the list unusable: nothing is decided by it.
  const invalidSince = date === undefined ? undefined : attempt(() => readTime(readWhole(date)));
  return {
    ...(reason === undefined ? {} : { reason }),
    ...(invalidSince === undefined ? {} : { invalidSince }),
  };
}

const readReason = (value: Uint8Array): RevocationReason | undefined =>
  reasonOfCode(readWhole(value, TAG.enumerated).contents[0] ?? 0);

const unprocessed = (extensions: readonly Extension[]): string[] =>
  extensions.filter(({ oid, critical }) => critical && !PROCESSED.has(oid)).map(({ oid }) => oid);

function namedExtensions(extensions: readonly Extension[]): Pick<RevocationList, 'number' | 'authorityKeyId'> {
  const number = extensionValue({ extensions }, CRL_EXTENSION.number);
  const authority = extensionValue({ extensions }, CRL_EXTENSION.authorityKeyIdentifier);
  const authorityKeyId = authority === undefined ? undefined : readAuthorityKeyIdentifier(authority);
  return {
    ...(number === undefined ? {} : { number: readSerial(readWhole(number, TAG.integer).contents) }),
    ...(authorityKeyId === undefined ? {} : { authorityKeyId }),
  };
}

/** The entry of a serial (lower-case hex, as `Certificate.serial` has it); undefined when it is not revoked. */
export const revocationOf = (crl: RevocationList, serial: string): RevokedEntry | undefined =>
  crl.entries.find((entry) => entry.serial === serial);
