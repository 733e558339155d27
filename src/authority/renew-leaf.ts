/** A certificate that takes the place of another, made from what is on record of that. */
import { checkOptions } from '../core/option-kinds.ts';
import { parseCertificate } from '../core/parse.ts';
import { preparing } from './issuing.ts';
import { type Issued, type IssueHooks, runJobs } from './jobs.ts';
import {
  assertKeyTrusted,
  assertRenewable,
  RENEW_OPTIONS,
  type RenewOptions,
  renewalKey,
  renewalOptions,
} from './renew.ts';
import type { Workplace } from './workplace.ts';

export async function renewLeaf(
  work: Workplace,
  labelOrSerial: string,
  options: RenewOptions,
  hooks: IssueHooks,
): Promise<Issued> {
  checkOptions(options, RENEW_OPTIONS);
  const { store, leafKeys } = work.home;
  const record = await work.get(labelOrSerial);
  assertRenewable(record, await work.get(record.label));
  if (options.newKey !== true) await assertKeyTrusted(record, store);
  const issuer = work.authorities.find(({ id }) => id === record.issuerId);
  const asked = renewalOptions(record, issuer && parseCertificate(issuer.certificate), options);
  const request = preparing(work)(asked);
  const key = await renewalKey(record, options, leafKeys);
  const isKept = record.keyId !== null || options.keepKey === true;
  const keyId = isKept ? (options.newKey === true ? null : record.keyId) : undefined;
  const [issued] = await runJobs(work, [{ request, key, keyId }], 'renew', hooks);
  return issued as Issued;
}
