import type { Promises } from './index.ts';

export const PROMISES: Promises = {
  generic: [
    {
      holds: {
        'README.md': [
          'local-ca probe tls://db1.example.test:443 --ca ca.pem',
          'local-ca deploy add db1.example.test --to FOLDER --template generic',
        ],
      },
    },
    { settings: { port: '6514' }, holds: { 'README.md': ['tls://db1.example.test:6514'] } },
    { kind: 'client', holds: { 'README.md': ['--purpose client'] }, lacks: { 'README.md': ['deploy add'] } },
    {
      kind: 'client',
      settings: { host: 'db9.example.test', port: '7000' },
      holds: { 'README.md': ['https://db9.example.test:7000/'] },
    },
    { kind: 'ca', holds: { 'README.md': ['NODE_EXTRA_CA_CERTS', 'certutil -addstore -f root ca.p7b'] } },
  ],
};
