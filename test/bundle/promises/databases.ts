import type { Promises } from './index.ts';

const AT = { dir: '/srv/tls', port: '7000' };

export const PROMISES: Promises = {
  postgresql: [
    {
      settings: AT,
      holds: {
        'tls.conf': [
          "ssl_cert_file = '/srv/tls/server.crt'",
          "ssl_key_file = '/srv/tls/server.key'",
          "#ssl_ca_file = '/srv/tls/root.crt'",
        ],
        'pg_hba.tls.conf': [/^hostssl all all all scram-sha-256$/m],
        'README.md': [
          'sudo install -o postgres -g postgres -m 0600 server.key /srv/tls/',
          'sudo systemctl reload postgresql',
          'SELECT pg_reload_conf();',
          'psql "host=db1.example.test port=7000 dbname=postgres sslmode=verify-full sslrootcert=root.crt"',
          'jdbc:postgresql://db1.example.test:7000/postgres?sslmode=verify-full&sslrootcert=root.crt',
          'local-ca probe postgres://db1.example.test:7000 --ca root.crt',
          "--owner postgres --hook 'systemctl reload postgresql' --probe postgres://db1.example.test:7000",
        ],
      },
      lacks: { 'tls.conf': ['ssl_crl_file'] },
    },
    {
      settings: { mutual: 'yes', crl: 'yes' },
      holds: {
        'tls.conf': [/^ssl_ca_file = /m, "ssl_crl_file = '/etc/postgresql/tls/crl.pem'"],
        'pg_hba.tls.conf': [/^hostssl all all all cert$/m, '#hostssl all all all scram-sha-256 clientcert=verify-full'],
        'README.md': [
          'A client needs `root.crt`, and a certificate of its own',
          'sslrootcert=root.crt sslcert=postgresql.crt sslkey=postgresql.key user=alice"',
          '--template postgresql --alias user --set host=db1.example.test --set port=5432',
          '--with-crl',
        ],
      },
      lacks: { 'README.md': ['nothing else'] },
    },
    {
      kind: 'client',
      settings: { host: 'db9.example.test', port: '7000' },
      holds: {
        'README.md': [
          'psql "host=db9.example.test port=7000 dbname=postgres user=alice',
          'Host=db9.example.test;Port=7000;',
          "host: 'db9.example.test', port: 7000,",
          'jdbc:postgresql://db9.example.test:7000/postgres?user=alice&',
          'install -m 0600 postgresql.crt postgresql.key root.crt ~/.postgresql/',
          'user=alice sslmode=verify-full',
          '&sslkey=postgresql.p12&sslpassword=PASSWORD',
        ],
      },
      lacks: { 'README.md': ['pg_reload_conf', 'tls.conf', 'SERVER', '5432'] },
    },
    { kind: 'ca', holds: { 'README.md': ['psql "host=SERVER port=5432'] }, lacks: { 'README.md': ['server.key'] } },
    {
      kind: 'ca',
      settings: { host: 'db9.example.test', port: '7000' },
      holds: { 'README.md': ['jdbc:postgresql://db9.example.test:7000/'] },
    },
  ],
  mysql: [
    {
      settings: AT,
      holds: {
        'tls.cnf': [
          '[mysqld]',
          'ssl_ca = /srv/tls/ca.pem',
          'ssl_cert = /srv/tls/server-cert.pem',
          'ssl_key = /srv/tls/server-key.pem',
          'require_secure_transport = ON',
        ],
        'README.md': [
          'sudo mysql -e "ALTER INSTANCE RELOAD TLS"',
          '--ssl-mode=VERIFY_IDENTITY --ssl-ca=ca.pem',
          '--ssl-verify-server-cert --ssl-ca=ca.pem',
          'sslMode=VERIFY_IDENTITY&trustCertificateKeyStoreUrl=file:ca.p12',
          'verifyIdentity: true',
          'Only a server that was built with yaSSL',
          '--template mysql --set host=db1.example.test --set port=7000',
          'local-ca probe mysql://db1.example.test:7000 --ca ca.pem',
          `--hook 'mysql -e "ALTER INSTANCE RELOAD TLS"'`,
        ],
      },
    },
    {
      settings: { mariadb: 'yes', crl: 'yes' },
      holds: { 'tls.cnf': ['ssl_crl = /etc/mysql/tls/crl.pem'], 'README.md': ['sudo mariadb -e "FLUSH SSL"'] },
      lacks: { 'README.md': ['ALTER INSTANCE'] },
    },
    {
      kind: 'client',
      settings: { host: 'db9.example.test', port: '7000' },
      holds: {
        'user.sql': [/^CREATE USER 'alice'@'%' REQUIRE SUBJECT '\/CN=/m],
        'README.md': [
          'mysql --host=db9.example.test --port=7000 ',
          'jdbc:mysql://db9.example.test:7000/',
          'pymysql.connect(host="db9.example.test", port=7000,',
          '--ssl-cert=client-cert.pem --ssl-key=client-key.pem --user=alice',
          'file:client.p12',
        ],
      },
      // A password that everybody can read would be worse than none.
      lacks: { 'user.sql': [/^[^-].*IDENTIFIED/m], 'README.md': ['SERVER'] },
    },
  ],
  redis: [
    {
      settings: AT,
      holds: {
        'tls.conf': [
          /^port 0\ntls-port 7000$/m,
          'tls-cert-file /srv/tls/redis.crt',
          'tls-key-file /srv/tls/redis.key',
          'tls-ca-cert-file /srv/tls/ca.crt',
          /^tls-auth-clients no$/m,
        ],
        'README.md': [
          '-p 7000 CONFIG SET tls-cert-file /srv/tls/redis.crt tls-key-file /srv/tls/redis.key',
          'redis-cli --tls --cacert ca.crt -h db1.example.test -p 7000 PING',
          'local-ca probe rediss://db1.example.test:7000 --ca ca.crt',
        ],
      },
    },
    {
      settings: { mutual: 'yes' },
      holds: {
        'tls.conf': [/^tls-auth-clients yes$/m],
        'README.md': [
          'redis-cli --tls --cacert ca.crt --cert client.crt --key client.key -h db1.example.test',
          "cert: 'client.crt', key: 'client.key'",
        ],
      },
      lacks: { 'README.md': ['nothing else'] },
    },
    {
      kind: 'client',
      settings: { host: 'db9.example.test', port: '7000' },
      holds: {
        'README.md': ['--cert client.crt --key client.key -h db9.example.test -p 7000 PING', 'port=7000', 'port: 7000'],
      },
    },
  ],
  mongodb: [
    {
      settings: AT,
      holds: {
        'mongod.tls.conf': [
          'mode: requireTLS',
          'certificateKeyFile: /srv/tls/mongodb.pem',
          'CAFile: /srv/tls/ca.pem',
          'allowConnectionsWithoutCertificates: true',
        ],
        'README.md': [
          'db.adminCommand({ rotateCertificates: 1 })',
          'tlsCAFile=ca.pem',
          'clusterAuthMode: x509',
          '`local-ca export --ca --format p12` makes a trust store, and a README with the two flags',
        ],
      },
    },
    {
      settings: { mutual: 'yes', crl: 'yes' },
      holds: {
        'mongod.tls.conf': ['allowConnectionsWithoutCertificates: false', 'CRLFile: /etc/mongodb/tls/crl.pem'],
        'README.md': [
          'tlsCAFile=ca.pem&tlsCertificateKeyFile=client.pem',
          'local-ca issue alice --profile client --template java-client',
          '--set host=db1.example.test --set port=27017',
        ],
      },
      lacks: { 'README.md': ['nothing else'] },
    },
    {
      kind: 'client',
      settings: { host: 'db9.example.test', port: '7000' },
      holds: {
        'user.mongosh': [`createUser: 'CN=`, `getSiblingDB('$external')`],
        'README.md': [
          "mongosh 'mongodb://db9.example.test:7000/?tls=true",
          'tlsCertificateKeyFile=client.pem&authMechanism=MONGODB-X509&authSource=$external',
        ],
      },
    },
  ],
  openldap: [
    {
      settings: AT,
      holds: {
        'tls.ldif': [
          'olcTLSCACertificateFile: /srv/tls/ca.crt',
          'olcTLSCertificateFile: /srv/tls/ldap.crt',
          'olcTLSCertificateKeyFile: /srv/tls/ldap.key',
          'olcTLSVerifyClient: never',
        ],
        'slapd.tls.conf': ['TLSCertificateFile /srv/tls/ldap.crt', 'TLSVerifyClient never'],
        'README.md': [
          'sudo ldapmodify -Q -Y EXTERNAL -H ldapi:/// -f /srv/tls/tls.ldif',
          'LDAPTLS_REQCERT=demand ldapsearch -x -ZZ -H ldap://db1.example.test:7000',
          'ldap_tls_reqcert = demand',
          'local-ca probe ldap://db1.example.test:7000 --ca ca.crt',
        ],
      },
    },
    {
      settings: { mutual: 'yes', crl: 'yes' },
      holds: {
        'tls.ldif': ['olcTLSVerifyClient: demand', 'olcTLSCRLFile: /etc/ldap/tls/crl.pem'],
        'slapd.tls.conf': ['TLSVerifyClient demand', 'TLSCRLFile /etc/ldap/tls/crl.pem'],
        'README.md': [
          'LDAPTLS_CERT=$PWD/alice.crt LDAPTLS_KEY=$PWD/alice.key',
          '--set host=db1.example.test --set port=389',
        ],
      },
      lacks: { 'README.md': ['nothing else'] },
    },
    {
      kind: 'client',
      settings: { host: 'db9.example.test', port: '7000' },
      holds: {
        'README.md': ['ldapwhoami -ZZ -Y EXTERNAL -H ldap://db9.example.test:7000', 'The server knows you as `CN='],
      },
    },
  ],
  rabbitmq: [
    {
      settings: AT,
      holds: {
        'tls.conf': [
          'listeners.tcp = none',
          'listeners.ssl.default = 7000',
          'ssl_options.certfile = /srv/tls/server.pem',
          'ssl_options.keyfile = /srv/tls/server.key',
          'ssl_options.cacertfile = /srv/tls/ca.pem',
          'ssl_options.fail_if_no_peer_cert = false',
        ],
        'README.md': [
          'sudo rabbitmqctl eval "ssl:clear_pem_cache()."',
          'pika.SSLOptions(context, "db1.example.test")',
          'factory.setHost("db1.example.test");\nfactory.setPort(7000);\nfactory.useSslProtocol(SSLContext.getDefault());',
          'local-ca probe amqps://db1.example.test:7000 --ca ca.pem',
        ],
      },
      lacks: { 'tls.conf': [/^management/m] },
    },
    {
      settings: { mutual: 'yes', management: 'yes' },
      holds: {
        'tls.conf': [
          'ssl_options.verify = verify_peer',
          'ssl_options.fail_if_no_peer_cert = true',
          'management.ssl.port = 15671',
          '#auth_mechanisms.1 = EXTERNAL',
        ],
        'README.md': [
          'context.load_cert_chain("client.pem", "client.key")',
          'For Java there are two stores',
          '--set host=db1.example.test --set port=5671',
        ],
      },
      lacks: { 'README.md': ['nothing else'] },
    },
    {
      kind: 'client',
      settings: { host: 'db9.example.test', port: '7000' },
      holds: {
        'README.md': [
          '"db9.example.test", 7000, credentials',
          'amqps://db9.example.test:7000',
          '`factory.setHost("db9.example.test")`, `factory.setPort(7000)`',
          'ExternalCredentials()',
          'as the user `',
        ],
      },
    },
  ],
};
