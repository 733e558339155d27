/** STARTTLS in IMAP (RFC 9051 6.2.1). */
import { quote } from '../../core/text.ts';
import { type Clear, notThis } from '../clear.ts';
import { refused } from './replies.ts';

const TAG = 'a';

export async function beginImap(clear: Clear): Promise<void> {
  const greeting = await clear.line();
  if (!/^\* (OK|PREAUTH|BYE)\b/i.test(greeting)) throw notThis('IMAP');
  // Whoever is logged in already is past STARTTLS.
  if (!/^\* OK\b/i.test(greeting)) throw new Error(`the server greeted with ${quote(greeting)}`);
  clear.write(`${TAG} STARTTLS\r\n`);
  const answer = await tagged(clear);
  if (!/^OK\b/i.test(answer)) throw refused('STARTTLS', answer);
}

/** What begins with a star belongs to no command, and may come at any time. */
async function tagged(clear: Clear): Promise<string> {
  for (;;) {
    const line = await clear.line();
    if (line.startsWith(`${TAG} `)) return line.slice(TAG.length + 1);
    if (!line.startsWith('* ')) throw notThis('IMAP');
  }
}
