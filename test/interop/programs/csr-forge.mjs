// Prints a certificate request of node-forge as PEM: node csr-forge.mjs FOLDER-OF-NODE-FORGE
import { createRequire } from 'node:module';

const forge = createRequire(import.meta.url)(process.argv[2]);
const { privateKey, publicKey } = forge.pki.rsa.generateKeyPair(2048);
const request = forge.pki.createCertificationRequest();
request.publicKey = publicKey;
request.setSubject([
  { name: 'commonName', value: 'db.test' },
  { name: 'countryName', value: 'DE' },
  { shortName: 'ST', value: 'Bayern' },
  { name: 'organizationName', value: 'Acme' },
]);
const altNames = [
  { type: 2, value: 'db.test' },
  { type: 7, ip: '10.0.0.5' },
];
request.setAttributes([
  { name: 'challengePassword', value: 'open sesame' },
  { name: 'extensionRequest', extensions: [{ name: 'subjectAltName', altNames }] },
]);
// SHA-1 is its default.
request.sign(privateKey);
process.stdout.write(forge.pki.certificationRequestToPem(request));
