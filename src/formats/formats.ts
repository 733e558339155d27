/** The output formats, as one table: what a command line or a bundle may ask for by name. */

export interface Format {
  readonly extension: string;
  /** Whether it can hold a private key. */
  readonly holdsKeys: boolean;
  readonly needsPassword: boolean;
  readonly about: string;
}

/** By the name that `--format` takes. */
export const FORMATS = {
  pem: { extension: 'pem', holdsKeys: true, needsPassword: false, about: 'PEM text' },
  der: { extension: 'der', holdsKeys: false, needsPassword: false, about: 'one certificate, binary' },
  p7b: { extension: 'p7b', holdsKeys: false, needsPassword: false, about: 'PKCS#7 certificates' },
  p12: { extension: 'p12', holdsKeys: true, needsPassword: true, about: 'PKCS#12 key store or trust store' },
  jks: { extension: 'jks', holdsKeys: true, needsPassword: true, about: 'Java key store or trust store' },
} as const satisfies Record<string, Format>;

/** `pem`, `der`, `p7b`, `p12` or `jks`. */
export type FormatName = keyof typeof FORMATS;
