/** What is kept of a program's output: all of it, or its start and its end. */

const LIMIT = 64 * 1024;
/** The rest of the limit is for the mark. */
const HALF = LIMIT / 2 - 64;

export class KeptOutput {
  #head: Buffer = Buffer.alloc(0);
  #tail: Buffer = Buffer.alloc(0);
  #dropped = 0;

  add(text: string): void {
    let bytes: Buffer = Buffer.from(text);
    // Once something is in the tail, the head is complete.
    if (this.#tail.length === 0 && this.#dropped === 0) {
      const fits = startOf(bytes, HALF - this.#head.length);
      this.#head = Buffer.concat([this.#head, fits]);
      bytes = bytes.subarray(fits.length);
    }
    const tail = Buffer.concat([this.#tail, bytes]);
    this.#tail = endOf(tail, HALF);
    this.#dropped += tail.length - this.#tail.length;
  }

  /** At most 64 KiB. */
  text(): string {
    const mark = this.#dropped === 0 ? '' : `\n[... ${this.#dropped} bytes are left out here ...]\n`;
    return `${this.#head}${mark}${this.#tail}`;
  }
}

/** Bytes of UTF-8 after the first of a character. */
const isInside = (byte: number | undefined) => byte !== undefined && (byte & 0xc0) === 0x80;

function startOf(bytes: Buffer, most: number): Buffer {
  let end = Math.min(most, bytes.length);
  while (end > 0 && isInside(bytes[end])) end--;
  return bytes.subarray(0, end);
}

function endOf(bytes: Buffer, most: number): Buffer {
  let start = Math.max(0, bytes.length - most);
  while (isInside(bytes[start])) start++;
  return bytes.subarray(start);
}
