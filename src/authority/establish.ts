/** How a CA comes to be: made new, or taken over from another tool. Both end in records and keys to keep. */
import type { Ambient } from '../core/ambient.ts';
import { attempt } from '../core/attempt.ts';
import { type AuthorityFields, makeAuthority, newSerial } from '../core/certificate.ts';
import { DEPTH_LIMIT } from '../core/chain.ts';
import { equalBytes } from '../core/der.ts';
import { type Distribution, type DistributionOptions, normalizeDistribution } from '../core/distribution-urls.ts';
import type { NameConstraints } from '../core/extensions.ts';
import { generateKey, importKey, type PrivateKey } from '../core/keys.ts';
import { nameText } from '../core/name-text.ts';
import { checkOptions, type OptionKinds } from '../core/option-kinds.ts';
import {
  AUTHORITY_OPTIONS,
  type AuthorityOptions,
  type AuthorityRequest,
  normalizeAuthority,
} from '../core/options.ts';
import {
  basicConstraintsOf,
  type Certificate,
  certificateSubject,
  isSelfIssued,
  keyUsageOf,
  parseCertificate,
  subjectKeyIdOf,
} from '../core/parse.ts';
import { encryptPkcs8 } from '../core/pbes2.ts';
import { keySigner } from '../core/signer.ts';
import { commonName, sameSubject } from '../core/subject.ts';
import { toHex, visible } from '../core/text.ts';
import { normalizeValidity } from '../core/validity.ts';
import { LocalCaError } from '../errors.ts';
import { certificatesIn, encodePem, privateKeyPem } from '../formats/pem.ts';
import type { AuthorityRecord } from '../store/store.ts';

export interface EstablishedAuthority {
  readonly record: AuthorityRecord;
  /** Absent for the certificates above an imported CA, whose keys are elsewhere. */
  readonly key?: PrivateKey;
}

/** Makes a root, and an intermediate below it when asked. */
export async function establishNew(options: AuthorityOptions, ambient: Ambient): Promise<EstablishedAuthority[]> {
  checkOptions(options, AUTHORITY_OPTIONS);
  const now = ambient.now();
  const request = normalizeAuthority(options, `local-ca ${toHex(ambient.random(3))}`, now);
  const pathLength = (request.intermediate ? 1 : 0) + SPARE_LEVELS;
  const root = await makeOne({ role: 'root', pathLength, ...request }, undefined, ambient);
  if (!request.intermediate) return [withAddresses(root, request)];
  const intermediate = await makeIntermediate(request, root, ambient);
  return [{ ...root, record: { ...root.record, active: false } }, withAddresses(intermediate, request)];
}

/**
 * For the cross certificates of a root that is replaced, and replaced again while that lasts. Those of the same name are
 * self-issued and should not count (RFC 5280 4.2.1.9), but GnuTLS, Go and Python's cryptography count them.
 */
export const SPARE_LEVELS = 2;

/** They are about the certificates that this one signs: where to find its revocation list, whom to ask. */
const withAddresses = (
  { record, key }: EstablishedAuthority & { readonly key: PrivateKey },
  { crlUrls, ocspUrls }: Distribution,
): EstablishedAuthority => ({ key, record: { ...record, crlUrls, ocspUrls } });

async function makeIntermediate(
  request: AuthorityRequest,
  root: EstablishedAuthority,
  ambient: Ambient,
): Promise<EstablishedAuthority & { readonly key: PrivateKey }> {
  const validity = normalizeValidity({}, 1825, ambient.now());
  return makeOne(
    {
      role: 'intermediate',
      pathLength: 0,
      keyType: request.keyType,
      subject: request.intermediateSubject,
      notBefore: request.notBefore,
      notAfter: new Date(Math.min(validity.notAfter.getTime(), request.notAfter.getTime())),
      ...(request.constraints === undefined ? {} : { constraints: forJava(request.constraints) }),
    },
    root,
    ambient,
  );
}

