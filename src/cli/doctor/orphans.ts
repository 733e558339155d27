/** Private keys in the home that no record names: left by work that was cut short, or put there by somebody. */
import { join } from 'node:path';
import { attempt } from '../../core/attempt.ts';
import { parseCsr } from '../../core/csr.ts';
import { importKey } from '../../core/keys.ts';
import { parseCertificate } from '../../core/parse.ts';
import { quote, toHex } from '../../core/text.ts';
import { readAtMost } from '../../disk.ts';
import { keyFile } from '../../store/folder-vault.ts';
import type { Home } from '../../store/home.ts';
import { CA_FOLDER, KEYS_FOLDER } from '../../store/layout.ts';
import { orphansOf } from '../../store/recovery.ts';
import { type Finding, type Patient, REPAIRABLE, warning } from './finding.ts';

const MOST_BYTES = 1 << 20;

/** Somebody may be about to record a key that he has just saved, so that this keeps others out. */
export const checkOrphans = ({ home, locked }: Patient): Promise<Finding[]> =>
  locked(async () => {
    const { ca, leaf } = await orphansOf(home);
    if (ca.length + leaf.length === 0) return [];
    const owners = await ownersOf(home);
    return [...leaf.map((id) => orphan(home, 'leaf', id, owners)), ...ca.map((id) => orphan(home, 'ca', id, owners))];
  });

type Kind = 'ca' | 'leaf';

const folderOf: Readonly<Record<Kind, string>> = { ca: CA_FOLDER, leaf: KEYS_FOLDER };

function orphan(home: Home, kind: Kind, id: string, owners: ReadonlyMap<string, string>): Finding {
  const path = keyFile(join(home.path, folderOf[kind]), id);
  const key = attempt(() => importKey(readAtMost(path, MOST_BYTES)));
  if (key === undefined) {
    return warning(
      `nothing on record names the key ${path}, and it cannot be opened`,
      'Find out what it is for, and move it away.',
    );
  }
  const owner = owners.get(toHex(key.publicKey));
  if (owner !== undefined) {
    // It may be the only copy of a key that is in use.
    return warning(
      `nothing on record names the key ${path}, and it belongs to ${owner}`,
      'Move it to where it is wanted.',
    );
  }
  return warning(`the key ${path} belongs to nothing on record`, REPAIRABLE, () => remove(home, kind, id));
}

/** By public key, in hex. */
async function ownersOf({ store }: Home): Promise<Map<string, string>> {
  const of = (read: () => Uint8Array, who: string) => {
    const publicKey = attempt(read);
    return publicKey === undefined ? [] : [[toHex(publicKey), who] as const];
  };
  const [authorities, certificates, requests] = [
    await store.authorities(),
    await store.certificates(),
    await store.requests(),
  ];
  return new Map([
    ...authorities.flatMap((one) => of(() => parseCertificate(one.certificate).publicKey, `the CA ${quote(one.name)}`)),
    ...certificates.flatMap((one) => of(() => parseCertificate(one.certificate).publicKey, quote(one.label))),
    ...requests.flatMap((one) => of(() => parseCsr(one.request).publicKey, `the request for ${quote(one.label)}`)),
  ]);
}

function remove(home: Home, kind: Kind, id: string): Promise<string> {
  const vault = kind === 'ca' ? home.caKeys : home.leafKeys;
  return home.exclusively(async () => {
    if (!(await orphansOf(home))[kind].includes(id)) return 'it is on record by now';
    await vault.remove(id);
    return 'it was removed';
  });
}
