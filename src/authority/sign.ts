/** Certificates for keys that others made: a request (PKCS#10) is checked, can be shown, and is signed. */
import { attempt } from '../core/attempt.ts';
import {
  type CertificateRequest,
  ownSignature,
  parseCsr,
  type Requested,
  requestedBy,
  requestSubject,
} from '../core/csr.ts';
import { TAG } from '../core/der.ts';
import { extensionName } from '../core/known-extensions.ts';
import { parseName } from '../core/names.ts';
import { checkOptions, type OptionKinds } from '../core/option-kinds.ts';
import { LEAF_OPTIONS, type LeafOptions, type LeafRequest } from '../core/options.ts';
import { signatureTitle } from '../core/signature.ts';
import { checkAttribute, commonName, type DistinguishedName, formatSubject } from '../core/subject.ts';
import { quote } from '../core/text.ts';
import type { Warning } from '../core/validity.ts';
import { LocalCaError } from '../errors.ts';
import { decodePem } from '../formats/pem.ts';
import type { CertificateRecord } from '../store/store.ts';
import { replacementWarnings } from './issue.ts';
import { preparing } from './issuing.ts';
import { type Issued, type IssueHooks, runJobs } from './jobs.ts';
import { certificatesOfKey, fitAlgorithm, sharingWarnings } from './request-key.ts';
import { type ReviewedExtension, reviewExtensions, reviewWarnings } from './review.ts';
import { sharesKey } from './stolen-key.ts';
import type { Workplace } from './workplace.ts';

/** For `CertificateAuthority.sign`: what shall be otherwise than the request says, and what it cannot say. */
export interface SignOptions extends Omit<LeafOptions, 'keyType' | 'names'> {
  /** Instead of the request's. */
  names?: readonly string[] | undefined;
}

const { keyType: _keyType, ...signOptions } = LEAF_OPTIONS;
const SIGN_OPTIONS: OptionKinds<SignOptions> = signOptions;

/** What would be signed. */
export interface Review {
  readonly names: readonly string[];
  /** RFC 4514. */
  readonly subject: string;
  readonly profile: string;
  readonly label: string;
  readonly keyType: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** Each extension that the request asks for, and what becomes of it. */
  readonly extensions: readonly ReviewedExtension[];
  readonly warnings: readonly Warning[];
}

/** A certificate that was made from a request. */
export interface Signed extends Issued {
  readonly review: Review;
}

interface Reviewed {
  readonly csr: CertificateRequest;
  readonly leaf: LeafRequest;
  readonly review: Review;
}

export const reviewRequest = async (work: Workplace, bytes: Uint8Array, options: SignOptions): Promise<Review> =>
  (await look(work, bytes, options)).review;

export async function signRequest(
  work: Workplace,
  bytes: Uint8Array,
  options: SignOptions,
  hooks: IssueHooks,
): Promise<Signed> {
  const { csr, leaf, review } = await look(work, bytes, options);
  const key = { kind: 'existing', publicKey: csr.publicKey } as const;
  const [issued] = await runJobs(work, [{ request: leaf, key }], 'sign', hooks);
  return { ...(issued as Issued), review };
}

async function look(work: Workplace, bytes: Uint8Array, options: SignOptions): Promise<Reviewed> {
  checkOptions(options, SIGN_OPTIONS);
  const prepare = preparing(work);
  const csr = parseCsr(requestDer(bytes));
  refuseRepeats(csr);
  const algorithm = fitAlgorithm(csr);
  await assertPossession(csr, work);
  const requested = requestedBy(csr);
  const chosen = namesFor(csr, requested, options);
  const subject = options.subject ?? subjectFrom(csr);
  const prepared = prepare({ ...options, names: chosen.names, subject });
  const reviewing = { csr, requested, leaf: prepared, rsa: algorithm.family === 'rsa' };
  const sharing = sharingWarnings(await certificatesOfKey(work, csr), prepared.label);
  const replaced = await replacing(work, csr, prepared, options);
  const warnings = [...prepared.warnings, ...chosen.warnings, ...reviewWarnings(reviewing), ...sharing, ...replaced];
  const { notBefore, notAfter, label, names, profile } = prepared;
  const review: Review = {
    names: names.map(({ text }) => text),
    subject: formatSubject(prepared.subject),
    profile: profile.name,
    label,
    keyType: algorithm.keyType,
    notBefore,
    notAfter,
    extensions: reviewExtensions(reviewing),
    warnings,
  };
  return { csr, leaf: { ...prepared, warnings }, review };
}

/** DER, or PEM of either label (RFC 7468 7). */
function requestDer(bytes: Uint8Array): Uint8Array {
  if (bytes[0] === TAG.sequence) return bytes;
  const blocks = decodePem(new TextDecoder().decode(bytes)).filter(({ label }) => /CERTIFICATE REQUEST$/.test(label));
  const [first, second] = blocks;
  if (first !== undefined && second === undefined) return first.der;
  throw new LocalCaError(
    'LOCAL_CA_CSR_INVALID',
    first === undefined
      ? 'there is no certificate request in it'
      : `there are ${blocks.length} certificate requests in it`,
    'Give one PKCS#10 request, PEM or DER.',
  );
}

