/**
 * Java key stores (JKS), as OpenJDK's `sun.security.provider.JavaKeyStore` writes and reads them:
 *
 *     FEEDFEED  version 2  count  entries  SHA-1(password, "Mighty Aphrodite", all of that)
 *     entry: tag  alias  milliseconds  (key: encrypted key, chain | trusted: certificate)
 */
import { createHash } from 'node:crypto';
import { bmpString, concatBytes, equalBytes, readElement } from '../core/der.ts';
import { wrongPassword } from '../core/pbes2.ts';
import { quote } from '../core/text.ts';
import { LocalCaError } from '../errors.ts';
import { damaged, reading } from './damaged.ts';
import { aliasKey, checkEntries, checkPassword, type StoreEntry, unfit } from './entries.ts';
import { JavaReader, javaString, uint } from './java-data.ts';
import { protectKey, recoverKey } from './jks-protector.ts';

/** For `writeJks`: passwords as text, and the clock and randomness that make it reproducible. */
export interface WriteJksOptions {
  readonly password: string;
  /** The store's own by default, which is what most servers expect. */
  readonly keyPassword?: string;
  /** When the entries are said to be made. */
  readonly now: Date;
  readonly random: (length: number) => Uint8Array;
}

/** For `readJks`. */
export interface ReadJksOptions {
  /** Without one the file is not checked, as in Java, and keys need `keyPassword`. */
  readonly password?: string;
  readonly keyPassword?: string;
}

const MAGIC = { jks: 0xfeedfeed, jceks: 0xcececece } as const;
const VERSION = 2;
const TAG = { key: 1, trusted: 2 } as const;
const CERTIFICATE_TYPE = 'X.509';
const CERTIFICATE_TYPE_STRING = javaString(CERTIFICATE_TYPE) as Uint8Array;
const DIGEST_LENGTH = 20;

/** As Java hashes it: UTF-16, big-endian. */
const passwordBytes = (password: string): Uint8Array => readElement(bmpString(password)).contents;

// --- writing -----------------------------------------------------------------------------------------------------

/**
 * A key store, a trust store, or both in one file; aliases become lower case, as Java's do. The same entries, options,
 * time and randomness give the same bytes. Throws LOCAL_CA_KEYSTORE_ENTRY, LOCAL_CA_PASSWORD_REQUIRED.
 */
export function writeJks(entries: readonly StoreEntry[], options: WriteJksOptions): Uint8Array {
  const { password, keyPassword = password, now, random } = options;
  checkEntries(entries);
  checkPassword(password);
  checkPassword(keyPassword);
  const keySecret = passwordBytes(keyPassword);
  const body = concatBytes(
    uint(MAGIC.jks, 4),
    uint(VERSION, 4),
    uint(entries.length, 4),
    ...entries.map((entry) => {
      const { tag, content } = encodeEntry(entry, keySecret, random);
      return concatBytes(uint(tag, 4), encodeAlias(entry.alias), uint(now.getTime(), 8), content);
    }),
  );
  return concatBytes(body, storeDigest(password, body));
}

function encodeEntry(entry: StoreEntry, keySecret: Uint8Array, random: WriteJksOptions['random']) {
  if (entry.kind === 'trusted') return { tag: TAG.trusted, content: encodeCertificate(entry.certificate) };
  const { key, chain } = entry;
  const content = concatBytes(
    block(protectKey(key, keySecret, random(20))),
    uint(chain.length, 4),
    ...chain.map(encodeCertificate),
  );
  return { tag: TAG.key, content };
}

function encodeAlias(alias: string): Uint8Array {
  const encoded = javaString(aliasKey(alias));
  if (encoded !== undefined) return encoded;
  throw unfit(`the alias ${quote(alias)} is longer than a Java key store can hold`, 'Give the entry a shorter alias.');
}

const block = (bytes: Uint8Array) => concatBytes(uint(bytes.length, 4), bytes);
const encodeCertificate = (der: Uint8Array) => concatBytes(CERTIFICATE_TYPE_STRING, block(der));

