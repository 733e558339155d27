/** What is kept of a program's output: all of it, or its start and its end; of private keys nothing. */

const LIMIT = 64 * 1024;
/** The rest of the limit is for the marks. */
const HALF = LIMIT / 2 - 128;

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
    const [head, tail] = [`${this.#head}`, `${this.#tail}`];
    if (this.#dropped === 0) return withoutKeys(head + tail);
    const mark = `\n[... ${this.#dropped} bytes are left out here ...]\n`;
    return `${withoutKeys(head)}${mark}${withoutKeys(tail.replace(CUT_KEY, KEY_MARK))}`;
  }
}

// --- keys ----------------------------------------------------------------------------------------------------------

const KEY_MARK = '[a private key is left out here]';

/** To its end, or to that of the text, where it is cut. */
const KEY = /-----BEGIN [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----[\s\S]*?(?:-----END [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----|$)/g;

/** The rest of one that began before. */
const CUT_KEY = /^(?:(?!-----BEGIN )[\s\S])*?-----END [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----/;

/** A hook that prints the file that it installs would put it into the log. */
const withoutKeys = (text: string): string => text.replace(KEY, KEY_MARK);

// --- text of bytes -------------------------------------------------------------------------------------------------

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
