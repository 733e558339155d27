/** GeneralNames (RFC 5280 4.2.1.6) as people read them. Anything that does not decode is shown as hex, never an error. */
import ipaddr from 'ipaddr.js';
import { children, isText, readElement, readOid, readText, TAG, tlv } from './der.ts';
import type { GeneralName } from './extensions.ts';
import { decodeSubject, formatSubject } from './subject.ts';
import { toHex, visible } from './text.ts';

/** Kinds that the text itself does not tell apart carry their name in front (RFC 5280's own spelling). */
const OTHER_KINDS: Readonly<Record<number, string>> = { 0: 'otherName', 3: 'x400Address', 5: 'ediPartyName' };
const REGISTERED_ID = 8;

/** DNS names, addresses, mailboxes and URIs as they are, but for what cannot be seen; the rarer kinds as `kind:value`. */
export function generalNameText(name: GeneralName): string {
  return orHex(name.bytes, () => {
    if (name.kind === 'ip') return addressText(name.bytes);
    if (name.kind === 'directory') return `directoryName:${nameText(name.bytes)}`;
    if (name.kind !== 'other') return visible(latin1(name.bytes));
    if (name.tag === REGISTERED_ID) return `registeredID:${readOid(readElement(tlv(TAG.oid, name.bytes)))}`;
    return `${OTHER_KINDS[name.tag] ?? `[${name.tag}]`}:${name.tag === 0 ? otherNameText(name.bytes) : toHex(name.bytes)}`;
  });
}

/** The base of a name constraint, always with its kind: `dns:example.test`, `ip:10.0.0.0/8`. */
export function subtreeText(base: GeneralName): string {
  if (base.kind === 'other' || base.kind === 'directory') return generalNameText(base);
  if (base.kind === 'ip') return `ip:${orHex(base.bytes, () => networkText(base.bytes))}`;
  return `${base.kind}:${base.bytes.length === 0 ? '(any)' : visible(latin1(base.bytes))}`;
}

/** A Name (DER) in RFC 4514 form; a damaged one as `#hex`. */
export const nameText = (der: Uint8Array): string => orHex(der, () => formatSubject(decodeSubject(der)));

/** Equal for names that are the same for chaining, as `sameSubject` has it: to look many names up. */
export const nameKey = (der: Uint8Array): string => nameText(der).toLowerCase().replace(/\s+/g, ' ');

/** IA5String contents, not yet fit to be shown. Latin-1 keeps every byte, so that a NUL or a high byte cannot hide. */
export const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

const addressText = (bytes: Uint8Array): string => {
  const address = ipaddr.fromByteArray([...bytes]);
  return address instanceof ipaddr.IPv6 ? address.toRFC5952String() : address.toString();
};

/** Address and mask; a mask that is no prefix is written out. */
function networkText(bytes: Uint8Array): string {
  const [base, mask] = [bytes.subarray(0, bytes.length / 2), bytes.subarray(bytes.length / 2)];
  const prefix = ipaddr.fromByteArray([...mask]).prefixLengthFromSubnetMask();
  return `${addressText(base)}/${prefix ?? addressText(mask)}`;
}

/** OtherName ::= SEQUENCE { type-id, [0] EXPLICIT value }; a value that is text is shown as text. */
function otherNameText(contents: Uint8Array): string {
  const type = readElement(contents);
  const wrapped = readElement(contents, type.bytes.length);
  const value = children(wrapped)[0] ?? wrapped;
  return `${readOid(type)}:${isText(value) ? visible(readText(value)) : `#${toHex(value.bytes)}`}`;
}

function orHex(bytes: Uint8Array, read: () => string): string {
  try {
    return read();
  } catch {
    return `#${toHex(bytes)}`;
  }
}
