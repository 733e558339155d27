/** One method that signs, so that a key on a token or in a cloud can stand where the key in a file stands now. */
import { LocalCaError } from '../errors.ts';
import type { KeyAlgorithm } from './algorithms.ts';
import type { Ambient } from './ambient.ts';
import { integer, sequence } from './der.ts';
import { type PrivateKey, signingKey, webCryptoAlgorithm } from './keys.ts';

export interface Signer {
  readonly algorithm: KeyAlgorithm;
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array;
  /** The signature as X.509 carries it: ECDSA as a DER SEQUENCE, the others as they are. */
  sign(data: Uint8Array): Promise<Uint8Array>;
}

/** Signs with a key in memory. */
export async function keySigner(key: PrivateKey, ambient: Ambient): Promise<Signer> {
  const { algorithm, publicKey } = key;
  const subtle = await ambient.subtle(algorithm.provider);
  const handle = await signingKey(key, ambient).catch(refuse);
  const parameters = webCryptoAlgorithm(algorithm, algorithm.hash);
  return {
    algorithm,
    publicKey,
    sign: async (data) => {
      const signature = new Uint8Array(await subtle.sign(parameters, handle, data).catch(refuse));
      return algorithm.family === 'ec' ? ecdsaToDer(signature) : signature;
    },
  };
}

/** OpenSSL reads keys that it cannot compute with. */
function refuse(cause: unknown): never {
  throw new LocalCaError(
    'LOCAL_CA_KEY_INVALID',
    'the private key cannot sign: it is damaged, or has numbers that no such key has',
    'Take the key from a backup, or make a new one.',
    { cause },
  );
}

/** WebCrypto's r ‖ s (IEEE P1363) to Ecdsa-Sig-Value (RFC 3279 2.2.3). */
function ecdsaToDer(signature: Uint8Array): Uint8Array {
  const half = signature.length / 2;
  return sequence(integer(signature.subarray(0, half)), integer(signature.subarray(half)));
}
