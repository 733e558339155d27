/** Everything that `doctor` looks at once the inventory is open, in this order: what comes first may mend what comes later. */
import { checkDeployments } from './deployments.ts';
import type { Check } from './finding.ts';
import { checkPlacements, checkTargets } from './folders.ts';
import { checkAuthorities, checkCertificates, checkInventory } from './inventory.ts';
import { checkAuthorityKeys, checkKeptKeys, checkRequests } from './keys.ts';
import { checkOrphans } from './orphans.ts';
import { checkCopies, checkLists } from './published.ts';
import { checkTemplates } from './templates.ts';
import { checkTrustFiles } from './trust-files.ts';
import { checkUnfinished } from './unfinished.ts';

export const CHECKS: readonly Check[] = [
  { name: 'inventory', about: 'the file is sound', run: checkInventory },
  { name: 'unfinished', about: 'no run that was killed has left anything', run: checkUnfinished },
  {
    name: 'authorities',
    about: 'the CA is on record as its certificates say, and one of them signs',
    run: checkAuthorities,
  },
  { name: 'certificates', about: 'each is on record as it says, and signed by this CA', run: checkCertificates },
  { name: 'ca-keys', about: 'they are there, and belong to the CA', run: checkAuthorityKeys },
  { name: 'kept-keys', about: 'each is there, and belongs to its certificate', run: checkKeptKeys },
  { name: 'requests', about: 'each has its key', run: checkRequests },
  { name: 'orphan-keys', about: 'no key is in the home that nothing on record names', run: checkOrphans },
  { name: 'copies', about: "the CA's certificates that people read are those on record", run: checkCopies },
  { name: 'revocation-lists', about: 'they are good, and published', run: checkLists },
  { name: 'placements', about: 'key and certificate belong together where files were made', run: checkPlacements },
  { name: 'trust-files', about: 'no folder has the CA as it was before', run: checkTrustFiles },
  { name: 'targets', about: 'and where they are deployed', run: checkTargets },
  { name: 'deployments', about: 'none hangs', run: checkDeployments },
  { name: 'templates', about: "each of the home's own can be used", run: checkTemplates },
];
