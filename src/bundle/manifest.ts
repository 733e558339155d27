/**
 * What local-ca wrote into a folder, kept in the folder itself: only what it made, and nobody has edited since, does it
 * replace without being told to.
 */
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { join, resolve } from 'node:path';
import * as v from 'valibot';
import { toHex } from '../core/text.ts';
import { type Owner, writeError } from '../disk.ts';
import { LocalCaError } from '../errors.ts';
import type { OutputFile } from './file.ts';
import { foldersAbove, MANIFEST } from './paths.ts';
import { readRegular } from './regular.ts';

export const EntrySchema = v.object({
  sha256: v.string(),
  /** Of the certificates that it is for; empty where nobody said. */
  labels: v.optional(v.array(v.string()), []),
  /** Of a secret: nobody else should be able to read it. */
  mode: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(0o777))),
});

/** What is on record of one file. */
export type Entry = v.InferOutput<typeof EntrySchema>;

const ManifestSchema = v.object({
  version: v.literal(1),
  ownFolder: v.optional(v.boolean(), false),
  files: v.array(v.object({ path: v.string(), ...EntrySchema.entries })),
});

export interface Manifest {
  /** By path. */
  readonly files: ReadonlyMap<string, Entry>;
  /** Whether local-ca made the folder too. */
  readonly ownFolder: boolean;
}

export const sha256 = (bytes: Uint8Array): string => toHex(createHash('sha256').update(bytes).digest());

/** One that is missing or damaged claims no file. */
export function readManifest(folder: string): Manifest {
  try {
    const text = new TextDecoder().decode(readRegular(join(folder, MANIFEST))?.bytes);
    const { files, ownFolder } = v.parse(ManifestSchema, JSON.parse(text));
    return { files: new Map(files.map(({ path, ...entry }) => [path, entry])), ownFolder };
  } catch {
    return { files: new Map(), ownFolder: false };
  }
}

/** With these, which are for a label; what is shared, such as the CA's certificate, stays on record for the others too. */
export function addFiles(
  { files: known, ownFolder }: Manifest,
  files: readonly OutputFile[],
  label?: string,
): Manifest {
  const entryOf = ({ path, bytes, secret, mode }: OutputFile): Entry => {
    const labels = new Set([...(known.get(path)?.labels ?? []), ...(label === undefined ? [] : [label])]);
    return { sha256: sha256(bytes), labels: [...labels].sort(), ...(secret ? { mode } : {}) };
  };
  return { files: new Map([...known, ...files.map((file) => [file.path, entryOf(file)] as const)]), ownFolder };
}

/** As it stands in the folder. */
export function manifestFile({ files, ownFolder }: Manifest, owner?: Owner): OutputFile {
  const sorted = [...files].sort(([a], [b]) => (a < b ? -1 : 1)).map(([path, entry]) => ({ path, ...entry }));
  const about = 'Files that local-ca made here; it replaces no others.';
  const record = { about, version: 1, ...(ownFolder ? { ownFolder } : {}), files: sorted };
  const bytes = new TextEncoder().encode(`${JSON.stringify(record, null, 2)}\n`);
  return { path: MANIFEST, mode: 0o644, secret: false, bytes, ...(owner === undefined ? {} : { owner }) };
}

/** What local-ca made there earlier, is there still, and is none of these files. It stays: it may be a key's only copy. */
export function leftoversIn(folder: string, files: readonly OutputFile[]): string[] {
  const made = new Set(files.map((file) => file.path));
  const others = [...readManifest(folder).files.keys()].filter((path) => !made.has(path));
  return others.map((path) => join(folder, path)).filter((path) => fs.existsSync(path));
}

/** Throws LOCAL_CA_OUTPUT_EXISTS for the first file that may not be replaced. */
export function refuseForeign(folder: string, files: readonly Pick<OutputFile, 'path'>[], force: boolean): void {
  const manifest = readManifest(folder);
  for (const { path } of files) {
    refuseParents(folder, path);
    refuseTarget(join(folder, path), manifest.files.get(path)?.sha256, force);
  }
}

/** Through a symbolic link, a file would land outside the folder. */
export function refuseParents(folder: string, path: string): void {
  for (const parent of foldersAbove(path)) isFolder(join(folder, parent));
}

/**
 * Whether it is there. Throws LOCAL_CA_OUTPUT_EXISTS for anything but a folder, and for a link to one; and
 * LOCAL_CA_OUTPUT_FAILED where nobody may look.
 */
export function isFolder(path: string): boolean {
  const stat = lookAt(path);
  if (stat === undefined || stat.isDirectory()) return stat !== undefined;
  throw blocked(path, stat.isSymbolicLink() ? 'is a symbolic link' : 'is not a folder');
}

function lookAt(path: string): fs.Stats | undefined {
  try {
    return fs.lstatSync(resolve(path), { throwIfNoEntry: false });
  } catch (error) {
    throw writeError(path, error);
  }
}

function refuseTarget(target: string, recorded: string | undefined, force: boolean): void {
  const stat = lookAt(target);
  if (stat?.isDirectory()) throw blocked(target, 'is a folder');
  if (stat === undefined || force) return;
  if (!stat.isFile() || recorded === undefined) throw occupied(target, 'exists, and local-ca did not make it');
  const bytes = readRegular(target)?.bytes;
  if (bytes === undefined || sha256(bytes) !== recorded) throw occupied(target, 'was changed after local-ca made it');
}

const BLOCKED = 'Choose another --out, or move it away.';
const REPLACEABLE = 'Choose another --out, move it away, or use --force to replace it.';

/** LOCAL_CA_OUTPUT_EXISTS; `--force` helps where a file stands in the way. */
export const occupied = (path: string, why: string, hint = REPLACEABLE) =>
  new LocalCaError('LOCAL_CA_OUTPUT_EXISTS', `${path} ${why}`, hint);

export const blocked = (path: string, why: string) => occupied(path, why, BLOCKED);
