/** Keys that are known to be in other hands: the certificate of one was revoked for that, under whichever label. */
import { keyMark } from '../core/key-mark.ts';
import { LocalCaError } from '../errors.ts';
import type { CertificateRecord, Store } from '../store/store.ts';

/** Picks the certificates of a key. Searching for it is much faster than reading them all. */
export function sharesKey(publicKey: Uint8Array): (record: Pick<CertificateRecord, 'certificate'>) => boolean {
  const mark = keyMark(publicKey);
  return ({ certificate: { buffer, byteOffset, byteLength } }) =>
    Buffer.from(buffer, byteOffset, byteLength).indexOf(mark) !== -1;
}

/** Throws LOCAL_CA_KEY_REFUSED for a key that was stolen. `whose` begins the message, `hint` says how to come by another. */
export async function refuseStolen(store: Store, publicKey: Uint8Array, whose: string, hint: string): Promise<void> {
  const revoked = await store.certificates({ state: 'revoked' });
  const burned = revoked.filter(({ revocation }) => revocation?.reason === 'keyCompromise');
  const twin = burned.find(sharesKey(publicKey));
  if (twin === undefined) return;
  const why = `the certificate ${twin.serial} of ${twin.label} was revoked for that`;
  throw new LocalCaError('LOCAL_CA_KEY_REFUSED', `${whose} is no secret any more: ${why}`, hint);
}
