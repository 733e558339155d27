/** What wizards want to know of a home that is there. */
import { parseCertificate } from '../../core/parse.ts';
import { type Home, openHome } from '../../store/home.ts';
import { look } from '../../store/layout.ts';
import type { AuthorityRecord } from '../../store/store.ts';
import type { Context } from '../command.ts';

/** Whether somebody has to give the passphrase of the key that signs. It may be on another machine. */
export async function isLocked({ caKeys }: Home, { keyId }: AuthorityRecord): Promise<boolean> {
  if (!(await caKeys.list()).includes(keyId)) return false;
  return new TextDecoder().decode(await caKeys.load(keyId)).includes('BEGIN ENCRYPTED PRIVATE KEY');
}

/** Nothing that it signs outlives a CA, nor those above it. */
export const endOfChain = (chain: readonly AuthorityRecord[]): Date =>
  new Date(Math.min(...chain.map(({ certificate }) => parseCertificate(certificate).notAfter.getTime())));

/** As long as it is the same, nothing has been done. */
export async function newestEvent({ home: folder }: Pick<Context, 'home'>): Promise<string> {
  if (look(folder) !== 'home') return '';
  const home = await openHome(folder);
  try {
    return JSON.stringify(await home.store.audit(1));
  } finally {
    await home.close();
  }
}
