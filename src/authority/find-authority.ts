import { LocalCaError } from '../errors.ts';
import type { AuthorityRecord, Store } from '../store/store.ts';

/**
 * The authority with this serial, or this unique start of one; undefined for what is a label or a certificate's serial.
 * Throws LOCAL_CA_AMBIGUOUS when other serials start so, too.
 */
export async function findAuthority(store: Store, wanted: string): Promise<AuthorityRecord | undefined> {
  const prefix = wanted.toLowerCase().replaceAll(':', '');
  const all = await store.authorities();
  const exact = all.find(({ id }) => id === prefix);
  if (exact !== undefined || !/^[0-9a-f]{4,40}$/.test(prefix)) return exact;
  const found = all.filter(({ id }) => id.startsWith(prefix));
  if (found.length === 0 || (await store.byLabel(wanted)) !== undefined) return undefined;
  const certificates = await store.bySerialPrefix(prefix);
  if (certificates.some(({ serial }) => serial === prefix)) return undefined;
  const count = found.length + certificates.length;
  if (count === 1) return found[0];
  throw new LocalCaError('LOCAL_CA_AMBIGUOUS', `${count} serials start with ${prefix}`, 'Give more digits.');
}
