/** Chains as files, and what OpenSSL and GnuTLS say of them. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Certificate } from '../../src/core/parse.ts';
import { encodePem } from '../../src/formats/pem.ts';
import { type Outcome, run } from '../support/peers.ts';
import { NOW } from '../support/pki.ts';

export interface ChainFiles {
  readonly leaf: Certificate;
  readonly intermediates?: readonly Certificate[];
  readonly roots: readonly Certificate[];
  /** DER. */
  readonly crls?: readonly Uint8Array[];
}

/** The paths of PEM files with these certificates. */
export interface ChainPaths {
  readonly leaf: string;
  readonly chain: string;
  readonly roots: string;
  readonly crls: string;
}

export async function writeChain(folder: string, files: ChainFiles): Promise<ChainPaths> {
  const { leaf, intermediates = [], roots, crls = [] } = files;
  const write = async (name: string, label: string, list: readonly Uint8Array[]) => {
    const path = join(folder, name);
    await writeFile(path, list.map((der) => encodePem(label, der)).join(''));
    return path;
  };
  const certificates = (name: string, list: readonly Certificate[]) =>
    write(
      name,
      'CERTIFICATE',
      list.map(({ der }) => der),
    );
  return {
    leaf: await certificates('leaf.pem', [leaf]),
    chain: await certificates('chain.pem', [leaf, ...intermediates]),
    roots: await certificates('roots.pem', roots),
    crls: await write('crls.pem', 'X509 CRL', crls),
  };
}

export interface OpensslOptions {
  /** `sslserver`, `sslclient`, `smimesign`. */
  readonly purpose?: string | undefined;
  readonly host?: string | undefined;
  readonly crls?: boolean | undefined;
  readonly strict?: boolean | undefined;
  readonly at?: Date;
}

export interface Verdict {
  readonly accepted: boolean;
  readonly output: string;
}

/** At the tests' NOW unless told otherwise, and with the key lengths and hashes that TLS asks for on Debian (level 2). */
export async function opensslVerify(paths: ChainPaths, options: OpensslOptions = {}): Promise<Verdict> {
  const seconds = Math.floor((options.at ?? NOW).getTime() / 1000);
  const outcome = await run('openssl', [
    'verify',
    ...['-attime', String(seconds), '-auth_level', '2', '-CAfile', paths.roots],
    // The leaf comes along: OpenSSL refuses an empty file.
    ...['-untrusted', paths.chain],
    ...(options.strict ? ['-x509_strict'] : []),
    ...(options.purpose === undefined ? [] : ['-purpose', options.purpose]),
    ...(options.host === undefined ? [] : ['-verify_hostname', options.host]),
    ...(options.crls ? ['-crl_check', '-CRLfile', paths.crls] : []),
    paths.leaf,
  ]);
  return verdictOf(outcome, /^error \d+ at \d+ depth lookup/m);
}

/** certtool has no option for the time: for certificates that are valid by the real clock. */
export const gnutlsVerify = async (paths: ChainPaths): Promise<Verdict> =>
  verdictOf(
    await run('certtool', ['--verify', '--load-ca-certificate', paths.roots, '--infile', paths.chain]),
    /Chain verification output: Not verified/,
  );

/** A program that fails for another reason than the certificates has given no verdict. */
function verdictOf({ status, stdout, stderr }: Outcome, refused: RegExp): Verdict {
  const output = `${stdout}${stderr}`;
  if (status !== 0 && !refused.test(output)) throw new Error(output);
  return { accepted: status === 0, output };
}
