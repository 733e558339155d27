import type { Promises } from './index.ts';

const ENCRYPTED = 'SELECT encrypt_option FROM sys.dm_exec_connections WHERE session_id = @@SPID';

export const PROMISES: Promises = {
  sqlserver: [
    {
      settings: { dir: '/srv/tls', port: '14330' },
      holds: {
        'mssql.conf': [
          'tlscert = /srv/tls/mssql.pem',
          'tlskey = /srv/tls/mssql.key',
          'forceencryption = 1',
          'tcpport = 14330',
        ],
        'odbc.ini': ['Server = tcp:db1.example.test,14330', 'Encrypt = yes', 'TrustServerCertificate = no'],
        'tedious.mjs': [
          "server: 'db1.example.test'",
          "Number('14330')",
          'trustServerCertificate: false',
          "new URL('ca.pem'",
        ],
        'README.md': [
          "Import-PfxCertificate -FilePath 'db1.example.test.pfx'",
          '-importpfx My "db1.example.test.pfx" AT_KEYEXCHANGE',
          /-Name Certificate -Value '[0-9A-F]{40}'\.ToLower\(\)/,
          'icacls',
          '26014',
          'install -o mssql -g mssql -m 0600 mssql.pem mssql.key /srv/tls/',
          'mssql-conf set network.tlskey /srv/tls/mssql.key',
          'sudo systemctl restart mssql-server',
          'Encrypt=strict',
          'HostNameInCertificate',
          'SSL_CERT_FILE=ca.pem',
          'ServerCertificate',
          'trustStore=ca.jks;trustStorePassword=changeit',
          'trustStore=ca.p12;trustStoreType=PKCS12',
          'ssl=authenticate',
          'Encrypt=Mandatory;TrustServerCertificate=False',
          'encrypt=true&TrustServerCertificate=false&certificate=ca.pem',
          "cafile='ca.pem', validate_host=True",
          'local-ca export db1.example.test --template freetds',
          ENCRYPTED,
          'local-ca probe mssql://db1.example.test:14330 --ca ca.pem',
          "--owner mssql --hook 'systemctl restart mssql-server'",
          '> FreeTDS built with OpenSSL matches no wildcard certificate',
        ],
      },
      lacks: { 'README.md': ['finds no IP address'] },
    },
    {
      kind: 'address',
      holds: { 'README.md': ['> ODBC Driver 18 on Linux finds no IP address', 'say\n`HostNameInCertificate=NAME`'] },
    },
    {
      kind: 'client',
      holds: { 'README.md': ['> SQL Server asks its clients for no certificate'] },
      lacks: { 'README.md': ['icacls'] },
    },
    {
      kind: 'ca',
      settings: { host: 'db7.example.test' },
      holds: { 'README.md': ['tcp:db7.example.test,1433', 'local-ca export --ca --template freetds'] },
      lacks: { 'README.md': ['mssql-conf', 'icacls'] },
    },
  ],
  'tencentdb-sqlserver': [
    {
      settings: { dir: '/srv/tls', port: '14330', host: 'mssql-abcdefgh' },
      holds: {
        'README.md': [
          'mssql-conf set network.tlscert /srv/tls/db1.example.test.crt.pem',
          'CERTUTIL -addstore -enterprise -f -v root "ca.p7b"',
          'certmgr.msc',
          'SERVER-IP mssql-abcdefgh',
          'server name `mssql-abcdefgh,14330`',
          'jdbc:sqlserver://mssql-abcdefgh:14330;encrypt=true;trustServerCertificate=false;trustStore=ca.jks;trustStorePassword=tencentdb',
          'Server=tcp:mssql-abcdefgh,14330;Encrypt=yes;TrustServerCertificate=no;',
          /host = mssql-abcdefgh\n {4}port = 14330\n.*\n {4}encryption = require\n {4}ca file = /,
          ENCRYPTED,
          '--zip TencentDB-SSL-CA.zip',
        ],
      },
      lacks: { 'README.md': ['.p12', 'finds no IP address'] },
    },
    { kind: 'address', holds: { 'README.md': ['> ODBC Driver 18 on Linux finds no IP address'] } },
    { kind: 'ca', holds: { 'README.md': ['trustStorePassword=tencentdb'] }, lacks: { 'README.md': ['mssql-conf'] } },
  ],
  'aliyun-rds': [
    {
      kind: 'ca',
      settings: { host: 'rm-abc.mysql.rds.aliyuncs.com' },
      holds: {
        'README.md': [
          '`ApsaraDB-CA-Chain.jks` opens with the password `apsaradb`',
          'trustCertificateKeyStorePassword=apsaradb',
          '--host=rm-abc.mysql.rds.aliyuncs.com --ssl-ca=ApsaraDB-CA-Chain.pem --ssl-mode=VERIFY_IDENTITY',
          'root "ApsaraDB-CA-Chain.p7b"',
          'local-ca export --ca --template aliyun-rds --zip ApsaraDB-CA-Chain.zip',
          'local-ca csr accept',
        ],
      },
    },
    { holds: { 'README.md': ['sslmode=verify-full sslrootcert=ApsaraDB-CA-Chain.pem'] } },
  ],
  'aws-rds': [
    {
      kind: 'ca',
      holds: {
        'README.md': [
          'sslrootcert=global-bundle.pem',
          'root "global-bundle.p7b"',
          'trustStore=rds-truststore.jks;trustStorePassword=changeit',
          'trustStoreType=PKCS12',
          'local-ca export --from-cert FILE --template aws-rds',
        ],
      },
    },
  ],
  freetds: [
    {
      settings: { dir: '/opt/tds', port: '14330' },
      holds: {
        'freetds-require.conf': [
          /^\[db1\.example\.test\]\n {4}host = db1\.example\.test\n {4}port = 14330\n {4}tds version = 7\.4\n {4}encryption = require$/m,
          'ca file = /opt/tds/ca.pem',
          'check certificate hostname = yes',
          'certificate hostname = db1.example.test',
        ],
        'freetds-request.conf': ['encryption = request', 'ca file = /opt/tds/ca.pem'],
        'freetds-strict.conf': ['encryption = strict', 'ca file = /opt/tds/ca.pem'],
        'freetds-off.conf': ['encryption = off'],
        'freetds-azure.conf': ['host = YOURSERVER.database.windows.net', 'ca file = system'],
        'README.md': [
          'tsql -S db1.example.test',
          "k_ctds.connect('db1.example.test', port=14330",
          "pymssql.connect(server='db1.example.test', port='14330'",
          'dblib:host=db1.example.test',
          'dbi:Sybase:server=db1.example.test',
          'Servername = db1.example.test',
          'before 1.5',
          'every CA of the chain has to have its list',
          'before 1.4.2',
          'tsql -C',
          'Without `ca file`, FreeTDS encrypts and checks nothing',
          'There are no revocation lists yet.',
          ENCRYPTED,
          '> FreeTDS built with OpenSSL matches no wildcard certificate',
        ],
      },
      lacks: {
        'freetds-require.conf': ['crl file', 'enable tls v1 = yes'],
        'freetds-strict.conf': ['tds version'],
        'freetds-off.conf': ['ca file'],
        'README.md': ['deploy add'],
      },
    },
    {
      settings: {
        legacy: 'yes',
        host: '127.0.0.1',
        name: 'tunnel',
        certname: 'db7.test',
        azure: 'acme.database.windows.net',
      },
      holds: {
        'freetds-require.conf': [
          '[tunnel]',
          'host = 127.0.0.1',
          'certificate hostname = db7.test',
          'enable tls v1 = yes',
        ],
        'freetds-azure.conf': ['host = acme.database.windows.net'],
        'README.md': ['> TLS 1.0 is a broken protocol'],
      },
      lacks: { 'freetds-strict.conf': ['enable tls v1'] },
    },
    {
      kind: 'ca',
      holds: { 'freetds-require.conf': ['[mssql]', 'host = SERVER'] },
      lacks: { 'freetds-require.conf': ['certificate hostname = db', /^ {4}certificate hostname/m] },
    },
  ],
};
