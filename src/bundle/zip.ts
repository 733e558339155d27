/**
 * A reproducible zip: the same files give the same bytes on any machine and at any time. Entries are sorted, stored (the
 * output of deflate differs between versions of zlib, and certificates hardly shrink), and dated at the start of the
 * format's calendar.
 */
import type { ZipArchive } from 'archiver';
import type { OutputFile } from './file.ts';
import { SEAL_PLACE, sealZip } from './seal.ts';

/** MS-DOS time starts here, and has no zone. */
const EPOCH = new Date('1980-01-01T00:00:00Z');

/** S_IFREG: some unpackers take an entry without a file type for something special. */
const REGULAR_FILE = 0o100000;

/** The zip of these files, as bytes. */
export async function zipBundle(files: readonly OutputFile[]): Promise<Uint8Array> {
  // Loaded here, because it costs 100 ms, and most runs make no zip.
  const { ZipArchive } = await import('archiver');
  const archive = new ZipArchive({ store: true, comment: SEAL_PLACE });
  const collected = collect(archive);
  for (const { path, mode, bytes } of [...files].sort((a, b) => (a.path < b.path ? -1 : 1))) {
    archive.append(Buffer.from(bytes), { name: path, mode: mode | REGULAR_FILE, date: EPOCH });
  }
  // A failure also reaches the stream, and is reported from there.
  const [bytes] = await Promise.all([collected, archive.finalize()]);
  return sealZip(bytes);
}

async function collect(archive: ZipArchive): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of archive) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks);
}
