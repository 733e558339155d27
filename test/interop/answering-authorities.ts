/** CAs of other tools, which answer a request: the files that they send back, in the forms in which CAs do. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BundleFile } from '../../src/bundle/file.ts';
import { zipBundle } from '../../src/bundle/zip.ts';
import { must } from '../support/peers.ts';
import { generate, openssl, ROOT, selfSign } from './foreign-authorities.ts';

interface AnsweringAuthority {
  readonly title: string;
  readonly programs: readonly string[];
  /** Why `openssl verify -x509_strict` refuses what it signs. */
  readonly lenient?: string;
  /** Makes the CA in this folder and signs the request. */
  readonly answer: (folder: string, csr: string) => Promise<Answer>;
}

interface Answer {
  readonly leaf: string;
  /** PEM files, from the issuer up to the root. */
  readonly above: readonly string[];
}

const put = (folder: string, name: string, text: string | Uint8Array) => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

const COPY = ['-copy_extensions', 'copy', '-days', '300'];

const x509: AnsweringAuthority = {
  title: 'openssl x509',
  programs: ['openssl'],
  answer: async (folder, csr) => {
    await generate(folder);
    const { certificate } = await selfSign(folder);
    const signed = ['-in', csr, '-CA', 'ca.pem', '-CAkey', 'key.pem', '-out', 'leaf.pem', ...COPY];
    await openssl(folder, 'x509', '-req', ...signed);
    return { leaf: join(folder, 'leaf.pem'), above: [certificate] };
  },
};

const CONFIG = `[ca]
default_ca = own
[own]
database = index.txt
serial = serial
new_certs_dir = .
policy = any
default_md = sha256
copy_extensions = copy
unique_subject = no
[any]
commonName = supplied
`;

/** With an intermediate, and a listing before each certificate. */
const opensslCa: AnsweringAuthority = {
  title: 'openssl ca, with an intermediate',
  programs: ['openssl'],
  answer: async (folder, csr) => {
    await generate(folder);
    const { certificate } = await selfSign(folder);
    put(folder, 'ca.cnf', CONFIG);
    put(folder, 'index.txt', '');
    put(folder, 'serial', '01\n');
    const extensions = [...ROOT, 'subjectKeyIdentifier=hash', 'authorityKeyIdentifier=keyid'].join('\n');
    const sub = [
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-keyout',
      'sub.key',
      '-out',
      'sub.csr',
      '-subj',
      '/O=Foreign/CN=Sub CA',
    ];
    await openssl(folder, 'req', '-new', ...sub);
    const below = ['-CA', 'ca.pem', '-CAkey', 'key.pem', '-out', 'sub.pem', '-days', '600'];
    await openssl(folder, 'x509', '-req', '-in', 'sub.csr', ...below, '-extfile', put(folder, 'sub.ext', extensions));
    const issuer = ['-cert', 'sub.pem', '-keyfile', 'sub.key', '-days', '300', '-out', 'leaf.pem'];
    const own = put(folder, 'leaf.ext', 'authorityKeyIdentifier=keyid\nsubjectKeyIdentifier=hash\n');
    await openssl(folder, 'ca', '-batch', '-config', 'ca.cnf', '-in', csr, ...issuer, '-extfile', own);
    return { leaf: join(folder, 'leaf.pem'), above: [join(folder, 'sub.pem'), certificate] };
  },
};

const easyrsa: AnsweringAuthority = {
  title: 'easy-rsa',
  programs: ['easyrsa'],
  lenient: 'the basicConstraints of its root are not critical',
  answer: async (folder, csr) => {
    const pki = join(folder, 'pki');
    const env = { EASYRSA_PKI: pki, EASYRSA_BATCH: '1', EASYRSA_REQ_CN: 'Easy CA' };
    const run = (...args: readonly string[]) => must('easyrsa', args, { cwd: folder, env });
    await run('init-pki');
    await run('build-ca', 'nopass');
    await run('import-req', csr, 'db');
    await run('--copy-ext', 'sign-req', 'server', 'db');
    return { leaf: join(pki, 'issued', 'db.crt'), above: [join(pki, 'ca.crt')] };
  },
};

const cfssl: AnsweringAuthority = {
  title: 'cfssl',
  programs: ['cfssl'],
  answer: async (folder, csr) => {
    put(folder, 'ca.json', JSON.stringify({ CN: 'Cfssl CA', key: { algo: 'ecdsa', size: 256 } }));
    const quiet = ['-loglevel', '5'];
    const made = JSON.parse(await must('cfssl', ['gencert', ...quiet, '-initca', 'ca.json'], { cwd: folder }));
    const above = put(folder, 'ca.pem', made.cert);
    put(folder, 'ca.key', made.key);
    const signed = await must('cfssl', ['sign', ...quiet, '-ca', 'ca.pem', '-ca-key', 'ca.key', csr], { cwd: folder });
    return { leaf: put(folder, 'leaf.pem', JSON.parse(signed).cert), above: [above] };
  },
};