const storeDigest = (password: string, body: Uint8Array): Uint8Array =>
  new Uint8Array(createHash('sha1').update(passwordBytes(password)).update('Mighty Aphrodite').update(body).digest());

// --- reading -----------------------------------------------------------------------------------------------------

/** Throws LOCAL_CA_KEYSTORE_INVALID, LOCAL_CA_PASSWORD_WRONG, LOCAL_CA_PASSWORD_REQUIRED. */
export function readJks(bytes: Uint8Array, { password, keyPassword = password }: ReadJksOptions): StoreEntry[] {
  return reading('JKS', () => {
    const reader = new JavaReader(bytes);
    checkHeader(reader);
    if (password !== undefined) checkDigest(bytes, password);
    const count = reader.uint(4);
    const entries: StoreEntry[] = [];
    for (let i = 0; i < count; i++) entries.push(decodeEntry(reader, keyPassword));
    if (reader.left !== DIGEST_LENGTH) throw damaged('JKS', 'its entries do not end where its digest begins');
    return entries;
  });
}

function checkHeader(reader: JavaReader): void {
  const magic = reader.uint(4);
  if (magic === MAGIC.jceks) {
    throw new LocalCaError(
      'LOCAL_CA_KEYSTORE_INVALID',
      'the file is a JCEKS key store, not JKS',
      'Convert it: keytool -importkeystore -srckeystore FILE -srcstoretype JCEKS -destkeystore FILE.p12 -deststoretype PKCS12',
    );
  }
  if (magic !== MAGIC.jks) throw damaged('JKS', 'it does not begin as a Java key store');
  const version = reader.uint(4);
  if (version !== VERSION) throw damaged('JKS', `it is of version ${version}, and only version 2 is known`);
}

function checkDigest(bytes: Uint8Array, password: string): void {
  const end = Math.max(bytes.length - DIGEST_LENGTH, 0);
  if (!equalBytes(storeDigest(password, bytes.subarray(0, end)), bytes.subarray(end))) throw wrongPassword();
}

function decodeEntry(reader: JavaReader, keyPassword: string | undefined): StoreEntry {
  const tag = reader.uint(4);
  const alias = reader.string();
  reader.take(8);
  if (tag === TAG.trusted) return { kind: 'trusted', alias, certificate: decodeCertificate(reader) };
  if (tag !== TAG.key) throw damaged('JKS', `it has an entry of the unknown kind ${tag}`);
  const encrypted = reader.block();
  const count = reader.uint(4);
  const chain: Uint8Array[] = [];
  for (let i = 0; i < count; i++) chain.push(decodeCertificate(reader));
  if (keyPassword === undefined) {
    throw new LocalCaError(
      'LOCAL_CA_PASSWORD_REQUIRED',
      `the key ${quote(alias)} in the JKS file is encrypted`,
      'Give the password of the file.',
    );
  }
  return { kind: 'key', alias, key: openKey(encrypted, keyPassword, alias), chain };
}

/** With the file's digest right, or not asked for, a password that fails is not that of the file but of this key. */
function openKey(encrypted: Uint8Array, keyPassword: string, alias: string): Uint8Array {
  try {
    return recoverKey(encrypted, passwordBytes(keyPassword));
  } catch (cause) {
    if (!(cause instanceof LocalCaError) || cause.code !== 'LOCAL_CA_PASSWORD_WRONG') throw cause;
    throw new LocalCaError(
      cause.code,
      `the password does not open the key ${quote(alias)} in the JKS file`,
      'It has a password of its own; give it that of the file: keytool -keypasswd -alias ALIAS -keystore FILE',
      { cause },
    );
  }
}

function decodeCertificate(reader: JavaReader): Uint8Array {
  const type = reader.string();
  if (type !== CERTIFICATE_TYPE) throw damaged('JKS', `it has a certificate of type ${quote(type)}`);
  return reader.block();
}
