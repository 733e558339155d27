/**
 * Reads a zip in memory (APPNOTE.TXT 6.3.10): stored and deflated entries, zip64 too, by the directory at its end, which is
 * what unpackers go by. Nothing is written anywhere, so that a path in it can lead nowhere; limits are checked against the
 * directory before anything is inflated, and each entry may then become as long as the directory says and no longer.
 */
import { crc32, inflateRawSync } from 'node:zlib';
import { quote } from '../core/text.ts';
import { LocalCaError } from '../errors.ts';

/** A file in a zip. */
export interface ZipEntry {
  /** As it stands in the zip, with `/` between its parts: for people, not for a disk. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

const MOST_ENTRIES = 1000;
const MOST_BYTES = 32 * 1024 * 1024;

/** The files of a zip, in its order, without its folders. Throws LOCAL_CA_ZIP_INVALID and LOCAL_CA_INPUT_TOO_LARGE. */
export function readZip(bytes: Uint8Array): ZipEntry[] {
  const zip = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const files = readDirectory(zip).filter(({ name }) => !name.endsWith('/'));
  const total = files.reduce((sum, { size }) => sum + size, 0);
  if (total > MOST_BYTES) throw tooLarge(`unpacks to ${total} bytes`, `At most ${MOST_BYTES} bytes are unpacked.`);
  return files.map((file) => ({ name: file.name, bytes: unpack(zip, file) }));
}

interface Header {
  readonly name: string;
  readonly flags: number;
  readonly method: number;
  readonly crc: number;
  readonly packedSize: number;
  readonly size: number;
  /** Where its local header stands. */
  readonly offset: number;
}

// --- the directory (4.3.12) --------------------------------------------------------------------------------------

const SIGNATURE = { local: 0x04034b50, header: 0x02014b50, end: 0x06054b50, end64: 0x06064b50, locator64: 0x07064b50 };
/** In a field of 32 or 16 bits: the value is in the zip64 part. */
const IN_ZIP64 = 0xffffffff;
const COUNT_IN_ZIP64 = 0xffff;

function readDirectory(zip: Buffer): Header[] {
  const { count, offset } = readEnd(zip);
  if (count > MOST_ENTRIES) throw tooLarge(`has ${count} entries`, `At most ${MOST_ENTRIES} are read.`);
  const headers: Header[] = [];
  let at = offset;
  for (let i = 0; i < count; i++) {
    if (u32(zip, at) !== SIGNATURE.header) throw broken(`entry ${i + 1} of its directory is not where it should be`);
    headers.push(readHeader(zip, at));
    at += 46 + u16(zip, at + 28) + u16(zip, at + 30) + u16(zip, at + 32);
  }
  return headers;
}

/** The end record, before a comment of any length; its copy in zip64 form when its own fields are too small (4.3.14 to 16). */
function readEnd(zip: Buffer): { count: number; offset: number } {
  for (let at = zip.length - 22; at >= Math.max(0, zip.length - 22 - 0xffff); at--) {
    if (zip.readUInt32LE(at) !== SIGNATURE.end || at + 22 + zip.readUInt16LE(at + 20) > zip.length) continue;
    const [count, offset] = [u16(zip, at + 10), u32(zip, at + 16)];
    if (count !== COUNT_IN_ZIP64 && offset !== IN_ZIP64) return { count, offset };
    if (u32(zip, at - 20) !== SIGNATURE.locator64) return { count, offset };
    const end64 = u64(zip, at - 20 + 8);
    if (u32(zip, end64) !== SIGNATURE.end64) throw broken('its zip64 directory is not where it should be');
    return { count: u64(zip, end64 + 32), offset: u64(zip, end64 + 48) };
  }
  throw broken('it has no directory at its end; it was perhaps cut short');
}

function readHeader(zip: Buffer, at: number): Header {
  const [nameLength, extraLength] = [u16(zip, at + 28), u16(zip, at + 30)];
  const wide = zip64Sizes(slice(zip, at + 46 + nameLength, extraLength));
  /** In the extra field stand only those that do not fit, in this order (4.5.3). */
  const sized = (value: number) => (value === IN_ZIP64 ? (wide.shift() ?? value) : value);
  const size = sized(u32(zip, at + 24));
  const packedSize = sized(u32(zip, at + 20));
  const offset = sized(u32(zip, at + 42));
  const name = nameOf(slice(zip, at + 46, nameLength));
  return { name, flags: u16(zip, at + 8), method: u16(zip, at + 10), crc: u32(zip, at + 16), packedSize, size, offset };
}

function zip64Sizes(extra: Buffer): number[] {
  for (let at = 0; at + 4 <= extra.length; at += 4 + u16(extra, at + 2)) {
    if (u16(extra, at) !== 1) continue;
    const sizes = slice(extra, at + 4, u16(extra, at + 2));
    return Array.from({ length: Math.floor(sizes.length / 8) }, (_, i) => u64(sizes, 8 * i));
  }
  return [];
}

/** Windows PowerShell 5 and old .NET write backslashes. What is not UTF-8 is of some DOS code page, which nothing tells. */
function nameOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes).replaceAll('\\', '/');
  } catch {
    return Buffer.from(bytes).toString('latin1').replaceAll('\\', '/');
  }
}

