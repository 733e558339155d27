/** The probe at OpenLDAP and nginx, and beside `openssl s_client` where no server is at hand. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { hear, serve, speakTls } from '../probe/servers.ts';
import { needs } from '../support/peers.ts';
import { startNginx } from '../support/servers/nginx.ts';
import { startSlapd } from '../support/servers/slapd.ts';
import { temporaryFolder } from '../support/temp.ts';
import { rejectsCode } from '../support/throws.ts';
import { assertHost, look, sameAsOpenssl } from './probe-checks.ts';
import { Ground, HOST, type Pair } from './servers/ground.ts';

const textOf = ({ certificate, key }: Pair) => ({
  certificate: readFileSync(certificate, 'utf8'),
  key: readFileSync(key, 'utf8'),
});

test('OpenLDAP: StartTLS and ldaps', async (t) => {
  if (!needs(t, 'slapd', 'setpriv', 'openssl')) return;
  const ground = await Ground.make(temporaryFolder(t));
  const { certificate, key } = await ground.issue(HOST);
  const files = [
    `TLSCertificateFile ${certificate}`,
    `TLSCertificateKeyFile ${key}`,
    `TLSCACertificateFile ${ground.ca}`,
  ];
  const { port, tlsPort } = await startSlapd(t, { lines: files });
  const upgraded = await sameAsOpenssl(`ldap://127.0.0.1:${port}`, 'ldap');
  assert.equal(upgraded.way, 'StartTLS (LDAP)');
  assertHost(upgraded);
  assertHost(await sameAsOpenssl(`ldaps://127.0.0.1:${tlsPort}`));

  const demanding = await startSlapd(t, { lines: [...files, 'TLSVerifyClient demand'] });
  const identity = textOf(await ground.issue('client.test', 'client'));
  const url = `ldap://127.0.0.1:${demanding.port}`;
  assert.equal((await look(url)).requiresClientCertificate, true);
  assert.equal((await look(url, { identity })).acceptedClientCertificate, true);
  const stranger = textOf(await (await Ground.make(temporaryFolder(t))).issue('client.test', 'client'));
  assert.equal((await look(url, { identity: stranger })).acceptedClientCertificate, false);

  const plain = await startSlapd(t, { lines: [] });
  const refused = () => look(`ldap://127.0.0.1:${plain.port}`);
  await rejectsCode(refused, 'LOCAL_CA_CONNECT_FAILED', /refused StartTLS: protocolError/);
});

test('nginx: HTTPS, with client certificates', async (t) => {
  if (!needs(t, 'nginx', 'setpriv', 'openssl')) return;
  const ground = await Ground.make(temporaryFolder(t));
  const { port } = await startNginx(t, { ...(await ground.issue(HOST)), clientCa: ground.ca });
  const served = await sameAsOpenssl(`https://127.0.0.1:${port}`);
  assert.equal(served.way, 'direct TLS');
  assert.equal(served.alpn, 'http/1.1');
  assert.equal(served.asksForClientCertificate, true);
  assertHost(served);
  const identity = textOf(await ground.issue('client.test', 'client'));
  assert.equal((await look(`https://127.0.0.1:${port}`, { identity })).acceptedClientCertificate, true);
});

/** A server that answers commands, which the probe and s_client choose differently. */
const SCRIPTED = {
  lmtp: { '': '220 ready\r\n', LHLO: '250-a.test\r\n250 STARTTLS\r\n', STARTTLS: '220 begin\r\n' },
  nntp: { '': '200 ready\r\n', CAPABILITIES: '101 these:\r\nSTARTTLS\r\n.\r\n', STARTTLS: '382 begin\r\n' },
} as const;

async function converse(socket: Socket, answers: Readonly<Record<string, string>>): Promise<void> {
  for (let command = ''; ; [command = ''] = (await hear(socket, /\n$/)).trim().split(' ')) {
    socket.write(answers[command] ?? '500 what?\r\n');
    if (command === 'STARTTLS') return speakTls(socket);
  }
}

for (const [scheme, answers] of Object.entries(SCRIPTED)) {
  test(`the same scripted server for the probe and s_client: ${scheme}`, async (t) => {
    if (!needs(t, 'openssl')) return;
    const { port } = await serve(t, (socket) => converse(socket, answers).catch(() => {}), scheme);
    const { way } = await sameAsOpenssl(`${scheme}://127.0.0.1:${port}`, scheme);
    assert.equal(way, `STARTTLS (${scheme.toUpperCase()})`);
  });
}
