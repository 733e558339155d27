/** The conductor: a CA over a store and a vault for its keys, wherever those live. */
import { systemAmbient } from '../ambient.ts';
import type { Material } from '../bundle/material.ts';
import type { Ambient } from '../core/ambient.ts';
import { importKey, type PrivateKey } from '../core/keys.ts';
import { checkOptions, type OptionKinds } from '../core/option-kinds.ts';
import { type AuthorityOptions, LEAF_OPTIONS, type LeafOptions, type LeafRequest } from '../core/options.ts';
import { parseCertificate } from '../core/parse.ts';
import { quote } from '../core/text.ts';
import type { AuditEvent, AuthorityRecord, CertificateFilter, CertificateRecord } from '../store/store.ts';
import {
  type EstablishedAuthority,
  encodeAuthorityKey,
  establishImported,
  establishNew,
  type ImportOptions,
} from './establish.ts';
import { type IssuingChain, prepareLeaf } from './issue.ts';
import { type Issued, type IssueHooks, type Job, runJobs } from './jobs.ts';
import {
  type AuthorityList,
  currentLists,
  makeLists,
  openListKeys,
  REVOCATION_LIST_OPTIONS,
  type RevocationListOptions,
} from './lists.ts';
import { materialOf, rootsInForce } from './material.ts';
import { assertOwnKey } from './own-key.ts';
import {
  assertKeyTrusted,
  assertRenewable,
  RENEW_OPTIONS,
  type RenewOptions,
  renewalKey,
  renewalOptions,
} from './renew.ts';
import { RENEW_AUTHORITIES_OPTIONS, type RenewAuthoritiesOptions, renewAuthorities } from './renew-authority.ts';
import { findRevocable, REVOKE_OPTIONS, type Revocable, type RevokeOptions, release, revoke } from './revoke.ts';
import {
  type Prepare,
  type Review,
  reviewRequest,
  SIGN_OPTIONS,
  type Signed,
  type SignOptions,
  signRequest,
} from './sign.ts';
import { type AuthorityHome, noAuthority, type Passphrase, Workplace } from './workplace.ts';

/** For `CertificateAuthority.open`. */
export interface OpenOptions {
  /** Opens the CA's key if it is encrypted. It is asked for only when something is to be signed. */
  passphrase?: Passphrase;
  ambient?: Ambient | undefined;
  /** Open a home without a CA, too, for what other CAs signed: then nothing can be signed. */
  allowNone?: boolean | undefined;
}

/** What a certificate shall be, and whether its key is kept. */
export interface IssueOptions extends LeafOptions {
  /** Keep a copy of the private key in the home, so that `export` can make its files again. */
  keepKey?: boolean | undefined;
}

