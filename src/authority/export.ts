/** What files are made from, later than the certificate: for its server, and for clients. */
import type { Material } from '../bundle/material.ts';
import { importKey, type PrivateKey } from '../core/keys.ts';
import { quote } from '../core/text.ts';
import { materialOf } from './material.ts';
import { assertOwnKey } from './own-key.ts';
import type { Workplace } from './workplace.ts';

/** With its key if that was kept, or is given. */
export async function exportLeaf(work: Workplace, labelOrSerial: string, key?: PrivateKey): Promise<Material> {
  const record = await work.get(labelOrSerial);
  const { leafKeys } = work.home;
  const own = key ?? (record.keyId === null ? undefined : importKey(await leafKeys.load(record.keyId)));
  const hint = 'Give the key file that was made with it.';
  if (own !== undefined) assertOwnKey(own, record.certificate, `the certificate ${quote(record.label)}`, hint);
  return work.material(record, own);
}

/** The CA alone. */
export async function exportAuthority(work: Workplace): Promise<Material> {
  return materialOf(work.certificates(work.chain), undefined, undefined, await work.lists());
}
