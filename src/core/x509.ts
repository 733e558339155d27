/**
 * The only file that imports `@peculiar/x509`, which throws unless a Reflect polyfill came first. Bytes go in and
 * bytes come out. The library's own signing and extension helpers are passed by on purpose: they recompute key
 * identifiers and pick hashes of their own (see the traps in the design).
 */
import 'reflect-metadata';
import type { webcrypto } from 'node:crypto';
import { Name, X509CertificateGenerator, Extension as X509Extension } from '@peculiar/x509';
import type { KeyAlgorithm } from './algorithms.ts';
import { children, readWhole } from './der.ts';
import type { Extension } from './extensions.ts';
import { webCryptoAlgorithm } from './keys.ts';
import { toHex } from './text.ts';

/** A TBSCertificate's fields (RFC 5280 4.1.2). */
export interface CertificateFields {
  readonly serial: Uint8Array;
  /** Name, DER. */
  readonly issuer: Uint8Array;
  /** Name, DER. */
  readonly subject: Uint8Array;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array;
  readonly extensions: readonly Extension[];
}

/** The DER of the TBSCertificate that a signer of this algorithm has to sign. */
export async function encodeTbsCertificate(fields: CertificateFields, algorithm: KeyAlgorithm): Promise<Uint8Array> {
  const certificate = await X509CertificateGenerator.create(
    {
      serialNumber: toHex(fields.serial),
      issuer: new Name(exactBuffer(fields.issuer)),
      subject: new Name(exactBuffer(fields.subject)),
      notBefore: fields.notBefore,
      notAfter: fields.notAfter,
      publicKey: exactBuffer(fields.publicKey),
      extensions: fields.extensions.map(
        ({ oid, critical, value }) => new X509Extension(oid, critical, exactBuffer(value)),
      ),
      signingAlgorithm: webCryptoAlgorithm(algorithm, algorithm.hash) as webcrypto.EcdsaParams,
      // A stand-in: the generator wants a signature, and only the signed part is taken from what it builds.
      signature: new Uint8Array(1),
    },
    NO_CRYPTO,
  );
  const [tbs] = children(readWhole(new Uint8Array(certificate.rawData)));
  return (tbs as { bytes: Uint8Array }).bytes;
}

/** Nothing is signed or drawn at random in here; a real provider would only be a temptation. */
const NO_CRYPTO = {} as webcrypto.Crypto;

const exactBuffer = (bytes: Uint8Array): ArrayBuffer => new Uint8Array(bytes).buffer;
