/**
 * Certificate requests as other programs make them, with what they ask for. Each is written into a folder of the test, as the
 * program writes it: PEM of any label, DER, line ends of Windows. `csr-odd.ts` has those that no program here can make.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { decodePem, encodePem } from '../../src/formats/pem.ts';
import { oldWindowsCsr, windowsCsr } from './csr-odd.ts';
import { must, pathOf } from './peers.ts';

interface Asked {
  /** RFC 4514. */
  readonly subject: string;
  /** In the order of the request. */
  readonly names: readonly string[];
  /** As local-ca names it. */
  readonly keyType: string;
}

export interface ZooCsr extends Asked {
  readonly title: string;
  /** What has to be installed. */
  readonly programs: readonly string[];
  /** Writes the request into this folder, and gives its path. */
  readonly make: (folder: string) => Promise<string>;
}

/** The request in a file, PEM or DER. */
export function csrDer(path: string): Uint8Array {
  const bytes = new Uint8Array(readFileSync(path));
  return bytes[0] === 0x30 ? bytes : (decodePem(new TextDecoder().decode(bytes))[0]?.der as Uint8Array);
}

const SUBJECT = 'CN=db.test,O=Acme,C=DE';
const usual = (more: Partial<Asked> = {}): Asked => ({
  subject: SUBJECT,
  names: ['db.test', '10.0.0.5'],
  keyType: 'rsa-2048',
  ...more,
});

function put(folder: string, name: string, content: string | Uint8Array): string {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}

// --- openssl -----------------------------------------------------------------------------------------------------

const SUBJ = ['-subj', '/C=DE/O=Acme/CN=db.test'];
const SAN = ['-addext', 'subjectAltName=DNS:db.test,IP:10.0.0.5'];

/** `openssl req` with what the row adds; its configuration is an empty one, since Debian's asks for things of its own. */
const openssl = (title: string, args: readonly string[], asked: Asked, config = '', input = ''): ZooCsr => ({
  ...asked,
  title: `openssl, ${title}`,
  programs: ['openssl'],
  make: async (folder) => {
    put(folder, 'req.cnf', config === '' ? '[req]\ndistinguished_name=dn\n[dn]\n' : config);
    const files = ['-config', 'req.cnf', '-nodes', '-keyout', 'key.pem', '-out', 'req.pem'];
    await must('openssl', ['req', '-new', ...files, ...args], { cwd: folder, input });
    return join(folder, 'req.pem');
  },
});

const rsa = ['-newkey', 'rsa:2048'];
const ec = (curve: string) => ['-newkey', 'ec', '-pkeyopt', `ec_paramgen_curve:${curve}`];

/** SQL OpenNet's recipe, as the Synergex people publish it: no names, five questions, and requests signed with MD5. */
const SYNERGEX = `[ req ]
default_bits = 2048
default_keyfile = cert.pem
default_md = md5
prompt = yes
distinguished_name = cert_distinguished_name
x509_extensions = cert_extensions

[ cert_distinguished_name ]
commonName = Common Name (e.g. server FQDN or YOUR name)
stateOrProvinceName = State or Province Name (full name)
stateOrProvinceName_default = California
countryName = Country name (2 letter code)
countryName_default = US
emailAddress = Email Address
organizationName = Organization Name (e.g. company)

[ cert_extensions ]
basicConstraints = CA:true
`;

/** What is not ASCII becomes a T61String. */
const TELETEX = '[req]\ndistinguished_name=dn\nstring_mask=nombstr\n[dn]\n';

const ATTRIBUTES = `[req]
prompt = no
distinguished_name = dn
attributes = more
[dn]
C = DE
O = Acme
CN = db.test
[more]
challengePassword = open sesame
unstructuredName = Acme
`;

const USES = [
  'basicConstraints=critical,CA:FALSE',
  'keyUsage=critical,digitalSignature',
  'extendedKeyUsage=clientAuth',
];

