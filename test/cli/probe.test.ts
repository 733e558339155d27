/** `probe`: what it says of servers that this test starts, good ones and bad ones, and how it tells it. */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { join } from 'node:path';
import { before, describe, type TestContext, test } from 'node:test';
import { createServer, rootCertificates, type TlsOptions } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { systemAmbient } from '../../src/ambient.ts';
import { REMARKS } from '../../src/cli/probing/remarks.ts';
import { splitRoots, verifyServed } from '../../src/cli/probing/trust.ts';
import { type Certificate, parseCertificate } from '../../src/core/parse.ts';
import { pemCertificates } from '../../src/formats/pem.ts';
import { STARTS } from '../../src/probe/starts.ts';
import { type CliOptions, localCa, localCaJson } from '../support/cli.ts';
import { atDate } from '../support/faketime.ts';
import { must, needs, type Outcome, pathOf } from '../support/peers.ts';
import { launch, onFreePort } from '../support/servers/process.ts';
import { temporaryFolder } from '../support/temp.ts';
import { assertRefused } from './support.ts';

interface Remark {
  readonly code: string;
  readonly message: string;
  readonly hint: string | null;
}

interface Result {
  readonly url: string;
  readonly host: string;
  readonly ok: boolean;
  readonly error?: Remark;
  readonly problems: readonly Remark[];
  readonly notes: readonly Remark[];
  readonly served: Readonly<Record<string, unknown>>;
  readonly certificate: { readonly serial: string; readonly names: readonly string[] };
  readonly chain: readonly { readonly subject: string; readonly sent: boolean }[];
  readonly trust: string | null;
  readonly inventory: null | {
    readonly ours: boolean;
    readonly onRecord: boolean;
    readonly label: string | null;
    readonly state: string | null;
    readonly isNewest: boolean | null;
    readonly newest: { readonly serial: string } | null;
  };
}

const folder = temporaryFolder();
const at = { home: join(folder, 'home'), cwd: folder };
const NO_HOME = { ...at, home: join(folder, 'none') };
const NAME = 'db1.example.test';

before(async () => {
  await localCaJson(['init', '--yes', '--name', 'Test CA', '--intermediate'], at);
  await issue(NAME);
});

/** With the root among its files, and its parts one by one. */
async function issue(label: string, options: CliOptions = at, ...flags: readonly string[]): Promise<Issued> {
  await localCaJson(['issue', label, '127.0.0.1', '--label', label, '--format', 'pem', ...flags], options);
  return filesOf(label, options.cwd as string);
}

interface Issued {
  readonly cert: string;
  readonly key: string;
  readonly leaf: string;
  readonly intermediate: string;
  readonly root: string;
}

function filesOf(label: string, cwd = folder): Issued {
  const read = (end: string) => readFileSync(join(cwd, label, end), 'utf8');
  const cert = read(`${label}.chain.pem`);
  const [leaf = '', intermediate = ''] = cert.split(/(?<=-----END CERTIFICATE-----\n)/);
  return { cert, leaf, intermediate, root: read('ca.pem'), key: read(`${label}.key.pem`) };
}

