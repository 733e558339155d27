/** AUTH TLS in FTP (RFC 4217 4). */
import type { Clear } from '../clear.ts';
import { greeted, say } from './replies.ts';

export async function beginFtp(clear: Clear): Promise<void> {
  await greeted(clear, 'FTP', /^220$/);
  await say(clear, 'FTP', 'AUTH TLS', '234');
}
