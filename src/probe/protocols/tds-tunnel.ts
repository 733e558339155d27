/** The client's end of what lies below TLS in TDS 7: the handshake travels inside PRELOGIN packets, both ways. */
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { notThis } from '../clear.ts';

const PRELOGIN = 0x12;
export const REPLY = 0x04;
export const HEADER = 8;

/** SQL Server takes packets of this size until a login has agreed on another ([MS-TDS] 2.2.3.1.1). */
const PACKET_SIZE = 4096;
const END_OF_MESSAGE = 0x01;

/** A PRELOGIN message, in as many packets as it takes. */
export function message(payload: Uint8Array): Buffer {
  const room = PACKET_SIZE - HEADER;
  const packets: Uint8Array[] = [];
  for (let at = 0; at < payload.length; at += room) {
    const part = payload.subarray(at, at + room);
    const last = at + room >= payload.length;
    const length = HEADER + part.length;
    packets.push(Uint8Array.of(PRELOGIN, last ? END_OF_MESSAGE : 0, length >> 8, length & 0xff, 0, 0, 0, 0), part);
  }
  return Buffer.concat(packets);
}

/** TLS records begin with 0x14 to 0x17, and no packet does. */
const isRecord = (type: number) => type >= 0x14 && type <= 0x17;
const RECORD_HEADER = 5;

export class TdsTunnel extends Duplex {
  readonly #socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  #flight: Buffer[] = [];

  constructor(socket: Socket) {
    super();
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('end', () => this.push(null));
    socket.on('close', () => this.destroy(socket.errored ?? undefined));
  }

  override _read(): void {
    this.#socket.resume();
  }

  /** Servers expect a flight, which has several records, in one message: it is sent when all of it was written. */
  override _write(chunk: Buffer, _encoding: BufferEncoding, written: () => void): void {
    if (this.#flight.length === 0) setImmediate(() => this.#sendFlight());
    this.#flight.push(chunk);
    written();
  }

  #sendFlight(): void {
    if (this.#socket.writable) this.#socket.write(message(Buffer.concat(this.#flight)));
    this.#flight = [];
  }

  /** No unit is larger than 64 KiB, and as long as nobody reads, no more of them are taken. */
  #receive(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk]);
    for (let unit = takeUnit(this.#received); unit !== undefined; unit = takeUnit(this.#received)) {
      if (unit === 'neither') return void this.#socket.destroy(notThis('SQL Server'));
      this.#received = this.#received.subarray(unit.end);
      if (!this.push(unit.payload)) this.#socket.pause();
    }
  }
}

interface Unit {
  readonly payload: Buffer;
  readonly end: number;
}

/** The next packet, or, after the handshake, record; undefined when it is not whole yet. */
function takeUnit(bytes: Buffer): Unit | 'neither' | undefined {
  const [type] = bytes;
  if (type === undefined) return undefined;
  if (isRecord(type)) return unitOf(bytes, RECORD_HEADER, 3, 0);
  return type === PRELOGIN || type === REPLY ? unitOf(bytes, HEADER, 2, HEADER) : 'neither';
}

/** A packet's length counts its header, a record's does not. */
function unitOf(bytes: Buffer, header: number, lengthAt: number, from: number): Unit | undefined {
  if (bytes.length < header) return undefined;
  const end = Math.max(header, bytes.readUInt16BE(lengthAt) + header - from);
  return bytes.length < end ? undefined : { payload: bytes.subarray(from, end), end };
}
