/** Holds the probe against `openssl s_client` on the same server. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { type LookOptions, lookAt, type Served } from '../../src/probe/look.ts';
import { parseTarget } from '../../src/probe/target.ts';
import { run } from '../support/peers.ts';
import { HOST } from './servers/ground.ts';

/** What the probe sees at a port of 127.0.0.1, where it asks for HOST. */
export const look = (url: string, options: LookOptions = {}): Promise<Served> =>
  lookAt(parseTarget(url), { servername: HOST, ...options });

const leafOf = ({ chain: [leaf = new Uint8Array()] }: Served) => new X509Certificate(leaf).toString();

/** The same leaf and protocol; `starttls` is s_client's word for the protocol. */
export async function sameAsOpenssl(url: string, starttls?: string): Promise<Served> {
  const served = await look(url);
  const { host, port } = parseTarget(url);
  const more = starttls === undefined ? [] : ['-starttls', starttls, '-xmpphost', HOST];
  const alpn = served.alpn === undefined ? [] : ['-alpn', served.alpn];
  const connect = ['s_client', '-connect', `${host}:${port}`, '-servername', HOST, ...alpn, ...more];
  const { stdout, stderr } = await run('openssl', connect, { input: '', timeout: 10_000 });
  const [certificate] = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----\n/.exec(stdout) ?? [];
  const [, protocol] = /^New, (\S+), Cipher is/m.exec(stdout) ?? [];
  assert.equal(certificate, leafOf(served), stderr);
  assert.equal(served.protocol, protocol);
  return served;
}

/** A leaf is HOST's. */
export const assertHost = (served: Served): void =>
  assert.equal(new X509Certificate(served.chain[0] ?? '').subject, `CN=${HOST}`);
