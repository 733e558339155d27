/** The conductor: a CA over a store and a vault for its keys, wherever those live. */
import { systemAmbient } from '../ambient.ts';
import type { Material } from '../bundle/material.ts';
import type { Ambient } from '../core/ambient.ts';
import { equalBytes } from '../core/der.ts';
import { importKey, type PrivateKey } from '../core/keys.ts';
import { checkOptions, type OptionKinds } from '../core/option-kinds.ts';
import { type AuthorityOptions, LEAF_OPTIONS, type LeafOptions, type LeafRequest } from '../core/options.ts';
import { type Certificate, parseCertificate } from '../core/parse.ts';
import { keySigner, type Signer } from '../core/signer.ts';
import { quote } from '../core/text.ts';
import type { Warning } from '../core/validity.ts';
import { LocalCaError } from '../errors.ts';
import type { AuditEvent, AuthorityRecord, CertificateFilter, CertificateRecord, Store } from '../store/store.ts';
import type { KeyVault } from '../store/vault.ts';
import {
  assertFitAuthority,
  type EstablishedAuthority,
  encodeAuthorityKey,
  establishImported,
  establishNew,
  type ImportOptions,
} from './establish.ts';
import { type IssuingChain, prepareLeaf, replacementWarnings, type SignedLeaf, signLeaf } from './issue.ts';
import { authorityChain, materialOf } from './material.ts';

/** Where a CA lives: a folder (`openHome`), memory (`memoryHome`), or anything that keeps these promises. */
export interface AuthorityHome {
  readonly store: Store;
  /** The CA's own keys, by authority id. */
  readonly caKeys: KeyVault;
  /** Leaf keys that somebody asked to keep, by serial. */
  readonly leafKeys: KeyVault;
}

/** For `CertificateAuthority.open`. */
export interface OpenOptions {
  /** Opens the CA's key if it is encrypted. It is asked for only when something is to be signed. */
  passphrase?: (() => Promise<string>) | string | undefined;
  ambient?: Ambient | undefined;
}

/** What a certificate shall be, and whether its key is kept. */
export interface IssueOptions extends LeafOptions {
  /** Keep a copy of the private key in the home, so that `export` can make its files again. */
  keepKey?: boolean | undefined;
}

const ISSUE_OPTIONS: OptionKinds<IssueOptions> = { ...LEAF_OPTIONS, keepKey: 'boolean' };

/** An issued certificate with everything that its files are made from. */
export interface Issued {
  readonly record: CertificateRecord;
  readonly material: Material;
  readonly warnings: readonly Warning[];
}

/** Runs when a certificate is signed but not yet recorded: prepare its files here, and throw to call it all off. */
export type BeforeRecording = (issued: readonly Issued[]) => Promise<void>;

/** A CA that signs: made with `create` or `import`, found again with `open`. */
export class CertificateAuthority {
  readonly #home: AuthorityHome;
  readonly #ambient: Ambient;
  readonly #passphrase: OpenOptions['passphrase'];
  readonly #authorities: readonly AuthorityRecord[];
  #signer: Promise<Signer> | undefined;

  private constructor(home: AuthorityHome, authorities: readonly AuthorityRecord[], options: OpenOptions) {
    this.#home = home;
    this.#ambient = options.ambient ?? systemAmbient;
    this.#passphrase = options.passphrase;
    this.#authorities = authorities;
  }

  /** Makes a new CA in an empty home. */
  static async create(
    home: AuthorityHome,
    options: AuthorityOptions = {},
    ambient: Ambient = systemAmbient,
  ): Promise<CertificateAuthority> {
    const established = await establishNew(options, ambient);
    return CertificateAuthority.#keep(home, established, 'create', options.passphrase, ambient);
  }

  /** Takes over a CA that another tool made. Its key identifier is what every new certificate will point to. */
  static async import(
    home: AuthorityHome,
    options: ImportOptions,
    ambient: Ambient = systemAmbient,
  ): Promise<CertificateAuthority> {
    return CertificateAuthority.#keep(home, establishImported(options, ambient), 'import', options.passphrase, ambient);
  }

  /** Opens the CA of a home. Throws LOCAL_CA_HOME_MISSING when it has none. */
  static async open(home: AuthorityHome, options: OpenOptions = {}): Promise<CertificateAuthority> {
    const authorities = await home.store.authorities();
    if (!authorities.some((authority) => authority.active)) {
      throw new LocalCaError('LOCAL_CA_HOME_MISSING', 'there is no CA here yet', 'Make one with: local-ca init');
    }
    return new CertificateAuthority(home, authorities, options);
  }