const step: AnsweringAuthority = {
  title: 'step, with an intermediate',
  programs: ['step'],
  answer: async (folder, csr) => {
    const run = (...args: readonly string[]) =>
      must('step', ['certificate', ...args], { cwd: folder, env: { STEPPATH: folder } });
    const plain = ['--no-password', '--insecure'];
    await run('create', '--profile', 'root-ca', 'Step root', 'root.crt', 'root.key', ...plain);
    const above = ['--ca', 'root.crt', '--ca-key', 'root.key'];
    await run('create', '--profile', 'intermediate-ca', 'Step sub', 'sub.crt', 'sub.key', ...above, ...plain);
    const leaf = await run('sign', '--profile', 'leaf', csr, 'sub.crt', 'sub.key');
    return { leaf: put(folder, 'leaf.pem', leaf), above: [join(folder, 'sub.crt'), join(folder, 'root.crt')] };
  },
};

const certtool: AnsweringAuthority = {
  title: 'certtool',
  programs: ['certtool'],
  answer: async (folder, csr) => {
    const run = (...args: readonly string[]) => must('certtool', args, { cwd: folder });
    put(folder, 'ca.tmpl', 'cn = "Gnu CA"\nca\ncert_signing_key\ncrl_signing_key\nexpiration_days = 900\n');
    put(folder, 'leaf.tmpl', 'honor_crq_extensions\nexpiration_days = 300\n');
    await run('--generate-privkey', '--ecdsa', '--outfile', 'ca.key');
    const self = ['--load-privkey', 'ca.key', '--template', 'ca.tmpl', '--outfile', 'ca.pem'];
    await run('--generate-self-signed', ...self);
    const authority = ['--load-ca-certificate', 'ca.pem', '--load-ca-privkey', 'ca.key'];
    const leaf = ['--load-request', csr, '--template', 'leaf.tmpl', '--outfile', 'leaf.pem'];
    await run('--generate-certificate', ...authority, ...leaf);
    return { leaf: join(folder, 'leaf.pem'), above: [join(folder, 'ca.pem')] };
  },
};

export const ANSWERING: readonly AnsweringAuthority[] = [x509, opensslCa, easyrsa, cfssl, step, certtool];

// --- the forms ---------------------------------------------------------------------------------------------------

export interface Form {
  readonly title: string;
  /** The files to hand in, and what goes with them. */
  readonly make: (folder: string, answer: Answer) => Promise<readonly string[]>;
}

const text = (path: string) => readFileSync(path, 'utf8');
const der = (folder: string, path: string, name: string) =>
  openssl(folder, 'x509', '-in', path, '-outform', 'DER', '-out', name).then(() => join(folder, name));

async function pkcs7(folder: string, { leaf, above }: Answer, form: string): Promise<string> {
  const all = [...above, leaf].flatMap((path) => ['-certfile', path]);
  await openssl(folder, 'crl2pkcs7', '-nocrl', ...all, '-outform', form, '-out', `answer.${form}.p7b`);
  return join(folder, `answer.${form}.p7b`);
}

export const FORMS: readonly Form[] = [
  { title: 'files in PEM, in a good order', make: async (_, { leaf, above }) => [leaf, ...above] },
  {
    title: 'one PEM, the root first',
    make: async (folder, { leaf, above }) => [
      put(folder, 'bundle.crt', [...above, leaf].reverse().map(text).join('\n')),
    ],
  },
  {
    title: 'DER',
    make: async (folder, { leaf, above }) =>
      Promise.all([leaf, ...above].map((path, i) => der(folder, path, `${i}.cer`))),
  },
  { title: 'PKCS#7 in DER', make: async (folder, answer) => [await pkcs7(folder, answer, 'DER')] },
  { title: 'PKCS#7 in PEM', make: async (folder, answer) => [await pkcs7(folder, answer, 'PEM')] },
  {
    title: 'a zip with a README, and all in two forms',
    make: async (folder, answer) => {
      const p7b = await pkcs7(folder, answer, 'DER');
      const readme = new BundleFile('README.txt', new TextEncoder().encode('Thank you for your order.'));
      const files = [...answer.above, answer.leaf].map(
        (path, i) => new BundleFile(`certs/${i}.crt`, readFileSync(path)),
      );
      const all = [...files, new BundleFile('all.p7b', readFileSync(p7b)), readme];
      return [put(folder, 'answer.zip', await zipBundle(all))];
    },
  },
  {
    title: 'the certificate alone, and the CA beside it',
    make: async (folder, { leaf, above }) => [leaf, '--ca', put(folder, 'ca-bundle.crt', above.map(text).join(''))],
  },
];
