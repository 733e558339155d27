/** PEM (RFC 7468): base64 between BEGIN and END lines. Strict when writing, tolerant of what surrounds it when reading. */
import { readElement, TAG } from '../core/der.ts';
import type { PrivateKey } from '../core/keys.ts';
import { quote } from '../core/text.ts';
import { LocalCaError } from '../errors.ts';

/** One block of a PEM text (RFC 7468). */
export interface PemBlock {
  readonly label: string;
  readonly der: Uint8Array;
  /** RFC 1421 headers such as Proc-Type and DEK-Info: the block is encrypted, and `der` is then no DER. */
  readonly headers: Readonly<Record<string, string>>;
}

/** 64 columns, LF, and a newline at the end: what every reader takes, OpenSSL 1.0 and Java included. */
export function encodePem(label: string, der: Uint8Array): string {
  const base64 = Buffer.from(der.buffer, der.byteOffset, der.byteLength).toString('base64');
  const lines = base64.match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}

/** A private key in a file of its own: PKCS#8 without a pass phrase (RFC 5958, RFC 7468 10). */
export const privateKeyPem = (key: PrivateKey): Uint8Array =>
  new TextEncoder().encode(encodePem('PRIVATE KEY', key.toPkcs8()));

/** Revocation lists in one file, as servers and clients read those of a whole chain. */
export const encodeCrls = (lists: readonly Uint8Array[]): string =>
  lists.map((der) => encodePem('X509 CRL', der)).join('');

/** Larger than any trust store; each block takes some hundred bytes, and forty of a file. */
const MOST_BLOCKS = 100_000;

/**
 * Every block of a text, in order; none is an empty list. Line by line, since a pattern over the whole text would take
 * quadratic time on a hostile one. Throws LOCAL_CA_PEM_INVALID.
 */
export function decodePem(text: string): PemBlock[] {
  const blocks: PemBlock[] = [];
  let open: OpenBlock | undefined;
  for (const [line] of text.matchAll(LINE)) {
    const content = line.trim();
    const boundary = content.length > LONGEST_BOUNDARY ? null : BOUNDARY.exec(content);
    if (boundary === null) {
      if (content !== '') open?.lines.push(content);
    } else if (boundary[1] === 'BEGIN') {
      if (open !== undefined) throw broken(open.name, 'has no END line');
      const label = boundary[2] as string;
      open = { label, name: `block ${blocks.length + 1} (${quote(label)})`, lines: [] };
    } else if (open !== undefined) {
      if (boundary[2] !== open.label) throw broken(open.name, `ends as ${quote(boundary[2] as string)}`);
      if (blocks.push(closeBlock(open)) > MOST_BLOCKS) throw broken(open.name, `comes after ${MOST_BLOCKS} others`);
      open = undefined;
    }
  }
  if (open !== undefined) throw broken(open.name, 'has no END line');
  return blocks;
}

/** One at a time, since a text may have millions. */
const LINE = /[^\r\n]+/g;

const LONGEST_BOUNDARY = 200;

/** Encryption takes two. */
const MOST_HEADERS = 20;

// Lines are trimmed before, of a byte order mark too: JavaScript counts it as white space.
const BOUNDARY = /^-----(BEGIN|END) ([^-]*(?:-[^-]+)*)-----$/;

interface OpenBlock {
  readonly label: string;
  readonly name: string;
  readonly lines: string[];
}

function closeBlock({ label, name, lines }: OpenBlock): PemBlock {
  const headers: Record<string, string> = {};
  let start = 0;
  for (; lines[start]?.includes(':'); start++) {
    if (start === MOST_HEADERS) throw broken(name, `has more than ${MOST_HEADERS} headers`);
    const [key = '', value = ''] = (lines[start] as string).split(/:(.*)/s);
    headers[key.trim()] = value.trim();
  }
  const base64 = lines.slice(start).join('').replaceAll(/\s/g, '');
  if (base64 === '') throw broken(name, 'is empty');
  if (base64.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(base64)) throw broken(name, 'is not valid base64');
  return { label, der: new Uint8Array(Buffer.from(base64, 'base64')), headers };
}

const CERTIFICATE_LABELS = ['CERTIFICATE', 'X509 CERTIFICATE', 'TRUSTED CERTIFICATE'];

/** The certificates of a text, at least one; keys and other blocks are passed over. Throws LOCAL_CA_PEM_INVALID. */
export function pemCertificates(text: string): Uint8Array[] {
  const blocks = decodePem(text).filter(({ label }) => CERTIFICATE_LABELS.includes(label));
  if (blocks.length === 0) {
    throw new LocalCaError(
      'LOCAL_CA_PEM_INVALID',
      'the text holds no certificate',
      'It should have a "-----BEGIN CERTIFICATE-----" line.',
    );
  }
  // OpenSSL's TRUSTED CERTIFICATE has its own settings after the certificate.
  return blocks.map(({ der }) => readElement(der).bytes);
}

/** The certificates of a file: DER with one, or PEM with any number. */
export const certificatesIn = (bytes: Uint8Array): Uint8Array[] =>
  bytes[0] === TAG.sequence ? [bytes] : pemCertificates(new TextDecoder().decode(bytes));

const broken = (name: string, what: string) =>
  new LocalCaError(
    'LOCAL_CA_PEM_INVALID',
    `PEM ${name} ${what}`,
    'Copy the file again, from its first "-----BEGIN" to its last "-----END" line.',
  );
