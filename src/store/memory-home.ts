/** A home that lasts as long as its process: for test suites. */
import { type Exclusively, queue } from './lock.ts';
import { memoryStore } from './memory.ts';
import type { Store } from './store.ts';
import { type KeyVault, memoryVault } from './vault.ts';

/** What `CertificateAuthority.create` wants, in memory. */
export const memoryHome = (): {
  readonly store: Store;
  readonly caKeys: KeyVault;
  readonly leafKeys: KeyVault;
  readonly exclusively: Exclusively;
} => ({ store: memoryStore(), caKeys: memoryVault(), leafKeys: memoryVault(), exclusively: queue() });
