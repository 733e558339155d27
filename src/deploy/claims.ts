/** Which files are ours although nothing in their folder says so: a person put them there, as a README says. */
import { attempt } from '../core/attempt.ts';
import { equalBytes } from '../core/der.ts';
import { importKey, type PrivateKey } from '../core/keys.ts';
import { fingerprintSha256 } from '../core/parse.ts';
import { decodePem, encodePem } from '../formats/pem.ts';

/** Whether the file that stands somewhere may be replaced with one of ours: nothing is lost with it. */
export type Claims = (standing: Uint8Array) => boolean;

/**
 * Takes files of nothing but these certificates, and of this key: any other may be a key's only copy, and what is not in
 * a block may be somebody's note.
 */
export function claimsOf(certificates: Iterable<Uint8Array>, key: PrivateKey | undefined): Claims {
  const known = new Set([...certificates].map(fingerprintSha256));
  const isOurs = (der: Uint8Array): boolean => known.has(fingerprintSha256(der)) || isKey(der, key);
  return (standing) => {
    const ders = attempt(() => blocksOf(standing));
    return ders?.every(isOurs) ?? isOurs(standing);
  };
}

/** Undefined for what is not PEM from its first to its last byte. */
function blocksOf(bytes: Uint8Array): Uint8Array[] | undefined {
  const text = new TextDecoder().decode(bytes);
  const blocks = decodePem(text);
  const rest = (written: string) => written.replaceAll(/\s/g, '');
  const whole = blocks.map(({ label, der }) => encodePem(label, der)).join('');
  return blocks.length > 0 && rest(whole) === rest(text) ? blocks.map(({ der }) => der) : undefined;
}

const isKey = (der: Uint8Array, key: PrivateKey | undefined): boolean => {
  const found = key && attempt(() => importKey(der));
  return found !== undefined && key !== undefined && equalBytes(found.publicKey, key.publicKey);
};
