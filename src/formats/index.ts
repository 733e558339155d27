/**
 * Certificates and keys as files: PEM, PKCS#7, PKCS#12 and Java key stores, written and read. A door of its own,
 * because PKCS#7 and PKCS#12 load a large library that most users of the CA never need.
 *
 * @packageDocumentation
 */
export { type DetectedFormat, detectFormat } from './detect.ts';
export type { KeyEntry, StoreEntry, TrustedEntry } from './entries.ts';
export { FORMATS, type FormatName } from './formats.ts';
export { type ReadJksOptions, readJks, type WriteJksOptions, writeJks } from './jks.ts';
export { decodePem, encodePem, type PemBlock, pemCertificates } from './pem.ts';
export { readPkcs7, writePkcs7 } from './pkcs7.ts';
export { type Pkcs12Profile, readPkcs12, type WritePkcs12Options, writePkcs12 } from './pkcs12.ts';
