/**
 * RC2-CBC decryption (RFC 2268), because the certificates in .p12 files made before 2021 or so are "protected" with RC2
 * under a 40-bit key, and the OpenSSL 3 inside Node has no RC2. Never used to write.
 */
import { wrongPassword } from '../core/pbes2.ts';
import { fromHex } from '../core/text.ts';

const PI_TABLE = fromHex(
  'd978f9c419ddb5ed28e9fd794aa0d89dc67e37832b76538e624c6488448bfba2179a59f587b34f1361456d8d09817d32' +
    'bd8f40eb86b77b0bf09521225c6b4e8254d66593ce60b21c7356c014a78cf1dc1275ca1f3bbee4d1423dd430a33cb626' +
    '6fbf0eda4669075727f21d9bbc944303f811c7f690ef3ee706c3d52fc8661ed708e8eade8052eef784aa72ac354d6a2a' +
    '961ad2715a1549744b9fd05e0418a4ecc2e0416e0f51cbcc2491af50a1f47039997c3a8523b8b47afc02365b25559731' +
    '2d5dfa98e38a92ae05df2910676cbac9d300e6cfe19ea82c6316013f58e289a90d38341bab33ffb0bb480c5fb9b1cd2e' +
    'c5f3db47e5a59c770aa62068fe7fc1ad',
);

/** RFC 2268 section 2: 64 words of key from `key`, of which only `bits` count. */
function expandKey(key: Uint8Array, bits: number): Uint16Array {
  const table = new Uint8Array(128);
  const at = (index: number) => PI_TABLE[index & 0xff] as number;
  const get = (index: number) => table[index] as number;
  table.set(key);
  for (let i = key.length; i < 128; i++) table[i] = at(get(i - 1) + get(i - key.length));
  const bytes = Math.ceil(bits / 8);
  table[128 - bytes] = at(get(128 - bytes) & (0xff >> (8 * bytes - bits)));
  for (let i = 127 - bytes; i >= 0; i--) table[i] = at(get(i + 1) ^ get(i + bytes));
  return Uint16Array.from({ length: 64 }, (_, i) => get(2 * i) | (get(2 * i + 1) << 8));
}

const ROTATIONS = [1, 2, 3, 5];

/** RFC 2268 section 4: sixteen mixing rounds backwards, and a mashing round after the fifth and the eleventh. */
function decryptBlock(words: Uint16Array, key: Uint16Array): void {
  const word = (index: number) => words[index & 3] as number;
  for (let round = 15; round >= 0; round--) {
    for (let i = 3; i >= 0; i--) {
      const turned = (word(i) >> (ROTATIONS[i] as number)) | (word(i) << (16 - (ROTATIONS[i] as number)));
      words[i] = turned - (key[4 * round + i] as number) - (word(i - 1) & word(i - 2)) - (~word(i - 1) & word(i - 3));
    }
    if (round === 11 || round === 5) {
      for (let i = 3; i >= 0; i--) words[i] = word(i) - (key[word(i - 1) & 63] as number);
    }
  }
}

/** Throws LOCAL_CA_PASSWORD_WRONG when the padding is not right. */
export function decryptRc2(key: Uint8Array, bits: number, iv: Uint8Array, ciphertext: Uint8Array): Uint8Array {
  if (ciphertext.length === 0 || ciphertext.length % 8 !== 0) throw wrongPassword();
  const expanded = expandKey(key, bits);
  const out = new Uint8Array(ciphertext.length);
  const words = new Uint16Array(4);
  for (let at = 0; at < ciphertext.length; at += 8) {
    const previous = at === 0 ? iv : ciphertext.subarray(at - 8, at);
    for (let i = 0; i < 4; i++) {
      words[i] = (ciphertext[at + 2 * i] as number) | ((ciphertext[at + 2 * i + 1] as number) << 8);
    }
    decryptBlock(words, expanded);
    for (let i = 0; i < 8; i++) {
      out[at + i] = ((words[i >> 1] as number) >> (8 * (i & 1))) ^ (previous[i] as number);
    }
  }
  return unpad(out);
}

function unpad(padded: Uint8Array): Uint8Array {
  const count = padded.at(-1) as number;
  const padding = padded.subarray(-count);
  if (count === 0 || count > 8 || padding.some((byte) => byte !== count)) throw wrongPassword();
  return padded.subarray(0, -count);
}
