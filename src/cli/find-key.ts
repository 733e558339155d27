/** Looks for a certificate's private key among the files that local-ca made for it. */
import { join } from 'node:path';
import { readManifest } from '../bundle/manifest.ts';
import { fillPath } from '../bundle/paths.ts';
import { isInside, readStanding, type Standing } from '../bundle/standing.ts';
import { PASSWORD_FILE } from '../bundle/texts.ts';
import { attempt } from '../core/attempt.ts';
import { equalBytes } from '../core/der.ts';
import type { PrivateKey } from '../core/keys.ts';
import { parseCertificate } from '../core/parse.ts';
import { posix } from '../disk.ts';
import { LocalCaError } from '../errors.ts';
import { privateKeyPem } from '../formats/pem.ts';
import type { PlacementRecord } from '../store/store.ts';
import { type Found, readContents } from './read-file.ts';

/** What local-ca made up for the key stores in this folder; undefined where it did not. */
export function madeUpPassword(folder: string, label: string): string | undefined {
  const path = fillPath(PASSWORD_FILE, label);
  // Whoever may write there could have a link lead to any file.
  const found = isInside(folder, path) ? madeFile(join(folder, path)) : undefined;
  if (found === undefined || (posix && (found.mode & 0o077) !== 0)) return undefined;
  return new TextDecoder().decode(found.bytes).trimEnd() || undefined;
}

/** What may be a file that local-ca made; not a link or a pipe that others put there, which may lead anywhere, or to no end. */
export const madeFile = (path: string): Standing | undefined => attempt(() => readStanding(path));

/** Undefined where no file of the folder holds it, or none that one of the passwords opens. */
export async function findKey(
  folder: string,
  publicKey: Uint8Array,
  ...passwords: readonly (string | undefined)[]
): Promise<PrivateKey | undefined> {
  const paths = [...readManifest(folder).files.keys()].filter((path) => isInside(folder, path));
  for (const password of new Set(passwords)) {
    for (const path of paths) {
      const key = (await keysIn(join(folder, path), password)).find((one) => equalBytes(one.publicKey, publicKey));
      if (key !== undefined) return key;
    }
  }
  return undefined;
}

/** The same as PEM, for the certificate whose files a placement says where to find. */
export async function placedKey(
  { folder, label }: Pick<PlacementRecord, 'folder' | 'label'>,
  certificate: Uint8Array,
): Promise<Uint8Array | undefined> {
  const key = await findKey(folder, parseCertificate(certificate).publicKey, madeUpPassword(folder, label));
  return key && privateKeyPem(key);
}

async function keysIn(path: string, password: string | undefined): Promise<PrivateKey[]> {
  return (await foundIn(path, password)).flatMap((one) => (one.kind === 'private-key' ? [one.key] : []));
}

/** READMEs are passed over; so is what has gone, and what the password does not open. */
export async function foundIn(path: string, password: string | undefined): Promise<readonly Found[]> {
  const file = madeFile(path);
  if (file === undefined) return [];
  try {
    return (await readContents(file.bytes, path, password)).found;
  } catch (error) {
    if (error instanceof LocalCaError) return [];
    throw error;
  }
}
