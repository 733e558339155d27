/** A CA whose clock is some days from now, and the files that it gives out. */
import { chownSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemAmbient } from '../../src/ambient.ts';
import { CertificateAuthority } from '../../src/authority/authority.ts';
import { encodeCrls, encodePem } from '../../src/formats/pem.ts';
import { memoryHome } from '../../src/store/memory-home.ts';
import type { Account } from '../support/servers/process.ts';
import type { Question } from './revocation-checkers.ts';

const DAY = 86_400_000;
/** A folder, and who has to read the keys in it. */
interface Place {
  readonly folder: string;
  readonly account?: Account | undefined;
}

export class Scene {
  readonly ca: CertificateAuthority;
  readonly #folder: string;
  readonly #account: Account | undefined;
  readonly #clock: { day: number };

  private constructor(ca: CertificateAuthority, place: Place, clock: { day: number }) {
    this.ca = ca;
    this.#folder = place.folder;
    this.#account = place.account;
    this.#clock = clock;
  }

  static async make(place: Place, day: number, intermediate: boolean): Promise<Scene> {
    const clock = { day };
    const ambient = { ...systemAmbient, now: () => new Date(Date.now() + clock.day * DAY) };
    const options = { name: 'Test CA', intermediate };
    return new Scene(await CertificateAuthority.create(memoryHome(), options, ambient), place, clock);
  }

  set day(day: number) {
    this.#clock.day = day;
  }

  at(name: string): string {
    return join(this.#folder, name);
  }

  #write(name: string, text: string, mode = 0o644): string {
    const path = this.at(name);
    writeFileSync(path, text, { mode });
    if (this.#account !== undefined) chownSync(path, this.#account.uid, this.#account.gid);
    return path;
  }

  #writeCertificates(name: string, all: readonly Uint8Array[]): string {
    return this.#write(name, all.map((der) => encodePem('CERTIFICATE', der)).join(''));
  }

  /** The roots that clients trust, as they are now. */
  async roots(name: string): Promise<string> {
    return this.#writeCertificates(name, (await this.ca.exportAuthority()).roots);
  }

  /** LABEL.pem with the chain, and LABEL.key.pem. */
  async issue(label: string): Promise<string> {
    const { material, record } = await this.ca.issue({ names: [label, 'x.test', 'localhost'], profile: 'peer', label });
    this.#writeCertificates(`${label}.pem`, [record.certificate, ...material.intermediates]);
    const key = material.leaf?.key?.toPkcs8() ?? new Uint8Array();
    this.#write(`${label}.key.pem`, encodePem('PRIVATE KEY', key), 0o600);
    return record.serial;
  }

  /** New lists in one file: of all CAs, the first few, or some. */
  async lists(name: string, { days = 90, count = 9, of = this.ca.authorities } = {}): Promise<string> {
    const made = await this.ca.makeRevocationLists({ days, authorities: of.map(({ id }) => id) });
    return this.#write(name, encodeCrls(made.slice(0, count).flatMap(({ list }) => list?.list ?? [])));
  }

  question(label: string, lists: string, roots = 'roots.pem'): Question {
    const chain = this.at(`${label}.pem`);
    return { roots: this.at(roots), lists: this.at(lists), chain, key: this.at(`${label}.key.pem`) };
  }
}
