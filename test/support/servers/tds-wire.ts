/** The bytes of the TDS protocol ([MS-TDS]), as far as a small server needs them. */

/** Packet types ([MS-TDS] 2.2.3.1.1). */
export const PACKET = { batch: 0x01, call: 0x03, reply: 0x04, attention: 0x06, login: 0x10, prelogin: 0x12 } as const;

/** Values of PRELOGIN's ENCRYPTION ([MS-TDS] 2.2.6.5). */
export const ENCRYPTION = { off: 0, on: 1, notSupported: 2, required: 3 } as const;

const HEADER = 8;
const PACKET_SIZE = 4096;
const END_OF_MESSAGE = 0x01;

/** A message, in as many packets as it takes. */
export function encodeMessage(type: number, payload: Uint8Array): Buffer {
  const room = PACKET_SIZE - HEADER;
  const packets: Buffer[] = [];
  for (let at = 0; at === 0 || at < payload.length; at += room) {
    const part = payload.subarray(at, at + room);
    const header = Buffer.from([
      type,
      at + room < payload.length ? 0 : END_OF_MESSAGE,
      0,
      0,
      0,
      0,
      packets.length + 1,
      0,
    ]);
    header.writeUInt16BE(HEADER + part.length, 2);
    packets.push(Buffer.concat([header, part]));
  }
  return Buffer.concat(packets);
}

export interface Packet {
  readonly type: number;
  readonly last: boolean;
  readonly payload: Buffer;
}

/** The first packet of `bytes` and what follows it; undefined when it is not whole yet. */
export function takePacket(bytes: Buffer): { packet: Packet; rest: Buffer } | undefined {
  if (bytes.length < HEADER) return undefined;
  const length = bytes.readUInt16BE(2);
  if (bytes.length < length) return undefined;
  const last = ((bytes[1] ?? 0) & END_OF_MESSAGE) !== 0;
  return {
    packet: { type: bytes[0] ?? 0, last, payload: bytes.subarray(HEADER, length) },
    rest: bytes.subarray(length),
  };
}

const PRELOGIN = { version: 0, encryption: 1, instance: 2, thread: 3, mars: 4, end: 0xff } as const;

/** The client's ENCRYPTION. */
export function preloginEncryption(payload: Buffer): number {
  for (let at = 0; payload[at] !== PRELOGIN.end && at < payload.length; at += 5) {
    if (payload[at] === PRELOGIN.encryption) return payload[payload.readUInt16BE(at + 1)] ?? ENCRYPTION.off;
  }
  return ENCRYPTION.off;
}

/** FreeTDS takes a server that says nothing of MARS for an old one, and falls back to TDS 7.1. */
export function encodePrelogin(encryption: number): Buffer {
  const options: readonly (readonly [number, readonly number[]])[] = [
    [PRELOGIN.version, [16, 0, 0, 0, 0, 0]],
    [PRELOGIN.encryption, [encryption]],
    [PRELOGIN.instance, [0]],
    [PRELOGIN.thread, []],
    [PRELOGIN.mars, [0]],
  ];
  let offset = options.length * 5 + 1;
  const directory = options.flatMap(([token, data]) => {
    const at = offset;
    offset += data.length;
    return [token, at >> 8, at & 0xff, 0, data.length];
  });
  return Buffer.from([...directory, PRELOGIN.end, ...options.flatMap(([, data]) => data)]);
}

export interface Login {
  /** 0x74000004 is TDS 7.4, 0x08000000 is TDS 8.0. */
  readonly version: number;
  readonly user: string;
  readonly password: string;
  readonly application: string;
}

/** LOGIN7 ([MS-TDS] 2.2.6.4): offsets in bytes and lengths in characters, at fixed places. */
export function decodeLogin(payload: Buffer): Login {
  const bytesAt = (place: number) => {
    const offset = payload.readUInt16LE(place);
    return payload.subarray(offset, offset + 2 * payload.readUInt16LE(place + 2));
  };
  const textAt = (place: number) => bytesAt(place).toString('utf16le');
  const unscrambled = bytesAt(44).map((byte) => swapNibbles(byte ^ 0xa5));
  return {
    version: payload.readUInt32LE(4),
    user: textAt(40),
    password: Buffer.from(unscrambled).toString('utf16le'),
    application: textAt(48),
  };
}

