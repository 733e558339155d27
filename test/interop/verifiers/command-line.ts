/** The verifiers that are commands: openssl, GnuTLS, NSS. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { must, run } from '../../support/peers.ts';
import {
  type Case,
  everyKey,
  isAddress,
  rsaNistOrEd25519,
  rsaOrNist,
  type Verdict,
  type Verifier,
  verdictOf,
} from './verifier.ts';

const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';

export const openssl: Verifier = {
  name: 'openssl verify -x509_strict',
  programs: ['openssl'],
  checks: {
    host: /hostname mismatch|IP address mismatch/,
    expiry: /certificate has expired/,
    purpose: /unsuitable certificate purpose/,
    constraints: /permitted subtree violation/,
    trust: /unable to get (local )?issuer certificate|self-signed certificate in certificate chain/,
    sha1: /signature digest algorithm too weak/,
  },
  supports: everyKey,
  async verify({ host, chain, ca }) {
    const name = isAddress(host) ? '-verify_ip' : '-verify_hostname';
    const trusted = ['-no-CApath', '-no-CAstore', '-CAfile', ca, '-untrusted', chain];
    const strict = ['-x509_strict', '-auth_level', '2', '-purpose', 'sslserver'];
    return verdictOf(await run('openssl', ['verify', ...trusted, ...strict, name, host, chain]));
  },
};

export const gnutls: Verifier = {
  name: 'GnuTLS certtool --verify',
  programs: ['certtool'],
  checks: {
    host: /does not match the expected/,
    expiry: /expired/,
    purpose: /does not match the intended purpose/,
    constraints: /violates the signer's constraints/,
    trust: /issuer is unknown/,
    sha1: /insecure algorithm/,
  },
  supports: rsaNistOrEd25519,
  async verify({ host, chain, ca }) {
    const asked = [`--verify-hostname=${host}`, `--verify-purpose=${SERVER_AUTH}`];
    return verdictOf(await run('certtool', ['--verify', `--load-ca-certificate=${ca}`, ...asked, `--infile=${chain}`]));
  },
};

const pemBlocks = (pem: string) => pem.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----\n?/g) ?? [];

/** A throw-away database: roots trusted for TLS servers, the others known only. */
async function nssVerdict({ chain, ca }: Case): Promise<Verdict> {
  const folder = await mkdtemp(join(tmpdir(), 'local-ca-nss-'));
  const database = ['-d', `sql:${folder}`];
  const add = async (name: string, trust: string, pem: string) => {
    const file = join(folder, `${name}.pem`);
    await writeFile(file, pem);
    await must('certutil', ['-A', ...database, '-n', name, '-t', trust, '-i', file]);
  };
  try {
    await must('certutil', ['-N', ...database, '--empty-password']);
    for (const [i, pem] of pemBlocks(await readFile(ca, 'utf8')).entries()) await add(`root${i}`, 'C,,', pem);
    for (const [i, pem] of pemBlocks(await readFile(chain, 'utf8')).entries()) await add(`chain${i}`, ',,', pem);
    return verdictOf(await run('certutil', ['-V', ...database, '-u', 'V', '-n', 'chain0']));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export const nss: Verifier = {
  name: 'NSS certutil -V -u V',
  programs: ['certutil'],
  checks: {
    expiry: /expired/i,
    purpose: /Certificate type not approved|key usage inadequate/,
    constraints: /not permitted to issue a certificate with this name/,
    trust: /issuer is not recognized/,
  },
  supports: rsaOrNist,
  verify: nssVerdict,
};
