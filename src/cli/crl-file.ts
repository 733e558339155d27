/** The file that `crl --out` writes: it takes the place of older lists of the same CA, and of nothing else. */
import { lstatSync } from 'node:fs';
import { parseCrl } from '../core/crl.ts';
import { parseCertificate } from '../core/parse.ts';
import { sameSubject } from '../core/subject.ts';
import { LocalCaError } from '../errors.ts';
import type { AuthorityRecord } from '../store/store.ts';
import { readContents, readInput } from './read-file.ts';

/** Throws LOCAL_CA_OUTPUT_EXISTS where something stands that is not a list of these authorities alone. */
export async function refuseForeignLists(path: string, authorities: readonly AuthorityRecord[]): Promise<void> {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined || (stat.isFile() && (await isOwn(path, authorities)))) return;
  throw new LocalCaError(
    'LOCAL_CA_OUTPUT_EXISTS',
    `${path} exists, and holds something else than revocation lists of this CA`,
    'Choose another --out, move it away, or use --force.',
  );
}

async function isOwn(path: string, authorities: readonly AuthorityRecord[]): Promise<boolean> {
  const subjects = authorities.map(({ certificate }) => parseCertificate(certificate).subject);
  try {
    const { found } = await readContents(await readInput(path), path, undefined);
    return found.every(
      (one) => one.kind === 'crl' && subjects.some((own) => sameSubject(own, parseCrl(one.der).issuer)),
    );
  } catch (error) {
    // What cannot be read is not ours.
    if (error instanceof LocalCaError) return false;
    throw error;
  }
}
