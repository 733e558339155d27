/** One file of a bundle. Its bytes do not show in a log, in JSON or under `util.inspect`: they may be a private key. */
import type { Owner } from '../disk.ts';

/** What the writers of folders and zips need to know of a file. */
export interface OutputFile {
  /** Relative, with `/` between its parts. */
  readonly path: string;
  /** Permission bits, as in 0o600. */
  readonly mode: number;
  readonly secret: boolean;
  readonly bytes: Uint8Array;
  /** Whose it is to be; without one, whoever writes it. */
  readonly owner?: Owner;
}

export class BundleFile implements OutputFile {
  readonly path: string;
  readonly mode: number;
  readonly secret: boolean;
  readonly owner?: Owner;
  readonly #bytes: Uint8Array;

  constructor(path: string, bytes: Uint8Array, options: { secret?: boolean; mode?: number; owner?: Owner } = {}) {
    const { secret = false, mode = defaultMode(secret), owner } = options;
    this.path = path;
    this.mode = mode;
    this.secret = secret;
    if (owner !== undefined) this.owner = owner;
    this.#bytes = bytes;
  }

  get bytes(): Uint8Array {
    return this.#bytes;
  }
}

/** A secret is its owner's alone; the rest is for every process on the machine. */
export const defaultMode = (secret: boolean): number => (secret ? 0o600 : 0o644);

/** As people write it, and as the JSON contract does: `0600`. */
export const modeText = (mode: number): string => mode.toString(8).padStart(4, '0');

/** The same file for somebody else. */
export const ownedBy = (owner: Owner, { path, bytes, secret, mode }: OutputFile): BundleFile =>
  new BundleFile(path, bytes, { secret, mode, owner });