const OPENSSL: readonly ZooCsr[] = [
  openssl('RSA', [...rsa, ...SUBJ, ...SAN], usual()),
  openssl('EC P-256', [...ec('P-256'), ...SUBJ, ...SAN], usual({ keyType: 'p256' })),
  openssl('EC brainpoolP384r1', [...ec('brainpoolP384r1'), ...SUBJ, ...SAN], usual({ keyType: 'brainpoolP384r1' })),
  openssl('Ed25519', ['-newkey', 'ed25519', ...SUBJ, ...SAN], usual({ keyType: 'ed25519' })),
  openssl('DER', [...rsa, ...SUBJ, ...SAN, '-outform', 'DER'], usual()),
  openssl('RSA-PSS signature', [...rsa, ...SUBJ, ...SAN, '-sigopt', 'rsa_padding_mode:pss'], usual()),
  openssl('NEW CERTIFICATE REQUEST', [...rsa, ...SUBJ, '-newhdr'], usual({ names: [] })),
  openssl(
    'every kind of name',
    [
      ...rsa,
      ...SUBJ,
      '-addext',
      'subjectAltName=DNS:*.db.test,IP:fd00::5,email:dba@acme.test,URI:spiffe://acme.test/db',
    ],
    usual({ names: ['*.db.test', 'fd00::5', 'dba@acme.test', 'spiffe://acme.test/db'] }),
  ),
  openssl('uses', [...rsa, ...SUBJ, ...USES.flatMap((use) => ['-addext', use])], usual({ names: [] })),
  openssl(
    'multi-valued RDN',
    [...rsa, '-subj', '/C=DE/O=Acme/CN=db.test+UID=7', ...SAN],
    usual({ subject: 'CN=db.test+UID=7,O=Acme,C=DE' }),
  ),
  openssl(
    'UTF-8',
    [...rsa, '-utf8', '-subj', '/O=株式会社 é/CN=db.test', ...SAN],
    usual({ subject: 'CN=db.test,O=株式会社 é' }),
  ),
  openssl(
    'T61String',
    [...rsa, '-utf8', '-subj', '/O=Müller/CN=db.test', ...SAN],
    usual({ subject: 'CN=db.test,O=Müller' }),
    TELETEX,
  ),
  openssl('empty subject', [...rsa, '-subj', '/', ...SAN], usual({ subject: '' })),
  openssl('challenge password', rsa, usual({ names: [] }), ATTRIBUTES),
  openssl(
    "SQL OpenNet's recipe",
    rsa,
    usual({ subject: 'O=Synergex,emailAddress=dba@acme.test,C=US,ST=California,CN=db.test', names: [] }),
    SYNERGEX,
    'db.test\n\n\ndba@acme.test\nSynergex\n',
  ),
];

// --- the others --------------------------------------------------------------------------------------------------

const keytool = (title: string, key: readonly string[], asked: Asked, certreq: readonly string[] = []): ZooCsr => ({
  ...asked,
  title: `keytool, ${title}`,
  programs: ['keytool'],
  make: async (folder) => {
    const store = ['-keystore', 'store.p12', '-storepass', 'changeit', '-alias', 'db'];
    await must('keytool', ['-genkeypair', ...store, ...key, '-dname', 'CN=db.test, O=Acme, C=DE'], { cwd: folder });
    await must('keytool', ['-certreq', ...store, '-file', 'req.csr', ...certreq], { cwd: folder });
    return join(folder, 'req.csr');
  },
});

const JAVA_SAN = ['-ext', 'san=dns:db.test,ip:10.0.0.5'];
const KEYTOOL: readonly ZooCsr[] = [
  keytool('RSA', ['-keyalg', 'RSA', '-keysize', '3072'], usual({ keyType: 'rsa-3072' }), JAVA_SAN),
  keytool('EC', ['-keyalg', 'EC', '-groupname', 'secp384r1'], usual({ keyType: 'p384' }), [
    ...JAVA_SAN,
    '-ext',
    'eku=clientAuth',
  ]),
  keytool('no names', ['-keyalg', 'RSA', '-keysize', '2048'], usual({ names: [] })),
];

const TEMPLATE = `cn = "db.test"
organization = "Acme"
country = DE
dns_name = "db.test"
ip_address = "10.0.0.5"
tls_www_server
signing_key
encryption_key
challenge_password = "open sesame"
`;

const certtool = (keyType: string, args: readonly string[]): ZooCsr => ({
  ...usual({ keyType }),
  title: `certtool, ${keyType}`,
  programs: ['certtool'],
  make: async (folder) => {
    put(folder, 'template', TEMPLATE);
    await must('certtool', ['--generate-privkey', ...args, '--outfile', 'key.pem'], { cwd: folder });
    const request = [
      '--generate-request',
      '--load-privkey',
      'key.pem',
      '--template',
      'template',
      '--outfile',
      'req.pem',
    ];
    await must('certtool', request, { cwd: folder });
    return join(folder, 'req.pem');
  },
});

