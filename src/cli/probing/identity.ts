/** The client certificate to show to servers, with its key, from files of any format. */
import { orderCertificates } from '../../core/chain.ts';
import { equalBytes } from '../../core/der.ts';
import type { PrivateKey } from '../../core/keys.ts';
import { isSelfIssued, parseCertificate } from '../../core/parse.ts';
import { quote } from '../../core/text.ts';
import { LocalCaError } from '../../errors.ts';
import { encodePem, privateKeyPem } from '../../formats/pem.ts';
import type { Identity } from '../../probe/look.ts';
import type { Flag, Flags } from '../command.ts';
import { type Found, readContents, readInput } from '../read-file.ts';
import { flagName, secretFrom } from '../values.ts';

export const IDENTITY_FLAGS: readonly Flag[] = [
  { flags: '--cert <file>', about: 'a client certificate to show: PEM, or a key store with its key' },
  { flags: '--key <file>', about: 'its private key, where it is in a file of its own' },
  { flags: '--password <password>', about: 'opens the key or the key store' },
  { flags: '--password-file <file>', about: 'the same, from the first line of a file' },
];

export async function identityFrom(flags: Flags): Promise<Identity | undefined> {
  const { cert, key } = flags as { readonly cert?: string; readonly key?: string };
  if (cert === undefined) return refuseAlone(flags);
  const password = secretFrom(flags, 'password');
  const found: Found[] = [];
  for (const file of key === undefined ? [cert] : [cert, key])
    found.push(...(await readContents(await readInput(file), file, password)).found);
  return paired(found, cert, key ?? cert);
}

/** Somebody would believe that the server saw it. */
function refuseAlone(flags: Flags): undefined {
  const alone = ['key', 'password', 'passwordFile'].find((name) => flags[name] !== undefined);
  if (alone === undefined) return undefined;
  throw new LocalCaError(
    'LOCAL_CA_OPTION_INVALID',
    `${flagName(alone)} was given without --cert`,
    'Give the client certificate with --cert FILE, or leave it out.',
  );
}

function paired(found: readonly Found[], cert: string, keyFile: string): Identity {
  const keys = found.flatMap((one) => (one.kind === 'private-key' ? [one.key] : []));
  if (keys.length === 0) throw noKey(found, keyFile);
  const ders = found.flatMap((one) => (one.kind === 'certificate' ? [one.der] : []));
  const certificates = orderCertificates(ders.map(parseCertificate));
  const belongs = (key: PrivateKey) => certificates.find(({ publicKey }) => equalBytes(publicKey, key.publicKey));
  const key = keys.find((one) => belongs(one) !== undefined);
  const leaf = key && belongs(key);
  if (key === undefined || leaf === undefined) throw noPair(cert, keyFile);
  // A root proves nothing to a server that does not have it.
  const above = certificates.filter((one) => one !== leaf && !isSelfIssued(one));
  return {
    certificate: [leaf, ...above].map(({ der }) => encodePem('CERTIFICATE', der)).join(''),
    key: new TextDecoder().decode(privateKeyPem(key)),
  };
}

const noKey = (found: readonly Found[], file: string) =>
  found.some(({ kind }) => kind === 'encrypted-private-key')
    ? new LocalCaError(
        'LOCAL_CA_KEY_ENCRYPTED',
        `the private key in ${quote(file)} has a pass phrase`,
        'Give it with --password-file FILE.',
      )
    : new LocalCaError(
        'LOCAL_CA_KEY_INVALID',
        `${quote(file)} has no private key`,
        'Give the key of the client certificate with --key FILE.',
      );

const noPair = (cert: string, keyFile: string) =>
  new LocalCaError(
    'LOCAL_CA_KEY_MISMATCH',
    `the private key in ${quote(keyFile)} belongs to no certificate in ${quote(cert)}`,
    'Give the certificate and the key that were made together; local-ca inspect FILE shows publicKeySha256 of each with --json.',
  );
