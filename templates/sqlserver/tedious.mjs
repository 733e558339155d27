// import { Connection } from 'tedious';
// import { config } from './tedious.mjs';
// new Connection({ ...config, authentication: { type: 'default', options: { userName, password } } });

import { readFileSync } from 'node:fs';

export const config = {
  server: '{{set.host}}',
  options: {
    port: Number('{{set.port}}'),
    // 'strict' is TDS 8.0, for SQL Server 2022 or later.
    encrypt: true,
    trustServerCertificate: false,
    cryptoCredentialsDetails: { ca: readFileSync(new URL('{{file.ca-chain-pem}}', import.meta.url)) },
  },
};