const program = (file: string) => fileURLToPath(new URL(`../interop/programs/${file}`, import.meta.url));

/** A program of ours that prints PEM. */
const printed = (
  title: string,
  needed: string,
  command: () => readonly [string, ...string[]],
  asked: Asked,
): ZooCsr => ({
  ...asked,
  title,
  programs: [needed],
  make: async (folder) => {
    const [name, ...args] = command();
    return put(folder, 'req.pem', await must(name, args, { cwd: folder }));
  },
});

const go = (kind: string, keyType: string) =>
  printed(
    `Go, ${keyType}`,
    'go',
    () => ['go', 'run', program('csr.go'), kind],
    usual({
      keyType,
      names: ['db.test', '*.db.test', 'dba@acme.test', '10.0.0.5', 'fd00::5', 'spiffe://acme.test/db'],
    }),
  );

const cryptography = (kind: string, keyType: string) =>
  printed(
    `python-cryptography, ${keyType}`,
    'python-cryptography',
    () => ['python-cryptography', program('csr.py'), kind],
    usual({ keyType, subject: 'CN=db.test,O=Büro,C=DE' }),
  );

const forge = printed(
  'node-forge',
  'node-forge',
  () => [process.execPath, program('csr-forge.mjs'), pathOf('node-forge')],
  usual({ subject: 'O=Acme,ST=Bayern,C=DE,CN=db.test' }),
);

const nss: ZooCsr = {
  ...usual({ names: ['db.test'] }),
  title: 'NSS certutil',
  programs: ['certutil'],
  make: async (folder) => {
    put(folder, 'noise', 'no secret is made from it '.repeat(10));
    await must('certutil', ['-N', '-d', `sql:${folder}`, '--empty-password'], { cwd: folder });
    const key = ['-k', 'rsa', '-g', '2048', '-z', 'noise', '-a', '-o', 'req.txt'];
    await must('certutil', ['-R', '-d', `sql:${folder}`, '-s', SUBJECT, '-8', 'db.test', ...key], { cwd: folder });
    return join(folder, 'req.txt');
  },
};

const cfssl: ZooCsr = {
  ...usual({ keyType: 'p256' }),
  title: 'cfssl',
  programs: ['cfssl'],
  make: async (folder) => {
    const names = [{ O: 'Acme', C: 'DE' }];
    const request = { CN: 'db.test', key: { algo: 'ecdsa', size: 256 }, names, hosts: ['db.test', '10.0.0.5'] };
    put(folder, 'request.json', JSON.stringify(request));
    const made = JSON.parse(await must('cfssl', ['genkey', '-loglevel', '5', 'request.json'], { cwd: folder }));
    return put(folder, 'req.csr', made.csr);
  },
};

/** As certreq writes them. */
const windows = (title: string, make: () => Uint8Array, asked: Asked): ZooCsr => ({
  ...asked,
  title: `Windows, ${title}`,
  programs: [],
  make: async (folder) => put(folder, 'req.txt', encodePem('NEW CERTIFICATE REQUEST', make()).replaceAll('\n', '\r\n')),
});

export const CSR_ZOO: readonly ZooCsr[] = [
  ...OPENSSL,
  ...KEYTOOL,
  certtool('rsa-2048', ['--bits', '2048']),
  certtool('p256', ['--ecdsa', '--curve', 'secp256r1']),
  nss,
  cfssl,
  go('rsa', 'rsa-2048'),
  go('p256', 'p256'),
  go('ed25519', 'ed25519'),
  cryptography('rsa', 'rsa-3072'),
  cryptography('p384', 'p384'),
  cryptography('ed25519', 'ed25519'),
  forge,
  windows(
    'certreq',
    windowsCsr,
    usual({ subject: 'CN=sql1.corp.test,O=Acme,C=DE', names: ['sql1.corp.test', 'sql1'] }),
  ),
  windows('IIS 5', oldWindowsCsr, usual({ subject: 'CN=www.corp.test,O=Acme,C=DE', names: [] })),
];
