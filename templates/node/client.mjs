// node client.mjs [URL]: a request that trusts this CA and no other.
import { readFileSync } from 'node:fs';
import { get } from 'node:https';

const read = (name) => readFileSync(new URL(name, import.meta.url));

const tls = {
  ca: read('{{file.ca-pem}}'),
{{#leaf.client}}
  // For a server that asks for a certificate.
  cert: read('{{file.chain-pem}}'),
  key: read('{{file.key-pem}}'),
{{/leaf.client}}
};

const url = process.argv[2] ?? 'https://{{set.hostAddress}}:{{set.port}}/';
get(url, tls, (response) => response.pipe(process.stdout)).on('error', (error) => {
  console.error(error.message);
  process.exitCode = 1;
});
