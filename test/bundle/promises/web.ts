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
        'README.md': ['> TLS 1.0 and 1.1 are broken'],
      },
    },
    {
      kind: 'client',
      holds: { 'README.md': ['curl --cert db1.example.test.crt.pem --key db1.example.test.key.pem --cacert ca.pem'] },
      lacks: { 'README.md': ['nginx.conf'] },
    },
  ],
};