/**
 * The root's constraints bind what is below it (RFC 5280 6.1.4), but Java reads none in the certificate that it trusts, so
 * the intermediate repeats them. Java 17 also breaks on an IPv4 name under an excluded IPv6 network; where some network is
 * permitted, leaving the excluded ones out changes nothing: addresses outside the permitted are refused all the same.
 */
function forJava({ permitted, excluded }: NameConstraints): NameConstraints {
  const hasNetwork = permitted.some(({ kind }) => kind === 'ip');
  return { permitted, excluded: excluded.filter(({ kind }) => kind !== 'ip' || !hasNetwork) };
}

type AuthorityDraft = Omit<AuthorityFields, 'serial' | 'publicKey'> & { readonly keyType: string };

async function makeOne(
  draft: AuthorityDraft,
  parent: EstablishedAuthority | undefined,
  ambient: Ambient,
): Promise<EstablishedAuthority & { readonly key: PrivateKey }> {
  const key = await generateKey(draft.keyType, ambient);
  const signer = await keySigner(parent?.key ?? key, ambient);
  const issuer = parent === undefined ? undefined : parseCertificate(parent.record.certificate);
  const fields = { ...draft, serial: newSerial(ambient), publicKey: key.publicKey };
  const certificate = parseCertificate(await makeAuthority(fields, issuer, signer));
  return { key, record: recordOf(certificate, parent?.record.id ?? null, true, ambient.now()) };
}

/** `more` overrides what a new authority has. */
export function recordOf(
  certificate: Certificate,
  parentId: string | null,
  active: boolean,
  at: Date,
  more: Partial<AuthorityRecord> = {},
): AuthorityRecord {
  const common = attempt(() => commonName(certificateSubject(certificate)));
  return {
    id: certificate.serial,
    role: isSelfIssued(certificate) ? 'root' : 'intermediate',
    name: visible(common ?? nameText(certificate.subject)),
    certificate: certificate.der,
    parentId,
    active,
    createdAt: at,
    keyId: certificate.serial,
    crlUrls: [],
    ocspUrls: [],
    revocation: null,
    ...more,
  };
}

// --- taking over a CA that exists --------------------------------------------------------------------------------

/** A CA that another tool made. */
export interface ImportOptions extends DistributionOptions {
  /** PEM or DER of the CA's certificate; certificates above it may follow in the same PEM, in any order. */
  readonly certificate: Uint8Array;
  /** PKCS#8, PKCS#1 or SEC1, PEM or DER. */
  readonly key: Uint8Array;
  /** Opens the key if it is encrypted. */
  readonly keyPassphrase?: string | undefined;
  /** Encrypts the key where it is kept; without it the key is kept plain. */
  readonly passphrase?: string | undefined;
}

const IMPORT_OPTIONS: OptionKinds<ImportOptions> = {
  certificate: 'bytes',
  key: 'bytes',
  keyPassphrase: 'secret',
  passphrase: 'secret',
  crlUrls: 'strings',
  ocspUrls: 'strings',
};

/** Takes over a CA made by mkcert, easy-rsa, step, openssl or anything else. */
export function establishImported(options: ImportOptions, ambient: Ambient): EstablishedAuthority[] {
  checkOptions(options, IMPORT_OPTIONS);
  const key = importKey(options.key, options.keyPassphrase);
  const given = certificatesIn(options.certificate).map(parseCertificate);
  const own = given.find((certificate) => equalBytes(certificate.publicKey, key.publicKey));
  if (own === undefined) throw mismatch(given);
  assertFitAuthority(own, ambient.now());
  const above = chainAbove(own, given);
  assertDistinct([own, ...above]);
  const at = ambient.now();
  const records = above.map((certificate, i) => recordOf(certificate, above[i + 1]?.serial ?? null, false, at));
  return [
    ...records.map((record) => ({ record })).reverse(),
    withAddresses({ key, record: recordOf(own, above[0]?.serial ?? null, true, at) }, normalizeDistribution(options)),
  ];
}

