/** From settled requests to recorded certificates: all are signed, then their files prepared, then all recorded. */
import type { Material } from '../bundle/material.ts';
import type { PrivateKey } from '../core/keys.ts';
import type { LeafRequest } from '../core/options.ts';
import type { Certificate } from '../core/parse.ts';
import type { Warning } from '../core/validity.ts';
import type { CertificateRecord, Change } from '../store/store.ts';
import { encodeAuthorityKey } from './establish.ts';
import { type KeyChoice, replacementWarnings, signLeaf } from './issue.ts';
import type { Workplace } from './workplace.ts';

/** An issued certificate with everything that its files are made from. */
export interface Issued {
  readonly record: CertificateRecord;
  readonly material: Material;
  readonly warnings: readonly Warning[];
}

/**
 * Runs when certificates are signed but not yet recorded: prepare their files here, and throw to call it all off. What it
 * gives is recorded together with them.
 */
export type BeforeRecording = (issued: readonly Issued[]) => Promise<readonly Change[] | undefined>;

/** For whatever makes certificates. */
export interface IssueHooks {
  readonly beforeRecording?: BeforeRecording;
  readonly onProgress?: (done: number) => void;
}

/** A certificate that is settled and not made yet. */
export interface Job {
  readonly request: LeafRequest;
  readonly key: KeyChoice;
  /** Where its key is kept already; null for one to keep from now on, undefined for one that is not kept. */
  readonly keyId?: string | null | undefined;
}

/** `action` is the verb of the audit log. */
export async function runJobs(
  work: Workplace,
  jobs: readonly Job[],
  action: string,
  hooks: IssueHooks,
): Promise<Issued[]> {
  const issued: Issued[] = [];
  const [issuer] = work.issuingChain();
  for (const [i, job] of jobs.entries()) {
    issued.push(await signOne(work, job, action, issuer));
    hooks.onProgress?.(i + 1);
  }
  const also = (await hooks.beforeRecording?.(issued)) ?? [];
  const record = () =>
    work.home.store.addCertificates(
      issued.map((one) => one.record),
      action,
      also,
    );
  const kept = issued.filter((_, i) => jobs[i]?.keyId === null);
  // Only a key that is saved needs others kept out.
  if (kept.length === 0) await record();
  else await work.home.exclusively(() => keepAndRecord(work, kept, record));
  return issued;
}

async function signOne(work: Workplace, job: Job, action: string, issuer: Certificate): Promise<Issued> {
  const signed = await signLeaf(job.request, job.key, issuer, await work.signer(), work.ambient);
  const record = { ...signed.record, keyId: job.keyId === null ? signed.record.serial : (job.keyId ?? null) };
  // Of a request that is said in its review, and of a renewal it goes without saying.
  const earlier = action === 'issue' ? await work.home.store.byLabel(record.label) : undefined;
  const material = await work.material(record, signed.key);
  return { record, material, warnings: [...job.request.warnings, ...replacementWarnings(earlier, record)] };
}

/** Keys come first, so that the record never promises one that is not there. */
async function keepAndRecord(
  { home, ambient }: Workplace,
  kept: readonly Issued[],
  record: () => Promise<void>,
): Promise<void> {
  try {
    for (const one of kept) {
      const pem = encodeAuthorityKey(one.material.leaf?.key as PrivateKey, undefined, ambient);
      await home.leafKeys.save(one.record.keyId as string, pem);
    }
    await record();
  } catch (error) {
    for (const one of kept) await home.leafKeys.remove(one.record.keyId as string);
    throw error;
  }
}
