// An https client that trusts one CA and nothing else.
//
//   node client.mjs https://localhost:8443/ ca/ca/root.crt.pem
import { readFileSync } from 'node:fs';
import { get } from 'node:https';

const [url, caFile] = process.argv.slice(2);
const request = get(url, { ca: readFileSync(caFile) }, (response) => {
  response.pipe(process.stdout);
});
// A certificate that is expired, for another host, or of another CA ends here: UNABLE_TO_VERIFY_LEAF_SIGNATURE and so on.
request.on('error', (error) => {
  process.stderr.write(`refused: ${error.code}\n`);
  process.exitCode = 1;
});
