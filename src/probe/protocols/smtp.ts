/** STARTTLS in SMTP (RFC 3207) and LMTP. */
import type { Clear } from '../clear.ts';
import { greeted, say } from './replies.ts';

const starting = (protocol: string, hello: string) =>
  async function begin(clear: Clear): Promise<void> {
    await greeted(clear, protocol, /^220$/);
    const { lines } = await say(clear, protocol, `${hello} ${ownName(clear)}`, '250');
    // The first is the server's name, and whatever it says to that.
    if (!lines.slice(1).some((line) => /^STARTTLS *$/i.test(line)))
      throw new Error('the server does not offer STARTTLS');
    await say(clear, protocol, 'STARTTLS', '220');
  };

export const beginSmtp = starting('SMTP', 'EHLO');
export const beginLmtp = starting('LMTP', 'LHLO');

/** A client without a name says its address (RFC 5321 4.1.3). */
function ownName({ socket: { localAddress = '127.0.0.1', localFamily } }: Clear): string {
  return localFamily === 'IPv6' ? `[IPv6:${localAddress.replace(/%.*/, '')}]` : `[${localAddress}]`;
}
