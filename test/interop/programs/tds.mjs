// A line on stdin is what to know about a connection, as JSON, a tab and a query; a line on stdout is "answered<TAB>first
// column of the first row" or "refused<TAB>why". The argument is the folder of tedious.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

const { Connection, Request } = createRequire(import.meta.url)(process.argv[2]);

function ask({ port, encrypt, ca, crl, serverName, trustServerCertificate }, query) {
  // Node reads one list of a text.
  const lists = crl && { crl: readFileSync(crl, 'utf8').match(/-----BEGIN[\s\S]+?-----END X509 CRL-----/g) };
  const connection = new Connection({
    server: 'localhost',
    authentication: { type: 'default', options: { userName: 'sa', password: 'x' } },
    options: {
      port,
      encrypt,
      trustServerCertificate: trustServerCertificate === 'true',
      connectTimeout: 10_000,
      cryptoCredentialsDetails: { ca: readFileSync(ca), ...lists },
      ...(serverName && { serverName }),
    },
  });
  return new Promise((resolve, reject) => {
    let first;
    const request = new Request(query, (error) => (error ? reject(error) : resolve(first)));
    request.on('row', ([column]) => {
      first = column.value;
    });
    connection.connect((error) => (error ? reject(error) : connection.execSqlBatch(request)));
  }).finally(() => connection.close());
}

for await (const line of createInterface(process.stdin)) {
  const [settings, query] = line.split('\t');
  const answer = await ask(JSON.parse(settings), query).then(
    (value) => `answered\t${value}`,
    (error) => `refused\t${error.message}`,
  );
  process.stdout.write(`${answer.replaceAll('\n', ' ')}\n`);
}
