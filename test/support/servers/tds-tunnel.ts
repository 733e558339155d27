/**
 * What lies below TLS in TDS 7.x: the handshake travels inside PRELOGIN packets, both ways; then TLS records go as they
 * are, and after the login perhaps plain packets again. The first byte of each unit tells which it is, since TLS records
 * begin with 0x14 to 0x17 and no packet type does. In TDS 8 all is TLS, and this passes it on.
 */
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { encodeMessage, PACKET, type Packet, takePacket } from './tds-wire.ts';

const RECORD_HEADER = 5;

export class TdsTunnel extends Duplex {
  readonly #socket: Socket;
  readonly #plain: (packet: Packet) => void;
  #received: Buffer = Buffer.alloc(0);
  #flight: Buffer[] = [];
  /** Handshakes are wrapped once a PRELOGIN packet carried one, until the client sends a record as it is. */
  #wraps = false;
  #handshaking = false;

  /** `plain` gets the packets that do not belong to TLS. */
  constructor(socket: Socket, plain: (packet: Packet) => void) {
    super();
    this.#socket = socket;
    this.#plain = plain;
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('end', () => this.push(null));
    socket.on('error', (error) => this.destroy(error));
    socket.on('close', () => this.destroy());
  }

  /** From now on PRELOGIN packets carry the handshake. */
  expectHandshake(): void {
    this.#handshaking = true;
    this.#wraps = true;
  }

  /** Sends a message beside TLS. */
  sendPlain(type: number, payload: Uint8Array): void {
    this.#socket.write(encodeMessage(type, payload));
  }

  override _read(): void {}

  /** A flight has several records, and clients expect one message of each: it is sent when all of it was written. */
  override _write(chunk: Buffer, _encoding: BufferEncoding, written: () => void): void {
    if (this.#flight.length === 0) setImmediate(() => this.#sendFlight());
    this.#flight.push(chunk);
    written();
  }

  override _final(ended: () => void): void {
    setImmediate(() => this.#socket.end(ended));
  }

  #sendFlight(): void {
    const bytes = Buffer.concat(this.#flight);
    this.#flight = [];
    if (!this.#socket.writable) return;
    this.#socket.write(this.#wraps ? encodeMessage(PACKET.prelogin, bytes) : bytes);
  }

  #receive(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk]);
    while (this.#takeUnit()) {}
  }

  #takeUnit(): boolean {
    const [type = 0] = this.#received;
    return type >= 0x14 && type <= 0x17 ? this.#takeRecord() : this.#takePacket();
  }

  #takeRecord(): boolean {
    if (this.#received.length < RECORD_HEADER) return false;
    const length = RECORD_HEADER + this.#received.readUInt16BE(3);
    if (this.#received.length < length) return false;
    this.#wraps = false;
    this.push(this.#received.subarray(0, length));
    this.#received = this.#received.subarray(length);
    return true;
  }

  #takePacket(): boolean {
    const taken = takePacket(this.#received);
    if (taken === undefined) return false;
    this.#received = taken.rest;
    if (this.#handshaking && taken.packet.type === PACKET.prelogin) this.push(taken.packet.payload);
    else this.#plain(taken.packet);
    return true;
  }
}
