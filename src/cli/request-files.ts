/** The files around a request: the key that may stand where its own goes, and those of the certificate that it renews. */
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { attempt } from '../core/attempt.ts';
import { equalBytes } from '../core/der.ts';
import { importKey, type PrivateKey } from '../core/keys.ts';
import { readAtMost } from '../disk.ts';
import { LocalCaError } from '../errors.ts';
import type { Context, Flags } from './command.ts';
import { placedKey } from './find-key.ts';
import { keyGiven } from './key-flags.ts';
import { withRecords } from './session.ts';

/** A server may live on it, or another CA's answer be on its way to it. */
export function refuseOtherKey(folder: string, name: string, key: PublicHalf): void {
  const path = join(folder, name);
  if (!existsSync(path) || isSameKey(path, key)) return;
  throw otherKey(path, 'Choose another folder with --out; --force replaces the key.');
}

/** Whoever started a server on the files of both would have a certificate and a key that do not belong together. */
export function refuseMismatch(paths: readonly string[], key: PublicHalf): void {
  const other = paths.find((path) => keyIn(path) !== undefined && !isSameKey(path, key));
  if (other === undefined) return;
  throw otherKey(other, 'Choose another folder with --out; --force puts the certificate beside that key.');
}

type PublicHalf = Pick<PrivateKey, 'publicKey'>;

const otherKey = (path: string, hint: string) =>
  new LocalCaError('LOCAL_CA_OUTPUT_EXISTS', `${path} is another private key, which a certificate may belong to`, hint);

const MOST_BYTES = 1024 * 1024;

/** Whoever else may read it: it is compared, and not used. */
const keyIn = (path: string): PrivateKey | undefined => attempt(() => importKey(readAtMost(path, MOST_BYTES)));

const isSameKey = (path: string, { publicKey }: PublicHalf): boolean => {
  const found = keyIn(path);
  return found !== undefined && equalBytes(found.publicKey, publicKey);
};

/** What is left in the folder of the request itself is no leftover of another key. */
export const isOfRequest = (path: string, label: string, key: PrivateKey | undefined): boolean =>
  [`${label}.csr.pem`, `${label}.csr.der`].includes(basename(path)) || (key !== undefined && isSameKey(path, key));

interface Renewed {
  readonly label: string;
  /** Where its files are, as far as that is known. */
  readonly folder: string | undefined;
  /** Undefined for a new one, and for one that the home keeps. */
  readonly key: Uint8Array | undefined;
}

/** The certificate that `--renew` names, and its key: given, or among its files. */
export function renewedRequest(context: Context, flags: Flags): Promise<Renewed> {
  return withRecords(context, flags, async ({ ca, home }) => {
    const { label, certificate, keyId } = await ca.get(flags.renew as string);
    const placement = (await home.store.placements()).find((one) => one.label === label);
    const folder = placement?.folder;
    const given = keyGiven(flags);
    if (given !== undefined || keyId !== null || flags.newKey === true || folder === undefined) {
      return { label, folder, key: given };
    }
    return { label, folder, key: await placedKey({ folder, label }, certificate) };
  });
}
