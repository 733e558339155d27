/** What the tests of the formats share: a folder to work in, the fixtures in it, and things made by OpenSSL. */
import assert from 'node:assert/strict';
import { createPrivateKey, randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { KeyEntry, StoreEntry } from '../../src/formats/entries.ts';
import { decodePem } from '../../src/formats/pem.ts';
import { intermediatePem, keyEntry, leafKeyPem, leafPem, rootPem, trustedEntry } from '../formats/fixtures.ts';
import { must, run } from '../support/peers.ts';
import { temporaryFolder } from '../support/temp.ts';

export const password = 'secret1';
export const unusual = 'pässwörd 鍵 \u{1f600}';
export const unusualAlias = 'schlüssel 鍵 \u{1f600}';
export const named: readonly StoreEntry[] = [{ ...keyEntry, alias: unusualAlias }, trustedEntry];
export const random = (length: number) => new Uint8Array(randomBytes(length));

const FIXTURES = {
  'leaf.pem': leafPem,
  'leaf.key': leafKeyPem,
  'ca.pem': intermediatePem + rootPem,
  'root.pem': rootPem,
  'ca.cnf': '[ca]\ndefault_ca=c\n[c]\ndatabase=index.txt\n',
  'index.txt': '',
};

/** A folder with the fixtures and these files. Commands are split at spaces and run in it, in UTF-8. */
export async function workshop(t: TestContext, files: Readonly<Record<string, Uint8Array | string>> = {}) {
  const folder = await temporaryFolder(t);
  for (const [name, content] of Object.entries({ ...FIXTURES, ...files })) await writeFile(join(folder, name), content);
  const options = { cwd: folder, env: { LC_ALL: 'C.UTF-8' } };
  const split = (command: string, rest: readonly string[]) => {
    const [program = '', ...args] = command.split(' ').filter((word) => word !== '');
    return [program, [...args, ...rest], options] as const;
  };
  return {
    run: (command: string, ...rest: string[]) => run(...split(command, rest)),
    must: (command: string, ...rest: string[]) => must(...split(command, rest)),
    read: async (name: string) => new Uint8Array(await readFile(join(folder, name))),
  };
}
export type Workshop = Awaited<ReturnType<typeof workshop>>;

/** A key of the given type and a certificate for it. */
export async function selfSigned({ must, read }: Workshop, name: string, keyType: string): Promise<KeyEntry> {
  await must(
    `openssl req -x509 -nodes -newkey ${keyType} -subj /CN=${name} -outform DER -out ${name}.crt -keyout ${name}.pem`,
  );
  const [key] = decodePem(new TextDecoder().decode(await read(`${name}.pem`)));
  assert.ok(key);
  return { kind: 'key', alias: name, key: key.der, chain: [await read(`${name}.crt`)] };
}

/** The key types that Java has, too. */
export const everyKind = async (shop: Workshop): Promise<KeyEntry[]> => [
  await selfSigned(shop, 'rsa', 'rsa:2048'),
  await selfSigned(shop, 'ed', 'ed25519'),
  await selfSigned(shop, 'ec', 'ec -pkeyopt ec_paramgen_curve:P-521'),
];

/** `crl.pem`, by the leaf, which OpenSSL does not mind. */
export const makeCrl = ({ must }: Workshop): Promise<string> =>
  must('openssl ca -config ca.cnf -gencrl -md sha256 -crldays 3 -cert leaf.pem -keyfile leaf.key -out crl.pem');

export function samePrivateKey(pem: string, key: Uint8Array): void {
  const expected = createPrivateKey({ key: Buffer.from(key), format: 'der', type: 'pkcs8' });
  assert.ok(createPrivateKey(pem).equals(expected));
}

/** The same key can be written in more than one way, with or without its public half. */
export function withPlainKey(entry: StoreEntry): StoreEntry {
  if (entry.kind === 'trusted') return entry;
  const key = createPrivateKey({ key: Buffer.from(entry.key), format: 'der', type: 'pkcs8' });
  return { ...entry, key: new Uint8Array(key.export({ type: 'pkcs8', format: 'der' })) };
}

export const byAlias = (a: StoreEntry, b: StoreEntry): number => (a.alias < b.alias ? -1 : 1);
