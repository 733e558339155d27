import type { Promises } from './index.ts';

export const PROMISES: Promises = {
  nginx: [
    {
      settings: { dir: '/srv/tls', port: '8443' },
      holds: {
        'nginx.conf': [
          'listen 8443 ssl;',
          'ssl_certificate     /srv/tls/db1.example.test.chain.pem;',
          'ssl_certificate_key /srv/tls/db1.example.test.key.pem;',
          '# ssl_verify_client      on;',
          'TLSv1.2 TLSv1.3',
        ],
        'README.md': [
          'sudo nginx -t && sudo nginx -s reload',
          'local-ca probe https://db1.example.test:8443 --ca ca.pem',
          "--to /srv/tls --template nginx --set port=8443 --hook 'nginx -s reload' --probe https://db1.example.test:8443",
        ],
      },
    },
    {
      settings: { mutual: 'yes', legacy: 'yes' },
      holds: {
        'nginx.conf': [/^ {4}ssl_verify_client {6}on;$/m, 'TLSv1 TLSv1.1', '@SECLEVEL=0'],
        'README.md': [
          '> TLS 1.0 and 1.1 are broken',
          'curl --cert alice@example.test.crt.pem --key alice@example.test.key.pem --cacert ca.pem',
          '--template nginx --set host=db1.example.test --set port=443',
        ],
      },
    },
    {
      kind: 'client',
      settings: { host: 'db9.example.test', port: '7000' },
      holds: {
        'README.md': [
          'curl --cert db1.example.test.crt.pem --key db1.example.test.key.pem --cacert ca.pem https://db9.example.test:7000/',
        ],
      },
      lacks: { 'README.md': ['nginx.conf'] },
    },
  ],
  apache: [
    {
      settings: { dir: '/srv/tls', port: '8443', root: '/srv/www' },
      holds: {
        'apache.conf': [
          '<VirtualHost *:8443>',
          '# Listen 8443',
          'ServerName db1.example.test',
          'DocumentRoot /srv/www',
          'SSLCertificateFile    /srv/tls/db1.example.test.chain.pem',
          'SSLCertificateKeyFile /srv/tls/db1.example.test.key.pem',
          'SSLProtocol           -all +TLSv1.2 +TLSv1.3',
          '# SSLVerifyClient       require',
        ],
        'README.md': [
          '/etc/apache2/sites-available/db1.example.test.conf',
          'From then on `sudo apachectl graceful`',
          'Apache ends if the key is not',
          "--template apache --set port=8443 --set root=/srv/www --hook 'apachectl graceful' --probe https://db1.example.test:8443",
        ],
      },
    },
    {
      settings: { mutual: 'yes', crl: 'yes', legacy: 'yes' },
      holds: {
        'apache.conf': [/^ {4}SSLVerifyClient {7}require$/m, 'SSLCARevocationCheck  chain', '+TLSv1 ', '@SECLEVEL=0'],
        'README.md': ['> TLS 1.0 and 1.1 are broken', '`apache.conf` lets in only', '--with-crl'],
      },
    },
    {
      kind: 'client',
      holds: { 'README.md': ['curl --cert db1.example.test.crt.pem', 'A browser takes `db1.example.test.p12`'] },
      lacks: { 'README.md': ['apache.conf', 'a2ensite'] },
    },
    { kind: 'ca', holds: { 'README.md': ['curl --cacert ca.pem https://SERVER:443/'] } },
  ],
  haproxy: [
    {
      settings: { dir: '/srv/tls', port: '8443', backend: 'app.example.test:3000' },
      holds: {
        'haproxy.cfg': [
          'bind :8443 ssl crt /srv/tls/db1.example.test.pem alpn h2,http/1.1 ssl-min-ver TLSv1.2\n',
          'server app app.example.test:3000',
          '# To let in only clients',
        ],
        'README.md': [
          'sudo install -m 0600 db1.example.test.pem /srv/tls/',
          'sudo haproxy -c -f /etc/haproxy/haproxy.cfg && sudo systemctl reload haproxy',
          "echo 'commit ssl cert /srv/tls/db1.example.test.pem' | sudo socat stdio",
          'ssl verify required ca-file /srv/tls/ca.pem verifyhost NAME\n',
        ],
      },
    },
    {
      settings: { mutual: 'yes', crl: 'yes' },
      holds: { 'haproxy.cfg': ['ca-file /etc/haproxy/tls/ca.pem verify required crl-file /etc/haproxy/tls/crl.pem\n'] },
    },
    {
      settings: { legacy: 'yes' },
      holds: { 'haproxy.cfg': ['ssl-min-ver TLSv1.0 ciphers DEFAULT:@SECLEVEL=0'] },
      lacks: { 'haproxy.cfg': ['crl-file', 'TLSv1.2'] },
    },
    {
      kind: 'client',
      holds: { 'README.md': ['curl --cert db1.example.test.crt.pem'] },
      lacks: { 'README.md': ['haproxy.cfg'] },
    },
  ],
  stunnel: [
    {
      settings: { dir: '/srv/tls', port: '6697', backend: '127.0.0.1:6667', local: '6668' },
      holds: {
        'stunnel.conf': ['accept = 6697', 'connect = 127.0.0.1:6667', 'cert = /srv/tls/', ';verifyChain = yes'],
        'stunnel-client.conf': [
          'accept = 127.0.0.1:6668',
          'connect = db1.example.test:6697',
          'CAfile = /srv/tls/ca.pem\nverifyChain = yes\ncheckHost = db1.example.test\n',
        ],
        'README.md': [
          'sudo systemctl kill --signal=HUP stunnel@db1.example.test',
          'local-ca probe tls://db1.example.test:6697',
        ],
      },
      lacks: { 'stunnel-client.conf': ['key =', 'checkIP'] },
    },
    {
      settings: { mutual: 'yes', crl: 'yes' },
      holds: { 'stunnel.conf': [/^verifyChain = yes$/m, 'CRLfile = /etc/stunnel/tls/crl.pem'] },
    },
    {
      kind: 'client',
      settings: { host: 'db9.example.test', port: '7000' },
      holds: {
        'stunnel-client.conf': [
          'connect = db9.example.test:7000',
          'checkHost = db9.example.test',
          'cert = /etc/stunnel/tls/db1.example.test.crt.pem',
          'key = ',
        ],
        'README.md': ['`db9.example.test` has to be the server'],
      },
    },
    {
      kind: 'client',
      settings: { host: '10.0.0.9' },
      holds: { 'stunnel-client.conf': ['checkIP = 10.0.0.9'] },
      lacks: { 'stunnel-client.conf': ['checkHost'] },
    },
    {
      kind: 'ca',
      holds: { 'stunnel-client.conf': ['checkHost = SERVER'], 'README.md': ['`SERVER` has to be the server'] },
    },
  ],
  etcd: [
    {
      settings: { dir: '/srv/tls', port: '12379', peerport: '12380' },
      holds: {
        'etcd.env': [
          'ETCD_ADVERTISE_CLIENT_URLS=https://db1.example.test:12379',
          'ETCD_INITIAL_ADVERTISE_PEER_URLS=https://db1.example.test:12380',
          'ETCD_KEY_FILE=/srv/tls/db1.example.test.key.pem',
          '#ETCD_CLIENT_CERT_AUTH=true',
          /^ETCD_PEER_CLIENT_CERT_AUTH=true$/m,
        ],
        'README.md': [
          'everybody who reaches port 12379 reads and writes',
          'etcdctl --endpoints https://db1.example.test:12379 --cacert ca.pem endpoint health',
        ],
      },
    },
    {
      settings: { mutual: 'yes' },
      holds: {
        'etcd.env': [/^ETCD_CLIENT_CERT_AUTH=true$/m],
        'README.md': ['--cacert ca.pem --cert alice.crt.pem --key alice.key.pem endpoint health'],
      },
      lacks: { 'README.md': ['nothing else'] },
    },
    {
      kind: 'client',
      settings: { host: 'db9.example.test', port: '7000' },
      holds: {
        'README.md': [
          'etcdctl --endpoints https://db9.example.test:7000 ',
          '--cert db1.example.test.crt.pem --key db1.example.test.key.pem endpoint health',
        ],
      },
      lacks: { 'README.md': ['etcd.env'] },
    },
  ],
  'docker-registry': [
    {
      settings: { dir: '/srv/tls', port: '5443' },
      holds: {
        'http.yml': ['addr: :5443', 'certificate: /srv/tls/db1.example.test.chain.pem', '# clientcas:'],
        'README.md': [
          'sudo install -D -m 0644 ca.crt /etc/docker/certs.d/db1.example.test:5443/ca.crt',
          'sudo systemctl restart docker-registry',
          'curl --cacert ca.crt https://db1.example.test:5443/v2/',
        ],
      },
    },
    {
      settings: { mutual: 'yes' },
      holds: {
        'http.yml': [/^ {4}clientcas:\n {6}- \S+\/ca\.crt$/m],
        'README.md': [
          'curl --cert client.cert --key client.key --cacert ca.crt',
          'certs.d/db1.example.test:5000/client.key',
        ],
      },
    },
    {
      kind: 'client',
      settings: { host: 'db9.example.test', port: '7000' },
      holds: {
        'README.md': [
          'sudo install -m 0644 client.cert /etc/docker/certs.d/db9.example.test:7000/client.cert',
          'sudo install -m 0600 client.key /etc/docker/certs.d/db9.example.test:7000/client.key',
          'install -m 0600 client.cert client.key ca.crt ~/.config/containers/certs.d/db9.example.test:7000/',
        ],
      },
    },
  ],
};
