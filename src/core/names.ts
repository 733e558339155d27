/**
 * Names that a certificate is for: the type is seen from the text, the text is checked as strictly as the strictest
 * client would, and what comes out is the SubjectAltName that RFC 5280 4.2.1.6 asks for.
 */
import { isIP } from 'node:net';
import { domainToASCII, domainToUnicode } from 'node:url';
import ipaddr from 'ipaddr.js';
import { LocalCaError } from '../errors.ts';
import { context } from './der.ts';
import { quote } from './text.ts';

export type NameKind = 'dns' | 'ip' | 'email' | 'uri';

export interface SubjectName {
  readonly kind: NameKind;
  /** Normalised: lower case, IDN in its ASCII form, IP addresses in their shortest form. */
  readonly text: string;
  /** What goes inside the GeneralName: ASCII text, or the 4 or 16 bytes of an address. */
  readonly bytes: Uint8Array;
}

/** GeneralName's context tags (RFC 5280 4.2.1.6). */
export const GENERAL_NAME_TAG = { email: 1, dns: 2, directory: 4, uri: 6, ip: 7 } as const;

export const encodeGeneralName = (name: Pick<SubjectName, 'kind' | 'bytes'>) =>
  context(GENERAL_NAME_TAG[name.kind], false, name.bytes);

/** Reads one name as typed. Throws LOCAL_CA_NAME_INVALID. */
export function parseName(text: string): SubjectName {
  if (text.trim() === '')
    throw invalid(text, 'it is empty', 'Give a host name, an IP address, an e-mail address or a URI.');
  if (/[\s\p{Cc}]/u.test(text)) throw invalid(text, 'it has a space or a control character', 'Remove it.');
  if (text.length > 2048) throw invalid(text, `it has ${text.length} characters`, 'A DNS name has at most 253.');
  return parserOf(text)(text);
}

function parserOf(text: string): (text: string) => SubjectName {
  if (/^[a-z][a-z0-9+.-]*:\/\/|^urn:/i.test(text)) return parseUri;
  if (text.includes('@')) return parseEmail;
  // Node's pattern for IPv6 takes 4 ms to compile, so it is asked only about what may be an address.
  if (/^[\d.]+$|:/.test(text) && isIP(text) !== 0) return parseIp;
  return (name) => ({ kind: 'dns', text: checkDns(name), bytes: ascii(checkDns(name)) });
}

export const parseNames = (texts: readonly string[]): SubjectName[] => distinct(texts.map(parseName));

const distinct = <T extends Pick<SubjectName, 'kind' | 'text'>>(list: readonly T[]): T[] =>
  list.filter(({ kind, text }, i) => list.findIndex((other) => other.kind === kind && other.text === text) === i);

const ascii = (text: string) => new TextEncoder().encode(text);

const invalid = (text: string, why: string, hint: string) =>
  new LocalCaError('LOCAL_CA_NAME_INVALID', `${quote(text)} cannot be a name in a certificate: ${why}`, hint);

function parseIp(text: string): SubjectName {
  if (text.includes('%')) throw invalid(text, 'it has a zone', 'Leave out the zone (the part from % on).');
  return ipName(ipaddr.parse(text));
}

function ipName(address: ipaddr.IPv4 | ipaddr.IPv6): SubjectName {
  const text = address instanceof ipaddr.IPv6 ? address.toRFC5952String() : address.toString();
  return { kind: 'ip', text, bytes: Uint8Array.from(address.toByteArray()) };
}

