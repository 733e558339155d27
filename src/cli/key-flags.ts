/** A private key that is handed in, perhaps with a pass phrase. */
import { importKey } from '../core/keys.ts';
import { readAtMost } from '../disk.ts';
import { privateKeyPem } from '../formats/pem.ts';
import type { Flag, Flags } from './command.ts';
import { secretFrom } from './values.ts';

const MOST_KEY_BYTES = 1024 * 1024;

export const KEY_FLAGS: readonly Flag[] = [
  { flags: '--key <file>', about: 'the private key, where it is not in the home' },
  { flags: '--key-password <password>', about: 'opens it' },
  { flags: '--key-password-file <file>', about: 'the same, from the first line of a file' },
];

export function keyPassword({ keyPassword: password, keyPasswordFile: passwordFile }: Flags): string | undefined {
  return secretFrom({ password, passwordFile }, 'password');
}

/** PEM of PKCS#8, open; undefined when none was given. */
export function keyGiven(flags: Flags): Uint8Array | undefined {
  if (flags.key === undefined) return undefined;
  return privateKeyPem(importKey(readAtMost(flags.key as string, MOST_KEY_BYTES), keyPassword(flags)));
}
