/** A key that the home has lost may still stand among the files that were made with it: beside them, or on a server. */
import type { PrivateKey } from '../../core/keys.ts';
import { privateKeyPem } from '../../formats/pem.ts';
import { findKey, madeUpPassword } from '../find-key.ts';
import type { Finding, Patient } from './finding.ts';

export interface LostKey {
  /** Its name in the home. */
  readonly id: string;
  readonly label: string;
  readonly publicKey: Uint8Array;
  /** Where it may be beside the places on record. */
  readonly folder?: string | null;
}

/** How it comes back; undefined where it stands nowhere. */
export async function comeback(patient: Patient, lost: LostKey): Promise<Pick<Finding, 'hint' | 'repair'> | undefined> {
  const { home, locked } = patient;
  for (const folder of await foldersOf(patient, lost)) {
    const key = await findKey(folder, lost.publicKey, madeUpPassword(folder, lost.label));
    if (key === undefined) continue;
    return {
      hint: `It still stands in ${folder}: local-ca doctor --repair puts it back.`,
      repair: () => locked(() => putBack(home.leafKeys, lost.id, key, folder)),
    };
  }
  return undefined;
}

async function foldersOf({ home: { store } }: Patient, { label, folder }: LostKey): Promise<Set<string>> {
  const owners = [...(await store.placements()), ...(await store.targets())].filter((one) => one.label === label);
  return new Set([...(folder ? [folder] : []), ...owners.map((owner) => owner.folder)]);
}

async function putBack(keys: Patient['home']['leafKeys'], id: string, key: PrivateKey, folder: string) {
  await keys.save(id, privateKeyPem(key));
  return `it was put back from ${folder}`;
}
