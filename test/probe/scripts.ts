/** For each protocol that speaks in the clear before TLS: how a good server does it, and how others do not. */
import { encodeMessage, encodePrelogin, PACKET } from '../support/servers/tds-wire.ts';
import type { Step } from './servers.ts';

export interface Script {
  readonly scheme: string;
  readonly way: string;
  /** Up to TLS. */
  readonly good: readonly Step[];
  /** Servers that do not come to TLS, and what is said of them. */
  readonly bad: readonly (readonly [string, readonly Step[], RegExp])[];
  /** A greeting that never ends. */
  readonly endless: string;
}

export const says = (text: string | Uint8Array): Step => ({ says: text });
const hears = (end: RegExp): Step => ({ hears: end, as: 'latin1' });
/** In hexadecimal digits. */
export const hearsBytes = (end: RegExp): Step => ({ hears: end, as: 'hex' });

const NOT = (protocol: string) => new RegExp(`what answers is not ${protocol}$`);

/** A packet of MySQL. */
function packet(sequence: number, payload: Uint8Array): Buffer {
  const header = Buffer.alloc(4);
  header.writeUIntLE(payload.length, 0, 3);
  header.writeUInt8(sequence, 3);
  return Buffer.concat([header, payload]);
}

const greeting = (capabilities: number) =>
  Buffer.concat([
    Buffer.from('\x0a8.4.3\0', 'latin1'),
    Buffer.alloc(12, 'salt'),
    Buffer.from([0, capabilities & 0xff, capabilities >> 8, 45, 2, 0, 0xff, 0xdf, 21]),
    Buffer.alloc(10),
    Buffer.from('more-salt-12\0caching_sha2_password\0'),
  ]);

const mysqlError = (code: number, text: string) =>
  packet(0, Buffer.concat([Uint8Array.of(0xff, code & 0xff, code >> 8), Buffer.from(text)]));

/** Length 32, sequence 1, capabilities, and 23 zeros at the end. */
const SSL_REQUEST = /^20000001008a0000000000012d(00){23}$/;

const mysql = (scheme: string): Script => ({
  scheme,
  way: 'SSLRequest (MySQL)',
  good: [says(packet(0, greeting(0xffff))), hearsBytes(SSL_REQUEST)],
  bad: [
    ['has no TLS', [says(packet(0, greeting(0xf7ff)))], /the server has no TLS$/],
    [
      'blocks this host',
      [says(mysqlError(1129, "Host 'x' is blocked \x1b[2J"))],
      /blocks this host, .* \(1129\); mysqladmin flush/,
    ],
    ['lets this host not in', [says(mysqlError(1130, 'no'))], /lets nobody in from this host \(1130\)$/],
    ['answers with an unknown error', [says(mysqlError(2000, '\x1b[2J'))], /answered with error 2000, before TLS$/],
    ['greets with an error cut short', [says(packet(0, Uint8Array.of(0xff, 1)))], NOT('MySQL or MariaDB')],
    ['greets in protocol 9', [says(packet(0, Buffer.from('\x093.20\0', 'latin1')))], NOT('MySQL or MariaDB')],
    ['greets with nothing', [says(packet(0, Buffer.alloc(0)))], NOT('MySQL or MariaDB')],
    ['greets with a version without an end', [says(packet(0, Buffer.from('\x0axxxxx')))], NOT('MySQL or MariaDB')],
    ['greets with a version and no more', [says(packet(0, Buffer.from('\x0a8.0\0salt')))], NOT('MySQL or MariaDB')],
    ['is another', [says('HTTP/1.1 400 Bad Request\r\n\r\n')], NOT('MySQL or MariaDB')],
  ],
  endless: '\xff\xff\xff\0\x0a',
});

const prelogin = (encryption: number) => encodeMessage(PACKET.reply, encodePrelogin(encryption));
/** A whole PRELOGIN message of the client's: encryption is ON. */
export const PRELOGIN = /^1201(..){6}00001a00060100200001(..)+ff(00){6}01(00){6}$/;