function parseEmail(text: string): SubjectName {
  const at = text.lastIndexOf('@');
  const local = text.slice(0, at);
  if (!/^[a-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/i.test(local) || local.length > 64) {
    throw invalid(
      text,
      'the part before @ is not a plain ASCII mailbox',
      'Use letters, digits and single dots, like a@b.example.',
    );
  }
  const domain = text.slice(at + 1);
  if (domain.startsWith('*'))
    throw invalid(text, 'an e-mail address has no wildcard', 'Give one mailbox for each person.');
  const normalised = `${local}@${checkDns(domain)}`;
  return { kind: 'email', text: normalised, bytes: ascii(normalised) };
}

function parseUri(text: string): SubjectName {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a URI in a certificate is an IA5String, that is 7-bit ASCII
  if (!/^[\x00-\x7f]*$/.test(text)) throw invalid(text, 'a URI is plain ASCII', 'Percent-encode the other characters.');
  // WHATWG takes it for a slash, and RFC 3986 has none.
  if (text.includes('\\')) throw invalid(text, 'a URI has no backslash', 'Write / or %5C.');
  if (!URL.canParse(text))
    throw invalid(text, 'it is not a URI', 'Write it like https://host/path or spiffe://domain/id.');
  return { kind: 'uri', text, bytes: ascii(text) };
}

/** A DNS name, perhaps with a wildcard as its whole left label (RFC 6125 6.4.3), in its ASCII form. */
function checkDns(text: string): string {
  if (text.includes('*')) return checkWildcard(text);
  const name = toAscii(text.endsWith('.') ? text.slice(0, -1) : text, text);
  if (name.length > 253) throw invalid(text, `it has ${name.length} characters`, 'A DNS name has at most 253.');
  const labels = name.split('.');
  for (const label of labels) checkLabel(label, text);
  if (/^\d+$|^0x/.test(labels.at(-1) as string)) {
    throw invalid(
      text,
      'it looks like an IP address but is not one',
      'Write four numbers from 0 to 255, with no leading zeros.',
    );
  }
  return name;
}

function checkWildcard(text: string): string {
  const rest = text.slice(2);
  if (!text.startsWith('*.') || rest === '' || rest.includes('*')) {
    throw invalid(text, 'a wildcard is the whole left label and stands once', 'Write it like *.example.test.');
  }
  if (isIP(rest) !== 0) throw invalid(text, 'an IP address has no wildcard', 'List each address.');
  return `*.${checkDns(rest)}`;
}

function checkLabel(label: string, text: string): void {
  if (label === '') throw invalid(text, 'it has an empty label', 'Remove the extra dot.');
  if (label.length > 63)
    throw invalid(text, `a label has ${label.length} characters`, 'Each part between dots has at most 63.');
  // Underscores are not host names (RFC 952), but containers and Windows hosts have them and every client takes them.
  if (!/^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?$/.test(label)) {
    throw invalid(text, `${quote(label)} is not a host label`, labelHint(text));
  }
}

function labelHint(text: string): string {
  if (text.startsWith('[')) return 'Write an IPv6 address without brackets, like ::1.';
  if (/:\d+$/.test(text)) return 'Leave out the port.';
  if (text.includes('/')) return 'Give the host alone, without a path or a mask.';
  return 'Use letters, digits and hyphens, not starting or ending with a hyphen.';
}

/** IDN to its ASCII form (UTS #46). Only what needs it is converted: the converter also rewrites things like 0x7f.1. */
function toAscii(name: string, text: string): string {
  const lower = name.toLowerCase();
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the question is whether the name is 7-bit ASCII
  if (/^[\x00-\x7f]*$/.test(lower) && !/(^|\.)xn--/.test(lower)) return lower;
  if (/[/?#:@\\%[\]^|<>]/.test(lower)) throw invalid(text, 'it has a character that no host name has', labelHint(text));
  const converted = domainToASCII(lower);
  if (!isLegalIdn(converted)) {
    throw invalid(
      text,
      'it is not a valid internationalised name',
      'Check its spelling; each label must be a legal IDN.',
    );
  }
  return converted;
}

/** Node 20 gives nothing for an illegal label, Node 24 gives it back as it was: a legal one never reads as `xn--`. */
function isLegalIdn(converted: string): boolean {
  const readable = domainToUnicode(converted);
  return readable !== '' && !/(^|\.)xn--/.test(readable);
}

// --- name constraints (RFC 5280 4.2.1.10) ----------------------------------------------------------------------

/** A subtree of names: a DNS domain with all below it, an IP network, or the mailboxes of a domain. */
export interface NameSubtree {
  readonly kind: NameKind;
  /** As shown: `example.test`, `10.0.0.0/8`. */
  readonly text: string;
  readonly bytes: Uint8Array;
}

/** Each once: `.example.test` and `example.test` are the same domain. */
export const parseSubtrees = (texts: readonly string[]): NameSubtree[] => distinct(texts.map(parseSubtree));

/** Reads one value of `--permit`: `.internal`, `example.test`, `10.0.0.0/8`, `fd00::/8`, `@example.test`. */
export function parseSubtree(text: string): NameSubtree {
  const network = parseNetwork(text);
  if (network !== undefined) return network;
  if (text.includes('*'))
    throw invalid(text, 'a permitted domain has no wildcard', 'Write the domain alone: it covers all below it.');
  // RFC 5280 wants no leading dot: "example.test" covers the name and everything below it.
  if (/^[@.]?$/.test(text))
    throw invalid(text, 'it has no domain', 'Write it like .internal, example.test or 10.0.0.0/8.');
  const domain = checkDns(text.replace(/^[@.]/, ''));
  return { kind: text.startsWith('@') ? 'email' : 'dns', text: domain, bytes: ascii(domain) };
}

function parseNetwork(text: string): NameSubtree | undefined {
  const [address, prefix] = text.split('/') as [string, string?];
  if (isIP(address) === 0 || address.includes('%')) return undefined;
  const parsed = ipaddr.parse(address);
  const size = parsed.toByteArray().length;
  const length = prefix === undefined ? size * 8 : Number(prefix);
  if (!/^\d+$/.test(prefix ?? '0') || length > size * 8) {
    throw invalid(text, `/${prefix} is not a prefix length`, `Use a number from 0 to ${size * 8}.`);
  }
  const mask = Uint8Array.from({ length: size }, (_, i) => 256 - 2 ** (8 - Math.min(8, Math.max(0, length - 8 * i))));
  const base = parsed.toByteArray().map((byte, i) => byte & (mask[i] as number));
  return {
    kind: 'ip',
    text: `${ipName(ipaddr.fromByteArray(base)).text}/${length}`,
    bytes: Uint8Array.from([...base, ...mask]),
  };
}
