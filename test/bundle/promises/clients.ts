import type { Promises } from './index.ts';

export const PROMISES: Promises = {
  node: [
    {
      settings: { dir: '/srv/tls', port: '9443', unit: 'web' },
      holds: {
        'server.mjs': [
          'readFileSync(String.raw`/srv/tls/db1.example.test.key.pem`)',
          'server.listen(9443,',
          'setSecureContext',
        ],
        'client.mjs': ["ca: read('ca.pem')", "'https://db1.example.test:9443/'"],
        'README.md': [
          'sudo systemctl reload web',
          'NODE_EXTRA_CA_CERTS=$PWD/ca.pem',
          'local-ca probe https://db1.example.test:9443 --ca ca.pem',
        ],
      },
      lacks: { 'server.mjs': ['requestCert'], 'client.mjs': ['key.pem'] },
    },
    {
      settings: { mutual: 'yes' },
      holds: {
        'server.mjs': ['requestCert: true,\n  rejectUnauthorized: true,'],
        'README.md': ["key: readFileSync('alice.key.pem') }"],
      },
      lacks: { 'README.md': ['nothing else'] },
    },
    {
      kind: 'client',
      settings: { host: 'db9.example.test', port: '7000' },
      holds: {
        'client.mjs': ["key: read('db1.example.test.key.pem')", "'https://db9.example.test:7000/'"],
        'README.md': ['node client.mjs https://db9.example.test:7000/'],
      },
      lacks: { 'README.md': ['server.mjs'] },
    },
    { kind: 'ca', holds: { 'client.mjs': ["ca: read('ca.pem')"], 'README.md': ['NODE_EXTRA_CA_CERTS'] } },
  ],
  python: [
    {
      settings: { dir: '/srv/tls', port: '9443' },
      holds: {
        'server.py': [
          'r"/srv/tls/db1.example.test.key.pem"',
          'ThreadingHTTPServer(("", 9443), Handler)',
          'do_handshake_on_connect=False',
        ],
        'client.py': ['cafile=here / "ca.pem"', '"https://db1.example.test:9443/"'],
        'README.md': [
          'SSL_CERT_FILE=$PWD/ca.pem',
          'REQUESTS_CA_BUNDLE=$PWD/ca.pem',
          '--ssl-keyfile /srv/tls/db1.example.test.key.pem',
        ],
      },
      lacks: { 'server.py': ['CERT_REQUIRED'], 'client.py': ['load_cert_chain'] },
    },
    {
      settings: { mutual: 'yes' },
      holds: {
        'server.py': ['context.verify_mode = ssl.CERT_REQUIRED'],
        'README.md': [
          'context.load_cert_chain("alice.chain.pem", "alice.key.pem")',
          '--ssl-ca-certs /etc/app/tls/ca.pem --ssl-cert-reqs 2\n',
          '--ca-certs /etc/app/tls/ca.pem --cert-reqs 2\n',
        ],
      },
      lacks: { 'README.md': ['nothing else'] },
    },
    {
      kind: 'client',
      settings: { host: 'db9.example.test', port: '7000' },
      holds: {
        'client.py': ['context.load_cert_chain(', '"https://db9.example.test:7000/"'],
        'README.md': [
          '"https://db9.example.test:7000/", verify="ca.pem", cert=("db1.example.test.chain.pem", "db1.example.test.key.pem")',
        ],
      },
      lacks: { 'README.md': ['server.py'] },
    },
    { kind: 'ca', holds: { 'client.py': ['"https://SERVER:8443/"'] } },
  ],
  iis: [
    {
      settings: { port: '8443' },
      holds: {
        'bind.ps1': [
          '[int] $Port = 8443',
          'Import-PfxCertificate -FilePath "$PSScriptRoot\\db1.example.test.pfx" -CertStoreLocation Cert:\\LocalMachine\\My',
          /AddSslCertificate\('[0-9A-F]{40}', 'My'\)/,
        ],
        'README.md': [/certhash=[0-9A-F]{40} appid=\{4dc3e181/, 'which is in `db1.example.test.password.txt`'],
      },
      lacks: { 'bind.ps1': ['SslRequireCert'] },
    },
    { settings: { mutual: 'yes' }, holds: { 'bind.ps1': ['Ssl,SslNegotiateCert,SslRequireCert'] } },
    {
      kind: 'client',
      holds: { 'README.md': ['certutil -user -p PASSWORD -importPFX db1.example.test.pfx'] },
      lacks: { 'README.md': ['bind.ps1'] },
    },
    { kind: 'ca', holds: { 'README.md': ['certutil -addstore -f root ca.crt'] } },
  ],
};