const TDS: Script = {
  scheme: 'mssql',
  way: 'TLS inside PRELOGIN (TDS 7.x)',
  good: [hearsBytes(PRELOGIN), says(prelogin(3))],
  bad: [
    ['has no TLS', [hearsBytes(PRELOGIN), says(prelogin(2))], /the server has no TLS$/],
    [
      'does not speak of it',
      [hearsBytes(PRELOGIN), says(encodeMessage(PACKET.reply, Uint8Array.of(255)))],
      NOT('SQL Server'),
    ],
    ['answers nothing', [hearsBytes(PRELOGIN), says(encodeMessage(PACKET.reply, new Uint8Array()))], NOT('SQL Server')],
    [
      'points to nowhere',
      [hearsBytes(PRELOGIN), says('\x04\x01\0\x0e\0\0\0\0\x01\0\xff\0\x01\xff')],
      NOT('SQL Server'),
    ],
    ['is another', [hearsBytes(PRELOGIN), says('HTTP/1.1 400 Bad Request\r\n\r\n')], NOT('SQL Server')],
  ],
  endless: '\x04\x01\xff\xff\0\0\0\0',
};

const START_TLS = /^301d02010177188016312e332e362e312e342e312e313436362e3230303337$/;
const ldapResult = (code: number) => `0\x0c\x02\x01\x01x\x07\x0a\x01${String.fromCharCode(code)}\x04\0\x04\0`;

const LDAP: Script = {
  scheme: 'ldap',
  way: 'StartTLS (LDAP)',
  good: [hearsBytes(START_TLS), says(ldapResult(0))],
  bad: [
    [
      'has no TLS',
      [hearsBytes(START_TLS), says(ldapResult(2))],
      /refused StartTLS: protocolError: it does not know StartTLS/,
    ],
    ['has none now', [hearsBytes(START_TLS), says(ldapResult(52))], /refused StartTLS: unavailable/],
    ['refuses oddly', [hearsBytes(START_TLS), says(ldapResult(80))], /refused StartTLS: result 80$/],
    [
      'answers another question',
      [hearsBytes(START_TLS), says('0\x0c\x02\x01\x01\x61\x07\x0a\x01\0\x04\0\x04\0')],
      NOT('LDAP'),
    ],
    ['answers without a result', [hearsBytes(START_TLS), says('0\x05\x02\x01\x01x\0')], NOT('LDAP')],
    ['answers without a message', [hearsBytes(START_TLS), says('0\x03\x02\x01\x01')], NOT('LDAP')],
    ['has an odd length', [hearsBytes(START_TLS), says('0\x05\x02\x89\x01\x01\x01')], NOT('LDAP')],
    ['has a very long length', [hearsBytes(START_TLS), says('0\x89\x01\x01\x01')], NOT('LDAP')],
    ['is another', [hearsBytes(START_TLS), says('HTTP/1.1 400 Bad Request\r\n\r\n')], NOT('LDAP')],
  ],
  endless: '0\x84\x7f\xff\xff\xff',
};

const mail = (scheme: string, protocol: string, hello: string): Script => {
  const HELLO = new RegExp(`^${hello} \\[127\\.0\\.0\\.1\\]\\r\\n$`);
  const greeted = [says(`220-a.test ${protocol}\r\n220 ready\r\n`), hears(HELLO)];
  const asked = [...greeted, says('250-STARTTLS.test\r\n250-SIZE 1000\r\n250-STARTTLS\r\n250 HELP\r\n')];
  return {
    scheme,
    way: `STARTTLS (${protocol})`,
    good: [...asked, hears(/^STARTTLS\r\n$/), says('220 2.0.0 go\r\n')],
    bad: [
      ['has no TLS', [...greeted, says('250 STARTTLS\r\n')], /the server does not offer STARTTLS$/],
      ['does not know it', [...greeted, says('502 what?\r\n')], new RegExp(`answered ${hello} with "502 what\\?"$`)],
      [
        'has none now',
        [...asked, hears(/\n$/), says('454 4.7.0 no\x1b[2J\r\n')],
        /STARTTLS with "454 4\.7\.0 no\\u001b\[2J"$/,
      ],
      ['wants nobody', [says('554 5.7.1 go away\r\n')], /the server greeted with "554 5\.7\.1 go away"$/],
      ['is another', [says('SSH-2.0-OpenSSH_9.2\r\n')], NOT(protocol)],
      ['speaks no text', [says('\x4a\0\0\0\x0a8.4.3\0')], /what the server says is no text$/],
    ],
    endless: '220-more to come\r\n',
  };
};

const IMAP: Script = {
  scheme: 'imap',
  way: 'STARTTLS (IMAP)',
  good: [
    says('* OK [CAPABILITY IMAP4rev1 STARTTLS] ready\r\n'),
    hears(/^a STARTTLS\r\n$/),
    says('* OK wait\r\na OK begin\r\n'),
  ],
  bad: [
    [
      'has no TLS',
      [says('* OK ready\r\n'), hears(/\n$/), says('a BAD \x07what?\r\n')],
      /STARTTLS with "BAD \\u0007what\?"$/,
    ],
    ['is logged in', [says('* PREAUTH welcome\r\n')], /greeted with "\* PREAUTH welcome"$/],
    ['answers nonsense', [says('* OK ready\r\n'), hears(/\n$/), says('b OK\r\n')], NOT('IMAP')],
    ['is another', [says('+OK POP3 ready\r\n')], NOT('IMAP')],
  ],
  endless: '* OK and',
};