/** TDS 7.2 made several fields wider, and put headers before a batch. */
export const isWide = (version: number): boolean => version === 0x08_00_00_00 || version >= 0x72_00_00_00;

const swapNibbles = (byte: number) => ((byte << 4) | (byte >> 4)) & 0xff;

/** A batch is headers, whose first four bytes say how long they are, and UCS-2 ([MS-TDS] 2.2.6.7). */
export const decodeBatch = (payload: Buffer, wide: boolean): string =>
  payload.subarray(wide ? payload.readUInt32LE(0) : 0).toString('utf16le');

const u16 = (value: number) => [value & 0xff, value >> 8];
/** Of a small value, which `wide` versions give more room. */
const grown = (value: number, wide: boolean, narrow: number) => [
  ...u16(value),
  ...new Array<number>((wide ? 2 * narrow : narrow) - 2).fill(0),
];
const ucs2 = (text: string) => [...Buffer.from(text, 'utf16le')];
/** Text after its length in characters, in one byte or two. */
const short = (text: string) => [text.length, ...ucs2(text)];
const long = (text: string) => [...u16(text.length), ...ucs2(text)];
const token = (type: number, body: readonly number[]) => [type, ...u16(body.length), ...body];

const DONE = { final: 0x00, error: 0x02, count: 0x10, attention: 0x20 } as const;
const done = (status: number, rows: number, wide: boolean, kind = 0xfd) => [
  kind,
  ...u16(status),
  0,
  0,
  ...grown(rows, wide, 4),
];

const environment = (kind: number, value: string) => token(0xe3, [kind, ...short(value), ...short('')]);

/** The server speaks the version that the client asks for. */
export function encodeLoginAccepted(version: number): Buffer {
  const spoken = Buffer.alloc(4);
  spoken.writeUInt32BE(version);
  return Buffer.from([
    ...environment(1, 'master'),
    ...environment(4, String(PACKET_SIZE)),
    ...token(0xad, [1, ...spoken, ...short('Microsoft SQL Server'), 16, 0, 0, 0]),
    ...done(DONE.final, 0, isWide(version)),
  ]);
}

export function encodeLoginFailed(user: string, wide: boolean): Buffer {
  const number = 18_456;
  const message = `Login failed for user '${user}'.`;
  const texts = [...long(message), ...short('test'), ...short('')];
  const body = [...u16(number), 0, 0, 1, 14, ...texts, ...grown(1, wide, 2)];
  return Buffer.from([...token(0xaa, body), ...done(DONE.error, 0, wide)]);
}

/** Of a procedure that gives nothing ([MS-TDS] 2.2.7.8). */
export const encodeCalled = (wide: boolean): Buffer => Buffer.from(done(DONE.final, 0, wide, 0xfe));

/** A client that has seen enough says so, and waits until it is heard ([MS-TDS] 2.2.1.7). */
export const encodeAttention = (wide: boolean): Buffer => Buffer.from(done(DONE.attention, 0, wide));

const NVARCHAR = [0xe7, ...u16(8000), 0x09, 0x04, 0xd0, 0x00, 0x34];

/** One row of nameless columns; without one a statement that gives no rows. */
export function encodeAnswer(row: readonly string[] | undefined, wide: boolean): Buffer {
  if (row === undefined) return Buffer.from(done(DONE.final, 0, wide));
  const columns = row.flatMap(() => [...grown(0, wide, 2), ...u16(1), ...NVARCHAR, ...short('')]);
  const values = row.flatMap((value) => [...u16(2 * value.length), ...ucs2(value)]);
  return Buffer.from([0x81, ...u16(row.length), ...columns, 0xd1, ...values, ...done(DONE.count, 1, wide)]);
}
