// {{label}}, until {{leaf.notAfter}}: an HTTPS server to start from.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';

const files = () => ({
  cert: readFileSync(String.raw`{{set.dir}}/{{file.chain-pem}}`),
  key: readFileSync(String.raw`{{set.dir}}/{{file.key-pem}}`),
{{#set.mutual}}
  // Only clients that have a certificate of this CA are let in.
  ca: readFileSync(String.raw`{{set.dir}}/{{file.ca-pem}}`),
  requestCert: true,
  rejectUnauthorized: true,
{{/set.mutual}}
});

const server = createServer(files(), (request, response) => {
{{#set.mutual}}
  const { subject } = request.socket.getPeerCertificate();
  response.end(`Hello ${subject.CN}\n`);
{{/set.mutual}}
{{^set.mutual}}
  response.end('Hello\n');
{{/set.mutual}}
});
server.on('tlsClientError', (error) => console.error(`refused: ${error.message}`));
server.listen({{set.port}}, () => console.log('listening on {{set.port}}'));

// After a renewal: new connections get the new certificate, and those that stand go on.
process.on('SIGHUP', () => {
  try {
    server.setSecureContext(files());
    console.log('reloaded');
  } catch (error) {
    console.error(`still the old certificate: ${error.message}`);
  }
});
