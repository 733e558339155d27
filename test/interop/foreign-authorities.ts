/** CAs as other tools make them, for `init --from-cert --from-key` to take over. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { must } from '../support/peers.ts';

export interface ForeignAuthority {
  readonly certificate: string;
  readonly key: string;
}

export interface Maker {
  readonly title: string;
  readonly programs: readonly string[];
  /** Opens the key that it makes. */
  readonly passphrase?: string;
  /** Signed by another CA, whose certificate stands below its own in the file. */
  readonly intermediate?: true;
  /** Why `openssl verify -x509_strict` refuses the CA itself, and so all that it signs. */
  readonly lenient?: string;
  readonly make: (folder: string) => Promise<ForeignAuthority>;
}

const PASSPHRASE = 'foreign words';

// --- openssl -----------------------------------------------------------------------------------------------------

/** Extensions of a root, beside the key identifiers of OpenSSL's own configuration. */
export const ROOT = ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign,cRLSign'];

export const openssl = (folder: string, ...args: readonly string[]) => must('openssl', args, { cwd: folder });

const P256 = ['EC', '-pkeyopt', 'ec_paramgen_curve:P-256'];
const RSA = ['RSA', '-pkeyopt', 'rsa_keygen_bits:2048'];

export const generate = (folder: string, algorithm: readonly string[] = P256) =>
  openssl(folder, 'genpkey', '-algorithm', ...algorithm, '-out', 'key.pem');

/** `ca.pem`, self-signed with `key.pem`. */
export async function selfSign(
  folder: string,
  extensions = ROOT,
  more: readonly string[] = [],
): Promise<ForeignAuthority> {
  const added = extensions.flatMap((extension) => ['-addext', extension]);
  const files = ['-key', 'key.pem', '-out', 'ca.pem', '-days', '900', '-subj', '/O=Foreign/CN=Foreign CA'];
  await openssl(folder, 'req', '-x509', '-new', ...files, ...added, ...more);
  return { certificate: join(folder, 'ca.pem'), key: join(folder, 'key.pem') };
}

/** Rewrites `key.pem` into the form that the row is about. */
const opensslMaker = (
  title: string,
  algorithm: readonly string[],
  rewrite: readonly string[],
  passphrase?: string,
): Maker => ({
  title: `openssl, ${title}`,
  programs: ['openssl'],
  ...(passphrase === undefined ? {} : { passphrase }),
  make: async (folder) => {
    await generate(folder, algorithm);
    const { certificate } = await selfSign(folder);
    await openssl(folder, ...rewrite, '-in', 'key.pem', '-out', 'rewritten');
    return { certificate, key: join(folder, 'rewritten') };
  },
});

const SECRET = ['-passout', `pass:${PASSPHRASE}`];

const OPENSSL: readonly Maker[] = [
  opensslMaker('RSA as PKCS#8', RSA, ['pkey']),
  opensslMaker('RSA as PKCS#1', RSA, ['rsa', '-traditional']),
  opensslMaker('RSA as PKCS#1 in DER', RSA, ['rsa', '-traditional', '-outform', 'DER']),
  opensslMaker('RSA as encrypted PKCS#1', RSA, ['rsa', '-traditional', '-aes256', ...SECRET], PASSPHRASE),
  opensslMaker('RSA as encrypted PKCS#8', RSA, ['pkcs8', '-topk8', ...SECRET], PASSPHRASE),
  opensslMaker('RSA as 3DES-encrypted PKCS#8', RSA, ['pkcs8', '-topk8', '-v1', 'PBE-SHA1-3DES', ...SECRET], PASSPHRASE),
  opensslMaker('EC as SEC1', P256, ['ec']),
  opensslMaker('EC as SEC1 in DER', P256, ['ec', '-outform', 'DER']),
  opensslMaker('EC as encrypted PKCS#8 in DER', P256, ['pkcs8', '-topk8', '-outform', 'DER', ...SECRET], PASSPHRASE),
  opensslMaker('EC P-521', ['EC', '-pkeyopt', 'ec_paramgen_curve:P-521'], ['pkey']),
  opensslMaker('Ed25519', ['ED25519'], ['pkey']),
  opensslMaker('Ed25519 in DER', ['ED25519'], ['pkey', '-outform', 'DER']),
  {
    title: 'openssl, both files in DER',
    programs: ['openssl'],
    make: async (folder) => {
      await generate(folder);
      await selfSign(folder, ROOT, ['-outform', 'DER']);
      await openssl(folder, 'pkey', '-in', 'key.pem', '-outform', 'DER', '-out', 'key.der');
      return { certificate: join(folder, 'ca.pem'), key: join(folder, 'key.der') };
    },
  },
];