function mismatch(given: readonly Certificate[]): LocalCaError {
  const subjects = given.map(({ subject }) => nameText(subject)).join('; ');
  return new LocalCaError(
    'LOCAL_CA_KEY_MISMATCH',
    `the private key does not belong to the certificate (${subjects})`,
    'Give the key that was made with the CA certificate.',
  );
}

/** A CA is on record under its serial number, and two of different CAs may be the same. */
function assertDistinct(chain: readonly Certificate[]): void {
  const serials = chain.map(({ serial }) => serial);
  const twice = serials.find((serial, i) => serials.indexOf(serial) !== i);
  if (twice === undefined) return;
  throw new LocalCaError(
    'LOCAL_CA_CA_UNFIT',
    `two CAs of the chain have the serial number ${twice}, and local-ca tells CAs apart by it`,
    'Give the certificate of the CA alone, without those above it: its clients then trust that one.',
  );
}

function chainAbove(certificate: Certificate, given: readonly Certificate[]): Certificate[] {
  const chain = [certificate];
  for (let top = certificate; !isSelfIssued(top) && chain.length <= DEPTH_LIMIT; ) {
    const issuer = top.issuer;
    const isParent = ({ subject }: Certificate) => attempt(() => sameSubject(subject, issuer)) === true;
    const parent = given.find((other) => !chain.includes(other) && isParent(other));
    if (parent === undefined) break;
    chain.push(parent);
    top = parent;
  }
  return chain.slice(1);
}

/** Whether a certificate may sign others now (RFC 5280 4.2.1.9, 4.2.1.3). */
export function assertFitAuthority(certificate: Certificate, now: Date): void {
  const name = nameText(certificate.subject);
  if (certificate.notAfter < now || certificate.notBefore > now) {
    const when = certificate.notAfter < now ? `expired on ${certificate.notAfter.toISOString()}` : 'is not valid yet';
    throw new LocalCaError(
      'LOCAL_CA_CA_EXPIRED',
      `the CA ${name} ${when}`,
      'Renew the CA first (local-ca renew --ca, where it is), or make a new one with local-ca init in another home.',
    );
  }
  const why = unfitBecause(certificate);
  if (why === undefined) return;
  throw new LocalCaError('LOCAL_CA_CA_UNFIT', `${name} cannot act as a CA: ${why}`, 'Use a certificate made for a CA.');
}

function unfitBecause(certificate: Certificate): string | undefined {
  if (certificate.version < 3)
    return `it is an X.509 version ${certificate.version} certificate, which strict clients refuse`;
  if (certificate.serial.length > LONGEST_SERIAL) return 'its serial number has more than 20 bytes';
  if (attempt(() => readAll(certificate)) === undefined) return 'its subject or its extensions cannot be read';
  if (basicConstraintsOf(certificate)?.authority !== true) return 'its basicConstraints do not say CA:TRUE';
  const usage = keyUsageOf(certificate);
  return usage === undefined || usage.includes('keyCertSign') ? undefined : 'its keyUsage lacks keyCertSign';
}

/** RFC 5280 4.1.2.2, in hex. */
const LONGEST_SERIAL = 40;

/** What goes into the certificates that it signs, or decides about them. */
const readAll = (own: Certificate) => [
  certificateSubject(own),
  basicConstraintsOf(own),
  keyUsageOf(own),
  subjectKeyIdOf(own),
];

/** A CA's key as it is kept: PEM of PKCS#8, encrypted when there is a passphrase. */
export function encodeAuthorityKey(key: PrivateKey, passphrase: string | undefined, ambient: Ambient): Uint8Array {
  if (passphrase === undefined) return privateKeyPem(key);
  const encrypted = encryptPkcs8(key.toPkcs8(), passphrase, { random: ambient.random });
  return new TextEncoder().encode(encodePem('ENCRYPTED PRIVATE KEY', encrypted));
}
