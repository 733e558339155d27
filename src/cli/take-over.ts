/** `init --from-cert --from-key`: a CA that another tool made, with its key. */
import { CertificateAuthority } from '../authority/authority.ts';
import type { Ambient } from '../core/ambient.ts';
import type { Finding } from '../core/findings.ts';
import { importKey } from '../core/keys.ts';
import { type Certificate, parseCertificate } from '../core/parse.ts';
import { verifyChain } from '../core/verify.ts';
import { readAtMost } from '../disk.ts';
import { LocalCaError } from '../errors.ts';
import type { Fillable } from '../store/fill-home.ts';
import type { AuthorityRecord } from '../store/store.ts';
import type { Context, Flags } from './command.ts';
import { chosenPassphrase, existingPassphrase } from './session.ts';
import { flagName } from './values.ts';

/** A CA key and a list of CA certificates are a few kilobytes. */
const MOST_BYTES = 1024 * 1024;

export async function takeOver(context: Context, flags: Flags, home: Fillable): Promise<CertificateAuthority> {
  const { fromCert, fromKey } = flags as { fromCert?: string; fromKey?: string };
  if (fromCert === undefined || fromKey === undefined) {
    throw new LocalCaError(
      'LOCAL_CA_ANSWER_MISSING',
      `--from-${fromCert === undefined ? 'cert' : 'key'} is missing`,
      'A CA is taken over with both --from-cert FILE and --from-key FILE.',
    );
  }
  refuseChanges(flags);
  const certificate = readAtMost(fromCert, MOST_BYTES);
  const key = readAtMost(fromKey, MOST_BYTES);
  // A key that came with a passphrase keeps it.
  const keyPassphrase = isEncrypted(key) ? await existingPassphrase(context, flags) : undefined;
  const passphrase = keyPassphrase ?? (await chosenPassphrase(context, flags));
  const { crlUrl: crlUrls, ocspUrl: ocspUrls } = flags as { crlUrl?: string[]; ocspUrl?: string[] };
  const options = { certificate, key, keyPassphrase, passphrase, crlUrls, ocspUrls };
  return CertificateAuthority.import(home, options, context.ambient);
}

/** What clients will hold against everything that this CA signs. Nobody can mend it but whoever signs the CA anew. */
export async function weaknessesOf(chain: readonly AuthorityRecord[], ambient: Ambient): Promise<Finding[]> {
  const [leaf, ...above] = chain.map(({ certificate }) => parseCertificate(certificate));
  const certificates = [leaf as Certificate, ...above];
  const verification = {
    leaf: leaf as Certificate,
    intermediates: above,
    roots: certificates.slice(-1),
    at: ambient.now(),
    ambient,
  };
  const { findings } = await verifyChain(verification);
  return findings.filter(({ code }) => code !== 'self-signed');
}

/** What a certificate says is settled when it is signed. */
function refuseChanges(flags: Flags): void {
  const refused = ['name', 'organization', 'country', 'keyType', 'days', 'intermediate', 'permit'].find(
    (flag) => flags[flag] !== undefined,
  );
  if (refused === undefined) return;
  throw new LocalCaError(
    'LOCAL_CA_OPTION_INVALID',
    `${flagName(refused)} cannot change a CA that exists`,
    'Leave it out, or make a new CA without --from-cert.',
  );
}

function isEncrypted(key: Uint8Array): boolean {
  try {
    importKey(key);
    return false;
  } catch (error) {
    return error instanceof LocalCaError && error.code === 'LOCAL_CA_KEY_ENCRYPTED';
  }
}
