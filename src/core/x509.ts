/**
 * The only file that imports `@peculiar/x509`, which throws unless a Reflect polyfill came first. Bytes go in and
 * bytes come out. The library's own signing and extension helpers are passed by on purpose: they recompute key
 * identifiers and pick hashes of their own (see the traps in the design).
 */
import 'reflect-metadata';
import type { webcrypto } from 'node:crypto';
import { X509CertificateGenerator, Extension as X509Extension } from '@peculiar/x509';
import type { KeyAlgorithm } from './algorithms.ts';
import { children, type Element, readWhole, sequence } from './der.ts';
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
  const tbs = await new Promise<Uint8Array>((resolve, reject) => {
    X509CertificateGenerator.create(
      {
        serialNumber: toHex(fields.serial),
        notBefore: fields.notBefore,
        notAfter: fields.notAfter,
        publicKey: exactBuffer(fields.publicKey),
        extensions: fields.extensions.map(
          ({ oid, critical, value }) => new X509Extension(oid, critical, exactBuffer(value)),
        ),
        signingKey: { algorithm: webCryptoAlgorithm(algorithm, algorithm.hash) } as webcrypto.CryptoKey,
      },
      signingStandIn(resolve),
    ).catch(reject);
  });
  return withExactNames(readWhole(tbs), fields);
}

/**
 * Stands where the generator expects WebCrypto, and takes what it is given to sign. No signature comes back, so the
 * generator goes no further: it would build and parse a whole certificate of which only this part is wanted.
 */
function signingStandIn(take: (tbs: Uint8Array) => void): webcrypto.Crypto {
  const sign = (_algorithm: unknown, _key: unknown, tbs: ArrayBuffer) => {
    take(new Uint8Array(tbs));
    return new Promise<ArrayBuffer>(() => {});
  };
  return { subtle: { sign } } as webcrypto.Crypto;
}

/**
 * The library re-encodes names, and mends what is odd in them: a CA with Latin-1 bytes in a UTF8String would find its
 * leaves with another issuer. So it gets none, and they go in as they are (RFC 5280 4.1.2.4, 7.1: clients compare them).
 */
function withExactNames(tbs: Element, { issuer, subject }: CertificateFields): Uint8Array {
  const [version, serial, algorithm, , validity, , ...rest] = children(tbs).map(({ bytes }) => bytes) as [
    ...FixedFields,
    ...Uint8Array[],
  ];
  return sequence(version, serial, algorithm, issuer, validity, subject, ...rest);
}

type FixedFields = [Uint8Array, Uint8Array, Uint8Array, Uint8Array, Uint8Array, Uint8Array];

const exactBuffer = (bytes: Uint8Array): ArrayBuffer => new Uint8Array(bytes).buffer;
