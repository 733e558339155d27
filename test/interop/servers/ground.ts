/** Certificates of today's date and revocation lists, as files, for the servers that the tests start. */
import { chownSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodePem } from '../../../src/formats/pem.ts';
import { type Outcome, run } from '../../support/peers.ts';
import { type Holder, makeCa, makeServer } from '../../support/pki.ts';
import type { Account } from '../../support/servers/process.ts';
import { makeCrl } from '../../support/signed.ts';

export const HOST = 'db.example.test';
export const OTHER = 'other.example.test';

export interface Pair {
  readonly serial: string;
  readonly certificate: string;
  readonly key: string;
}

const soon = (days: number) => new Date(Date.now() + days * 86_400_000);

/** A CA of ten years that writes into one folder; its files belong to `account`. */
export class Ground {
  readonly ca: string;
  readonly #folder: string;
  readonly #account: Account | undefined;
  readonly #root: Holder;

  private constructor(folder: string, root: Holder, account: Account | undefined) {
    this.#folder = folder;
    this.#account = account;
    this.#root = root;
    this.ca = this.#write('ca.pem', encodePem('CERTIFICATE', root.certificate.der));
  }

  static async make(folder: string, account?: Account): Promise<Ground> {
    return new Ground(folder, await makeCa('CN=Ground', { notBefore: soon(-30), notAfter: soon(3650) }), account);
  }

  /** A certificate of a year, which takes the place of the one before with this name. */
  async issue(name: string, profile = 'server'): Promise<Pair> {
    const life = { notBefore: soon(-1), notAfter: soon(365), profile };
    const { certificate, key } = await makeServer(this.#root, [name], life);
    return {
      serial: certificate.serial,
      certificate: this.#write(`${name}.crt.pem`, encodePem('CERTIFICATE', certificate.der)),
      key: this.#write(`${name}.key.pem`, encodePem('PRIVATE KEY', key.toPkcs8()), 0o600),
    };
  }

  /** A revocation list of ten years. */
  async revoke(file: string, ...serials: readonly string[]): Promise<string> {
    const revoked = serials.map((serial) => ({ serial, at: soon(-1) }));
    const der = await makeCrl(this.#root, { thisUpdate: soon(-1), nextUpdate: soon(3650), revoked });
    return this.#write(file, encodePem('X509 CRL', der));
  }

  #write(name: string, text: string, mode = 0o644): string {
    const file = join(this.#folder, name);
    writeFileSync(file, text, { mode });
    if (this.#account !== undefined) chownSync(file, this.#account.uid, this.#account.gid);
    return file;
  }
}

export async function eventually(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`never came true: ${what}`);
}

/** Runs program and arguments as they are. */
export const hook = ([program = '', ...args]: readonly string[]): Promise<Outcome> => run(program, args);
