/** A CA's own certificates and keys into its home: made, taken over or renewed. */
import { checkOptions } from '../core/option-kinds.ts';
import type { AuditEvent, AuthorityRecord } from '../store/store.ts';
import { type EstablishedAuthority, encodeAuthorityKey } from './establish.ts';
import { RENEW_AUTHORITIES_OPTIONS, type RenewAuthoritiesOptions, renewAuthorities } from './renew-authority.ts';
import type { Workplace } from './workplace.ts';

/** Keys first: a record never names one that is not there. `action` is the verb of the audit log. */
export async function keepAuthorities(
  work: Workplace,
  established: readonly EstablishedAuthority[],
  action: string,
  passphrase: string | undefined,
): Promise<AuthorityRecord[]> {
  const { store, caKeys, exclusively } = work.home;
  const records = established.map(({ record }) => record);
  const main = records.findLast(({ active }) => active) ?? records.at(-1);
  const event: AuditEvent = { at: work.ambient.now(), action, serial: main?.id ?? null, detail: main?.name ?? '' };
  await exclusively(async () => {
    for (const { record, key } of established) {
      if (key !== undefined) await caKeys.save(record.keyId, encodeAuthorityKey(key, passphrase, work.ambient));
    }
    await store.addAuthorities(records, event);
  });
  await work.reload();
  return records;
}

/** New keys are encrypted with what opened the old ones. */
export async function renewAndKeep(work: Workplace, options: RenewAuthoritiesOptions): Promise<AuthorityRecord[]> {
  checkOptions(options, RENEW_AUTHORITIES_OPTIONS);
  let passphrase: string | undefined;
  const loadKey = async (authority: AuthorityRecord) => {
    const opened = await work.keyOf(authority);
    passphrase = opened.passphrase ?? passphrase;
    return opened.key;
  };
  const { ambient, authorities, chain } = work;
  const keys = await work.home.caKeys.list();
  const made = await renewAuthorities({ authorities, chain, options, keys, loadKey, ambient });
  return keepAuthorities(work, made, options.newKey === true ? 'rotate' : 'renew', passphrase);
}