// --- the others --------------------------------------------------------------------------------------------------

const mkcert: Maker = {
  title: 'mkcert',
  programs: ['mkcert'],
  make: async (folder) => {
    const leaf = ['-cert-file', join(folder, 'leaf.pem'), '-key-file', join(folder, 'leaf.key'), 'a.test'];
    await must('mkcert', leaf, { env: { CAROOT: folder } });
    return { certificate: join(folder, 'rootCA.pem'), key: join(folder, 'rootCA-key.pem') };
  },
};

const easyrsa = (title: string, algorithm: string, passphrase?: string): Maker => ({
  title: `easy-rsa, ${title}`,
  programs: ['easyrsa'],
  lenient: 'its basicConstraints are not critical',
  ...(passphrase === undefined ? {} : { passphrase }),
  make: async (folder) => {
    const pki = join(folder, 'pki');
    const secret =
      passphrase === undefined ? {} : { EASYRSA_PASSIN: `pass:${passphrase}`, EASYRSA_PASSOUT: `pass:${passphrase}` };
    const env = { EASYRSA_PKI: pki, EASYRSA_BATCH: '1', EASYRSA_REQ_CN: 'Easy CA', EASYRSA_ALGO: algorithm, ...secret };
    await must('easyrsa', ['init-pki'], { cwd: folder, env });
    await must('easyrsa', ['build-ca', ...(passphrase === undefined ? ['nopass'] : [])], { cwd: folder, env });
    return { certificate: join(pki, 'ca.crt'), key: join(pki, 'private', 'ca.key') };
  },
});

const PLAIN = ['--no-password', '--insecure'];

async function stepCreate(folder: string, profile: string, file: string, more: readonly string[]) {
  const args = ['certificate', 'create', '--profile', profile, `Step ${file}`, `${file}.crt`, `${file}.key`];
  await must('step', [...args, ...more], { cwd: folder, env: { STEPPATH: folder } });
  return { certificate: join(folder, `${file}.crt`), key: join(folder, `${file}.key`) };
}

const STEP: readonly Maker[] = [
  { title: 'step, root', programs: ['step'], make: (folder) => stepCreate(folder, 'root-ca', 'root', PLAIN) },
  {
    title: 'step, encrypted root',
    programs: ['step'],
    passphrase: PASSPHRASE,
    make: (folder) => {
      writeFileSync(join(folder, 'password'), PASSPHRASE);
      return stepCreate(folder, 'root-ca', 'root', ['--password-file', 'password']);
    },
  },
  {
    title: 'step, intermediate with its root',
    programs: ['step'],
    intermediate: true,
    make: async (folder) => {
      const root = await stepCreate(folder, 'root-ca', 'root', PLAIN);
      const signed = ['--ca', 'root.crt', '--ca-key', 'root.key', ...PLAIN];
      const { certificate, key } = await stepCreate(folder, 'intermediate-ca', 'intermediate', signed);
      writeFileSync(certificate, readFileSync(certificate, 'utf8') + readFileSync(root.certificate, 'utf8'));
      return { certificate, key };
    },
  },
];

const cfssl = (algo: string, size: number): Maker => ({
  title: `cfssl, ${algo} ${size}`,
  programs: ['cfssl'],
  make: async (folder) => {
    const request = { CN: 'Cfssl CA', key: { algo, size }, names: [{ O: 'Foreign', C: 'DE' }] };
    writeFileSync(join(folder, 'request.json'), JSON.stringify(request));
    const made = JSON.parse(
      await must('cfssl', ['gencert', '-loglevel', '5', '-initca', 'request.json'], { cwd: folder }),
    );
    writeFileSync(join(folder, 'ca.pem'), made.cert);
    writeFileSync(join(folder, 'ca.key'), made.key);
    return { certificate: join(folder, 'ca.pem'), key: join(folder, 'ca.key') };
  },
});

export const MAKERS: readonly Maker[] = [
  ...OPENSSL,
  mkcert,
  easyrsa('RSA', 'rsa'),
  easyrsa('EC', 'ec'),
  easyrsa('encrypted', 'rsa', PASSPHRASE),
  ...STEP,
  cfssl('ecdsa', 256),
  cfssl('rsa', 2048),
];
