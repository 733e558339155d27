// One contender in a process of its own: warms up, then counts what it makes in so many milliseconds.
//
//   node throughput-child.mjs INDEX MILLISECONDS
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { CONTENDERS } from './contenders.mjs';

const [index, milliseconds] = process.argv.slice(2).map(Number);
const make = await CONTENDERS[index].make();

/** Faster to make something else is no win. */
function check({ cert, key }) {
  const privateKey = createPrivateKey(key);
  if (cert === undefined) return;
  const certificate = new X509Certificate(cert);
  if (!certificate.checkPrivateKey(privateKey)) throw new Error('the key is not that of the certificate');
  if (!/DNS:host\d+\.example\.test/.test(certificate.subjectAltName)) throw new Error('the certificate lacks its name');
}

async function makeFor(limit, batch) {
  const start = performance.now();
  let count = 0;
  let time = 0;
  while (time < limit) {
    check(await make(batch));
    count += batch;
    time = performance.now() - start;
  }
  return (count * 1000) / time;
}

const warm = await makeFor(milliseconds / 4, 1);
// About ten batches, so that checking one of each costs next to nothing.
const rate = await makeFor(milliseconds, Math.max(1, Math.round((warm * milliseconds) / 10_000)));
process.stdout.write(JSON.stringify({ rate }));
