/** How a connection of each protocol comes to its TLS handshake: at once, or after some words in the clear. */
import { beginFtp } from './protocols/ftp.ts';
import { beginImap } from './protocols/imap.ts';
import { beginLdap } from './protocols/ldap.ts';
import { beginMysql } from './protocols/mysql.ts';
import { beginNntp } from './protocols/nntp.ts';
import { beginPop3 } from './protocols/pop3.ts';
import { beginPostgres } from './protocols/postgres.ts';
import { beginLmtp, beginSmtp } from './protocols/smtp.ts';
import { beginTds } from './protocols/tds.ts';
import { TdsTunnel } from './protocols/tds-tunnel.ts';
import { beginXmpp, beginXmppServer } from './protocols/xmpp.ts';
import { direct, type Start, upgrade, type Way } from './start.ts';

const POSTGRES: Start = {
  ...upgrade(
    5432,
    { way: 'SSLRequest (PostgreSQL)', begin: beginPostgres, alpn: ['postgresql'] },
    'The server needs ssl = on in postgresql.conf.',
  ),
  parameters: {
    'sslnegotiation=direct': upgrade(
      5432,
      { way: 'direct (PostgreSQL, ALPN postgresql)', alpn: ['postgresql'] },
      'PostgreSQL before 17 begins TLS after a request only: leave sslnegotiation=direct away.',
    ),
  },
};

const MYSQL = upgrade(
  3306,
  { way: 'SSLRequest (MySQL)', begin: beginMysql },
  'The server needs ssl_cert and ssl_key. It may block a host that looks often and never logs in (max_connect_errors).',
);

/** GnuTLS's clients lose their way after TLS 1.3 inside PRELOGIN packets, and servers do not offer it there. */
const TDS7: Way = {
  way: 'TLS inside PRELOGIN (TDS 7.x)',
  begin: beginTds,
  inside: (socket) => new TdsTunnel(socket),
  maxVersion: 'TLSv1.2',
};
const TDS8: Way = { way: 'TDS 8 strict', alpn: ['tds/8.0'] };

const MSSQL: Start = {
  ...upgrade(1433, [TDS7, TDS8], 'A named instance has a port of its own (SQL Server Configuration Manager, TCP/IP).'),
  parameters: {
    'encrypt=strict': upgrade(
      1433,
      TDS8,
      'SQL Server before 2022 has no strict encryption: leave encrypt=strict away.',
    ),
  },
};

const REDIS = direct(6379, 'Plain Redis has no TLS: it is on the port that redis.conf calls tls-port.');
const AMQPS = direct(5671, 'RabbitMQ has it where listeners.ssl.default is set; port 5672 is plain.');
const MQTTS = direct(8883, 'Port 1883 is plain MQTT.');

const httpsOn = (port: number, hint?: string): Start => direct(port, hint, 'h2', 'http/1.1');
const SEARCH = httpsOn(9200, 'The server needs xpack.security.http.ssl, or plugins.security.ssl.http.');

const submission = (port: number): Start =>
  upgrade(
    port,
    { way: 'STARTTLS (SMTP)', begin: beginSmtp },
    'A server without a certificate does not offer STARTTLS. Port 465 speaks TLS at once: smtps://HOST.',
  );
const SMTPS = direct(465, 'Ports 25 and 587 have STARTTLS: smtp://HOST, submission://HOST.');
const XMPP = 'It has to answer for that domain; where the host has another name, ask for the domain.';

