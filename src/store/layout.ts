/**
 * The home folder: everything that a CA on this machine is.
 *
 *     HOME/                        0700
 *       inventory.db               0600   certificates, authorities and the audit log (SQLite)
 *       inventory.lock             0600   empty: who holds SQLite's lock on it is at work (`lock.ts`)
 *       inventory.busy             0600   empty: is there while somebody is, and after somebody was killed (`recovery.ts`)
 *       ca/<id>.key.pem            0600   an authority's private key; <id> is its certificate's serial
 *       ca/root.crt.pem            0644   copies for people; the inventory has the authoritative ones
 *       ca/intermediate.crt.pem    0644
 *       ca/crl.pem                 0644   the newest revocation lists of all of them, once there are any
 *       keys/<serial>.key.pem      0600   a leaf's private key, where it was kept
 *       deploy/<id>/               0700   of a deployment: its lock, and what its folder held before the work under way
 */
import * as fs from 'node:fs';
import { join } from 'node:path';
import { removeAbandoned } from '../abandoned.ts';
import { lineOf } from '../core/lineage.ts';
import { errno, readError, writeWhole } from '../disk.ts';
import { LocalCaError } from '../errors.ts';
import { encodeCrls, encodePem } from '../formats/pem.ts';
import { folderVault, keyFile } from './folder-vault.ts';
import type { Exclusively } from './lock.ts';
import { removeOrphans, withRecovery } from './recovery.ts';
import type { AuthorityRecord, Store } from './store.ts';
import { type KeyVault, keyNotKept } from './vault.ts';

/** An open home folder. */
export interface Home {
  /** The folder, absolute. While `createHome` fills it, the place where it will stand. */
  readonly path: string;
  readonly store: Store;
  /** The CA's own keys, by authority id. */
  readonly caKeys: KeyVault;
  /** Leaf keys that are kept: asked for, needed by a deployment, or waiting for another CA's answer. */
  readonly leafKeys: KeyVault;
  /** Keeps other processes out. A key is saved, and what names it recorded, in one piece of such work. */
  readonly exclusively: Exclusively;
  /** Undoes what somebody had begun there who was killed, unless somebody is at work now. `exclusively` does so too. */
  recover(): Promise<void>;
  /** Where people find the current root's or intermediate's certificate. */
  certificatePath(role: AuthorityRecord['role']): string;
  /** Writes those copies anew: for when the authorities have changed. `createHome` does it by itself. */
  publishCertificates(): Promise<void>;
  /** Where people find the newest revocation lists. */
  readonly listsPath: string;
  /** Writes them there, the issuing CA's first. */
  publishRevocationLists(lists: readonly Uint8Array[]): void;
  close(): Promise<void>;
}

export const CA_FOLDER = 'ca';
export const KEYS_FOLDER = 'keys';
export const DEPLOY_FOLDER = 'deploy';
export const INVENTORY = 'inventory.db';
export const LOCK = 'inventory.lock';
export const BUSY = 'inventory.busy';
const LISTS = 'crl.pem';

/** A home whose files are at `place`, and which gives its path as `path`. */
export function homeAt(place: string, path: string, store: Store): Home {
  const certificate = (base: string, role: string) => join(base, CA_FOLDER, `${role}.crt.pem`);
  const caKeys = folderVault(join(place, CA_FOLDER), (_id, file) =>
    damaged(path, `the CA's private key ${file} is missing`),
  );
  const leafKeys = folderVault(join(place, KEYS_FOLDER), keyNotKept);
  const undo = async (since: Date) => {
    for (const folder of [CA_FOLDER, KEYS_FOLDER]) removeAbandoned(join(place, folder));
    const isNew = (id: string) => fs.statSync(keyFile(join(place, CA_FOLDER), id)).mtime >= since;
    await removeOrphans({ store, caKeys, leafKeys }, isNew);
  };
  const { exclusively, recover } = withRecovery(join(place, LOCK), join(place, BUSY), undo);
  return {
    path,
    store,
    caKeys,
    leafKeys,
    exclusively,
    recover,
    certificatePath: (role) => certificate(path, role),
    publishCertificates: () =>
      exclusively(async () => {
        // From the root downwards: of several intermediates, the one that signs is written last and stays.
        for (const { role, certificate: der } of publishedOf(await store.authorities())) {
          writeWhole(certificate(place, role), pemOf(der), 0o644, { replace: true });
        }
      }),
    listsPath: join(path, CA_FOLDER, LISTS),
    publishRevocationLists(lists) {
      const pem = new TextEncoder().encode(encodeCrls(lists));
      writeWhole(join(place, CA_FOLDER, LISTS), pem, 0o644, { replace: true });
    },
    close: () => store.close(),
  };
}

/** Those whose copies people find, the signing one last. */
export const publishedOf = (authorities: readonly AuthorityRecord[]): AuthorityRecord[] =>
  lineOf(authorities, authorities.find(({ active }) => active)?.id ?? null).reverse();

const pemOf = (der: Uint8Array) => new TextEncoder().encode(encodePem('CERTIFICATE', der));

/** What stands at a path: a home, a home without its inventory, an empty folder, or something that is not ours. */
export function look(path: string): 'nothing' | 'empty' | 'home' | 'damaged' | 'other' {
  const names = namesIn(path);
  if (names === undefined) return 'nothing';
  if (names === 'file') return 'other';
  if (names.length === 0) return 'empty';
  if (names.includes(INVENTORY)) return 'home';
  return names.includes(CA_FOLDER) && names.includes(KEYS_FOLDER) ? 'damaged' : 'other';
}

function namesIn(path: string): readonly string[] | 'file' | undefined {
  try {
    return fs.statSync(path).isDirectory() ? fs.readdirSync(path) : 'file';
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(errno(error))) return undefined;
    throw readError(path, error);
  }
}

export const damaged = (path: string, what: string) =>
  new LocalCaError(
    'LOCAL_CA_HOME_INVALID',
    `the home ${path} is damaged: ${what}`,
    'Restore the home folder from a backup.',
  );
