/** Where private keys are kept. The store has none of them; a PKCS#11 token may stand behind the same interface. */
import { LocalCaError } from '../errors.ts';

/** Keeps private keys as PEM of PKCS#8, encrypted or not: what is inside is the authority's business. */
export interface KeyVault {
  /** Keeps a key for good. An id (a serial, lower-case hex) that has a key already is an error. */
  save(id: string, pem: Uint8Array): Promise<void>;
  /** Throws LOCAL_CA_KEY_NOT_KEPT or, where the key must be there, LOCAL_CA_HOME_INVALID. */
  load(id: string): Promise<Uint8Array>;
  /** Takes a key away, also one that is not there. */
  remove(id: string): Promise<void>;
  /** The ids of all keys. */
  list(): Promise<string[]>;
}

/** A vault that lasts as long as its process. */
export function memoryVault(): KeyVault {
  const keys = new Map<string, Uint8Array>();
  return {
    async save(id, pem) {
      checkKeyId(id);
      if (keys.has(id)) throw keyExists(id);
      keys.set(id, pem.slice());
    },
    async load(id) {
      checkKeyId(id);
      const pem = keys.get(id);
      if (pem === undefined) throw keyNotKept(id);
      return pem.slice();
    },
    async remove(id) {
      keys.delete(id);
    },
    async list() {
      return [...keys.keys()].sort();
    },
  };
}

/** An id becomes a file name, so that nothing but a serial may pass: at most 20 octets (RFC 5280 4.1.2.2). */
export function checkKeyId(id: string): void {
  if (/^[0-9a-f]{1,40}$/.test(id)) return;
  throw new LocalCaError(
    'LOCAL_CA_HOME_INVALID',
    `${JSON.stringify(id)} is not the serial of a key`,
    'A serial is at most 40 lower-case hex digits; check the inventory.',
  );
}

export const keyNotKept = (id: string, cause?: unknown) =>
  new LocalCaError(
    'LOCAL_CA_KEY_NOT_KEPT',
    `the private key of ${id} was not kept`,
    'Use the key file that was handed out, or issue again with --keep-key.',
    { cause },
  );

const keyExists = (id: string) =>
  new LocalCaError('LOCAL_CA_OUTPUT_EXISTS', `a private key for ${id} is kept already`, 'Use a fresh serial.');