const ISSUE_OPTIONS: OptionKinds<IssueOptions> = { ...LEAF_OPTIONS, keepKey: 'boolean' };

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
    await addAuthorities(work, established, action, passphrase);
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
  async issueMany(list: readonly IssueOptions[], hooks: IssueHooks = {}): Promise<Issued[]> {
    const chain = this.#work.issuingChain();
    const jobs = list.map(
      (options): Job => ({
        request: this.#prepare(options, chain),
        key: { kind: 'new' },
        keyId: options.keepKey === true ? null : undefined,
      }),
    );
    return runJobs(this.#work, jobs, 'issue', hooks);
  }

  /**
   * Makes a certificate that takes the place of another: same names, subject, profile, label and key, and a fresh serial. The
   * one before is superseded, and can still be revoked.
   */
  async renew(labelOrSerial: string, options: RenewOptions = {}, hooks: IssueHooks = {}): Promise<Issued> {
    checkOptions(options, RENEW_OPTIONS);
    const record = await this.get(labelOrSerial);
    assertRenewable(record, await this.get(record.label));
    if (options.newKey !== true) await assertKeyTrusted(record, this.#work.home.store);
    const issuer = this.authorities.find(({ id }) => id === record.issuerId);
    const asked = renewalOptions(record, issuer && parseCertificate(issuer.certificate), options);
    const request = this.#prepare(asked, this.#work.issuingChain());
    const key = await renewalKey(record, options, this.#work.home.leafKeys);
    const isKept = record.keyId !== null || options.keepKey === true;
    const keyId = isKept ? (options.newKey === true ? null : record.keyId) : undefined;
    const [issued] = await runJobs(this.#work, [{ request, key, keyId }], 'renew', hooks);
    return issued as Issued;
  }

  /**
   * Makes a certificate for a key that somebody else has, from a request (PKCS#10, PEM or DER). The subject and the names are
   * the request's, all else is the profile's. Throws LOCAL_CA_CSR_INVALID when nobody proves to have the key, and
   * LOCAL_CA_KEY_REFUSED for a key that should have no certificate.
   */
  async sign(csr: Uint8Array, options: SignOptions = {}, hooks: IssueHooks = {}): Promise<Signed> {
    checkOptions(options, SIGN_OPTIONS);
    return signRequest(this.#work, this.#preparing(), csr, options, hooks);
  }

  /** What `sign` would sign, and what of the request it would not: to be shown to somebody before. */
  async review(csr: Uint8Array, options: SignOptions = {}): Promise<Review> {
    checkOptions(options, SIGN_OPTIONS);
    return reviewRequest(this.#work, this.#preparing(), csr, options);
  }

  #preparing(): Prepare {
    const chain = this.#work.issuingChain();
    return (leaf) => this.#prepare(leaf, chain);
  }

  /** Checks a request as `issue` would, and makes nothing. */
  check(options: IssueOptions): LeafRequest {
    return this.#prepare(options, this.#work.issuingChain());
  }

  #prepare(options: IssueOptions, chain: IssuingChain): LeafRequest {
    checkOptions(options, ISSUE_OPTIONS);
    const { crlUrls, ocspUrls } = this.chain[0] as AuthorityRecord;
    const complete = { ...options, crlUrls: options.crlUrls ?? crlUrls, ocspUrls: options.ocspUrls ?? ocspUrls };
    return prepareLeaf(complete, chain, this.#work.ambient.now());
  }

  // --- the CA itself -------------------------------------------------------------------------------------------

  /** Renews the CA's own certificates. With new keys, whoever trusts the old root is served by a cross certificate. */
  async renewAuthorities(options: RenewAuthoritiesOptions = {}): Promise<AuthorityRecord[]> {
    checkOptions(options, RENEW_AUTHORITIES_OPTIONS);
    let passphrase: string | undefined;
    const loadKey = async (authority: AuthorityRecord) => {
      const opened = await this.#work.keyOf(authority);
      passphrase = opened.passphrase ?? passphrase;
      return opened.key;
    };
    const { ambient } = this.#work;
    const keys = await this.#work.home.caKeys.list();
    const made = await renewAuthorities({ chain: this.chain, options, keys, loadKey, ambient });
    return addAuthorities(this.#work, made, options.newKey === true ? 'rotate' : 'renew', passphrase);
  }

  // --- revocation ----------------------------------------------------------------------------------------------

  /**
   * Revokes a certificate of this CA, superseded ones too, or an authority by its serial. A root that was replaced is on no
   * list: it leaves the trust files.
   */
  async revoke(labelOrSerial: string, options: RevokeOptions = {}): Promise<Revocable> {
    checkOptions(options, REVOKE_OPTIONS);
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
  async makeRevocationLists(options: RevocationListOptions = {}): Promise<AuthorityList[]> {
    checkOptions(options, REVOCATION_LIST_OPTIONS);
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
  async export(labelOrSerial: string, key?: PrivateKey): Promise<Material> {
    const record = await this.get(labelOrSerial);
    const { leafKeys } = this.#work.home;
    const own = key ?? (record.keyId === null ? undefined : importKey(await leafKeys.load(record.keyId)));
    const hint = 'Give the key file that was made with it.';
    if (own !== undefined) assertOwnKey(own, record.certificate, `the certificate ${quote(record.label)}`, hint);
    return this.#work.material(record, own);
  }

  /** What the files that clients need are made from: the CA alone. */
  async exportAuthority(): Promise<Material> {
    return materialOf(this.#work.certificates(this.chain), undefined, undefined, await this.#work.lists());
  }
}

/** Keys first: a record never names one that is not there. */
async function addAuthorities(
  work: Workplace,
  established: readonly EstablishedAuthority[],
  action: string,
  passphrase: string | undefined,
): Promise<AuthorityRecord[]> {
  const { store, caKeys, exclusively } = work.home;
  const records = established.map(({ record }) => record);
  const main = records.findLast(({ active }) => active) ?? records.at(-1);
  const event: AuditEvent = { at: work.ambient.now(), action, serial: main?.id ?? null, detail: main?.name ?? '' };
  await exclusively(async () => {
    for (const { record, key } of established) {
      if (key !== undefined) await caKeys.save(record.keyId, encodeAuthorityKey(key, passphrase, work.ambient));
    }
    await store.addAuthorities(records, event);
  });
  await work.reload();
  return records;
}
