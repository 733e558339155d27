/**
 * How JKS hides a private key, as OpenJDK's `sun.security.provider.KeyProtector` does: the key XOR a stream of SHA-1
 * digests of the password. Weak by design of 1997; it stands here because nothing else is JKS.
 */
import { createHash } from 'node:crypto';
import {
  children,
  concatBytes,
  equalBytes,
  expectTag,
  nullValue,
  octetString,
  oid,
  readOid,
  readWhole,
  sequence,
  TAG,
} from '../core/der.ts';
import { wrongPassword } from '../core/pbes2.ts';
import { damaged } from './damaged.ts';

const KEY_PROTECTOR = '1.3.6.1.4.1.42.2.17.1.1';
const SALT_LENGTH = 20;

const sha1 = (...parts: readonly Uint8Array[]): Uint8Array =>
  new Uint8Array(
    createHash('sha1')
      .update(concatBytes(...parts))
      .digest(),
  );

function xorWithStream(bytes: Uint8Array, password: Uint8Array, salt: Uint8Array): Uint8Array {
  const out = new Uint8Array(bytes.length);
  let digest = salt;
  for (let at = 0; at < bytes.length; at++) {
    if (at % salt.length === 0) digest = sha1(password, digest);
    out[at] = (bytes[at] as number) ^ (digest[at % salt.length] as number);
  }
  return out;
}

/** EncryptedPrivateKeyInfo, DER: the salt, the hidden key, and SHA-1 of password and key to know it again. */
export function protectKey(pkcs8: Uint8Array, password: Uint8Array, salt: Uint8Array): Uint8Array {
  const hidden = xorWithStream(pkcs8, password, salt);
  return sequence(sequence(oid(KEY_PROTECTOR), nullValue()), octetString(salt, hidden, sha1(password, pkcs8)));
}

/** Throws LOCAL_CA_PASSWORD_WRONG, LOCAL_CA_KEYSTORE_INVALID, LOCAL_CA_DER_INVALID. */
export function recoverKey(encrypted: Uint8Array, password: Uint8Array): Uint8Array {
  const [algorithm, data] = children(readWhole(encrypted, TAG.sequence));
  const id = readOid(children(expectTag(algorithm, TAG.sequence))[0]);
  if (id !== KEY_PROTECTOR) throw damaged('JKS', `a key in it is protected in an unknown way (${id})`);
  const { contents } = expectTag(data, TAG.octetString);
  const salt = contents.subarray(0, SALT_LENGTH);
  const key = xorWithStream(contents.subarray(SALT_LENGTH, -SALT_LENGTH), password, salt);
  if (!equalBytes(sha1(password, key), contents.subarray(-SALT_LENGTH))) throw wrongPassword();
  return key;
}
