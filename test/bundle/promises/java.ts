import type { Promises } from './index.ts';

export const PROMISES: Promises = {
  'java-client': [
    {
      settings: { dir: '/srv/tls' },
      holds: {
        'java.args': [
          '-Djavax.net.ssl.trustStore=/srv/tls/ca.p12\n',
          '-Djavax.net.ssl.trustStoreType=PKCS12\n',
          '-Djavax.net.ssl.trustStorePassword=changeit\n',
        ],
        'README.md': [
          'java @/srv/tls/java.args -jar',
          '-Djavax.net.ssl.trustStore=ca.jks -Djavax.net.ssl.trustStoreType=JKS',
          'keytool -importkeystore -noprompt -srckeystore ca.p12',
          'setEndpointIdentificationAlgorithm',
          'local-ca probe tls://db1.example.test:443 --ca ca.jks',
        ],
      },
      lacks: { 'java.args': ['keyStore='], 'README.md': ['key.pem', 'Renewal'] },
    },
    {
      kind: 'client',
      holds: {
        'java.args': [
          '-Djavax.net.ssl.keyStore=/etc/java-tls/db1.example.test.p12\n',
          '-Djavax.net.ssl.keyStoreType=PKCS12\n',
          /^-Djavax\.net\.ssl\.keyStorePassword=PASSWORD$/m,
        ],
        'README.md': [
          'which is in `db1.example.test.password.txt`',
          'install -o USER -m 0600 db1.example.test.p12 java.args',
        ],
      },
    },
    {
      kind: 'ca',
      holds: { 'java.args': ['trustStore=/etc/java-tls/ca.p12'], 'README.md': ['java @/etc/java-tls/java.args'] },
    },
  ],
  tomcat: [
    {
      settings: { dir: '/srv/tls', port: '443' },
      holds: {
        'connector.xml': [
          'port="443"',
          '<SSLHostConfig protocols="TLSv1.2+TLSv1.3">',
          'certificateFile="/srv/tls/db1.example.test.chain.pem"',
          'certificateKeyFile="/srv/tls/db1.example.test.key.pem"',
        ],
        'README.md': [
          'install -o tomcat -g tomcat -m 0600 db1.example.test.key.pem /srv/tls/',
          'TLSCertificateReloadListener',
          'With OpenSSL (libtcnative or `OpenSSLLifecycleListener`',
          'local-ca probe https://db1.example.test:443 --ca ca.pem',
          "--hook 'systemctl restart tomcat10'",
        ],
      },
      lacks: { 'connector.xml': ['truststore'] },
    },
    {
      settings: { mutual: 'yes', unit: 'tomcat9' },
      holds: {
        'connector.xml': [
          'certificateVerification="required"',
          'truststoreFile="/etc/tomcat10/tls/ca.p12"',
          'truststoreType="PKCS12" truststorePassword="changeit"',
        ],
        'README.md': [
          'sudo systemctl restart tomcat9',
          'curl --cert alice@example.test.chain.pem --key alice@example.test.key.pem --cacert ca.pem',
          '--profile client --template tomcat --set host=db1.example.test --set port=8443',
        ],
      },
      lacks: { 'README.md': ['nothing else'] },
    },
    {
      kind: 'client',
      holds: { 'README.md': ['curl --cert db1.example.test.chain.pem --key db1.example.test.key.pem --cacert ca.pem'] },
      lacks: { 'README.md': ['connector.xml', 'Server'] },
    },
    { kind: 'ca', holds: { 'README.md': ['curl --cacert ca.pem https://SERVER:8443/'] } },
  ],
  kafka: [
    {
      settings: { dir: '/srv/tls', port: '9094' },
      holds: {
        'server.properties': [
          'listeners=SSL://:9094\nadvertised.listeners=SSL://db1.example.test:9094\n',
          'security.inter.broker.protocol=SSL\n',
          // biome-ignore lint/suspicious/noTemplateCurlyInString: Kafka's own placeholder.
          'ssl.keystore.key=${tls:/srv/tls:kafka.key}\n',
          'ssl.truststore.type=PEM\nssl.truststore.location=/srv/tls/ca.crt\n',
          'ssl.client.auth=none',
        ],
        'client.properties': ['bootstrap.servers=db1.example.test:9094\nsecurity.protocol=SSL\n'],
        'README.md': [
          'install -o kafka -g kafka -m 0600 kafka.key',
          'local-ca probe tls://db1.example.test:9094 --ca ca.crt',
          '-X ssl.endpoint.identification.algorithm=https -X ssl.ca.location=ca.crt -L',
        ],
      },
      lacks: { 'client.properties': ['keystore'] },
    },
    {
      settings: { mutual: 'yes' },
      holds: {
        'server.properties': [/^ssl\.client\.auth=required$/m],
        'README.md': [
          '-X ssl.certificate.location=client.crt -X ssl.key.location=client.key -L',
          'those here name none',
        ],
      },
      lacks: { 'README.md': ['nothing else'] },
    },
    {
      kind: 'client',
      settings: { host: 'db9.example.test', port: '7000' },
      holds: {
        'client.properties': [
          'bootstrap.servers=db9.example.test:7000\n',
          // biome-ignore lint/suspicious/noTemplateCurlyInString: Kafka's own placeholder.
          'ssl.keystore.certificate.chain=${tls:/etc/kafka/tls:client.crt}',
        ],
        'README.md': [
          'ssl.certificate.location=client.crt',
          '-X ssl.endpoint.identification.algorithm=https ',
          'ssl_keyfile="client.key"',
        ],
      },
      lacks: { 'README.md': ['server.properties'] },
    },
  ],
  elasticsearch: [
    {
      settings: { dir: '/srv/tls', port: '9201' },
      holds: {
        'elasticsearch.yml': [
          'http.port: 9201',
          /http\.ssl:\n {2}enabled: true\n {2}certificate: \/srv\/tls\/node\.crt\n {2}key: \/srv\/tls\/node\.key\n/,
          /transport\.ssl:\n {2}enabled: true\n {2}verification_mode: full\n/,
          'client_authentication: none',
        ],
        'README.md': [
          'curl --cacert ca.crt -u elastic https://db1.example.test:9201/',
          '--owner root --group elasticsearch',
        ],
      },
    },
    {
      settings: { mutual: 'yes' },
      holds: {
        'elasticsearch.yml': [/let in\.\n {2}client_authentication: required/],
        'README.md': ['curl --cacert ca.crt --cert client.crt --key client.key -u elastic', 'elasticsearch.ssl.key: '],
      },
      lacks: { 'README.md': ['nothing else'] },
    },
    {
      kind: 'client',
      holds: { 'README.md': ['client_cert="client.crt"'] },
      lacks: { 'README.md': ['elasticsearch.yml'] },
    },
  ],
};
