/** Cases for the verifiers, made by the real command line, or by openssl where the command line refuses. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findProgram } from '../../scripts/programs.mjs';
import { localCaJson } from '../support/cli.ts';
import { must } from '../support/peers.ts';
import type { Case } from './verifiers/verifier.ts';

export interface Authority {
  readonly home: string;
  readonly keyType: string;
  readonly intermediate: boolean;
}

export interface AuthorityWishes {
  readonly keyType: string;
  readonly intermediate: boolean;
  readonly permit?: readonly string[];
}

const PASSWORD = 'changeit';

export async function makeAuthority(home: string, wishes: AuthorityWishes): Promise<Authority> {
  const { keyType, intermediate, permit = [] } = wishes;
  const flags = ['--name', `Proving Ground ${keyType}`, '--key-type', keyType];
  if (intermediate) flags.push('--intermediate');
  if (permit.length > 0) flags.push('--permit', permit.join(','));
  await localCaJson(['init', '--yes', ...flags], { home });
  return { home, keyType, intermediate };
}

/** A certificate in every format, in `out`; the key is of the CA's type. */
export async function issueCase(
  { home, keyType }: Authority,
  out: string,
  names: readonly string[],
  flags: readonly string[] = [],
): Promise<Case> {
  const wishes = ['--key-type', keyType, '--format', 'pem,p12,jks', '--password', PASSWORD, ...flags];
  await localCaJson(['issue', ...names, '--label', 'leaf', '--out', out, ...wishes], { home });
  const store = (type: string) => ({ keys: join(out, `leaf.${type}`), trust: join(out, `ca.${type}`) });
  return {
    keyType,
    host: names[0] ?? '',
    chain: join(out, 'leaf.chain.pem'),
    ca: join(out, 'ca.pem'),
    key: join(out, 'leaf.key.pem'),
    stores: { jks: store('jks'), p12: store('p12') },
    password: PASSWORD,
  };
}

/** The key and certificate that `home` signs with, as files. */
async function signingPair({ home, intermediate }: Authority): Promise<{ cert: string; key: string }> {
  const cert = join(home, 'ca', `${intermediate ? 'intermediate' : 'root'}.crt.pem`);
  const publicKey = await must('openssl', ['x509', '-in', cert, '-noout', '-pubkey']);
  for (const name of await readdir(join(home, 'ca'))) {
    const key = join(home, 'ca', name);
    if (name.endsWith('.key.pem') && (await must('openssl', ['pkey', '-in', key, '-pubout'])) === publicKey) {
      return { cert, key };
    }
  }
  throw new Error(`no key for ${cert}`);
}

/** What local-ca would not make: another name on a good certificate's key, or SHA-1. */
export async function craftCase(
  authority: Authority,
  out: string,
  good: Case,
  { host = good.host, hash = '-sha256' },
): Promise<Case> {
  const { cert, key } = await signingPair(authority);
  const at = (name: string) => join(out, `crafted-${name}`);
  const extensions = [
    'basicConstraints = critical, CA:FALSE',
    `keyUsage = critical, digitalSignature${authority.keyType.startsWith('rsa') ? ', keyEncipherment' : ''}`,
    'extendedKeyUsage = serverAuth',
    'subjectKeyIdentifier = hash',
    'authorityKeyIdentifier = keyid:always',
    `subjectAltName = DNS:${host}`,
  ];
  await writeFile(at('extensions'), `${extensions.join('\n')}\n`);
  await must('openssl', ['req', '-new', '-key', good.key, '-subj', `/CN=${host}`, '-out', at('csr.pem')]);
  const signed = ['-CA', cert, '-CAkey', key, '-set_serial', '0x1234567890abcdef', '-days', '30', hash];
  await must('openssl', [
    ...['x509', '-req', '-in', at('csr.pem'), '-extfile', at('extensions'), '-out', at('leaf.pem')],
    ...signed,
  ]);
  const above = authority.intermediate ? await readFile(cert, 'utf8') : '';
  await writeFile(at('chain.pem'), (await readFile(at('leaf.pem'), 'utf8')) + above);
  const { keyType, ca, password } = good;
  const pack = ['-in', at('chain.pem'), '-inkey', good.key, '-name', 'leaf', '-passout', `pass:${password}`];
  await must('openssl', ['pkcs12', '-export', ...pack, '-out', at('leaf.p12')]);
  const stores = await craftedStores(good, at('leaf.p12'), at('leaf.jks'));
  return { keyType, host, chain: at('chain.pem'), ca, key: good.key, stores, password };
}

/** Only keytool converts to JKS; where it is missing, the tests that would use the file are skipped. */
async function craftedStores({ password, stores }: Case, p12: string, jks: string): Promise<Case['stores']> {
  const both = {
    p12: { keys: p12, trust: stores.p12.trust },
    jks: { keys: jks, trust: stores.jks.trust },
  };
  if (findProgram('keytool') === undefined) return both;
  const from = ['-srckeystore', p12, '-srcstorepass', password];
  const to = ['-destkeystore', jks, '-deststoretype', 'JKS', '-deststorepass', password];
  await must('keytool', ['-importkeystore', '-noprompt', ...from, ...to]);
  return both;
}
