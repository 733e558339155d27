/** STARTTLS in XMPP (RFC 6120 5.4), for clients and between servers. */
import { type Clear, notThis } from '../clear.ts';

const STREAMS = 'http://etherx.jabber.org/streams';
const TLS = 'urn:ietf:params:xml:ns:xmpp-tls';

const starting = (namespace: 'jabber:client' | 'jabber:server') =>
  async function begin(clear: Clear, name: string): Promise<void> {
    clear.write(
      `<?xml version='1.0'?><stream:stream to='${escapeXml(name)}' version='1.0' xmlns='${namespace}' xmlns:stream='${STREAMS}'>`,
    );
    if (!(await offersTls(clear))) throw new Error('the server does not offer STARTTLS');
    clear.write(`<starttls xmlns='${TLS}'/>`);
    const answer = await readTag(clear);
    if (answer.name !== 'proceed') throw new Error('the server refused STARTTLS');
    // The end of its answer, where it does not end in itself.
    if (!answer.empty) await readTag(clear);
  };

export const beginXmpp = starting('jabber:client');
export const beginXmppServer = starting('jabber:server');

/** Reads the stream's head and its features. */
async function offersTls(clear: Clear): Promise<boolean> {
  // Whoever says something else may never come to the end of a tag.
  const first = (await clear.bytes(1)).toString('latin1');
  if (first !== '<' || (await readTag(clear, first)).name !== 'stream') throw notThis('XMPP');
  for (let offered = false; ; ) {
    const { name, end, empty } = await readTag(clear);
    if (name === 'error') throw new Error('the server answered with an error, before TLS');
    if (name === 'starttls') offered = true;
    if (name === 'features' && (end || empty)) return offered;
  }
}

interface Tag {
  /** Without its prefix. */
  readonly name: string;
  readonly end: boolean;
  readonly empty: boolean;
}

/** The next one, past text and the XML declaration. */
async function readTag(clear: Clear, before = ''): Promise<Tag> {
  const text = before + (await clear.through('>'.charCodeAt(0)));
  if (/^\s*<\?xml\b[^<]*\?>$/.test(text)) return readTag(clear);
  const [, slash, name, empty] = /<(\/?)(?:[\w.-]+:)?([\w.-]+)(?:\s[^<]*?)?(\/?)>$/.exec(text) ?? [];
  if (name === undefined) throw notThis('XMPP');
  return { name, end: slash === '/', empty: empty === '/' };
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', "'": '&apos;' };
const escapeXml = (text: string) => text.replace(/[&<']/g, (char) => ENTITIES[char] ?? char);
