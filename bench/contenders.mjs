// Makers of certificates in one process. Each prepares a CA of its own, and then makes a number of leaves at a call: a new
// key, a certificate for one DNS name, and both as PEM.
import { createSign, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { repository } from '../scripts/programs.mjs';
import { requireRival } from './rivals.mjs';

const ours = (file) => import(pathToFileURL(join(repository, 'dist', file)).href);
export const FLOOR = 'floor: node:crypto, key + signature';

const nameOf = (i) => `host${i}.example.test`;

/** Calls `make` so many times; what it gave last stands for all. */
const oneByOne = (make) => async (count) => {
  let last;
  for (let i = 0; i < count; i++) last = await make(nameOf(i));
  return last;
};

async function memoryCa(keyType) {
  const { CertificateAuthority, memoryHome } = await ours('index.js');
  const home = memoryHome();
  return { home, ca: await CertificateAuthority.create(home, { name: 'Bench CA', keyType }) };
}

async function throughLibrary(keyType) {
  const { encodePem } = await ours('formats/index.js');
  const { ca } = await memoryCa(keyType);
  return async (count) => {
    const orders = Array.from({ length: count }, (_, i) => ({ names: [nameOf(i)], keyType }));
    const made = (await ca.issueMany(orders)).map(({ record, material }) => ({
      cert: encodePem('CERTIFICATE', record.certificate),
      key: encodePem('PRIVATE KEY', material.leaf.key.toPkcs8()),
    }));
    return made.at(-1);
  };
}

async function throughTesting() {
  const { createTestAuthority } = await ours('testing/index.js');
  const ca = await createTestAuthority();
  return oneByOne(async (name) => {
    const { cert, key } = await ca.issue(name);
    return { cert, key };
  });
}

async function selfsigned(keyType, options) {
  const { generate } = requireRival('selfsigned');
  const { home, ca } = await memoryCa(keyType);
  const { id, certificate } = ca.root;
  const issuer = {
    cert: new X509Certificate(certificate).toString(),
    key: new TextDecoder().decode(await home.caKeys.load(id)),
  };
  return oneByOne(async (name) => {
    const subject = [{ name: 'commonName', value: name }];
    const made = await generate(subject, { ...options, algorithm: 'sha256', ca: issuer });
    return { cert: made.cert, key: made.private };
  });
}

async function npmMkcert() {
  const { createCA, createCert } = requireRival('mkcert');
  const about = { organization: 'Bench CA', countryCode: 'DE', state: 'x', locality: 'x', validity: 365 };
  const ca = await createCA(about);
  return oneByOne((name) => createCert({ domains: [name], validity: 365, ca }));
}

function forgeCertificate({ pki }, { publicKey }, name, issuer, signingKey) {
  const certificate = pki.createCertificate();
  certificate.publicKey = publicKey;
  certificate.serialNumber = '01';
  certificate.validity.notAfter = new Date(Date.now() + 365 * 86_400_000);
  const subject = [{ name: 'commonName', value: name }];
  certificate.setSubject(subject);
  certificate.setIssuer(issuer ?? subject);
  certificate.setExtensions([
    { name: 'basicConstraints', cA: issuer === undefined },
    { name: 'subjectAltName', altNames: [{ type: 2, value: name }] },
  ]);
  certificate.sign(signingKey, requireRival('node-forge').md.sha256.create());
  return certificate;
}

async function nodeForge() {
  const forge = requireRival('node-forge');
  const { pki } = forge;
  const caKeys = pki.rsa.generateKeyPair(2048);
  const ca = forgeCertificate(forge, caKeys, 'Bench CA', undefined, caKeys.privateKey);
  return oneByOne((name) => {
    const keys = pki.rsa.generateKeyPair(2048);
    const certificate = forgeCertificate(forge, keys, name, ca.subject.attributes, caKeys.privateKey);
    return { cert: pki.certificateToPem(certificate), key: pki.privateKeyToPem(keys.privateKey) };
  });
}

/** What no program on node:crypto can go below: the key and the signature, and no certificate. */
async function floor(type, options) {
  const { privateKey: signer } = generateKeyPairSync(type, options);
  const toBeSigned = new Uint8Array(400);
  return oneByOne(() => {
    const encodings = {
      publicKeyEncoding: { type: 'spki', format: 'der' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    };
    const { privateKey } = generateKeyPairSync(type, { ...options, ...encodings });
    createSign('sha256').update(toBeSigned).sign(signer);
    return { key: privateKey };
  });
}

const P256 = 'P-256';
const RSA = 'RSA-2048';

/** `needs` names a rival from npm; `go` is the program in bench/go. */
export const CONTENDERS = [
  { name: 'local-ca, issueMany', keys: P256, make: () => throughLibrary('p256') },
  { name: 'local-ca/testing, issue', keys: P256, make: throughTesting },
  {
    name: 'selfsigned',
    keys: P256,
    needs: 'selfsigned',
    make: () => selfsigned('p256', { keyType: 'ec', curve: 'P-256' }),
  },
  { name: 'Go crypto/x509', keys: P256, go: true },
  { name: FLOOR, keys: P256, make: () => floor('ec', { namedCurve: 'P-256' }) },
  { name: 'local-ca, issueMany', keys: RSA, make: () => throughLibrary('rsa-2048') },
  {
    name: 'selfsigned',
    keys: RSA,
    needs: 'selfsigned',
    make: () => selfsigned('rsa-2048', { keyType: 'rsa', keySize: 2048 }),
  },
  { name: 'npm mkcert', keys: RSA, needs: 'mkcert', make: npmMkcert },
  { name: 'node-forge', keys: RSA, needs: 'node-forge', make: nodeForge },
  { name: FLOOR, keys: RSA, make: () => floor('rsa', { modulusLength: 2048 }) },
];
