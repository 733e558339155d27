/** STARTTLS in NNTP (RFC 4642 2.2). */
import type { Clear } from '../clear.ts';
import { greeted, say } from './replies.ts';

export async function beginNntp(clear: Clear): Promise<void> {
  await greeted(clear, 'NNTP', /^20[01]$/);
  await say(clear, 'NNTP', 'STARTTLS', '382');
}