const POP3: Script = {
  scheme: 'pop3',
  way: 'STLS (POP3)',
  good: [says('+OK ready\r\n'), hears(/^STLS\r\n$/), says('+OK begin\r\n')],
  bad: [
    ['has no TLS', [says('+OK ready\r\n'), hears(/\n$/), says('-ERR no\r\n')], /answered STLS with "-ERR no"$/],
    ['wants nobody', [says('-ERR busy\r\n')], /greeted with "-ERR busy"$/],
    ['is another', [says('* OK IMAP ready\r\n')], NOT('POP3')],
  ],
  endless: '+OK and',
};

const FTP: Script = {
  scheme: 'ftp',
  way: 'AUTH TLS (FTP)',
  good: [says('220-Welcome\r\n 220 and more\r\n220 ready\r\n'), hears(/^AUTH TLS\r\n$/), says('234 begin\r\n')],
  bad: [
    [
      'has no TLS',
      [says('220 ready\r\n'), hears(/\n$/), says('530 Please login.\r\n')],
      /AUTH with "530 Please login\."$/,
    ],
    ['wants nobody', [says('421 busy\r\n')], /greeted with "421 busy"$/],
    ['is another', [says('* OK IMAP ready\r\n')], NOT('FTP')],
  ],
  endless: '220-Welcome\r\n',
};

const NNTP: Script = {
  scheme: 'nntp',
  way: 'STARTTLS (NNTP)',
  good: [says('201 no posting\r\n'), hears(/^STARTTLS\r\n$/), says('382 begin\r\n')],
  bad: [
    ['has no TLS', [says('200 ready\r\n'), hears(/\n$/), says('502 no\r\n')], /answered STARTTLS with "502 no"$/],
    ['wants nobody', [says('400 later\r\n')], /greeted with "400 later"$/],
    ['is another', [says('* OK IMAP ready\r\n')], NOT('NNTP')],
  ],
  endless: '200',
};

const xmpp = (scheme: string, namespace: string): Script => {
  const head = `<?xml version='1.0'?>\n<stream:stream xmlns='${namespace}' id='x' from='127.0.0.1' version='1.0'>`;
  const STREAM = new RegExp(
    `^<\\?xml version='1\\.0'\\?><stream:stream to='127\\.0\\.0\\.1' .* xmlns='${namespace}' .*>$`,
  );
  const opened = [hears(STREAM), says(head)];
  const TLS = "xmlns='urn:ietf:params:xml:ns:xmpp-tls'";
  const offer = `<stream:features><starttls ${TLS}><required/></starttls><m><n>PLAIN</n></m></stream:features>`;
  const asked = [...opened, says(offer), hears(/^<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'\/>$/)];
  return {
    scheme,
    way: 'STARTTLS (XMPP)',
    good: [...asked, says(`<proceed ${TLS}/>`)],
    bad: [
      ['has no TLS', [...opened, says('<stream:features><m/></stream:features>')], /does not offer STARTTLS$/],
      ['has nothing', [...opened, says('<stream:features/>')], /does not offer STARTTLS$/],
      ['has none now', [...asked, says(`<failure ${TLS}/></stream:stream>`)], /the server refused STARTTLS$/],
      ['knows no such domain', [...opened, says('<stream:error><host-unknown/></stream:error>')], /error, before TLS$/],
      ['is another', [says('SSH-2.0-OpenSSH_9.2\r\n')], NOT('XMPP')],
      ['is a web server', [hears(/>$/), says('<html><body>400</body></html>')], NOT('XMPP')],
    ],
    endless: '<?xml?>',
  };
};

export const SCRIPTS: readonly Script[] = [
  mysql('mysql'),
  mysql('mariadb'),
  TDS,
  LDAP,
  mail('smtp', 'SMTP', 'EHLO'),
  mail('submission', 'SMTP', 'EHLO'),
  mail('lmtp', 'LMTP', 'LHLO'),
  IMAP,
  POP3,
  FTP,
  NNTP,
  xmpp('xmpp', 'jabber:client'),
  xmpp('xmpp-server', 'jabber:server'),
];
