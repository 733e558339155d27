/**
 * An in-memory CA for test suites: no disk, no trust store, certificates in milliseconds that never expire in a
 * repository.
 *
 * @packageDocumentation
 */
import { systemAmbient } from '../ambient.ts';
import { CertificateAuthority } from '../authority/authority.ts';
import type { Material } from '../bundle/material.ts';
import type { Ambient } from '../core/ambient.ts';
import type { PrivateKey } from '../core/keys.ts';
import { checkOptions, type OptionKinds } from '../core/option-kinds.ts';
import { AUTHORITY_OPTIONS, type AuthorityOptions, type LeafOptions } from '../core/options.ts';
import type { KeyEntry, TrustedEntry } from '../formats/entries.ts';
import { encodePem } from '../formats/pem.ts';
import { memoryHome } from '../store/memory-home.ts';

export type { AuthorityOptions, LeafOptions } from '../core/options.ts';

/** `name` and the rest as for `local-ca init`; `ambient` pins the clock. */
export interface TestAuthorityOptions extends AuthorityOptions {
  ambient?: Ambient;
}

const TEST_AUTHORITY_OPTIONS: OptionKinds<TestAuthorityOptions> = { ...AUTHORITY_OPTIONS, ambient: 'object' };

/** Makes a CA that lives as long as the test: `const ca = await createTestAuthority()`. */
export async function createTestAuthority(given: TestAuthorityOptions = {}): Promise<TestAuthority> {
  checkOptions(given, TEST_AUTHORITY_OPTIONS);
  const { ambient = systemAmbient, ...options } = given;
  const home = memoryHome();
  const authority = await CertificateAuthority.create(home, { name: 'local-ca test CA', ...options }, ambient);
  return new TestAuthority(authority, ambient);
}

/** What `createTestAuthority` makes. */
export class TestAuthority {
  /** PEM of the root: what a client has to trust. */
  readonly ca: string;
  readonly #authority: CertificateAuthority;
  readonly #ambient: Ambient;

  constructor(authority: CertificateAuthority, ambient: Ambient) {
    this.#authority = authority;
    this.#ambient = ambient;
    this.ca = pemOf([authority.root.certificate]);
  }

  /**
   * A certificate for these names: `ca.issue('localhost', '127.0.0.1')`, or with more to say
   * `ca.issue({ names: ['localhost'], notBefore, notAfter })`. Bad ones are welcome: expired, for another host, a
   * client's. Throws LocalCaError for names that no certificate can carry.
   */
  async issue(...names: string[] | [LeafOptions]): Promise<TestCertificate> {
    const [first] = names;
    const isOptions = typeof first === 'object' && !Array.isArray(first) && names.length === 1;
    const options = isOptions ? first : { names: names as string[] };
    const { material } = await this.#authority.issue({ force: true, ...options });
    return new TestCertificate(material, this.#ambient);
  }

  /** For `tls.connect`, `https.request` and `new Agent`. */
  clientOptions(): { ca: string } {
    return { ca: this.ca };
  }

  /** A Java trust store with the root, as bytes. */
  async trustJks(password = 'changeit'): Promise<Uint8Array> {
    return writeStore('jks', this.#trusted(), password, this.#ambient);
  }

  /** A PKCS#12 trust store with the root, as bytes. */
  async trustP12(password = 'changeit'): Promise<Uint8Array> {
    return writeStore('p12', this.#trusted(), password, this.#ambient);
  }

  #trusted(): TrustedEntry[] {
    return [{ kind: 'trusted', alias: 'ca', certificate: this.#authority.root.certificate }];
  }
}

/** A certificate with its key; the key does not show when it is logged. */
export class TestCertificate {
  /** PEM of the certificate alone. */
  readonly cert: string;
  /** PEM of the certificate and its intermediates: what a server sends. */
  readonly chain: string;
  /** PEM of the root. */
  readonly ca: string;
  /** Lower-case hex. */
  readonly serial: string;
  readonly #material: Material;
  readonly #ambient: Ambient;

  constructor(material: Material, ambient: Ambient) {
    const leaf = leafOf(material);
    this.cert = pemOf([leaf.certificate]);
    this.chain = pemOf([leaf.certificate, ...material.intermediates]);
    this.ca = pemOf(material.roots);
    this.serial = leaf.serial;
    this.#material = material;
    this.#ambient = ambient;
  }

  /** PEM of the private key (PKCS#8, no pass phrase). */
  get key(): string {
    return encodePem('PRIVATE KEY', keyOf(this.#material).toPkcs8());
  }

  /** For `https.createServer`, `tls.createServer`, and for a client that shows a certificate. */
  tlsOptions(): { key: string; cert: string; ca: string } {
    return { key: this.key, cert: this.chain, ca: this.ca };
  }

  /** A PKCS#12 key store, as bytes. */
  async p12(password = 'changeit'): Promise<Uint8Array> {
    return writeStore('p12', [this.#entry()], password, this.#ambient);
  }

  /** A Java key store, as bytes. */
  async jks(password = 'changeit'): Promise<Uint8Array> {
    return writeStore('jks', [this.#entry()], password, this.#ambient);
  }

  #entry(): KeyEntry {
    const { label, intermediates } = this.#material;
    const chain = [leafOf(this.#material).certificate, ...intermediates];
    return { kind: 'key', alias: label, key: keyOf(this.#material).toPkcs8(), chain };
  }
}

const leafOf = (material: Material) => material.leaf as NonNullable<Material['leaf']>;
const keyOf = (material: Material) => leafOf(material).key as PrivateKey;
const pemOf = (certificates: readonly Uint8Array[]) =>
  certificates.map((der) => encodePem('CERTIFICATE', der)).join('');

async function writeStore(
  format: 'jks' | 'p12',
  entries: (KeyEntry | TrustedEntry)[],
  password: string,
  ambient: Ambient,
): Promise<Uint8Array> {
  const random = (length: number) => ambient.random(length);
  if (format === 'jks') {
    const { writeJks } = await import('../formats/jks.ts');
    return writeJks(entries, { password, now: ambient.now(), random });
  }
  const { writePkcs12 } = await import('../formats/pkcs12.ts');
  return writePkcs12(entries, { password, profile: 'modern', random });
}
