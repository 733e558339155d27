/** One leaf: checked against its CA, signed, and described as the record that the store will keep. */
import type { Ambient } from '../core/ambient.ts';
import { makeLeaf, newSerial } from '../core/certificate.ts';
import { constraintViolation } from '../core/constraints.ts';
import { EXTENSION, readNameConstraints } from '../core/extensions.ts';
import { algorithmOfSpki, generateKey, type PrivateKey } from '../core/keys.ts';
import { GENERAL_NAME_TAG } from '../core/names.ts';
import { type LeafOptions, type LeafRequest, normalizeLeaf } from '../core/options.ts';
import { type Certificate, extensionValue, fingerprintSha256 } from '../core/parse.ts';
import type { Signer } from '../core/signer.ts';
import { decodeSubject, encodeSubject, formatSubject, sameSubject } from '../core/subject.ts';
import { toHex } from '../core/text.ts';
import { capValidity, type Warning } from '../core/validity.ts';
import { LocalCaError } from '../errors.ts';
import type { CertificateRecord } from '../store/store.ts';

/** The issuer's certificate first, the root's last. */
export type IssuingChain = readonly [Certificate, ...Certificate[]];

/** Everything that can be refused is refused here, before a key is made. */
export function prepareLeaf(options: LeafOptions, chain: IssuingChain, now: Date): LeafRequest {
  const request = withSafeSubject(normalizeLeaf(options, now), options, chain);
  const subject = encodeSubject(request.subject);
  const twin = chain.find((authority) => sameSubject(authority.subject, subject));
  if (twin !== undefined) {
    throw new LocalCaError(
      'LOCAL_CA_SAME_SUBJECT',
      `the certificate would have the same subject as its CA (${formatSubject(request.subject)})`,
      'Give another first name or a --subject: MySQL and OpenSSL take equal subjects for a self-signed certificate.',
    );
  }
  assertWithinConstraints(request, subject, chain);
  const capped = capValidity(request, chain[0]);
  return { ...capped, warnings: [...capped.warnings, ...hostWarnings(capped)] };
}

/**
 * OpenSSL and GnuTLS hold a common name against the DNS constraints of the CA when there is no DNS name, and refuse
 * `CN=10.0.0.1` there. Such a certificate gets no subject, and its alternative names become critical.
 */
function withSafeSubject(request: LeafRequest, options: LeafOptions, chain: IssuingChain): LeafRequest {
  const isSafe = options.subject !== undefined || request.names.some((name) => name.kind === 'dns');
  return isSafe || !chain.some(constrainsDns) ? request : { ...request, subject: [] };
}

function constrainsDns(authority: Certificate): boolean {
  const value = extensionValue(authority, EXTENSION.nameConstraints);
  if (value === undefined) return false;
  const { permitted, excluded } = readNameConstraints(value);
  return [...permitted, ...excluded].some((tree) => tree.kind === 'dns');
}

function assertWithinConstraints(request: LeafRequest, subject: Uint8Array, chain: IssuingChain): void {
  const names = request.names.map(({ kind, bytes }) => ({ kind, tag: GENERAL_NAME_TAG[kind], bytes }));
  const violation = constraintViolation(chain, { names, subject });
  if (violation === undefined) return;
  const authority = formatSubject(decodeSubject(violation.authority.subject));
  throw new LocalCaError(
    'LOCAL_CA_CONSTRAINT',
    `the CA ${authority} may not sign ${violation.name}: ${violation.why}`,
    'Use a name that the CA permits (local-ca inspect shows them), or make a CA that permits this one.',
  );
}

/** A label goes over to the new certificate, and what the old one was good for may be lost by it. */
export function replacementWarnings(
  earlier: CertificateRecord | undefined,
  record: Pick<CertificateRecord, 'label' | 'names' | 'profile' | 'issuedAt'>,
): Warning[] {
  if (earlier?.state !== 'valid' || earlier.notAfter <= record.issuedAt) return [];
  const lost = earlier.names.filter((name) => !record.names.includes(name));
  const changes = [
    ...(lost.length === 0 ? [] : [`no longer for ${lost.join(', ')}`]),
    ...(earlier.profile === record.profile ? [] : [`now for ${record.profile}, no longer for ${earlier.profile}`]),
  ];
  const message = [`replaces the certificate ${earlier.serial} of ${record.label}`, ...changes].join('; ');
  return [{ code: 'replaces', message }];
}

/** No client checks a server by a URI or a mailbox; SPIFFE identities (spiffe://) are the exception. */
function hostWarnings({ profile, names }: LeafRequest): Warning[] {
  const isServer = profile.extendedKeyUsage.includes('serverAuth');
  const isHost = names.some(({ kind, text }) => kind === 'dns' || kind === 'ip' || text.startsWith('spiffe://'));
  if (!isServer || isHost) return [];
  const message = `no client connects to ${names[0]?.text}: a server's certificate needs its host name or address, like db1.example.test`;
  return [{ code: 'no-host-name', message }];
}

/** The key of a certificate that is to be made: a new one, one that exists, or one that only its owner has. */
export type KeyChoice =
  | { readonly kind: 'new' }
  | { readonly kind: 'existing'; readonly publicKey: Uint8Array; readonly key?: PrivateKey | undefined };

export interface SignedLeaf {
  readonly record: CertificateRecord;
  readonly key?: PrivateKey;
}

export async function signLeaf(
  request: LeafRequest,
  choice: KeyChoice,
  issuer: Certificate,
  signer: Signer,
  ambient: Ambient,
): Promise<SignedLeaf> {
  const key = choice.kind === 'new' ? await generateKey(request.keyType, ambient) : choice.key;
  const publicKey = choice.kind === 'new' ? (key as PrivateKey).publicKey : choice.publicKey;
  const algorithm = algorithmOfSpki(publicKey);
  const serial = newSerial(ambient);
  const { names, profile, notBefore, notAfter, crlUrls, ocspUrls } = request;
  const subject = encodeSubject(request.subject);
  const rsa = algorithm?.family === 'rsa';
  const fields = { serial, subject, names, profile, notBefore, notAfter, publicKey, rsa, crlUrls, ocspUrls };
  const certificate = await makeLeaf(fields, issuer, signer);
  const record: CertificateRecord = {
    serial: toHex(serial),
    label: request.label,
    profile: profile.name,
    template: request.template,
    names: names.map((name) => name.text),
    subject: formatSubject(request.subject),
    keyType: algorithm?.keyType ?? 'unknown',
    notBefore,
    notAfter,
    fingerprintSha256: fingerprintSha256(certificate),
    certificate,
    issuerId: issuer.serial,
    chain: [],
    state: 'valid',
    revocation: null,
    issuedAt: ambient.now(),
    keyId: null,
  };
  return { record, ...(key === undefined ? {} : { key }) };
}
