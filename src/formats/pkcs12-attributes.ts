/** The attributes that the readers of PKCS#12 look for on keys and certificates. */
import {
  bitString,
  bmpString,
  children,
  context,
  octetString,
  oid,
  readElement,
  readText,
  readWhole,
  sequence,
  setOf,
  TAG,
} from '../core/der.ts';
import type { Bag, BagAttribute } from './pki-records.ts';

const FRIENDLY_NAME = '1.2.840.113549.1.9.20';
const LOCAL_KEY_ID = '1.2.840.113549.1.9.21';
const TRUSTED_KEY_USAGE = '2.16.840.1.113894.746875.1.1';
const MICROSOFT_CSP_NAME = '1.3.6.1.4.1.311.17.1';
const MICROSOFT_LOCAL_MACHINE = '1.3.6.1.4.1.311.17.2';
const KEY_USAGE = '2.5.29.15';
const ANY_EXTENDED_KEY_USAGE = '2.5.29.37.0';

export const friendlyName = (name: string): BagAttribute => ({ type: FRIENDLY_NAME, values: [bmpString(name)] });
export const localKeyId = (id: Uint8Array): BagAttribute => ({ type: LOCAL_KEY_ID, values: [octetString(id)] });

/** Oracle's: Java sees a certificate without a key only when it carries this. */
export const TRUSTED: BagAttribute = { type: TRUSTED_KEY_USAGE, values: [oid(ANY_EXTENDED_KEY_USAGE)] };

/** How Windows is to keep the key. SQL Server and IIS need a key of a CSP, in the machine's store, for key exchange. */
export interface WindowsKeyOptions {
  /** The cryptographic service provider; the SChannel one by default. */
  readonly csp?: string;
  /** Into the machine's store, not the user's; true by default. */
  readonly machineKey?: boolean;
}

const SCHANNEL_CSP = 'Microsoft RSA SChannel Cryptographic Provider';

/** What `openssl pkcs12 -export -CSP NAME -LMK` puts on the key's bag. */
export function windowsAttributes({ csp = SCHANNEL_CSP, machineKey = true }: WindowsKeyOptions): BagAttribute[] {
  const provider = { type: MICROSOFT_CSP_NAME, values: [bmpString(csp)] };
  return machineKey ? [provider, { type: MICROSOFT_LOCAL_MACHINE, values: [] }] : [provider];
}

/**
 * The key marked for key exchange, AT_KEYEXCHANGE, as `openssl pkcs12 -export -keyex` does: an attribute inside the
 * PrivateKeyInfo itself (RFC 5208), since Windows looks for it there and not on the bag.
 */
export function withExchangeUsage(pkcs8: Uint8Array): Uint8Array {
  const [version, algorithm, key, ...rest] = children(readWhole(pkcs8, TAG.sequence)).map(({ bytes }) => bytes);
  const usage = sequence(oid(KEY_USAGE), setOf(bitString(Uint8Array.of(0x10), 4)));
  const fixed = [version, algorithm, key].filter((part) => part !== undefined);
  return sequence(...fixed, context(0, true, usage), ...rest.filter((part) => part[0] !== 0xa0));
}

// --- reading -----------------------------------------------------------------------------------------------------

function firstValue({ attributes }: Bag, type: string): Uint8Array | undefined {
  return attributes.find((attribute) => attribute.type === type)?.values[0];
}

export const isTrusted = (bag: Bag): boolean => bag.attributes.some(({ type }) => type === TRUSTED_KEY_USAGE);

export function nameOf(bag: Bag): string | undefined {
  const value = firstValue(bag, FRIENDLY_NAME);
  return value === undefined ? undefined : readText(readElement(value));
}

export function keyIdOf(bag: Bag): Uint8Array | undefined {
  const value = firstValue(bag, LOCAL_KEY_ID);
  return value === undefined ? undefined : readElement(value).contents;
}
