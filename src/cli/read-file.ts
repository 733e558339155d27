/** Files that people hand in, of any of the formats that local-ca reads: what they hold, and in what they hold it. */
import { orderCertificates } from '../core/chain.ts';
import { importKey, importKeyWithin, type PrivateKey } from '../core/keys.ts';
import { parseCertificate } from '../core/parse.ts';
import { quote } from '../core/text.ts';
import { type Spend, workLimit } from '../core/work.ts';
import { readAtMost } from '../disk.ts';
import { LocalCaError } from '../errors.ts';
import { type DetectedFormat, detectFormat } from '../formats/detect.ts';
import type { StoreEntry } from '../formats/entries.ts';
import { readJks } from '../formats/jks.ts';
import { decodePem, type PemBlock } from '../formats/pem.ts';

/** The largest CRLs and trust stores that are seen in the wild have a few megabytes. */
const MOST_BYTES = 32 * 1024 * 1024;

interface Place {
  /** Of the file in a zip. */
  readonly path?: string;
  /** In a key store. */
  readonly alias?: string;
}

/** One thing found in a file. */
export type Found = Place &
  (
    | { readonly kind: 'certificate' | 'csr' | 'crl'; readonly der: Uint8Array; readonly trusted?: boolean }
    | { readonly kind: 'private-key'; readonly key: PrivateKey }
    | { readonly kind: 'encrypted-private-key' | 'public-key' | 'other'; readonly title: string }
  );

export interface Contents {
  readonly format: DetectedFormat;
  readonly found: readonly Found[];
}

/** A path, or `-` for standard input. */
export async function readInput(path: string): Promise<Uint8Array> {
  try {
    return readAtMost(path === '-' ? '/dev/stdin' : path, MOST_BYTES);
  } catch (error) {
    if (!(error instanceof LocalCaError) || !/^[\w.-]+:\d+$/.test(path)) throw error;
    throw new LocalCaError(error.code, error.message, `For a live server, write it as a URL: https://${path}`, {
      cause: error,
    });
  }
}

/** Throws LOCAL_CA_INPUT_UNKNOWN for what is none of the formats, and what the formats' readers throw. */
export async function readContents(bytes: Uint8Array, name: string, password: string | undefined): Promise<Contents> {
  const format = detectFormat(bytes);
  if (format === undefined) throw unknown(name, bytes);
  try {
    return { format, found: await READERS[format](bytes, { name, password, spend: workLimit() }) };
  } catch (error) {
    throw inFile(name, error);
  }
}

/** The formats' readers see bytes; a person wants to know in which file. */
function inFile(name: string, error: unknown): unknown {
  if (!(error instanceof LocalCaError) || error.message.startsWith(quote(name))) return error;
  return new LocalCaError(error.code, `${quote(name)}: ${error.message}`, error.hint, { cause: error });
}

interface Reading {
  readonly name: string;
  readonly password: string | undefined;
  /** For all that is in the file: a zip may hold a thousand key stores. */
  readonly spend: Spend;
}

type Reader = (bytes: Uint8Array, reading: Reading) => Found[] | Promise<Found[]>;

const READERS: Readonly<Record<DetectedFormat, Reader>> = {
  pem: readPem,
  certificate: (der) => [{ kind: 'certificate', der }],
  csr: (der) => [{ kind: 'csr', der }],
  crl: (der) => [{ kind: 'crl', der }],
  pkcs7: async (bytes) => {
    const { readPkcs7 } = await import('../formats/pkcs7.ts');
    const { certificates, crls } = readPkcs7(bytes);
    return [
      ...certificates.map((der): Found => ({ kind: 'certificate', der })),
      ...crls.map((der): Found => ({ kind: 'crl', der })),
    ];
  },
  pkcs12: async (bytes, { password, spend }) => {
    const { readPkcs12 } = await import('../formats/pkcs12.ts');
    return readPkcs12(bytes, password === undefined ? { spend } : { password, spend }).flatMap(entryContents);
  },
  jks: (bytes, { password }) => readJks(bytes, password === undefined ? {} : { password }).flatMap(entryContents),
  'private-key': (bytes) => [keyFound(bytes, {})],
  'encrypted-private-key': (bytes, { password, spend }) =>
    password === undefined
      ? [{ kind: 'encrypted-private-key', title: 'a private key with a pass phrase; --password opens it' }]
      : [{ kind: 'private-key', key: importKeyWithin(bytes, password, spend) }],
  'public-key': () => [{ kind: 'public-key', title: 'a public key' }],
  zip: async (bytes, reading) => {
    const { readZip } = await import('../formats/zip-read.ts');
    const found: Found[] = [];
    for (const { name, bytes: entry } of readZip(bytes)) {
      for (const one of await readEntry(entry, { ...reading, name })) found.push({ ...one, path: name });
    }
    return found;
  },
};

