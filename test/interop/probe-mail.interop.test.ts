/** The probe at real mail, file and message servers, beside `openssl s_client`. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { needs } from '../support/peers.ts';
import { startDovecot } from '../support/servers/dovecot.ts';
import { serverFolder } from '../support/servers/process.ts';
import { temporaryFolder } from '../support/temp.ts';
import { rejectsCode } from '../support/throws.ts';
import { assertHost, look, sameAsOpenssl } from './probe-checks.ts';
import { eximAccount, startExim, startProsody, startStunnel, startVsftpd } from './probe-servers.ts';
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
  const ground = await Ground.make(serverFolder(t, eximAccount()), eximAccount());
  const pair = await ground.issue(HOST);
  const [port, tlsPort] = await startExim(t, pair);
  const served = await sameAsOpenssl(`smtp://127.0.0.1:${port}`, 'smtp');
  assert.equal(served.way, 'STARTTLS (SMTP)');
  assertHost(served);
  assertHost(await sameAsOpenssl(`submission://127.0.0.1:${port}`, 'smtp'));
  assertHost(await sameAsOpenssl(`smtps://127.0.0.1:${tlsPort}`));

  const own = await (await Ground.make(temporaryFolder(t))).issue(HOST);
  const [direct, upgraded] = await startStunnel(t, own, 'smtp', port ?? 0);
  assertHost(await sameAsOpenssl(`smtp://127.0.0.1:${upgraded}`, 'smtp'));
  for (const scheme of ['tls', 'amqps', 'amqp', 'mqtts', 'kafka', 'mongodb', 'sips', 'syslog']) {
    const { way, chain } = await look(`${scheme}://127.0.0.1:${direct}`);
    assert.equal(way, 'direct TLS');
    assert.equal(chain.length, 1);
  }
});

test('stunnel as PostgreSQL, IMAP and POP3', async (t) => {
  if (!needs(t, 'stunnel4', 'dovecot', 'setpriv', 'openssl')) return;
  const pair = await (await Ground.make(temporaryFolder(t))).issue(HOST);
  const { ports } = await startDovecot(t, { lines: ['ssl = no'] });
  for (const [protocol, scheme, starttls, behind] of [
    ['imap', 'imap', 'imap', ports.imap],
    ['pop3', 'pop3', 'pop3', ports.pop3],
    ['pgsql', 'postgres', 'postgres', ports.imap],
  ] as const) {
    const [, upgraded] = await startStunnel(t, pair, protocol, behind);
    assertHost(await sameAsOpenssl(`${scheme}://127.0.0.1:${upgraded}`, starttls));
  }
});

test('vsftpd: FTP', async (t) => {
  if (!needs(t, 'vsftpd', 'setpriv', 'openssl')) return;
  const pair = await (await Ground.make(temporaryFolder(t))).issue(HOST);
  const [port] = await startVsftpd(t, pair);
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
  const { way, alpn } = await look(`xmpps://127.0.0.1:${direct}`);
  assert.deepEqual([way, alpn], ['direct TLS', 'xmpp-client']);
});
