/** The certificates in a file that somebody gives to trust. */
import { type Certificate, parseCertificate } from '../core/parse.ts';
import { LocalCaError } from '../errors.ts';
import { certificatesOf, readInput } from './read-file.ts';

/** Throws LOCAL_CA_INPUT_UNKNOWN when it has none. */
export async function certificatesToTrust(file: string): Promise<Certificate[]> {
  const given = (await certificatesOf(await readInput(file), file, undefined)).map(parseCertificate);
  if (given.length === 0) throw nothingIn(file);
  return given;
}

export const nothingIn = (file: string) =>
  new LocalCaError('LOCAL_CA_INPUT_UNKNOWN', `${file} has no certificate`, 'local-ca inspect FILE tells what it is.');