/** RFC 5280 4.2 has each once. Of two, one would be shown and the other meant. */
function refuseRepeats({ extensions }: CertificateRequest): void {
  const repeated = extensions.find(({ oid }, i) => extensions.findIndex((other) => other.oid === oid) !== i);
  if (repeated === undefined) return;
  throw new LocalCaError(
    'LOCAL_CA_CSR_INVALID',
    `the request asks for ${extensionName(repeated.oid) ?? repeated.oid} more than once`,
    'Ask for a request that says each thing once.',
  );
}

async function assertPossession(csr: CertificateRequest, { ambient }: Workplace): Promise<void> {
  const verdict = await ownSignature(csr, ambient);
  if (verdict === 'good') return;
  if (verdict !== 'bad') {
    throw new LocalCaError(
      'LOCAL_CA_CSR_INVALID',
      `the request's signature cannot be checked by local-ca (${signatureTitle(csr)}), so that nobody proves to have its key`,
      'Ask for a request that is signed with SHA-256.',
    );
  }
  throw new LocalCaError(
    'LOCAL_CA_CSR_INVALID',
    `the request was not signed with its own key (${signatureTitle(csr)}), so that nobody proves to have that key`,
    'The file was damaged or changed on its way: ask for it again.',
  );
}

/** Throws LOCAL_CA_LABEL_TAKEN unless somebody insists: a server may live on the key that the label stands for. */
async function replacing(
  { home, ambient }: Workplace,
  { publicKey }: CertificateRequest,
  { label, names, profile }: LeafRequest,
  { force }: SignOptions,
): Promise<Warning[]> {
  const earlier = await home.store.byLabel(label);
  if (earlier !== undefined && isInUse(earlier) && force !== true && !sharesKey(publicKey)(earlier)) {
    throw labelTaken(earlier);
  }
  const record = { label, names: names.map(({ text }) => text), profile: profile.name, issuedAt: ambient.now() };
  return replacementWarnings(earlier, record);
}

/** What has expired is renewed under its label, and what is on hold released. */
const isInUse = ({ state, revocation }: CertificateRecord): boolean =>
  state === 'valid' || revocation?.reason === 'certificateHold';

const labelTaken = ({ label, serial }: CertificateRecord) =>
  new LocalCaError(
    'LOCAL_CA_LABEL_TAKEN',
    `${quote(label)} is the certificate ${serial}, which has another key than the request`,
    'Give the new one a label of its own with --label, or let it take the place of the other with --force.',
  );

// --- names and subject -------------------------------------------------------------------------------------------

interface Chosen {
  readonly names: readonly string[];
  readonly warnings: readonly Warning[];
}

function namesFor(csr: CertificateRequest, requested: Requested, { names }: SignOptions): Chosen {
  if (names !== undefined) return { names, warnings: [] };
  const fit = requested.names.map(({ text }) => text);
  const many = manyNames(fit.length + requested.unfitNames.length);
  if (fit.length > 0) return { names: fit, warnings: [...many, ...requested.unfitNames.map(droppedName)] };
  if (requested.unfitNames.length > 0)
    throw nameless(`only names that it cannot sign (${requested.unfitNames.join(', ')})`);
  const common = commonName(requestSubject(csr)) ?? '';
  const name = attempt(() => parseName(common));
  if (name === undefined || name.kind === 'uri') throw nameless('no name');
  const message = `the request has no SubjectAltName, where clients look: its common name ${name.text} is taken; --names gives others`;
  return { names: [name.text], warnings: [{ code: 'no-names', message }] };
}

const MANY_NAMES = 100;
const MOST_NAMES = 1000;

/** Nobody reads so many before signing, and clients have limits for what a server sends. */
function manyNames(count: number): Warning[] {
  if (count > MOST_NAMES) {
    throw new LocalCaError(
      'LOCAL_CA_CSR_INVALID',
      `the request has ${count} names, more than ${MOST_NAMES}`,
      'Ask for several requests with fewer names each, or say with --names which of them count.',
    );
  }
  if (count <= MANY_NAMES) return [];
  return [{ code: 'many-names', message: `the request has ${count} names: who has its key can pose as each of them` }];
}

function droppedName(text: string): Warning {
  const kind = /^[a-zA-Z0-9]+(?=:)/.exec(text)?.[0];
  const isKnown = ['dns', 'ip', 'email', 'uri'].includes(kind ?? '');
  const why = isKnown ? 'no client would accept it as that kind of name' : 'local-ca signs no names of that kind';
  return { code: 'name-dropped', message: `${text} is left out: ${why}` };
}

const nameless = (what: string) =>
  new LocalCaError(
    'LOCAL_CA_NAME_INVALID',
    `the request has ${what}`,
    'Say what the certificate is for: --names db1.example.test,10.0.0.5',
  );

/** In its own order; an empty one is filled as that of any certificate. What no certificate of ours would have is refused. */
function subjectFrom(csr: CertificateRequest): string | undefined {
  const subject = requestSubject(csr);
  if (subject.length === 0) return undefined;
  try {
    return formatSubject(subject.map((rdn) => rdn.map(taken)));
  } catch (error) {
    if (!(error instanceof LocalCaError)) throw error;
    const message = `the request's subject cannot be taken over: ${error.message}`;
    throw new LocalCaError(error.code, message, 'Give another with --subject, or ask for a new request.', {
      cause: error,
    });
  }
}

function taken({ type, value, encoded }: DistinguishedName[number][number]) {
  if (encoded !== true) return checkAttribute({ type, value: value.trim() });
  throw new LocalCaError('LOCAL_CA_SUBJECT_INVALID', `${type} is no text (${quote(value)})`, 'Give another.');
}
