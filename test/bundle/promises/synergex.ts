import type { Promises } from './index.ts';

const RECIPE = '--subject "/CN=db1.example.test/ST=California/C=US/emailAddress=dba@example.test/O=Acme"';

export const PROMISES: Promises = {
  'sql-opennet': [
    {
      holds: {
        'README.md': [
          '-e /usr/synergyde/cert/OpenNetCertificate.pem /usr/synergyde/cert/OpenNetKey.pem',
          '-e C:\\cert\\OpenNetCertificate.pem C:\\cert\\OpenNetKey.pem',
          '-e CERT:OpenNetCertificate.pem CERT:OpenNetKey.pem',
          '-e C:\\cert\\OpenNet.pem C:\\cert\\RootCaCertificate.pem',
          /Windows \| `opennet\.srv`.*\n.*`startnet`.*\n.*`NET\.COM`/,
          /our reading: the documentation names no other place for the key/,
          '60 characters',
          'net.ini',
          '`SSQL_CMD_SSL`',
          'SSL enabled',
          'No such file or directory',
          'problems getting password',
          'INVVER',
          'vtxping',
          `local-ca csr create db1.example.test "*.db1.example.test" 10.0.0.5 --template sql-opennet ${RECIPE}`,
          /not documented whether\n`vtxnetd` sends/,
        ],
        'OpenNetKey.pem': [/^-----BEGIN PRIVATE KEY-----\n/],
        'OpenNet.pem': [/^-----BEGIN CERTIFICATE-----\n[\s\S]*-----BEGIN PRIVATE KEY-----\n/],
      },
      // Whether it begins with TLS is not documented, so no deployment is to wait for that.
      lacks: { 'README.md': ['--probe'] },
    },
    {
      settings: { dir: '/c', windir: 'D:\\c' },
      holds: { 'README.md': ['-e /c/OpenNet.pem /c/RootCaCertificate.pem', '-e D:\\c\\OpenNet.pem'] },
    },
    {
      kind: 'client',
      holds: { 'README.md': ['`db1.example.test.pem` shows a server of version 12'] },
      lacks: { 'README.md': ['startnet'] },
    },
    {
      kind: 'ca',
      holds: { 'README.md': ['certutil -addstore -f root RootCaCertificate.p7b'] },
      lacks: { 'README.md': ['startnet'] },
    },
  ],
  xfserver: [
    {
      holds: {
        'README.md': [
          '-encrypt -cert=/usr/synergyde/cert/rsynd.pem',
          'Synergy Configuration Program',
          '`/ENCRYPT`',
          '`-scl`',
          'DBLDIR:rsynd.pem',
          'startnet',
          'SYNSSL_RAND',
          `--template xfserver ${RECIPE}`,
        ],
        'rsynd.pem': [/^-----BEGIN CERTIFICATE-----\n[\s\S]*-----BEGIN PRIVATE KEY-----\n/],
      },
      lacks: { 'README.md': ['--probe'] },
    },
    {
      kind: 'client',
      holds: { 'README.md': ['> Nothing is documented of clients'] },
      lacks: { 'README.md': ['-encrypt'] },
    },
    { kind: 'ca', holds: { 'README.md': ['certutil -addstore -f root RootCaCertificate.p7b'] } },
  ],
};
