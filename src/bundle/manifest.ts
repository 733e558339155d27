/**
 * What local-ca wrote into a folder, kept in the folder itself: only what it made, and nobody has edited since, does it
 * replace without being told to.
 */
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { join, resolve } from 'node:path';
import * as v from 'valibot';
import { attempt } from '../core/attempt.ts';
import { equalBytes } from '../core/der.ts';
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

/**
 * Throws LOCAL_CA_OUTPUT_EXISTS for the first file that may not be replaced. One that holds these very bytes already may
 * be, whoever put it there; so may one that is not on record, and that `claims` takes for ours.
 */
export function refuseForeign(
  folder: string,
  files: readonly Pick<OutputFile, 'path' | 'bytes'>[],
  force: boolean,
  claims: (standing: Uint8Array) => boolean = () => false,
): void {
  const manifest = readManifest(folder);
  for (const { path, bytes } of files) {
    const recorded = manifest.files.get(path)?.sha256;
    refuseParents(folder, path);
    refuseTarget(join(folder, path), recorded, force, (standing) => {
      return equalBytes(standing, bytes) || (recorded === undefined && claims(standing));
    });
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

function refuseTarget(
  target: string,
  recorded: string | undefined,
  force: boolean,
  isOurs: (standing: Uint8Array) => boolean,
): void {
  const stat = lookAt(target);
  if (stat?.isDirectory()) throw blocked(target, 'is a folder');
  if (stat === undefined || force) return;
  if (!stat.isFile()) throw occupied(target, FOREIGN);
  const bytes = recorded === undefined ? readForeign(target) : readRegular(target)?.bytes;
  if (bytes !== undefined && (sha256(bytes) === recorded || isOurs(bytes))) return;
  throw occupied(target, recorded === undefined ? FOREIGN : 'was changed after local-ca made it');
}

const FOREIGN = 'exists, and local-ca did not put it there';

/** Undefined where we may not read it: then it is not known to be ours. */
const readForeign = (target: string) => attempt(() => readRegular(target))?.bytes;

const BLOCKED = 'Choose another --out, or move it away.';
const REPLACEABLE = 'Choose another --out, move it away, or use --force to replace it.';

/** LOCAL_CA_OUTPUT_EXISTS; `--force` helps where a file stands in the way. */
export const occupied = (path: string, why: string, hint = REPLACEABLE) =>
  new LocalCaError('LOCAL_CA_OUTPUT_EXISTS', `${path} ${why}`, hint);

/** Whether `--force` helps. */
export const isReplaceable = (error: unknown): boolean => error instanceof LocalCaError && error.hint === REPLACEABLE;

export const blocked = (path: string, why: string) => occupied(path, why, BLOCKED);
