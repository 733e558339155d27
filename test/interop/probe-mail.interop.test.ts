/** The probe at real mail, file and message servers, beside `openssl s_client`. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { needs } from '../support/peers.ts';
import { startDovecot } from '../support/servers/dovecot.ts';
import { temporaryFolder } from '../support/temp.ts';
import { rejectsCode } from '../support/throws.ts';
import { assertHost, look, sameAsOpenssl } from './probe-checks.ts';
import { startExim, startProsody, startTunnel, startVsftpd, tunnelGround } from './probe-servers.ts';
import { Ground, HOST } from './servers/ground.ts';

const FAILED = 'LOCAL_CA_CONNECT_FAILED';

test('Dovecot: IMAP and POP3', async (t) => {
  if (!needs(t, 'dovecot', 'setpriv', 'openssl')) return;
  const { certificate, key } = await (await Ground.make(temporaryFolder(t))).issue(HOST);
  const { ports } = await startDovecot(t, { lines: ['ssl = yes', `ssl_cert = <${certificate}`, `ssl_key = <${key}`] });
  for (const name of ['imap', 'pop3', 'imaps', 'pop3s'] as const) {
    const served = await sameAsOpenssl(`${name}://127.0.0.1:${ports[name]}`, name.endsWith('s') ? undefined : name);
    const ways = { imap: 'STARTTLS (IMAP)', pop3: 'STLS (POP3)', imaps: 'direct TLS', pop3s: 'direct TLS' };
    assert.equal(served.way, ways[name]);
    assertHost(served);
  }
  await rejectsCode(() => look(`pop3://127.0.0.1:${ports.imap}`), FAILED, /what answers is not POP3$/);
  await rejectsCode(() => look(`imap://127.0.0.1:${ports.pop3}`), FAILED, /what answers is not IMAP$/);
  await rejectsCode(() => look(`imaps://127.0.0.1:${ports.imap}`), FAILED, /what the server answers is not TLS$/);

  const plain = await startDovecot(t, { lines: ['ssl = no'] });
  await rejectsCode(() => look(`imap://127.0.0.1:${plain.ports.imap}`), FAILED, /answered STARTTLS with "BAD /);
  await rejectsCode(() => look(`pop3://127.0.0.1:${plain.ports.pop3}`), FAILED, /answered STLS with "-ERR /);
});

test('Exim: SMTP, and stunnel in front of it', async (t) => {
  if (!needs(t, 'exim4', 'stunnel4', 'setpriv', 'openssl')) return;
  if (process.getuid?.() !== 0) return t.skip('Exim has to be started by root');
  const ground = await Ground.make(temporaryFolder(t));
  const pair = await ground.issue(HOST);
  const [port = 0, tlsPort] = await startExim(t, pair);
  const served = await sameAsOpenssl(`smtp://127.0.0.1:${port}`, 'smtp');
  assert.equal(served.way, 'STARTTLS (SMTP)');
  assertHost(served);
  assertHost(await sameAsOpenssl(`submission://127.0.0.1:${port}`, 'smtp'));
  assertHost(await sameAsOpenssl(`smtps://127.0.0.1:${tlsPort}`));

  const own = await (await tunnelGround(t)).issue(HOST);
  assertHost(await sameAsOpenssl(`smtp://127.0.0.1:${await startTunnel(t, own, port, 'smtp')}`, 'smtp'));
  const direct = await startTunnel(t, own, port);
  for (const scheme of ['tls', 'amqps', 'amqp', 'mqtts', 'kafka', 'mongodb', 'sips', 'syslog']) {
    const { way, chain } = await look(`${scheme}://127.0.0.1:${direct}`);
    assert.equal(way, 'direct TLS');
    assert.equal(chain.length, 1);
  }
});

test('stunnel as PostgreSQL, IMAP and POP3', async (t) => {
  if (!needs(t, 'stunnel4', 'dovecot', 'setpriv', 'openssl')) return;
  const pair = await (await tunnelGround(t)).issue(HOST);
  const { ports } = await startDovecot(t, { lines: ['ssl = no'] });
  for (const [protocol, scheme, starttls, behind] of [
    ['imap', 'imap', 'imap', ports.imap],
    ['pop3', 'pop3', 'pop3', ports.pop3],
    ['pgsql', 'postgres', 'postgres', ports.imap],
  ] as const) {
    const port = await startTunnel(t, pair, behind, protocol);
    assertHost(await sameAsOpenssl(`${scheme}://127.0.0.1:${port}`, starttls));
  }
});

test('vsftpd: FTP', async (t) => {
  if (!needs(t, 'vsftpd', 'setpriv', 'openssl')) return;
  const pair = await (await Ground.make(temporaryFolder(t))).issue(HOST);
  const port = await startVsftpd(t, pair);
  const served = await sameAsOpenssl(`ftp://127.0.0.1:${port}`, 'ftp');
  assert.equal(served.way, 'AUTH TLS (FTP)');
  assertHost(served);
});

test('Prosody: XMPP, for clients and for servers', async (t) => {
  if (!needs(t, 'prosody', 'setpriv', 'openssl')) return;
  const pair = await (await Ground.make(temporaryFolder(t))).issue(HOST);
  const [clients, servers, direct] = await startProsody(t, pair);
  assertHost(await sameAsOpenssl(`xmpp://127.0.0.1:${clients}`, 'xmpp'));
  assertHost(await sameAsOpenssl(`xmpp-server://127.0.0.1:${servers}`, 'xmpp-server'));
  assertHost(await sameAsOpenssl(`xmpps://127.0.0.1:${direct}`));
});
