/** A CA, and bundles of the package's templates as `issue` leaves them: what a server is started with, and nothing else. */
import { chmodSync, chownSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemAmbient } from '../../src/ambient.ts';
import { CertificateAuthority } from '../../src/authority/authority.ts';
import { type BundleOptions, buildBundle } from '../../src/bundle/bundle.ts';
import { loadTemplate, PACKAGE_TEMPLATES } from '../../src/bundle/catalog.ts';
import { stageDirectory } from '../../src/bundle/directory.ts';
import type { Material } from '../../src/bundle/material.ts';
import { encodeCrls } from '../../src/formats/pem.ts';
import { memoryHome } from '../../src/store/memory-home.ts';
import type { Account } from './servers/process.ts';

/** What a bundle is for. */
export interface Wish extends Partial<Pick<BundleOptions, 'alias' | 'formats' | 'password' | 'settings'>> {
  readonly template: string;
  /** A server's are `localhost` and 127.0.0.1 unless given, a client's has to be. */
  readonly names?: readonly string[];
  readonly profile?: string;
  readonly keyType?: string;
  /** Who reads the files, if not the test's own user. */
  readonly account?: Account | undefined;
}

const SERVER = ['localhost', '127.0.0.1'];

/** Files that were made for one certificate. */
export class Rendered {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  text(name: string): string {
    return readFileSync(this.path(name), 'utf8');
  }

  /** The lines of a snippet, for a server's configuration. */
  lines(name: string): string[] {
    return this.text(name).trimEnd().split('\n');
  }
}

/** A CA that signs through an intermediate, so that a chain which is not sent is missed. */
export class RenderingCa {
  readonly authority: CertificateAuthority;

  private constructor(authority: CertificateAuthority) {
    this.authority = authority;
  }

  static async make(): Promise<RenderingCa> {
    return new RenderingCa(await CertificateAuthority.create(memoryHome(), { name: 'Rendering', intermediate: true }));
  }

  /** Issues a certificate, and writes its bundle into the folder; of a server's template, `dir` is that folder. */
  async issue(folder: string, wish: Wish): Promise<Rendered> {
    const { material } = await this.certify(wish);
    return render(folder, material, wish);
  }

  /** Revokes the newest certificate with this label, and makes new lists. */
  async revoke(label: string): Promise<void> {
    await this.authority.revoke(label);
    await this.authority.makeRevocationLists();
  }

  /** What `crl --out`, and `deploy add --with-crl` writes. */
  async writeLists(file: string): Promise<void> {
    const lists = await this.authority.revocationLists();
    writeFileSync(file, encodeCrls(lists.flatMap(({ list }) => (list === undefined ? [] : [list.list]))));
  }

  certify({ names = SERVER, profile = 'server', keyType }: Wish) {
    const options = { names: [...names], profile, force: true, ...(keyType === undefined ? {} : { keyType }) };
    return this.authority.issue(options);
  }
}

/** A CA, a client of it, and one of the same name of another CA, each with the files of its bundle in a folder. */
export async function withClients(own: string, strange: string, wish: Wish) {
  const ca = await RenderingCa.make();
  const alice = await ca.issue(own, wish);
  const stranger = await (await RenderingCa.make()).issue(strange, wish);
  return { ca, alice, stranger };
}

/** The bundle of a certificate that is there already: with other settings, or for a port that is known only now. */
export async function render(folder: string, material: Material, wish: Wish): Promise<Rendered> {
  const { template: name, account, settings = {}, alias, formats, password } = wish;
  const template = await loadTemplate(name, [PACKAGE_TEMPLATES]);
  const dir = template.settings.dir === undefined ? {} : { dir: folder };
  const { files } = await buildBundle(material, template, {
    settings: { ...dir, ...settings },
    ...(alias === undefined ? {} : { alias }),
    ...(formats === undefined ? {} : { formats }),
    ...(password === undefined ? {} : { password }),
    now: new Date(),
    random: (length) => systemAmbient.random(length),
  });
  mkdirSync(folder, { recursive: true });
  await (await stageDirectory(folder, files, { force: true })).commit();
  give(folder, files, account);
  return new Rendered(folder);
}

/** As `install -o` and `deploy add --owner` do it. */
function give(folder: string, files: readonly { readonly path: string }[], account: Account | undefined): void {
  if (account === undefined) return;
  chownSync(folder, account.uid, account.gid);
  chmodSync(folder, 0o755);
  for (const { path } of files) chownSync(join(folder, path), account.uid, account.gid);
}
