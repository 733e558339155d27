/** Certificates for tests of reading and verifying: good ones through the real makers, odd ones field by field. */
import { systemAmbient } from '../../src/ambient.ts';
import type { Ambient } from '../../src/core/ambient.ts';
import { makeAuthority, makeLeaf, newSerial } from '../../src/core/certificate.ts';
import { bitString, children, readWhole, sequence } from '../../src/core/der.ts';
import { constraintsPermitting, type Extension, type NameConstraints } from '../../src/core/extensions.ts';
import { generateKey, type PrivateKey } from '../../src/core/keys.ts';
import { parseNames, parseSubtree } from '../../src/core/names.ts';
import { type Certificate, parseCertificate } from '../../src/core/parse.ts';
import { findLeafProfile } from '../../src/core/profiles.ts';
import { keySigner } from '../../src/core/signer.ts';
import { encodeSubject, parseSubject } from '../../src/core/subject.ts';

/** The clock of these tests stands still here. */
export const NOW = new Date('2026-06-01T00:00:00Z');
export const pinned: Ambient = { ...systemAmbient, now: () => NOW };

/** NOW and some days. */
export const day = (days: number): Date => new Date(NOW.getTime() + days * 86_400_000);

export interface Holder {
  readonly certificate: Certificate;
  readonly key: PrivateKey;
}

interface Life {
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  readonly key?: PrivateKey;
  readonly keyType?: string;
}

const name = (text: string) => (text === '' ? encodeSubject([]) : encodeSubject(parseSubject(text)));
const keyOf = async ({ key, keyType = 'p256' }: Life) => key ?? (await generateKey(keyType, pinned));

export interface CaOptions extends Life {
  readonly issuer?: Holder;
  readonly pathLength?: number;
  readonly serial?: Uint8Array;
  readonly constraints?: NameConstraints;
}

export async function makeCa(subject: string, options: CaOptions = {}): Promise<Holder> {
  const key = await keyOf(options);
  const { issuer, pathLength = 3, constraints } = options;
  const fields = {
    role: issuer === undefined ? ('root' as const) : ('intermediate' as const),
    serial: options.serial ?? newSerial(pinned),
    subject: name(subject),
    notBefore: options.notBefore ?? day(-100),
    notAfter: options.notAfter ?? day(1000),
    publicKey: key.publicKey,
    pathLength,
    ...(constraints === undefined ? {} : { constraints }),
  };
  const der = await makeAuthority(fields, issuer?.certificate, await keySigner(issuer?.key ?? key, pinned));
  return { certificate: parseCertificate(der), key };
}

export interface LeafOptions extends Life {
  readonly subject?: string;
  readonly profile?: string;
}

export async function makeServer(issuer: Holder, names: readonly string[], options: LeafOptions = {}): Promise<Holder> {
  const key = await keyOf(options);
  const fields = {
    serial: newSerial(pinned),
    subject: name(options.subject ?? `CN=${names[0]}`),
    names: parseNames(names),
    profile: findLeafProfile(options.profile ?? 'server'),
    notBefore: options.notBefore ?? day(-1),
    notAfter: options.notAfter ?? day(100),
    publicKey: key.publicKey,
    rsa: key.algorithm.family === 'rsa',
  };
  const der = await makeLeaf(fields, issuer.certificate, await keySigner(issuer.key, pinned));
  return { certificate: parseCertificate(der), key };
}

export interface OddOptions extends Life {
  /** Signs itself without one. */
  readonly issuer?: Holder;
  /** DER of the subject; overrides the text. */
  readonly subjectDer?: Uint8Array;
  readonly extensions?: readonly Extension[];
  /** Another way to sign than the issuer's key has by default. */
  readonly signing?: { readonly identifier: Uint8Array; readonly sign: (tbs: Uint8Array) => Uint8Array };
}

/** A certificate with these extensions and no others. */
export async function makeOdd(subject: string, options: OddOptions = {}): Promise<Holder> {
  const { encodeTbsCertificate } = await import('../../src/core/x509.ts');
  const key = await keyOf(options);
  const own = options.subjectDer ?? name(subject);
  const signer = await keySigner(options.issuer?.key ?? key, pinned);
  const encoded = await encodeTbsCertificate(
    {
      serial: newSerial(pinned),
      issuer: options.issuer?.certificate.subject ?? own,
      subject: own,
      notBefore: options.notBefore ?? day(-1),
      notAfter: options.notAfter ?? day(100),
      publicKey: key.publicKey,
      extensions: options.extensions ?? [],
    },
    signer.algorithm,
  );
  const identifier = options.signing?.identifier ?? signer.algorithm.signatureIdentifier;
  const tbs = withAlgorithm(encoded, identifier);
  const signature = options.signing?.sign(tbs) ?? (await signer.sign(tbs));
  return { certificate: parseCertificate(sequence(tbs, identifier, bitString(signature))), key };
}

/** The signed part names the algorithm too (RFC 5280 4.1.1.2). */
function withAlgorithm(tbs: Uint8Array, identifier: Uint8Array): Uint8Array {
  const fields = children(readWhole(tbs)).map(({ bytes }) => bytes);
  return sequence(...fields.with(2, identifier));
}

export const permitting = (...trees: readonly string[]): NameConstraints =>
  constraintsPermitting(trees.map(parseSubtree));
