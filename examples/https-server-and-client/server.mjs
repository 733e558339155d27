// An https server with a certificate of a CA of its own. The CA lives in ./ca and stays the same from run to run; the
// certificate is new at each start and its key never touches the disk.
//
//   node server.mjs [port]
import { existsSync } from 'node:fs';
import { createServer } from 'node:https';
import { CertificateAuthority, createHome, openHome } from 'local-ca';
import { encodePem } from 'local-ca/formats';

const [port = '8443'] = process.argv.slice(2);

if (!existsSync('ca')) {
  await createHome('ca', async (home) => {
    await CertificateAuthority.create(home, { name: 'Example CA' });
  });
}
const home = await openHome('ca');
const ca = await CertificateAuthority.open(home);
const { material } = await ca.issue({ names: ['localhost', '127.0.0.1', '::1'], days: 30 });
await home.close();

const { certificate, key } = material.leaf;
const chain = [certificate, ...material.intermediates].map((der) => encodePem('CERTIFICATE', der));
const server = createServer({ cert: chain.join(''), key: encodePem('PRIVATE KEY', key.toPkcs8()) }, (_, response) => {
  response.end('hello over TLS\n');
});
server.listen(Number(port), 'localhost', () => {
  const { port: listening } = server.address();
  process.stdout.write(`https://localhost:${listening}/ clients trust ${home.certificatePath('root')}\n`);
});
