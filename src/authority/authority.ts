/** The conductor: a CA over a store and a vault for its keys, wherever those live. */
import { systemAmbient } from '../ambient.ts';
import type { Material } from '../bundle/material.ts';
import type { Ambient } from '../core/ambient.ts';
import type { PrivateKey } from '../core/keys.ts';
import type { AuthorityOptions, LeafRequest } from '../core/options.ts';
import type { AuthorityRecord, CertificateFilter, CertificateRecord } from '../store/store.ts';
import { type EstablishedAuthority, establishImported, establishNew, type ImportOptions } from './establish.ts';
import { exportAuthority, exportLeaf } from './export.ts';
import { type IssueOptions, issueMany, preparing } from './issuing.ts';
import type { Issued, IssueHooks } from './jobs.ts';
import { keepAuthorities, renewAndKeep } from './keep-authorities.ts';
import { type AuthorityList, currentLists, makeLists, openListKeys, type RevocationListOptions } from './lists.ts';
import { rootsInForce } from './material.ts';
import type { RenewOptions } from './renew.ts';
import type { RenewAuthoritiesOptions } from './renew-authority.ts';
import { renewLeaf } from './renew-leaf.ts';
import { findRevocable, type Revocable, type RevokeOptions, release, revoke } from './revoke.ts';
import { type Review, reviewRequest, type Signed, type SignOptions, signRequest } from './sign.ts';
import { type AuthorityHome, noAuthority, type Passphrase, Workplace } from './workplace.ts';

export type { IssueOptions } from './issuing.ts';

/** For `CertificateAuthority.open`. */
export interface OpenOptions {
  /** Opens the CA's key if it is encrypted. It is asked for only when something is to be signed. */
  passphrase?: Passphrase;
  ambient?: Ambient | undefined;
  /** Open a home without a CA, too, for what other CAs signed: then nothing can be signed. */
  allowNone?: boolean | undefined;
}

/** A CA that signs: made with `create` or `import`, found again with `open`. */
export class CertificateAuthority {
  readonly #work: Workplace;

  private constructor(work: Workplace) {
    this.#work = work;
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
    const { ambient = systemAmbient, passphrase, allowNone = false } = options;
    if (!allowNone && !authorities.some(({ active }) => active)) throw noAuthority();
    return new CertificateAuthority(new Workplace(home, authorities, ambient, passphrase));
  }

