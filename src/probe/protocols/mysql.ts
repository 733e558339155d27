/**
 * MySQL's and MariaDB's way to TLS (MySQL Internals, "Connection Phase"): the server greets with what it can do, and the
 * client asks for TLS with a login packet that ends before the user's name.
 */
import { type Clear, notThis } from '../clear.ts';

const CLIENT = { protocol41: 0x200, ssl: 0x800, secureConnection: 0x8000 } as const;
const UTF8MB4 = 45;
const LARGEST_PACKET = 1 << 24;

const PROTOCOL_10 = 0x0a;
const ERROR = 0xff;

/** What a server says instead of its greeting, by its number; the words that follow there are not shown. */
const ERRORS: Readonly<Record<number, string>> = {
  1040: 'the server has too many connections (1040)',
  1129: 'the server blocks this host, after many connections without a login (1129); mysqladmin flush-hosts unblocks it',
  1130: 'the server lets nobody in from this host (1130)',
  1203: 'the server has too many connections of this user (1203)',
};

export async function beginMysql(clear: Clear): Promise<void> {
  const { greeting, sequence } = await readPacket(clear);
  const [kind] = greeting;
  if (kind === ERROR) throw errorOf(greeting);
  if (kind !== PROTOCOL_10) throw notThis('MySQL or MariaDB');
  if ((capabilities(greeting) & CLIENT.ssl) === 0) throw new Error('the server has no TLS');
  clear.write(sslRequest(sequence + 1));
}

async function readPacket(clear: Clear): Promise<{ greeting: Buffer; sequence: number }> {
  const header = await clear.bytes(4);
  const sequence = header[3] as number;
  // The greeting is the first packet, and never empty.
  if (sequence > 1 || header.readUIntLE(0, 3) === 0) throw notThis('MySQL or MariaDB');
  return { greeting: await clear.bytes(header.readUIntLE(0, 3)), sequence };
}

function errorOf(packet: Buffer): Error {
  if (packet.length < 3) return notThis('MySQL or MariaDB');
  const number = packet.readUInt16LE(1);
  return new Error(ERRORS[number] ?? `the server answered with error ${number}, before TLS`);
}

/** The lower half: after the version, which a zero ends, four bytes of thread, eight of salt, and a zero. */
function capabilities(greeting: Buffer): number {
  const end = greeting.indexOf(0, 1);
  const at = end + 1 + 4 + 8 + 1;
  if (end < 0 || greeting.length < at + 2) throw notThis('MySQL or MariaDB');
  return greeting.readUInt16LE(at);
}

function sslRequest(sequence: number): Buffer {
  const packet = Buffer.alloc(4 + 32);
  packet.writeUIntLE(32, 0, 3);
  packet.writeUInt8(sequence, 3);
  packet.writeUInt32LE(CLIENT.protocol41 | CLIENT.ssl | CLIENT.secureConnection, 4);
  packet.writeUInt32LE(LARGEST_PACKET, 8);
  packet.writeUInt8(UTF8MB4, 12);
  return packet;
}
