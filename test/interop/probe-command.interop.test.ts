/** `probe` of real servers with the files that local-ca makes: before and after they read a renewed certificate. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { type CliOptions, localCa, localCaJson } from '../support/cli.ts';
import { must, needs } from '../support/peers.ts';
import { startNginx } from '../support/servers/nginx.ts';
import { startTdsServer } from '../support/servers/tds.ts';
import { temporaryFolder } from '../support/temp.ts';

const NAME = 'db1.example.test';
const folder = temporaryFolder();
const at = { home: join(folder, 'home'), cwd: folder };
const file = (name: string) => join(folder, NAME, name);
const certificate = file(`${NAME}.chain.pem`);
const key = file(`${NAME}.key.pem`);

before(async () => {
  await localCaJson(['init', '--yes', '--name', 'Test CA', '--intermediate'], at);
  await localCaJson(['issue', NAME, '127.0.0.1', '--format', 'pem'], at);
  await localCaJson(['issue', 'alice', '--profile', 'client', '--format', 'p12', '--password', 'geheim'], at);
});

const ALICE = ['--cert', join(folder, 'alice', 'alice.p12'), '--password', 'geheim'];

interface Seen {
  readonly status: number;
  readonly problems: readonly string[];
  readonly notes: readonly string[];
  readonly served: Readonly<Record<string, unknown>>;
}

async function probe(args: readonly string[], options: CliOptions = at): Promise<Seen> {
  const { status, stdout, stderr } = await localCa(['probe', ...args, '--json'], options);
  const { error, problems, notes, served } = JSON.parse(stdout);
  assert.equal(error, undefined, stderr);
  const codes = (remarks: readonly { readonly code: string }[]) => remarks.map(({ code }) => code);
  return { status: status ?? -1, problems: codes(problems), notes: codes(notes), served };
}

/** Twice: while it serves the certificate of before, and when it has read the new one. */
async function assertRenewalSeen(url: string, readAgain: () => Promise<unknown>): Promise<void> {
  assert.deepEqual([(await probe([url])).status, (await probe([url, '--host', NAME])).problems], [0, []]);
  await localCaJson(['renew', NAME], at);
  assert.deepEqual((await probe([url])).problems, ['outdated']);
  await readAgain();
  // A reload takes a moment, and old processes may still answer.
  for (let tries = 0; tries < 40 && (await probe([url])).status !== 0; tries++);
  assert.deepEqual((await probe([url])).problems, []);
}

describe('a renewal has arrived when the server has read it', () => {
  test('nginx', async (t) => {
    if (!needs(t, 'nginx') || !needs(t, 'setpriv')) return;
    const { port, reload } = await startNginx(t, { certificate, key });
    const [program = '', ...args] = reload;
    await assertRenewalSeen(`https://127.0.0.1:${port}`, () => must(program, args));
    assert.equal((await probe([`https://127.0.0.1:${port}`])).served.alpn, 'http/1.1');
  });

  test('SQL Server, as the TDS server of these tests plays it', async (t) => {
    const material = () => ({ cert: readFileSync(certificate), key: readFileSync(key) });
    const server = await startTdsServer(t, material());
    const url = `mssql://127.0.0.1:${server.port}`;
    await assertRenewalSeen(url, async () => server.use(material()));
    assert.deepEqual((await probe([`${url}?encrypt=strict`])).served.way, 'TDS 8 strict');
  });
});

test('nginx that wants a client certificate refuses requests, and not connections', async (t) => {
  if (!needs(t, 'nginx') || !needs(t, 'setpriv')) return;
  const { port } = await startNginx(t, { certificate, key, clientCa: file('ca.pem') });
  const url = `https://127.0.0.1:${port}`;
  const shown = await probe([url, ...ALICE]);
  assert.deepEqual([shown.status, shown.served.acceptedClientCertificate], [0, true]);
  const without = await probe([url]);
  assert.deepEqual([without.status, without.served.asksForClientCertificate], [0, true]);
});
