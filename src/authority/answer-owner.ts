/** Whose answer it is: a request's that waits, or a key's that was given; and why it is nobody's. */
import { parseCsr } from '../core/csr.ts';
import { subjectText } from '../core/findings.ts';
import type { PrivateKey } from '../core/keys.ts';
import { type Certificate, fingerprintSha256, parseCertificate } from '../core/parse.ts';
import { quote } from '../core/text.ts';
import { LocalCaError } from '../errors.ts';
import type { CertificateRecord, RequestRecord } from '../store/store.ts';
import { type Match, matchAnswer, type Waiting, withSameKey } from './answer.ts';
import type { AuthorityHome } from './workplace.ts';

/** What waits for an answer; without a request it is a key that was given. */
export interface Candidate extends Waiting {
  readonly request?: RequestRecord;
}

export function candidateOf(request: RequestRecord): Candidate {
  const { publicKey, subject } = parseCsr(request.request);
  return { label: request.label, publicKey, asked: { names: request.names, subject }, request };
}

export async function ownerOf(
  home: AuthorityHome,
  given: PrivateKey | undefined,
  certificates: readonly Uint8Array[],
  waiting: readonly Candidate[],
): Promise<Match<Candidate>> {
  if (given === undefined) {
    return attemptMatch(certificates, waiting, (error) => acceptedBefore(home, certificates, error));
  }
  const requests = withSameKey(waiting, given.publicKey);
  const candidates = requests.length > 0 ? requests : [keyAlone(given)];
  return attemptMatch(certificates, candidates, async (error) => notTheKeys(certificates, error));
}

export const keyAlone = ({ publicKey }: PrivateKey): Candidate => ({ label: 'the key that was given', publicKey });

async function attemptMatch(
  certificates: readonly Uint8Array[],
  wanted: readonly Candidate[],
  explain: (error: LocalCaError) => Promise<LocalCaError>,
): Promise<Match<Candidate>> {
  try {
    return matchAnswer(certificates, wanted);
  } catch (error) {
    if (error instanceof LocalCaError && error.code === 'LOCAL_CA_KEY_MISMATCH') throw await explain(error);
    throw error;
  }
}

function notTheKeys(certificates: readonly Uint8Array[], cause: LocalCaError): LocalCaError {
  const subjects = certificates.map((der) => subjectText(parseCertificate(der))).join('; ');
  return new LocalCaError(
    'LOCAL_CA_KEY_MISMATCH',
    `the private key does not belong to any certificate of the answer (${subjects})`,
    'Give the key that the request was made with, or leave --key out for one that waits in the home.',
    { cause },
  );
}

/** The same file given twice is a common slip. */
async function acceptedBefore(
  home: AuthorityHome,
  certificates: readonly Uint8Array[],
  error: LocalCaError,
): Promise<LocalCaError> {
  for (const der of certificates) {
    const record = await onRecord(home, parseCertificate(der));
    if (record === undefined) continue;
    return new LocalCaError(
      error.code,
      `the certificate ${record.serial} of ${quote(record.label)} is on record already, and no request waits for it`,
      `Its files can be made again: local-ca export ${record.label}, with --key FILE where they hold the key.`,
      { cause: error },
    );
  }
  return error;
}

/** This very certificate: accepted before, or signed by the CA of this home. */
export async function onRecord(
  { store }: AuthorityHome,
  { der, serial }: Certificate,
): Promise<CertificateRecord | undefined> {
  const fingerprint = fingerprintSha256(der);
  const found = await store.bySerialPrefix(serial);
  return found.find((record) => record.fingerprintSha256 === fingerprint);
}