/** What cannot be read is named, and does not hide the rest: a README, an error page that was saved as ca.crt. */
async function readEntry(bytes: Uint8Array, reading: Reading): Promise<Found[]> {
  const format = detectFormat(bytes);
  if (format === undefined) return [{ kind: 'other', title: 'none of the formats that local-ca reads' }];
  if (format === 'zip') return [{ kind: 'other', title: 'a zip in the zip, which is not opened' }];
  try {
    return await READERS[format](bytes, reading);
  } catch (error) {
    if (!(error instanceof LocalCaError)) throw error;
    return [{ kind: 'other', title: error.message }];
  }
}

function entryContents(entry: StoreEntry): Found[] {
  const { alias } = entry;
  if (entry.kind === 'trusted') return [{ kind: 'certificate', der: entry.certificate, alias, trusted: true }];
  const chain = entry.chain.map((der): Found => ({ kind: 'certificate', der, alias }));
  return [keyFound(entry.key, { alias }), ...chain];
}

/** A key of a type that local-ca has no use for, Ed448 or ML-DSA, does not hide the certificates beside it. */
function keyFound(der: Uint8Array, entry: { alias?: string }): Found {
  try {
    return { kind: 'private-key', key: importKey(der), ...entry };
  } catch (error) {
    if (!(error instanceof LocalCaError) || error.code !== 'LOCAL_CA_KEY_INVALID') throw error;
    return { kind: 'other', title: error.message, ...entry };
  }
}

async function readPem(bytes: Uint8Array, reading: Reading): Promise<Found[]> {
  const blocks = decodePem(new TextDecoder().decode(bytes));
  if (blocks.length === 0) throw unknown(reading.name, bytes);
  const found: Found[] = [];
  // Not all of a block's as arguments of one call: there may be more than a call can have.
  for (const block of blocks) for (const one of await readBlock(block, reading)) found.push(one);
  return found;
}

/** The label is not asked: OpenSSL alone has three names for a certificate. */
async function readBlock({ label, der, headers }: PemBlock, reading: Reading): Promise<Found[]> {
  if (Object.keys(headers).length > 0)
    return [{ kind: 'encrypted-private-key', title: `${label}, with a pass phrase` }];
  const format = detectFormat(der);
  if (format === undefined || format === 'pem' || format === 'zip')
    return [{ kind: 'other', title: `${label}, ${der.length} bytes` }];
  return READERS[format](der, reading);
}

function unknown(name: string, bytes: Uint8Array): LocalCaError {
  const what = bytes.length === 0 ? 'is empty' : 'is none of the formats that local-ca reads';
  return new LocalCaError(
    'LOCAL_CA_INPUT_UNKNOWN',
    `${quote(name)} ${what}`,
    'It reads PEM, DER certificates, requests, revocation lists and keys, PKCS#7, PKCS#12, JKS, and zips of these; a file that is cut short is none of them.',
  );
}

/** In the file's order, which in a zip means nothing: there, leaves first, and each certificate once. */
export async function certificatesOf(
  bytes: Uint8Array,
  name: string,
  password: string | undefined,
): Promise<Uint8Array[]> {
  const { format, found } = await readContents(bytes, name, password);
  const certificates = found.flatMap((one) => (one.kind === 'certificate' ? [one.der] : []));
  return format === 'zip' ? orderCertificates(certificates.map(parseCertificate)).map(({ der }) => der) : certificates;
}

export async function crlsOf(bytes: Uint8Array, name: string): Promise<Uint8Array[]> {
  const { found } = await readContents(bytes, name, undefined);
  return found.flatMap((one) => (one.kind === 'crl' ? [one.der] : []));
}