// --- an entry (4.3.7) --------------------------------------------------------------------------------------------

const ENCRYPTED = 1;
const STORED = 0;
const DEFLATED = 8;

function unpack(zip: Buffer, { name, flags, method, crc, packedSize, size, offset }: Header): Uint8Array {
  const entry = `its entry ${quote(name)}`;
  if ((flags & ENCRYPTED) !== 0)
    throw unreadable(`${entry} is encrypted`, 'Unpack it with its password, and give the files in it.');
  if (method !== STORED && method !== DEFLATED)
    throw unreadable(
      `${entry} is packed in a way that is not read (method ${method})`,
      'Unpack it, and give the files.',
    );
  if (u32(zip, offset) !== SIGNATURE.local) throw broken(`${entry} is not where its directory says`);
  const start = offset + 30 + u16(zip, offset + 26) + u16(zip, offset + 28);
  const packed = slice(zip, start, packedSize);
  const bytes = method === STORED ? packed : inflate(packed, size);
  if (bytes?.length !== size || crc32(bytes) !== crc) throw broken(`${entry} is damaged`);
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** Undefined for what cannot be inflated, or would become longer than `size`. */
function inflate(packed: Uint8Array, size: number): Buffer | undefined {
  try {
    return inflateRawSync(packed, { maxOutputLength: Math.max(size, 1) });
  } catch {
    return undefined;
  }
}

// --- numbers and bounds ------------------------------------------------------------------------------------------

function slice(zip: Buffer, start: number, length: number): Buffer {
  if (start < 0 || start + length > zip.length) throw broken('it was cut short');
  return zip.subarray(start, start + length);
}

const u16 = (zip: Buffer, at: number) => slice(zip, at, 2).readUInt16LE();
const u32 = (zip: Buffer, at: number) => slice(zip, at, 4).readUInt32LE();
/** More than 2^53 loses digits, and is beyond the end of any zip all the same. */
const u64 = (zip: Buffer, at: number) => Number(slice(zip, at, 8).readBigUInt64LE());

const unreadable = (why: string, hint: string) =>
  new LocalCaError('LOCAL_CA_ZIP_INVALID', `it is a zip that cannot be read: ${why}`, hint);

const broken = (why: string) => unreadable(why, 'Download or copy it again, in binary mode.');

const tooLarge = (what: string, hint: string) =>
  new LocalCaError('LOCAL_CA_INPUT_TOO_LARGE', `it is a zip that ${what}`, `${hint} Unpack it, and give the files.`);
