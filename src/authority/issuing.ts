/** What the CA is asked to make -> certificates: checked and completed with what the CA knows, then made. */
import { checkOptions, type OptionKinds } from '../core/option-kinds.ts';
import { LEAF_OPTIONS, type LeafOptions, type LeafRequest } from '../core/options.ts';
import type { AuthorityRecord } from '../store/store.ts';
import { prepareLeaf } from './issue.ts';
import { type Issued, type IssueHooks, type Job, runJobs } from './jobs.ts';
import type { Workplace } from './workplace.ts';

/** What a certificate shall be, and whether its key is kept. */
export interface IssueOptions extends LeafOptions {
  /** Keep a copy of the private key in the home, so that `export` can make its files again. */
  keepKey?: boolean | undefined;
}

const ISSUE_OPTIONS: OptionKinds<IssueOptions> = { ...LEAF_OPTIONS, keepKey: 'boolean' };

/** What turns options into a settled request, with the CA's addresses where none are given. Throws when the CA may not sign now. */
export function preparing(work: Workplace): (options: IssueOptions) => LeafRequest {
  const chain = work.issuingChain();
  const { crlUrls, ocspUrls } = work.chain[0] as AuthorityRecord;
  return (options) => {
    checkOptions(options, ISSUE_OPTIONS);
    const complete = { ...options, crlUrls: options.crlUrls ?? crlUrls, ocspUrls: options.ocspUrls ?? ocspUrls };
    return prepareLeaf(complete, chain, work.ambient.now());
  };
}

/** All or none: every request is checked before the first key is made. */
export async function issueMany(work: Workplace, list: readonly IssueOptions[], hooks: IssueHooks): Promise<Issued[]> {
  const prepare = preparing(work);
  const jobs = list.map(
    (options): Job => ({
      request: prepare(options),
      key: { kind: 'new' },
      keyId: options.keepKey === true ? null : undefined,
    }),
  );
  return runJobs(work, jobs, 'issue', hooks);
}
