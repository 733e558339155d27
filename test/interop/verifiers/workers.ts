/** The verifiers that are programs of ours in other languages: programs/Verify.java, verify.go, verify.py. */
import { fileURLToPath } from 'node:url';
import { LineWorker } from '../../support/line-worker.ts';
import { readAnswer, rsaNistOrEd25519, rsaOrNist, type StoreType, type Verifier } from './verifier.ts';

const source = (file: string) => fileURLToPath(new URL(`../programs/${file}`, import.meta.url));

const java = new LineWorker('java', [source('Verify.java')]);
const go = new LineWorker('go', ['run', source('verify.go')]);
const python = new LineWorker('python3', [source('verify.py')]);
const cryptography = new LineWorker('python-cryptography', [source('verify.py')]);

/** Lets the programs end; without it the test's process would wait for them. */
export function closeWorkers(): void {
  for (const worker of [java, go, python, cryptography]) worker.close();
}

const javaPath: Verifier = {
  name: 'Java CertPathValidator',
  programs: ['javac', 'java'],
  checks: {
    expiry: /CertificateExpiredException/,
    trust: /Path does not chain with any of the trust anchors/,
    constraints: /name constraints/,
  },
  ignoresConstraintsOfRoot: true,
  supports: rsaNistOrEd25519,
  verify: async ({ host, chain, ca }) => readAnswer(await java.ask('path', host, chain, ca)),
};

const javaTls = (type: StoreType): Verifier => ({
  name: `Java TLS with ${type} stores`,
  programs: ['javac', 'java'],
  checks: {
    host: /No subject alternative (DNS )?names? (matching|present)/,
    expiry: /CertificateExpiredException/,
    purpose: /Extended key usage does not permit use for TLS server authentication/,
    trust: /unable to find valid certification path|does not chain with any of the trust anchors/,
    constraints: /name constraints/,
  },
  ignoresConstraintsOfRoot: true,
  supports: rsaNistOrEd25519,
  verify: async ({ host, stores, password }) =>
    readAnswer(await java.ask('tls', host, stores[type].keys, stores[type].trust, password)),
});

const goWords = {
  host: /certificate is valid for/,
  expiry: /certificate has expired/,
  purpose: /incompatible key usage/,
  constraints: /is not authorized to sign for this name/,
  trust: /signed by unknown authority/,
  sha1: /insecure algorithm/,
};

const goPath: Verifier = {
  name: 'Go crypto/x509',
  programs: ['go'],
  checks: goWords,
  supports: rsaNistOrEd25519,
  verify: async ({ host, chain, ca }) => readAnswer(await go.ask('path', host, chain, ca)),
};

const goTls: Verifier = {
  ...goPath,
  name: 'Go crypto/tls',
  verify: async ({ host, chain, ca, key }) => readAnswer(await go.ask('tls', host, chain, ca, key)),
};

const pythonSsl: Verifier = {
  name: 'Python ssl with VERIFY_X509_STRICT',
  programs: ['python3'],
  checks: {
    host: /mismatch/i,
    expiry: /certificate has expired/,
    purpose: /unsuitable certificate purpose|unsupported certificate purpose/,
    constraints: /permitted subtree violation/,
    trust: /unable to get (local )?issuer certificate|self.signed certificate/,
    sha1: /too weak/,
  },
  supports: rsaNistOrEd25519,
  verify: async ({ host, chain, ca, key }) => readAnswer(await python.ask('tls', host, chain, ca, key)),
};

const pythonCryptography: Verifier = {
  name: 'Python cryptography',
  programs: ['python-cryptography'],
  checks: {
    host: /no matching subjectAltName/,
    expiry: /not valid at validation time/,
    purpose: /required EKU not found/,
    constraints: /no permitted name constraints matched/,
    trust: /candidates exhausted/,
    sha1: /Forbidden signature algorithm/,
  },
  supports: rsaOrNist,
  verify: async ({ host, chain, ca }) => readAnswer(await cryptography.ask('path', host, chain, ca)),
};

export const workerVerifiers: readonly Verifier[] = [
  javaPath,
  javaTls('jks'),
  javaTls('p12'),
  goPath,
  goTls,
  pythonSsl,
  pythonCryptography,
];
