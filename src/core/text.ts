/** How a value that a person typed is shown in a message: quoted, what cannot be seen escaped, cut when long. */
export function quote(text: string): string {
  const shown = text.length > 80 ? `${text.slice(0, 77)}...` : text;
  return visible(JSON.stringify(shown));
}

/** What a terminal obeys, or what shows nothing and changes what is around it: controls, bidi marks, joiners. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** The first of them as `U+202E`; undefined when there is none. */
export function unseenIn(text: string): string | undefined {
  const [char] = text.match(UNSEEN) ?? [];
  return char === undefined ? undefined : `U+${hexOf(char.codePointAt(0) as number).toUpperCase()}`;
}

export const escapeUnseen = (text: string, written: (char: string) => string): string => text.replace(UNSEEN, written);

/** What strangers put into a certificate, on one line: all that would not be seen is written out as JSON does it. */
export const visible = (text: string): string => escapeUnseen(text, jsonEscape);

/** Each unit of UTF-16. */
export const jsonEscape = (char: string): string =>
  Array.from({ length: char.length }, (_, i) => `\\u${hexOf(char.charCodeAt(i))}`).join('');

const hexOf = (code: number) => code.toString(16).padStart(4, '0');

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

export const fromHex = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'));
