/** What every operation of a CA works with: its home, its authorities, their keys, the clock. */
import type { Material } from '../bundle/material.ts';
import type { Ambient } from '../core/ambient.ts';
import { importKey, type PrivateKey } from '../core/keys.ts';
import { lineOf } from '../core/lineage.ts';
import { parseCertificate } from '../core/parse.ts';
import { keySigner, type Signer } from '../core/signer.ts';
import { quote } from '../core/text.ts';
import { LocalCaError } from '../errors.ts';
import type { Exclusively } from '../store/lock.ts';
import type { AuthorityRecord, CertificateRecord, Store } from '../store/store.ts';
import type { KeyVault } from '../store/vault.ts';
import { assertFitAuthority } from './establish.ts';
import type { IssuingChain } from './issue.ts';
import { currentLists } from './lists.ts';
import { type AuthorityCertificates, authorityCertificates, foreignCertificates, materialOf } from './material.ts';
import { assertOwnKey } from './own-key.ts';

/** Where a CA lives: a folder (`openHome`), memory (`memoryHome`), or anything that keeps these promises. */
export interface AuthorityHome {
  readonly store: Store;
  /** The CA's own keys, by key id. */
  readonly caKeys: KeyVault;
  /** Leaf keys that are kept, by key id. */
  readonly leafKeys: KeyVault;
  /** Keeps others out while a key is saved and recorded, or a number counted up. */
  readonly exclusively: Exclusively;
}

/** Opens the CA's key if it is encrypted. It is asked for only when something is to be signed. */
export type Passphrase = (() => Promise<string>) | string | undefined;

export class Workplace {
  readonly home: AuthorityHome;
  readonly ambient: Ambient;
  readonly #passphrase: Passphrase;
  #authorities: readonly AuthorityRecord[];
  #signer: Promise<Signer> | undefined;
  #lists: Promise<Uint8Array[]> | undefined;

  constructor(home: AuthorityHome, authorities: readonly AuthorityRecord[], ambient: Ambient, passphrase: Passphrase) {
    this.home = home;
    this.ambient = ambient;
    this.#authorities = authorities;
    this.#passphrase = typeof passphrase === 'function' ? once(passphrase) : passphrase;
  }

  /** All of them, renewed and rotated ones too: roots first, oldest first. */
  get authorities(): readonly AuthorityRecord[] {
    return this.#authorities;
  }

  /** After a change of theirs. */
  async reload(): Promise<void> {
    this.#authorities = await this.home.store.authorities();
    this.#signer = undefined;
    this.forgetLists();
  }

  /** The authority that signs, and those above it up to the root; empty when there is no CA. */
  get chain(): readonly AuthorityRecord[] {
    return lineOf(this.#authorities, this.#authorities.find(({ active }) => active)?.id ?? null);
  }

  /** The chain's certificates. Throws when one of them may sign nothing now. */
  issuingChain(): IssuingChain {
    const [issuer, ...above] = this.chain.map(({ certificate }) => parseCertificate(certificate));
    if (issuer === undefined) throw noAuthority();
    for (const authority of [issuer, ...above]) assertFitAuthority(authority, this.ambient.now());
    return [issuer, ...above];
  }

  /** What signs certificates. */
  signer(): Promise<Signer> {
    this.#signer ??= this.signerOf(this.chain[0] as AuthorityRecord);
    return this.#signer;
  }

  async signerOf(authority: AuthorityRecord): Promise<Signer> {
    return keySigner((await this.keyOf(authority)).key, this.ambient);
  }

  async keyOf(authority: AuthorityRecord): Promise<OpenedKey> {
    const opened = await openVaultKey(await this.home.caKeys.load(authority.keyId), this.#passphrase);
    const hint = 'Put the key of the CA back from a backup: nobody would trust what another key signs.';
    assertOwnKey(opened.key, authority.certificate, `the CA ${quote(authority.name)}`, hint);
    return opened;
  }

  certificates(chain: readonly AuthorityRecord[]): AuthorityCertificates {
    if (chain.length === 0) throw unrecorded();
    return authorityCertificates(this.#authorities, chain, this.ambient.now());
  }

  async material(record: CertificateRecord, key?: PrivateKey): Promise<Material> {
    if (record.issuerId === null) return materialOf(foreignCertificates(record), record, key);
    const certificates = this.certificates(lineOf(this.#authorities, record.issuerId));
    return materialOf(certificates, record, key, await this.lists());
  }

  /** DER of the newest revocation lists; those of another CA are not known here. */
  lists(): Promise<Uint8Array[]> {
    this.#lists ??= currentLists(this).then((all) => all.flatMap(({ list }) => list?.list ?? []));
    return this.#lists;
  }

  /** After new ones were made. */
  forgetLists(): void {
    this.#lists = undefined;
  }

  /** The newest certificate with this label, or the one with this serial or unique start of one. */
  async get(labelOrSerial: string): Promise<CertificateRecord> {
    const { store } = this.home;
    const labelled = await store.byLabel(labelOrSerial);
    if (labelled !== undefined) return labelled;
    const prefix = labelOrSerial.toLowerCase().replaceAll(':', '');
    const found = /^[0-9a-f]{1,40}$/.test(prefix) ? await store.bySerialPrefix(prefix) : [];
    // Other CAs have serials like 01.
    const exact = found.find((record) => record.serial === prefix) ?? (prefix.length < 4 ? undefined : found[0]);
    if (exact === undefined) {
      throw new LocalCaError(
        'LOCAL_CA_NOT_FOUND',
        `no certificate is called ${quote(labelOrSerial)}`,
        'local-ca list shows them all.',
      );
    }
    if (found.length > 1 && exact.serial !== prefix) {
      throw new LocalCaError('LOCAL_CA_AMBIGUOUS', `${found.length} serials start with ${prefix}`, 'Give more digits.');
    }
    return exact;
  }
}

export const noAuthority = () =>
  new LocalCaError('LOCAL_CA_HOME_MISSING', 'there is no CA here yet', 'Make one with: local-ca init');

const unrecorded = () =>
  new LocalCaError(
    'LOCAL_CA_HOME_INVALID',
    'the inventory is damaged: the CA that signed the certificate is not on record',
    'Restore the home folder from a backup.',
  );

/** One passphrase opens all keys of a CA, and nobody likes to be asked twice. */
function once(ask: () => Promise<string>): () => Promise<string> {
  let answer: Promise<string> | undefined;
  return () => {
    answer ??= ask();
    return answer;
  };
}

export interface OpenedKey {
  readonly key: PrivateKey;
  /** What opened it, if it was encrypted. */
  readonly passphrase?: string;
}

async function openVaultKey(pem: Uint8Array, given: Passphrase): Promise<OpenedKey> {
  try {
    return { key: importKey(pem) };
  } catch (error) {
    if (!(error instanceof LocalCaError) || error.code !== 'LOCAL_CA_KEY_ENCRYPTED' || given === undefined) throw error;
    const passphrase = typeof given === 'string' ? given : await given();
    return { key: importKey(pem, passphrase), passphrase };
  }
}