/** By the scheme of the URL. */
export const STARTS: Readonly<Record<string, Start>> = {
  tls: direct(443),
  https: httpsOn(443),
  wss: direct(443, '', 'http/1.1'),

  postgres: POSTGRES,
  postgresql: POSTGRES,
  mysql: MYSQL,
  mariadb: MYSQL,
  mssql: MSSQL,
  sqlserver: MSSQL,
  tds: MSSQL,
  redis: REDIS,
  rediss: REDIS,
  valkey: REDIS,
  valkeys: REDIS,
  mongodb: direct(27017, 'mongod needs net.tls.mode: requireTLS or preferTLS.'),
  tcps: direct(2484, 'Oracle has it where listener.ora has a TCPS address; port 1521 is plain.'),
  db2: direct(50001, 'Db2 has it on the port that SSL_SVCENAME says.'),
  cassandra: direct(9042, 'The server needs client_encryption_options with enabled: true.'),
  neo4j: direct(7687, 'The server needs server.bolt.tls_level: REQUIRED or OPTIONAL.'),
  clickhouse: direct(9440, 'The server has it on tcp_port_secure.'),
  elasticsearch: SEARCH,
  opensearch: SEARCH,
  etcd: httpsOn(2379, 'etcd needs --cert-file, --key-file and an https:// URL to listen on.'),

  amqp: AMQPS,
  amqps: AMQPS,
  mqtt: MQTTS,
  mqtts: MQTTS,
  kafka: direct(9093, 'A listener of Kafka has it when its protocol is SSL or SASL_SSL.'),

  ldap: upgrade(
    389,
    { way: 'StartTLS (LDAP)', begin: beginLdap },
    'The server needs a certificate. Port 636 speaks TLS at once: ldaps://HOST.',
  ),
  ldaps: direct(636, 'Port 389 has StartTLS: ldap://HOST.'),
  smtp: submission(25),
  submission: submission(587),
  smtps: SMTPS,
  submissions: SMTPS,
  lmtp: upgrade(24, { way: 'STARTTLS (LMTP)', begin: beginLmtp }, 'The server needs a certificate.'),
  imap: upgrade(143, { way: 'STARTTLS (IMAP)', begin: beginImap }, 'Port 993 speaks TLS at once: imaps://HOST.'),
  imaps: direct(993, 'Port 143 has STARTTLS: imap://HOST.'),
  pop3: upgrade(110, { way: 'STLS (POP3)', begin: beginPop3 }, 'Port 995 speaks TLS at once: pop3s://HOST.'),
  pop3s: direct(995, 'Port 110 has STLS: pop3://HOST.'),
  ftp: upgrade(21, { way: 'AUTH TLS (FTP)', begin: beginFtp }, 'Port 990 speaks TLS at once: ftps://HOST.'),
  ftps: direct(990, 'Port 21 has AUTH TLS: ftp://HOST.'),
  nntp: upgrade(119, { way: 'STARTTLS (NNTP)', begin: beginNntp }, 'Port 563 speaks TLS at once: nntps://HOST.'),
  nntps: direct(563, 'Port 119 has STARTTLS: nntp://HOST.'),
  xmpp: upgrade(5222, { way: 'STARTTLS (XMPP)', begin: beginXmpp }, XMPP),
  'xmpp-server': upgrade(5269, { way: 'STARTTLS (XMPP)', begin: beginXmppServer }, XMPP),
  xmpps: direct(5223, 'Port 5222 has STARTTLS: xmpp://HOST.', 'xmpp-client'),
  'xmpps-server': direct(5270, 'Port 5269 has STARTTLS: xmpp-server://HOST.', 'xmpp-server'),
  sips: direct(5061),
  ircs: direct(6697),

  docker: httpsOn(2376, 'dockerd needs --tls or --tlsverify; port 2375 is plain.'),
  kubernetes: httpsOn(6443),
  syslog: direct(6514, 'Port 514 is plain.'),
  dot: direct(853, '', 'dot'),
};

export function startOf({ scheme, parameter = '' }: { scheme: string; parameter?: string }): Start | undefined {
  const start = Object.hasOwn(STARTS, scheme) ? STARTS[scheme] : undefined;
  return start?.parameters?.[parameter] ?? start;
}

/** Which of the parameters that matter a URL has. */
export const parameterIn = ({ parameters = {} }: Start, given: URLSearchParams): string | undefined =>
  Object.keys(parameters).find((parameter) => {
    const [name = '', value = ''] = parameter.split('=');
    return given.get(name)?.toLowerCase() === value;
  });
