/**
 * SQL Server's way to TLS up to TDS 7.4 ([MS-TDS] 2.2.6.5): both say in a PRELOGIN what they want of encryption, and the
 * handshake follows inside further PRELOGIN packets. TDS 8 has TLS from the first byte.
 */
import { type Clear, Closed, notThis } from '../clear.ts';
import { HEADER, message, REPLY } from './tds-tunnel.ts';

const TLS_ALERT = 0x15;

const TOKEN = { version: 0, encryption: 1, instance: 2, thread: 3, mars: 4, end: 0xff } as const;
const ENCRYPT = { on: 1, notSupported: 2 } as const;

export async function beginTds(clear: Clear): Promise<void> {
  clear.write(message(prelogin()));
  const reply = await readReply(clear);
  const encryption = encryptionIn(reply);
  if (encryption === undefined) throw notThis('SQL Server');
  if (encryption === ENCRYPT.notSupported) throw new Error('the server has no TLS');
}

/** Version 0, and encryption wished for. */
function prelogin(): Buffer {
  const options: readonly (readonly [number, readonly number[]])[] = [
    [TOKEN.version, [0, 0, 0, 0, 0, 0]],
    [TOKEN.encryption, [ENCRYPT.on]],
    [TOKEN.instance, [0]],
    [TOKEN.thread, [0, 0, 0, 0]],
    [TOKEN.mars, [0]],
  ];
  let offset = options.length * 5 + 1;
  const directory = options.flatMap(([token, data]) => {
    const at = offset;
    offset += data.length;
    return [token, at >> 8, at & 0xff, 0, data.length];
  });
  return Buffer.from([...directory, TOKEN.end, ...options.flatMap(([, data]) => data)]);
}

async function readReply(clear: Clear): Promise<Buffer> {
  const type = (await clear.bytes(1))[0];
  // A server that speaks TLS from the first byte says that it does not understand.
  if (type === TLS_ALERT) throw new Closed();
  if (type !== REPLY) throw notThis('SQL Server');
  const rest = await clear.bytes(HEADER - 1);
  const length = rest.readUInt16BE(1) - HEADER;
  if (length <= 0) throw notThis('SQL Server');
  return clear.bytes(length);
}

/** The options are a token, an offset and a length each. */
function encryptionIn(reply: Buffer): number | undefined {
  for (let at = 0; at + 5 <= reply.length && reply[at] !== TOKEN.end; at += 5) {
    if (reply[at] === TOKEN.encryption) return reply[reply.readUInt16BE(at + 1)];
  }
  return undefined;
}