/** A server until the end of the test; its URL. */
async function serve(t: TestContext, options: TlsOptions): Promise<string> {
  const server = createServer(options, (socket) => socket.on('error', () => {}));
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A port that accepts connections and says nothing, counting them. */
async function serveSilence(t: TestContext, onConnection: () => void = () => {}): Promise<string> {
  const server = createTcpServer((socket) => {
    onConnection();
    socket.on('error', () => {});
    t.after(() => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  return `tls://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function probe(args: readonly string[], options: CliOptions = at): Promise<Result & { readonly status: number }> {
  const { status, stdout, stderr } = await localCa(['probe', ...args, '--json'], options);
  assert.match(stdout, /^\{/, stderr);
  return { ...(JSON.parse(stdout) as Result), status: status ?? -1 };
}

const codes = (remarks: readonly Remark[] | undefined) => (remarks ?? []).map(({ code }) => code);

/** Of one of the problems or notes. */
const said = ({ problems, notes }: Result, code: string): Remark =>
  [...problems, ...notes].find((one) => one.code === code) ?? assert.fail(`${code} is not there`);

describe('a server with one of our certificates', () => {
  test('is healthy, and all of it is told', async (t) => {
    const url = await serve(t, filesOf(NAME));
    const result = await probe([url]);
    assert.deepEqual([result.status, result.ok, result.problems, result.notes], [0, true, [], []]);
    assert.deepEqual([result.url, result.host, result.trust], [url, '127.0.0.1', 'own']);
    assert.deepEqual(
      result.chain.map(({ subject, sent }) => [subject, sent]),
      [
        [`CN=${NAME}`, true],
        ['CN=Test CA intermediate', true],
        ['CN=Test CA', false],
      ],
    );
    assert.deepEqual(result.served, {
      protocol: 'TLSv1.3',
      cipher: 'TLS_AES_256_GCM_SHA384',
      alpn: null,
      way: 'direct TLS',
      asksForClientCertificate: false,
      requiresClientCertificate: false,
      acceptedClientCertificate: null,
    });
    const { ours, onRecord, label, state, isNewest, newest } = result.inventory ?? assert.fail();
    assert.deepEqual([ours, onRecord, label, state, isNewest], [true, true, NAME, 'valid', true]);
    assert.equal(newest?.serial, result.certificate.serial);
  });

  test('reads well', async (t) => {
    const url = await serve(t, filesOf(NAME));
    const { status, stdout, stderr } = await localCa(['probe', url], at);
    assert.deepEqual([status, stderr], [0, '']);
    const lines = stdout.split('\n');
    assert.equal(lines[0], `${url}: ok`);
    assert.match(stdout, /^ {2}names {7}db1\.example\.test, 127\.0\.0\.1$/m);
    assert.match(stdout, /^ {2}valid {7}.*, 365 days left$/m);
    assert.match(stdout, /^ {2}chain {7}1 {2}CN=db1\.example\.test$/m);
    assert.match(stdout, /^ {14}3 {2}CN=Test CA \(not sent\)$/m);
    assert.match(
      stdout,
      /^ {2}leads to {4}your CA\n {2}inventory {3}db1\.example\.test, serial [0-9a-f]{32}, the newest$/m,
    );
  });

  test('without the intermediate is incomplete, and not untrusted', async (t) => {
    const { leaf, key } = filesOf(NAME);
    const result = await probe([await serve(t, { cert: leaf, key })]);
    assert.deepEqual([result.status, codes(result.problems), result.trust], [3, ['chain-incomplete'], 'own']);
    assert.match(said(result, 'chain-incomplete').message, /does not send CN=Test CA intermediate/);
    // The file has the root alone: from there, nobody can tell what is missing.
    const bare = await probe([result.url, '--ca', join(folder, NAME, 'ca.pem')], NO_HOME);
    assert.deepEqual([codes(bare.problems), bare.trust], [['untrusted'], null]);
    const both = join(folder, 'both.pem');
    writeFileSync(both, filesOf(NAME).root + filesOf(NAME).intermediate);
    const known = await probe([result.url, '--ca', both], NO_HOME);
    assert.deepEqual([codes(known.problems), known.trust], [['chain-incomplete'], 'file']);
  });

  test('that also sends the root gets a note', async (t) => {
    const { cert, root, key } = filesOf(NAME);
    const result = await probe([await serve(t, { cert: cert + root, key })]);
    assert.deepEqual([result.status, result.ok, codes(result.notes)], [0, true, ['root-sent']]);
  });

  test('is asked for the name of --host, which is checked', async (t) => {
    const asked: string[] = [];
    const SNICallback: TlsOptions['SNICallback'] = (name, done) => {
      asked.push(name);
      done(null);
    };
    const url = await serve(t, { ...filesOf(NAME), SNICallback });
    assert.equal((await probe([url, '--host', NAME])).status, 0);
    const result = await probe([url, '--host', 'other.example.test']);
    assert.deepEqual([result.status, codes(result.problems), result.host], [3, ['host'], 'other.example.test']);
    assert.match(said(result, 'host').message, /^it is for db1\.example\.test, 127\.0\.0\.1, not for other/);
    assert.deepEqual(asked, [NAME, 'other.example.test']);
    await assertRefused(['probe', url, '--host', '*.test'], at, { code: 'LOCAL_CA_NAME_INVALID', says: '"*.test"' });
  });

  test('is due and expired by the clock, and as said', async (t) => {
    if (!needs(t, 'faketime')) return;
    const url = await serve(t, filesOf(NAME));
    const due = await probe([url], { ...at, env: atDate(340).env });
    assert.deepEqual([due.status, codes(due.problems)], [3, ['due']]);
    assert.equal(said(due, 'due').hint, `local-ca renew ${NAME}`);
    assert.match(said(due, 'due').message, /: 25 days left$/);
    assert.equal((await probe([url, '--within', '7d'], { ...at, env: atDate(340).env })).status, 0);
    const over = await probe([url], { ...at, env: atDate(400).env });
    assert.deepEqual([over.status, codes(over.problems)], [3, ['expired']]);
    assert.equal(said(over, 'expired').hint, `local-ca renew ${NAME}`);
    const early = await probe([url], { ...at, env: atDate(-30).env });
    assert.ok(codes(early.problems).includes('not-yet-valid'));
    assert.deepEqual(codes((await probe([url, '--within', '400d'])).problems), ['due']);
  });
});

describe('held against the inventory', () => {
  test('a server that still serves what was renewed', async (t) => {
    const before = await issue('old.example.test');
    const url = await serve(t, before);
    const { renewed } = await localCaJson<{ renewed: { serial: string }[] }>(['renew', 'old.example.test'], at);
    const result = await probe([url]);
    assert.deepEqual([result.status, codes(result.problems)], [3, ['outdated']]);
    const { isNewest, newest, state } = result.inventory ?? assert.fail();
    assert.deepEqual([isNewest, newest?.serial, state], [false, renewed[0]?.serial, 'superseded']);
    const { message, hint } = said(result, 'outdated');
    assert.match(
      message,
      new RegExp(`serial ${result.certificate.serial} until .*; the newest is serial ${newest?.serial}`),
    );
    assert.match(hint ?? '', /local-ca show old\.example\.test says where they are/);
    assert.equal((await probe([await serve(t, filesOf('old.example.test'))])).status, 0);
    mkdirSync(join(folder, 'server'));
    await localCaJson(['deploy', 'add', 'old.example.test', '--to', join(folder, 'server', 'tls')], at);
    assert.match(said(await probe([url]), 'outdated').hint ?? '', /local-ca deploy run old\.example\.test$/);
  });

  test('a revoked one', async (t) => {
    const url = await serve(t, await issue('gone.example.test'));
    await localCaJson(['revoke', 'gone.example.test', '--reason', 'keyCompromise'], at);
    const result = await probe([url]);
    assert.deepEqual([result.status, codes(result.problems), result.inventory?.state], [3, ['revoked'], 'revoked']);
    assert.match(said(result, 'revoked').message, /^it was revoked on \S+Z \(keyCompromise\)$/);
  });

  test('one that the CA signed and nobody recorded', async (t) => {
    const copy = { home: join(folder, 'copy'), cwd: join(folder, 'elsewhere') };
    mkdirSync(copy.cwd);
    cpSync(at.home, copy.home, { recursive: true, preserveTimestamps: true });
    const result = await probe([await serve(t, await issue('ghost.example.test', copy))]);
    assert.deepEqual([result.status, codes(result.notes), result.trust], [0, ['not-on-record'], 'own']);
    assert.deepEqual([result.inventory?.ours, result.inventory?.onRecord], [true, false]);
  });

  test('a stranger where one of ours should be', async (t) => {
    const other = { home: join(folder, 'other-home'), cwd: join(folder, 'other') };
    mkdirSync(other.cwd);
    await localCaJson(['init', '--yes', '--name', 'Other CA'], other);
    const url = await serve(t, await issue(NAME, other));
    const result = await probe([url, '--host', NAME]);
    assert.deepEqual([codes(result.problems), codes(result.notes)], [['untrusted'], ['another-on-record']]);
    assert.match(
      said(result, 'another-on-record').message,
      new RegExp(`the inventory has ${NAME} for this name: serial`),
    );
    assert.deepEqual([result.inventory?.ours, result.inventory?.label], [false, null]);
    const trusted = await probe([url, '--ca', join(other.cwd, NAME, 'ca.pem')]);
    assert.deepEqual([trusted.status, trusted.trust], [0, 'file']);
  });

  test('one that another CA signed and we accepted, and a root that was replaced', async (t) => {
    const [own, corporate] = ['own', 'corporate'].map((name) => ({
      home: join(folder, `${name}-home`),
      cwd: join(folder, name),
    })) as [CliOptions & { cwd: string }, CliOptions & { cwd: string }];
    for (const one of [own, corporate]) mkdirSync(one.cwd);
    await localCaJson(['init', '--yes', '--name', 'Corporate CA'], corporate);
    await localCaJson(['csr', 'create', NAME, '127.0.0.1', '--out', 'request'], own);
    const csr = join(own.cwd, 'request', `${NAME}.csr.pem`);
    await localCaJson(['sign', csr, '--yes', '--out', 'answer', '--format', 'pem'], corporate);
    const answer = join(corporate.cwd, 'answer');
    const [chain, ca] = [join(answer, `${NAME}.chain.pem`), join(answer, 'ca.pem')];
    await localCaJson(['csr', 'accept', chain, '--ca', ca, '--out', 'done', '--format', 'pem'], own);
    const done = join(own.cwd, 'done');
    const url = await serve(t, {
      cert: readFileSync(join(done, `${NAME}.chain.pem`)),
      key: readFileSync(join(done, `${NAME}.key.pem`)),
    });
    const accepted = await probe([url], own);
    assert.deepEqual([accepted.status, accepted.trust, accepted.inventory?.label], [0, 'accepted', NAME]);

    const served = await serve(t, await issue('before.example.test', corporate));
    await localCaJson(['renew', '--ca', '--new-key'], corporate);
    const overlap = await probe([served], corporate);
    assert.deepEqual([overlap.status, overlap.trust], [0, 'own']);
    assert.equal((await probe([url], corporate)).trust, 'own');
  });
});

describe('without a home', () => {
  test('the public roots and those of a file are trusted, and nothing is compared', async (t) => {
    const url = await serve(t, filesOf(NAME));
    const alone = await probe([url], NO_HOME);
    assert.deepEqual(
      [alone.status, codes(alone.problems), alone.trust, alone.inventory],
      [3, ['untrusted'], null, null],
    );
    assert.match(said(alone, 'untrusted').message, /^its chain ends at CN=Test CA, which is not known here$/);
    const given = await probe([url, '--ca', join(folder, NAME, 'ca.pem')], NO_HOME);
    assert.deepEqual([given.status, given.trust, given.inventory], [0, 'file', null]);
  });

  test('one that was named has to be there', () =>
    assertRefused(['probe', 'https://127.0.0.1:1', '--home', NO_HOME.home], at, {
      code: 'LOCAL_CA_HOME_MISSING',
      says: NO_HOME.home,
    }));

  test('a public root leads to a public CA', async () => {
    const roots = pemCertificates(rootCertificates[0] ?? '').map(parseCertificate) as [Certificate];
    const anchors = { roots: { own: [], file: [], public: roots, accepted: [] }, between: [] };
    assert.equal((await verifyServed(roots, 'a.test', anchors, systemAmbient)).trust, 'public');
    const own = { ...anchors, roots: { ...anchors.roots, own: roots } };
    assert.equal((await verifyServed(roots, 'a.test', own, systemAmbient)).trust, 'own');
  });

  test('a file without a root is trusted as given', () => {
    const { leaf, intermediate, root } = filesOf(NAME);
    const parse = (pem: string) => pemCertificates(pem).map(parseCertificate);
    assert.deepEqual(splitRoots(parse(leaf)), { roots: parse(leaf), between: [] });
    assert.deepEqual(splitRoots(parse(intermediate + root)), { roots: parse(root), between: parse(intermediate) });
  });
});

test('a certificate that is its own issuer, with a weak key and signature, over an old protocol', async (t) => {
  if (!needs(t, 'openssl')) return;
  const out = (name: string) => join(folder, `weak.${name}`);
  const request = ['req', '-x509', '-newkey', 'rsa:1024', '-sha1', '-nodes', '-days', '900', '-subj', '/CN=weak'];
  const names = ['-addext', 'subjectAltName=IP:127.0.0.1', '-addext', 'basicConstraints=critical,CA:FALSE'];
  await must('openssl', [...request, ...names, '-keyout', out('key'), '-out', out('crt')]);
  const url = await serve(t, {
    key: readFileSync(out('key')),
    cert: readFileSync(out('crt')),
    minVersion: 'TLSv1',
    maxVersion: 'TLSv1.1',
    ciphers: 'DEFAULT:@SECLEVEL=0',
  });
  const result = await probe([url]);
  assert.deepEqual([result.status, result.served.protocol], [3, 'TLSv1.1']);
  assert.deepEqual(codes(result.problems), ['untrusted', 'weak-key', 'old-protocol']);
  assert.ok(codes(result.notes).includes('self-signed'));
  assert.equal(said(result, 'untrusted').message, 'it is its own issuer, and not trusted here');
});

describe('client certificates', () => {
  const CLIENTS = { requestCert: true, rejectUnauthorized: true };
  before(async () => {
    await localCaJson(['issue', 'alice', '--profile', 'client', '--format', 'pem,p12', '--password', 'geheim'], at);
  });

  test('a server that wants one gets a note, and one that it accepts or refuses', async (t) => {
    const own = filesOf(NAME);
    const url = await serve(t, { ...own, ...CLIENTS, ca: [own.root, own.intermediate] });
    const without = await probe([url]);
    assert.deepEqual([without.status, codes(without.notes)], [0, ['client-certificate']]);
    assert.equal(without.served.requiresClientCertificate, true);
    const alice = (end: string) => join(folder, 'alice', `alice.${end}`);
    const shown = await probe([url, '--cert', alice('chain.pem'), '--key', alice('key.pem')]);
    assert.deepEqual([shown.status, shown.notes, shown.served.acceptedClientCertificate], [0, [], true]);
    const store = await probe([url, '--cert', alice('p12'), '--password', 'geheim']);
    assert.deepEqual([store.status, store.served.acceptedClientCertificate], [0, true]);

    if (!needs(t, 'openssl') || !needs(t, 'setpriv')) return;
    const refused = await probe([await strictServer(t), '--cert', alice('p12'), '--password', 'geheim']);
    assert.deepEqual([refused.status, codes(refused.problems)], [3, ['client-refused']]);
    assert.match(said(refused, 'client-refused').message, /^it did not accept the client certificate \(unknown ca\)$/);
    assert.equal(refused.served.acceptedClientCertificate, false);
  });

  test('one that breaks off before it proved that it has its own key needs attention', async (t) => {
    const own = await issue('rsa.example.test', at, '--key-type', 'rsa2048');
    const versions = { maxVersion: 'TLSv1.2', ciphers: 'AES128-GCM-SHA256' } as const;
    const url = await serve(t, { ...own, ...CLIENTS, ...versions });
    const { status, problems, notes } = await probe([url]);
    assert.deepEqual([status, codes(problems), codes(notes)], [3, ['key-unproven'], ['client-certificate']]);
    const verified = await localCa(['verify', url, '--host', 'rsa.example.test'], at);
    assert.match(verified.stderr, /^warning: the server broke off before it had proven that it holds the key/m);
  });

  /** It trusts one root of others: Node's own servers close the connection without a word. */
  async function strictServer(t: TestContext): Promise<string> {
    const stranger = join(folder, 'stranger.pem');
    writeFileSync(stranger, rootCertificates[0] as string);
    const file = (end: string) => join(folder, NAME, `${NAME}.${end}`);
    const own = ['-cert', file('chain.pem'), '-cert_chain', file('chain.pem'), '-key', file('key.pem')];
    const { port, server } = await onFreePort(async (port) => {
      const argv = [pathOf('openssl'), 's_server', '-www', '-accept', `127.0.0.1:${port}`, ...own];
      const clients = ['-Verify', '3', '-verify_return_error', '-CAfile', stranger];
      const launched = { argv: [...argv, ...clients], account: undefined, cwd: folder, env: {} };
      return { port, server: await launch({ ...launched, ready: /ACCEPT/, end: 'SIGTERM' }) };
    });
    t.after(server.stop);
    return `https://127.0.0.1:${port}`;
  }

  test('what cannot be shown is refused before anybody is called', async () => {
    const url = 'https://127.0.0.1:1';
    const chain = join(folder, 'alice', 'alice.chain.pem');
    const refuse = (
      flags: readonly string[],
      code: Parameters<typeof assertRefused>[2]['code'],
      says: string | RegExp,
    ) => assertRefused(['probe', url, ...flags], at, { code, says });
    await refuse(['--key', chain], 'LOCAL_CA_OPTION_INVALID', '--key was given without --cert');
    await refuse(['--password', 'geheim'], 'LOCAL_CA_OPTION_INVALID', '--password was given without --cert');
    await refuse(['--cert', chain], 'LOCAL_CA_KEY_INVALID', `${JSON.stringify(chain)} has no private key`);
    const other = join(folder, NAME, `${NAME}.key.pem`);
    await refuse(['--cert', chain, '--key', other], 'LOCAL_CA_KEY_MISMATCH', 'belongs to no certificate in');
    await refuse(['--cert', join(folder, 'alice', 'alice.p12'), '--password', 'x'], 'LOCAL_CA_PASSWORD_WRONG', /p12/);
  });
});

describe('many', () => {
  const list = (text: string): string => {
    const file = join(folder, 'servers.txt');
    writeFileSync(file, text);
    return file;
  };
  const all = async (args: readonly string[], options: CliOptions = at) => {
    const { status, stdout } = await localCa(['probe', ...args, '--json'], options);
    return { status, ...(JSON.parse(stdout) as { results: Result[]; summary: Record<string, number> }) };
  };

  test('from a list: in its order, with names, comments and a summary', async (t) => {
    const url = await serve(t, filesOf(NAME));
    const text = `\ufeff# servers\r\n${url}\r\n\r\n  ${url} ${NAME} # by name\r\n${url}\tother.test\n`;
    const found = await all(['--from', list(text)]);
    assert.deepEqual(
      found.results.map(({ host, ok }) => [host, ok]),
      [
        ['127.0.0.1', true],
        [NAME, true],
        ['other.test', false],
      ],
    );
    assert.deepEqual([found.status, found.summary], [3, { total: 3, healthy: 2, attention: 1, unreachable: 0 }]);
    const piped = await localCa(['probe', '--from', '-', '--json'], { ...at, input: `${url}\n` });
    assert.equal(JSON.parse(piped.stdout).results.length, 1);
  });

  test('one that cannot be looked at makes it 1, and the others are told', async (t) => {
    const url = await serve(t, filesOf(NAME));
    const found = await all([url, 'https://127.0.0.1:1', url, '--host', 'other.test']);
    assert.deepEqual([found.status, found.summary], [1, { total: 3, healthy: 0, attention: 2, unreachable: 1 }]);
    const { error, problems } = found.results[1] ?? assert.fail();
    assert.deepEqual([error?.code, problems], ['LOCAL_CA_CONNECT_FAILED', undefined]);
    assert.match(error?.message ?? '', /^cannot look at 127\.0\.0\.1 port 1: nothing listens there$/);
  });

  test('a table, and below it what is wrong', async (t) => {
    const url = await serve(t, filesOf(NAME));
    const { status, stdout, stderr } = await localCa(
      ['probe', '--from', list(`${url}\n${url} b.test\ntls://127.0.0.1:1`)],
      at,
    );
    const lines = stdout.split('\n');
    assert.match(lines[0] ?? '', /^STATE +SERVER +ENDS +LEFT +TLS +LEADS TO +LABEL$/);
    assert.match(lines[1] ?? '', new RegExp(`^ok +${url} +\\d{4}-\\d\\d-\\d\\d +365 days +TLSv1.3 +your CA +${NAME}$`));
    assert.match(lines[2] ?? '', new RegExp(`^attention +${url} as b.test `));
    assert.match(lines[3] ?? '', /^unreachable +tls:\/\/127\.0\.0\.1:1 +- +- +- +- +-$/);
    assert.deepEqual([lines[4], lines[5]?.startsWith(`${url} as b.test: host: it is for ${NAME}`)], ['', true]);
    assert.equal(lines[7], 'tls://127.0.0.1:1: cannot look at 127.0.0.1 port 1: nothing listens there');
    assert.equal(stderr, '3 servers: 1 healthy, 1 in need of attention, 1 unreachable\n');
    assert.equal(status, 1);
  });

  test('one is not many', async (t) => {
    const { stderr } = await localCa(['probe', '--from', list(await serve(t, filesOf(NAME)))], at);
    assert.equal(stderr, '1 server: 1 healthy, 0 in need of attention, 0 unreachable\n');
  });

  test('a list with a mistake names its line', async () => {
    const refuse = (text: string, says: string) =>
      assertRefused(['probe', '--from', list(text)], at, { code: 'LOCAL_CA_LIST_INVALID', says });
    await refuse('https://a.test\nhttp//b.test\n', 'servers.txt, line 2: "http//b.test" is not a server');
    await refuse('https://a.test b.test c.test', 'line 1: more than a URL and a name: "c.test"');
    await refuse('\nhttps://a.test *.b.test', 'line 2: "*.b.test" is not a host to connect to');
    await refuse('# nothing\n', 'servers.txt names no server');
    await refuse('https://u:geheim@', 'line 1: "https://"');
  });

  test('eight at a time, each with its own time', async (t) => {
    let open = 0;
    let most = 0;
    const url = await serveSilence(t, () => {
      open += 1;
      most = Math.max(most, open);
      setTimeout(() => {
        open -= 1;
      }, 900);
    });
    const found = await all([...Array<string>(12).fill(url), '--timeout', '1']);
    assert.deepEqual([found.status, found.summary.unreachable, most], [1, 12, 8]);
    assert.match(found.results[11]?.error?.message ?? '', /: no answer within 1 seconds$/);
  });
});

test('refuses what it cannot do', async () => {
  await assertRefused(['probe'], at, { code: 'LOCAL_CA_USAGE', says: 'no server to look at was named' });
  for (const timeout of ['0', '1.5', 'soon', '3601'])
    await assertRefused(['probe', 'https://a.test', '--timeout', timeout], at, {
      code: 'LOCAL_CA_OPTION_INVALID',
      says: `--timeout cannot be "${timeout}"`,
    });
});

test('never shows the password of a URL', async (t) => {
  const secret = (url: string) => url.replace('https://', 'https://scott:tiger%40@');
  const url = await serve(t, filesOf(NAME));
  const outputs: Outcome[] = [];
  for (const target of [url, 'https://127.0.0.1:1', 'https://127.0.0.1:x'])
    for (const command of ['probe', 'inspect', 'verify'])
      for (const flags of [[], ['--json']]) outputs.push(await localCa([command, secret(target), ...flags], at));
  const found = outputs.filter(({ stdout, stderr }) => /tiger|scott/.test(stdout + stderr));
  assert.deepEqual(found, []);
  const one = await localCa(['probe', secret('https://127.0.0.1:1'), '--json'], at);
  assert.deepEqual([one.status, JSON.parse(one.stdout).url], [1, 'https://127.0.0.1:1']);
  assert.match(one.stderr, /^local-ca: cannot look at 127\.0\.0\.1 port 1: nothing listens there\n/);
});

test('inspect shows how a server speaks, too', async (t) => {
  const url = await serve(t, { ...filesOf(NAME), ALPNProtocols: ['h2'], requestCert: true, rejectUnauthorized: false });
  const shown = await localCaJson<Record<string, unknown>>(['inspect', url], at);
  const { entries, ...head } = shown;
  assert.deepEqual(head, {
    source: url,
    format: 'tls',
    protocol: 'TLSv1.3',
    cipher: 'TLS_AES_256_GCM_SHA384',
    alpn: 'h2',
    way: 'direct TLS',
    asksForClientCertificate: true,
    requiresClientCertificate: false,
  });
  assert.equal((entries as unknown[]).length, 2);
  const { stdout } = await localCa(['inspect', url], at);
  assert.match(
    stdout,
    /^tls, TLSv1\.3, TLS_AES_256_GCM_SHA384, h2, direct TLS, asks for a client certificate: 2 entries\n/,
  );
});

describe('docs/probing.md', () => {
  const page = readFileSync(fileURLToPath(new URL('../../docs/probing.md', import.meta.url)), 'utf8');

  test('documents every code with its weight, and no other', () => {
    const rows = [...page.matchAll(/^\| `([a-z0-9-]+)` \| (problem|note) \|/gm)];
    assert.deepEqual(
      rows.map(([, code, weight]) => `${code} ${weight}`),
      Object.entries(REMARKS).map(([code, { weight }]) => `${code} ${weight}`),
    );
  });

  test('names every scheme, with its port', () => {
    const rows = [...page.matchAll(/^\| (`[a-z0-9-]+:\/\/`(?:, `[a-z0-9-]+:\/\/`)*) \| (\d+) \|/gm)].flatMap(
      ([, schemes = '', port]) => [...schemes.matchAll(/([a-z0-9-]+):/g)].map(([, scheme]) => `${scheme} ${port}`),
    );
    assert.deepEqual(
      rows.sort(),
      Object.entries(STARTS)
        .map(([scheme, { port }]) => `${scheme} ${port}`)
        .sort(),
    );
  });
});