  static async #keep(
    home: AuthorityHome,
    established: readonly EstablishedAuthority[],
    action: string,
    passphrase: string | undefined,
    ambient: Ambient,
  ): Promise<CertificateAuthority> {
    const work = new Workplace(home, [], ambient, passphrase);
    await keepAuthorities(work, established, action, passphrase);
    return new CertificateAuthority(work);
  }

  /** The authority that signs, and those above it up to the root. */
  get chain(): readonly AuthorityRecord[] {
    return this.#work.chain;
  }

  /** The root, or whatever is highest of an imported CA. */
  get root(): AuthorityRecord {
    return this.chain.at(-1) as AuthorityRecord;
  }

  /** What clients are to trust: the root, and while it takes the place of others, those. */
  get roots(): readonly AuthorityRecord[] {
    return rootsInForce(this.authorities, this.#work.ambient.now());
  }

  /** Every certificate that this CA signs or signed with, renewed and replaced ones too: roots first, oldest first. */
  get authorities(): readonly AuthorityRecord[] {
    return this.#work.authorities;
  }

  // --- certificates --------------------------------------------------------------------------------------------

  /** Makes a key and a certificate, records it, and only then hands it out. */
  async issue(options: IssueOptions, hooks: IssueHooks = {}): Promise<Issued> {
    const [issued] = await this.issueMany([options], hooks);
    return issued as Issued;
  }

  /**
   * Issues all or none: every request is checked before the first key is made, and all are recorded in one
   * transaction.
   */
  issueMany(list: readonly IssueOptions[], hooks: IssueHooks = {}): Promise<Issued[]> {
    return issueMany(this.#work, list, hooks);
  }

  /**
   * Makes a certificate that takes the place of another: same names, subject, profile, label and key, and a fresh serial. The
   * one before is superseded, and can still be revoked.
   */
  renew(labelOrSerial: string, options: RenewOptions = {}, hooks: IssueHooks = {}): Promise<Issued> {
    return renewLeaf(this.#work, labelOrSerial, options, hooks);
  }

  /**
   * Makes a certificate for a key that somebody else has, from a request (PKCS#10, PEM or DER). The subject and the names are
   * the request's, all else is the profile's. Throws LOCAL_CA_CSR_INVALID when nobody proves to have the key, and
   * LOCAL_CA_KEY_REFUSED for a key that should have no certificate.
   */
  sign(csr: Uint8Array, options: SignOptions = {}, hooks: IssueHooks = {}): Promise<Signed> {
    return signRequest(this.#work, csr, options, hooks);
  }

  /** What `sign` would sign, and what of the request it would not: to be shown to somebody before. */
  review(csr: Uint8Array, options: SignOptions = {}): Promise<Review> {
    return reviewRequest(this.#work, csr, options);
  }

  /** Checks a request as `issue` would, and makes nothing. */
  check(options: IssueOptions): LeafRequest {
    return preparing(this.#work)(options);
  }

  // --- the CA itself -------------------------------------------------------------------------------------------

  /** Renews the CA's own certificates. With new keys, whoever trusts the old root is served by a cross certificate. */
  renewAuthorities(options: RenewAuthoritiesOptions = {}): Promise<AuthorityRecord[]> {
    return renewAndKeep(this.#work, options);
  }

  // --- revocation ----------------------------------------------------------------------------------------------

  /**
   * Revokes a certificate of this CA, superseded ones too, or an authority by its serial. A root that was replaced is on no
   * list: it leaves the trust files.
   */
  revoke(labelOrSerial: string, options: RevokeOptions = {}): Promise<Revocable> {
    return revoke(this.#work, labelOrSerial, options);
  }

  /** Takes a certificate off hold. Throws LOCAL_CA_NOT_ON_HOLD for any other: a revocation is final. */
  release(labelOrSerial: string): Promise<Revocable> {
    return release(this.#work, labelOrSerial);
  }

  /** What `revoke` would revoke. Throws for the authorities that sign now, and for another CA's certificates. */
  revocable(labelOrSerial: string): Promise<Revocable> {
    return findRevocable(this.#work, labelOrSerial);
  }

  /**
   * Signs a new revocation list for each CA key that is in the home, the signing authority's first. An authority whose key is
   * elsewhere keeps the list that is on record, if there is one.
   */
  makeRevocationLists(options: RevocationListOptions = {}): Promise<AuthorityList[]> {
    return makeLists(this.#work, options);
  }

  /** Opens the keys that `makeRevocationLists` signs with, so that it throws before something is revoked and not after. */
  openListKeys(): Promise<void> {
    return openListKeys(this.#work);
  }

  /** The newest list of each CA that a client may ask for. */
  revocationLists(): Promise<AuthorityList[]> {
    return currentLists(this.#work);
  }

  // --- what is on record ---------------------------------------------------------------------------------------

  /** The newest certificate with this label, or the one with this serial or unique start of one. */
  get(labelOrSerial: string): Promise<CertificateRecord> {
    return this.#work.get(labelOrSerial);
  }

  /** What was issued, oldest first. */
  list(filter?: CertificateFilter): Promise<CertificateRecord[]> {
    return this.#work.home.store.certificates(filter);
  }

  /** What the files of an issued certificate are made from; with its key if that was kept, or is given. */
  export(labelOrSerial: string, key?: PrivateKey): Promise<Material> {
    return exportLeaf(this.#work, labelOrSerial, key);
  }

  /** What the files that clients need are made from: the CA alone. */
  exportAuthority(): Promise<Material> {
    return exportAuthority(this.#work);
  }
}
