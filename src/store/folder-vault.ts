/** Private keys as files, `<id>.key.pem`, that only their owner can read: checked again at every read. */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { readSecret, writeWhole } from '../disk.ts';
import type { LocalCaError } from '../errors.ts';
import { checkKeyId, type KeyVault } from './vault.ts';

/** Throws for an id that could lead elsewhere. */
export function keyFile(folder: string, id: string): string {
  checkKeyId(id);
  return join(folder, `${id}.key.pem`);
}

/** `missing` is the error for a key that is not there. */
export function folderVault(folder: string, missing: (id: string, path: string) => LocalCaError): KeyVault {
  const pathOf = (id: string) => keyFile(folder, id);
  return {
    async save(id, pem) {
      writeWhole(pathOf(id), pem, 0o600);
    },
    async load(id) {
      const path = pathOf(id);
      if (!existsSync(path)) throw missing(id, path);
      return readSecret(path);
    },
    async remove(id) {
      rmSync(pathOf(id), { force: true });
    },
    async list() {
      const names = readdirSync(folder).map((name) => /^([0-9a-f]{1,40})\.key\.pem$/.exec(name)?.[1]);
      return names.filter((id) => id !== undefined).sort();
    },
  };
}
