/** One file of a bundle. Its bytes do not show in a log, in JSON or under `util.inspect`: they may be a private key. */

/** What the writers of folders and zips need to know of a file. */
export interface OutputFile {
  /** Relative, with `/` between its parts. */
  readonly path: string;
  /** Permission bits, as in 0o600. */
  readonly mode: number;
  readonly secret: boolean;
  readonly bytes: Uint8Array;
}

export class BundleFile implements OutputFile {
  readonly path: string;
  readonly mode: number;
  readonly secret: boolean;
  readonly #bytes: Uint8Array;

  constructor(path: string, bytes: Uint8Array, { secret = false, mode = defaultMode(secret) } = {}) {
    this.path = path;
    this.mode = mode;
    this.secret = secret;
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
