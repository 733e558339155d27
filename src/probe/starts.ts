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
  port: 5432,
  ways: [{ way: 'SSLRequest (PostgreSQL)', begin: beginPostgres, alpn: ['postgresql'] }],
  advice: 'Check the name and the port, and that postgresql.conf has ssl = on.',
  parameters: {
    'sslnegotiation=direct': {
      port: 5432,
      ways: [{ way: 'direct (PostgreSQL, ALPN postgresql)', alpn: ['postgresql'] }],
      advice: 'PostgreSQL before 17 begins TLS after a request only: leave sslnegotiation=direct away.',
    },
  },
};

const MYSQL = upgrade(
  3306,
  'SSLRequest (MySQL)',
  beginMysql,
  "Check the name and the port, and that the server has ssl_cert and ssl_key: SHOW VARIABLES LIKE '%ssl%'. Many looks without a login between them make MySQL block this host (max_connect_errors).",
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
  port: 1433,
  ways: [TDS7, TDS8],
  advice:
    'Check the name and the port; a named instance has a port of its own (SQL Server Configuration Manager, TCP/IP).',
  parameters: {
    'encrypt=strict': {
      port: 1433,
      ways: [TDS8],
      advice: 'SQL Server before 2022 has no strict encryption: leave encrypt=strict away.',
    },
  },
};

const MAIL = 'Check the name and the port';
const SMTP = `${MAIL}, and that the server has a certificate: without one it does not offer STARTTLS. Port 465 speaks TLS at once: smtps://HOST.`;
const XMPP =
  'Check the name and the port, and that the server answers for that domain; where the host has another name, ask for the domain.';

const REDIS = direct(6379, 'Plain Redis has no TLS: it is on the port that redis.conf calls tls-port.');
const MONGODB = direct(27017, 'mongod needs net.tls.mode: requireTLS or preferTLS.');
const AMQPS = direct(5671, 'RabbitMQ has it where listeners.ssl.default is set; port 5672 is plain.');
const MQTTS = direct(8883, 'Port 1883 is plain MQTT.');
const KAFKA = direct(9093, 'A listener of Kafka has it when its protocol is SSL or SASL_SSL.');
const HTTPS = direct(443, undefined, 'h2', 'http/1.1');
const httpsOn = (port: number, advice?: string): Start => ({ ...direct(port, advice, 'h2', 'http/1.1') });
const SEARCH = httpsOn(9200, 'It needs xpack.security.http.ssl or plugins.security.ssl.http.');

/** By the scheme of the URL. */
export const STARTS: Readonly<Record<string, Start>> = {
  tls: direct(443),
  https: HTTPS,
  wss: direct(443, undefined, 'http/1.1'),

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
  mongodb: MONGODB,
  tcps: direct(2484, 'Oracle has it where listener.ora has a TCPS address; port 1521 is plain.'),
  db2: direct(50001, 'Db2 has it on the port that SSL_SVCENAME says.'),
  cassandra: direct(9042, 'It needs client_encryption_options: enabled, and not optional.'),
  neo4j: direct(7687, 'It needs server.bolt.tls_level: REQUIRED or OPTIONAL.'),
  clickhouse: direct(9440, 'ClickHouse has it on tcp_port_secure.'),
  elasticsearch: SEARCH,
  opensearch: SEARCH,
  etcd: httpsOn(2379, 'etcd needs --cert-file, --key-file and an https:// URL to listen on.'),

  amqp: AMQPS,
  amqps: AMQPS,
  mqtt: MQTTS,
  mqtts: MQTTS,
  kafka: KAFKA,

  ldap: upgrade(
    389,
    'StartTLS (LDAP)',
    beginLdap,
    `${MAIL}, and that the server has a certificate: OpenLDAP's olcTLSCertificateFile, or one for LDAP in Windows' store. Port 636 speaks TLS at once: ldaps://HOST.`,
  ),
  ldaps: direct(636, 'Port 389 has StartTLS: ldap://HOST.'),
  smtp: upgrade(25, 'STARTTLS (SMTP)', beginSmtp, SMTP),
  submission: upgrade(587, 'STARTTLS (SMTP)', beginSmtp, SMTP),
  smtps: direct(465, 'Ports 25 and 587 have STARTTLS: smtp://HOST, submission://HOST.'),
  submissions: direct(465, 'Ports 25 and 587 have STARTTLS: smtp://HOST, submission://HOST.'),
  lmtp: upgrade(24, 'STARTTLS (LMTP)', beginLmtp, `${MAIL}, and that the server has a certificate.`),
  imap: upgrade(143, 'STARTTLS (IMAP)', beginImap, `${MAIL}. Port 993 speaks TLS at once: imaps://HOST.`),
  imaps: direct(993, 'Port 143 has STARTTLS: imap://HOST.'),
  pop3: upgrade(110, 'STLS (POP3)', beginPop3, `${MAIL}. Port 995 speaks TLS at once: pop3s://HOST.`),
  pop3s: direct(995, 'Port 110 has STLS: pop3://HOST.'),
  ftp: upgrade(21, 'AUTH TLS (FTP)', beginFtp, `${MAIL}. Port 990 speaks TLS at once: ftps://HOST.`),
  ftps: direct(990, 'Port 21 has AUTH TLS: ftp://HOST.'),
  nntp: upgrade(119, 'STARTTLS (NNTP)', beginNntp, `${MAIL}. Port 563 speaks TLS at once: nntps://HOST.`),
  nntps: direct(563, 'Port 119 has STARTTLS: nntp://HOST.'),
  xmpp: upgrade(5222, 'STARTTLS (XMPP)', beginXmpp, XMPP),
  'xmpp-server': upgrade(5269, 'STARTTLS (XMPP)', beginXmppServer, XMPP),
  xmpps: direct(5223, 'Port 5222 has STARTTLS: xmpp://HOST.', 'xmpp-client'),
  'xmpps-server': direct(5270, 'Port 5269 has STARTTLS: xmpp-server://HOST.', 'xmpp-server'),
  sips: direct(5061),
  ircs: direct(6697),

  docker: httpsOn(2376, 'dockerd needs --tls or --tlsverify; port 2375 is plain.'),
  kubernetes: httpsOn(6443),
  syslog: direct(6514, 'Port 514 is plain.'),
  dot: direct(853, undefined, 'dot'),
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