  static async #keep(
    home: AuthorityHome,
    established: readonly EstablishedAuthority[],
    action: string,
    passphrase: string | undefined,
    ambient: Ambient,
  ): Promise<CertificateAuthority> {
    const records = established.map(({ record }) => record);
    for (const { record, key } of established) {
      if (key !== undefined) await home.caKeys.save(record.id, encodeAuthorityKey(key, passphrase, ambient));
    }
    const event: AuditEvent = {
      at: ambient.now(),
      action,
      serial: records.at(-1)?.id ?? null,
      detail: records.at(-1)?.name ?? '',
    };
    await home.store.addAuthorities(records, event);
    return new CertificateAuthority(home, records, { passphrase, ambient });
  }

  /** The authority that signs, and those above it up to the root. */
  get chain(): readonly AuthorityRecord[] {
    const active = this.#authorities.find((authority) => authority.active) as AuthorityRecord;
    return authorityChain(this.#authorities, active.id);
  }

  /** The root, or whatever is highest of an imported CA. */
  get root(): AuthorityRecord {
    return this.chain.at(-1) as AuthorityRecord;
  }

  /** Makes a key and a certificate, records it, and only then hands it out. */
  async issue(options: IssueOptions, beforeRecording?: BeforeRecording): Promise<Issued> {
    const [issued] = await this.issueMany([options], beforeRecording === undefined ? {} : { beforeRecording });
    return issued as Issued;
  }

  /**
   * Issues all or none: every request is checked before the first key is made, and all are recorded in one
   * transaction.
   */
  async issueMany(
    list: readonly IssueOptions[],
    hooks: { beforeRecording?: BeforeRecording; onProgress?: (done: number) => void } = {},
  ): Promise<Issued[]> {
    const chain = this.#issuingChain();
    const requests = list.map((options) => this.#prepare(options, chain));
    const signer = await this.#loadSigner();
    const issued: Issued[] = [];
    for (const [i, request] of requests.entries()) {
      issued.push(await this.#issueOne(request, list[i]?.keepKey === true, chain[0], signer));
      hooks.onProgress?.(i + 1);
    }
    await hooks.beforeRecording?.(issued);
    await this.#record(issued);
    return issued;
  }

  /** Keys that are kept come first, so that the record never promises one that is not there. */
  async #record(issued: readonly Issued[]): Promise<void> {
    const { store, leafKeys } = this.#home;
    const kept = issued.filter(({ record }) => record.keyKept);
    try {
      for (const { record, material } of kept) {
        await leafKeys.save(
          record.serial,
          encodeAuthorityKey(material.leaf?.key as PrivateKey, undefined, this.#ambient),
        );
      }
      await store.addCertificates(issued.map(({ record }) => record));
    } catch (error) {
      for (const { record } of kept) await leafKeys.remove(record.serial);
      throw error;
    }
  }

  /** Checks a request as `issue` would, and makes nothing. */
  check(options: IssueOptions): LeafRequest {
    return this.#prepare(options, this.#issuingChain());
  }

  #prepare(options: IssueOptions, chain: IssuingChain): LeafRequest {
    checkOptions(options, ISSUE_OPTIONS);
    return prepareLeaf(options, chain, this.#ambient.now());
  }

  async #issueOne(request: LeafRequest, keepKey: boolean, issuer: Certificate, signer: Signer): Promise<Issued> {
    const { record, key, warnings }: SignedLeaf = await signLeaf(request, issuer, signer, this.#ambient);
    const kept = { ...record, keyKept: keepKey };
    const earlier = await this.#home.store.byLabel(record.label);
    const material = materialOf(this.chain, kept, key);
    return { record: kept, material, warnings: [...warnings, ...replacementWarnings(earlier, kept)] };
  }

  #issuingChain(): IssuingChain {
    const [issuer, ...above] = this.chain.map(({ certificate }) => parseCertificate(certificate));
    for (const authority of [issuer as Certificate, ...above]) assertFitAuthority(authority, this.#ambient.now());
    return [issuer as Certificate, ...above];
  }

  #loadSigner(): Promise<Signer> {
    this.#signer ??= this.#openSigner();
    return this.#signer;
  }

  async #openSigner(): Promise<Signer> {
    const [issuer] = this.chain as [AuthorityRecord];
    const key = await openVaultKey(await this.#home.caKeys.load(issuer.id), this.#passphrase);
    const hint = 'Put the key of the CA back from a backup: nobody would trust what another key signs.';
    assertOwnKey(key, issuer.certificate, `the CA ${quote(issuer.name)}`, hint);
    return keySigner(key, this.#ambient);
  }

  /** The newest certificate with this label, or the one with this serial or unique start of one. */
  async get(labelOrSerial: string): Promise<CertificateRecord> {
    const { store } = this.#home;
    const labelled = await store.byLabel(labelOrSerial);
    if (labelled !== undefined) return labelled;
    const prefix = labelOrSerial.toLowerCase().replaceAll(':', '');
    const found = /^[0-9a-f]{4,40}$/.test(prefix) ? await store.bySerialPrefix(prefix) : [];
    const exact = found.find((record) => record.serial === prefix) ?? found[0];
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

  /** What was issued, oldest first. */
  list(filter?: CertificateFilter): Promise<CertificateRecord[]> {
    return this.#home.store.certificates(filter);
  }

  /** What the files of an issued certificate are made from; with its key if that was kept, or is given. */
  async export(labelOrSerial: string, key?: PrivateKey): Promise<Material> {
    const record = await this.get(labelOrSerial);
    const kept = record.keyKept ? importKey(await this.#home.leafKeys.load(record.serial)) : undefined;
    const own = key ?? kept;
    const hint = 'Give the key file that was made with it.';
    if (own !== undefined) assertOwnKey(own, record.certificate, `the certificate ${quote(record.label)}`, hint);
    return materialOf(authorityChain(this.#authorities, record.issuerId), record, own);
  }

  /** What the files that clients need are made from: the CA alone. */
  exportAuthority(): Material {
    return materialOf(this.chain);
  }
}

function assertOwnKey(key: PrivateKey, certificate: Uint8Array, owner: string, hint: string): void {
  if (equalBytes(key.publicKey, parseCertificate(certificate).publicKey)) return;
  throw new LocalCaError('LOCAL_CA_KEY_MISMATCH', `the private key does not belong to ${owner}`, hint);
}

async function openVaultKey(pem: Uint8Array, passphrase: OpenOptions['passphrase']): Promise<PrivateKey> {
  try {
    return importKey(pem);
  } catch (error) {
    if (!(error instanceof LocalCaError) || error.code !== 'LOCAL_CA_KEY_ENCRYPTED' || passphrase === undefined)
      throw error;
    return importKey(pem, typeof passphrase === 'string' ? passphrase : await passphrase());
  }
}
